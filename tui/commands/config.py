"""`config`: prints every effective value and its origin. Of a secret, only the length."""

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tui.commands.check import screen_findings
from tui.commands.output import ExitCode, Output, print_json
from tui.core.errors import UserError
from tui.core.reading import Failure
from tui.core.text import clean

if TYPE_CHECKING:
    from tui.codearts.auth.credentials import Secret
    from tui.context import Context
    from tui.profiles.candidates import Candidate
    from tui.profiles.profile import Profile
    from tui.storage.profile_settings import ProfileSettings
    from tui.storage.settings import Settings

HELP = "every effective setting and where it came from"
DESCRIPTION = "Print every effective value and where it came from. Of secrets only the length is shown."
EXAMPLES = ["config", "config --json | jq '.[] | select(.name == \"endpoint\")'"]

ValueRow = tuple[str, str, str]
"""Name, value and origin, without any secret: an `EffectiveValue` or one made here."""

DEFAULT = "default"
UNUSABLE = "not usable"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(context: "Context", arguments: argparse.Namespace) -> int:
    """Changes nothing and sends nothing. Returns 2 where the screen would not open with these settings."""
    rows = configuration(context)
    output = Output.standard()
    if arguments.json:
        print_json([dict(zip(("name", "value", "origin"), row, strict=True)) for row in rows], output)
    else:
        text = as_text(rows)
        output.lines((text if output.encodes_everything else text.replace("•", "*")).splitlines())
    findings = list(screen_findings(context))
    for finding in findings:
        output.say(finding.text)
    is_refused = any(finding.is_refused for finding in findings) or any(value == UNUSABLE for _, value, _ in rows)
    return ExitCode.USAGE if is_refused else ExitCode.DONE


def configuration(context: "Context") -> list[ValueRow]:
    """The files, the profiles, then the settings of the program."""
    flags, settings = context.flags, context.settings
    rows = [
        ("settings file", clean(str(context.settings_file or "")), "--settings" if flags.settings else DEFAULT),
        ("watchlist file", clean(str(context.watchlist.path)), "--watchlist" if flags.watchlist else DEFAULT),
        ("log file", clean(str(flags.log or "")), "--log" if flags.log else DEFAULT),
        ("profile", context.in_charge, context.why),
    ]
    for name, profile in context.wanted.items():
        rows += _profile(context, name, profile)
    return [*rows, *_sections(settings)]


def as_text(rows: Sequence[ValueRow]) -> str:
    """Three columns, as wide as most lines need: they fit 80 columns together."""
    names = max(len(name) for name, _, _ in rows)
    values = min(30, max(len(_shown(value)) for _, value, _ in rows))
    return "\n".join(f"{name:<{names}}  {_shown(value):<{values}}  {origin}".rstrip() for name, value, origin in rows)


def _shown(value: str) -> str:
    return value or "-"


def _profile(context: "Context", name: str, settings: "ProfileSettings") -> Iterator[ValueRow]:
    prefix = f"profiles.{name}." if name else ""
    try:
        profile = context.build(name)
    except UserError as problem:
        yield (f"{prefix}endpoint", UNUSABLE, clean(str(problem)))
        return
    for row in profile.access.endpoints.found:
        yield (prefix + row.name, row.value, row.origin)
    for number, offer in enumerate(profile.candidates, 1):
        yield (f"{prefix}credential {number}", _credential(offer), offer.origin)
    yield from _rest(prefix, profile, settings)


def _rest(prefix: str, profile: "Profile", settings: "ProfileSettings") -> Iterator[ValueRow]:
    """How it connects, and for which project."""
    from tui.storage.profile_settings import UNVERIFIED

    for key in ("project", "project_id", "ca_file"):
        if value := getattr(settings, key):
            yield (prefix + key, clean(value), f"settings: {prefix}{key}")
    proxy = settings.proxy or "as the environment says"
    yield (f"{prefix}proxy", clean(proxy), f"settings: {prefix}proxy" if settings.proxy else DEFAULT)
    if settings.unverified:
        yield (prefix + UNVERIFIED, "true", f"settings: {prefix}{UNVERIFIED}")


def _credential(offer: "Candidate") -> str:
    held = offer.held()
    if isinstance(held, Failure):
        return held.summary
    return f"{offer.credential.source}: {', '.join(map(redacted, held)) or 'not asked yet'}"


def redacted(secret: "Secret") -> str:
    return f"••• ({len(secret.reveal())} characters)"


def _sections(settings: "Settings") -> Iterator[ValueRow]:
    """`[polling]`, `[ui]` and the like, and the keys that the user chose."""
    for section, content in settings._asdict().items():
        if hasattr(content, "_asdict"):
            for name, value in content._asdict().items():
                yield _setting(settings, f"{section}.{name}", value)
    for name, key in settings.keys.items():
        yield _setting(settings, f"keys.{name}", key)
    for number, view in settings.views.items():
        yield (f"views.{number}", clean(view.name), f"settings: views.{number}")
    for name, command in settings.commands.items():
        yield (f"commands.{name}", _in_words(command.command), f"settings: commands.{name}")


def _setting(settings: "Settings", path: str, value: object) -> ValueRow:
    from tui.storage.settings import USUAL_COLUMNS

    shown = " ".join(settings.ui.columns or USUAL_COLUMNS) if path == "ui.columns" else _in_words(value)
    return path, shown, f"settings: {path}" if path in settings.given else DEFAULT


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
        case frozenset():
            return ", ".join(sorted(map(clean, value)))
        case ():
            return ""
        case _:
            return clean(str(value))
