"""Alerts in a real terminal: nothing unless asked for, one bell for many, and never in the middle of a frame."""

import re
from pathlib import Path

from tests.support.contract_server import ContractServer
from tests.support.long_run import takes_minutes
from tests.support.program import SETTINGS, Home, numbered
from tests.support.terminal import Terminal

FRAME = re.compile(rb"\x1b\[\?2026h(.*?)\x1b\[\?2026l", re.DOTALL)
STRING = re.compile(rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
NOTICE = re.compile(rb"\x1b\]9;([^\x07\x1b]*)\x07")
OFF = f"{SETTINGS}[service]\nextras = false\n"
"""Without extras no alert waits for the outcome of a build."""
ON = f'{OFF}[alerts]\nbell = true\ndesktop = "osc9"\n'


def test_edited_settings_switch_the_alerts_on_and_they_are_sent_between_frames(tmp_path: Path) -> None:
    labels, answers = numbered(3, script=True)
    first, second, _ = labels
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url, OFF)
        home.watch(labels)
        with home.start() as terminal:
            terminal.wait_for("3 running")
            terminal.press("L")
            terminal.wait_for("enter: save")
            terminal.paste("x" * 200)
            terminal.wait_for("At most 100 characters")
            terminal.press("escape")
            server.answers[first] = False
            terminal.wait_for("2 running")
            assert not re.search(rb"\x1b\]|\a", terminal.raw)
            home.settings.write_text(ON)
            terminal.wait_for("in effect")
            server.answers[second] = False
            terminal.wait_for("1 running")
            terminal.wait_for(lambda text: counted(terminal) == (1, ["job 002: stopped"]))
            frames = FRAME.findall(terminal.raw)
            assert frames
            assert not any(b"\a" in frame for frame in frames)
            assert "\a" not in terminal.text
            assert "stopped" not in terminal.lines[0]


@takes_minutes
def test_fifty_jobs_that_stop_at_once_at_the_usual_pace(tmp_path: Path) -> None:
    labels, answers = numbered(50, script=True)
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url, ON.replace(SETTINGS, ""))
        home.watch(labels)
        with home.start(rows=60) as terminal:
            terminal.wait_for("50 running", timeout=60)
            server.answers.update(dict.fromkeys(labels, False))
            terminal.wait_for("50 idle", timeout=60)
            terminal.wait_for(lambda text: counted(terminal)[0] == 1 and len(counted(terminal)[1]) == 2, timeout=60)
            notices = counted(terminal)[1]
            assert notices[-1].startswith("Builds: 50 stopped")


def counted(terminal: Terminal) -> tuple[int, list[str]]:
    """How many bells rang, and what the notifications said."""
    raw = terminal.raw
    return STRING.sub(b"", raw).count(b"\a"), [text.decode() for text in NOTICE.findall(raw)]
