"""What is sent to the terminal, and what is said of it, for everything that may stand between."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.alert_policy import Desktop
from tui.terminal import notifications
from tui.terminal.notifications import (
    Multiplexer,
    Outside,
    bell_route,
    desktop_route,
    look_outside,
    notification,
    outside,
    protocol,
    saved_title,
    title,
    title_route,
    wrapped,
)

IN_TMUX = {"TMUX": "/tmp/tmux-0/default,1,0", "TERM": "tmux-256color"}


def tmux(
    passthrough: str = "0",
    kind: str = "iTerm2 3.6.9",
    active: str = "1",
    attached: str = "1",
    monitor: str = "1",
    action: str = "any",
    visual: str = "off",
    titles: str = "0",
) -> Outside:
    fields = (passthrough, kind, "xterm-256color", active, attached, monitor, action, visual, titles)
    return outside(IN_TMUX, "|".join(fields) + "\n")


def test_a_bare_terminal_is_known_by_its_term() -> None:
    assert outside({"TERM": "xterm-kitty"}, None) == Outside(Multiplexer.NOTHING, "xterm-kitty")
    assert outside({"TERM": "screen", "STY": "1.a"}, None).between is Multiplexer.SCREEN
    assert outside({"TERM": "foot", "ZELLIJ": "0"}, None).between is Multiplexer.ZELLIJ


@pytest.mark.parametrize("script", ["sleep 60", "exit 1", "yes", "printf '\\377\\0'"])
async def test_a_tmux_that_says_nothing_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    program = tmp_path / "tmux"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(notifications, "TMUX_LIMIT", 0.2)
    seen = await look_outside(IN_TMUX)
    assert (seen.between, seen.is_visible, seen.terminal) == (Multiplexer.TMUX, False, "")
    assert bell_route(seen).sent == "\a"


@pytest.mark.parametrize(
    ("pane", "asked"),
    [("%12", "display-message -p -t %12"), ("", "display-message -p"), ("%1;x", "display-message -p")],
)
async def test_tmux_is_asked_about_our_pane_and_believed_where_it_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pane: str, asked: str
) -> None:
    program, status = tmp_path / "tmux", tmp_path / "status"
    answer = f"1|{'x' * 100}|xterm|1|1|1|any|off|0"
    program.write_text(f"#!/bin/sh\necho \"$@\" > {tmp_path}/asked\necho '{answer}'\nexit $(cat {status})\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for code, terminal in ((0, "x" * 100), (1, "")):
        status.write_text(f"{code}")
        assert (await look_outside(IN_TMUX | {"TMUX_PANE": pane})).terminal == terminal
        assert (tmp_path / "asked").read_text() == f"{asked} {notifications.TMUX_QUESTION}\n"


async def test_without_tmux_no_tmux_is_run_and_in_tmux_none_may_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert await look_outside(IN_TMUX) == outside(IN_TMUX, None)
    program = tmp_path / "tmux"
    program.write_text(f"#!/bin/sh\n: > {tmp_path}/asked\n")
    program.chmod(0o755)
    assert await look_outside({"TERM": "foot"}) == Outside(terminal="foot")
    assert not (tmp_path / "asked").exists()


def test_options_of_tmux_are_numbers_or_words() -> None:
    for on, everywhere in (("1", "2"), ("on", "all")):
        assert desktop_route("auto", tmux(on), "x").sent
        assert desktop_route("auto", tmux(on, active="0"), "x").sent == ""
        assert desktop_route("auto", tmux(everywhere, active="0"), "x").sent
        assert title_route(True, tmux(titles=on), "x").arrives
        assert bell_route(tmux(visual=on)).remedy == "tmux set -g visual-bell off"
    for off in ("0", "off"):
        assert bell_route(tmux(monitor=off)).remedy == "tmux set -g monitor-bell on"
        assert title_route(True, tmux(titles=off), "x").remedy
        assert desktop_route("auto", tmux(off), "x").remedy
    assert bell_route(tmux(action="none")).remedy == "tmux set -g bell-action any"
    assert bell_route(tmux(attached="")).arrives is False


def test_what_is_known_of_a_way_is_said() -> None:
    assert bell_route(Outside()).verdict == "sent"
    assert bell_route(tmux()).verdict == "sent; tmux passes it on"
    assert bell_route(Outside(Multiplexer.ZELLIJ)).arrives is None
    assert desktop_route("none", Outside(), "x")[2:] == (False, "not sent: off in the settings", "")
    assert desktop_route("none", Outside(terminal="screen"), "x").verdict == "not sent: off in the settings"
    unknown = desktop_route("auto", Outside(terminal="vt100"), "x")
    assert (unknown.arrives, unknown.verdict) == (False, "not sent: vt100 is not known to show notifications")
    assert "osc9" in unknown.remedy
    assert "a terminal without a name is not known" in desktop_route("auto", Outside(), "x").verdict
    assert desktop_route("auto", outside({"TERM": "a\x1b[2J" * 50}, None), "x").verdict.isprintable()
    assert outside({"TERM": "screen", "STY": "1.a"}, None).terminal == ""


def test_a_notification_is_short_and_never_empty_or_a_command() -> None:
    assert notification(Desktop.OSC9, "x" * 200) == f"\x1b]9;{'x' * 119}…\a"
    assert notification(Desktop.OSC777, "a;b") == "\x1b]777;notify;CodeArts;a,b\a"
    assert notification(Desktop.OSC9, "web failed #12") == "\x1b]9;web failed #12\a"
    for text in ("", "4;3", " 9 "):
        assert notification(Desktop.OSC9, text).startswith("\x1b]9;CodeArts: ")


def test_tmux_names_the_terminal_behind_it() -> None:
    assert tmux().terminal == "iTerm2 3.6.9"
    assert tmux(kind="").terminal == "xterm-256color"
    assert (
        outside(IN_TMUX, None)
        == outside(IN_TMUX, "no server\n")
        == Outside(Multiplexer.TMUX, is_visible=False, sets_titles=False)
    )


@pytest.mark.parametrize(
    ("terminal", "used"),
    [
        ("iTerm2 3.6.9", Desktop.OSC9),
        ("WezTerm 2025", Desktop.OSC9),
        ("xterm-kitty", Desktop.OSC99),
        ("ghostty 1.2", Desktop.OSC777),
        ("foot", Desktop.OSC777),
        ("rxvt-unicode-256color", Desktop.OSC777),
        ("xterm-256color", Desktop.NONE),
        ("", Desktop.NONE),
    ],
)
def test_a_known_terminal_has_its_own_protocol(terminal: str, used: Desktop) -> None:
    assert protocol("auto", Outside(terminal=terminal)) is used
    assert protocol("osc777", Outside(terminal=terminal)) is Desktop.OSC777
    assert protocol("none", Outside(terminal=terminal)) is Desktop.NONE


@pytest.mark.parametrize(
    ("options", "silenced_by"),
    [
        ({}, ""),
        ({"visual": "on"}, "visual-bell on"),
        ({"visual": "both"}, ""),
        ({"monitor": "0"}, "monitor-bell off"),
        ({"action": "none"}, "bell-action none"),
        ({"action": "other"}, "bell-action other"),
        ({"action": "other", "active": "0"}, ""),
        ({"action": "current"}, ""),
    ],
)
def test_four_options_of_tmux_silence_the_bell(options: dict[str, str], silenced_by: str) -> None:
    route = bell_route(tmux(**options))
    assert (route.sent, route.arrives) == ("\a", not silenced_by)
    assert silenced_by in route.verdict
    assert bool(route.remedy) == bool(silenced_by)


def test_a_notification_needs_passthrough_and_a_visible_pane() -> None:
    dropped = desktop_route("auto", tmux(), "x")
    assert (dropped.sent, dropped.arrives, dropped.remedy) == ("", False, "tmux set -g allow-passthrough on")
    hidden = desktop_route("auto", tmux("1", active="0"), "x")
    assert (hidden.sent, hidden.arrives, hidden.remedy) == ("", False, "")
    assert "this pane is not visible" in hidden.verdict
    assert desktop_route("auto", tmux("1", attached="0"), "x").sent == ""
    assert desktop_route("auto", tmux("1"), "x").sent == "\x1bPtmux;\x1b\x1b]9;x\a\x1b\\"
    assert desktop_route("auto", tmux("2", active="0"), "x").sent == "\x1bPtmux;\x1b\x1b]9;x\a\x1b\\"


def test_a_tmux_from_before_the_option_lets_a_notification_through() -> None:
    route = desktop_route("osc9", tmux(""), "x")
    assert route.sent == "\x1bPtmux;\x1b\x1b]9;x\a\x1b\\"
    assert route.remedy == ""
    assert desktop_route("osc9", tmux("", active="0"), "x").sent == ""


def test_screen_and_zellij_have_their_own_ways() -> None:
    assert desktop_route("osc9", Outside(Multiplexer.SCREEN), "x").sent == "\x1bP\x1b]9;x\a\x1b\\"
    assert desktop_route("osc9", Outside(Multiplexer.SCREEN), "é 掜").sent == "\x1bP\x1b]9;é ?\a\x1b\\"
    assert desktop_route("osc9", Outside(Multiplexer.ZELLIJ), "é 掜").sent == "\x1b]9;é 掜\a"
    assert desktop_route("auto", Outside(Multiplexer.ZELLIJ, "foot"), "x").sent == "\x1b]99;;x\a"
    assert bell_route(Outside(Multiplexer.SCREEN)).remedy.startswith("vbell off")


def test_the_title_says_what_becomes_of_it() -> None:
    for between in (Multiplexer.NOTHING, Multiplexer.SCREEN, Multiplexer.ZELLIJ):
        assert title_route(True, Outside(between), "2 running")[1:4] == ("\x1b]2;2 running\x1b\\", True, "sent")
    assert title_route(False, Outside(), "x")[1:3] == ("", False)
    assert title_route(True, tmux(), "x")[2:] == (
        False,
        "sent; tmux keeps it as the pane's title (#{pane_title})",
        "tmux set -g set-titles on",
    )
    assert title_route(True, tmux(titles="1"), "x").arrives
    assert not title_route(True, tmux(titles="1", active="0"), "x").arrives


SEQUENCE = re.compile(r"\x1b\](?:9;|99;;|777;notify;CodeArts;)([^\x00-\x1f\x7f-\x9f;]*)\a")


@given(st.text(max_size=300), st.sampled_from([Desktop.OSC9, Desktop.OSC99, Desktop.OSC777]))
def test_no_text_gets_out_of_its_sequence_or_begins_like_a_number(text: str, desktop: Desktop) -> None:
    sent = SEQUENCE.fullmatch(notification(desktop, text))
    assert sent
    assert not sent[1][:1].isdigit()
    assert len(sent[1]) <= 140


@given(st.text(max_size=300))
def test_what_screen_makes_of_a_text_ends_no_sequence(text: str) -> None:
    sent = desktop_route("osc9", Outside(Multiplexer.SCREEN), text).sent
    inside = sent.removeprefix("\x1bP\x1b]9;").removesuffix("\a\x1b\\")
    passed_on = [ord(character) & 0xFF for character in inside]  # as screen 4.09 was seen to do
    assert not any(byte < 0x20 or 0x7F <= byte <= 0x9F for byte in passed_on)


@given(st.text(max_size=300))
def test_no_title_gets_out_of_its_sequence(text: str) -> None:
    assert re.fullmatch(r"\x1b\]2;[^\x00-\x1f\x7f-\x9f]*\x1b\\", title(text))


def test_a_multiplexer_on_the_users_own_host_is_named() -> None:
    for term in ("tmux-256color", "screen"):
        route = desktop_route("osc9", outside({"TERM": term}, None), "x")
        assert (route.sent, route.arrives) == ("", False)
        assert f"TERM={term}" in route.verdict
        assert "only the bell passes" in route.verdict
        assert "[alerts] command" in route.remedy
        assert bell_route(outside({"TERM": term}, None)).arrives


def test_a_session_without_a_terminal_rings_nowhere() -> None:
    route = bell_route(tmux(attached="0"))
    assert (route.arrives, route.verdict) == (False, "sent; no terminal is attached to tmux now")


def test_the_title_is_saved_and_put_back_as_each_takes_it() -> None:
    assert saved_title({"TERM": "foot"}) == saved_title({**IN_TMUX, "STY": "1"}) == ("\x1b[22;2t", "\x1b[23;2t")
    assert saved_title({"STY": "1"}) == ("", "\x1b]2;\x1b\\")


def test_nothing_is_wrapped_to_nothing() -> None:
    assert wrapped("", tmux("1")) == ""
