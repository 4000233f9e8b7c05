"""The way through what happened: where the next press goes, whatever the cursor is on."""

import pytest

from tests.core.test_past_events import FAILED, job
from tests.support.builders import failure, job_id, moment, reading
from tui.core.board import Board
from tui.core.job import Job, JobId
from tui.core.past_events import Digest
from tui.core.reading import Moment, Status
from tui.ui.happened import Happened, way_through

A, B, C, D, E, F = (job_id(number) for number in range(1, 7))
ALL = (A, B, C, D, E, F)
SINCE: Moment = moment(0)


def walk(steps: str, way: list[JobId], cursor: JobId, shown: tuple[JobId, ...] = ALL) -> list[JobId | None]:
    """Where `n` and `N` go to, one after the other."""
    happened, went = Happened(SINCE), list[JobId | None]()
    for step in steps:
        job = happened.go_on(1 if step == "n" else -1, cursor, lambda: way, shown)
        went.append(job)
        cursor = job or cursor
    return went


def test_the_worst_is_first_and_every_marked_failure_and_problem_is_reached_once() -> None:
    digest = Digest(0, jobs=(D, A, B), urgent=(D, A))
    assert list(way_through(digest, [C, A], [A, C, E])) == [A, C, D, B, E]
    assert walk("nnnnnn", [A, C, D, B, E], cursor=D) == [A, C, D, B, E, A]


def test_the_cursor_is_not_where_the_way_begins() -> None:
    assert walk("nnn", [A, B, C], cursor=B) == [A, B, C]
    assert walk("nn", [A, B, C], cursor=A) == [B, C]


def test_back_goes_the_same_way_and_from_the_first_to_the_last() -> None:
    assert walk("nnNN", [A, B, C], cursor=F) == [A, B, A, C]
    assert walk("N", [A, B, C], cursor=F) == [C]


def test_what_has_no_row_is_passed_over() -> None:
    assert walk("nnn", [A, B, C], F, shown=(A, C)) == [A, C, A]
    assert walk("nn", [A, B], A, shown=(A,)) == [None, None]


def test_a_way_that_changes_while_it_is_gone_takes_effect_after_its_last_job() -> None:
    happened, ways = Happened(SINCE), iter([[A, B], [B, C], [C]])
    went = [happened.go_on(1, F, lambda: next(ways), ALL) for _ in range(4)]
    assert went == [A, B, B, C]


def test_what_happened_to_jobs_that_are_not_watched_any_more_is_not_listed() -> None:
    happened, board = Happened(SINCE), Board().watch([Job(A), Job(B)])
    failed = board.record([reading(A, Status.IDLE, 0), *(reading(A, failure(), at) for at in (100, 200, 300))])
    after = failed.record([reading(A, Status.IDLE, 400)])
    happened.look(failed, after, [A])
    assert happened.events([after.states[A]], moment(500))
    assert not happened.events([after.states[B]], moment(500))


def test_it_is_quiet_until_the_first_key_and_a_minute_after_the_last() -> None:
    happened = Happened(SINCE)
    assert happened.is_quiet(moment(1))
    happened.key(moment(1))
    assert not happened.is_quiet(moment(60))
    assert happened.is_quiet(moment(61))


def test_another_silence_begins_the_way_again() -> None:
    happened = Happened(SINCE)
    assert happened.go_on(1, F, lambda: [A, B], ALL) == A
    assert happened.key(moment(700))
    assert happened.go_on(1, F, lambda: [C], ALL) == C


def test_a_digest_that_was_not_closed_goes_on_over_the_next_silence() -> None:
    happened, states = Happened(SINCE), [job(1, (10, 300, FAILED))]
    assert happened.key(moment(700))
    assert not happened.key(moment(800))
    assert happened.key(moment(1500))
    found = happened.digest(states)
    assert found is not None
    assert found.jobs == (A,)
    happened.close_digest()
    assert happened.key(moment(3000))
    assert happened.digest(states) is None


@pytest.mark.parametrize("ended", [4000, 8000], ids=["after", "before"])
def test_the_digest_has_what_happened_before_and_after_the_clock_was_set_back_in_the_silence(ended: int) -> None:
    happened = Happened(moment(7200))
    happened.key(moment(7200))
    readings = [reading(A, status, at) for status, at in ((Status.RUNNING, ended - 100), (Status.IDLE, ended))]
    board = Board().watch([Job(A)]).record(readings)
    set_back = Moment(7200 + 1200, moment(7200 + 1200 - 3600).wall)
    assert happened.key(set_back)
    found = happened.digest(board.states.values())
    assert found
    assert found.jobs == (A,)
    assert happened.silent_since.by(set_back) == moment(7200 - 3600).wall
