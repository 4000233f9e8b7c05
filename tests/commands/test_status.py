"""One round: who is asked, how often, and what the exit code and the JSON say."""

import json
from typing import Any

import pytest

from tests.support.builders import DAY, job_id
from tests.support.command_stage import Stage, jobs, now
from tests.support.quota import Room
from tests.support.scripted_reader import failed
from tests.support.virtual_time import run
from tui.commands.output import ExitCode
from tui.commands.render import advice, aligned
from tui.commands.session import one_shot
from tui.commands.status import status
from tui.core.job import Job, JobId
from tui.core.reading import Failure, FailureKind, Status
from tui.polling.policy import Policy

PASSING = [FailureKind.THROTTLED, FailureKind.SERVER_ERROR, FailureKind.UNREACHABLE, FailureKind.NOT_FOUND]


def read(stage: Stage, watched: list[Job]) -> tuple[ExitCode, Any]:
    """The exit code and the document."""
    code = run(status(stage.session(), watched, as_json=True))
    assert stage.closed
    return code, json.loads(stage.data.getvalue())


def test_status_json_has_each_member_of_a_status_and_of_a_failure() -> None:
    refused = Failure(FailureKind.NOT_FOUND, "There is no such job.", "CB.00031006", "The job does not exist.")
    stage = Stage(lambda job, at: refused if job == job_id(2) else Status.RUNNING, latency=0.25)
    watched = [Job(job_id(1), "每日 one", ("a", "b"), "prod"), Job(job_id(2))]
    code, (first, second) = read(stage, watched)
    assert code is ExitCode.UNREAD
    assert first.pop("read_at").startswith("2026-11-23T12:16:40.")
    assert 250 <= first.pop("latency_ms") <= 260
    assert first == {
        "id": job_id(1),
        "label": "每日 one",
        "tags": ["a", "b"],
        "profile": "prod",
        "status": "running",
        "failure": None,
    }
    assert (second["status"], second["label"], second["profile"]) == (None, "", "prod")
    assert second["failure"] == {
        "kind": "not found",
        "code": "CB.00031006",
        "message": "The job does not exist.",
        "http_status": 502,
        "request_id": "c0ffee",
    }


def test_five_hundred_jobs_in_their_order_each_asked_once_within_the_burst() -> None:
    stage = Stage(lambda job, at: Status.RUNNING if int(job, 16) % 2 else Status.IDLE)
    code, document = read(stage, jobs(500))
    assert code is ExitCode.DONE
    assert [one["id"] for one in document] == [job.id for job in jobs(500)]
    assert [one["status"] for one in document[:2]] == ["running", "idle"]
    assert len(stage.asked) == 500
    assert 9.9 < stage.asked[-1][1] < 11


def test_slow_jobs_are_not_asked_again_while_others_are_waited_for() -> None:
    stage = Stage(latency=14.0)
    assert len(read(stage, jobs(30))[1]) == 30
    assert len(stage.asked) == 30


def test_a_lower_rate_in_the_settings_lowers_the_burst() -> None:
    assert one_shot(Policy(requests_per_second=5)).requests_per_second == 50
    assert one_shot(Policy(requests_per_second=0.2)).requests_per_second == 2
    assert one_shot(Policy(requests_per_second=80)).requests_per_second == 80


@pytest.mark.parametrize("kind", PASSING)
def test_a_job_that_cannot_be_read_is_not_asked_again_and_the_others_are_read(kind: FailureKind) -> None:
    stage = Stage(lambda job, at: failed(kind) if job == job_id(3) else Status.IDLE)
    code, document = read(stage, jobs(5))
    assert code is ExitCode.UNREAD
    assert [one["status"] for one in document] == ["idle", "idle", None, "idle", "idle"]
    assert document[2]["failure"]["message"] == f"it failed: {kind}"
    assert len(stage.asked) == 5


def test_a_refused_credential_is_not_sent_for_every_job() -> None:
    stage = Stage(lambda job, at: failed(FailureKind.SIGN_IN))
    code, document = read(stage, jobs(200))
    assert code is ExitCode.NOT_SIGNED_IN
    assert len(stage.asked) < 12
    assert {one["failure"]["kind"] for one in document} == {"sign-in refused"}
    assert document[-1]["read_at"] is document[-1]["latency_ms"] is None
    assert "Correct the sign-in" in stage.talk.getvalue()


def test_a_service_that_asks_for_a_long_pause_is_not_waited_for() -> None:
    def answer(job: JobId, at: float) -> Status | Failure:
        return Status.IDLE if at < 1 else failed(FailureKind.THROTTLED, retry_after=1800)

    stage = Stage(answer)
    code, document = read(stage, jobs(100))
    assert code is ExitCode.UNREAD
    assert document[0]["status"] == "idle"
    assert document[-1]["failure"]["kind"] == "throttled"
    assert stage.asked[-1][1] < 2


def test_a_long_pause_that_another_instance_was_told_of_is_said_and_not_taken_for_a_missing_sign_in() -> None:
    stage = Stage()

    async def paused() -> ExitCode:
        room = Room(lambda: now().at)
        room.refuse(1800)
        stage.peers = room.peers()
        return await status(stage.session(), jobs(2), as_json=False)

    assert run(paused()) is ExitCode.UNREAD
    assert stage.asked == []
    assert [line.split("  ")[-1] for line in stage.lines] == ["throttled"] * 2
    assert stage.talk.getvalue() == "codearts-watch: 2 jobs: The service asked for a pause. Try again in 30 min.\n"


def test_a_short_pause_is() -> None:
    stage = Stage(lambda job, at: failed(FailureKind.THROTTLED, retry_after=20) if 0.5 < at < 0.6 else Status.IDLE)
    code, document = read(stage, jobs(100))
    assert code is ExitCode.UNREAD
    assert sum(one["status"] is None for one in document) < 10
    assert 20 < stage.asked[-1][1] < 40


def test_a_round_that_takes_minutes_says_so_once() -> None:
    stage = Stage(policy=Policy(requests_per_second=0.05))
    code, _ = read(stage, jobs(100))
    assert code is ExitCode.DONE
    assert stage.talk.getvalue() == "codearts-watch: 95 jobs are still to be read: about 3 min within the budget.\n"
    quick = Stage(policy=Policy(requests_per_second=0.5))
    read(quick, jobs(100))
    assert quick.talk.getvalue() == ""


def test_lines_have_columns_and_nothing_hangs_on() -> None:
    stage = Stage(lambda job, at: failed(FailureKind.DNS) if job == job_id(2) else Status.RUNNING)
    watched = [Job(job_id(1), "每日报表", ("x",)), Job(job_id(2), "b"), Job(job_id(3))]
    assert run(status(stage.session(), watched, as_json=False)) is ExitCode.UNREAD
    assert stage.lines == [
        f"running    {job_id(1)}  每日报表  x  prod",
        f"no answer  {job_id(2)}  b            prod  name not found",
        f"running    {job_id(3)}               prod",
    ]
    assert stage.talk.getvalue().startswith("codearts-watch: b: it failed: name not found Check the spelling")


def test_a_reason_that_holds_for_many_jobs_is_said_once() -> None:
    stage = Stage(lambda job, at: failed(FailureKind.SIGN_IN))
    assert run(status(stage.session(), jobs(27), as_json=False)) is ExitCode.NOT_SIGNED_IN
    assert len(stage.lines) == 27
    assert all(line.endswith("  sign-in refused") for line in stage.lines)
    said = stage.talk.getvalue()
    assert (
        said == "codearts-watch: 27 jobs: it failed: sign-in refused Correct the sign-in, or give another credential.\n"
    )


def test_a_command_that_ends_does_not_say_that_iam_is_asked_again() -> None:
    told = Failure(FailureKind.NO_TOKEN, "IAM gives no token now (HTTP 503).").asked_again(DAY)
    assert told.summary == "IAM gives no token now (HTTP 503). It is asked again at 12:00:00."
    assert advice(told) == "IAM gives no token now (HTTP 503). Try again in a minute."


def test_the_advice_of_a_command_that_ends_is_not_to_wait_for_it() -> None:
    for kind in FailureKind:
        assert "Nothing to do" not in advice(failed(kind))


@pytest.mark.parametrize(
    ("seconds", "when"), [(None, "a minute"), (5, "a minute"), (61, "2 min"), (3600, "60 min"), (1e30, "60 min")]
)
def test_a_pause_that_the_service_asked_for_is_named_in_minutes(seconds: float | None, when: str) -> None:
    assert advice(failed(FailureKind.THROTTLED, retry_after=seconds)).endswith(f" Try again in {when}.")


@pytest.mark.parametrize(
    ("label", "cells"),
    [("ที่นี่", 2), ("नि", 1), ("हिन्दी", 3), ("1️⃣ first", 8), ("👍🏽 ok", 5), ("❤️", 2), ("e\u0301", 1), ("每日", 4)],
)
def test_columns_are_counted_in_cells(label: str, cells: int) -> None:
    wide, narrow = aligned([(label, "|"), ("x", "|")], ())
    assert narrow.index("|") == max(cells, 1) + 2
    assert wide == label + " " * (max(cells, 1) + 2 - cells) + "|"


def test_columns_without_text_are_left_out() -> None:
    assert aligned([("a", "", "b"), ("每", "", "")], ("X", "Y", "Z")) == ["X   Z", "a   b", "每"]
    assert aligned([], ("X",)) == []
