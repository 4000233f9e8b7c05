"""What a terminal may send without ending or upsetting the app."""

import io
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events
from textual.message import Message

from tests.support.long_run import by_length
from tests.support.terminal import Terminal
from tui.ui.driver import LONGEST_REPLY, TICK, KeyParser, Replies, TerminalOutput

ROOT = Path(__file__).parents[2]
APP = """
import threading
from textual.app import App
from textual.widgets import Static
from tui.ui.driver import SturdyDriver, Title

class Tiny(App):
    keys = ""
    def compose(self):
        yield Static("ready")
    def on_key(self, event):
        self.keys += f"{event.key} "
        inputs = sum(thread.name == "textual-input" for thread in threading.enumerate())
        self.query_one(Static).update(f"ready {self.keys}; {inputs} input")
        if event.key == "z":
            self.action_suspend_process()
        if event.key == "T":
            self._driver.show_title(Title("\\x1b]2;ours\\x1b\\\\", "\\x1b[22;2t", "\\x1b[23;2t"))
        if event.key == "W":
            for _ in range(50):
                self._driver.write(" " * 4096)
            self.told = f"stuck {self._driver.is_stuck}, frame {self._driver.is_free(self.show_told)}"
            self._driver.write_frame(" ")
            self.told += f", another {self._driver.is_free(self.show_told)}"
        if event.key == "C":
            raise RuntimeError("crashed")
        if event.key == "q":
            self.exit(return_code=7)

    def show_told(self):
        self.query_one(Static).update(f"{self.told} and then {self._driver.is_stuck}")

app = Tiny(driver_class=SturdyDriver)
app.run()
raise SystemExit(app.return_code)
"""
SIZES = """
import fcntl, struct, sys, termios
from textual.app import App
from textual.widgets import Static
from tui.ui.driver import SturdyDriver

class Driver(SturdyDriver):
    looks = 0
    def _get_terminal_size(self):
        size = super()._get_terminal_size()
        self.looks += 1
        if self.looks == 3 and 'twice' in sys.argv:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 50, 0, 0))
        return size

class Tiny(App):
    def compose(self):
        yield Static("ready")
    def on_resize(self, event):
        self.query_one(Static).update(f"{event.size.width} x {event.size.height}")

Tiny(driver_class=Driver).run()
"""

COLOUR = "\x1b]11;rgb:1c1c/1c1c/1c1c"
ANSWERS = [
    f"{COLOUR}\x1b\\",
    f"{COLOUR}\a",
    "\x1bP>|XTerm(390)\x1b\\",
    "\x1b_Gi=31;OK\x1b\\",
    "\x1b[?62;1;6;22c",
    "\x1b[>41;390;0c",
    "\x1b[?0u",
    "\x1b[?997;1n",
]
WANTED = ["\x1b[<0;3;4M", "\x1b[?2026;2$y", "\x1b[A", "\x1b", "q", "\x1b[200~\x1b[201~", "\x1b[97;5u", "\x1b[I"]


def tiny() -> Terminal:
    return Terminal([sys.executable, "-c", APP], cwd=ROOT)


def keys(text: str) -> list[str]:
    parser = KeyParser()
    return [message.key for message in parser.feed(text) if isinstance(message, events.Key)]


@pytest.mark.parametrize("answer", ANSWERS)
def test_answers_that_nobody_waits_for_are_dropped(answer: str) -> None:
    assert Replies().without(f"a{answer}b") == "ab"


@pytest.mark.parametrize("text", WANTED)
def test_what_the_parser_knows_goes_through(text: str) -> None:
    replies = Replies()
    assert replies.without(text) + replies.release() == text


@pytest.mark.parametrize("answer", ANSWERS[:4])
def test_an_answer_may_come_in_pieces(answer: str) -> None:
    for cut in range(1, len(answer)):
        replies = Replies()
        assert replies.without(f"a{answer[:cut]}") + replies.without(f"{answer[cut:]}b") == "ab"
        assert replies.release() == ""


def test_the_start_of_an_answer_is_keys_when_nothing_follows() -> None:
    replies = Replies()
    assert replies.without("\x1b]") == ""
    assert replies.release() == "\x1b]"
    assert replies.release() == ""


def test_an_answer_without_end_is_not_held_for_ever() -> None:
    replies = Replies()
    endless = COLOUR + "x" * LONGEST_REPLY
    assert replies.without(endless) == endless


@given(st.lists(st.sampled_from([*ANSWERS, *WANTED, "x", "é"]), max_size=8))
def test_of_a_mixture_only_the_answers_go(parts: list[str]) -> None:
    replies = Replies()
    kept = replies.without("".join(f"{part} " for part in parts)) + replies.release()
    assert kept == "".join(" " if part in ANSWERS else f"{part} " for part in parts)


@pytest.mark.parametrize("odd", ["\x1b[1114112u", "\x1b[4294967296;5u", "\x1b[55296u"])
def test_an_odd_sequence_costs_only_itself(odd: str) -> None:
    assert keys(f"a{odd}b{odd}\x1b[Ac") == ["a", "b", "up", "c"]


@given(st.lists(st.text(max_size=8) | st.from_regex(r"\x1b\[[0-9;:<?]{0,12}[a-zA-Z~]", fullmatch=True), max_size=12))
@settings(max_examples=by_length(20, 200))
def test_whatever_comes_the_parser_goes_on(parts: list[str]) -> None:
    parser = KeyParser()
    for part in parts:
        list(parser.feed(Replies().without(part)))
    list(parser.feed("\x1b[201~\x1b[201~"))
    assert [m.key for m in parser.feed("\x1b[A") if isinstance(m, events.Key)] == ["up"]


def test_noise_on_the_line_does_not_end_the_app() -> None:
    with tiny() as terminal:
        terminal.wait_for("ready")
        terminal.send(b"\xd6\xd0\x1b[1114112u" + COLOUR.encode() + b"\x1b\\a\x1b[?62cb")
        terminal.wait_for(r"a b ; 1 input")
        terminal.send("q")
        assert terminal.wait_exit() == 7
        assert terminal.left_behind() == ()


def test_a_bare_stop_and_continue_starts_nothing_twice() -> None:
    with tiny() as terminal:
        terminal.wait_for("ready")
        terminal.kill(signal.SIGSTOP)
        terminal.kill(signal.SIGCONT)
        terminal.send("abc")
        terminal.wait_for(r"a b c ; 1 input")
        terminal.send("q")
        assert terminal.wait_exit() == 7


def test_of_two_resizes_at_once_the_last_one_counts() -> None:
    with Terminal([sys.executable, "-c", SIZES, "twice"], cwd=ROOT) as terminal:
        terminal.wait_for("80 x 24")
        terminal.resize(20, 60)
        terminal.wait_for("50 x 10")


def test_the_size_is_the_terminals_also_when_standard_output_is_a_file() -> None:
    with Terminal(
        ["sh", "-c", 'exec "$@" >/dev/null', "sh", sys.executable, "-c", SIZES], cwd=ROOT, rows=20
    ) as terminal:
        terminal.wait_for("80 x 20")
        terminal.resize(10, 50)
        terminal.wait_for("50 x 10")


def test_a_suspended_app_comes_back() -> None:
    with tiny() as terminal:
        terminal.wait_for("ready")
        terminal.send("z")
        terminal.gone("ready")
        os.waitid(os.P_PID, terminal.process.pid, os.WSTOPPED)
        terminal.kill(signal.SIGCONT)
        terminal.wait_for("ready")
        terminal.send("a")
        terminal.wait_for("z a ; 1 input")
        terminal.send("q")
        assert terminal.wait_exit() == 7


def test_a_crash_puts_the_title_back() -> None:
    with tiny() as terminal:
        terminal.wait_for("ready")
        terminal.send("T")
        terminal.wait_for("T ; 1 input")
        assert terminal.title == "ours"
        terminal.send("C")
        assert terminal.wait_exit() == 1
        assert terminal.raw.count(b"\x1b[22;2t") == terminal.raw.count(b"\x1b[23;2t") == 1


def test_a_terminal_that_takes_nothing_is_known_until_it_does() -> None:
    """A frame waits for the frame before it, and for nothing else."""
    with tiny() as terminal:
        terminal.wait_for("ready")
        terminal.stall()
        terminal.send("W")
        terminal.take_again()
        terminal.wait_for("stuck True, frame True, another False and then False")


def test_texts_that_wait_go_out_together() -> None:
    """At the start there are a dozen: if each waited for its turn, the first frame would come after all that is loaded
    behind it."""
    outputs: list[str] = []

    class Raw(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            outputs.append(bytes(data).decode())
            return len(outputs[-1])

    taken: list[int] = []
    output = TerminalOutput(io.TextIOWrapper(io.BufferedWriter(Raw()), line_buffering=True), taken.append)
    for text in ("one ", "two ", "three"):
        output.write(text)
    output.flush()
    assert (outputs, taken) == (["one two three"], [3])


def test_an_app_that_was_started_in_the_background_can_be_fetched() -> None:
    with Terminal(["bash", "--norc", "-i"], {"TINY": APP}, cwd=ROOT) as terminal:
        terminal.send(f'set -b; {sys.executable} -c "$TINY" &\n')
        terminal.wait_for("Stopped")
        terminal.send("fg\n")
        terminal.wait_for("ready")
        terminal.send("a")
        terminal.wait_for("a ; 1 input")
        terminal.send("q")
        terminal.gone("ready")


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_what_is_pasted_is_text_and_never_keys(size: int) -> None:
    """However the reads cut it: an escape sequence inside a paste runs no key."""
    parser = KeyParser()
    sent = "a\x1b[200~one\x1bx\x1b[31m\x1bOPtwo\x1b[20\x1b[201~b\x1b[A"
    messages = [
        message for start in range(0, len(sent), size) for message in parser.feed(sent[start : start + size])
    ] + list(parser.tick())
    pastes = [message.text for message in messages if isinstance(message, events.Paste)]
    assert pastes == ["one\x1bx\x1b[31m\x1bOPtwo\x1b[20"]
    assert [message.key for message in messages if isinstance(message, events.Key)] == ["a", "b", "up"]


def test_an_escape_is_a_key_once_nothing_follows_it() -> None:
    parser = KeyParser()
    assert list(parser.feed("\x1b")) == []
    (key,) = parser.tick()
    assert isinstance(key, events.Key)
    assert key.key == "escape"
    assert [one.key for one in [*parser.feed("\x1b"), *parser.feed("[A")] if isinstance(one, events.Key)] == ["up"]


LATE = [
    ("\x1b[<64;10;5M", ["MouseScrollUp"]),
    ("\x1b[<0;3;4m", ["MouseUp"]),
    ("\x1b[200~xxRB\x1b[201~", ["xxRB"]),
    ("\x1b[1;5A", ["ctrl+up"]),
    ("\x1b[?2048;2$y", ["InBandWindowResize"]),
    ("\x1b[?62;22c", []),
]


def names(messages: Iterable[Message]) -> list[str]:
    """What these events are: keys by their names, pastes by their texts."""
    return [
        message.key
        if isinstance(message, events.Key)
        else message.text
        if isinstance(message, events.Paste)
        else type(message).__name__
        for message in messages
    ]


def typed_slowly(*parts: str, pause: float = 0.2) -> list[str]:
    """The events of a terminal from which nothing comes for `pause` seconds after each part."""
    replies, parser = Replies(), KeyParser()
    messages: list[Message] = []
    for part in parts:
        messages += parser.feed(replies.without(part))
        for _ in range(round(pause / TICK)):
            messages += [*parser.feed(replies.release()), *parser.tick()]
    return names(messages)


@pytest.mark.parametrize("ctrl_c", ["\x03", "\x1b[99;5u", "\x1b[99;133u", "\x1b[27;5;99~"])
def test_ctrl_c_ends_a_paste_whose_end_is_lost(ctrl_c: str) -> None:
    assert typed_slowly("\x1b[200~jj", "jk", ctrl_c, "j") == ["ctrl+c", "j"]
    assert typed_slowly(f"\x1b[200~j{ctrl_c}", "j\x1b[201~", "q") == [f"j{ctrl_c}j", "q"]


@pytest.mark.parametrize(("sequence", "wanted"), LATE)
def test_a_sequence_whose_rest_comes_late_becomes_no_keys(sequence: str, wanted: list[str]) -> None:
    for cut in range(3, len(sequence)):
        assert typed_slowly(sequence[:cut], sequence[cut:], "j") == [*wanted, "j"], cut


@pytest.mark.parametrize(("sequence", "wanted"), [*LATE, ("\x1b[A", ["up"])])
def test_a_late_rest_is_no_text_where_the_escape_before_it_was_a_key(sequence: str, wanted: list[str]) -> None:
    assert typed_slowly(sequence[:1], sequence[1:], "j") == ["escape", *wanted, "j"]


@pytest.mark.parametrize("pause", [0.2, 5.0])
@pytest.mark.parametrize("answer", [*ANSWERS[:4], "\x1bP1$r0;4:3m\x1b\\", "\x1bP0+r544e\x1b\\", "\x1b]52;c;cXhqeHE=\a"])
def test_an_answer_whose_rest_comes_late_is_neither_keys_nor_a_paste(answer: str, pause: float) -> None:
    begins = len("\x1bP1$") if answer.startswith("\x1bP") else len("\x1b]1")
    for cut in range(1, len(answer)):
        came = typed_slowly(answer[:cut], answer[cut:], "j", pause=pause)
        assert came[-1] == "j"
        assert len(came) - 1 == (cut if cut < begins else 0), cut  # so few characters may be keys, typed one by one
    assert typed_slowly(answer[:-3], f"{answer[-3:]}jk", pause=pause) == ["j", "k"]
    assert typed_slowly(answer[:-3], "j", "\\") == ["j", "backslash"]


@pytest.mark.parametrize("answer", [*ANSWERS[:4], "\x1bP1$r0;4:3m\x1b\\", "\x1b]52;c;cXhqeHE=\a"])
def test_an_answer_in_many_late_pieces_is_no_keys(answer: str) -> None:
    begins, rest = answer[:6], answer[6:]
    pieces = [rest[at : at + 3] for at in range(0, len(rest), 3)]
    assert typed_slowly(begins, *pieces, "j", pause=0.1) == ["j"]
    assert typed_slowly(begins, *pieces[:-2], "j", "k", pause=0.1) == ["j", "k"]
    assert typed_slowly("\x1b]11;rgb", "12", "jk", "jk", pause=0.6) == ["j", "k", "j", "k"]


def test_after_a_sequence_whose_rest_is_lost_keys_act() -> None:
    assert typed_slowly("\x1b[<64;10", "5", "j", "5", "q") == ["j", "5", "q"]
    assert typed_slowly("\x1b[<64;10", "\x1b[<64;10;5M", "j") == ["MouseScrollUp", "j"]
    assert keys("\x1b[<64;10\x1b[Aj") == ["up", "j"]


def test_the_rest_of_a_sequence_comes_within_a_second_or_never() -> None:
    assert typed_slowly("\x1b[<64;10", "5", "M", pause=0.9) == []
    assert typed_slowly("\x1b[<64;10", "5", "M", pause=1.1) == ["5", "M"]
    assert typed_slowly("\x1b", "[<64;10;5M", "j", pause=1.1)[:2] == ["escape", "left_square_bracket"]


@pytest.mark.parametrize(
    "unknown", ["\x1b[<999999999999999999999;99999999999;9M", "\x1b[<64;10M", "\x1b[?1;2z", "\x1b[5n"]
)
def test_a_sequence_that_means_nothing_is_no_text(unknown: str) -> None:
    assert typed_slowly(f"a{unknown}b", unknown, "c") == ["a", "b", "c"]


def test_keys_that_begin_as_a_sequence_does_are_keys() -> None:
    assert typed_slowly("\x1b", "[", "A", "q") == ["escape", "left_square_bracket", "A", "q"]
    assert typed_slowly("\x1b[[A", "\x1b[M !!", "\x1bq") == ["f1", "escape", "q"]
