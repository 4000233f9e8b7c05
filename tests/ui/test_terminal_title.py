"""The terminal's title: what it counts, and that only a change is sent."""

from collections import Counter

import pytest

from tui.core.condition import Condition, Summary
from tui.terminal.capabilities import ASCII, UNICODE
from tui.ui.header import TerminalTitle, title_text

MANY = {Condition.RUNNING: 2, Condition.FAILED: 1, Condition.PASSED: 9, Condition.NO_ANSWER: 4, Condition.STALE: 1}


@pytest.mark.parametrize(
    ("counts", "stale", "said"),
    [
        (MANY, 3, "2 running · 1 failed · 2 no answer · 3 stale"),
        ({Condition.IDLE: 3}, 0, "0 running"),
        ({Condition.NO_ANSWER: 3}, 2, "1 no answer · 2 stale"),
        ({Condition.STALE: 3, Condition.UNREAD: 1}, 3, "3 stale"),
        ({Condition.UNREAD: 3}, 0, ""),
        ({}, 0, ""),
    ],
)
def test_it_counts_what_runs_what_failed_and_what_is_in_doubt(
    counts: dict[Condition, int], stale: int, said: str
) -> None:
    summary = Summary(Counter(counts), 0, stale, 0, None)
    assert title_text(summary, UNICODE) == said
    assert title_text(summary, ASCII) == said.replace(" ·", ",")


def test_only_a_change_is_sent_and_what_was_not_taken_is_sent_again() -> None:
    sent: list[str] = []
    taken = iter([True, False, True, True])

    def send(text: str) -> bool:
        sent.append(text)
        return next(taken)

    title = TerminalTitle(send)
    for text in ("", "1 running", "1 running", "2 running", "2 running", "2 running", ""):
        title.show(text)
    assert sent == ["1 running", "2 running", "2 running", ""]
