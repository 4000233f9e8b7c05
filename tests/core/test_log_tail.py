"""The end of a log that grows."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.hostile_texts import FRAGMENTS, control_characters
from tui.core.log_tail import LogTail, with_short_stamp


@given(st.text(alphabet="ab\n", max_size=60), st.lists(st.integers(0, 60), max_size=6))
def test_however_it_is_cut_into_pieces_it_is_the_same_log(text: str, cuts: list[int]) -> None:
    tail, last = LogTail(), 0
    for cut in [*sorted(cuts), len(text)]:
        tail.add(text[last:cut])
        last = max(last, min(cut, len(text)))
    expected = text.split("\n")
    assert tail.lines == (expected if expected[-1] else expected[:-1])


def test_it_keeps_the_last_lines_and_counts_the_others() -> None:
    tail = LogTail(most_lines=3)
    tail.add("".join(f"{number}\n" for number in range(10)) + "rest")
    assert tail.lines == ["8", "9", "rest"]
    assert tail.dropped == 7
    tail = LogTail(most_characters=10)
    tail.add("aaaa\nbbbb\ncccc\n")
    assert tail.lines == ["bbbb", "cccc"]


def test_a_line_without_end_is_bounded() -> None:
    tail = LogTail()
    for _ in range(100):
        tail.add("x" * 100_000)
    assert [len(line) for line in tail.lines] == [4000]
    assert tail.lines[0].endswith("…")
    tail.add("\n")
    assert [len(line) for line in tail.lines] == [4000]


def test_no_line_has_anything_that_a_terminal_acts_on() -> None:
    tail = LogTail()
    for fragment in FRAGMENTS:
        tail.add(f"a{fragment}\tb\n")
    assert not control_characters("".join(tail.lines))


def test_lines_are_found_whatever_their_case() -> None:
    tail = LogTail()
    tail.add("Compiling\nERROR: no\nlinking\nerror again")
    assert tail.find("error") == [1, 3]
    assert tail.find("") == []


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("[2026/11/26 14:23:32.169 GMT+08:00] [INFO] ok", "06:23:32 [INFO] ok"),
        ("[2026/11/26 01:23:32.169 GMT+08:00] [INFO] ok", "11-25 17:23:32 [INFO] ok"),
        ("[2026/13/26 14:23:32.169 GMT+08:00] no day", "[2026/13/26 14:23:32.169 GMT+08:00] no day"),
        ("[0001/01/01 00:00:00.169 GMT+23:59] too early", "[0001/01/01 00:00:00.169 GMT+23:59] too early"),
        ("at [2026/11/26 14:23:32.169 GMT+08:00]", "at [2026/11/26 14:23:32.169 GMT+08:00]"),
        ("", ""),
    ],
)
def test_the_date_before_a_line_becomes_local_time(line: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    try:
        assert with_short_stamp(line, datetime(2026, 11, 26, 12, tzinfo=UTC)) == shown
    finally:
        monkeypatch.undo()
        time.tzset()
