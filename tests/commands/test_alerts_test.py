"""`alerts test`: what it says of each route, and of what alerts are about. What arrives is in
end_to_end/test_alert_routes.py.
"""

import asyncio
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.builders import job_id
from tests.support.command_terminal import CommandTerminal
from tests.support.user_home import User
from tests.support.virtual_time import in_virtual_time
from tui.commands.alerts import try_all
from tui.commands.output import Output
from tui.core.job import Job
from tui.processes import Ended
from tui.storage.watchlist import WatchlistFile


async def said(user: User, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    screen = CommandTerminal()
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setattr(sys, "stdout", screen)
    context = user.context()
    await try_all(context.settings.alerts, context, Output(screen, None))
    return screen.getvalue().replace("\a", "").splitlines()


async def test_each_way_that_is_closed_names_the_line_that_opens_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = User(tmp_path, {"TERM": "tmux-256color"})
    WatchlistFile(tmp_path / "watchlist.toml").add([Job(job_id(1), alert=True), Job(job_id(2))])
    lines = await said(user, monkeypatch)
    for way in ("desktop", "title", "command", "when", "jobs"):
        at = next(number for number, line in enumerate(lines) if line.startswith(f"{way:<8} "))
        assert "to change that: " in lines[at + 1] + lines[at + 2], way
    assert "jobs     those that b armed: 1 of 2 for always; the screen knows which for once" in lines
    assert '         to change that: [alerts] command = ["notify-send", "{label} {change}"]' in lines
    assert max(len(line) for line in lines if str(tmp_path) not in line) <= 80


async def test_what_is_set_is_said_without_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = '[alerts]\nbell = true\non = ["failed"]\ncommand = ["true"]\n'
    lines = await said(User(tmp_path, {"TERM": "foot"}, chosen), monkeypatch)
    at = lines.index("command  ran, as for a build that passed")
    assert lines[at + 1 : at + 3] == ["when     failed", "jobs     all 0"]
    assert lines[at + 3].startswith("settings [alerts] stands in")


@in_virtual_time
async def test_a_command_that_does_not_end_is_said_to_be_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(arguments: Sequence[str], time_limit: float, **options: object) -> Ended:
        await asyncio.sleep(time_limit + 1)  # to stop it takes a moment
        return Ended(None)

    monkeypatch.setattr("tui.alerts.run", hang)
    lines = await said(User(tmp_path, {"TERM": "foot"}, '[alerts]\ncommand = ["hang"]\n'), monkeypatch)
    text = " ".join(map(str.strip, lines))
    assert "The command of [alerts], hang, did not end within 30 seconds and was stopped." in text
    assert "ran, as" not in text
