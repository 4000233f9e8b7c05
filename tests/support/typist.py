"""Somebody who types at the program, with sixty jobs on the screen, and knows which keys have been tried."""

import base64
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.contract_server import ContractServer, Request, Script, refusal
from tests.support.program import ASKED_ONCE, Home, numbered
from tests.support.terminal import Terminal
from tui.ui.keys import COMMANDS, keys_of

CHARACTERS = {
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "slash": "/",
    "minus": "-",
    "exclamation_mark": "!",
    "asterisk": "*",
    "colon": ":",
    "question_mark": "?",
}
ELSEWHERE = {"ctrl+z", "q"}
"""Tried where the program is left."""
CLIPBOARD = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")
CURSOR = re.compile(r"^›.* job (\d{3})", re.MULTILINE)
JOBS = 60
BAD = (3, 5)


class Typist:
    """Presses keys one by one, and remembers which."""

    def __init__(self, terminal: Terminal, server: ContractServer, home: Home, labels: dict[str, str]) -> None:
        self.terminal = terminal
        self.server = server
        self.home = home
        self.jobs = list(labels)
        self.wait_for = terminal.wait_for
        self.gone = terminal.gone
        self.pressed: set[str] = set()

    def press(self, *keys: str) -> None:
        """By their long names, as in the key list."""
        self.pressed |= set(keys)
        self.terminal.press(*(CHARACTERS.get(key, key) for key in keys))

    def type(self, text: str) -> None:
        self.terminal.send(text)

    def at(self, number: int) -> None:
        """The cursor is on this job."""
        self.wait_for(rf"^›.* job {number:03}\b")

    def drawn(self, since: int, *words: bytes) -> None:
        """The program has sent these words after so many bytes."""
        self.wait_for(lambda _: all(word in self.terminal.raw[since:] for word in words))

    def close(self, shown: str) -> None:
        self.press("escape")
        self.gone(shown)

    def scroll_away(self, key: str, shown: str) -> None:
        """Pressed again where nothing could be scrolled yet, as just after a new size."""
        for _ in range(8):
            self.press(key)
            with suppress(AssertionError):
                self.gone(shown, timeout=2)
                return
        self.gone(shown)

    def marked(self, *numbers: int) -> None:
        wanted = {f"job {number:03}" for number in numbers}
        self.wait_for(lambda text: set(re.findall(r"^.\+.* (job \d{3})", text, re.MULTILINE)) == wanted)

    def copied(self, since: int, pattern: str) -> None:
        """What was sent to the clipboard after so many bytes: a read may end in the middle of it."""
        self.wait_for(lambda _: CLIPBOARD.search(self.terminal.raw, since) is not None)
        assert re.search(pattern, base64.b64decode(CLIPBOARD.findall(self.terminal.raw, since)[-1]).decode())

    def ask(self, key: str, is_enough: Callable[[list[Request]], bool]) -> None:
        """A key that asks the service; pressed again where a job was still being asked, which is not asked twice."""
        for _ in range(4):
            self.press(key)
            with suppress(AssertionError):
                self.server.wait_for(is_enough, timeout=5)
                return
        self.server.wait_for(is_enough)

    def every_key_of(self, group: str) -> None:
        """Fails where the list has a key that this test did not try."""
        keys = {key for command in COMMANDS if command.group == group for key in keys_of(command, {})}
        assert keys - self.pressed - ELSEWHERE == set()


def cursor_is_below(number: int, text: str) -> bool:
    return any(int(found) >= number for found in CURSOR.findall(text))


def asked_often_enough(jobs: list[str], times: int, requests: list[Request]) -> bool:
    paths = Counter(request.path for request in requests)
    return all(paths[f"/v3/jobs/{job}/status"] >= times for job in jobs)


@contextmanager
def typing(tmp_path: Path, rows: int, columns: int, settings: str = ASKED_ONCE) -> Iterator[Typist]:
    """Sixty jobs that run, but for two that are not found."""
    labels, good = numbered(JOBS, script=True)
    missing: Script = refusal(422, "CB.00031006", "The job does not exist")
    answers = good | {job: missing for number, job in enumerate(labels, 1) if number in BAD}
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url, settings)
        home.watch(labels)
        home.keep_order()
        with home.start(rows=rows, columns=columns) as terminal:
            terminal.wait_for(rf"^ *{JOBS - len(BAD)} running +{len(BAD)} no answer")
            yield Typist(terminal, server, home, labels)
