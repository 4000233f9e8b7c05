"""The demo: everything can be seen, and nothing of the user's is touched. And the screen on lesser terminals."""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from tests.support.contract_server import ContractServer, refusal
from tests.support.long_run import by_length
from tests.support.program import Home, command, numbered
from tests.support.terminal import Terminal
from tui.demo.jobs import FAULTS


def demo(folder: Path, rows: int = 50, columns: int = 120, env: Mapping[str, str] | None = None) -> Terminal:
    return Terminal(command("--demo"), {"HOME": str(folder), **(env or {})}, rows, columns)


def test_the_demo_shows_every_kind_of_failure_and_touches_nothing(tmp_path: Path) -> None:
    with demo(tmp_path, columns=160) as terminal:
        terminal.wait_for(r"^ *demo +\d+ running .*\d+ idle +\d+ no answer")
        lasting = [name for name in FAULTS if "now and then" not in name and name not in ("slow", "flapping (503)")]
        terminal.wait_for(
            lambda text: all(re.search(rf"\? no answer .*{re.escape(name[:20])}", text) for name in lasting)
        )
        terminal.wait_for(lambda text: "demo" in "".join(text.splitlines()[:2]))
        terminal.press("x")
        terminal.wait_for("Removed")
        terminal.press("s")
        terminal.wait_for("Sort by")
        terminal.press("down", "enter")  # the order by attention, in which the idle ones are the last
        terminal.gone("Sort by")
        terminal.resize(8, 40)  # the smallest screen still says what runs
        terminal.wait_for(r"^ *demo +\d+▸ .*\d+◦ ")
        terminal.bytes_of_whole_frames()
        terminal.press("end")
        terminal.wait_for("◦ idle")
        terminal.resize(40, 120)
        terminal.wait_for(lambda text: "Build" in text and "? help" in text.splitlines()[-1])
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert terminal.left_behind() == ()
    assert list(tmp_path.iterdir()) == []


def test_a_notice_lies_over_the_keys_in_the_last_line_and_hides_no_row(tmp_path: Path) -> None:
    def is_below_all_rows(rows: int, notice: str, text: str) -> bool:
        *others, last = text.splitlines()
        table = others[-(rows // 2) :]
        return notice in last and "? help" not in last and all(re.match(r"[ ›✱]+[▸✓●○◦?-] \w", row) for row in table)

    with demo(tmp_path, 24, 80) as terminal:
        terminal.wait_for(lambda text: "? help" in text.splitlines()[-1])
        terminal.press("x")
        terminal.wait_for(partial(is_below_all_rows, 24, "Removed"))
        terminal.resize(15, 60)
        terminal.wait_for(partial(is_below_all_rows, 15, "Removed"))
        terminal.press("u")
        terminal.wait_for(partial(is_below_all_rows, 15, "Undone"))
        terminal.wait_for(lambda text: "? help" in text.splitlines()[-1])


LESSER: dict[str, dict[str, str]] = {
    "sixteen colours": {"TERM": "xterm", "COLORTERM": ""},
    "no colour": {"NO_COLOR": "1"},
    "locale C": {"LANG": "C", "LC_ALL": "C"},
    "no locale": {"LANG": "", "LC_ALL": ""},
    "inside tmux": {"TERM": "tmux-256color", "COLORTERM": ""},
    "no colour, no locale": {"NO_COLOR": "1", "LANG": "", "LC_ALL": ""},
}


@pytest.mark.parametrize("kind", by_length(["no colour, no locale"], list(LESSER)))
def test_statuses_are_words_on_every_terminal(tmp_path: Path, kind: str) -> None:
    labels, answers = numbered(3, script=True)
    _, idle, unreadable = labels
    answers |= {idle: False, unreadable: refusal(500, "CB.00060101")}
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url)
        home.watch(labels)
        with home.start(env=LESSER[kind]) as terminal:
            terminal.wait_for(r"(?s)▸ running .*◦ idle .*\? no answer ")
        if "no colour" in kind:
            for red, green, blue in re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", terminal.raw):
                assert red == green == blue
        if kind == "sixteen colours":
            assert not any(re.search(rb"[34]8[;:]2", codes) for codes in colours(terminal.raw))


def test_without_utf_8_the_table_is_ascii(tmp_path: Path) -> None:
    with demo(tmp_path, env={"LC_ALL": "en_US.ISO-8859-1"}) as terminal:
        terminal.wait_for(r"(?s)\* running .*o idle .*\? no answer ")
        marks = {letter for letter in terminal.text if ord(letter) > 127}
        assert marks <= set("每日报表"), marks


def colours(raw: bytes) -> set[bytes]:
    """Parameters of all sequences that set a colour."""
    codes = re.findall(rb"\x1b\[([0-9;:]*)m", raw)
    return {code for code in codes if re.search(rb"(?:^|[;:])(?:[34][0-8]|9[0-7]|10[0-7])(?:[;:]|$)", code)}
