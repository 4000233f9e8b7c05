"""The commands from their arguments on, in this process: what they print where, and their exit codes."""

import asyncio
import json
import shlex
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from tests.support.builders import job_id
from tests.support.command_terminal import CommandTerminal
from tests.support.contract_server import TOKEN, ContractServer, refusal
from tui.cli import main
from tui.commands.job_selection import listed, select_jobs
from tui.core.job import Job, JobId, ServiceName
from tui.storage.learned import KeptNames

IDS = [str(job_id(number)) for number in range(1, 6)]


@pytest.fixture
def server() -> Iterator[ContractServer]:
    with ContractServer(dict.fromkeys(IDS, False)) as server:
        yield server


class Shell:
    """A user with a home of their own, who types commands."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.config = folder / "codearts-watch"
        self.config.mkdir()
        (self.config / "settings.toml").write_text("[polling]\nrequests_per_second = 100\n")
        self._patch, self._capture = patch, capture

    def run(self, command: str, given: str = "", token: str = TOKEN) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        self._patch.setenv("CODEARTS_TOKEN", token)  # each time: it is taken out of the environment when it is read
        self._patch.setattr(sys, "stdin", TextIOWrapper(BytesIO(given.encode())))
        code = main(shlex.split(command)[1:])
        data, talk = self._capture.readouterr()
        return code, data, talk


@pytest.fixture
def shell(
    tmp_path: Path, server: ContractServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("CODEARTS_ENDPOINT", server.url)
    return Shell(tmp_path, monkeypatch, capsys)


def test_status_of_jobs_on_no_list(shell: Shell, server: ContractServer) -> None:
    code, data, talk = shell.run(f"codearts-watch status {IDS[1]} {IDS[0]} {IDS[1]}")
    assert (code, talk) == (0, "")
    assert data == f"idle  {IDS[1]}\nidle  {IDS[0]}\n"
    assert len(server.requests) == 2


def test_json_on_standard_output_and_nothing_else(shell: Shell, server: ContractServer) -> None:
    server.answers[IDS[1]] = refusal(422, "CB.00031006", "no \x1b[31mjob")
    shell.run(f"codearts-watch add {IDS[0]} --label 每日 --tag a --tag b")
    shell.run(f"codearts-watch add {IDS[1]}")
    code, data, talk = shell.run("codearts-watch status --json")
    assert (code, talk) == (1, "")
    first, second = json.loads(data)
    assert (first["label"], first["tags"], first["status"]) == ("每日", ["a", "b"], "idle")
    assert second["failure"]["code"] == "CB.00031006"
    assert second["failure"]["http_status"] == 422
    assert "\x1b" not in second["failure"]["message"]


def test_what_cannot_be_used_in_the_watchlist_is_said_and_the_rest_is_asked(shell: Shell) -> None:
    shell.run(f"codearts-watch add {IDS[0]}")
    with (shell.config / "watchlist.toml").open("a") as watchlist:
        watchlist.write('\n[[jobs]]\nid = "short"\n')
    for command in ("status", "list"):
        code, data, talk = shell.run(f"codearts-watch {command}")
        assert (code, data.count("\n")) == (0, 1)
        assert IDS[0] in data
        assert talk == "codearts-watch: Job 2 has the ID short and is left out: an ID is 32 letters and digits\n"


def test_a_list_goes_through_a_pipe_to_status(shell: Shell) -> None:
    page = f"see {IDS[2]}\nand build record 1b4e28ba-2fa1-11d2-883f-0016d3cca427\n{IDS[3]}"
    code, data, talk = shell.run("codearts-watch add -", page)
    assert (code, data) == (0, f"{IDS[2]}\n{IDS[3]}\n")
    assert "36-character" in talk
    shell.run(f"codearts-watch add {IDS[4]} --label 'web front'")
    listed = shell.run("codearts-watch list")[1]
    assert listed == f"{IDS[2]}\n{IDS[3]}\n{IDS[4]}\tweb front\n"
    assert shell.run("codearts-watch status -", listed)[1] == (
        f"idle  {IDS[2]}\nidle  {IDS[3]}\nidle  {IDS[4]}  web front\n"
    )
    assert shell.run("codearts-watch status 'web front'")[1] == f"idle  {IDS[4]}  web front\n"
    assert shell.run("codearts-watch status -", "nothing here")[:2] == (2, "")


@pytest.mark.parametrize(
    ("lines", "said"), [(f"{IDS[0]}\n{IDS[1][:-1]}\n", "31 characters"), (f"{IDS[0]}\nno-such-label\n", "names no job")]
)
def test_a_line_of_standard_input_that_was_meant_as_a_job_is_not_passed_over(
    shell: Shell, lines: str, said: str
) -> None:
    code, data, talk = shell.run("codearts-watch status -", lines)
    assert (code, data) == (2, "")
    assert said in talk
    shell.run(f"codearts-watch add {IDS[1]} --label web-frontend")
    code, data, _ = shell.run("codearts-watch status -", f"{IDS[0]}\nweb-frontend\n")
    assert (code, data.count("\n")) == (0, 2)


def test_a_job_is_also_named_by_what_the_service_calls_it(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The screen shows these names where there is no label."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    names = ("payments nightly", "auth-service", "auth-service", "web")
    kept = KeptNames(tmp_path / "state" / "codearts-watch" / "names.json")
    told = {JobId(one): ServiceName(name) for one, name in zip(IDS, names, strict=False)}
    kept.learn((), told, datetime.now(UTC))
    asyncio.run(kept.save())
    shell.run(f"codearts-watch add {' '.join(IDS)}")
    shell.run(f"codearts-watch add {IDS[4]} --label web")
    assert shell.run("codearts-watch status 'payments nightly' web")[1] == f"idle  {IDS[0]}\nidle  {IDS[4]}  web\n"
    assert shell.run("codearts-watch status -", "payments nightly\n")[1] == f"idle  {IDS[0]}\n"
    assert shell.run("codearts-watch wait 'payments nightly'")[1] == f"idle     {IDS[0]}\n"
    for code, data, talk in (
        shell.run("codearts-watch status auth-service"),
        shell.run("codearts-watch status -", "auth-service\n"),
    ):
        assert (code, data) == (2, "")
        assert f"Several jobs are called auth-service: name one by its ID, {IDS[1]}, {IDS[2]}." in talk
    assert "did you mean payments nightly?" in shell.run("codearts-watch why 'payments nightli'")[2]
    assert f"payments nightly\t{IDS[0]}" in shell.run("codearts-watch list --complete")[1]
    assert shell.run("codearts-watch list")[1].splitlines()[0] == IDS[0]  # as add - takes it: no label
    assert shell.run("codearts-watch remove 'payments nightly'")[:2] == (0, f"{IDS[0]}\n")
    terminal = CommandTerminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    shell.run(f"codearts-watch status {IDS[1]} {IDS[4]}")
    assert terminal.getvalue().splitlines()[1:] == [f"idle    {IDS[1]}  auth-service", f"idle    {IDS[4]}  web"]
    terminal = CommandTerminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    shell.run(f"codearts-watch wait {IDS[1]}")
    assert terminal.getvalue() == f"idle     {IDS[1]}  auth-service\n"


def test_add_and_remove(shell: Shell) -> None:
    assert shell.run(f"codearts-watch add {IDS[0]} https://example.com/jobs/{IDS[1]}/history --tag x")[0] == 0
    code, data, talk = shell.run(f"codearts-watch add {IDS[0]} nonsense {IDS[2]}")
    assert (code, data) == (1, f"{IDS[2]}\n")
    assert "'nonsense' holds no job ID" in talk
    assert "already" in talk
    assert shell.run("codearts-watch add nonsense")[:2] == (2, "")
    assert shell.run(f"codearts-watch add {IDS[3]} {IDS[4]} --label both")[:2] == (2, "")
    assert shell.run(f"codearts-watch add {IDS[0]}")[:2] == (0, "")
    assert shell.run(f"codearts-watch remove {IDS[0]} {IDS[4]}")[:2] == (2, "")
    assert shell.run(f"codearts-watch remove {IDS[2]} {IDS[0]}")[:2] == (0, f"{IDS[2]}\n{IDS[0]}\t\ttag:x\n")
    (only,) = json.loads(shell.run("codearts-watch list --json")[1])
    assert (only["id"], only["tags"], only["address"]) == (IDS[1], ["x"], f"https://example.com/jobs/{IDS[1]}/history")
    assert only["added"].endswith("Z")


PAGE = f"https://example.com/jobs/{IDS[1]}/history"
WATCHED = f"""version = 1
[[jobs]]
id = "{IDS[0]}"
label = "web  front, 每日 {IDS[4]}"
tags = ["two words", "a,b", "tag:x"]
profile = "prod"
added = 2026-01-02T03:04:05Z
[[jobs]]
id = "{IDS[1]}"
address = "{PAGE}"
[[jobs]]
id = "{IDS[2]}"
tags = ["x"]
"""


def test_remove_takes_what_list_prints(shell: Shell) -> None:
    shell.run(f"codearts-watch add {' '.join(IDS)}")
    shell.run(f"codearts-watch add {IDS[1]} --label 'web frontend' --tag old")
    _, printed, _ = shell.run("codearts-watch list")
    _, label, here, *_ = printed.splitlines()
    assert shell.run("codearts-watch remove -", f"{here}\n{job_id(99)}\n") == (
        2,
        "",
        f"codearts-watch: {job_id(99)} is not on the list.\n",
    )
    assert shell.run("codearts-watch remove -", "wbe\n")[:2] == (2, "")
    assert shell.run("codearts-watch remove -", "web frontend\n")[1] == f"{label}\n"
    assert shell.run("codearts-watch remove -", printed.replace(f"{label}\n", ""))[0] == 0
    assert shell.run("codearts-watch list")[1] == ""


@pytest.mark.parametrize("command", ["list", "list --json", "remove " + " ".join(IDS[:3])])
def test_a_list_that_was_printed_is_taken_again_whole(shell: Shell, command: str) -> None:
    (shell.config / "watchlist.toml").write_text(WATCHED)
    before = json.loads(shell.run("codearts-watch list --json")[1])
    printed = shell.run(f"codearts-watch {command}")[1]
    (shell.config / "watchlist.toml").unlink(missing_ok=True)
    assert shell.run("codearts-watch add -", printed)[0] == 0
    after = json.loads(shell.run("codearts-watch list --json")[1])
    if "json" not in command:  # when a job was added is in JSON alone
        for job in (*before, *after):
            del job["added"]
    else:
        before[1]["added"], before[2]["added"] = after[1]["added"], after[2]["added"]
    assert after == before


def test_what_the_command_says_goes_before_what_a_list_says(shell: Shell) -> None:
    shell.run("codearts-watch add - --tag new", f"{IDS[0]}\told\ttag:was\nother words\n{IDS[1]}")
    jobs = json.loads(shell.run("codearts-watch list --json")[1])
    assert [(job["id"], job["label"], job["tags"]) for job in jobs] == [
        (IDS[0], "old", ["was", "new"]),
        (IDS[1], "", ["new"]),
    ]
    assert shell.run("codearts-watch add - --label mine", f"{IDS[2]}\told")[0] == 0
    assert json.loads(shell.run("codearts-watch list --json")[1])[2]["label"] == "mine"


@pytest.mark.parametrize(
    "given",
    [
        f"{IDS[0]}\n{IDS[1]}\t{'x' * 101}\n",
        f"{IDS[0]}\n{IDS[1]}\tweb\ttag:{'x' * 101}\n",
        json.dumps([{"id": IDS[0]}, {"id": IDS[1], "label": "\ud800"}]),
    ],
)
def test_a_label_or_tag_of_a_list_must_be_as_fit_as_that_of_an_option(shell: Shell, given: str) -> None:
    code, data, talk = shell.run("codearts-watch add -", given)
    assert (code, data) == (2, "")
    assert talk.endswith("Nothing was added.\n")
    assert "is the most" in talk or "is not UTF-8" in talk
    assert shell.run("codearts-watch list --json")[1].strip() in ("", "[]")


def test_a_table_of_another_program_gives_no_tags(shell: Shell) -> None:
    shell.run("codearts-watch add -", f"{IDS[0]}\tweb\tlin@example.com\trunning\n")
    (job,) = json.loads(shell.run("codearts-watch list --json")[1])
    assert (job["id"], job["tags"]) == (IDS[0], [])


@pytest.mark.parametrize(
    "text", ['[{"id": 7}]', '[{"id": "short"}]', "[" * 100_000, '{"id": "' + IDS[0] + '", "label": 7}']
)
def test_json_that_is_no_list_is_read_as_a_paste(shell: Shell, text: str) -> None:
    code, data, _ = shell.run("codearts-watch add -", text)
    assert (code, data) == ((0, f"{IDS[0]}\n") if IDS[0] in text else (2, ""))


def test_adding_a_job_that_is_there_gives_it_what_the_command_says(shell: Shell) -> None:
    shell.run(f"codearts-watch add {IDS[0]} --label old --tag a")
    code, data, talk = shell.run(f"codearts-watch add {IDS[0]} --label 'new name' --tag b")
    assert (code, data) == (0, "")
    assert talk == f"codearts-watch: {IDS[0]} (old) is on the watchlist already; changed: label new name, tags a b.\n"
    assert shell.run("codearts-watch list")[1] == f"{IDS[0]}\tnew name\ttag:a\ttag:b\n"
    assert "stays as it is" in shell.run(f"codearts-watch add {IDS[0]} --label 'new name'")[2]
    code, _, talk = shell.run(f"codearts-watch add {IDS[0]} {IDS[1]} --label both")
    assert code == 2
    assert "there are 2" in talk


def test_of_many_jobs_that_are_there_their_number_is_told(shell: Shell) -> None:
    """`find | add -` in a script of each night would print a line for every job of the project."""
    many = "".join(f"{job_id(number)}\n" for number in range(100, 1300))
    shell.run("codearts-watch add -", many)
    code, data, talk = shell.run("codearts-watch add -", f"{many}{IDS[0]}\n")
    assert (code, data) == (0, f"{IDS[0]}\n")
    assert talk == ("codearts-watch: 1,200 of them are on the watchlist already; 1,200 stay as they are, 0 changed.\n")
    shell.run(f"codearts-watch add {job_id(107)} --tag new")
    talk = shell.run("codearts-watch add - --tag new", many)[2]
    assert talk.endswith("1 stay as they are, 1,199 changed.\n")


def test_the_profile_of_a_new_job_is_one_of_the_settings(shell: Shell, server: ContractServer) -> None:
    with (shell.config / "settings.toml").open("a") as settings:
        settings.write(f'[profiles.prod]\nendpoint = "{server.url}"\ntoken_env = "CODEARTS_TOKEN"\n')
    code, _, talk = shell.run(f"codearts-watch add {IDS[0]} --profile prd")
    assert (code, talk) == (2, "codearts-watch: The settings have no profile prd; there are: prod.\n")
    assert shell.run(f"codearts-watch add {IDS[0]} --profile prod")[1] == f"{IDS[0]}\t\tprofile:prod\n"
    assert "stays as it is" in shell.run(f"codearts-watch add {IDS[0]} --profile prod")[2]
    shell.run(f"codearts-watch add {IDS[1]}")
    assert "already; changed: profile prod" in shell.run(f"codearts-watch add {IDS[1]} --profile prod")[2]
    shell.run(f"codearts-watch remove {IDS[1]}")
    (only,) = json.loads(shell.run("codearts-watch status --json")[1])
    assert (only["profile"], only["status"]) == ("prod", "idle")


class Looked(tuple[Job, ...]):
    """Jobs that count how often somebody goes through them."""

    times = 0

    def __iter__(self) -> Iterator[Job]:
        self.times += 1
        return super().__iter__()


@pytest.mark.parametrize("select", [listed, select_jobs])
def test_the_watchlist_is_not_gone_through_for_each_argument(select: Callable[..., tuple[Job, ...]]) -> None:
    """With 10,000 jobs, `remove` of 2,800 took half a minute."""
    times = []
    for count in (1, 40):
        watched = Looked(Job(job_id(number), f"job {number}") for number in range(40))
        given = [f"job {number}" if number % 2 else str(job_id(number)) for number in range(count)]
        assert len(select(given, watched, str, print, {})) == count
        times.append(watched.times)
    assert times[0] == times[1]


def test_a_label_of_two_jobs_names_none(shell: Shell) -> None:
    for job in IDS[:2]:
        shell.run(f"codearts-watch add {job} --label web")
    code, data, talk = shell.run("codearts-watch status web")
    assert (code, data) == (2, "")
    assert IDS[0] in talk
    assert IDS[1] in talk
    assert "did you mean web?" in shell.run("codearts-watch wait wbe")[2]


@pytest.mark.parametrize("command", ["status", "wait", "follow"])
def test_an_empty_list_and_a_broken_one_are_no_success(shell: Shell, command: str) -> None:
    code, data, talk = shell.run(f"codearts-watch {command}")
    assert (code, data) == (2, "")
    assert "The watchlist is empty" in talk
    (shell.config / "watchlist.toml").write_text("[[jobs")
    assert shell.run(f"codearts-watch {command}")[:2] == (2, "")
    assert shell.run("codearts-watch list --complete") == (0, "", "")


def test_without_a_good_token_commands_end_with_3_and_say_what_to_do(shell: Shell) -> None:
    for command in ("status", "wait"):
        code, data, talk = shell.run(f"codearts-watch {command} {IDS[0]}", token="another")
        assert code == 3
        assert "another" not in data + talk
        assert "Fetch a token" in talk


def test_commands_do_not_take_the_demo(shell: Shell, server: ContractServer) -> None:
    assert shell.run(f"codearts-watch --demo status {IDS[0]}")[:2] == (2, "")
    assert server.requests == []
