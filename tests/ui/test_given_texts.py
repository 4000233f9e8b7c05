"""Labels and tags are kept as given: compared in one form, drawn plain, changed only by who means to."""

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events

from tests.support.builders import DAY, job_id
from tests.support.command_stage import Stage
from tests.support.hostile_texts import control_characters
from tests.support.long_run import by_length
from tests.support.screen_harness import screen
from tui.commands.add import add
from tui.commands.job_selection import listed, named, select_jobs
from tui.commands.render import job_document
from tui.core.errors import UserError
from tui.core.job import Job, join_tags, split_tags
from tui.core.text import clean
from tui.storage.toml_document import Document
from tui.storage.watchlist import MemoryWatchlist, WatchlistEdit, WatchlistFile

PERSIAN = "می\u200cشود"
HINDI = "क्\u200dष"
BIDI = "pay\u202estnem"
A, B = job_id(1), job_id(2)
ODD = [PERSIAN, HINDI, "👩\u200d👩", "cafe\u0301", "café", BIDI, "a\x1b[31mb", "x\u200fy", "tab\there", "z" * 300]


@pytest.mark.parametrize("label", ODD)
def test_a_label_is_stored_as_given_and_drawn_plain(label: str, tmp_path: Path) -> None:
    file = WatchlistFile(tmp_path / "watchlist.toml")
    file.add([Job(A, label, (label, "web"))])
    file.edit({A: {"profile": "prod"}})
    (job,) = WatchlistFile(file.path).load().jobs
    assert job.given_label == label
    assert job.given_tags == (label, "web")
    for drawn in (job.name, job.label, *job.tags):
        assert not control_characters(drawn)
        assert len(drawn) <= 100


@pytest.mark.parametrize("label", ODD)
def test_a_job_is_named_by_its_label_however_it_is_spelled(label: str) -> None:
    watched = [Job(A, label), Job(B, "web")]
    for spelled in (label, clean(label), unicodedata.normalize("NFC", label), unicodedata.normalize("NFD", label)):
        assert named(spelled, watched, {}).id == A
        assert listed([spelled], watched, str, pytest.fail, {})[0].id == A
    spelled = unicodedata.normalize("NFD", label)
    assert select_jobs(["-"], watched, lambda: f"{spelled}\nweb\n", pytest.fail, {})[0].id == A


def test_of_two_labels_that_look_alike_the_exact_one_is_meant() -> None:
    watched = [Job(A, "café"), Job(B, "cafe\u0301")]
    assert named("cafe\u0301", watched, {}).id == B
    watched = [Job(A, PERSIAN), Job(B, PERSIAN + "\u200c")]
    with pytest.raises(UserError, match="Several jobs"):
        named(PERSIAN.replace("\u200c", ""), watched, {})


def test_programs_are_given_the_joiners_and_nothing_that_acts() -> None:
    assert job_document(Job(A, PERSIAN, (HINDI,)))["label"] == PERSIAN
    text = json.dumps(job_document(Job(A, BIDI + "\x1b[31m", ("\u2066",))), ensure_ascii=False)
    assert not control_characters(text)
    assert "\\u001b" not in text


@pytest.mark.parametrize("label", by_length([f"{PERSIAN} {ODD[6]}"], [*ODD[:8], "plain"]))
async def test_an_edit_changes_what_was_typed_and_nothing_else(label: str) -> None:
    async with screen(store=MemoryWatchlist([Job(A, label, (label, "web"))])) as shown:
        before = shown.store.load().text
        await shown.press("L")
        assert not control_characters(shown.text) - {"\n"}
        await shown.press("enter", "t", "enter")
        assert shown.store.load().text == before
        await shown.press("L", *"!", "enter")
        await shown.press("t", "end", *" new", "enter")
        (job,) = shown.store.load().jobs
        assert job.given_label == f"{label}!"
        assert job.given_tags == (label, "web", "new")


async def test_a_joiner_can_be_pasted_and_typed() -> None:
    async with screen(1) as shown:
        await shown.press("L", "ctrl+u")
        shown.app.post_message(events.Paste(f"{PERSIAN}\u202e"))
        await shown.settle()
        shown.app.post_message(events.Key("zero_width_non_joiner", "\u200c"))
        await shown.press(*"x", "enter")
        assert shown.store.load().jobs[0].given_label == f"{PERSIAN}\u200cx"


TAGS = [("team a", "x,y"), ("甲，乙", "\u3000x y"), ('say "hi"', "b"), ('"', "''"), ("a\tb",), ("x" * 60, "y z")]


@pytest.mark.parametrize("tags", by_length([(*TAGS[0], *TAGS[1], *TAGS[2])], TAGS))
async def test_enter_with_nothing_typed_changes_no_tag(tags: tuple[str, ...]) -> None:
    async with screen(store=MemoryWatchlist([Job(A, "job", tags)])) as shown:
        text = shown.store.load().text
        kept = shown.store.load().jobs[0].given_tags
        await shown.press("t", "enter")
        assert shown.store.load().text == text
        await shown.press("t", "end", *" new", "enter")
        assert shown.store.load().jobs[0].given_tags == (*kept, "new")
        assert shown.said == "Tags of job: +new. Press u to undo."


async def test_tags_of_several_jobs_keep_each_ones_spelling() -> None:
    async with screen(store=MemoryWatchlist([Job(A, "one", ("café", "x")), Job(B, "two", ("cafe\u0301",))])) as shown:
        await shown.press("asterisk", "t", *" new", "enter")
        assert [job.given_tags for job in shown.store.load().jobs] == [
            ("café", "new", "x"),
            ("cafe\u0301", "new"),
        ]


@given(st.lists(st.text(min_size=1).map(str.strip).filter(bool)))
def test_tags_as_a_line_are_the_same_tags(tags: list[str]) -> None:
    distinct = split_tags(join_tags(tags))
    assert all(tag in tags for tag in distinct)
    assert split_tags(join_tags(distinct)) == distinct


@pytest.mark.parametrize(
    ("label", "tags", "words"),
    [("x" * 101, (), "101 characters"), ("", ("y" * 41,), "41 characters"), ("a\udcff", (), "not UTF-8")],
)
def test_add_refuses_what_it_would_have_to_cut(label: str, tags: tuple[str, ...], words: str) -> None:
    stage = Stage()
    with pytest.raises(UserError, match=words):
        add(stage.store, stage.session().output, [A], Job(B, label, tags), str, DAY)
    assert stage.store.load().jobs == ()


async def test_the_dialogs_refuse_what_they_would_have_to_cut() -> None:
    async with screen(1) as shown:
        await shown.press("a")
        await shown.type(job_id(7))
        await shown.press("tab", "tab")
        await shown.type("y" * 41)
        await shown.press("enter")
        assert "41 characters" in shown.text
        await shown.press("backspace", "enter")
        assert shown.store.load().jobs[1].given_tags == ("y" * 40,)
        await shown.press("t", "end", "space")
        await shown.type("z" * 41)
        await shown.press("enter")
        assert "41 characters" in shown.text


class Full(MemoryWatchlist):
    """A disk that is full until there is room."""

    room = False

    def _change(self, operation: Callable[..., Document], *arguments: object) -> WatchlistEdit:
        if not self.room:
            raise UserError("Not saved: no space left on device")
        return super()._change(operation, *arguments)


async def test_what_could_not_be_saved_stays_in_its_dialog() -> None:
    disk = Full([Job(A, "job 001")])
    async with screen(store=disk) as shown:
        for key, typed, kept in (("L", " new", "job 001 new"), ("t", " fresh", "fresh"), ("a", job_id(9), job_id(9))):
            disk.room = False
            await shown.press(key)
            await shown.type(typed)
            await shown.press("enter")
            shown.app.clear_notifications()
            await shown.press("home")
            assert "Not saved: no space left on device" in shown.text
            assert kept in shown.text
            disk.room = True
            await shown.press("enter")
            assert "Not saved" not in shown.text
            (*_, job) = disk.load().jobs
            assert kept in (job.id, job.label, *job.tags)


@pytest.mark.parametrize("is_seen", [True, False])
@pytest.mark.parametrize("key", ["L", "t"])
async def test_a_dialog_about_a_job_that_another_program_removes_says_that_nothing_was_saved(
    key: str, is_seen: bool
) -> None:
    """Also where the removal was not seen before, because the file is looked at once a second."""
    store = MemoryWatchlist([Job(A, "job 001"), Job(B, "job 002")])
    async with screen(store=store) as shown:
        await shown.press(key)
        store.remove([A])
        if is_seen:
            await shown.board.reload()
        await shown.type("new")
        await shown.press("enter")
        assert "Not saved: no longer in the watchlist" in shown.text
        assert "new" in shown.text


@pytest.mark.parametrize("key", ["x", "u"])
async def test_a_banner_says_that_a_change_was_not_saved_until_one_is(key: str) -> None:
    disk = Full(screen_jobs := [Job(A, "job 001"), Job(B, "job 002")])
    disk.room = True
    async with screen(store=disk) as shown:
        await shown.press("L", *"!", "enter")
        disk.room = False
        await shown.press(key, "L", "escape", "s", "escape")
        shown.app.clear_notifications()
        await shown.settle()
        assert "Not saved: no space left on device" in shown.text
        disk.room = True
        await shown.press(key)
        assert "Not saved" not in shown.text
        assert len(disk.load().jobs) == len(screen_jobs) - (key == "x")
