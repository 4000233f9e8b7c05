"""The palette, the keys that close what they open, and the order of rows."""

from functools import partial

import pytest
from textual import events

from tests.support.builders import failure, job_id
from tests.support.long_run import by_length
from tests.support.screen_harness import Screen, screen
from tui.core.job import Job
from tui.core.reading import Status

A, B, C = job_id(1), job_id(2), job_id(3)


@pytest.mark.parametrize("word", by_length([":q"], ["q", ":q", "quit", "exit", "leave", "wq"]))
async def test_the_palette_quits_by_every_usual_word(word: str) -> None:
    async with screen(1) as shown:
        await shown.press("colon")
        await shown.type(word)
        await shown.until(lambda: "quit  q" in shown.text)
        await shown.press("enter")
        await shown.until(lambda: not shown.app.is_running)


FOUND = {
    "delete": "remove  x del",
    "rename": "label  L f2",
    "login": "sign in  i",
    "search": "filter  / f",
    "x": "remove  x del",
    "E": "events  E",
    "undo": "undo  ctrl+y",  # the user's own key
}


def is_shown(shown: Screen, title: str) -> bool:
    return title in shown.text.replace("^y", "ctrl+y")


async def test_the_palette_finds_everyday_words_and_shows_keys() -> None:
    async with screen(1, keys={"undo": "ctrl+y"}) as shown:
        for word, title in FOUND.items():
            await shown.press("colon")
            await shown.type(word)
            await shown.until(partial(is_shown, shown, title))
            await shown.press("escape")


async def test_a_click_beside_the_palette_closes_it_also_where_the_terminal_has_become_smaller() -> None:
    async with screen(1) as shown:
        for x, y in ((1, 1), (500, 500)):
            await shown.press("colon")
            click = events.Click(shown.app.screen, x, y, 0, 0, 1, False, False, False, x, y)
            shown.app.screen.post_message(click)
            await shown.until(lambda: shown.app.screen is shown.board)
            await shown.settle()
            assert not shown.app.crash


OPENERS = ["e", "question_mark", "T", "enter", "s", "f1", "F", "o", "f2", "d"]


async def test_the_key_that_opens_also_closes() -> None:
    job = Job(A, "job", address="https://a.example/")
    async with screen([job], {A: failure()}, names=("", "lab"), size=(100, 30)) as shown:
        before = shown.text
        for key in by_length(OPENERS[:4], OPENERS):
            await shown.press(key)
            assert shown.text != before
            await shown.press(key)
            assert shown.app.is_running
            assert shown.app.screen is shown.board
            assert shown.text == before


async def test_the_key_that_opens_a_field_is_text_in_it() -> None:
    async with screen(1) as shown:
        await shown.press("L", *"L", "enter")
        assert shown.store.load().jobs[0].label == "job 001L"


async def test_rows_without_a_value_come_last_in_both_directions() -> None:
    watched = [Job(A, "one", ("x",)), Job(B, "two"), Job(C, "three", ("a",))]
    async with screen(watched, {A: Status.RUNNING, B: failure(), C: Status.IDLE}) as shown:
        shown.board.look.sort_by("tags")
        assert list(shown.board.table.order) == [C, A, B]
        shown.board.look.reverse()
        assert list(shown.board.table.order) == [A, C, B]


async def test_names_with_numbers_are_in_their_natural_order() -> None:
    async with screen([Job(A, "job-10"), Job(B, "job-2"), Job(C, "Job-1")]) as shown:
        shown.board.look.sort_by("job")
        assert list(shown.board.table.order) == [C, B, A]
