"""Header (counts, freshness, pace of polling) and banner (what is wrong with whole profiles). Pure."""

from typing import TYPE_CHECKING, NamedTuple

from tui.core.board import fresh_within
from tui.core.condition import Condition, Summary
from tui.core.reading import Failure, Moment, Retry
from tui.ui import formatting
from tui.ui.row import look_of
from tui.ui.screen_deps import ScreenProfile
from tui.ui.status_line import Part

if TYPE_CHECKING:
    from tui.polling.poller import Pace

LASTS_SHORT = 2 * 3600.0
"""A credential that cannot renew itself is shown as a warning below this many seconds of life."""


class ProfileState(NamedTuple):
    """What the header needs to know of one profile."""

    name: str
    where: str
    """Region, or host."""
    pace: "Pace"
    lasts: float | None = None
    """Seconds until its credential expires; None if unknown or never."""
    renewable: bool = False
    warning: str = ""


def profile_state(profile: ScreenProfile, pace: "Pace", now: Moment) -> ProfileState:
    ends = profile.credential.expires_at
    return ProfileState(
        profile.name,
        profile.endpoint.region or profile.endpoint.url.partition("://")[2],
        pace,
        (ends - now.wall).total_seconds() if ends else None,
        profile.credential.can_refresh,
        profile.warning,
    )


class HeaderState(NamedTuple):
    """Input of header and banner."""

    profiles: tuple[ProfileState, ...]
    """The profiles shown; empty before they are loaded."""
    summary: Summary
    now: float
    shown: int
    """Number of rows that pass the filter."""
    narrowed: bool
    """Whether a filter hides rows."""
    marked: int
    sign_in_key: str
    warning: str = ""
    """What is wrong with the watchlist or the settings; empty if nothing."""
    paused: str = ""
    """Says since when everything is paused; empty if it is not."""
    view: str = ""
    """The name of the view that is shown; empty if it is none of the user's."""
    silent: str = ""
    """Until when alerts are silenced; empty if they are not."""


def header_parts(header: HeaderState) -> list[list[Part]]:
    """Groups of text, the most important first; a narrow screen drops the last ones."""
    counts = _counts(header)
    if not header.profiles:
        return [counts]
    pace = _pace(header)
    silent: list[Part] = [(f"silent until {header.silent}", "paused")] if header.silent else []
    others = (silent, _freshness(header), _sign_in(header), _place(header))
    is_usual = pace[0][1] == "dim"
    parts = (counts, *others, pace) if is_usual else (counts, pace, *others)
    return [part for part in parts if part]


def _counts(header: HeaderState) -> list[Part]:
    counts = header.summary.counts
    parts: list[Part] = []
    for condition in (
        Condition.RUNNING,
        Condition.FAILED,
        Condition.TIMED_OUT,
        Condition.ABORTED,
        Condition.PASSED,
        Condition.IDLE,
        Condition.NO_ANSWER,
        Condition.STALE,
        Condition.UNREAD,
        Condition.PAUSED,
    ):
        number = header.summary.stale if condition is Condition.STALE else counts[condition]  # no answer, too
        if number or condition in (Condition.RUNNING, Condition.IDLE):
            parts += [(f"{number} {condition}", look_of(condition) if number else "dim"), ("  ", "")]
    if header.view:
        parts += [(f"view {header.view}", "key"), ("  ", "")]
    if header.narrowed:
        parts += [(f"{header.shown} of {header.summary.total} shown", "ageing"), ("  ", "")]
    if header.marked:
        parts += [(f"{header.marked} marked", "ageing"), ("  ", "")]
    return parts[:-1]


def _freshness(header: HeaderState) -> list[Part]:
    summary = header.summary
    if header.paused:
        return []
    asked = summary.total - summary.counts[Condition.PAUSED]
    if asked == summary.never:
        return []
    if summary.oldest is None:
        which = f"{asked - summary.never} of {asked}" if summary.never else "all"
        # An upper bound: unlike the exact age it stays the same while everything is fresh.
        within = round(fresh_within(max(profile.pace.idle for profile in header.profiles)))
        return [(f"{which} read within {formatting.seconds(within)}", "dim")]
    if summary.stale:
        return [(f"oldest answer {formatting.age(summary.oldest)}", "stale")]
    return [(f"{summary.ageing} ageing, oldest {formatting.age(summary.oldest)}", "ageing")]


def _sign_in(header: HeaderState) -> list[Part]:
    """When the first credential expires, of those that do not renew themselves."""
    ending = [
        profile.lasts
        for profile in header.profiles
        if profile.lasts is not None and not profile.renewable and not profile.pace.signed_out
    ]
    if not ending:
        return []
    lasts = min(ending)
    if lasts <= 0:
        return [("token ended", "error")]
    return [(f"token {formatting.duration(lasts)}", "ageing" if lasts < LASTS_SHORT else "dim")]


def _place(header: HeaderState) -> list[Part]:
    if len(header.profiles) > 1:
        return [(f"{len(header.profiles)} profiles", "dim")]
    only = header.profiles[0]
    return [(" ".join(part for part in (only.name, only.where) if part), "dim")]


def _pace(header: HeaderState) -> list[Part]:
    profile = max(header.profiles, key=lambda profile: profile.pace.idle)
    pace = profile.pace
    if all(profile.pace.paused for profile in header.profiles):
        return [("paused", "paused")]
    if all(profile.pace.signed_out for profile in header.profiles):
        return [("not asking", "error")]
    if pace.waiting_until is not None and pace.waiting_until > header.now:
        return [(f"throttled, {pace.rate:.2g} req/s", "ageing")]
    paces = [profile.pace for profile in header.profiles]
    slowed = [pace for pace in paces if pace.stretched and pace.rate < pace.full_rate]
    if slowed:
        least = max(slowed, key=lambda pace: pace.idle)
        rate = f"slowed by the service to {least.rate:.2g} req/s{_shared(least)}"
        return [(f"every {formatting.seconds(least.idle)}, {rate}", "ageing")]
    if len(header.profiles) > 1:
        return [(f"every {formatting.seconds(pace.idle)} or sooner", "dim")]
    if pace.probing:
        return [(f"one job every {formatting.seconds(pace.probing)}", "dim")]
    if pace.seldom:
        return [(f"every {formatting.seconds(pace.seldom)}", "dim")]
    if pace.stretched:
        rate = f"{header.summary.total} jobs at {pace.rate:.2g} req/s{_shared(pace)}"
        return [(f"every {formatting.seconds(pace.idle)}: {rate}", "dim")]
    return [(f"every {formatting.seconds(pace.running)}, idle {formatting.seconds(pace.idle)}", "dim")]


def _shared(pace: "Pace") -> str:
    return f", budget shared by {pace.shared_by}" if pace.shared_by > 1 else ""


def banner(header: HeaderState) -> Part:
    """One line for each problem of a whole profile, and the look of the banner; both empty if there are none."""
    lines = [text for text in (header.warning, header.paused) if text]
    look = "warning"
    for profile in header.profiles:
        lines += [f"{profile.name}: {profile.warning}".removeprefix(": ")] if profile.warning else []
        if trouble := profile.pace.trouble:
            name = f"{profile.name}: " if len(header.profiles) > 1 else ""
            lines.append(name + _trouble(trouble, profile.pace, header.sign_in_key))
            look = look if trouble.kind.retry is Retry.THROTTLED else "error"
    return "\n".join(lines), look if lines else ""


def _trouble(trouble: Failure, pace: "Pace", sign_in: str) -> str:
    if trouble.kind.retry is Retry.SIGN_IN:
        quoted = "" if trouble.code in trouble.summary else f"({trouble.code}) "
        return f"Not asking: {trouble.summary} {quoted}Press {sign_in} to sign in."
    if trouble.kind.retry is Retry.THROTTLED:
        return f"The service asks for fewer requests: {pace.rate:.2g} a second now. {_quote(trouble)}".rstrip()
    if trouble.kind.retry is Retry.LASTING:
        return f"No job can be read: {trouble.summary} Still asking, one job at a time."
    return f"No answers: {trouble.summary} Still asking, one job at a time."


def _quote(failure: Failure) -> str:
    return f"({failure.code})" if failure.code else ""
