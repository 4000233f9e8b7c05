"""What files and servers say reaches a real terminal as plain text, and never as something that it obeys."""

from pathlib import Path

import pytest

from tests.support.contract_server import ContractServer, Reply
from tests.support.hostile_texts import HOSTILE, OBEYED, PLAIN_HOSTILE, control_characters, escaped
from tests.support.long_run import by_length
from tests.support.program import Home, numbered
from tests.support.terminal import Terminal


def check(terminal: Terminal) -> None:
    assert not control_characters("".join(terminal.lines))
    assert terminal.title == ""
    assert not OBEYED.findall(terminal.raw.replace(b"\x1b]8;;\x1b\\", b""))


@pytest.mark.parametrize("columns", by_length([160], [100, 160]))
def test_hostile_texts_are_shown_plain(tmp_path: Path, columns: int) -> None:
    labels, answers = numbered(4, script=True)
    message = PLAIN_HOSTILE
    hostile = Reply(500, {"error_code": message[:80], "error_msg": message}, {"X-Request-Id": "[bold]\u009b31m"})
    with ContractServer(answers | dict.fromkeys(list(labels)[:2], hostile)) as server:
        home = Home(tmp_path, server.url)
        home.watch({job: f"job {number}{escaped(HOSTILE)}" for number, job in enumerate(labels)})
        with home.start(columns=columns) as terminal:
            terminal.wait_for("2 running .*2 no answer")
            terminal.press("d")
            terminal.wait_for("message")
            check(terminal)
            terminal.press("d")
            terminal.press("e")
            terminal.wait_for("Why there is no answer")
            check(terminal)
            terminal.press("escape")
            terminal.gone("Why there is no answer")
            terminal.press("t")
            terminal.wait_for("Tags of")
            terminal.paste("\x1b]0;taken over\x07\x1b]52;c;ZXZpbA==\x07\x9d0;t\x9c \u202e[@click=app.quit]pasted[/]")
            terminal.wait_for("pasted")
            check(terminal)
            terminal.press("enter")
            terminal.gone("Tags of")
            check(terminal)
            terminal.press("x")
            terminal.wait_for("Removed")
            check(terminal)
            terminal.press("q")
            assert terminal.wait_exit() == 0
            check(terminal)
            assert terminal.left_behind() == ()
