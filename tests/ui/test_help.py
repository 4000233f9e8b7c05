"""Help, palette and footer: what they say, with the user's own keys, views and commands."""

import sys
from functools import partial

import pytest
from rich.cells import cell_len

from tests.support.builders import failure, job_id
from tests.support.screen_harness import Screen, jobs, screen
from tui.core.condition import Condition
from tui.core.filter import parse_filter
from tui.core.reading import Status
from tui.storage.settings import CommandSettings, ViewSettings
from tui.terminal.capabilities import ASCII, UNICODE, Glyphs
from tui.ui.key_help import HelpEntry, found, help_entries, help_text
from tui.ui.status_line import Focus, hints

A, B, C = job_id(1), job_id(2), job_id(3)
VIEWS = {"2": ViewSettings("payments", "tag:even")}
COMMANDS = {"open log": CommandSettings((sys.executable, "-c", "print('opened')"), "f6", help="Open our log page")}
ENTRIES = help_entries({"remove": "Z"}, {"2": "payments"}, {"open log": ("Open our log page", "f6")}, UNICODE)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("delete", "remove"),
        ("reload", "refresh"),
        (":q", "leave"),
        ("mute", "silence"),
        ("/mute", "silence"),
        ("/", "filter"),
        ("copy_id", "copy_id"),
        ("ctrl+z", "suspend"),
        ("open log", "commands.open log"),
        ("payments", "views.2"),
        ("FILTER words", "filter"),
    ],
)
def test_the_help_is_searched_by_words_keys_names_and_everyday_words(query: str, name: str) -> None:
    assert name in [entry.name for entry in found(ENTRIES, query)]


@pytest.mark.parametrize(
    ("key", "names"),
    [("G", ["last"]), ("e", ["error"]), ("E", ["events"]), ("/", ["filter"]), (":", ["palette"]), ("?", ["help", ""])],
)
def test_a_single_key_finds_what_it_does_and_not_each_word_with_that_letter(key: str, names: list[str]) -> None:
    assert [entry.name for entry in found(ENTRIES, key)] == names


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_the_help_explains_every_mark_that_is_in_use(glyphs: Glyphs) -> None:
    entries = help_entries({}, {}, {}, glyphs)
    explained = "".join(entry.keys for entry in found(entries, "marks"))
    used = {*glyphs.condition.values(), *glyphs.armed.values(), glyphs.new, glyphs.mark, glyphs.about, *glyphs.strip}
    assert [mark for mark in used if mark not in explained] == []
    assert "Last runs: failed, aborted or timed out" in [entry.words for entry in found(entries, glyphs.strip.failed)]


@pytest.mark.parametrize("query", ["changed", "since", "last hour", "filter no-answer", "regular"])
def test_the_help_says_what_a_filter_takes_and_a_filter_takes_it(query: str) -> None:
    terms = [entry.keys for entry in found(ENTRIES, query) if entry.group == "In a filter"]
    assert terms
    assert [parse_filter(term).problem for term in terms] == [""] * len(terms)


def test_what_is_not_there_is_not_found_and_no_words_find_everything() -> None:
    assert found(ENTRIES, "xyzzy") == []
    assert found(ENTRIES, " ") == ENTRIES
    assert next(entry for entry in ENTRIES if entry.name == "remove").keys == "Z"


@pytest.mark.parametrize(("width", "columns"), [(33, 1), (53, 1), (73, 1), (113, 2), (193, 3)])
def test_the_help_has_as_many_columns_as_fit_and_loses_no_key(width: int, columns: int) -> None:
    text = help_text(ENTRIES, width, with_names=False)
    lines = text.plain.split("\n")
    assert max(map(cell_len, lines)) <= width
    assert any(line.count("  ") and "Open our log page" in line for line in lines)
    assert all(entry.keys in text.plain for entry in ENTRIES)
    assert len([part for part in lines[1].split("   ") if part.strip()]) >= columns
    assert (lines[0].strip() == "Your commands") == (columns == 1)


@pytest.mark.parametrize("number", range(2, 40))
def test_between_columns_of_the_help_no_entry_is_broken_and_no_heading_parts_from_its_entries(number: int) -> None:
    entries = [HelpEntry(f"group {at // 5}", f"begin{at}. {'word ' * 9}end{at}.", "k") for at in range(number)]
    lines = help_text(entries, 113, with_names=False).plain.split("\n")
    assert "end" in "".join(lines[:3])  # it takes two lines
    for place in (0, 57):
        column = [line[place : place + 57].strip() for line in lines]
        text = "\n".join(column)
        assert all((f"begin{at}." in text) == (f"end{at}." in text) for at in range(number))
        said = [line for line in column if line]
        assert not said or not said[-1].startswith("group")
        assert column[0] or not said


def words(focus: Focus, own: dict[str, str] | None = None) -> list[str]:
    return [f"{hint.key} {hint.word}" for hint in hints(focus, {}, own or {})]


def test_the_footer_begins_with_what_matters_here() -> None:
    assert words(Focus(Condition.IDLE))[:4] == ["? help", "q quit", "enter details", "b alert"]
    assert words(Focus(Condition.FAILED))[2:4] == ["e why", "enter details"]
    assert words(Focus(Condition.PAUSED))[2] == "p resume"
    assert words(Focus(Condition.RUNNING)) == words(Focus(Condition.IDLE)) == words(Focus(Condition.PASSED))
    assert words(Focus(group=True, folded=True))[2:4] == ["enter unfold", "- fold all"]
    assert words(Focus(group=True, folded=True, all_folded=True))[2:4] == ["enter unfold", "- unfold all"]
    assert words(Focus(Condition.IDLE, marked=2))[2:4] == ["esc unmark", "x remove"]
    assert words(Focus(watched=False))[2:4] == ["a add", "O find"]
    assert words(Focus(watched=False, signed_out=True))[2:4] == ["i sign in", "a add"]
    assert words(Focus(Condition.IDLE, details=True))[2] == "esc table"
    assert words(Focus(Condition.IDLE, typing=True))[:2] == ["enter keep the filter", "esc clear it"]
    assert words(Focus(Condition.IDLE, filtered=True))[2] == "esc clear filter"
    assert words(Focus(Condition.IDLE, filtered=True, problems=True, marked=2))[2:4] == ["esc clear filter", "x remove"]
    assert words(Focus(Condition.IDLE, problems=True))[2] == "esc all jobs"
    assert words(Focus(Condition.IDLE), {"f6": "mine"})[4] == "f6 mine"
    assert not {"f6 mine", "l log", "h runs"}.intersection(words(Focus(group=True), {"f6": "mine"}))


def test_the_footer_has_no_key_that_has_nothing_to_do() -> None:
    for focus in (Focus(Condition.IDLE), Focus(watched=False)):
        assert "u undo" not in words(focus)
        assert "u undo" in words(focus._replace(undo=True))
        assert "O find" not in words(focus._replace(extras=False))
    assert "l log" in words(Focus(Condition.IDLE))
    assert "l log" not in words(Focus(Condition.IDLE, extras=False))


def test_where_no_row_is_there_the_footer_has_no_key_that_acts_on_one() -> None:
    """Neither for a filter that finds nothing nor for details of no job."""
    of_a_row = {"details", "alert", "log", "next", "remove", "group", "sort", "refresh", "mark", "copy", "runs", "why"}
    for focus in (Focus(filtered=True), Focus(problems=True), Focus(details=True)):
        assert not of_a_row.intersection(word.partition(" ")[2] for word in words(focus))
    assert words(Focus(filtered=True))[2:5] == ["esc clear filter", "/ filter", "a add"]
    assert words(Focus(problems=True))[2] == "esc all jobs"
    assert words(Focus(details=True))[2:] == ["esc table"]


def test_who_is_not_signed_in_finds_the_key_for_it_first_wherever_the_cursor_is() -> None:
    for focus in (
        Focus(Condition.NO_ANSWER),
        Focus(group=True),
        Focus(Condition.IDLE, marked=2),
        Focus(Condition.NO_ANSWER, details=True),
        Focus(watched=False),
    ):
        assert words(focus._replace(signed_out=True))[:3] == ["? help", "q quit", "i sign in"]
        assert "i sign in" not in words(focus)


async def test_undo_is_in_the_footer_as_long_as_there_is_something_to_undo() -> None:
    async with screen(2, size=(200, 24)) as shown:
        assert "u undo" not in shown.lines[-1]
        await shown.press("x")
        await shown.until(lambda: "u undo" in shown.lines[-1])
        await shown.press("x")
        await shown.until(lambda: "No jobs yet" in shown.text)
        assert "since" not in shown.lines[0]  # of no job it cannot be said that nothing changed
        assert "u undo" in shown.lines[-1]
        await shown.press("u", "u")
        await shown.until(lambda: "u undo" not in shown.lines[-1])


def test_no_hint_is_there_twice_and_none_has_no_key() -> None:
    for condition in Condition:
        found_words = words(Focus(condition, filtered=True), {"f6": "mine"})
        assert len(set(found_words)) == len(found_words)
    assert all(hint.key for hint in hints(Focus(Condition.IDLE), {"copy_id": "f5"}, {}))


async def test_the_help_filters_scrolls_and_closes() -> None:
    async with screen(2, views=VIEWS, commands=COMMANDS) as shown:
        await shown.press("question_mark")
        assert "Open our log page" in shown.text
        before = shown.text
        await shown.press("pagedown")
        assert shown.text != before
        await shown.press("pageup")
        assert shown.text == before
        await shown.press(*":quit")
        assert "Close what is open, then quit [leave]" in shown.text
        assert "Add jobs" not in shown.text
        await shown.press(*"xyz")
        assert "Nothing is found" in shown.text
        await shown.press("escape")
        assert "Keys and words" not in shown.text
        for closes in ("question_mark", "f1", "escape"):
            await shown.press("f1", closes)
            assert "Keys and words" not in shown.text
            assert shown.app.is_running


async def test_views_and_own_commands_are_in_the_palette_with_their_keys() -> None:
    async with screen(jobs(4), views=VIEWS, commands=COMMANDS) as shown:
        await shown.press("colon", *"payments")
        await shown.until(lambda: "view 2 payments  2" in shown.text)
        await shown.press("enter")
        await shown.until(lambda: "2 of 4 shown" in shown.text)
        await shown.press("colon", *"open log")
        await shown.until(lambda: "open log  f6" in shown.text)
        await shown.press("enter")
        await shown.until(lambda: "open log: done: opened" in shown.said)


def is_seen(shown: Screen, text: str) -> bool:
    return text in shown.text or text in shown.said


def is_last_line(shown: Screen, line: str) -> bool:
    return shown.lines[-1].rstrip() == line


async def test_hints_with_wide_characters_are_clicked_and_cut_where_they_are_seen() -> None:
    own = {"打开日志页面": COMMANDS["open log"]}
    async with screen(1, {A: Status.RUNNING}, commands=own, size=(100, 24)) as shown:
        await shown.press("j")
        before, _, _ = shown.lines[-1].partition("f6 打开")
        await shown.pilot.click("Footer", offset=(cell_len(before) + len("f6 打开日志页面"), 0))
        await shown.until(partial(is_seen, shown, "打开日志页面: done"))
        whole = shown.lines[-1].strip().split("   ")
        for columns in range(60, 100):
            await shown.pilot.resize_terminal(columns, 24)
            lines = [" " + "   ".join(whole[: count + 1]) for count in range(len(whole))]
            fitting = [line for line in lines if cell_len(line) <= columns]
            await shown.until(partial(is_last_line, shown, fitting[-1]))


async def test_the_footer_follows_the_cursor_and_can_be_clicked() -> None:
    async with screen(3, {A: failure(), B: Status.RUNNING}, commands=COMMANDS, size=(100, 24)) as shown:
        assert shown.lines[-1].startswith(" ? help   q quit   e why   enter details")
        await shown.press("down")
        assert shown.lines[-1].startswith(" ? help   q quit   enter details   b alert   f6 open log")
        for word, seen in (("open log", "open log: done"), ("details", "$CODEARTS_TOKEN")):
            await shown.pilot.click("Footer", offset=(shown.lines[-1].index(word), 0))
            await shown.until(partial(is_seen, shown, seen))
        assert "esc table" in shown.lines[-1]
        await shown.press("escape", "z", "down", "enter", "left")
        assert "enter fold" in shown.lines[-1]
        await shown.pilot.click("Footer", offset=(0, 0))  # no hint stands there
        await shown.press("space")
        assert "esc unmark" in shown.lines[-1]
        await shown.press("escape", "slash")
        assert shown.lines[-1].startswith(" enter keep the filter   esc clear it")
