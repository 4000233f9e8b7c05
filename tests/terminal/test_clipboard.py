"""The route to the clipboard, and what the user is told about it."""

import base64
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.terminal.clipboard import ClipboardRoute, Run, clipboard_route, copy, plain, run_program
from tui.terminal.notifications import Multiplexer

TMUX = ClipboardRoute(Multiplexer.TMUX, "/usr/bin/tmux")
BARE = ClipboardRoute(Multiplexer.NOTHING)
SCREEN = ClipboardRoute(Multiplexer.SCREEN)


def runner(succeeds: bool, calls: list[tuple[Sequence[str], str]]) -> Run:
    def run(command: Sequence[str], text: str, seconds: float) -> bool:
        calls.append((command, text))
        return succeeds

    return run


def held_by(sequence: str) -> str:
    """What a terminal that reads `sequence` has on its clipboard."""
    assert sequence.startswith("\x1b]52;c;")
    assert sequence.endswith("\a")
    return base64.b64decode(sequence[len("\x1b]52;c;") : -1], validate=True).decode()


def passed_on_by_screen(sequence: str) -> str:
    pieces = sequence.removesuffix("\x1b\\").split("\x1b\\")
    assert all(piece.startswith("\x1bP") and len(piece) < 256 for piece in pieces)
    return "".join(piece.removeprefix("\x1bP") for piece in pieces)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, BARE),
        ({"TMUX": "", "STY": ""}, BARE),
        ({"TMUX": "/tmp/tmux-0/default,1,0"}, TMUX),
        ({"STY": "1234.pts-0.host"}, SCREEN),
        ({"ZELLIJ": "0"}, ClipboardRoute(Multiplexer.ZELLIJ)),
        ({"TMUX": "/tmp/tmux-0/default,1,0", "STY": "1234.pts-0.host"}, TMUX),
    ],
)
def test_the_route_follows_what_lies_between(environ: dict[str, str], expected: ClipboardRoute) -> None:
    assert clipboard_route(environ, lambda program: f"/usr/bin/{program}") == expected


def test_tmux_without_its_program_is_written_through() -> None:
    assert clipboard_route({"TMUX": "x"}, lambda program: None) == ClipboardRoute(Multiplexer.TMUX)


def test_a_bare_terminal_gets_the_sequence() -> None:
    written: list[str] = []
    assert copy("901878212b1a", BARE, written.append) == "via your terminal, if it allows that"
    assert [held_by(sequence) for sequence in written] == ["901878212b1a"]


def test_tmux_gets_the_text_by_its_own_command_and_the_terminal_nothing() -> None:
    written: list[str] = []
    calls: list[tuple[Sequence[str], str]] = []
    assert copy("one\ntwo", TMUX, written.append, runner(True, calls)) == "via tmux"
    assert calls == [(["/usr/bin/tmux", "load-buffer", "-w", "-"], "one\ntwo")]
    assert written == []


@pytest.mark.parametrize("way", [TMUX, ClipboardRoute(Multiplexer.TMUX)])
def test_where_tmux_does_not_run_the_sequence_goes_through_it(way: ClipboardRoute) -> None:
    written: list[str] = []
    answer = copy("id", way, written.append, runner(False, []))
    assert answer.startswith("via tmux, which lets it out only with `set -g allow-passthrough")
    (sequence,) = written
    assert sequence.startswith("\x1bPtmux;\x1b\x1b]52;")
    assert sequence.endswith("\a\x1b\\")
    assert held_by(sequence[len("\x1bPtmux;\x1b") : -len("\x1b\\")]) == "id"


def test_screen_gets_pieces_that_it_can_hold() -> None:
    written: list[str] = []
    text = "\n".join(f"{number:032x}" for number in range(100))
    assert copy(text, SCREEN, written.append) == "via screen"
    assert held_by(passed_on_by_screen("".join(written))) == text


def test_much_text_may_be_refused_and_the_answer_says_so() -> None:
    assert copy("\n".join(["x" * 100] * 600), BARE, lambda sequence: None).endswith(", which may not take as much")


@pytest.mark.parametrize("text", ["", " \n\n"])
def test_nothing_is_not_sent(text: str) -> None:
    written: list[str] = []
    assert copy(text, BARE, written.append) == ""
    assert written == []


def test_what_is_copied_does_no_harm_where_it_is_pasted() -> None:
    assert plain("label \x1b[31m\r\nrm -rf /\x03\n") == "label \ufffd[31m\nrm -rf /\ufffd"


@given(st.text())
def test_every_text_arrives_as_plain_text(text: str) -> None:
    written: list[str] = []
    copy(text, BARE, written.append)
    for sequence in written:
        held = held_by(sequence)
        assert held == plain(text)
        assert all(character.isprintable() or character == "\n" or character.isspace() for character in held)


def test_a_program_is_given_the_text(tmp_path: Path) -> None:
    got = tmp_path / "got"
    program = f"import sys, pathlib; pathlib.Path({str(got)!r}).write_bytes(sys.stdin.buffer.read())"
    assert run_program([sys.executable, "-c", program], "an ID, 一", 60.0)
    assert got.read_text(encoding="utf-8") == "an ID, 一"


@pytest.mark.parametrize(
    "command",
    [[sys.executable, "-c", "raise SystemExit(1)"], ["/nonexistent/tmux", "load-buffer"]],
    ids=["fails", "is absent"],
)
def test_a_program_that_does_not_do_it_is_told(command: list[str]) -> None:
    assert not run_program(command, "x", 60.0)


def test_a_program_that_takes_too_long_is_given_up() -> None:
    assert not run_program([sys.executable, "-c", "import time; time.sleep(60)"], "x", 0.2)


def test_a_program_that_reads_nothing_is_given_up() -> None:
    assert not run_program([sys.executable, "-c", "import time; time.sleep(60)"], "x" * 1_000_000, 0.2)
    assert run_program([sys.executable, "-c", "pass"], "x" * 1_000_000, 60.0)
