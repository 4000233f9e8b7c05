"""What is sent to the terminal: only what changed, and nothing that the program waits for."""

import itertools
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.contract_server import ContractServer, Request
from tests.support.long_run import by_length, takes_minutes
from tests.support.program import Home, numbered

JOBS = 20
OPEN: dict[str, tuple[Sequence[str], str, int]] = {
    "nothing": ((), "job 020", 700),
    "details": (("d",), "curl -sS", 1400),
    "filter": (("/",), "words, !word", 1400),
    "sort": (("s",), "Sort by", 1400),
    "label": (("L",), "enter: save", 1400),
    "help": (("?",), "esc: close", 1400),
    "commands": ((":",), "Search for commands", 1400),
}
"""Keys, what they open, and the most bytes of a change then."""


@pytest.mark.parametrize(
    ("what", "has_past"),
    by_length([("help", False)], [(what, has_past) for what in OPEN for has_past in (False, True)]),
)
def test_a_change_sends_what_differs_whatever_is_open(tmp_path: Path, what: str, has_past: bool) -> None:
    keys, opened, most = OPEN[what]
    labels, answers = numbered(JOBS)
    first, second, *_, last = labels
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url)
        home.watch(labels)
        if has_past:
            home.remember(labels)
        rest, time = ("passed", "3h ago ") if has_past else ("idle", " " * 8)
        with home.start(rows=90, columns=120) as terminal:  # the help leaves the header free
            terminal.wait_for(f"{JOBS} {rest}")
            server.answers[second] = True
            terminal.wait_for(rf"(?s)running +\S+ .*job 002.*{rest} +{time} +job 020")  # the column of times is there
            for key in keys:
                terminal.press(key)
            terminal.wait_for(opened)
            server.answers[first] = True
            terminal.wait_for(f"^ 2 running +{JOBS - 2}")  # what was opened has been drawn by now
            sent = terminal.bytes_of_whole_frames()
            server.answers[last] = True
            terminal.wait_for(f"^ 3 running +{JOBS - 3}")
            assert terminal.bytes_of_whole_frames() - sent <= most


def test_a_change_that_brings_its_row_to_the_top_sends_no_other_row(tmp_path: Path) -> None:
    labels, answers = numbered(2 * JOBS)
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url)
        home.watch(labels)
        home.remember(labels)
        with home.start(rows=24, columns=80) as terminal:
            terminal.wait_for(f"{2 * JOBS} passed")
            for running, job in enumerate(list(labels)[5:30:6], 1):
                sent = terminal.bytes_of_whole_frames()
                server.answers[job] = True
                terminal.wait_for(rf"(?s)^ {running} running .*✱▸ running +\S+ .*{labels[job]}")
                if running > 1:  # the first one brings the second line of the header and the column of times
                    assert terminal.bytes_of_whole_frames() - sent <= 800


@pytest.mark.parametrize(
    ("opener", "has_past"), by_length([("s", False)], [("", False), ("/", False), ("s", True), ("L", False)])
)
def test_a_window_that_gets_or_loses_the_focus_is_not_drawn_again(tmp_path: Path, opener: str, has_past: bool) -> None:
    labels, answers = numbered(JOBS)
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url)
        home.watch(labels)
        if has_past:
            home.remember(labels)
        with home.start(rows=40, columns=120) as terminal:
            terminal.wait_for(f"{JOBS} passed" if has_past else f"{JOBS} idle")
            terminal.send(opener)
            terminal.wait_for({"": "job 020", "/": "words", "s": "Sort by", "L": "enter: save"}[opener])
            first, *_, last = labels
            server.answers[first] = True
            terminal.wait_for(r"(?s)1 running.*▸ running +0s")  # with the column of times, which it brings
            sent = terminal.bytes_of_whole_frames()
            terminal.send("\x1b[O\x1b[I\x1b[O\x1b[I")
            server.answers[last] = True
            terminal.wait_for("2 running")
            assert terminal.bytes_of_whole_frames() - sent <= 700


@takes_minutes
def test_a_terminal_that_takes_nothing_holds_up_nothing(tmp_path: Path) -> None:
    labels, answers = numbered(JOBS)
    turns = itertools.count()

    def restless(request: Request) -> bool:
        return next(turns) % 2 == 0

    with ContractServer(dict.fromkeys(answers, restless)) as server:
        home = Home(tmp_path, server.url)
        home.watch(labels)
        with home.start(rows=40, columns=120) as terminal:
            terminal.wait_for("job 020")
            terminal.stall()
            asked = len(server.requests)
            server.wait_for(lambda requests: len(requests) > asked + 20 * JOBS, 60)
            server.answers.update(dict.fromkeys(answers, True))
            terminal.take_again()
            terminal.wait_for(f"{JOBS} running")
            terminal.wait_for(lambda text: text.count("running") == JOBS + 1)

            server.answers.update(dict.fromkeys(answers, restless))
            terminal.stall()
            asked = len(server.requests)
            server.wait_for(lambda requests: len(requests) > asked + 10 * JOBS, 60)
            terminal.kill(signal.SIGTERM)
            assert terminal.process.wait(20) == 143


@pytest.mark.parametrize(
    ("told", "has_past"),
    by_length([((0, 80), False)], [((0, 0), False), ((0, 80), False), ((0, 80), True), ((24, 0), False)]),
)
def test_a_terminal_without_a_size_is_taken_for_a_usual_one(
    tmp_path: Path, told: tuple[int, int], has_past: bool
) -> None:
    labels, answers = numbered(JOBS)
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url)
        home.watch(labels)
        if has_past:
            home.remember(labels)
        rest, time = ("passed", "3h ago ") if has_past else ("idle", " " * 8)
        with home.start(told=told) as terminal:
            terminal.wait_for(f"{JOBS} {rest}")
            first, *_, third, second = labels
            server.answers[first] = True
            terminal.wait_for(rf"(?s)1 running.*▸ running +0s.*{rest} +{time} +job 020.*b alert.*a add")  # the whole
            bytes_sent = []
            for running, label in enumerate((second, third), 2):
                before = terminal.bytes_of_whole_frames()
                server.answers[label] = True
                terminal.wait_for(f"{running} running")
                bytes_sent.append(terminal.bytes_of_whole_frames() - before)
            assert max(bytes_sent) <= 1000  # no text moves the columns beside it
            terminal.press("?")
            terminal.wait_for("esc: close")
            terminal.press("escape")
            terminal.gone("esc: close")
            terminal.resize(30, 100)
            terminal.wait_for(lambda text: len(text.splitlines()) == 30 and "help" in text.splitlines()[-1])
            terminal.press("q")
            assert terminal.wait_exit() == 0


def test_a_terminal_that_reports_its_size_when_it_is_asked_to_gets_no_second_screen(tmp_path: Path) -> None:
    """It reports every change from then on, and at once the size that it has. After a change all is drawn again."""
    labels, answers = numbered(3)
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url)
        home.watch(labels)
        with home.start(rows=24, columns=80) as terminal:
            terminal.wait_for("3 idle")
            terminal.send("\x1b[?2048;2$y")
            terminal.wait_for(lambda text: b"\x1b[?2048h" in terminal.raw)
            report = "\x1b[48;24;80;480;800t"
            heads = terminal.raw.count(b"State")
            terminal.send(report)
            terminal.press("down")
            terminal.wait_for("› .*job 002")
            assert terminal.raw.count(b"State") == heads
            terminal.send(report)
            terminal.wait_for(lambda text: terminal.raw.count(b"State") == heads + 1)
