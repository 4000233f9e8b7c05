"""A hang-up, a TERM and an INT end it in order wherever it is: on the table, in every dialog, and in a tiny window."""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.contract_server import ContractServer, refusal
from tests.support.long_run import by_length
from tests.support.program import Home, numbered

SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
PLACES: dict[str, tuple[str, str]] = {
    "table": ("", "2 running"),
    "add": ("a", "Add jobs"),
    "label": ("L", "Label of"),
    "tags": ("t", "Tags of"),
    "filter": ("/", "words, !word"),
    "details": ("d", "last read"),
    "sort": ("s", "Sort by"),
    "theme": ("T", "enter: choose"),
    "help": ("?", "esc: close"),
    "error": ("e", "Why there is no answer"),
    "find": ("O", "Find jobs"),
    "log": ("l", "Log of"),
    "palette": (":", "Search for commands"),
    "address": ("o", "Page of"),
    "profile": ("F", "all profiles"),
    "too small": ("resize", "too small"),
}
EVERYDAY = ("table", "too small")
SETTINGS = """
default_profile = "one"
[polling]
running = 1
idle = 1
[ui]
address = "https://console.example.com/{job_id}"
[profiles.one]
endpoint = "URL"
token_file = "TOKEN"
[profiles.two]
endpoint = "URL"
token_file = "TOKEN"
"""
SOON = 3.0
"""Seconds on a busy machine; about a tenth of one where nothing else runs."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    labels, answers = numbered(3, script=True)
    first = next(iter(labels))
    with ContractServer(answers | {first: refusal(404, "CB.00060214")}) as server:
        home = Home(tmp_path, server.url)
        home.settings.write_text(SETTINGS.replace("URL", server.url).replace("TOKEN", str(home.token)))
        home.watch(labels)
        del home.env["CODEARTS_ENDPOINT"], home.env["CODEARTS_TOKEN_FILE"]
        yield home


@pytest.mark.parametrize("place", by_length(EVERYDAY, tuple(PLACES)))
def test_a_signal_ends_it_in_order_wherever_it_is(home: Home, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    key, there = PLACES[place]
    signals = by_length(SIGNALS if place == "table" else SIGNALS[1:2], SIGNALS)
    with ExitStack() as stack:
        terminals = [stack.enter_context(home.start(columns=130)) for _ in signals]
        for terminal in terminals:
            terminal.wait_for("2 running .*1 no answer")
            if key == "resize":
                terminal.resize(5, 20)
            elif key:
                terminal.press(key)
            terminal.wait_for(there)
        for number, terminal in zip(signals, terminals, strict=True):
            began = time.monotonic()
            terminal.kill(number)
            assert terminal.wait_exit(SOON) == 128 + number
            print(f"{place}, {number.name}: {time.monotonic() - began:.2f} s")
            assert terminal.left_behind() == ()
            assert "Traceback" not in terminal.text
