"""Bell, desktop notification and title: their sequences, and which of them reach the user's terminal.

What tmux and screen do with each sequence was measured with tmux 3.3a and screen 4.09.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from typing import NamedTuple

from tui.core.alert_policy import LONGEST_TEXT, Desktop
from tui.core.text import clean
from tui.processes import run

BELL = "\a"
PUSH_TITLE = "\x1b[22;2t"
POP_TITLE = "\x1b[23;2t"
TMUX_LIMIT = 2.0
"""Seconds that tmux may take."""

OFF = "off in the settings"

TMUX_QUESTION = (
    "#{allow-passthrough}|#{client_termtype}|#{client_termname}|#{window_active}|#{session_attached}"
    "|#{monitor-bell}|#{bell-action}|#{visual-bell}|#{set-titles}"
)
"""The format for `tmux display -p -t $TMUX_PANE`, run before each alert: another terminal may have attached since."""


ALWAYS_ON = ""
"""What tmux before 3.3 says of `allow-passthrough`: it has no such option, and lets the sequences through."""


class Multiplexer(StrEnum):
    """What is between this program and the terminal."""

    NOTHING = "nothing"
    TMUX = "tmux"
    SCREEN = "screen"
    ZELLIJ = "zellij"


class Outside(NamedTuple):
    """What is known now about the connection to the terminal."""

    between: Multiplexer = Multiplexer.NOTHING
    terminal: str = ""
    """The terminal's name: as tmux reports it, or TERM."""
    passthrough: bool = False
    """Whether tmux lets wrapped sequences through."""
    is_visible: bool = True
    """Whether a terminal shows the pane. Without tmux this, `is_attached` and `sets_titles` are taken for true."""
    is_attached: bool = True
    """Whether a terminal is attached to the session."""
    silenced_by: str = ""
    """The tmux option that keeps the bell from the terminal, as `name value`."""
    sets_titles: bool = True
    """Whether tmux passes the pane's title on to the terminal."""


class AlertRoute(NamedTuple):
    """One signal: the sequence, whether it arrives, and the line of configuration that would let it through."""

    name: str
    sent: str
    """The characters for the terminal; empty where nothing is sent."""
    arrives: bool | None
    """None if unknown."""
    verdict: str
    remedy: str = ""


_KNOWN = (
    (re.compile(r"iterm2|wezterm", re.IGNORECASE), Desktop.OSC9),
    (re.compile(r"kitty", re.IGNORECASE), Desktop.OSC99),
    (re.compile(r"ghostty|foot|rxvt-unicode", re.IGNORECASE), Desktop.OSC777),
)


async def look_outside(environ: Mapping[str, str]) -> Outside:
    """Returns what is known now. tmux has two seconds to say what it knows."""
    said = None
    if multiplexer(environ) is Multiplexer.TMUX:
        pane = environ.get("TMUX_PANE", "")
        target = ("-t", pane) if re.fullmatch("%[0-9]{1,9}", pane) else ()
        with suppress(OSError):  # there may be no such program, as in a container
            ended = await run(["tmux", "display-message", "-p", *target, TMUX_QUESTION], TMUX_LIMIT, output_limit=500)
            said = ended.output.decode(errors="replace") if ended.status == 0 else None
    return outside(environ, said)


_BEYOND_LATIN = re.compile(r"[^\x00-\xff]")
"""Of these characters screen passes on the low byte only, which may be a control character that ends the sequence."""
_FAR = re.compile(r"tmux|screen")
"""A TERM that such a program sets. Where it does not run on this host, it runs on the user's."""


def outside(environ: Mapping[str, str], tmux_says: str | None) -> Outside:
    """Reads the environment and tmux's output for `TMUX_QUESTION`, which is None if tmux failed."""
    between = multiplexer(environ)
    if between is Multiplexer.TMUX:
        return _outside_tmux(tmux_says)
    return Outside(between, "" if between is Multiplexer.SCREEN else clean(environ.get("TERM", ""), 60))


def multiplexer(environ: Mapping[str, str]) -> Multiplexer:
    """Returns what is between this program and the terminal, as far as the environment tells."""
    if environ.get("TMUX"):
        return Multiplexer.TMUX
    if environ.get("ZELLIJ"):
        return Multiplexer.ZELLIJ
    return Multiplexer.SCREEN if environ.get("STY") else Multiplexer.NOTHING


def _outside_tmux(answer: str | None) -> Outside:
    fields = clean((answer or "").strip(), 500).split("|")
    if len(fields) != 9:
        return Outside(Multiplexer.TMUX, is_visible=False, sets_titles=False)
    passthrough, kind, name, active, attached, monitor, action, visual, titles = fields
    is_attached = attached not in ("", "0")
    visible = active == "1" and is_attached
    silenced = ""
    if visual in ("on", "1"):
        silenced = "visual-bell on"
    elif monitor in ("off", "0"):
        silenced = "monitor-bell off"
    elif action == "none" or (action == "other" and visible):
        silenced = f"bell-action {action}"
    return Outside(
        Multiplexer.TMUX,
        kind or name,
        passthrough in ("on", "1", "all", "2", ALWAYS_ON),
        visible or passthrough in ("all", "2"),
        is_attached,
        silenced,
        titles in ("on", "1"),
    )


def protocol(setting: str, seen: Outside) -> Desktop:
    """Returns the protocol that the user named; with `auto` the one of a terminal that is known to have one."""
    if setting != "auto":
        return Desktop(setting)
    if seen.between is Multiplexer.ZELLIJ:  # it forwards OSC 99, whatever the terminal has
        return Desktop.OSC99
    return next((desktop for name, desktop in _KNOWN if name.search(seen.terminal)), Desktop.NONE)


def notification(desktop: Desktop, text: str) -> str:
    """Returns the sequence that shows `text`, plain and short; no text becomes a terminal command."""
    said = clean(text, LONGEST_TEXT).replace(";", ",").strip()
    if not said or said[0].isdigit():  # OSC 9 with a number is a command of ConEmu
        said = f"CodeArts: {said}"
    match desktop:
        case Desktop.OSC9:
            return f"\x1b]9;{said}\a"
        case Desktop.OSC99:
            return f"\x1b]99;;{said}\a"
        case Desktop.OSC777:
            return f"\x1b]777;notify;CodeArts;{said}\a"
        case Desktop.NONE:
            return ""


def wrapped(sequence: str, seen: Outside) -> str:
    """Returns the sequence wrapped so that tmux or screen passes it on; empty if it would not."""
    if not sequence:
        return ""
    match seen.between:
        case Multiplexer.TMUX if not (seen.passthrough and seen.is_visible):
            return ""
        case Multiplexer.TMUX:
            return through_tmux(sequence)
        case Multiplexer.SCREEN:
            return f"\x1bP{sequence}\x1b\\"
        case _:
            return sequence


def through_tmux(sequence: str) -> str:
    """Returns the sequence as tmux passes it on, if `allow-passthrough` is on."""
    doubled = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{doubled}\x1b\\"


def title(text: str) -> str:
    """Returns the sequence that sets the terminal's title."""
    return f"\x1b]2;{clean(text, LONGEST_TEXT)}\x1b\\"


def saved_title(environ: Mapping[str, str]) -> tuple[str, str]:
    """Returns the sequences that save the terminal's own title, and put it back.

    screen saves it by itself, keeps a title for each window, and takes an empty one for none.
    """
    if multiplexer(environ) is Multiplexer.SCREEN:
        return "", title("")
    return PUSH_TITLE, POP_TITLE


def alert_routes(desktop: str, has_title: bool, seen: Outside, text: str) -> tuple[AlertRoute, ...]:
    """Returns every route to the user, with these settings."""
    return bell_route(seen), desktop_route(desktop, seen, text), title_route(has_title, seen, text)


def bell_route(seen: Outside) -> AlertRoute:
    if seen.silenced_by:
        option = seen.silenced_by.split()[0]
        good = {"visual-bell": "off", "monitor-bell": "on", "bell-action": "any"}[option]
        verdict = f"sent; tmux keeps it: {seen.silenced_by}"
        return AlertRoute("bell", BELL, False, verdict, f"tmux set -g {option} {good}")
    if seen.between is Multiplexer.SCREEN:
        verdict = "sent; screen passes it on only while its visual bell is off, and at first it is on"
        return AlertRoute("bell", BELL, None, verdict, "vbell off   # in ~/.screenrc")
    if not seen.is_attached:
        return AlertRoute("bell", BELL, False, "sent; no terminal is attached to tmux now")
    if seen.between is Multiplexer.ZELLIJ:
        return AlertRoute("bell", BELL, None, "sent; zellij marks the tab with [!]")
    through = "" if seen.between is Multiplexer.NOTHING else f"; {seen.between} passes it on"
    return AlertRoute("bell", BELL, True, f"sent{through}")


def desktop_route(setting: str, seen: Outside, text: str) -> AlertRoute:
    if setting == Desktop.NONE:
        return AlertRoute("desktop", "", False, f"not sent: {OFF}")
    if seen.between is Multiplexer.NOTHING and _FAR.match(seen.terminal):
        verdict = f"not sent: TERM={seen.terminal}, so tmux or screen runs on another host, and only the bell passes it"
        return AlertRoute(
            "desktop", "", False, verdict, "connect without it, or set [alerts] command to one that notifies"
        )
    if (desktop := protocol(setting, seen)) is Desktop.NONE:
        verdict = f"not sent: {seen.terminal or 'a terminal without a name'} is not known to show notifications"
        return AlertRoute("desktop", "", False, verdict, '[alerts] desktop = "osc9"   # or osc99, osc777')
    if seen.between is Multiplexer.SCREEN:
        text = _BEYOND_LATIN.sub("?", text)
    sent = wrapped(notification(desktop, text), seen)
    if sent:
        return AlertRoute("desktop", sent, None, f"sent as {desktop}; whether it is shown, only your screen can say")
    if not seen.passthrough:
        return AlertRoute("desktop", "", False, "not sent: tmux would drop it", "tmux set -g allow-passthrough on")
    return AlertRoute(
        "desktop", "", False, "not sent: this pane is not visible, and tmux drops it then; the bell rings"
    )


def title_route(is_on: bool, seen: Outside, text: str) -> AlertRoute:
    if not is_on:
        return AlertRoute("title", "", False, f"not sent: {OFF}", "[alerts] title = true")
    if not seen.sets_titles:
        verdict = "sent; tmux keeps it as the pane's title (#{pane_title})"
        return AlertRoute("title", title(text), False, verdict, "tmux set -g set-titles on")
    if not seen.is_visible:
        return AlertRoute("title", title(text), False, "sent; tmux shows it once this pane is visible")
    return AlertRoute("title", title(text), True, "sent")
