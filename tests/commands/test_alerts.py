"""The command of the alerts: for starts and stops, few at a time, never for long."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.builders import failure, job_id, reading, state
from tests.support.long_run import by_length
from tui.alerts import Alerts, filled, values_of_alert, values_of_change
from tui.core.alert_policy import ALERT_FIELDS, AlertOn, Happening
from tui.core.board import Board, JobState
from tui.core.job import Job
from tui.core.reading import Failure, FailureKind, Status
from tui.core.transitions import Change, Event, changes_of, deserves_alert
from tui.processes import Ended

IDLE, RUNNING = Status.IDLE, Status.RUNNING
DNS, GATEWAY = failure(FailureKind.DNS), failure(FailureKind.GATEWAY_ERROR)
OUTCOMES = st.lists(st.sampled_from([IDLE, RUNNING, DNS, GATEWAY]), max_size=15)


def told(*outcomes: Status | Failure) -> list[Event]:
    """What is told when these readings come one by one."""
    known, found = state(), []
    for at, outcome in enumerate(outcomes, 1):
        after = known.record(reading(known.job.id, outcome, at))
        found += [change.event for change in changes_of(known, after)]
        known = after
    return found


def change(event: Event, label: str = "web") -> Change:
    outcome = RUNNING if event is Event.STARTED else IDLE
    found = reading(job_id(1), outcome, 2.0)
    known = state((IDLE if outcome is RUNNING else RUNNING, 1.0), (outcome, 2.0))
    return Change(Job(job_id(1), label), event, found, known.transitions[-1])


def test_starts_stops_and_changes_of_failure() -> None:
    assert told(IDLE, IDLE, RUNNING, RUNNING, IDLE) == [Event.PRESENT, Event.STARTED, Event.STOPPED]
    assert told(DNS, DNS, GATEWAY, IDLE) == [Event.PRESENT, Event.NO_ANSWER, Event.READABLE]
    assert told(IDLE, DNS, RUNNING, DNS) == [Event.PRESENT, Event.NO_ANSWER, Event.STARTED, Event.NO_ANSWER]


@settings(max_examples=by_length(15, 60))
@given(OUTCOMES, OUTCOMES)
def test_no_transition_is_lost_between_two_boards(
    before: list[Status | Failure], between: list[Status | Failure]
) -> None:
    readings = [reading(job_id(1), outcome, at) for at, outcome in enumerate([*before, *between], 1)]
    board = Board({job_id(1): JobState(Job(job_id(1)))}).record(readings[: len(before)])
    first, second = board.states[job_id(1)], board.record(readings[len(before) :]).states[job_id(1)]
    seen = [event for event in told(*before, *between) if event in (Event.STARTED, Event.STOPPED)]
    already = [event for event in told(*before) if event in (Event.STARTED, Event.STOPPED)]
    found = [change.event for change in changes_of(first, second) if deserves_alert(change)]
    assert already + found == seen


def test_a_failure_deserves_no_alert() -> None:
    assert [event for event in Event if deserves_alert(change(event))] == [Event.STARTED, Event.STOPPED]


def test_the_job_is_put_into_the_arguments() -> None:
    arguments = ["x", "{label}:{change}", "{id}{id}", "{status}", "{profile}", "{}", "{label!r}", "{other}", "{{id}}"]
    assert filled(arguments, values_of_change(change(Event.STOPPED, "{id} \x1b"), "prod")) == [
        "x",
        "{id} \N{REPLACEMENT CHARACTER}:stopped",
        job_id(1) * 2,
        "idle",
        "prod",
        "{}",
        "{label!r}",
        "{other}",
        f"{{{job_id(1)}}}",
    ]
    assert filled(["{label}"], values_of_change(change(Event.STARTED, ""), "")) == ["00000000"]


def test_one_alert_tells_all_of_one_job_and_of_several_what_they_have_in_common() -> None:
    failed = Happening(
        job_id(1), "web\x1b", AlertOn.FAILED, 0, outcome="failed", number=88, branch="main\x1b", step="Sign\x1b"
    )
    assert values_of_alert([failed], lambda job: "prod\x1b") == {
        "id": job_id(1), "label": "web\ufffd", "status": "idle", "change": "failed", "profile": "prod\ufffd",
        "outcome": "failed", "number": "88", "branch": "main\ufffd", "step": "Sign\ufffd", "count": "1",
    }  # fmt: skip
    for kind, status in (
        (AlertOn.STARTED, "running"),
        (AlertOn.LONGER_THAN_USUAL, "running"),
        (AlertOn.NO_ANSWER, "unknown"),
        (AlertOn.STOPPED, "idle"),
    ):
        values = values_of_alert([Happening(job_id(1), "web", kind, 0)], lambda job: "")
        assert (values["status"], values["change"], values["number"]) == (status, kind, "")
    two = [failed, failed._replace(job=job_id(2))]
    assert values_of_alert(two, lambda job: job) == dict.fromkeys(ALERT_FIELDS, "") | {
        "label": "2 jobs", "change": "2 failed", "count": "2"
    }  # fmt: skip
    assert values_of_alert(two, lambda job: "prod")["profile"] == "prod"


async def arrived(tmp_path: Path, command: list[str], label: str) -> list[str]:
    """The arguments and the environment that a command of the alerts gets for a job with this label."""
    got = tmp_path / "got"
    program = (
        f"import os, sys; names = ('ID', 'LABEL', 'STATUS', 'CHANGE', 'PROFILE'); given = sys.argv[1:] + "
        f"[os.environ['CODEARTS_' + name] for name in names]; open({str(got)!r}, 'w').write('\\n'.join(given))"
    )
    alerts = Alerts([sys.executable, "-c", program, *command], lambda sentence: None)
    alerts.tell(change(Event.STOPPED, label), "prod")
    await alerts.finish(20)
    return got.read_text().split("\n")


@pytest.mark.parametrize(
    ("command", "label", "arguments"),
    [
        (["{label}"], "--exec=evil", [" --exec=evil"]),
        (["-t", "{label} {change}"], "-x", ["-t", " -x stopped"]),
        (["-d", "{label}"], "@/etc/passwd", ["-d", " @/etc/passwd"]),
        (["--", "{label}"], "--exec=evil", ["--", "--exec=evil"]),
        (["{label}", "{label}"], "--", [" --", " --"]),
        (["--name={label}", "-n{label}"], "-x", ["--name=-x", "-n-x"]),
    ],
)
async def test_a_label_never_becomes_an_option(
    tmp_path: Path, command: list[str], label: str, arguments: list[str]
) -> None:
    assert (await arrived(tmp_path, command, label))[:-5] == arguments


async def test_the_command_has_the_job_in_its_environment_exactly(tmp_path: Path) -> None:
    assert await arrived(tmp_path, [], "--exec=$(evil) `x`") == [
        *(job_id(1), "--exec=$(evil) `x`", "idle", "stopped", "prod")
    ]


async def test_a_shell_that_reads_the_environment_runs_no_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["sh", "-c", 'printf %s "$CODEARTS_LABEL" > said']
    label = '"; touch evil; $(touch evil) `touch evil`'
    alerts = Alerts(command, lambda sentence: None)
    alerts.tell(change(Event.STOPPED, label))
    await alerts.finish(20)
    assert not (tmp_path / "evil").exists()
    assert (tmp_path / "said").read_text() == label


async def test_no_more_run_at_once_than_may(monkeypatch: pytest.MonkeyPatch) -> None:
    running: set[object] = set()
    seen: list[int] = []

    async def run(command: list[str], limit: float, more: dict[str, str]) -> Ended:
        running.add(asyncio.current_task())
        seen.append(len(running))
        await asyncio.sleep(0)
        running.remove(asyncio.current_task())
        return Ended(0)

    monkeypatch.setattr("tui.alerts.run", run)
    alerts = Alerts(["notify"], lambda sentence: None, at_once=2)
    for _ in range(4):
        alerts.tell(change(Event.STOPPED))
    await alerts.finish(20)
    assert (len(seen), max(seen)) == (4, 2)


async def test_those_that_do_not_end_are_stopped_and_that_is_said_once(tmp_path: Path) -> None:
    said: list[str] = []
    command = ["sh", "-c", f": > {tmp_path}/$$; exec sleep 60"]
    alerts = Alerts(command, said.append, time_limit=0.5)
    for _ in range(2):
        alerts.tell(change(Event.STOPPED))
    await alerts.finish(20)
    assert not any(map(_is_alive, _started(tmp_path)))
    assert said == ["The command of [alerts], sh, did not end within 0.5 seconds and was stopped."]


async def test_every_way_to_fail_is_said_once() -> None:
    said: list[str] = []
    for command in (
        ["/no/such/program"],
        ["a\0b"],
        ["sh", "-c", "exit 3"],
        ["sh", "-c", "kill -9 $$"],
        ["sh", "-c", "exit 0"],
    ):
        alerts = Alerts(command, said.append)
        for _ in range(3):
            alerts.tell(change(Event.STARTED))
        await alerts.finish(20)
    assert said == [
        "The command of [alerts], /no/such/program, cannot be run: No such file or directory.",
        "The command of [alerts], a\N{REPLACEMENT CHARACTER}b, cannot be run: invalid argument.",
        "The command of [alerts], sh, ended with exit status 3.",
        "The command of [alerts], sh, was ended by signal 9.",
    ]


async def test_a_storm_is_bounded() -> None:
    said: list[str] = []
    alerts = Alerts(["sleep", "60"], said.append)
    for _ in range(1000):
        alerts.tell(change(Event.STARTED))
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) <= 210
    await alerts.finish(0)
    assert len(asyncio.all_tasks()) == 1
    assert said == [
        (
            "The command of [alerts], sleep, is too slow: "
            "more than 200 changes wait for it, and those that come now are left out."
        )
    ]


async def test_without_a_command_or_a_start_or_stop_nothing_happens() -> None:
    for command, event in (([], Event.STARTED), (["true"], Event.NO_ANSWER)):
        alerts = Alerts(command, lambda sentence: None)
        alerts.tell(change(event))
        assert len(asyncio.all_tasks()) == 1
        await alerts.finish(0)


def _started(folder: Path) -> list[int]:
    return [int(path.name) for path in folder.iterdir()]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
