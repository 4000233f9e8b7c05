"""What the header says of the pace: the one that is planned, and why it is slower than the settings say."""

from collections import Counter

import pytest

from tui.core.condition import Condition, Summary
from tui.polling.poller import Pace
from tui.ui.header import HeaderState, ProfileState, header_parts

USUAL = Pace(5, 15, 5.0, 5.0, False, None, None, False, False)


def pace_of(*paces: Pace) -> str:
    profiles = tuple(ProfileState(f"p{number}", "here", pace) for number, pace in enumerate(paces))
    parts = header_parts(HeaderState(profiles, Summary(Counter(), 0, 0, 0, None), 100.0, 0, False, 0, "i"))
    return "".join(text for part in parts for text, _ in part)


@pytest.mark.parametrize(
    ("pace", "words"),
    [
        (USUAL, "every 5 s, idle 15 s"),
        (USUAL._replace(running=20, idle=57, stretched=True), "every 57 s: 0 jobs at 5 req/s"),
        (USUAL._replace(probing=30.0), "one job every 30 s"),
        (USUAL._replace(seldom=300.0), "every 5 m"),
        (USUAL._replace(rate=2.5, stretched=True), "every 15 s, slowed by the service to 2.5 req/s"),
        (USUAL._replace(rate=2.5), "every 5 s, idle 15 s"),  # it is slowed, and it is fast enough for these jobs
        (USUAL._replace(idle=57, stretched=True, shared_by=3), "every 57 s: 0 jobs at 5 req/s, budget shared by 3"),
        (
            USUAL._replace(rate=0.2, idle=57, stretched=True, shared_by=2),
            "every 57 s, slowed by the service to 0.2 req/s, budget shared by 2",
        ),
        (
            USUAL._replace(rate=0.5, idle=57, stretched=True, probing=None),
            "every 57 s, slowed by the service to 0.5 req/s",
        ),
    ],
)
def test_the_pace_in_words(pace: Pace, words: str) -> None:
    assert words in pace_of(pace)


def test_a_profile_that_is_slowed_is_not_hidden_by_another_that_is_slower_anyway() -> None:
    slow = USUAL._replace(idle=300, stretched=True)
    assert "every 20 s, slowed by the service to 1 req/s" in pace_of(
        slow, USUAL._replace(idle=20, rate=1.0, stretched=True)
    )
    assert "slowed" not in pace_of(slow, USUAL)


@pytest.mark.parametrize(("idle", "words"), [(20, "all read within 30 s"), (100, "all read within 2 m")])
def test_while_all_is_fresh_the_header_names_the_age_up_to_which_it_is(idle: float, words: str) -> None:
    profile = ProfileState("", "here", USUAL._replace(idle=idle))
    summary = Summary(Counter({Condition.IDLE: 2}), 0, 0, 0, None)
    parts = header_parts(HeaderState((profile,), summary, 100.0, 2, False, 0, "i"))
    assert words in "".join(text for part in parts for text, _ in part)
