"""The time of a running job in words."""

import pytest

from tui.core.estimate import PastRun, estimate
from tui.core.job_runs import Course
from tui.terminal.capabilities import ASCII, UNICODE, Glyphs
from tui.ui.formatting import brief, exact
from tui.ui.row import BAR, bar, running_time, usual_in_words


def at(elapsed: float, *durations: float, start_seen: bool = True) -> Course:
    usual = estimate([PastRun(1000 + place, duration) for place, duration in enumerate(durations)], 2000)
    return Course(0, start_seen, usual=usual).after(elapsed)


TWENTY = tuple(range(380, 580, 10))  # usually 475 s, four of five within 391 to 559 s


def shown(course: Course, cells: int = 40, glyphs: Glyphs = UNICODE) -> str:
    return running_time(course, cells, glyphs)


@pytest.mark.parametrize(
    ("elapsed", "text"),
    [
        (0, "0s    ────── ≈8m left"),
        (60, "1m00s ────── ≈7m left"),
        (120, "2m00s ━───── ≈6m left"),
        (200, "3m    ━━──── ≈5m left"),
        (400, "6m    ━━━━━─ ≈1m left"),
        (470, "7m    ━━━━━─ ≈1m left"),
        (480, "8m    ━━━━━─ any moment"),
        (690, "11m   ━━━━━─ any moment"),
        (720, "12m   longer than usual"),
        (9_000, "2h30m longer than usual"),
    ],
)
def test_what_is_said_while_time_passes(elapsed: float, text: str) -> None:
    assert shown(at(elapsed, *TWENTY)) == text


def test_without_colour_or_unicode_it_says_the_same() -> None:
    assert shown(at(200, *TWENTY), glyphs=ASCII) == "3m    ==---- ~5m left"


@pytest.mark.parametrize(
    ("cells", "text"),
    [(24, "3m    ━━──── ≈5m left"), (23, "3m    ≈5m left"), (13, "3m ≈5m left"), (10, "3m"), (1, "3m")],
)
def test_what_does_not_fit_is_left_out(cells: int, text: str) -> None:
    assert shown(at(200, *TWENTY), cells) == text


@pytest.mark.parametrize(
    ("cells", "text"),
    [(23, "12m   longer than usual"), (21, "12m longer than usual"), (20, "12m > usual"), (7, "> usual")],
)
def test_a_late_run_says_so_before_anything_else(cells: int, text: str) -> None:
    assert shown(at(720, *TWENTY), cells) == text


def test_nothing_is_said_without_ground() -> None:
    assert shown(at(200)) == "3m"
    assert shown(at(200, 400, 400)) == "3m"
    assert shown(at(200, *TWENTY, start_seen=False)) == "1m+"
    assert shown(at(720, *TWENTY, start_seen=False)) == "5m+   longer than usual"


def test_a_few_runs_make_no_run_late() -> None:
    assert shown(at(200, 400, 410, 420)) == "3m    ━━──── ≈4m left"
    assert shown(at(900, 400, 410, 420)) == "15m   ━━━━━─ usually ≈6m45s"


def test_two_kinds_of_runs_have_a_range_and_no_bar() -> None:
    mixed = (60,) * 5 + (600,) * 5
    assert shown(at(45, *mixed)) == "45s   usually 1m-10m"
    assert shown(at(400, *mixed)) == "6m    usually 1m-10m"
    assert shown(at(900, *mixed)) == "15m   longer than usual"


def test_a_bar_is_never_full() -> None:
    assert [bar(share / 20, UNICODE).count("━") for share in range(21)] == sorted(
        bar(share / 20, UNICODE).count("━") for share in range(21)
    )
    assert bar(1.0, UNICODE) == "━" * (BAR - 1) + "─"


def in_words(course: Course, glyphs: Glyphs) -> str:
    return usual_in_words(course.usual, glyphs) if course.usual else ""


def test_the_usual_duration_names_its_ground() -> None:
    assert in_words(at(0, *TWENTY), UNICODE) == "≈8m, four of five runs 6m30s-9m15s (20 runs)"
    few = at(0, 400, 410, 420)
    assert in_words(few, UNICODE) == "≈6m45s (3 runs)"
    assert few.usual
    told = few._replace(usual=few.usual._replace(told=2, includes_failed=True))
    assert in_words(told, UNICODE) == "≈6m45s (3 runs, incl. failed, 2 from the service)"
    assert in_words(few._replace(usual=few.usual._replace(told=3)), ASCII) == "~6m45s (3 runs, from the service)"
    assert in_words(at(0, *(60,) * 5, *(600,) * 5), ASCII) == "four of five runs 1m-10m, of two kinds (10 runs)"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (9.6, "10s"), (59.9, "1m"), (132, "2m15s"), (570, "9m30s"), (3570, "1h"), (4210, "1h10m"), (2e5, "2d")],
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert brief(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(42.4, "42s"), (59.6, "1m00s"), (68.4, "1m08s"), (3599.2, "59m59s"), (4210, "1h10m")]
)
def test_a_duration_that_the_service_tells_is_not_rounded_below_an_hour(seconds: float, text: str) -> None:
    assert exact(seconds) == text
