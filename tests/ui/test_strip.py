"""The strip of the last runs: one character each, as high as the run was long, with gaps where there were some."""

import pytest

from tests.core.test_runs_in_progress import JOB, ended
from tui.core.observed_run import Between, Gap, ObservedRun
from tui.core.run import Outcome
from tui.terminal.capabilities import ASCII, UNICODE, Glyphs
from tui.ui.columns import strip


def runs(*durations: float, outcome: Outcome = Outcome.PASSED) -> list[ObservedRun]:
    return [ended(at * 10_000.0, duration, outcome) for at, duration in enumerate(durations, 1)]


def drawn(known: list[ObservedRun], gaps: tuple[Gap, ...] = (), glyphs: Glyphs = UNICODE) -> str:
    return "".join(mark.text for mark in strip(known, gaps, glyphs.strip))


def looks(known: list[ObservedRun]) -> list[str]:
    return [mark.look for mark in strip(known, (), UNICODE.strip)]


def test_like_runs_are_alike_and_longer_ones_are_higher() -> None:
    assert drawn(runs(600, 590, 610, 600)) == "▃▃▃▃"
    assert drawn(runs(300, 600, 600, 600, 1200, 2400, 6000)) == "▁▃▃▃▄▆▇"
    assert drawn(runs(300, 600, 600, 600, 1200, 2400, 60_000), glyphs=ASCII) == "_----=^"


def test_the_last_ten_are_shown() -> None:
    assert drawn(runs(*[600] * 15, 9000)) == "▃▃▃▃▃▃▃▃▃█"
    assert drawn([]) == ""


def test_runs_that_are_not_shown_change_no_height() -> None:
    assert drawn(runs(*[60] * 15, *[600] * 10)) == drawn(runs(*[600] * 10))


@pytest.mark.parametrize(
    ("outcome", "unicode", "ascii_", "look"),
    [
        (Outcome.PASSED, "▃", "-", "idle"),
        (Outcome.UNKNOWN, "⣄", ":", "dim"),
        (Outcome.FAILED, "✗", "x", "error"),
        (Outcome.ABORTED, "○", "%", "idle"),
        (Outcome.TIMED_OUT, "○", "%", "idle"),
    ],
)
def test_an_outcome_has_a_mark_and_a_look(outcome: Outcome, unicode: str, ascii_: str, look: str) -> None:
    known = runs(600, outcome=outcome)
    assert drawn(known) == unicode
    assert drawn(known, glyphs=ASCII) == ascii_
    assert looks(known) == [look]


def test_a_run_of_unknown_duration_has_no_height() -> None:
    (run,) = runs(600)
    assert drawn([run._replace(start=Between(None, run.start.by))]) == "⋅"
    assert drawn([run._replace(maybe_two=True)]) == "⋅"


def test_a_run_is_as_high_as_the_middle_of_its_shortest_and_its_longest_possible_duration() -> None:
    widely = ended(50_000.0, 900, Outcome.PASSED, width=600)
    assert widely.duration == (300.0, 1500.0)
    assert drawn([*runs(300, 900, 1500), widely]) == "▁▃▄▃"


def test_times_without_readings_are_gaps() -> None:
    known = runs(600, 600, 600)  # they end at 10,000, 20,000 and 30,000
    assert drawn(known, (Gap(JOB, 12_000, 13_000), Gap(JOB, 14_000, 15_000))) == "▃ ▃▃"
    assert drawn(known, (Gap(JOB, 32_000, 33_000),)) == "▃▃▃ "
    assert drawn(known, (Gap(JOB, 5_000, 6_000),)) == "▃▃▃"


def test_between_builds_of_consecutive_numbers_none_is_missing() -> None:
    gaps = tuple(Gap(JOB, at * 10_000.0 + 1000, at * 10_000.0 + 2000) for at in range(1, 20))
    numbered = [run._replace(number=at) for at, run in zip((7, 8, 10, None, 12), runs(*[600] * 5), strict=True)]
    assert drawn(numbered, gaps) == "▃▃ ▃ ▃ ▃ "


def test_a_gap_in_which_the_run_ended_is_shown_after_it() -> None:
    first, second = runs(600, 600)
    first = first._replace(end=Between(10_000, 12_000))
    assert drawn([first, second], (Gap(JOB, 10_001, 11_999),))[1] == " "


def test_where_only_the_latest_moment_of_an_end_is_known_an_earlier_gap_is_not_shown_after_it() -> None:
    first, second = runs(600, 600)
    first = first._replace(end=Between(None, 12_000))
    assert " " not in drawn([first, second], (Gap(JOB, 10_001, 11_999),))


def test_a_strip_with_gaps_is_not_longer() -> None:
    gaps = tuple(Gap(JOB, at * 10_000.0 + 1000, at * 10_000.0 + 2000) for at in range(1, 20))
    assert drawn(runs(*[600] * 10), gaps) == "▃ ▃ ▃ ▃ ▃ "


def test_a_run_that_ends_before_it_began_has_no_height() -> None:
    (run,) = runs(600)
    wrong = run._replace(start=run.start.shifted(9000))
    assert wrong.duration == (0, 0)
    assert drawn([wrong, *runs(600)]) == "⋅▃"
