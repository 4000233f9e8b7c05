"""The commands as a script meets them: processes, pipes, signals, exit codes; data on standard output only."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.builders import job_id
from tests.support.contract_server import ContractServer
from tests.support.history_files import fill
from tests.support.long_run import by_length, takes_minutes
from tests.support.shell import Shell
from tests.support.terminal import Terminal
from tui.clock import now
from tui.demo.service import DemoService

IDS = [str(job_id(number)) for number in range(1, 6)]


@pytest.fixture
def server() -> Iterator[ContractServer]:
    with ContractServer(dict.fromkeys(IDS, False)) as server:
        yield server


@pytest.fixture
def shell(tmp_path: Path, server: ContractServer) -> Shell:
    return Shell(tmp_path, server.url)


@pytest.mark.parametrize(
    ("command", "number", "code"),
    [
        (["wait", IDS[0]], signal.SIGINT, 130),
        pytest.param(["wait", IDS[0]], signal.SIGTERM, 143, marks=takes_minutes),
        pytest.param(["follow"], signal.SIGINT, 130, marks=takes_minutes),
        (["follow"], signal.SIGHUP, 129),
    ],
)
def test_a_signal_ends_it_without_a_word(
    shell: Shell, server: ContractServer, command: list[str], number: int, code: int
) -> None:
    server.answers[IDS[0]] = True
    shell.watch({IDS[0]: ""})
    process = shell.start(*command)
    server.wait_for(lambda requests: len(requests) >= 2)
    process.send_signal(number)
    data, talk = process.communicate(timeout=20)
    assert (process.returncode, talk) == (code, "")
    assert len(data.splitlines()) == (command == ["follow"])


ASKING = [
    ["find"],
    ["status"],
    ["status", "--outcome"],
    ["why", IDS[0]],
    ["log", IDS[0]],
    ["history"],
    ["wait", IDS[0]],
]


def ask_for_ever(shell: Shell, server: ContractServer, command: list[str]) -> None:
    """The service accepts what the command asks, and never answers what it waits for."""
    server.every_extra = "hang"
    shell.watch({IDS[0]: "web"})
    server.answers[IDS[0]] = command == ["wait", IDS[0]] or (False if command[-1] == "--outcome" else "hang")
    fill(Path(shell.env["HOME"]) / ".local" / "state", IDS[:1], now)


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
def test_a_person_sees_that_the_service_is_asked(shell: Shell, server: ContractServer, command: list[str]) -> None:
    ask_for_ever(shell, server, command)
    with Terminal(["codearts-watch", *command], shell.env) as terminal:
        terminal.wait_for("^asking the service|of 1 idle")
        terminal.kill(signal.SIGINT)
        assert terminal.wait_exit() == 130
        assert terminal.text.strip() == ""


@pytest.mark.parametrize("command", by_length(ASKING[1:2], ASKING), ids=" ".join)
def test_a_file_has_nothing_of_that_the_service_is_asked(
    shell: Shell, server: ContractServer, command: list[str]
) -> None:
    ask_for_ever(shell, server, command)
    process = shell.start(*command)
    server.wait_for(lambda requests: len(requests) > 0)
    process.send_signal(signal.SIGINT)
    assert (process.communicate(timeout=20), process.returncode) == (("", ""), 130)


@pytest.mark.parametrize("line", by_length(["status"], ["status", "find", "history", f"wait {IDS[0]}"]))
def test_in_the_background_nothing_erases_the_line_that_the_user_types(
    shell: Shell, server: ContractServer, line: str
) -> None:
    shell.watch({IDS[0]: "web"})
    server.answers[IDS[0]] = lambda request: len(server.asked_for(IDS[0])) < 3
    fill(Path(shell.env["HOME"]) / ".local" / "state", IDS[:1], now)
    script = f"codearts-watch {line} & wait %1; echo ended"
    with Terminal(["bash", "--norc", "--noprofile", "-mc", script], shell.env) as terminal:
        terminal.wait_for("^ended")
        assert server.requests
        assert b"\x1b[K" not in terminal.raw


def test_a_signal_ends_history_too_while_it_asks_the_service(shell: Shell, server: ContractServer) -> None:
    server.every_extra = "hang"
    shell.watch({IDS[0]: ""})
    fill(Path(shell.env["HOME"]) / ".local" / "state", IDS[:1], now)
    process = shell.start("history")
    server.wait_for(lambda requests: len(requests) >= 1)
    process.send_signal(signal.SIGHUP)
    assert (process.communicate(timeout=20), process.returncode) == (("", ""), 129)


@pytest.mark.skipif(sys.platform != "linux", reason="the size of a pipe cannot be set")
def test_a_signal_ends_it_while_nobody_reads_its_output(shell: Shell) -> None:
    shell.watch(dict.fromkeys(IDS, ""))
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    os.write(theirs, bytes(4000))
    with subprocess.Popen(["codearts-watch", "follow", "--json"], stdout=theirs, env=shell.env) as process:
        waits_in, until = Path(f"/proc/{process.pid}/wchan"), time.monotonic() + 10
        while "pipe" not in waits_in.read_text() and time.monotonic() < until:  # its first line does not fit
            os.sched_yield()
        process.terminate()
        assert process.wait(20) == 143
    os.close(ours)
    os.close(theirs)


PRINTING = ("follow --json", "list", "--help", "status --json", "completion bash")


def test_a_closed_pipe_is_a_silent_end(shell: Shell, server: ContractServer) -> None:
    server.answers.update({job: lambda request: len(server.requests) % 2 == 0 for job in IDS})
    shell.watch(dict.fromkeys(IDS, ""))
    for command in by_length(PRINTING[:3], PRINTING):
        code, data, talk = shell.run(f"codearts-watch {command} | head -n 1; exit ${{PIPESTATUS[0]}}")
        assert (code, talk, data.count("\n")) == (0, "", 1), command


def test_a_pipe_that_nobody_reads_at_all(shell: Shell) -> None:
    shell.watch(dict.fromkeys(IDS, ""))
    for command in (["follow"], ["wait", IDS[0]]):
        ours, theirs = os.pipe()
        os.close(ours)
        with subprocess.Popen(
            ["codearts-watch", *command], stdout=theirs, stderr=subprocess.PIPE, env=shell.env
        ) as process:
            os.close(theirs)
            talk = process.communicate(timeout=20)[1]
        assert (process.returncode, talk) == (0, b""), command


def test_the_exit_code_is_true_also_where_nobody_reads(shell: Shell, server: ContractServer) -> None:
    server.answers[IDS[1]] = True
    shell.watch(dict.fromkeys(IDS[:2], ""))
    for command, expected in (
        (f"wait --timeout 5s {IDS[0]} {IDS[1]}", 124),  # one of them is idle, and is printed
        ("status abababababababababababababababab", 1),
    ):
        code, data, talk = shell.run(f"codearts-watch {command} | true; exit ${{PIPESTATUS[0]}}")
        assert (code, data) == (expected, ""), command
        assert talk.count("\n") == 1


def test_an_output_that_cannot_show_a_letter_gets_it_escaped(shell: Shell) -> None:
    shell.watch({IDS[0]: "每日"})
    env = {"PYTHONIOENCODING": "ascii"}
    assert json.loads(shell.run("codearts-watch list --json", env=env)[1])[0]["label"] == "每日"
    assert shell.run("codearts-watch list", env=env)[1] == f"{IDS[0]}\t\\u6bcf\\u65e5\n"


def test_output_that_cannot_be_kept(shell: Shell) -> None:
    code, _, talk = shell.run(f"codearts-watch status {IDS[0]} > /dev/full")
    assert code == 2
    assert talk.startswith("codearts-watch: The output cannot be written: No space left on device.")
    assert talk.count("\n") == 1
    assert shell.run(f"codearts-watch status {IDS[0]} >&-") == (0, "", "")


def test_messages_that_cannot_be_kept_change_no_exit_code(shell: Shell) -> None:
    for command, expected in (("status abababababababababababababababab", 1), ("list --nonsense", 2), ("remove x", 2)):
        assert shell.run(f"codearts-watch {command} > /dev/null 2> /dev/full") == (expected, "", ""), command


def test_an_input_without_end_is_refused(shell: Shell) -> None:
    for command in ("add -", "status -"):
        code, _, talk = shell.run(f"ulimit -v 2000000; yes | codearts-watch {command}")
        assert (code, talk) == (
            2,
            "codearts-watch: Standard input is larger than 16 MiB: pass on only what names jobs.\n",
        )


def test_follow_runs_the_command_of_the_alerts(shell: Shell, server: ContractServer, tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = ["sh", "-c", 'echo "$@" >> "$0"', str(log), "{label}", "{change}", "{status}", "{id}", "{profile}|{what}"]
    with (shell.config / "settings.toml").open("a") as settings:
        settings.write(f"[alerts]\ncommand = {json.dumps(command)}\n")
    shell.watch({IDS[0]: 'a $(touch /tmp/x) "b"'})
    process = shell.start("follow")
    server.wait_for(lambda requests: len(requests) >= 2)
    server.answers[IDS[0]] = True
    assert process.stdout
    assert "idle" in process.stdout.readline()
    assert "started" in process.stdout.readline()
    server.wait_for(lambda requests: log.exists() and log.stat().st_size > 0)
    process.terminate()
    process.communicate(timeout=20)
    assert log.read_text() == f'a $(touch /tmp/x) "b" started running {IDS[0]} |{{what}}\n'


SCRIPT = (Path(__file__).parents[2] / "README.md").read_text().split("```sh\n#!/bin/sh\n")[1].split("```")[0]
"""README's."""


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoService]:
    with DemoService() as service:
        yield service


@pytest.mark.parametrize(
    ("third", "token", "code", "said"),
    [
        ("legacy-billing", DemoService.token, 0, "all three have passed: deploying"),
        ("not found (422)", DemoService.token, 1, "one of them, or its outcome, cannot be read"),
        pytest.param("legacy-billing", "no-token", 1, "sign in first", marks=takes_minutes),
        pytest.param(
            "server error (500)",
            DemoService.token,
            1,
            "no answer: it is not known whether they still build",
            marks=takes_minutes,
        ),
        pytest.param("", DemoService.token, 1, "the command line is wrong", marks=takes_minutes),
    ],
)
def test_the_script_of_the_readme(
    tmp_path: Path, demo: DemoService, third: str, token: str, code: int, said: str
) -> None:
    shell = Shell(tmp_path, demo.url, token)
    ids = {job.label: job.id for job in demo.jobs}
    names = {"payments-api": "infra-certificates", "web-frontend": "infra-cluster-addons", "web-checkout": third}
    shell.watch({ids[simulated]: label for label, simulated in names.items() if simulated})
    assert len(SCRIPT.splitlines()) == 11  # and the line that names the shell
    done, data, _ = shell.run(SCRIPT.replace("30m", "1s" if said.startswith("no answer") else "20s"))
    assert (done, data.splitlines()[-1]) == (code, said)


@pytest.mark.parametrize(
    ("command", "limit"),
    [
        ("status", 6),
        ("find", 7),
        *(pytest.param(command, 8, marks=takes_minutes) for command in ("status", "follow", "list", "find", "history")),
    ],
)
def test_too_few_descriptors_are_one_sentence(shell: Shell, command: str, limit: int) -> None:
    shell.watch({IDS[0]: ""})
    code, _, talk = shell.run(f"ulimit -n {limit}; exec timeout 5 {sys.executable} -m tui {command}")
    assert "Traceback" not in talk
    assert len(talk.splitlines()) <= 1
    assert code in (0, 2, 124)
    assert not talk or talk == "codearts-watch: Too many files are open: raise the limit (ulimit -n).\n"


@pytest.mark.parametrize("zone", ["UTC24", "XXX-26:59:59", "EST5EDT-25,M3.2.0,M11.1.0"])
def test_a_time_zone_a_day_off_is_one_sentence(shell: Shell, zone: str) -> None:
    shell.watch({IDS[0]: ""})
    for command in ("history", "status", ""):
        code, data, talk = shell.run(f"TZ={zone} exec codearts-watch {command}")
        assert (code, data) == (2, "")
        assert talk.startswith(f"codearts-watch: The time zone is a day or more from UTC: correct TZ, which is {zone}.")


FULL = ["list --json", "--help", "--version", "status --help", "completion bash"]


@pytest.mark.parametrize("command", by_length(FULL[:2], FULL))
def test_a_full_disk_is_one_sentence_and_no_success(shell: Shell, command: str) -> None:
    code, _, talk = shell.run(f"codearts-watch {command} > /dev/full")
    assert code in (1, 2)
    assert talk.startswith("codearts-watch: ")
    assert len(talk.splitlines()) == 1
    assert "No space left on device" in talk
