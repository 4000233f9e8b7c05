"""`history`: what was observed and what the service recorded, each run once."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.command_terminal import CommandTerminal
from tests.support.contract_extras import TRUTHS, build_state, tell
from tests.support.contract_server import TOKEN, ContractServer, Reply, Request, Script, refusal
from tests.support.user_home import User
from tui.clock import now
from tui.commands import history
from tui.commands.output import ExitCode
from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.core.observed_run import Between, ObservedRun
from tui.core.reading import Moment
from tui.core.remembered import Notes
from tui.core.run import Outcome
from tui.storage.history_file import HistoryFile
from tui.storage.watchlist import WatchlistFile

ONE, TWO = (JobId(truth.id) for truth in TRUTHS[:2])
BEGAN, ENDED = TRUTHS[0].began.timestamp(), TRUTHS[0].ended.timestamp()


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    WatchlistFile(tmp_path / "watchlist.toml").add([Job(ONE, "payments"), Job(TWO)])
    file = HistoryFile(tmp_path / "state/codearts-watch/history.db", now)
    present = now().wall.timestamp()
    runs = (
        ObservedRun(ONE, Between(BEGAN - 9, BEGAN + 6), ENDED - 9, Between(ENDED - 9, ENDED + 6), interval=15),
        ObservedRun(TWO, Between(None, present - 500), present - 100, Between(present - 100, present - 90)),
        ObservedRun(ONE, Between(present - 60, present - 50), present - 10),
    )
    file.write(Notes(runs))
    file.close()
    return User(tmp_path)


@pytest.fixture
def server(user: User) -> Iterator[ContractServer]:
    with ContractServer({}) as server:
        tell(server, TRUTHS)
        user.environ = {"CODEARTS_ENDPOINT": server.url, "CODEARTS_TOKEN": TOKEN}
        yield server


def listed(user: User, capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, Any]:
    context = user.context(*argv)
    code = history.run(context, context.flags)
    text = capsys.readouterr().out
    return code, json.loads(text) if "--json" in argv else text.splitlines()


def test_a_run_that_was_observed_and_recorded_is_one_with_the_times_of_both(
    user: User, server: ContractServer, capsys: pytest.CaptureFixture[str]
) -> None:
    code, runs = listed(user, capsys, "history", "--json")
    assert code is ExitCode.DONE
    assert [(run["number"], run["outcome"], run["source"]) for run in runs] == [
        (12, "failed", "service"),
        (11, "passed", "both"),
        (None, "unknown", "observed"),
        (None, "unknown", "observed"),
    ]
    assert runs[1] == {
        "id": ONE,
        "label": "payments",
        "number": 11,
        "outcome": "passed",
        "outcome_as_sent": "SUCCESS",
        "start": {"after": "2026-11-23T11:59:51.000Z", "by": "2026-11-23T12:00:06.000Z"},
        "end": {"after": "2026-11-23T12:01:21.000Z", "by": "2026-11-23T12:01:36.000Z"},
        "started_at": "2026-11-23T12:00:00.000Z",
        "ended_at": None,
        "duration_s": {"least": 75.0, "most": 105.0},
        "source": "both",
    }
    assert (runs[0]["start"], runs[0]["duration_s"]) == (None, None)
    assert (runs[3]["end"], runs[3]["duration_s"]) == (None, None)
    assert all("/record/" in request.path for request in server.requests)
    assert len(server.requests) == 2


def test_how_long_a_build_took_is_printed_as_the_service_says_and_not_rounded(
    user: User, server: ContractServer, capsys: pytest.CaptureFixture[str]
) -> None:
    units = {server.url: {"build_time": "SECONDS", "cost_time": "SECONDS"}}
    (user.home / "state/codearts-watch/units.json").write_text(json.dumps(units))
    tell(server, [TRUTHS[1]._replace(seconds=68)])
    _, lines = listed(user, capsys, "history", TWO)
    assert "1m08s" in lines[0]


def test_a_person_sees_how_far_it_is_with_asking_and_no_trace_of_that_is_left(
    user: User, server: ContractServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = CommandTerminal()
    monkeypatch.setattr("sys.stderr", talk)
    monkeypatch.setenv("TERM", "xterm")
    listed(user, capsys, "history")
    assert [part for part in talk.getvalue().split("\r\x1b[K") if part] == [
        "asking the service",
        "asking the service about job 1 of 2",
        "asking the service about job 2 of 2",
    ]
    assert talk.getvalue().endswith("\r\x1b[K")


def test_on_a_terminal_each_run_of_a_job_with_a_long_name_is_one_line_and_in_a_pipe_its_name_is_whole(
    user: User, server: ContractServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"payments-platform-billing-{region}-nightly-build" for region in ("eu", "us")]
    (user.home / "watchlist.toml").unlink()
    WatchlistFile(user.home / "watchlist.toml").add([Job(ONE, names[0]), Job(TWO, names[1])])
    terminal = CommandTerminal()
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", terminal)
        listed(user, capsys, "history")
    lines = terminal.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert {line.strip() for line in lines if line.startswith(" ")} == {"not observed"}
    assert all(name not in line and "…" in line for name in names for line in lines if "billing" in line)
    _, piped = listed(user, capsys, "history", "--status-only")
    assert all(any(name in line for line in piped) for name in names)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ((), "No run of these jobs is known yet."),
        (("--since", "1h"), "No run since then is known."),
        (("--json",), ""),
    ],
)
def test_a_person_is_told_that_there_is_no_run_and_a_pipe_is_not(
    user: User, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], said: str
) -> None:
    context = user.context("--status-only", "history", "f" * 32, *argv)
    assert history.run(context, context.flags) is ExitCode.DONE
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stdout", CommandTerminal())
    assert history.run(context, context.flags) is ExitCode.DONE
    assert capsys.readouterr().err.removeprefix("codearts-watch: ").strip() == said
    context = user.context("--status-only", "history", *argv)
    assert history.run(context, context.flags) is ExitCode.DONE
    assert capsys.readouterr().err == ""


def test_with_status_only_nothing_is_asked_and_the_limits_count(
    user: User, server: ContractServer, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = listed(user, capsys, "--status-only", "history")
    assert (code, len(lines)) == (ExitCode.DONE, 3)
    assert "payments" in lines[0]
    assert "was running" in lines[2]
    assert len(listed(user, capsys, "--status-only", "history", "--since", "1h")[1]) == 2
    (last,) = listed(user, capsys, "--status-only", "history", "--limit", "1")[1]
    assert last.split() == lines[2].split()
    assert len(listed(user, capsys, "--status-only", "history", TWO)[1]) == 1
    assert server.requests == []


def test_what_was_observed_is_printed_where_the_service_refuses(
    user: User, server: ContractServer, capsys: pytest.CaptureFixture[str]
) -> None:
    user.environ["CODEARTS_TOKEN"] = "expired-token-of-yesterday"
    context = user.context("history")
    assert history.run(context, context.flags) is ExitCode.NOT_SIGNED_IN
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 3
    assert "2 of 2 jobs: only what was observed is listed." in told.err


def test_each_reason_why_the_service_told_nothing_is_said_with_its_jobs(
    user: User, server: ContractServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.extras[f"/v1/record/{ONE}/list"] = refusal(422, "CB.00031006")
    server.extras[f"/v1/record/{TWO}/list"] = refusal(500, "CB.00060101")
    context = user.context("history")
    assert history.run(context, context.flags) is ExitCode.UNREAD
    first, one, two = capsys.readouterr().err.splitlines()
    assert first == "codearts-watch: 2 of 2 jobs: only what was observed is listed."
    assert one.startswith("codearts-watch: payments: There is no such job (HTTP 422, ")
    assert two.startswith(f"codearts-watch: {TWO[:8]}: The service has an internal error (HTTP 500, ")


def test_a_file_that_is_none_is_an_error_and_no_file_is_an_empty_history(
    user: User, capsys: pytest.CaptureFixture[str]
) -> None:
    path = user.home / "state/codearts-watch/history.db"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(UserError, match="cannot be read"):
        listed(user, capsys, "--status-only", "history")
    path.unlink()
    assert listed(user, capsys, "--status-only", "history", "--json") == (ExitCode.DONE, [])


def test_outcomes_that_were_written_are_there_without_the_service(
    user: User, capsys: pytest.CaptureFixture[str]
) -> None:
    file = HistoryFile(user.home / "state/codearts-watch/history.db", now)
    moment = now().wall.timestamp() - 30
    late = ObservedRun(TWO, Between(moment - 20, moment - 15), moment - 5, Between(moment - 5, moment), number=88)
    file.write(Notes((late._replace(outcome=Outcome.FAILED, outcome_as_sent="FAILURE"),)))
    file.close()
    _, (run,) = listed(user, capsys, "--status-only", "history", TWO, "--since", "1m", "--json")
    assert (run["number"], run["outcome"], run["outcome_as_sent"], run["label"]) == (88, "failed", "FAILURE", "")


def test_many_runs_are_listed_by_their_starts_and_the_last_ones_say_how_many_there_are(
    user: User, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    noon = now().wall.timestamp() - 3600
    runs = [
        ObservedRun(TWO, Between(at - 5, at), at + 25, Between(at + 25, at + 30), number=number)
        for number, at in enumerate(range(int(noon), int(noon) + 3000, 100), 1)
    ]
    long = ObservedRun(ONE, Between(noon + 2200, noon + 2205), noon + 3000, Between(noon + 3000, noon + 3005))
    unseen = ObservedRun(ONE, Between(None, noon + 3100), noon + 3100, Between(noon + 3100, noon + 3110))
    file = HistoryFile(user.home / "state/codearts-watch/history.db", now)
    file.write(Notes((*runs, long, unseen)))
    file.close()
    context = user.context("--status-only", "history")
    assert history.run(context, context.flags) is ExitCode.DONE
    told = capsys.readouterr()
    head, *lines = told.out.splitlines()
    assert head.startswith("START")
    assert len(lines) == history.LIMIT
    (long_line,) = (at for at, line in enumerate(lines) if "≈13m" in line)
    assert ("#23" in lines[long_line - 1], "#24" in lines[long_line + 1]) == (True, True)
    assert "before" in told.out
    assert "0s+" not in told.out
    assert "These are the last 20 of 35 runs: --limit 35 prints all." in told.err


def test_the_last_builds_are_printed_also_where_the_service_sends_no_times(
    user: User, server: ContractServer, capsys: pytest.CaptureFixture[str]
) -> None:
    states = [{"number": number, "state": "SUCCESS", "start_time": "yesterday"} for number in (90, 89, 88)]
    listing = {"status": "success", "result": {"total_record": "3", "job_build_states": states}}
    server.extras[f"/v1/record/{TWO}/list"] = Reply(200, listing)
    assert [one["number"] for one in listed(user, capsys, "history", TWO, "--json")[1]] == [88, 89, 90, None]
    user.environ["CODEARTS_TOKEN"] = TOKEN  # each run takes it out
    context = user.context("history", TWO, "--since", "1h")
    history.run(context, context.flags)
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 1
    assert "3 builds are left out: the service does not say when they ran." in told.err


@pytest.mark.parametrize("days", [-20_000, -40, -5, 40, 5_000])
def test_on_a_host_whose_clock_is_days_off_the_builds_are_found_and_told_by_that_clock(
    user: User, server: ContractServer, capsys: pytest.CaptureFixture[str], days: int
) -> None:
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    older, truth = (TRUTHS[2]._replace(number=13 - past, began=began - timedelta(days=past)) for past in (8, 0))
    WatchlistFile(user.home / "watchlist.toml").add([Job(JobId(truth.id))])
    tell(server, [truth])

    def of_these_days(request: Request) -> Script:
        asked = parse_qs(urlsplit(request.path).query)
        since, until = (asked[name][0] for name in ("start_time", "end_time"))
        builds = [one for one in (truth, older) if since <= f"{one.began:%Y-%m-%d %H:%M:%S}" < until]
        shown = [build_state(one) for one in builds]
        return Reply(200, {"status": "success", "result": {"total_record": str(len(shown)), "job_build_states": shown}})

    server.extras[f"/v1/record/{truth.id}/list"] = of_these_days
    user.now = lambda: Moment(now().at, now().wall + timedelta(days=days))
    code, (run,) = listed(user, capsys, "history", truth.id, "--since", "3h", "--json")
    assert (code, run["number"], run["outcome"]) == (ExitCode.DONE, 13, "failed")
    told = datetime.fromisoformat(run["started_at"]) - timedelta(days=days)
    assert abs(told - began) < timedelta(minutes=1)
