"""What just changed is marked until somebody has looked at it."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.support.builders import DAY, after_setting, failure, job_id, moment, reading
from tests.support.screen_harness import Screen, screen
from tui.core.board import Board
from tui.core.condition import Condition
from tui.core.job import Job, JobId
from tui.core.reading import Failure, FailureKind, Moment, Status
from tui.core.remembered import LastSeen, Remembered, remember
from tui.core.run import Outcome, RunRecord
from tui.storage.screen_state import ScreenState
from tui.ui.board_state import BoardState
from tui.ui.happened import LONG_ENOUGH, LOOK_AROUND, QUIET, Unseen

A, B = job_id(1), job_id(2)
SOON, LATER = 100.0 + LONG_ENOUGH / 2, 100.0 + LONG_ENOUGH
RUNNING, IDLE = Status.RUNNING, Status.IDLE


@dataclass
class Watcher:
    """A board with two jobs, and what of it was not seen."""

    unseen: Unseen
    board: Board

    def read(self, job: JobId, status: Status, at: float) -> None:
        before, self.board = self.board, self.board.record([reading(job, status, at)])
        self.unseen.look(before, self.board, [job], moment(at))

    def learn(self, job: JobId, number: int, ended: float | None, at: Moment) -> None:
        """Learn at that moment of a run with that end; None if the service does not tell it."""
        end = None if ended is None else moment(ended).wall
        record = RunRecord(number, Outcome.PASSED, "", end, end, is_finished=True)
        before, self.board = self.board, self.board.learn(job, record)
        self.unseen.look(before, self.board, [job], at)


def watcher() -> Watcher:
    known = Watcher(Unseen(), Board().watch([Job(A), Job(B)]))
    for job in (A, B):
        known.read(job, RUNNING, 0)
    return known


def never(job: JobId) -> bool:
    return False


def test_the_first_reading_is_no_change_and_a_stop_is_one() -> None:
    known = watcher()
    assert not known.unseen.jobs
    known.read(A, IDLE, 100)
    known.read(A, IDLE, 101)
    assert list(known.unseen.jobs) == [A]


def test_a_key_counts_once_the_change_was_in_view_for_a_moment() -> None:
    known = watcher()
    known.read(A, IDLE, 100)
    assert not known.unseen.key([A], LATER, never)  # it was never in view
    known.unseen.show([A], 100)
    assert not known.unseen.key([A], SOON, never)
    assert not known.unseen.key([B], LATER, never)
    assert known.unseen.key([A], LATER, never) == {A}
    assert A not in known.unseen


def test_what_changed_once_more_must_be_in_view_for_a_moment_again() -> None:
    known = watcher()
    known.read(A, IDLE, 90)
    known.unseen.show([A], 90)
    known.read(A, RUNNING, 100)
    known.unseen.show([A], 100)
    assert not known.unseen.key([A], SOON, never)
    assert known.unseen.key([A], LATER, never)


def test_a_row_keeps_its_place_among_the_changed_ones_for_a_minute_after_it_was_seen() -> None:
    known = watcher()
    known.read(A, IDLE, 100)
    assert not known.unseen.is_held(A, 100)
    known.unseen.see(A, 200)
    assert known.unseen.is_held(A, 259)
    assert not known.unseen.is_held(A, 260)


def test_a_failed_build_stays_until_the_cursor_was_there() -> None:
    known = watcher()
    known.read(A, IDLE, 100)
    known.unseen.show([A], 100)
    assert not known.unseen.key([A], LATER, lambda job: job == A)
    assert known.unseen.see(A, 0)
    assert A not in known.unseen


def test_the_first_change_that_was_not_seen_says_since_when() -> None:
    known = watcher()
    assert known.unseen.since is None
    known.read(A, IDLE, 100)
    known.read(B, IDLE, 200)
    known.read(A, RUNNING, 300)
    assert known.unseen.since == moment(100)
    known.unseen.see(A, 301)
    assert known.unseen.since == moment(200)


def test_a_build_that_was_seen_to_stop_is_new_again_once_it_is_known_that_it_failed() -> None:
    known = watcher()
    known.read(A, IDLE, 100)
    known.unseen.see(A, 0)
    failed = RunRecord(7, Outcome.FAILED, "failure", moment(0).wall, moment(99).wall, is_finished=True)
    before, known.board = known.board, known.board.learn(A, failed)
    known.unseen.look(before, known.board, [A], moment(105))
    assert A in known.unseen
    known.unseen.keep([B])
    assert A not in known.unseen


def test_a_failed_build_that_was_seen_is_not_new_again_at_the_next_answer() -> None:
    known = watcher()
    known.read(A, IDLE, 100)
    failed = RunRecord(7, Outcome.FAILED, "failure", moment(0).wall, moment(99).wall, is_finished=True)
    known.board = known.board.learn(A, failed)
    known.unseen.see(A, 105)
    known.read(A, IDLE, 110)
    assert A not in known.unseen


OUTCOMES = (Outcome.PASSED, Outcome.FAILED)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("before", OUTCOMES)
def test_a_run_that_was_missed_is_new_whatever_became_of_it(before: Outcome, outcome: Outcome) -> None:
    seen = LastSeen(IDLE, 0, 0, 0, number=7, outcome=before)
    at_start = moment(5000)
    known = Watcher(Unseen(), remember(Board().watch([Job(A), Job(B)]), Remembered(seen={A: seen}), at_start))
    for job in (A, B):
        known.read(job, IDLE, 5001)
    assert not known.unseen.jobs
    ended = at_start.wall - timedelta(seconds=60)
    for job in (A, B):  # of the other one no run was known
        record = RunRecord(8, outcome, "", ended - timedelta(seconds=30), ended, is_finished=True)
        was, known.board = known.board, known.board.learn(job, record)
        known.unseen.look(was, known.board, [job], moment(5002))
    assert list(known.unseen.jobs) == [A]
    assert known.unseen.since == moment(4940)


@pytest.mark.parametrize(("ended", "since"), [(150, 150), (None, 200), (90, 200), (300, 200)])
def test_a_run_that_was_missed_counts_from_its_end_where_that_was_between_the_stop_and_now(
    ended: float | None, since: float
) -> None:
    known = watcher()
    known.read(A, IDLE, 100)
    known.learn(A, 7, 95, moment(105))
    known.unseen.see(A, 110)
    known.learn(A, 8, ended, moment(200))
    assert known.unseen.since == moment(since)


def test_a_run_that_was_missed_counts_from_its_end_also_once_the_clock_was_set_back() -> None:
    known = watcher()
    known.read(A, IDLE, 100)
    known.learn(A, 7, 95, moment(105))
    known.unseen.see(A, 110)
    now = after_setting(200, timedelta(hours=-1))
    known.learn(A, 8, 150 - 3600, now)
    assert known.unseen.since == Moment(150, moment(150 - 3600).wall)


def test_no_run_was_missed_where_only_the_number_of_the_last_one_was_not_known() -> None:
    known = watcher()
    known.read(A, IDLE, 100)
    known.unseen.see(A, 110)
    known.learn(A, 0, 95, moment(120))
    known.learn(A, 8, 95, moment(130))
    assert A not in known.unseen


def test_a_run_that_was_missed_of_a_job_that_gives_no_answer_counts_from_now() -> None:
    known = Watcher(Unseen(), Board().watch([Job(A)]).record([reading(A, failure(), 10)]))
    known.learn(A, 7, 50, moment(100))
    assert known.unseen.since is None
    known.learn(A, 8, 150, moment(200))
    assert known.unseen.since == moment(200)


def test_a_start_counts_from_when_it_was_seen_whatever_is_told_of_the_run_before() -> None:
    known = watcher()
    known.read(A, IDLE, 100)
    known.unseen.see(A, 110)
    known.learn(A, 7, 150, moment(200))
    known.read(A, RUNNING, 300)
    assert known.unseen.since == moment(300)


def test_what_changed_while_the_program_was_away_changed_since_the_last_answer_before() -> None:
    at = moment(100).wall.timestamp()
    board = remember(Board().watch([Job(A)]), Remembered(seen={A: LastSeen(IDLE, at, at, at)}), moment(5000))
    known = Watcher(Unseen(), board)
    known.read(A, RUNNING, 5001)
    assert known.unseen.since == moment(100)


def test_since_when_nothing_changed_is_said_only_while_answers_cover_that_time() -> None:
    known = BoardState(Board().watch([Job(A), Job(B)]), ScreenState(), moment(0), {}, lambda _: 15.0, lambda: [""])

    def read(job: JobId, outcome: Status | Failure, at: float) -> str:
        before = known.board
        known.record([reading(job, outcome, at)], lambda _: 15.0)
        known.unseen.look(before, known.board, [job], moment(at))
        known.show_all(moment(at))
        return known.quiet_since

    def text(at: float) -> str:
        return f"{moment(at).wall.astimezone():%H:%M}"

    assert known.quiet_since == ""
    assert read(A, IDLE, 60) == ""  # the other one is unread
    assert read(B, RUNNING, 70) == text(70)
    assert [read(job, status, 100) for job, status in ((A, IDLE), (B, RUNNING))] == [text(70)] * 2
    assert read(A, failure(), 120) == ""  # no answer at present
    assert read(A, IDLE, 130) == text(70)
    assert read(B, IDLE, 131) == ""  # a change that is marked
    known.unseen.see(B, 132)
    assert known.quiet_since == text(131)
    assert read(A, IDLE, 400) == ""  # the other one's answer is stale
    assert read(B, IDLE, 401) == text(401)  # nothing is known of the time between
    known.pause([A], moment(402))
    known.show_all(moment(402))
    assert known.quiet_since == ""


def test_after_a_start_nothing_changed_since_the_first_answer_counts() -> None:
    at = moment(490).wall.timestamp()
    board = remember(Board().watch([Job(A)]), Remembered(seen={A: LastSeen(IDLE, at, at, at)}), moment(500))
    known = BoardState(board, ScreenState(), moment(500), {}, lambda _: 15.0, lambda: [""])
    known.record([reading(A, IDLE, 501)], lambda _: 15.0)
    known.unseen.look(board, known.board, [A], moment(501))
    known.show_all(moment(501))
    assert known.quiet_since == f"{moment(501).wall.astimezone():%H:%M}"


def test_what_wants_attention_out_of_view_is_named_in_the_order_of_attention() -> None:
    names = ("no answer", "failed before", "changed", "in view", "new failure", "healthy")
    jobs = {name: job_id(number) for number, name in enumerate(names)}
    watched = [Job(job, name) for name, job in jobs.items()]
    known = BoardState(Board().watch(watched), ScreenState(), moment(0), {}, lambda _: 15.0, lambda: [""])
    first: dict[str, Status | Failure] = {**dict.fromkeys(names, IDLE), "no answer": failure(), "new failure": RUNNING}
    known.record([reading(jobs[name], outcome, 1) for name, outcome in first.items()], lambda _: 15.0)
    before = known.board
    then = {"changed": RUNNING, "in view": RUNNING, "new failure": IDLE}
    known.record([reading(jobs[name], status, 3) for name, status in then.items()], lambda _: 15.0)
    known.unseen.look(before, known.board, jobs.values(), moment(3))
    for name in ("failed before", "new failure"):
        known.learn(jobs[name], RunRecord(7, Outcome.FAILED, "failure", DAY, DAY, is_finished=True), None, 4)
    known.show_all(moment(4))
    assert list(known.out_of_view([jobs["in view"]]).items()) == [
        (jobs["new failure"], Condition.FAILED),
        (jobs["failed before"], Condition.FAILED),
        (jobs["changed"], None),
        (jobs["no answer"], Condition.NO_ANSWER),
    ]
    known.record([reading(jobs["failed before"], failure(), 90)], lambda _: 15.0)
    known.show_all(moment(100))
    marks = known.out_of_view(())
    assert marks[jobs["failed before"]] is Condition.NO_ANSWER  # as their rows
    assert marks[jobs["healthy"]] is Condition.STALE
    known.take_troubles({"": failure()})
    known.show_all(moment(100))
    explained = {jobs["no answer"], jobs["failed before"]}
    away = known.out_of_view(()).keys()
    assert away.isdisjoint(explained | {jobs["healthy"]})  # the banner says why, also of what is not asked
    known.take_troubles({"": failure(FailureKind.UNREACHABLE)})
    assert explained <= known.out_of_view(()).keys()  # it says something else


@pytest.mark.parametrize(("profiles", "named"), [(["a"], ""), (["a", "b"], "a")])
def test_a_row_names_its_profile_for_the_banner_only_where_there_are_several(profiles: list[str], named: str) -> None:
    board = Board().watch([Job(A)]).record([reading(A, failure(), 1)])
    known = BoardState(board, ScreenState(), moment(2), {}, lambda _: 15.0, lambda: profiles)
    assert known.row(A).explained_by is None
    known.take_troubles({"a": failure()})
    assert known.row(A).explained_by == named


def test_since_when_there_are_changes_is_said_by_the_clock_as_it_is_now() -> None:
    board = Board().watch([Job(A)]).record([reading(A, IDLE, 60)])
    known = BoardState(
        board.record([reading(A, RUNNING, 90)]), ScreenState(), moment(0), {}, lambda _: 15.0, lambda: [""]
    )
    known.unseen.look(board, known.board, [A], moment(90))
    now = after_setting(120, timedelta(hours=-3))
    known.show_all(now)
    assert known.changed_since == f"{moment(90).by(now).astimezone():%H:%M}"


def test_the_banner_is_new_where_its_cause_is() -> None:
    known = BoardState(Board().watch([Job(A)]), ScreenState(), moment(2), {}, lambda _: 15.0, lambda: ["a"])
    assert known.take_troubles({"a": failure()})
    assert not known.take_troubles({"a": failure(summary="In other words.")})
    assert known.take_troubles({"a": failure(FailureKind.UNREACHABLE)})


async def stop(shown: Screen, *jobs: JobId) -> None:
    shown.reader.outcomes |= dict.fromkeys(jobs, IDLE)
    shown.clock.ahead += 20
    await shown.ask_all()


async def test_a_row_that_changed_has_a_mark_and_the_header_counts_it_until_it_was_seen() -> None:
    async with screen(4, {job_id(n): RUNNING for n in range(1, 5)}) as shown:
        await stop(shown, job_id(2), job_id(3))
        await shown.until(lambda: "2 changed" in shown.lines[0])
        assert [line[1] for line in shown.lines[2:6]] == [" ", "✱", "✱", " "]
        record = RunRecord(8, Outcome.FAILED, "failure", DAY, DAY + timedelta(seconds=15), is_finished=True)
        shown.board.learned(job_id(3), record, None)
        await shown.settle()
        assert "✱ 2 changed" in shown.lines[0]
        shown.board.look.keep(shown.board.state.look._replace(filter="is:changed"))
        await shown.settle()
        assert "2 of 4 shown" in shown.lines[0]
        await shown.press("escape")
        shown.clock.ahead += LOOK_AROUND
        await shown.press("home")
        assert [line[1] for line in shown.lines[2:6]] == [" ", " ", "✱", " "]
        await shown.press("n")
        assert shown.cursor == job_id(3)
        assert "changed" not in shown.lines[0]
        assert [line[1] for line in shown.lines[2:6]] == [" "] * 4


async def test_the_first_keys_of_a_user_who_was_away_take_no_mark_from_a_row_but_that_which_they_go_to() -> None:
    async with screen(4, {job_id(n): RUNNING for n in range(1, 5)}) as shown:
        await shown.press("j")
        shown.clock.ahead += QUIET
        await stop(shown, job_id(2), job_id(3), job_id(4))
        await shown.until(lambda: "3 changed" in shown.lines[0])
        shown.clock.ahead += QUIET
        await shown.press("escape")
        shown.clock.ahead += LOOK_AROUND / 2
        await shown.press("j")
        assert [line[1] for line in shown.lines[2:6]] == [" ", "✱", " ", "✱"]
        shown.clock.ahead += LOOK_AROUND / 2
        await shown.press("escape")
        assert [line[1] for line in shown.lines[2:6]] == [" "] * 4


@pytest.mark.parametrize("gone_by", ["a filter", "another program"])
async def test_a_failure_that_comes_under_the_cursor_by_itself_is_seen_by_a_key_alone(gone_by: str) -> None:
    look = ScreenState(details=False, problems_only=gone_by == "a filter")
    async with screen(3, {A: failure(), B: RUNNING}, state=look) as shown:
        await shown.press("w", "w")
        shown.reader.outcomes[B] = IDLE  # also for the poller, which may read it meanwhile
        shown.board.record([reading(B, IDLE, 1)])
        shown.board.learned(B, RunRecord(7, Outcome.FAILED, "failure", DAY, DAY, is_finished=True), None)
        if gone_by == "a filter":
            shown.reader.outcomes[A] = IDLE
            shown.board.record([reading(A, IDLE, 2)])
        else:
            shown.store.remove((A,))
            await shown.board.reload()
        await shown.until(lambda: shown.cursor == B)
        await shown.settle()
        assert shown.lines[2].startswith("›✱● failed")
        shown.clock.ahead += LOOK_AROUND
        await shown.press("w")
        assert shown.lines[2].startswith("› ● failed")


async def test_a_row_that_was_not_read_yet_has_no_mark_and_gets_it_with_its_first_answer() -> None:
    before = RunRecord(7, Outcome.PASSED, "success", moment(-900).wall, moment(-800).wall, is_finished=True)
    after = before._replace(number=8, outcome=Outcome.FAILED)
    known = Board().watch([Job(A)])
    states = {A: known.states[A].record(reading(A, IDLE, 0)).learn(before)._replace(is_remembered=True)}
    known, unseen = known._replace(states=states), Unseen()
    learned = known.learn(A, after)
    unseen.look(known, learned, [A], moment(5))
    assert not unseen.jobs
    failing = learned.record([reading(A, failure(), 6)])
    unseen.look(learned, failing, [A], moment(6))
    assert not unseen.jobs
    answered = failing.record([reading(A, IDLE, 10)])
    unseen.look(failing, answered, [A], moment(10))
    assert list(unseen.jobs) == [A]
    unseen.look(answered, answered, [A], moment(11))
    assert list(unseen.jobs) == [A]
