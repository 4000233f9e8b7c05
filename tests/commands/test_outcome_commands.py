"""`status --outcome`, `why`, `log` and `find`, on real connections to a service that is not the demo."""

import asyncio
import contextlib
import io
import itertools
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial, partialmethod
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_terminal import CommandTerminal
from tests.support.contract_extras import HARM, OUTCOMES, PROJECT, TRUTHS, TrueJob, one_after_the_other, tell
from tests.support.contract_server import TOKEN, ContractServer, Reply, Request, Script, refusal
from tests.support.long_run import takes_minutes
from tests.support.user_home import User
from tui.codearts.extra_call import CallKind
from tui.commands import log as log_command
from tui.commands.find import Wanted, find
from tui.commands.log import IsRunning, log
from tui.commands.output import ExitCode, Output, Progress
from tui.commands.runner import closing
from tui.commands.session import open_job, open_session
from tui.commands.status import status
from tui.commands.why import why
from tui.core.budget import Spending
from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.core.log_tail import LogTail
from tui.core.run import Outcome
from tui.storage.shared_budget import BudgetFolder
from tui.storage.watchlist import WatchlistFile

NAMED = {truth.name: truth for truth in TRUTHS}
PROJECT_0 = [{"identifier": f"{0:032x}", "name": "Project 0"}]
FAST = "[polling]\nrequests_per_second = 100\n"


@dataclass
class Stage:
    """A user whose watchlist has all jobs of the truth, those with an even number by their ID alone."""

    user: User
    server: ContractServer
    data: io.StringIO = field(default_factory=io.StringIO)
    talk: io.StringIO = field(default_factory=io.StringIO)

    @property
    def output(self) -> Output:
        return Output(self.data, self.talk)

    @property
    def watchlist(self) -> WatchlistFile:
        return WatchlistFile(self.user.home / "watchlist.toml")

    async def status(self, *argv: str, with_outcome: bool = False, as_json: bool = True) -> tuple[ExitCode, str]:
        self.sign_in()
        session, jobs = open_session(self.user.context(*argv))
        session = replace(session, output=self.output)
        self.data.truncate(self.data.seek(0))
        return await status(session, jobs, as_json, with_outcome), self.data.getvalue()

    async def why(self, name: str, number: int | None = None, as_json: bool = False) -> tuple[int, str]:
        self.sign_in()
        app, job, extras = open_job(self.user.context(), NAMED[name].id)
        self.data.truncate(self.data.seek(0))
        code = await closing(why(extras, job.id, number, as_json, self.output), app.close)
        return code, self.data.getvalue()

    async def log(self, name: str, most: int = 100, is_running: IsRunning | None = None) -> tuple[int, str]:
        self.sign_in()
        app, job, extras = open_job(self.user.context(), NAMED[name].id)
        self.data.truncate(self.data.seek(0))
        command = log(extras, job.id, None, most, is_running, self.output)
        return await closing(command, app.close), self.data.getvalue()

    async def find(self, text: str = "", project: str = "", as_json: bool = True, adds: bool = False) -> Any:
        self.sign_in()
        context = self.user.context()
        app = context.app()
        extras = app.profile(app.default).extras
        assert extras
        self.data.truncate(self.data.seek(0))
        added = (app.default, context.now().wall) if adds else None
        wanted = Wanted(text, project)
        code = await closing(find(extras, self.watchlist, wanted, self.output, as_json, added), app.close)
        return code, json.loads(self.data.getvalue()) if as_json else self.data.getvalue()

    def sign_in(self) -> None:
        self.user.environ = {"CODEARTS_ENDPOINT": self.server.url, "CODEARTS_TOKEN": TOKEN}

    def extras_asked(self) -> list[str]:
        return [request.path for request in self.server.requests if not request.path.endswith("/status")]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with ContractServer({truth.id: truth.name == "search" for truth in TRUTHS}) as server:
        tell(server, TRUTHS)
        made = Stage(User(tmp_path, settings=FAST), server)
        labels = [truth.name if truth.number % 2 else "" for truth in TRUTHS]
        made.watchlist.add([Job(JobId(truth.id), label) for truth, label in zip(TRUTHS, labels, strict=True)])
        yield made


def expected(truth: TrueJob) -> dict[str, object] | None:
    if not truth.number:
        return None
    over = bool(truth.state)
    return {
        "number": truth.number,
        "outcome": str(OUTCOMES[truth.name]) if over else "unknown",
        "outcome_as_sent": truth.state,
        "started_at": "2026-11-23T12:00:00.000Z",
        "ended_at": "2026-11-23T12:01:30.000Z" if over else None,
        "duration_s": 90.0 if over else None,
        "trigger": "MANUAL",
        "branch": "main",
        "by": "lin",
    }


async def test_eight_jobs_with_every_outcome(stage: Stage) -> None:
    code, text = await stage.status(with_outcome=True)
    assert code is ExitCode.NOT_PASSED
    for truth, document in zip(TRUTHS, json.loads(text), strict=True):
        assert document["last_run"] == expected(truth)
        assert (document["name"], document["project"]) == (truth.name, {"id": PROJECT, "name": "Payments"})
        assert document["label"] == (truth.name if truth.number % 2 else "")
        assert document["status"] == ("running" if truth.name == "search" else "idle")


async def test_a_command_is_told_at_once_of_a_long_pause_that_another_instance_was_asked_for(stage: Stage) -> None:
    stage.sign_in()
    identity, now = stage.user.profile().identity(), time.time()
    assert identity
    with contextlib.closing(BudgetFolder(stage.user.home / "state/codearts-watch/budget", identity.shared)) as other:
        other.exchange(Spending(now, 1.0, (), 5.0, now, now + 1800, None))
        async with asyncio.timeout(10):
            assert await stage.why("payments-api") == (ExitCode.UNREAD, "")
    assert stage.talk.getvalue() == "codearts-watch: The service asked for a pause. Try again in 30 min.\n"
    assert stage.extras_asked() == []


async def test_names_are_asked_for_once(stage: Stage) -> None:
    for _ in range(2):
        _, text = await stage.status(with_outcome=True)
        assert json.loads(text)[1]["name"] == "mobile-ios"
    assert sum(path.startswith("/v1/job/list") for path in stage.extras_asked()) == 1


async def test_the_table_has_outcomes_builds_and_names(stage: Stage) -> None:
    _, text = await stage.status(with_outcome=True, as_json=False)
    rows = text.splitlines()
    assert rows[1].split() == ["idle", "failed", "#12", "main", NAMED["mobile-ios"].id, "mobile-ios"]
    assert rows[4].split()[:4] == ["idle", "timed", "out", "#15"]
    assert rows[5].split()[:3] == ["idle", "UNSTABLE", "#16"]
    assert rows[6].split() == ["running", "#17", "main", NAMED["search"].id, "search"]
    assert rows[7].split() == ["idle", NAMED["legacy"].id, "legacy"]


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["payments-api"], 0),
        (["payments-api", "search", "legacy"], 0),
        (["payments-api", "events"], 1),
        (["events", "ledger"], 4),
        (["fraud"], 4),
    ],
)
async def test_the_exit_code_of_status_tells_outcomes(stage: Stage, names: list[str], code: int) -> None:
    stage.watchlist.remove([JobId(truth.id) for truth in TRUTHS if truth.name not in names])
    assert (await stage.status(with_outcome=True))[0] == code


async def test_a_job_that_cannot_be_read_goes_after_one_that_failed(stage: Stage) -> None:
    stage.server.answers[NAMED["payments-api"].id] = refusal(422, "CB.00031006")
    assert (await stage.status(with_outcome=True))[0] is ExitCode.NOT_PASSED
    stage.watchlist.remove([JobId(truth.id) for truth in TRUTHS if truth.name not in ("payments-api", "search")])
    assert (await stage.status(with_outcome=True))[0] is ExitCode.UNREAD
    stage.server.token = "another"
    assert (await stage.status(with_outcome=True))[0] is ExitCode.NOT_SIGNED_IN


@pytest.mark.parametrize(
    "what",
    [one_after_the_other(), *(pytest.param(harm, marks=takes_minutes) for harm in HARM.values())],
    ids=["all together", *HARM],
)
async def test_whatever_the_extras_do_the_statuses_are_the_same(
    stage: Stage, what: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CallKind, "time_limit", 0.5)
    _, plain = await stage.status()
    assert stage.extras_asked() == []
    stage.server.every_extra = what
    _, again = await stage.status()
    assert stage.extras_asked() == []
    assert stage.talk.getvalue() == ""
    code, with_outcomes = await stage.status(with_outcome=True)
    assert code is ExitCode.UNREAD
    assert re.search(r"The outcome of 7 jobs was not learned\. \w+", stage.talk.getvalue())
    told = json.loads(with_outcomes)
    assert all((one.pop("name"), one.pop("project"), one.pop("last_run")) == ("", None, None) for one in told)
    assert without_times(plain) == without_times(again) == without_times(json.dumps(told))
    kinds = [kind_of(path) for path in stage.extras_asked()]
    assert kinds
    assert all(kinds.count(kind) <= 3 for kind in kinds), kinds


async def test_of_a_running_job_no_outcome_is_missed_and_of_an_idle_one_whose_record_goes_on_it_is(
    stage: Stage,
) -> None:
    stage.watchlist.remove([JobId(truth.id) for truth in TRUTHS if truth.name != "search"])
    stage.server.answers[NAMED["search"].id] = False
    code, text = await stage.status(with_outcome=True, as_json=False)
    assert (code, text.split()[0]) == (ExitCode.UNREAD, "idle")
    assert "The outcome of 1 job was not learned. The service did not tell it in time." in stage.talk.getvalue()
    stage.talk.truncate(stage.talk.seek(0))
    stage.server.answers[NAMED["search"].id] = True
    stage.server.every_extra = refusal(500, "CB.00031006")
    code, text = await stage.status(with_outcome=True, as_json=False)
    assert (code, text.split()[0], stage.talk.getvalue()) == (ExitCode.DONE, "running", "")


async def test_an_outcome_in_a_word_that_is_not_known_is_not_learned_and_the_word_is_said(stage: Stage) -> None:
    stage.watchlist.remove([JobId(truth.id) for truth in TRUTHS if truth.name not in ("events", "payments-api")])
    code, text = await stage.status(with_outcome=True, as_json=False)
    assert (code, "UNSTABLE" in text) == (ExitCode.UNREAD, True)
    said = "The outcome of 1 job was not learned. The service's word for it is not known: UNSTABLE."
    assert said in stage.talk.getvalue()


def without_times(text: str) -> str:
    documents = json.loads(text)
    return json.dumps([{**one, "read_at": "", "latency_ms": 0} for one in documents])


def kind_of(path: str) -> str:
    """The path without IDs and numbers."""
    return "/".join(part for part in path.partition("?")[0].split("/") if len(part) != 32 and not part.isdigit())


async def test_switched_off_nothing_but_the_status_call_is_sent(stage: Stage) -> None:
    stage.user.settings = "[service]\nextras = false\n"
    code, text = await stage.status(with_outcome=True)
    assert code is ExitCode.UNREAD
    assert "was not learned. Outcomes are off, by --status-only or in the settings." in stage.talk.getvalue()
    assert all(one["last_run"] is None for one in json.loads(text))
    stage.user.settings = ""
    await stage.status("--status-only", with_outcome=True)
    stage.sign_in()
    with pytest.raises(UserError, match="status-only"):
        open_job(stage.user.context("--status-only"), NAMED["web"].id)
    assert stage.extras_asked() == []


async def test_why_prints_the_failing_step_or_the_outcome(stage: Stage) -> None:
    code, text = await stage.why("mobile-ios")
    assert (code, text) == (ExitCode.DONE, "#12 failed at step Sign ipa\nCB.2017: expired\nRenew it.\n")
    code, text = await stage.why("mobile-ios", as_json=True)
    assert json.loads(text) == {
        "id": NAMED["mobile-ios"].id,
        "number": 12,
        "step": "Sign ipa",
        "code": "CB.2017",
        "message": "expired",
    }
    assert (await stage.why("mobile-ios", number=12))[1].startswith("#12 at step Sign ipa\n")
    assert await stage.why("payments-api") == (ExitCode.DONE, "#11 passed\n")
    assert await stage.why("ledger") == (ExitCode.DONE, "#14 aborted: the service names no step that failed.\n")
    for name in ("search", "legacy"):
        assert await stage.why(name) == (ExitCode.DONE, "There is no build that has ended.\n")
    stage.server.every_extra = refusal(403, "CB.00020001")
    assert await stage.why("mobile-ios") == (ExitCode.UNREAD, "")
    assert "CB.00020001" in stage.talk.getvalue()


async def test_where_the_sign_in_is_refused_the_exit_code_says_so(stage: Stage) -> None:
    stage.server.every_extra = refusal(401, "APIGW.0301")
    assert (await stage.why("mobile-ios"))[0] is ExitCode.NOT_SIGNED_IN
    assert (await stage.log("mobile-ios"))[0] is ExitCode.NOT_SIGNED_IN
    assert (await stage.find(as_json=False))[0] is ExitCode.NOT_SIGNED_IN


async def test_log_prints_the_end_of_the_log_or_why_there_is_none(stage: Stage) -> None:
    assert await stage.log("mobile-ios") == (ExitCode.DONE, "bad\n")
    assert await stage.log("mobile-ios", most=0) == (ExitCode.DONE, "")
    assert (await stage.log("legacy"))[0] is ExitCode.UNREAD
    assert "never built" in stage.talk.getvalue()
    stage.server.every_extra = Reply(200, "<html>")
    assert (await stage.log("mobile-ios"))[0] is ExitCode.UNREAD


def offset(request: Request) -> int:
    return int(request.path.partition("offset=")[2].partition("&")[0])


def serve_growing(stage: Stage, build: str, text: Callable[[], str]) -> None:
    """The log of this build (`ID/NUMBER`), as far as it goes at each request."""

    def piece(request: Request) -> Reply:
        log = text()
        return Reply(200, {"result": {"content": log[offset(request) :], "offset": len(log), "has_more_data": False}})

    stage.server.extras[f"/v3/jobs/{build}/real-time-log"] = piece


def serve_in_pieces(stage: Stage, pieces: int, refusals: Callable[[int], bool] = lambda request: False) -> None:
    """The log of mobile-ios, a line in each piece; `refusals` tells which of its requests fail."""
    asked = itertools.count()

    def piece(request: Request) -> Reply:
        if refusals(next(asked)):
            return Reply(500, "")
        at = offset(request)
        line = f"line {at} {'-' * 5000}\n" if at < pieces else ""
        return Reply(200, {"result": {"content": line, "offset": at + bool(line), "has_more_data": at + 1 < pieces}})

    stage.server.extras[f"/v3/jobs/{NAMED['mobile-ios'].id}/12/real-time-log"] = piece


async def test_the_end_of_a_log_is_printed_however_many_pieces_it_has(stage: Stage) -> None:
    serve_in_pieces(stage, 40)
    code, text = await stage.log("mobile-ios", most=2)
    assert (code, [line.split(" -")[0] for line in text.splitlines()]) == (ExitCode.DONE, ["line 38", "line 39"])
    serve_in_pieces(stage, 40, lambda request: request >= 20)
    assert (await stage.log("mobile-ios", most=2)) == (ExitCode.UNREAD, "")
    assert "HTTP 500" in stage.talk.getvalue()


async def test_a_log_that_never_ends_is_not_read_for_ever(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.commands.log.MOST_ROUNDS", 3)
    serve_in_pieces(stage, 10**6)
    assert await stage.log("mobile-ios") == (ExitCode.UNREAD, "")
    assert "the log does not end" in stage.talk.getvalue()


async def test_of_a_followed_log_no_line_is_left_out_without_a_word(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.core.log_tail.LogTail.__init__", partialmethod(LogTail.__init__, 4))
    logs = ["".join(f"line {number}\n" for number in range(end)) for end in (3, 6, 20)]

    async def is_running() -> bool:
        logs.pop(0)
        return len(logs) > 1

    monkeypatch.setattr("tui.commands.log.READ_EVERY", 0.0)
    serve_growing(stage, f"{NAMED['mobile-ios'].id}/12", lambda: logs[0])
    _, text = await stage.log("mobile-ios", is_running=is_running)
    kept = [*range(6), *range(16, 20)]
    assert text.split() == [word for number in kept for word in ("line", str(number))]
    assert "10 lines are left out" in stage.talk.getvalue()


@pytest.mark.parametrize(("answered", "code", "printed"), [(99, ExitCode.DONE, 40), (20, ExitCode.UNREAD, 20)])
async def test_a_followed_log_has_its_end_or_says_why_not(
    stage: Stage, answered: int, code: ExitCode, printed: int
) -> None:
    serve_in_pieces(stage, 40, lambda request: request >= answered)

    async def is_running() -> bool:
        return False

    found, text = await stage.log("mobile-ios", is_running=is_running)
    assert (found, text.count("line ")) == (code, printed)
    assert ("HTTP 500" in stage.talk.getvalue()) == (code is ExitCode.UNREAD)


async def test_a_log_of_which_nothing_can_be_read_is_not_followed(stage: Stage) -> None:
    for call in ("/v1/log", "/v3/jobs"):
        stage.server.extras[f"{call}/{NAMED['search'].id}/17/real-time-log"] = Reply(500, "")

    async def is_running() -> bool:
        raise AssertionError("followed")

    assert await stage.log("search", is_running=is_running) == (ExitCode.UNREAD, "")
    assert "HTTP 500" in stage.talk.getvalue()


async def test_a_hostile_log_is_plain_text(stage: Stage) -> None:
    hostile = TrueJob(
        f"{2:032x}", "mobile-ios", "FAILURE", 12, log="\x1b]0;title\x07a\x1b[2Jb\r\x9bc\n", step="\x1b[31mred"
    )
    tell(stage.server, [hostile])
    for _, text in (await stage.log("mobile-ios"), await stage.why("mobile-ios")):
        assert text
        assert not set(text) & {"\x1b", "\x07", "\x9b", "\r"}


async def test_a_followed_log_is_printed_once_and_ends_with_the_build(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.commands.log.READ_EVERY", 0.0)
    logs = ["one\n", "one\ntwo\nth", "one\ntwo\nthree\nfour"]

    async def is_running() -> bool:
        logs.pop(0)
        return len(logs) > 1

    serve_growing(stage, f"{NAMED['search'].id}/17", lambda: logs[0])
    assert await stage.log("search", is_running=is_running) == (ExitCode.DONE, "one\ntwo\nthree\nfour\n")


async def test_a_followed_log_ends_when_nobody_reads_it_any_more_though_nothing_is_added(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.commands.log.READ_EVERY", 0.0)
    ours, theirs = os.pipe()
    asked = 0

    async def is_running() -> bool:
        nonlocal asked
        asked += 1
        if asked == 1:
            os.close(ours)
        return asked < 9

    quiet = Reply(200, {"result": {"content": "", "offset": 0, "has_more_data": False}})
    stage.server.extras[f"/v3/jobs/{NAMED['search'].id}/17/real-time-log"] = quiet
    stage.sign_in()
    app, job, extras = open_job(stage.user.context(), NAMED["search"].id)
    with os.fdopen(theirs, "w") as pipe:
        await closing(log(extras, job.id, None, 100, is_running, stage.output._replace(data=pipe)), app.close)
    assert asked == 1


def test_a_log_is_followed_while_the_service_says_that_the_job_runs_or_does_not_answer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tui.commands.log.READ_EVERY", 0.0)
    lines = [f"line {number}" for number in range(5)]
    statuses: list[Script] = [True, Reply(502, ""), refusal(429, "APIGW.0308"), False]
    asked = iter(range(1, 10))
    job = NAMED["search"].id
    serve_growing(stage, f"{job}/17", lambda: "".join(f"{line}\n" for line in lines[: next(asked)]))
    stage.server.answers[job] = lambda request: statuses.pop(0) if len(statuses) > 1 else statuses[0]
    stage.sign_in()
    context = stage.user.context("log", job, "--follow")
    assert log_command.run(context, context.flags) is ExitCode.DONE
    assert capsys.readouterr().out.splitlines() == lines


def test_a_log_is_not_followed_where_the_status_is_refused(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.server.answers[NAMED["mobile-ios"].id] = refusal(404, "DEV.CB.0210044")
    stage.sign_in()
    context = stage.user.context("log", NAMED["mobile-ios"].id, "--follow")
    assert log_command.run(context, context.flags) is ExitCode.DONE
    assert capsys.readouterr().out == "bad\n"


async def test_find_says_that_there_is_no_such_job_or_that_all_are_watched_where_they_were_to_be_added(
    stage: Stage,
) -> None:
    await stage.find("nothing")
    assert stage.talk.getvalue() == "codearts-watch: No job was found.\n"
    await stage.find()
    assert stage.talk.getvalue().count("\n") == 1
    await stage.find(adds=True)
    assert f"All {len(NAMED)} are on the watchlist already." in stage.talk.getvalue()


async def test_find_marks_what_is_watched_and_adds_the_rest_with_names(stage: Stage) -> None:
    gone = [JobId(NAMED[name].id) for name in ("web", "ledger")]
    stage.watchlist.remove(gone)
    code, found = await stage.find()
    assert code is ExitCode.DONE
    assert [one["name"] for one in found] == sorted(NAMED)
    assert {one["id"] for one in found if not one["watched"]} == set(gone)
    assert found[0]["project"] == {"id": PROJECT, "name": "Payments"}
    assert [one["name"] for one in (await stage.find("payments LE-DG"))[1]] == ["ledger"]
    assert (await stage.find("nothing"))[1] == []
    code, text = await stage.find("", project="payments", as_json=False, adds=True)
    assert (code, text) == (ExitCode.DONE, f"{gone[1]}\tledger\n{gone[0]}\tweb\n")
    assert {job.given_label for job in stage.watchlist.load().jobs if job.id in gone} == {"ledger", "web"}
    assert (await stage.find("", adds=True))[1] == []
    with pytest.raises(UserError, match="there are: Payments"):
        await stage.find(project="Nope")


async def test_a_terminal_has_names_beside_the_outcomes_and_ids_last(stage: Stage) -> None:
    _, text = await replace(stage, data=CommandTerminal()).status(as_json=False, with_outcome=True)
    heads, *lines = text.splitlines()
    assert re.split("  +", heads) == ["STATUS", "OUTCOME", "BUILD", "LABEL", "ID"]
    row = next(line for line in lines if "mobile-ios" in line)
    assert re.split("  +", row) == ["idle", "failed", "#12 main", "mobile-ios", NAMED["mobile-ios"].id]
    stage.server.answers[NAMED["mobile-ios"].id] = refusal(422, "CB.00031006")
    _, text = await replace(stage, data=CommandTerminal()).status(as_json=False, with_outcome=True)
    row = next(line for line in text.splitlines() if line.startswith("no answer"))
    assert "mobile-ios" in row


async def test_a_person_sees_how_far_it_is_with_asking_for_outcomes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    talk = CommandTerminal()
    await replace(stage, talk=talk).status(with_outcome=True)
    said = [part for part in talk.getvalue().split("\r\x1b[K") if "about" in part]
    assert said == [f"asking the service about job {number} of {len(said)}" for number in range(1, len(said) + 1)]
    assert len(said) > 1
    assert talk.getvalue().split("\r\x1b[K")[-1].startswith("codearts-watch: ")


def test_a_terminal_that_does_not_control_the_session_has_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no foreground to ask about."""
    monkeypatch.setenv("TERM", "xterm")
    seen, ours = os.openpty()
    os.set_blocking(seen, False)
    with os.fdopen(ours, "w") as talk, os.fdopen(seen, "rb", buffering=0) as terminal:
        Progress(talk).show("asking the service")
        assert b"asking the service" in (terminal.read(1000) or b"")


async def test_a_person_sees_which_project_jobs_are_looked_for_in(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 20 projects of 500 jobs the lists take ten seconds."""
    monkeypatch.setenv("TERM", "xterm")
    talk = CommandTerminal()
    await replace(stage, talk=talk).find(project="payments")
    said = talk.getvalue().split("\r\x1b[K")
    assert said == ["", "asking the service", "asking the service about project 1 of 1", ""]


async def test_find_says_what_became_of_builds_in_the_words_of_the_screen(stage: Stage) -> None:
    stage.watchlist.remove([JobId(NAMED["web"].id)])
    code, text = await replace(stage, data=CommandTerminal()).find(as_json=False)
    assert code is ExitCode.DONE
    heads, project, *rows = text.splitlines()
    assert re.split("  +", heads.strip()) == ["ID", "LAST BUILD", "NAME"]
    assert project == "Payments:"
    words = {name: word for _, word, name in (re.split("  +", row.lstrip("+ ")) for row in rows)}
    shown = {name: str(outcome) for name, outcome in OUTCOMES.items() if outcome is not Outcome.UNKNOWN}
    assert words == {**shown, "events": "unstable", "search": "running", "legacy": "never built"}
    assert [row[0] for row in rows].count(" ") == 1
    assert "+ is before jobs that are on your watchlist" in stage.talk.getvalue()


async def test_250_jobs_in_3_projects_in_at_most_12_requests(stage: Stage) -> None:
    projects = [{"identifier": f"{number:032x}", "name": f"Project {number}"} for number in range(3)]
    result = {"total": 3, "project_info_list": projects}
    stage.server.extras["/v1/domain/project/related-page"] = Reply(200, {"result": result, "status": "success"})
    stage.server.extras["/v1/job/list"] = refusal(403, "CB.00020001")
    for project, count in zip(projects, (125, 100, 25), strict=True):
        first = int(project["identifier"], 16) * 1000
        entries = [{"id": f"{first + one:032x}", "job_name": f"job {first + one}"} for one in range(count)]
        path = f"/v1/job/{project['identifier']}/list"
        stage.server.extras[path] = partial(page_of, entries)
    code, found = await stage.find()
    assert (code, len(found)) == (ExitCode.DONE, 250)
    assert {one["project"]["name"] for one in found} == {"Project 0", "Project 1", "Project 2"}
    assert len(stage.extras_asked()) <= 12


def serve_projects(stage: Stage, last_page: Script) -> None:
    """The list of all jobs is refused; of the pages of projects the first has 100, with a job each."""
    named = [{"identifier": f"{number:032x}", "name": f"Project {number}"} for number in range(100)]
    first = Reply(200, {"result": {"total": 150, "project_info_list": named}, "status": "success"})
    stage.server.extras["/v1/job/list"] = refusal(403, "CB.00020001")
    pages = [first, last_page]
    stage.server.extras["/v1/domain/project/related-page"] = lambda request: pages.pop(0)
    for number, project in enumerate(named):
        entries = [{"id": f"{number + 5000:032x}", "job_name": f"job {number}"}]
        stage.server.extras[f"/v1/job/{project['identifier']}/list"] = partial(page_of, entries)


async def test_find_says_that_a_page_of_projects_was_not_read(stage: Stage) -> None:
    serve_projects(stage, refusal(500, "CB.00010001"))
    code, found = await stage.find()
    assert (code, len(found)) == (ExitCode.UNREAD, 100)
    assert "Not all pages could be read: " in stage.talk.getvalue()


async def test_a_project_on_a_page_that_was_not_read_is_not_denied(stage: Stage) -> None:
    serve_projects(stage, refusal(500, "CB.00010001"))
    code, text = await stage.find(project="Project 120", as_json=False)
    assert (code, text) == (ExitCode.UNREAD, "")
    assert "There is no project" not in stage.talk.getvalue()


async def test_a_project_that_was_read_is_searched_whatever_became_of_the_others(stage: Stage) -> None:
    serve_projects(stage, refusal(500, "CB.00010001"))
    code, found = await stage.find(project="Project 20")
    assert (code, [one["name"] for one in found], stage.talk.getvalue()) == (ExitCode.DONE, ["job 20"], "")


async def test_a_project_of_a_list_that_ends_too_soon_is_not_denied(stage: Stage) -> None:
    serve_projects(stage, Reply(200, {"result": {"total": 150, "project_info_list": PROJECT_0}, "status": "success"}))
    with pytest.raises(UserError, match="'Project 120' among the 100 that were read; there are: Project 0"):
        await stage.find(project="Project 120")


async def test_without_any_project_find_says_why_the_list_of_all_jobs_was_refused(stage: Stage) -> None:
    none = Reply(200, {"result": {"total": 0, "project_info_list": []}, "status": "success"})
    stage.server.extras["/v1/domain/project/related-page"] = none
    stage.server.extras["/v1/job/list"] = refusal(403, "CB.00020001")
    code, text = await stage.find(as_json=False)
    assert (code, text) == (ExitCode.UNREAD, "")
    assert "CB.00020001" in stage.talk.getvalue()


async def test_where_the_list_of_all_jobs_is_empty_no_other_is_read(stage: Stage) -> None:
    stage.server.extras["/v1/job/list"] = Reply(200, {"result": {"total": 0, "job_list": []}, "status": "success"})
    assert await stage.find() == (ExitCode.DONE, [])
    assert "No job was found." in stage.talk.getvalue()


async def test_find_says_that_a_list_was_not_read_to_its_end(stage: Stage) -> None:
    entries = [{"id": f"{one:032x}", "job_name": f"job {one}"} for one in range(100)]
    answer = {"result": {"total": 5000, "job_list": entries}, "status": "success"}
    stage.server.extras["/v1/job/list"] = Reply(200, answer)
    code, found = await stage.find("job 7")
    assert (code, len(found) > 0) == (ExitCode.UNREAD, True)
    assert "There are more than the 100 jobs that were read. Name one project" in stage.talk.getvalue()


def page_of(entries: list[dict[str, str]], request: Request) -> Reply:
    number = int(request.path.partition("page_index=")[2].partition("&")[0])
    return Reply(200, {"total": len(entries), "jobs": entries[number * 100 : number * 100 + 100]})


@pytest.mark.parametrize("what", HARM.values(), ids=HARM.keys())
async def test_find_says_why_it_found_nothing(stage: Stage, what: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CallKind, "time_limit", 0.5)
    stage.server.every_extra = what
    code, text = await stage.find(as_json=False)
    assert (code, text) == (ExitCode.UNREAD, "")
    assert stage.talk.getvalue().startswith("codearts-watch: ")
