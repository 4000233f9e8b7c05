"""The rows stand where they belong, whatever was read and however much time has passed."""

from collections.abc import Sequence

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.core.test_past_events import run
from tests.support.builders import failure, job_id, moment, reading
from tui.core.board import Board
from tui.core.job import Job, JobId, ServiceName
from tui.core.reading import Failure, Status
from tui.core.run import Outcome
from tui.storage.screen_state import ScreenState
from tui.terminal.capabilities import UNICODE
from tui.ui.board_state import BoardState
from tui.ui.columns import SORTS, columns, sorts

ORDERS = sorts(columns(UNICODE))
JOBS = [Job(job_id(number), f"job {number}", ("web",) if number % 2 else ()) for number in range(6)]
OUTCOMES: list[Status | Failure] = [Status.RUNNING, Status.IDLE, failure()]
READ = st.dictionaries(st.sampled_from([job.id for job in JOBS]), st.sampled_from(OUTCOMES), max_size=3)
Steps = Sequence[tuple[float, dict[str, Status | Failure]]]


def shown(look: ScreenState) -> BoardState:
    """Six jobs on a screen that has too few rows for them; each ran for 100 seconds before."""
    board = Board().watch(JOBS)
    state = BoardState(board, ScreenState(), moment(0), ORDERS, lambda _: 100.0, lambda: [""])
    known = {
        job.id: state.board.states[job.id]._replace(runs=(run(job.id, -500.0, -400.0, Outcome.PASSED),) * 9)
        for job in JOBS
    }
    state.board = state.board._replace(states=known)
    state.exceeds_screen = True
    state.set_look(look)
    state.show_all(moment(0))
    return state


def job_ids(*numbers: int) -> list[JobId]:
    return [JOBS[number].id for number in numbers]


@settings(max_examples=300)
@example(
    "auto",
    "",
    "",
    [
        (1.0, dict.fromkeys(job_ids(0, 1, 2), Status.RUNNING)),
        (61.0, dict.fromkeys(job_ids(0, 1), Status.RUNNING)),
        (1.0, dict(zip(job_ids(0, 2), (Status.RUNNING, Status.IDLE), strict=True))),
        (61.0, {}),  # one change is seen at the moment at which another one is held no longer
    ],
)
@example(
    "auto",
    "",
    "",
    [
        (61.0, dict.fromkeys(job_ids(0), Status.RUNNING)),
        (61.0, {}),
        (61.0, {}),
        (170.0, dict.fromkeys(job_ids(0, 1), Status.RUNNING)),  # the first run has become late by time alone
        (1.0, dict.fromkeys(job_ids(0, 1), Status.RUNNING)),
    ],
)
@given(
    st.sampled_from(SORTS),
    st.sampled_from(["", "state", "tag"]),
    st.sampled_from(["", "is:slow", "since:1m", "job"]),
    st.lists(st.tuples(st.sampled_from([1.0, 61.0, 170.0]), READ), min_size=2, max_size=6),
)
def test_after_time_alone_the_rows_stand_as_if_all_were_sorted_anew(
    sort: str, group: str, filter_text: str, steps: Steps
) -> None:
    look = ScreenState(sort="" if sort == "auto" else sort, group=group, filter=filter_text)
    state, at = shown(look), 0.0
    state.record([reading(job.id, Status.IDLE, at) for job in JOBS], lambda _: 15.0)
    for passed, outcomes in steps:
        at += passed
        before = state.board
        state.record([reading(job_id(int(job, 16)), outcome, at) for job, outcome in outcomes.items()], lambda _: 15.0)
        state.unseen.look(before, state.board, [job.id for job in JOBS], moment(at))
        if state.order:
            state.unseen.see(state.order[0], at)
        state.pass_time(moment(at))
        passed_alone = state.order, state.groups.lines, state.ends(UNICODE)
        state.show_all(moment(at))
        assert passed_alone == (state.order, state.groups.lines, state.ends(UNICODE))


def test_a_list_longer_than_the_screen_is_in_the_order_of_attention_from_the_first_answer_on() -> None:
    state = shown(ScreenState())
    state.record([reading(JOBS[3].id, failure(), 1)], lambda _: 15.0)
    state.show_changed()
    assert list(state.order) == job_ids(3, 0, 1, 2, 4, 5)


def test_rows_are_in_the_order_of_attention_once_the_screen_has_become_too_small_for_them() -> None:
    state = shown(ScreenState())
    state.exceeds_screen = False
    state.record([reading(JOBS[3].id, failure(), 1)], lambda _: 15.0)
    state.show_all(moment(1))
    assert list(state.order) == job_ids(0, 1, 2, 3, 4, 5)
    state.exceeds_screen = True
    state.pass_time(moment(2))
    assert list(state.order) == job_ids(3, 0, 1, 2, 4, 5)


def test_before_anything_was_read_the_rows_are_in_the_order_of_the_watchlist_or_the_reverse_of_it() -> None:
    assert list(shown(ScreenState()).order) == job_ids(0, 1, 2, 3, 4, 5)
    assert list(shown(ScreenState(reverse=True)).order) == job_ids(5, 4, 3, 2, 1, 0)


def test_what_another_version_groups_by_makes_no_groups() -> None:
    assert shown(ScreenState(group="branch")).groups.lines == tuple(job_ids(0, 1, 2, 3, 4, 5))


def test_of_one_profile_the_jobs_are_shown_that_are_in_it_now_and_of_none_that_there_is_all() -> None:
    board = Board().watch([Job(job_id(1)), Job(job_id(2), profile="b")])
    state = BoardState(board, ScreenState(), moment(0), ORDERS, lambda _: 100.0, lambda: ["a", "b"])
    state.set_look(ScreenState(profile="b"))
    state.show_all(moment(1))
    assert list(state.order) == [job_id(2)]
    assert state.is_narrowed
    state.watch([Job(job_id(2), profile="b"), Job(job_id(3), profile="b")])
    state.show_all(moment(2))
    assert list(state.order) == [job_id(2), job_id(3)]
    state.set_look(ScreenState(profile="of an old settings file"))
    state.show_all(moment(3))
    assert list(state.order) == [job_id(2), job_id(3)]
    assert not state.is_narrowed


def test_the_names_of_all_jobs_follow_the_watchlist_and_what_the_service_calls_them() -> None:
    board = Board().watch([Job(job_id(1), "web"), Job(job_id(2))])
    state = BoardState(board, ScreenState(), moment(0), ORDERS, lambda _: 100.0, lambda: [""])
    assert state.names.whole == ("web", job_id(2).short)
    state.take_names({job_id(2): ServiceName("payments")})
    assert state.names.whole == ("web", "payments")
    state.watch([Job(job_id(2)), Job(job_id(3), "api")])
    assert state.names.whole == ("payments", "api")
