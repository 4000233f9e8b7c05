"""When a hint asks for a status call, what that says about the list, and how trust is earned and lost."""

import itertools

import pytest

from tui.core.hints import AGREEMENTS, DISTRUSTED, FINDS, LONGEST_REST, Hint, HintVerdict, JobHint, Trust
from tui.core.reading import Status

RUNNING, IDLE = Status.RUNNING, Status.IDLE


def said(is_running: bool | None, number: int = 1) -> Hint:
    return Hint(is_running, (is_running, number), number)


def heard(*said_to: tuple[Hint, Status | None]) -> JobHint:
    """After these hints, ten seconds apart, about a job that had these statuses."""
    state = JobHint()
    for turn, (hint, status) in enumerate(said_to):
        state = state.hear(hint, status, 10.0 * turn, 10.0 * turn)
    return state


def test_a_job_that_was_never_read_is_wanted_if_the_list_calls_it_running() -> None:
    assert heard((said(True), None)).wanted_at == 0
    assert heard((said(False), None)).wanted_at is None
    assert heard((said(None), None)).wanted_at is None


def test_a_hint_that_changes_or_disagrees_wants_a_status_call() -> None:
    assert heard((said(False), IDLE), (said(False), IDLE)).wanted_at is None
    assert heard((said(False), IDLE), (said(True, 2), IDLE)).wanted_at == 10
    assert heard((said(False), IDLE), (said(False, 2), IDLE)).wanted_at == 10
    assert heard((said(True), IDLE)).wanted_at == 0


def test_a_change_that_the_status_call_found_first_wants_none() -> None:
    state, verdict = heard((said(False), IDLE)).check(RUNNING, IDLE, 5, 5)
    assert verdict is HintVerdict.NOTHING
    assert state.hear(said(True, 2), RUNNING, 10, 10).wanted_at is None


def test_a_status_call_that_finds_what_was_hinted_at_speaks_for_the_list() -> None:
    state, verdict = heard((said(False), IDLE), (said(True, 2), IDLE)).check(RUNNING, IDLE, 11, 11)
    assert (verdict, state.wanted_at) == (HintVerdict.FOUND, None)
    assert state.check(RUNNING, RUNNING, 16, 16)[1] is HintVerdict.AGREES


def test_a_request_that_had_left_before_the_hint_does_not_answer_it() -> None:
    state, _ = heard((said(False), IDLE), (said(True, 2), IDLE)).check(IDLE, IDLE, 9, 11)
    assert state.wanted_at == 10


def test_a_refuted_hint_is_not_asked_about_again_until_the_list_says_something_else() -> None:
    state, _ = heard((said(True), IDLE)).check(IDLE, IDLE, 1, 1)
    for turn in range(1, 300):
        state = state.hear(said(True), IDLE, 10.0 * turn, 10.0 * turn)
        assert state.wanted_at is None
    assert state.hear(said(False, 2), IDLE, 4000, 4000).wanted_at == 4000


def test_a_list_that_changes_its_mind_all_the_time_is_heeded_less_and_less() -> None:
    state, asked = JobHint(), []
    for turn in range(1000):
        now = 15.0 * turn
        state = state.hear(said(turn % 2 == 0, turn), IDLE, now, now)
        if state.wanted_at == now:
            asked.append(now)
            state, _ = state.check(IDLE, IDLE, now + 1, now + 1)
    gaps = [later - earlier for earlier, later in itertools.pairwise(asked[10:])]
    assert len(asked) < 40
    assert sum(gaps) / len(gaps) >= LONGEST_REST / 2


def test_two_status_calls_with_the_list_between_them_contradict_it() -> None:
    state, verdict = heard((said(False), RUNNING)).check(RUNNING, RUNNING, 1, 1)
    assert verdict is not HintVerdict.CONTRADICTS
    early, _ = state.hear(said(False), RUNNING, 2, 2).check(RUNNING, RUNNING, 5, 5)
    _, verdict = early.hear(said(False), RUNNING, 10, 10).check(RUNNING, RUNNING, 12, 12)
    assert verdict is HintVerdict.CONTRADICTS
    _, verdict = state.check(RUNNING, RUNNING, 30, 30)
    assert verdict is not HintVerdict.CONTRADICTS


def test_a_list_that_comes_round_in_time_contradicts_nothing() -> None:
    state, _ = heard((said(False), IDLE)).check(RUNNING, IDLE, 5, 5)
    state = state.hear(said(True, 2), RUNNING, 10, 10)
    assert state.check(RUNNING, RUNNING, 30, 30)[1] is HintVerdict.AGREES


def test_a_build_that_was_over_already_is_no_waste() -> None:
    _, verdict = heard((said(False), IDLE), (said(False, 2), IDLE)).check(IDLE, IDLE, 11, 11)
    assert verdict is HintVerdict.AGREES


def earned() -> Trust:
    trust = Trust()
    for turn in range(AGREEMENTS):
        trust = trust.after(HintVerdict.FOUND if turn < FINDS else HintVerdict.AGREES, 0)
    return trust


def test_trust_is_earned_by_fifty_that_agree_and_some_that_the_list_showed_first() -> None:
    assert earned().is_earned(0)
    only_agreed = Trust()
    for _ in range(1000):
        only_agreed = only_agreed.after(HintVerdict.AGREES, 0)
    assert not only_agreed.is_earned(0)
    assert not earned()._replace(agreed=AGREEMENTS - 1).is_earned(0)


def test_one_contradiction_ends_trust_for_an_hour_and_it_is_earned_anew() -> None:
    trust = earned().after(HintVerdict.CONTRADICTS, 100)
    for _ in range(AGREEMENTS):
        assert not trust.is_earned(200)
        trust = trust.after(HintVerdict.FOUND, 200)
    assert not trust.is_earned(100 + DISTRUSTED - 1)
    assert trust.is_earned(100 + DISTRUSTED)


@pytest.mark.parametrize(("found", "is_worth_it"), [(0, False), (3, False), (8, True)])
def test_hints_that_cost_more_than_they_bring_are_not_used_for_a_while(found: int, is_worth_it: bool) -> None:
    trust = Trust()
    for verdict in [HintVerdict.FOUND] * found + [HintVerdict.WASTED] * 10:
        trust = trust.after(verdict, 50)
    assert (trust.worthless_until < 50) is is_worth_it


def test_a_list_that_stays_worthless_rests_longer_each_time() -> None:
    trust, rests = Trust(), []
    for turn in range(6):
        for _ in range(10):
            trust = trust.after(HintVerdict.WASTED, 1e5 * turn)
        rests.append(trust.worthless_until - 1e5 * turn)
    assert rests == [DISTRUSTED * factor for factor in (1, 2, 4, 8, 8, 8)]
