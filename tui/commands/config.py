"""`codearts-watch config`: every effective value, and where it came from. No secret is shown, only its length."""

import argparse
import os
from collections.abc import Iterator, Sequence

from tui.codearts.auth.credentials import Secret
from tui.commands.output import ExitCode, Output
from tui.commands.status import json_text
from tui.context import ProfilePlan, profile_plan
from tui.core.errors import UserError
from tui.core.reading import Failure
from tui.core.text import clean
from tui.files import files_of, screen_findings
from tui.profiles.credential_chain import Candidate
from tui.profiles.profile import Profile
from tui.profiles.resolve import EffectiveValue
from tui.storage.profile_settings import UNVERIFIED, ProfileSettings
from tui.storage.settings import AlertSettings, PollingSettings, ServiceSettings, UiSettings

DEFAULT = "default"
UNUSABLE = "not usable"


def configuration(plan: ProfilePlan, watchlist: EffectiveValue, log: EffectiveValue) -> list[EffectiveValue]:
    """In the order of the design: files, profiles, then the settings of the program."""
    settings_origin = DEFAULT if plan.files.settings_file == plan.files.locations.settings else "--settings"
    rows = [
        EffectiveValue("settings file", clean(str(plan.files.settings_file or "")), settings_origin),
        watchlist,
        log,
        EffectiveValue("profile", plan.in_charge, plan.why),
    ]
    for name, settings in plan.wanted.items():
        rows += _profile(plan, name, settings)
    return [*rows, *_sections(plan)]


def run_config(arguments: argparse.Namespace) -> int:
    """Shows; changes nothing, and asks nobody. Exit code 2 where the screen would not open with this."""
    planned = profile_plan(files_of(arguments), arguments, os.environ)
    watchlist = planned.files.watchlist.path
    rows = configuration(
        planned,
        EffectiveValue("watchlist file", clean(str(watchlist)), "--watchlist" if arguments.watchlist else DEFAULT),
        EffectiveValue("log file", clean(str(arguments.log or "")), "--log" if arguments.log else DEFAULT),
    )
    output = Output.standard()
    if arguments.json:
        output.line(json_text([row._asdict() for row in rows], output))
    else:
        text = as_text(rows)
        output.line(text if output.encodes_everything else text.replace("•", "*"))
    findings = list(screen_findings(planned.files))
    for finding in findings:
        output.say(finding.text)
    is_refused = any(finding.is_refused for finding in findings) or any(row.value == UNUSABLE for row in rows)
    return ExitCode.USAGE if is_refused else ExitCode.DONE


def as_text(rows: Sequence[EffectiveValue]) -> str:
    """Three columns."""
    names = max(len(row.name) for row in rows)
    values = min(60, max(len(_shown(row.value)) for row in rows))
    return "\n".join(f"{row.name:<{names}}  {_shown(row.value):<{values}}  {row.origin}".rstrip() for row in rows)


def _shown(value: str) -> str:
    return value or "-"


def _profile(plan: ProfilePlan, name: str, settings: ProfileSettings) -> Iterator[EffectiveValue]:
    prefix = f"profiles.{name}." if name else ""
    try:
        profile = plan.build(name)
    except UserError as problem:
        yield EffectiveValue(f"{prefix}endpoint", UNUSABLE, clean(str(problem)))
        return
    for row in profile.service.endpoints.found:
        yield EffectiveValue(prefix + row.name, row.value, row.origin)
    for number, offer in enumerate(profile.candidates, 1):
        yield EffectiveValue(f"{prefix}credential {number}", _credential(offer), offer.origin)
    yield from _rest(prefix, profile, settings)


def _rest(prefix: str, profile: Profile, settings: ProfileSettings) -> Iterator[EffectiveValue]:
    """How it connects, and for which project."""
    for key in ("project", "project_id", "ca_file"):
        if value := getattr(settings, key):
            yield EffectiveValue(prefix + key, clean(value), f"settings: {prefix}{key}")
    proxy = settings.proxy or "as the environment says"
    yield EffectiveValue(f"{prefix}proxy", clean(proxy), f"settings: {prefix}proxy" if settings.proxy else DEFAULT)
    if profile.warning:
        yield EffectiveValue(prefix + UNVERIFIED, "true", f"settings: {prefix}{UNVERIFIED}")


def _credential(offer: Candidate) -> str:
    held = offer.held()
    if isinstance(held, Failure):
        return held.summary
    return f"{offer.credential.source}: {', '.join(map(redacted, held)) or 'not asked yet'}"


def redacted(secret: Secret) -> str:
    return f"••• ({len(secret.reveal())} characters)"


def _sections(plan: ProfilePlan) -> Iterator[EffectiveValue]:
    """`[polling]`, `[ui]` and the like, and the keys that the user chose."""
    for section, content in plan.files.settings._asdict().items():
        if isinstance(content, PollingSettings | UiSettings | AlertSettings | ServiceSettings):
            for name, value in content._asdict().items():
                yield _setting(plan, f"{section}.{name}", value)
    for name, key in plan.files.settings.keys.items():
        yield _setting(plan, f"keys.{name}", key)


def _setting(plan: ProfilePlan, path: str, value: object) -> EffectiveValue:
    return EffectiveValue(path, _in_words(value), f"settings: {path}" if path in plan.files.settings.given else DEFAULT)


def _in_words(value: object) -> str:
    match value:
        case None:
            return "as the terminal suggests"
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:g}"
        case (str(program), *arguments):
            return clean(program) + (f" and {len(arguments)} arguments" if arguments else "")
        case ():
            return ""
        case _:
            return clean(str(value))
