"""Texts from outside become plain and bounded; cut, sorted and measured in cells."""

import itertools
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.long_run import by_length
from tui.core.text import (
    CELL,
    clean,
    cut,
    drawn,
    folded,
    graphemes,
    natural_key,
    one_line,
    plain_paste,
    width,
)

LOST = "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("text", ["", "plain text", "naïve 构建 ✓ Ωμέγα", "[link=x]markup[/] is kept as it is"])
def test_ordinary_text_stays(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    "character",
    ["\x00", "\x07", "\x1b", "\x7f", "\x9b", "\u200b", "\u202e", "\u2066", "\ufeff", "\ud800", "\ue000", "\u2028"],
)
def test_what_a_terminal_or_an_encoder_acts_on_is_replaced(character: str) -> None:
    assert clean(f"a{character}b") == f"a{LOST}b"


@pytest.mark.parametrize("character", ["\u115f", "\u1160", "\u17b4", "\u2800", "\u3164", "\uffa0", "\u034f"])
def test_letters_and_marks_that_show_nothing_are_treated_as_other_invisible_characters(character: str) -> None:
    assert clean(f"a{character}b") == clean("a\u200bb") == f"a{LOST}b"
    assert drawn(f"a{character}b") == f"a{LOST}b"
    assert one_line(f"a{character}b") == plain_paste(f"a{character}b") == "ab"
    assert clean("한국어 \u2801") == "한국어 \u2801"


@pytest.mark.parametrize(("text", "line"), [("a\nb", "a·b"), ("a\r\nb", "a·b"), ("a\rb", "a·b"), ("a\tb", "a·b")])
def test_line_ends_and_tabs_become_one_dot(text: str, line: str) -> None:
    assert clean(text) == line


def test_a_long_text_is_cut_and_says_so() -> None:
    assert clean("x" * 1_000_000) == "x" * (CELL - 1) + "…"
    assert clean("abcdef", 4) == "abc…"
    assert clean("abcd", 4) == "abcd"


def test_at_most_two_combining_marks_stay_in_a_row() -> None:
    assert clean("e" + "\u0301" * 50 + "x") == "e\u0301\u0301x"
    assert clean("e\u0301" * 3) == "e\u0301" * 3


@pytest.mark.parametrize(
    ("value", "text"), [(None, "None"), (7, "7"), (["a\x1b"], "['a\\x1b']"), (b"\x1b", "b'\\x1b'")]
)
def test_what_is_no_text_is_described(value: object, text: str) -> None:
    assert clean(value) == text


@given(st.text(st.characters(codec=None)), st.integers(1, 30))
@settings(max_examples=by_length(40, 200))
def test_no_text_gets_through_unsafe_or_too_long(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert not {unicodedata.category(character) for character in cleaned} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert cleaned.encode().decode() == cleaned


def test_a_paste_keeps_its_lines_and_loses_what_acts() -> None:
    assert plain_paste("a\r\nb\tc\u6bcf\n") == "a\r\nb\tc\u6bcf\n"
    assert plain_paste("\x1b[31m90\u200b18\x1b[0m\ufeff") == "9018"
    assert plain_paste("\x1b]0;t\x07\x9b\ud800") == "\ufffd]0;t\ufffd\ufffd\ufffd"


@given(st.text(), st.integers(0, 40))
def test_what_is_cut_fits_and_keeps_together_what_combines(text: str, cells: int) -> None:
    text = clean(text)
    short = cut(text, cells)
    assert width(short) <= cells
    assert short == text or not cells or (short[-1] == "…" and text.startswith(short[:-1]))


def test_a_text_is_cut_between_what_is_seen_as_characters() -> None:
    assert [cut("每日x", cells) for cells in (5, 4, 3, 2, 1, 0)] == ["每日x", "每…", "每…", "…", "…", ""]
    assert cut("ที่นี่ที่นี่", 3) == "ที่นี่…"
    assert cut("👍🏽👍🏽👍🏽", 5) == "👍🏽👍🏽…"


def test_a_rich_that_knows_no_graphemes_yet_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual accepts it, and another program in the same environment may need it."""
    monkeypatch.delattr("rich.cells.split_graphemes")
    assert [cut("每日x", cells) for cells in (5, 4, 3, 2, 1, 0)] == ["每日x", "每…", "每…", "…", "…", ""]
    assert cut("e\u0301e\u0301e\u0301 每", 3) == "e\u0301e\u0301…"
    assert graphemes("e\u0301每") == [(0, 2, 1), (2, 3, 2)]
    assert cut("\u0301每日x", 4) == "\u0301每…"


def test_numbers_in_texts_sort_by_their_value() -> None:
    names = ["job-10", "Job-9", "job-2", "job", "job-2b10", "job-2b9", "a", "job-007", "10", "9", "²"]
    assert sorted(names, key=natural_key) == [
        *("9", "10", "a", "job", "job-2", "job-2b9", "job-2b10", "job-007", "Job-9", "job-10", "²")
    ]


def test_numbers_in_names_sort_by_their_value() -> None:
    names = ["job-10", "Job-2", "job-1b", "job", "10", "9", "job-1", "\u0663", "9" * 9000, "9" * 17]
    assert sorted(names, key=natural_key)[:4] == ["9", "10", "9" * 17, "9" * 9000]
    assert sorted([*names[:4], "job-1"], key=natural_key) == ["job", "job-1", "job-1b", "Job-2", "job-10"]


@given(st.lists(st.text(st.sampled_from("aB9 0-\u0663\u00b2"))))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    keys = sorted(map(natural_key, names))
    assert all(one <= other for one, other in itertools.pairwise(keys))


def test_a_row_is_parted_between_its_columns_and_a_sentence_between_its_words() -> None:
    assert folded("idle  a name of words  tag", 20, 2) == ["idle", "  a name of words", "  tag"]
    assert folded("one  two three four five six", 12, 2) == ["one  two", "  three four", "  five six"]
    assert folded("每日 报表 报表", 9) == ["每日 报表", "报表"]
    assert folded("", 10) == [""]
    assert folded("  a b", 4) == ["  a", "b"]


@given(st.text(st.sampled_from("ab  每"), max_size=60), st.integers(4, 20), st.integers(0, 3))
def test_no_word_is_lost_or_parted_and_no_line_with_two_is_too_long(text: str, cells: int, hang: int) -> None:
    lines = folded(text, cells, hang)
    assert " ".join(lines).split() == text.split()
    assert all(width(line) <= cells or len(line.split()) == 1 for line in lines)
