"""Commands of the user's own on a job: what is refused, what they are given, and what is said of them."""

import asyncio
import os
import pty
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

import tui.processes
from tests.support.builders import job_id
from tests.support.screen_harness import screen
from tests.support.threads import none_more
from tests.support.user_home import settings_problem
from tui.core.board import JobState
from tui.core.errors import UserError
from tui.core.job import Job, ServiceName
from tui.core.run import Outcome, RunRecord
from tui.processes import Ended
from tui.storage.settings import CommandSettings, load_settings
from tui.ui.own_commands import CommandRunner, check_commands, how_it_ended, values_of

A, B = job_id(1), job_id(2)
ECHO = "import os, sys; print(sys.argv[1:], os.environ['CODEARTS_LABEL'], 'CODEARTS_TOKEN' in os.environ)"
SHELL = "command = ['sh', '-c', 'echo {label}']"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[commands.log]\nkey = 'f6'\n", "commands.log has no command: write command = ["),
        ("[commands.log]\ncommand = 'less'\n", "commands.log.command must be a list of texts"),
        ("[commands.log]\ncommand = []\n", "commands.log.command must be a list of texts"),
        ("[commands.log]\ncommand = ['x']\nrun = 'here'\n", 'commands.log.run must be "background" or "terminal"'),
        ("[commands.log]\ncommandd = ['x']\n", "no setting commands.log.commandd; did you mean commands.log.c"),
        ('[commands."a\\u001b"]\ncommand = ["x"]\n', "needs a name of 1 to 30 printable"),
        ('[commands." "]\ncommand = ["x"]\n', "needs a name of 1 to 30 printable"),
        (f"[commands.{'x' * 31}]\ncommand = ['x']\n", "needs a name of 1 to 30 printable"),
        (f"[commands.x]\ncommand = ['x']\nhelp = '{'x' * 61}'\n", "commands.x.help has 61 characters, and 60 is the m"),
        ("".join(f"[commands.x{at}]\ncommand = ['x']\n" for at in range(41)), "41 commands, and 40 is the most"),
        (f"[commands.log]\n{SHELL}\n", 'a label could hold commands; write "$CODEARTS_LABEL"'),
        ("[commands.log]\ncommand = ['ssh', 'host', 'log {name}']\n", "{name} in a text that a shell runs"),
    ],
)
def test_wrong_commands_are_refused_with_what_to_do(tmp_path: Path, text: str, said: str) -> None:
    assert said in settings_problem(tmp_path / "settings.toml", text)


def test_as_many_commands_with_names_and_help_as_long_as_may_be_come_in_their_order(tmp_path: Path) -> None:
    names = [f"{at:02}".rjust(30, "x") for at in range(39, -1, -1)]
    text = "".join(f"[commands.{name}]\ncommand = ['x']\nhelp = '{'h' * 60}'\n" for name in names)
    (tmp_path / "settings.toml").write_text(text)
    commands = load_settings(tmp_path / "settings.toml").commands
    assert list(commands) == names
    assert {known.help for known in commands.values()} == {"h" * 60}


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("r", "log.key in the settings is 'r', and r has the meaning 'refresh' already; give 'log' another key."),
        ("f6,Y", "and Y has the meaning 'copy_report' already"),
        ("shift+f7", "has the meaning 'other' already"),
        ("ctrl+c", "has a fixed meaning of its own already"),
        ("hyper+x", "is no key that terminals send"),
    ],
)
def test_a_key_that_clashes_is_refused_in_a_sentence(key: str, said: str) -> None:
    commands = {"other": CommandSettings(("x",), "shift+f7"), "log": CommandSettings(("x",), key)}
    with pytest.raises(UserError) as raised:
        check_commands(commands, {})
    assert said in str(raised.value)
    check_commands({"log": CommandSettings(("x",), "r")}, {"refresh": "f5"})  # it was given away
    check_commands({"log": CommandSettings(("x",))}, {})  # it is run from the palette


def test_what_a_command_is_given_is_plain_text() -> None:
    state = JobState(Job(A, "pay\x1b[2J"), service_name=ServiceName("build\u202e"))
    assert values_of(state) == {"id": A, "label": "pay\ufffd[2J", "name": "pay\ufffd[2J", "number": "", "outcome": ""}
    known = state._replace(last_run=RunRecord(88, Outcome.FAILED))
    assert (values_of(known)["number"], values_of(known)["outcome"]) == ("88", "failed")
    unnumbered = state._replace(last_run=RunRecord(0, Outcome.FAILED))
    assert (values_of(unnumbered)["number"], values_of(unnumbered)["outcome"]) == ("", "failed")


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (Ended(0), "log: done."),
        (Ended(0, b"one\n\ntwo\n"), "log: done: one · two"),
        (Ended(0, b"one\ntwo\nthree\nfour\n"), "log: done: two · three · four"),
        (Ended(0, b"out", b"a warning\n"), "log: done: out"),
        (Ended(3, b"out", b"it \x1b[31mbroke\n"), "log ended with exit status 3: it \ufffd[31mbroke"),
        (Ended(3, b"out", b" \n"), "log ended with exit status 3: out"),
        (Ended(-9), "log was ended by signal 9."),
        (Ended(None), "log did not end within 10 minutes and was stopped."),
        (Ended(-9, b"x" * ((1 << 20) + 1)), "log wrote more than 1 MiB and was stopped."),
    ],
)
def test_one_plain_sentence_says_how_it_ended(ended: Ended, said: str) -> None:
    assert how_it_ended("log", ended) == said
    assert len(how_it_ended("log", Ended(1, b"", b"\xffx y" * 100_000))) < 300


async def test_a_command_runs_on_the_job_under_the_cursor_without_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEARTS_TOKEN", "secret")
    commands = {
        "show": CommandSettings((sys.executable, "-c", ECHO, "{label}", "--", "{id}"), "f6"),
        "bad": CommandSettings((sys.executable, "-c", "raise SystemExit('no such\\x1b[2J build')"), "f7"),
        "gone": CommandSettings(("/nowhere/program",), "f8"),
    }
    watched = [Job(A, "-rf"), Job(B, "b")]
    async with screen(watched, commands=commands, size=(120, 24)) as shown:
        await shown.press("f6")
        await shown.until(lambda: "show: done:" in shown.said)
        assert shown.said == f"show: done: [' -rf', '--', '{A}'] -rf False"  # no option, no secret
        await shown.press("down", "f7")
        await shown.until(lambda: "bad ended with exit status 1: no such\ufffd[2J build" in shown.said)
        await shown.press("f8")
        await shown.until(lambda: "gone cannot be run: /nowhere/program: No such file or directory." in shown.said)
        await shown.press("f9")
        assert "f9 does nothing here. Press ? for the keys." in shown.said
        shown.app.clear_notifications()
        await shown.press("f9")  # said once
        assert shown.said == ""


async def test_of_more_commands_at_once_than_may_run_the_last_ones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.ui.own_commands.AT_ONCE", 2)
    said: list[str] = []
    runner, state = CommandRunner(lambda text, _: said.append(text), nullcontext), JobState(Job(A, "a"))
    command = CommandSettings((sys.executable, "-c", "import time; time.sleep(20)"))
    running = [asyncio.create_task(runner.run("long", command, state)) for _ in range(3)]
    await running[2]
    assert said == ["long: running for a."] * 2 + ["2 commands are still running: wait for one of them to end."]
    for one in running:
        one.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    quick = CommandSettings((sys.executable, "-c", ""))
    await runner.run("quick", quick, state)
    assert said[-1] == "quick: done."


@pytest.mark.parametrize(("code", "looks"), [("", "information"), ("raise SystemExit(3)", "error")])
async def test_what_failed_looks_like_an_error(code: str, looks: str) -> None:
    said: list[str] = []
    runner = CommandRunner(lambda _, severity: said.append(severity), nullcontext)
    await runner.run("log", CommandSettings((sys.executable, "-c", code)), JobState(Job(A, "a")))
    assert said == ["information", looks]


@pytest.fixture
def terminal_behind_input() -> Iterator[None]:
    before, ends = os.dup(0), pty.openpty()
    os.dup2(ends[1], 0)
    yield
    os.dup2(before, 0)
    for opened in (before, *ends):
        os.close(opened)


@pytest.mark.usefixtures("terminal_behind_input")
@pytest.mark.parametrize("way", ["background", "terminal"])
async def test_a_command_for_which_no_thread_can_be_had_is_not_run_later_either(tmp_path: Path, way: str) -> None:
    said: list[str] = []
    runner, state = CommandRunner(lambda text, _: said.append(text), nullcontext), JobState(Job(A, "a"))
    tui.processes._threads.cache_clear()  # none that waits for work
    touch = CommandSettings(("touch", str(tmp_path / "ran")), run=way)
    with pytest.MonkeyPatch.context() as patched:
        none_more(patched)
        await runner.run("touch", touch, state)
    assert said[-1].startswith("touch cannot be run: touch: too many processes run: raise the limit")
    await asyncio.to_thread(bool)
    await runner.run("quick", CommandSettings((sys.executable, "-c", "")), state)
    assert said[-1] == "quick: done."
    assert not (tmp_path / "ran").exists()


async def test_edited_commands_act_at_once_and_a_clash_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    command = f"command = ['{sys.executable}', '-c', 'print(1)']\n"
    async with screen(1, settings_file=file, size=(160, 24)) as shown:
        file.write_text(f"[commands.count]\nkey = 'f6'\n{command}")
        await shown.until(lambda: "f6 count" in shown.lines[-1])
        await shown.press("f6")
        await shown.until(lambda: shown.said == "count: done: 1")
        file.write_text(f"[commands.count]\nkey = 'x'\n{command}")
        await shown.until(lambda: "x has the meaning 'remove' already" in " ".join(shown.text.split()))
        assert "f6 count" in shown.lines[-1]
