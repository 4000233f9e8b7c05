"""A frame sends what differs, and the terminal shows the same as if all had been sent."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region, Size
from textual.strip import Strip

from tests.support.terminal_screen import TerminalScreen
from tui.ui.frame import LEAST_MOVED, Frame

WIDTH, HEIGHT, TALL = 24, 3, 9
LOOKS = [Style(), Style(color="red"), Style(bold=True, bgcolor="#102030")]
texts = st.text(st.sampled_from("ab 数─●é\u0301"), max_size=WIDTH)
lines = st.lists(st.tuples(texts, st.sampled_from(LOOKS)), max_size=3)
pages = st.lists(lines, min_size=HEIGHT, max_size=HEIGHT)


def page(drawn: list[list[tuple[str, Style]]]) -> LayoutUpdate:
    """The whole screen, each line filled up to its width."""
    strips = [Strip([Segment(text, look) for text, look in line]).adjust_cell_length(WIDTH) for line in drawn]
    return LayoutUpdate([[strip] for strip in strips], Region(0, 0, WIDTH, len(strips)))


def words(*drawn: str) -> LayoutUpdate:
    return page([[(text, LOOKS[0])] for text in drawn])


def sent(frame: Frame, update: LayoutUpdate | ChopsUpdate, height: int = HEIGHT) -> str:
    return frame.changes(update, Size(WIDTH, height), ColorSystem.TRUECOLOR)


def shown(*outputs: str, height: int = HEIGHT) -> list[list[tuple[object, ...]]]:
    """Every cell of a terminal that was sent this. It has a column more: pyte wraps a combining character at the edge,
    which terminals add to the last cell."""
    screen = TerminalScreen(height, WIDTH + 1)
    for output in outputs:
        screen.feed(output.encode())
    cells = screen._shown[0].buffer
    return [[tuple(cells[y][x]) for x in range(WIDTH)] for y in range(height)]


@settings(max_examples=40)
@given(st.lists(pages, min_size=1, max_size=4))
def test_differences_come_to_the_same_as_whole_screens(drawn: list[list[list[tuple[str, Style]]]]) -> None:
    frame = Frame()
    outputs = [sent(frame, page(one)) for one in drawn]
    assert shown(*outputs) == shown(sent(Frame(), page(drawn[-1])))


NUMBERED = [
    [(f"{'数é●'[number % 3]} line {chr(ord('a') + number) * 12}", LOOKS[number % 3])] for number in range(TALL + 3)
]


@settings(max_examples=60)
@given(st.lists(st.lists(st.sampled_from(NUMBERED), min_size=TALL, max_size=TALL), min_size=2, max_size=4))
def test_lines_that_the_terminal_moves_come_to_the_same_as_whole_screens(
    drawn: list[list[list[tuple[str, Style]]]],
) -> None:
    frame = Frame()
    outputs = [sent(frame, page(one), TALL) for one in drawn]
    assert shown(*outputs, height=TALL) == shown(sent(Frame(), page(drawn[-1]), TALL), height=TALL)


@given(st.permutations(range(TALL)), st.integers(0, TALL - 1), st.integers(0, TALL - 1))
def test_a_line_that_goes_elsewhere_is_drawn_alone(start: list[int], taken: int, put: int) -> None:
    frame, other = Frame(), list(start)
    other.insert(put, other.pop(taken))
    first = sent(frame, page([NUMBERED[one] for one in start]), TALL)
    second = sent(frame, page([NUMBERED[one] for one in other]), TALL)
    if abs(taken - put) >= LEAST_MOVED:
        assert lines_drawn(second) == 1
    assert shown(first, second, height=TALL) == shown(
        sent(Frame(), page([NUMBERED[one] for one in other]), TALL), height=TALL
    )


def lines_drawn(output: str) -> int:
    """How many lines the output puts the cursor on, to draw there."""
    return len(set(re.findall(r"\x1b\[(\d+);\d+H", output)))


def row(number: int) -> str:
    return f"row {chr(ord('a') + number % 26) * 15}"


@pytest.mark.parametrize("lines_on", [1, 2, 4, -1, -2, -4])
def test_what_scrolled_into_view_is_drawn_alone(lines_on: int) -> None:
    frame = Frame()
    sent(frame, words(*map(row, range(TALL))), TALL)
    assert lines_drawn(sent(frame, words(*map(row, range(lines_on, lines_on + TALL))), TALL)) == abs(lines_on)


def test_lines_that_differ_in_little_are_not_moved() -> None:
    frame = Frame()
    sent(frame, words(*(f"row {number} of many more" for number in range(4))), 4)
    assert sent(frame, words(*(f"row {number + 1} of many more" for number in range(4))), 4).count("row") == 0


def test_what_stands_above_and_below_a_moved_block_stays() -> None:
    frame = Frame()
    sent(frame, words("head", *map(row, range(7)), "keys"), TALL)
    second = sent(frame, words("head", *map(row, (5, 0, 1, 2, 3, 4, 6)), "keys"), TALL)
    assert second.startswith("\x1b[2;7r\x1b[2H\x1b[1L\x1b[r\x1b[2;1H")
    assert lines_drawn(second) == 1


@pytest.mark.parametrize(
    ("before", "after", "drawn"),
    [
        ((0, 1, 2, 3, 4, 5, 6, 7), (0, 0, 1, 2, 3, 4, 5, 6), 1),
        ((0, 1, 2, 3), (0, 0, 1, 2), 1),
        ((0, 1, 2, 3, 4, 5, 6, 7), (7, 3, 0, 1, 2, 4, 5, 6), 2),
        ((0, 1, 2, 3, 4, 5, 6, 7), (4, 5, 6, 7, 0, 1, 2, 3), 4),
    ],
    ids=["one twice", "one twice above the fewest lines", "two from different places", "halves"],
)
def test_what_a_moved_block_leaves_behind_is_drawn(before: Sequence[int], after: Sequence[int], drawn: int) -> None:
    frame = Frame()
    outputs = [sent(frame, words(*map(row, lines)), len(before)) for lines in (before, after)]
    assert lines_drawn(outputs[1]) == drawn
    assert shown(*outputs, height=TALL) == shown(sent(Frame(), words(*map(row, after)), len(after)), height=TALL)


def test_a_scroll_bar_beside_the_lines_does_not_stop_them_from_being_moved() -> None:
    def with_bar(first: int, thumb: int) -> LayoutUpdate:
        return words(*(row(first + y).ljust(WIDTH - 1) + " #"[y == thumb] for y in range(TALL)))

    frame = Frame()
    sent(frame, with_bar(0, 3), TALL)
    second = sent(frame, with_bar(1, 4), TALL)
    assert lines_drawn(second) == 3  # the new row, and the two that the thumb left and came to


@settings(max_examples=20)
@given(pages)
def test_what_is_shown_already_is_not_sent(drawn: list[list[tuple[str, Style]]]) -> None:
    frame = Frame()
    assert sent(frame, page(drawn))
    assert sent(frame, page(drawn)) == ""


def test_one_changed_cell_is_sent_alone() -> None:
    frame = Frame()
    sent(frame, words("first", "second", "third"))
    assert sent(frame, words("first", "secund", "third")) == "\x1b[2;4H\x1b[0mu\x1b[0m"


@pytest.mark.parametrize(("apart", "moves"), [(1, 1), (8, 1), (15, 2)])
def test_changes_close_to_each_other_are_sent_without_moving_the_cursor_between_them(apart: int, moves: int) -> None:
    frame = Frame()
    sent(frame, words("a" * WIDTH))
    changed = sent(frame, words(("b" + "a" * apart + "b").ljust(WIDTH, "a")))
    assert changed.count("H") == moves
    assert changed.count("a") == (apart if moves == 1 else 0)


def test_after_a_character_of_uncertain_width_the_cursor_is_put_where_it_belongs() -> None:
    assert "│ \x1b[3Gab" in sent(Frame(), words("│ ab"))
    frame = Frame()
    sent(frame, words("● ab"))
    assert sent(frame, words("○ ab")).startswith("\x1b[1;1H\x1b[0m○ \x1b[3G")


def test_characters_of_uncertain_width_in_a_row_are_drawn_in_one_piece() -> None:
    """Where the second one stands is known to the terminal alone."""
    frame = Frame()
    sent(frame, words("a●●●b"))
    assert sent(frame, words("a●○●b")).startswith("\x1b[1;2H\x1b[0m●○●")


@pytest.mark.parametrize(
    "text", ["\u26a0\ufe0f failed", "1\ufe0f\u20e3", "\u2714\ufe0f" * 5, "\U0001f44d\U0001f3fd ok"]
)
def test_nothing_of_the_line_before_is_left_beside_emoji_of_two_code_points(text: str) -> None:
    frame = Frame()
    outputs = [sent(frame, words(drawn)) for drawn in ("─" * WIDTH, text)]
    assert shown(*outputs) == shown(sent(Frame(), words(text)))


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("\u2714\ufe0fab", ["✔", " ", "a", "b"]),
        ("\u2714\ufe0f\u2714\ufe0f… ab", ["✔", " ", "✔", " ", "…", " ", "a", "b"]),
        ("1\ufe0f\u20e3 \u26a0\ufe0f数ab", ["1", " ", " ", "⚠", " ", "数", "", "a", "b"]),
    ],
)
def test_what_follows_emoji_that_the_terminal_draws_in_one_cell_is_where_it_belongs(
    text: str, cells: list[str]
) -> None:
    drawn = shown(sent(Frame(), words(text)))[0]
    assert [cell[0] for cell in drawn[: len(cells)]] == cells


def test_what_is_erased_ends_at_no_half_of_a_wide_character() -> None:
    """tmux takes the half that is left for a whole one, and clears what was drawn over the other half."""
    frame = Frame()
    sent(frame, words("数数ab"))
    erased = re.match(r"\x1b\[1;1H\x1b\[0m\x1b\[(\d+)X数…", sent(frame, words("数… ab")))
    assert erased
    assert int(erased[1]) >= len("数… ") + 1


def test_all_is_sent_to_a_terminal_that_may_show_anything() -> None:
    frame = Frame()
    whole = sent(frame, words("first", "second", "third"))
    frame.forget()
    assert sent(frame, words("first", "second", "third")) == whole


def test_what_lies_beside_the_changed_region_is_left_alone() -> None:
    """The compositor leaves out the widgets there, and gives what lies under them."""
    frame = Frame()
    sent(frame, words("left    right"))
    under, new = Strip([Segment(" " * 8)]), Strip([Segment("RIGHT".ljust(WIDTH - 8))])
    update = ChopsUpdate([{0: under, 8: new}, {}, {}], [(0, 8, WIDTH)], [[8, WIDTH], [], []])
    assert sent(frame, update).startswith("\x1b[1;9H\x1b[0mRIGHT")


def test_what_changed_in_two_places_of_a_line_is_sent_from_both() -> None:
    """As when a row and the details beside it change in one frame."""
    frame = Frame()
    sent(frame, words("left   |    right"))
    old, left, right = (
        Strip([Segment("   |    ")]),
        Strip([Segment("LEFT")]),
        Strip([Segment("RIGHT".ljust(WIDTH - 12))]),
    )
    update = ChopsUpdate([{0: left, 4: old, 12: right}, {}, {}], [(0, 0, 4), (0, 12, WIDTH)], [[4, 12, WIDTH], [], []])
    assert re.findall(r"LEFT|RIGHT", sent(frame, update)) == ["LEFT", "RIGHT"]


def test_a_link_is_sent_and_ends_with_its_text() -> None:
    strip = Strip([Segment("see "), Segment("here", Style(link="https://example.org/"))]).adjust_cell_length(WIDTH)
    blank = Strip.blank(WIDTH)
    update = LayoutUpdate([[strip], [blank], [blank]], Region(0, 0, WIDTH, HEIGHT))
    frame = Frame()
    found = sent(frame, update)
    assert "https://example.org/\x1b\\here\x1b]8;;\x1b\\" in found
    assert found.count("\x1b]8;") == 2
    assert sent(frame, update) == ""


def test_a_part_to_the_right_of_a_terminal_that_has_become_narrower_is_not_sent() -> None:
    frame, narrow = Frame(), Size(5, HEIGHT)
    update = LayoutUpdate([[Strip([Segment("0123456789")])]], Region(8, 0, 10, 1))
    assert frame.changes(update, narrow, ColorSystem.TRUECOLOR) == ""
