"""The terminal's title: what it counts, and that only a change is sent."""

from collections import Counter
from io import StringIO

import pytest
from textual.drivers._writer_thread import WriterThread

from tui.core.condition import Condition, Summary
from tui.terminal.capabilities import ASCII, UNICODE
from tui.ui.driver import SturdyDriver, Title
from tui.ui.header import title_text

MANY = {Condition.RUNNING: 2, Condition.FAILED: 1, Condition.PASSED: 9, Condition.NO_ANSWER: 4, Condition.STALE: 1}


@pytest.mark.parametrize(
    ("counts", "stale", "said"),
    [
        (MANY, 3, "2 running · 1 failed · 4 no answer · 1 stale"),
        ({Condition.IDLE: 3}, 0, "0 running"),
        ({Condition.NO_ANSWER: 3}, 2, "3 no answer"),
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


class Driver(SturdyDriver):
    """Keeps what it is given for the terminal, which may take no output."""

    is_stuck = False

    def __init__(self) -> None:
        self.sent: list[str] = []
        self._writer_thread = WriterThread(StringIO())

    def write(self, data: str) -> None:
        self.sent.append(data)


def test_only_a_change_is_sent_and_what_was_not_taken_is_sent_again() -> None:
    driver, none, one, two = Driver(), Title(), Title("one", "push ", "pop"), Title("two", "push ", "pop")
    for title in (none, one, one):
        driver.show_title(title)
    assert driver.sent == ["push one"]
    for title in (two, none):
        driver.is_stuck, before = True, list(driver.sent)
        driver.show_title(title)
        assert driver.sent == before
        driver.is_stuck = False
        driver.show_title(title)
        driver.show_title(title)
    assert driver.sent == ["push one", "two", "pop"]
