"""The steps of `check`: settings, network, credential, one job and the terminal."""

import asyncio
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from tui.codearts.auth.refreshable import Token
from tui.codearts.endpoints import Endpoint, is_loopback
from tui.codearts.job_list_api import job_list_call, projects_call
from tui.codearts.log_api import LogReader
from tui.codearts.record_api import record_info_call
from tui.codearts.status_api import status_path
from tui.commands import render
from tui.commands.check import Step, StepResult, advice, fails, screen_findings, unknown, works
from tui.commands.output import ExitCode, code_of
from tui.context import Context
from tui.core.budget import Identity, Limit, Spending
from tui.core.errors import UserError, own_shortage
from tui.core.job import NO_JOB, Job, JobId
from tui.core.reading import Failure, FailureKind, Retry, Status
from tui.core.text import clean
from tui.polling.rate_limiter import AdaptiveRateLimiter, ExtrasBudget
from tui.profiles.extras import Extras
from tui.profiles.profile import Profile
from tui.storage.atomic import NOT_SAVED, try_to_write
from tui.storage.files import is_remote, may_be_there, mounts
from tui.storage.settings import AlertSettings
from tui.storage.shared_budget import BudgetUnusable, open_budget, why
from tui.terminal.capabilities import CANNOT_MOVE, LEAST_COLUMNS, LEAST_ROWS, LONGEST_LINE, fits
from tui.terminal.notifications import OFF, AlertRoute, Multiplexer, Outside, alert_routes, look_outside, multiplexer
from tui.threads import in_thread

LIMIT = 10.0
"""Seconds that a step may take."""


async def all_steps(context: Context, has_unicode: bool) -> AsyncIterator[Step]:
    """Yields all steps. Without a usable profile, those that need one are left out."""
    at = "settings"
    try:
        in_charge = context.in_charge
        yield _settings(context)
        for step in _screen(context):
            yield step
        at = "profile"
        profile = context.build(in_charge)
    except UserError as problem:
        yield fails(at, str(problem), ExitCode.USAGE)
    else:
        context.hide_secrets()
        yield works("profile", _profile(context, profile))
        async for step in _other_profiles(context):
            yield step
        try:
            async for step in _asking(profile, context):
                yield step
        finally:
            await profile.close()
    size = size_of_terminal()
    for step in terminal_steps(context.environ, has_unicode, size):
        yield step
    with suppress(UserError):  # wrong settings have been reported
        if size:
            yield alerts_step(context.settings.alerts, await look_outside(context.environ))


def alerts_step(settings: AlertSettings, seen: Outside) -> Step:
    """What becomes of an alert between this program and the user's screen. Sends nothing."""
    routes = alert_routes(settings.desktop, settings.title, seen, "")
    bell = routes[0]
    remedy = f"; {bell.remedy}" if bell.remedy else ""
    said = f"{'; '.join(map(_becomes, routes))}{remedy}; codearts-watch alerts test tries it"
    return advice("alerts", said) if bell.arrives is False else works("alerts", said)


def _becomes(route: AlertRoute) -> str:
    if route.arrives:
        return f"{route.name} arrives"
    why = route.verdict.removeprefix("not ").removeprefix("sent").lstrip(":; ")
    if why == OFF:
        return f"{route.name} is {OFF}"
    return f"{route.name} {'may arrive' if route.sent and route.arrives is None else 'does not arrive'} ({why})"


async def _asking(profile: Profile, context: Context) -> AsyncIterator[Step]:
    """Ends after the first failure: the later steps depend on it."""
    async for step in network_steps(profile, context.environ):
        yield step
        if step.verdict is StepResult.FAILS:
            return
    async for step in credential_steps(profile):
        yield step
        if step.verdict is StepResult.FAILS:
            return
    budget = await _bounded(in_thread(_budget, context, profile))
    yield budget if isinstance(budget, Step) else advice("budget", f"its folder does not respond: {budget.summary}")
    try:
        jobs = context.watchlist.load().jobs
    except UserError:  # `_screen` has reported it
        return
    theirs = tuple(job for job in jobs if (job.profile or context.in_charge) == profile.name)
    with _sharing(profile, context) as shared:
        step = await job_step(profile, theirs, shared)
        yield step
        if step.verdict is not StepResult.FAILS:
            async for step in extras_steps(profile, theirs):
                yield step


@contextmanager
def _sharing(profile: Profile, context: Context) -> Iterator[ExtrasBudget]:
    """The budget that other instances see, for all calls of the steps."""
    limiter = AdaptiveRateLimiter(profile.policy.requests_per_second)
    shared = ExtrasBudget(limiter, lambda: context.now().at, part=1.0, peers=context.peers(profile), patience=LIMIT)
    if profile.extras:
        profile.extras.use(shared)
    try:
        yield shared
    finally:
        shared.close()


def _budget(context: Context, profile: Profile) -> Step:
    """Reads files: call it in a thread."""
    identity = profile.identity()
    if not identity:
        return unknown("budget", "not looked at, since there is no credential")
    now = time.time()
    try:
        others, unusual = _sharers(context, identity, now)
    except (OSError, BudgetUnusable) as error:
        limit = _known_limit(context, identity, (), now)
        return advice("budget", f"not shared with other instances: {_reason(error)}; {_limit_in_words(limit, now)}")
    count = sum(other.is_there for other in others)
    shared = {0: "no other instance uses it now", 1: "one instance uses it now"}.get(
        count, f"{count} instances share it"
    )
    return works("budget", f"{shared}{unusual}; {_limit_in_words(_known_limit(context, identity, others, now), now)}")


def _reason(error: OSError | BudgetUnusable) -> str:
    """Returns the reason in words, with the name of what the system refused."""
    where = error.filename if isinstance(error, OSError) else None
    return f"{why(error)} ({clean(where)})" if where else why(error)


def _sharers(context: Context, identity: Identity, now: float) -> tuple[tuple[Spending, ...], str]:
    """The other instances, and what is unusual about the folder in which they meet."""
    with closing(open_budget(context.locations.state_folder, context.environ, identity.shared)) as opened:
        others = opened.others(now)
    is_for_this_host = is_remote(opened.path, mounts())
    return others, " (those of other hosts do not take part: the state folder is on a file server)" * is_for_this_host


def _known_limit(context: Context, identity: Identity, others: tuple[Spending, ...], now: float) -> Limit | None:
    """The newest one that is known."""
    remembered = context.limits.limit(identity.remembered, now) if context.limits else None
    known = [limit for limit in (remembered, *(other.limit for other in others)) if limit and limit.holds(now)]
    return max(known, key=lambda limit: limit.learned, default=None)


def _limit_in_words(limit: Limit | None, now: float) -> str:
    if not limit:
        return "no limit of the service is known"
    minutes = max(0, round((now - limit.learned) / 60))
    ago = f"{minutes} min ago" if minutes < 120 else f"{minutes // 60} h ago"
    how = "as the service said" if limit.is_named else "as its refusals show,"
    return f"at most {limit.calls:g} requests in {limit.seconds:g} s, {how} {ago}"


def _screen(context: Context) -> Iterator[Step]:
    """The other files and settings that the screen reads."""
    findings = list(screen_findings(context))
    for finding in findings:
        made = fails(finding.name, finding.text, ExitCode.USAGE)
        yield made if finding.is_refused else advice(finding.name, finding.text)
    well = {"keys": works("keys", "each has one meaning"), "theme": works("theme", "found")}
    found = {finding.name for finding in findings}
    yield from (step for name, step in well.items() if name not in found)
    if "watchlist" not in found:
        yield _watchlist(context)
    yield _state(context.locations.state)


def _watchlist(context: Context) -> Step:
    file = context.watchlist_path
    path, is_there = clean(str(file)), bool(file and may_be_there(file))
    try:
        context.watchlist.try_to_save()
    except UserError as problem:
        what = "it can be read, but not changed" if is_there else "there is none, and none can be made"
        return advice("watchlist", f"{what}: {_without_verdict(problem)}")
    return works("watchlist", path if is_there else f"none yet: the first job that is added makes {path}")


_ROOM = 64 * 1024
"""Bytes that the state folder must have room for: a history of few jobs has that many."""


def _state(file: Path | None) -> Step:
    """About the folder of all that the program remembers."""
    if file is None:
        return advice("state", "there is no home folder: nothing is remembered, such as the history")
    try:
        try_to_write(file, bytes(_ROOM))
    except UserError as problem:
        what = "nothing that is remembered, such as the history, can be kept"
        return advice("state", f"{what}: {_without_verdict(problem)}")
    return works("state", f"what is remembered is kept in {clean(str(file.parent))}")


def _without_verdict(problem: UserError) -> str:
    return str(problem).removeprefix(NOT_SAVED)


async def _other_profiles(context: Context) -> AsyncIterator[Step]:
    """Profiles that keep the screen from opening. The rest of each is checked by `--profile` only."""
    for name in context.wanted:
        if name == context.in_charge:
            continue
        try:
            await context.build(name).reader.close()
        except UserError as problem:
            yield fails("profile", f"{clean(name, 60)}: {problem}", ExitCode.USAGE)


def _settings(context: Context) -> Step:
    file = context.settings_file
    path = clean(str(file)) if file else "home folder"
    return works("settings", f"{path} is read" if file and may_be_there(file) else f"there is no {path}: defaults")


def _profile(context: Context, profile: Profile) -> str:
    name = f"{profile.name} ({context.why}): " if profile.name else ""
    others = [name for name in context.wanted if name != profile.name]
    more = f"; check the others with --profile {' or '.join(others)}" if others else ""
    return f"{name}{where(profile.endpoint, profile.access.endpoints.iam)}{more}"


def terminal_steps(environ: Mapping[str, str], has_unicode: bool, size: tuple[int, int] | None) -> Iterator[Step]:
    """Yields the steps about the terminal. `size` is in columns and lines; None where standard error is no terminal."""
    term = environ.get("TERM", "")
    if size is None or term in CANNOT_MOVE:
        yield unknown("terminal", "none here that could show the screen: over ssh, ssh -t gives one")
        return
    columns, lines = size
    shown = f"{columns} columns, {lines} lines, TERM={term}"
    yield (
        works("terminal", shown)
        if fits(columns, lines)
        else advice("terminal", f"{shown}: too small, at least {LEAST_COLUMNS}×{LEAST_ROWS} is needed")
    )
    yield works("colours", _colours(environ))
    text = "UTF-8" if has_unicode else "ASCII only: for better signs choose a UTF-8 locale, like LC_ALL=C.UTF-8"
    yield works("characters", text) if has_unicode else advice("characters", text)
    yield _clipboard(environ)


def _colours(environ: Mapping[str, str]) -> str:
    if environ.get("NO_COLOR"):
        return "none, as NO_COLOR asks for"
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "all (COLORTERM)"
    return "256" if "256" in environ.get("TERM", "") else "16: set COLORTERM=truecolor if your terminal has more"


def _clipboard(environ: Mapping[str, str]) -> Step:
    match multiplexer(environ):
        case Multiplexer.TMUX if shutil.which("tmux"):
            return works("clipboard", "through tmux (load-buffer -w), if the terminal outside takes it")
        case Multiplexer.TMUX:
            said = "tmux is around, but its program is not found: `set -g set-clipboard on` may help"
            return advice("clipboard", said)
        case Multiplexer.SCREEN:
            return works("clipboard", "through GNU screen, if the terminal around it allows it (OSC 52)")
        case _:
            return works("clipboard", "by the terminal (OSC 52), where its settings allow that")


def size_of_terminal() -> tuple[int, int] | None:
    """Returns columns and lines of the terminal of standard error, where the screen goes; None if there is none."""
    try:
        columns, lines = os.get_terminal_size(2)
    except OSError:
        return None
    return columns, lines


_SKEW = 60.0
"""Seconds of difference between two clocks that are reported; the vendor refuses signatures 15 minutes off."""
_EXPECTED = (401, 403)


async def network_steps(profile: Profile, environ: Mapping[str, str]) -> AsyncIterator[Step]:
    from tui.codearts.tls_and_proxy import proxy_route

    host = urlsplit(profile.endpoint.url).hostname or ""
    try:
        way = proxy_route(profile.endpoint.url, profile.access.options.proxy, environ)
    except UserError as problem:
        yield fails("proxy", str(problem))
        return
    why = f" ({way.why_direct})" if way.why_direct else ""
    yield works("proxy", way.proxy or f"none: the connection is direct{why}")
    if not way.proxy:
        step = await _resolves(host)
        yield step
        if step.verdict is StepResult.FAILS:
            return
    async for step in _reaches(profile, bool(way.proxy)):
        yield step


async def _resolves(host: str) -> Step:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(LIMIT):
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except TimeoutError:
        return fails("name", f"{host} was not looked up within {LIMIT:g} s: check the name servers of this machine.")
    except (OSError, UnicodeError, RuntimeError) as error:
        if lacking := own_shortage(error):
            return fails("name", f"{host} was not looked up: {lacking}.")
        if isinstance(error, RuntimeError):
            raise  # a bug
        return fails("name", f"{host} was not found: check its spelling and the name servers, or set HTTPS_PROXY.")
    addresses = sorted({str(address[0]) for *_, address in found})
    return works("name", f"{host} is {', '.join(addresses[:4])}")


async def _reaches(profile: Profile, has_proxy: bool) -> AsyncIterator[Step]:
    """Send one request without a credential: its result shows which layer fails."""
    from tui.codearts.connections import probe
    from tui.codearts.tls_and_proxy import authorities

    options, endpoint = profile.access.options, profile.endpoint
    answer = await probe(options.opener(endpoint.url), endpoint, LIMIT)
    is_tls = endpoint.url.startswith("https:")
    trusted = f"trusted: {authorities(options.ca_file, options.verify)}"
    if isinstance(answer, Failure):
        if answer.kind is FailureKind.TLS:
            yield works("connection", f"{endpoint.url} takes connections")
            yield fails("TLS", f"{answer.summary} Now {trusted}; a profile's ca_file or SSL_CERT_FILE may name others.")
        else:
            yield fails("connection", f"{answer.summary} {_what_to_do(answer, has_proxy)}".rstrip())
        return
    yield works("connection", f"{endpoint.url} answers")
    host = urlsplit(endpoint.url).hostname or ""
    if not is_tls and is_loopback(host):
        yield works("TLS", "not used, and not needed on this machine")
    elif not is_tls:
        yield advice("TLS", "not used: anyone on the way can read the token")
    else:
        yield works("TLS", f"the certificate is good; {trusted}") if options.verify else advice("TLS", trusted)
    if answer.http_status not in _EXPECTED:
        yield advice("service", f"HTTP {answer.http_status} to a call without a token: this may not be CodeArts Build.")
    yield _clock(profile, answer.date)


def _what_to_do(failure: Failure, has_proxy: bool) -> str:
    match failure.kind:
        case FailureKind.PROXY:
            return "Check HTTPS_PROXY or the proxy of the profile, and its log-in."
        case FailureKind.SETTINGS | FailureKind.SHORTAGE:
            return ""
        case _ if has_proxy:
            return "Check the endpoint, and the proxy: the fault may be its own."
        case _:
            return "Check the endpoint, the firewall, and whether this machine needs a proxy (HTTPS_PROXY)."


def _clock(profile: Profile, date: str) -> Step:
    clock = profile.access.clock
    clock.learn(date)
    if clock.ignored_skew:
        days = abs(clock.ignored_skew) / timedelta(days=1)
        way = "behind" if clock.ignored_skew > timedelta() else "ahead of"
        return advice(
            "clock",
            f"{days:.0f} days {way} what the service says, too far apart to correct for. Set this clock if it is "
            "wrong: signatures and token expiry use it.",
        )
    if clock.skew is None:
        return unknown("clock", f"the service says {clean(date, 40)}" if date else "the service does not say its time")
    seconds = clock.skew.total_seconds()
    if abs(seconds) <= _SKEW:
        return works("clock", f"within {_SKEW:g} s of the service's")
    way = "behind" if seconds > 0 else "ahead of"
    return advice(
        "clock",
        f"{abs(seconds):.0f} s {way} the service's: set it. Until then signatures and token expiry are corrected.",
    )


def where(endpoint: Endpoint, iam: Endpoint | None) -> str:
    """Region and hosts in words."""
    region = f"region {endpoint.region}, " if endpoint.region else ""
    return f"{region}{endpoint.url}, IAM {iam.url if iam else 'not known'}"


Answer = TypeVar("Answer")
_JOBS = 3
"""Jobs that are tried until one can be read."""
OWN_LIMITS = 20.0
"""Seconds: credential commands and log-ins have shorter time limits of their own, with clearer errors."""
_THEIRS = (FailureKind.NOT_FOUND, FailureKind.BAD_JOB_ID)


async def credential_steps(profile: Profile) -> AsyncIterator[Step]:
    """Ends after the first that fails."""
    credential = profile.credential
    url = profile.endpoint.url + status_path(NO_JOB)
    auth_headers = await _bounded(credential.authenticate("GET", url), OWN_LIMITS)
    if isinstance(auth_headers, Failure):
        hint = " Or press i on the screen and give it there." if auth_headers.kind is FailureKind.NO_CREDENTIAL else ""
        yield fails("credential", f"{auth_headers.fact}{hint}", code_of(auth_headers))
        return
    credential.on_response(auth_headers, None)
    origin = next((offer.origin for offer in profile.candidates if offer.credential.source == auth_headers.source), "")
    yield works(
        "credential",
        f"{auth_headers.source} ({origin})" if origin not in ("", auth_headers.source) else auth_headers.source,
    )
    if len(auth_headers.headers.get("X-Auth-Token", "")) == LONGEST_LINE:
        yield advice(
            "token",
            f"It has exactly {LONGEST_LINE} characters, as many as a terminal takes in one line: it was probably "
            "cut there. Press i on the screen and paste it, or write the file with an editor.",
        )
    yield await _accepted(profile)


async def _accepted(profile: Profile) -> Step:
    try:
        told = await _bounded(profile.look())
    except UserError as problem:
        return fails("accepted", str(problem))
    match told:
        case Token():
            scope = f"for project {told.project or told.project_id}"
            if told.expires_at and told.expires_at <= profile.access.clock.now():
                ended = f"by its date it ended {told.expires_at:%Y-%m-%d %H:%M} UTC: is this machine's clock right?"
                return advice("accepted", f"by IAM, {scope}, but {ended}")
            return works("accepted", f"by IAM, {scope}{_end(profile, told)}")
        case Failure() if told.kind.retry is Retry.SIGN_IN:
            return fails("accepted", render.advice(told), ExitCode.NOT_SIGNED_IN)
        case Failure():
            return advice("accepted", f"IAM could not be asked: {told.summary}")
        case _:
            return unknown("accepted", "not checked with IAM; the job line below shows whether it is accepted")


async def job_step(profile: Profile, jobs: tuple[Job, ...], budget: ExtrasBudget) -> Step:
    """The first of the profile's jobs that can be read."""
    if not jobs:
        result = await _read(profile, NO_JOB, budget)
        if isinstance(result, Failure) and result.kind not in _THEIRS:
            return fails("job", f"a test with an invented ID failed: {render.advice(result)}", code_of(result))
        return unknown("job", "the watchlist has none of this profile: add one with codearts-watch add ID")
    failed = []
    for job in jobs[:_JOBS]:
        result = await _read(profile, job.id, budget)
        if not isinstance(result, Failure):
            return works("job", f"{job.name} is {result}")
        failed.append(fails("job", f"{job.name}: {render.advice(result)}", code_of(result)))
        if result.kind not in _THEIRS:
            break
    return failed[-1]


async def _read(profile: Profile, job: JobId, budget: ExtrasBudget) -> Status | Failure:
    if refusal := await _bounded(budget.turn()):
        is_late = refusal.kind is FailureKind.TIMEOUT
        crowded = Failure(FailureKind.THROTTLED, "Not asked: other instances use up the budget.")
        return crowded if is_late else refusal
    reading = await profile.reader.read(job)
    if reading.failure and reading.failure.kind is FailureKind.THROTTLED:
        budget.throttled(reading.failure, reading.sent.at, reading.received.at)
    return reading.result


OPTIONAL = "optional"
"""The name of the steps about what the program does without where it cannot be had."""


async def extras_steps(profile: Profile, jobs: tuple[Job, ...]) -> AsyncIterator[Step]:
    """What each kind of call beside the status call did, asked once; none of them is needed."""
    extras = profile.extras
    if extras is None:
        yield unknown(OPTIONAL, "names, outcomes, lists of jobs, logs: off, by --status-only or in the settings")
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(2 * LIMIT), asyncio.TaskGroup() as tasks:
            tasks.create_task(_try_lists(extras))
            for job in jobs[:1]:
                tasks.create_task(_try_builds(extras, job.id))
    summary = extras.summary()
    for one in summary:
        if one.answered == one.asked:
            yield works(OPTIONAL, f"{one.kind}: works")
        elif one.failure:
            yield advice(OPTIONAL, f"{one.kind}: {one.failure.summary}")
    if not summary:
        yield advice(OPTIONAL, "names, outcomes, lists of jobs, logs: no call could be sent")


async def _try_lists(extras: Extras) -> None:
    await extras.fetch(job_list_call())
    await extras.fetch(projects_call())


async def _try_builds(extras: Extras, job: JobId) -> None:
    """Tries the calls about a build, with the last one that ended; a job without one leaves them untried."""
    runs = await extras.last_runs(job)
    if not isinstance(runs, Failure) and (run := runs.ended):
        await extras.fetch(record_info_call(job, run.number))
        await extras.failed_step(job, run.number)
        await LogReader(extras, job, run.number).read_on()


def _end(profile: Profile, told: Token) -> str:
    if not told.expires_at:
        return ""
    left = told.expires_at - profile.access.clock.now()
    minutes = round(left / timedelta(minutes=1))
    renewal = "renewed by itself" if profile.credential.can_refresh else "not renewed by itself"
    return f", ends in {minutes // 60} h {minutes % 60} min ({told.expires_at:%Y-%m-%d %H:%M} UTC), {renewal}"


async def _bounded(asking: Awaitable[Answer], limit: float = LIMIT) -> Answer | Failure:
    try:
        async with asyncio.timeout(limit):
            return await asking
    except TimeoutError:
        return Failure(FailureKind.TIMEOUT, f"There was no answer within {limit:g} s.")
