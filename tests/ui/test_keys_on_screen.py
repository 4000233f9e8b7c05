"""Every key of the main screen, on a scripted reader."""

from dataclasses import replace

import pytest
from textual import events
from textual.actions import parse

from tests.support.builders import failure, job_id
from tests.support.screen_harness import PROFILE, Door, Screen, screen
from tui.core.errors import UserError
from tui.core.job import Job, ServiceName
from tui.core.reading import Failure, FailureKind, Status
from tui.ui.driver import KeyParser
from tui.ui.keys import COMMANDS, can_be_sent, canonical_key, check_keys, meanings

A, B, C = job_id(1), job_id(2), job_id(3)
NEW = "901878212b1a49be9c1a1054c272762a"


async def test_add_by_key_shows_what_would_be_added_and_adds_it_with_label_and_tags() -> None:
    async with screen(2) as shown:
        await shown.press("a")
        await shown.type(NEW)
        assert "1 new" in shown.text
        await shown.press("tab", *"api", "tab", *"web,nightly", "enter")
        await shown.until(lambda: NEW in shown.board.state.board.states)
        added = shown.store.load().jobs[-1]
        assert (added.id, added.label, added.tags) == (NEW, "api", ("web", "nightly"))
        assert shown.cursor == NEW


async def test_what_was_pasted_and_is_no_job_to_add_is_counted_when_the_others_are_added() -> None:
    two = f"https://devcloud.cn-north-4.huaweicloud.com/codeci/detail/{job_id(7)}/{job_id(8)}"
    async with screen(2) as shown:
        shown.board.post_message(events.Paste(f"{NEW}\n{two}\n"))
        await shown.until(lambda: "1 new, 1 ambiguous" in shown.text)
        await shown.press("enter")
        await shown.until(lambda: shown.said == "Added 90187821; 1 ambiguous left out. Press u to undo.")


async def test_a_name_typed_where_ids_are_added_says_which_key_finds_a_job_by_its_name() -> None:
    async with screen(2, keys={"find": "A"}) as shown:
        await shown.press("a", *"web-frontend")
        assert "Press esc, then A, to find jobs by name." in " ".join(shown.text.replace("│", " ").split())


async def test_remove_undo_and_redo_over_many_steps() -> None:
    async with screen(5) as shown:
        for _ in range(3):
            await shown.press("x")
        await shown.until(lambda: len(shown.store.load().jobs) == 2)
        await shown.press("u", "u", "u")
        await shown.until(lambda: len(shown.store.load().jobs) == 5)
        assert [job.id for job in shown.store.load().jobs] == [job_id(n) for n in range(1, 6)]
        assert shown.cursor == A
        await shown.press("U")
        await shown.until(lambda: len(shown.store.load().jobs) == 4)


async def test_an_undo_says_what_it_brought_about_and_a_redo_what_was_done() -> None:
    async with screen(3) as shown:
        await shown.press("space", "space", "x")
        await shown.until(lambda: "Removed 2 jobs" in shown.said)
        await shown.press("u")
        await shown.until(lambda: shown.said == "Undone: 2 jobs are in the list again.")
        await shown.press("U")
        await shown.until(lambda: shown.said == "Redone: removed 2 jobs.")
        await shown.press("u", "home", "L", "!", "enter", "u")
        await shown.until(lambda: shown.said == "Undone: the label of job 001 is as before.")
        await shown.press("b", "b", "u")
        await shown.until(lambda: shown.said == "Undone: the alert of job 001 is as before.")


async def test_an_undo_after_which_nothing_changed_says_that_another_program_was_faster() -> None:
    async with screen(2) as shown:
        await shown.press("L", "!", "enter")
        await shown.until(lambda: shown.store.load().jobs[0].label == "job 001!")
        shown.store.edit({A: {"label": "theirs"}})
        await shown.press("u")
        await shown.until(lambda: shown.said == "Nothing to undo: another program has changed theirs since.")
        await shown.press("U")
        await shown.until(lambda: shown.said == "Nothing to redo: another program has changed theirs since.")
        assert shown.store.load().jobs[0].label == "theirs"


async def test_the_dialogs_of_label_and_tags_name_the_job_as_its_row_does() -> None:
    async with screen([Job(A, "ours"), Job(B)], job_names={B: ServiceName("theirs")}) as shown:
        for name in ("ours", "theirs"):
            for key, title in (("L", "Label of"), ("t", "Tags of")):
                await shown.press(key)
                assert f"{title} {name}" in shown.text
                await shown.press("escape")
            await shown.press("down")


async def test_marks_by_key_by_range_and_all() -> None:
    async with screen(6) as shown:
        await shown.press("space", "space")
        assert shown.board.table.marks == {A, B}
        await shown.press("v", "down", "down", "v", "down")
        assert shown.board.table.marks == {job_id(n) for n in range(1, 6)}
        await shown.press("escape")
        assert shown.board.table.marks == frozenset()
        await shown.press("asterisk")
        assert len(shown.board.table.marks) == 6
        await shown.press("x")
        await shown.until(lambda: shown.store.load().jobs == ())
        await shown.press("u")
        await shown.until(lambda: len(shown.store.load().jobs) == 6)


async def test_refresh_asks_about_these_and_about_all() -> None:
    async with screen(3) as shown:
        shown.reader.asked.clear()
        await shown.press("down", "r")
        await shown.until(lambda: shown.reader.asked == [B])
        await shown.press("R")
        await shown.until(lambda: len(shown.reader.asked) == 4)


async def test_pause_asks_no_more_until_it_is_taken_back() -> None:
    async with screen(2) as shown:
        shown.reader.asked.clear()
        await shown.press("p")
        assert "= paused" in shown.lines[2]
        await shown.press("r")
        assert shown.reader.asked == []
        await shown.press("p", "r")
        await shown.until(lambda: shown.reader.asked == [A])
        await shown.press("P")
        assert "paused" in shown.lines[0]
        await shown.press("R", "P")
        assert "paused" not in shown.lines[0]


async def test_what_is_wrong_with_the_filter_is_said_as_far_as_the_line_has_room() -> None:
    async with screen(3) as shown:
        await shown.press("slash", *"is:x")
        assert shown.lines[-1].startswith(" is:x is unknown; known states: running, idle, failed, passed")


async def test_filter_as_typed_kept_with_enter_and_dropped_with_escape() -> None:
    async with screen(12, {A: Status.RUNNING}) as shown:
        await shown.press("slash", *"is:run")
        assert shown.board.table.order == (A,)
        await shown.press("enter")
        assert shown.saved[-1].filter == "is:run"
        assert "1 of 12 shown" in shown.text
        await shown.press("escape")
        assert len(shown.board.table.order) == 12
        await shown.press("f", *"tag:even", "enter")
        assert len(shown.board.table.order) == 6


@pytest.mark.parametrize("way", ["tab", "click"])
async def test_an_empty_filter_line_goes_when_the_focus_leaves_it(way: str) -> None:
    async with screen(3) as shown:
        await shown.press("slash")
        assert "words, !word" in shown.lines[-2]
        if way == "tab":
            await shown.press("tab")
        else:
            await shown.pilot.click(shown.board.table, offset=(30, 2))
        await shown.settle()
        assert "words, !word" not in shown.text
        await shown.press("slash", "0", "0", "2", "tab")
        assert "002" in shown.lines[-2]  # it says what hides the other rows
        await shown.press("escape")
        assert "job 001" in shown.text
        assert "002" not in shown.lines[-2]


async def test_the_last_line_says_what_a_filter_may_become_and_what_of_it_is_not_understood() -> None:
    async with screen(3, size=(120, 24)) as shown:
        await shown.press("slash", *"is:")
        assert "is: running, idle, failed" in shown.lines[-1]
        await shown.press(*"pa")
        assert "is: passed, paused" in shown.lines[-1]
        await shown.press("x")
        assert "is:pax is unknown; known states: running, idle" in shown.lines[-1]
        await shown.press("backspace", *"ssed")
        assert "enter keep the filter" in shown.lines[-1]
        await shown.press("backspace", "enter")
        assert "esc clear filter" in shown.lines[-1]


async def test_the_cursor_comes_back_to_its_job_when_the_filter_shows_it_again() -> None:
    async with screen(12) as shown:
        await shown.press("down", "down", "slash", *"01")
        assert C not in shown.board.table.order
        await shown.press("backspace", "backspace", *"003")
        assert shown.cursor == C


@pytest.mark.parametrize("grouped", [(), ("z", "enter")])
async def test_the_cursor_comes_back_to_its_job_after_a_filter_that_nothing_matched(grouped: tuple[str, ...]) -> None:
    async with screen(12) as shown:
        await shown.press(*grouped, "j", "j", "j")
        before = shown.cursor
        await shown.press("slash", *"nothing", "enter")
        assert "0 of 12 shown" in shown.text
        await shown.press("escape")
        assert shown.cursor == before


async def test_problems_are_found_shown_alone_and_explained() -> None:
    async with screen(6, {C: failure(), job_id(5): failure()}) as shown:
        await shown.press("n")
        assert shown.cursor == C
        await shown.press("n", "N")
        assert shown.cursor == C
        await shown.press("exclamation_mark")
        assert shown.board.table.order == (C, job_id(5))
        await shown.press("exclamation_mark", "e")
        assert "CB.00060101" in shown.text
        assert "request ID" in shown.text
        await shown.press("q", "home", "e")
        assert shown.cursor == C


async def test_what_hides_rows_is_named_and_esc_takes_it_away_one_by_one() -> None:
    async with screen(6, {C: failure(), job_id(5): failure()}, size=(120, 24)) as shown:
        await shown.press("slash", *"003", "enter", "exclamation_mark")
        assert "1 of 6 shown: problems" in shown.lines[0]
        assert "esc clear filter" in shown.lines[-1]
        await shown.press("escape")
        assert "2 of 6 shown: problems" in shown.lines[0]
        assert "esc all jobs" in shown.lines[-1]
        await shown.press("escape")
        assert len(shown.board.table.order) == 6
        assert "shown" not in shown.lines[0]
        await shown.press("exclamation_mark", "slash", *"zz", "enter")
        assert "Nothing among the problems matches the filter 'zz'." in shown.text


async def test_details_beside_the_list_where_there_is_room_and_instead_of_it_where_not() -> None:
    async with screen(3, size=(120, 40)) as shown:
        await shown.press("enter")
        assert A in shown.text
        assert "job 002" in shown.text
        assert "$CODEARTS_TOKEN" in shown.text
        await shown.press("q")
        assert A not in shown.text
    async with screen(3, size=(80, 24)) as shown:
        await shown.press("d")
        assert A in shown.text
        assert "job 002" not in shown.text
        await shown.press("j")
        assert B in shown.text
        await shown.press("escape")
        assert "job 003" in shown.text


async def test_sort_and_reverse() -> None:
    async with screen(4, {C: Status.RUNNING}) as shown:
        assert shown.board.table.order[0] == A  # few jobs stand in the watchlist's order
        await shown.press("s", "down", "down", "enter")
        assert shown.board.table.order[0] == C
        await shown.press("S")
        assert shown.board.table.order[-1] == C
        assert shown.saved[-1].sort == "attention"


async def test_one_profile_can_be_shown_alone_also_beside_one_without_a_name() -> None:
    watched = [Job(A, "ours"), Job(B, "theirs", profile="lab")]
    async with screen(watched, names=("", "lab")) as shown:
        await shown.press("F", "down", "enter")
        await shown.until(lambda: shown.board.table.order == (B,))
        assert "1 of 2 shown: lab" in shown.text


async def test_label_and_tags() -> None:
    async with screen(2) as shown:
        await shown.press("L", *" two", "enter")
        await shown.until(lambda: shown.store.load().jobs[0].label == "job 001 two")
        await shown.press("asterisk", "t", *"red", "enter")
        await shown.until(lambda: [job.tags for job in shown.store.load().jobs] == [("red",), ("red", "even")])
        await shown.press("t", *" x", "enter")
        await shown.until(lambda: [job.tags for job in shown.store.load().jobs] == [("red", "x"), ("red", "x", "even")])
        await shown.press("u")
        await shown.press("u", "u")
        await shown.until(lambda: shown.store.load().jobs[0].label == "job 001")


async def test_paste_on_the_table_opens_the_preview_and_one_undo_takes_all_back() -> None:
    async with screen(1) as shown:
        before = shown.store.load().text
        ids = [job_id(n) for n in range(100, 150)]
        shown.board.post_message(events.Paste("\n".join(f"{n} {job}" for n, job in enumerate(ids))))
        await shown.until(lambda: "50 new" in shown.text)
        await shown.press("enter")
        await shown.until(lambda: len(shown.store.load().jobs) == 51)
        await shown.press("u")
        await shown.until(lambda: shown.store.load().text == before)


async def test_a_theme_is_seen_while_choosing_and_kept_only_with_enter() -> None:
    async with screen(1) as shown:
        before = shown.app.theme
        await shown.press("T", "down")
        await shown.until(lambda: shown.app.theme != before)
        await shown.press("escape")
        await shown.until(lambda: shown.app.theme == before)
        await shown.press("T", "down", "enter")
        await shown.until(lambda: bool(shown.saved))
        assert shown.app.theme == shown.saved[-1].theme != before


async def test_keys_can_be_given_to_other_actions_and_help_and_hints_follow() -> None:
    keys = {"remove": "Z", "help": "h,question_mark", "history": "H"}
    async with screen(2, keys=keys, size=(120, 24)) as shown:
        assert "Z remove" in shown.lines[-1]
        await shown.press("x")
        assert len(shown.store.load().jobs) == 2
        await shown.press("Z")
        await shown.until(lambda: len(shown.store.load().jobs) == 1)
        await shown.press("h")
        assert "Watchlist" in shown.text


async def test_each_sentence_names_the_key_as_the_user_set_it() -> None:
    keys = {"undo": "Z", "add": "Y", "find": "A", "back": "f9", "filter": "J", "pause_all": "K", "log": "f8"}
    async with screen(1, keys=keys) as shown:
        await shown.press("J", "z", "z", "enter")
        assert "Press f9 to clear it, J to change it." in shown.text
        await shown.press("f9", "x")
        await shown.until(lambda: "Press Z to undo." in shown.said)
        assert "Press Y to add some" in shown.text
        assert "Press A to choose" in shown.text
        await shown.press("Z", "K", "r")
        await shown.until(lambda: "K to resume everything" in shown.said)


async def test_a_key_of_the_table_is_over_when_it_has_acted() -> None:
    async with screen(3) as shown:
        await shown.pilot.press("down")
        await shown.pilot.pause()
        assert shown.cursor == job_id(2)
        assert not shown.app.holds_keys


async def typed(shown: Screen, sent: str) -> None:
    """What the terminal sends in one read."""
    parser = KeyParser()
    for message in [*parser.feed(sent), *parser.tick()]:
        shown.app.post_message(message)
    await shown.settle()


async def test_escape_and_a_quick_key_made_one_by_a_multiplexer_are_taken_apart() -> None:
    async with screen(3) as shown:
        await shown.press("asterisk")
        await typed(shown, "\x1bx")
        await shown.until(lambda: len(shown.store.load().jobs) == 2)
        await typed(shown, "\x1bG")
        assert shown.cursor == shown.board.table.order[-1]


ALT = {"alt+left": "\x1b[1;3D", "kitty alt+x": "\x1b[120;3u", "xterm alt+x": "\x1b[27;3;120~", "alt+del": "\x1b[3;3~"}


async def test_a_sequence_that_says_alt_itself_does_nothing() -> None:
    async with screen(3) as shown:
        await shown.press("asterisk")
        for name, sent in ALT.items():
            await typed(shown, sent)
            assert len(shown.board.table.marks) == 3, name
            assert len(shown.store.load().jobs) == 3, name
            assert shown.said == "", name
        await shown.press("escape", "a")
        shown.app.post_message(events.Paste(f"{job_id(7)}\n{job_id(8)}"))
        await shown.until(lambda: "2 new" in shown.text)
        for name, sent in ALT.items():
            await typed(shown, sent)
            assert "2 new" in shown.text, name


async def test_moving_by_words_keeps_the_dialog() -> None:
    async with screen(1) as shown:
        await shown.press("L")
        for sent in ("\x1bb", "\x1bf", "\x1b\x7f"):
            await typed(shown, sent)
            assert "Label of" in shown.text, repr(sent)


async def test_a_key_with_alt_can_be_given_where_terminals_send_it() -> None:
    async with screen(3, keys={"last": "alt+down"}) as shown:
        await typed(shown, "\x1b[1;3B")
        assert shown.cursor == shown.board.table.order[-1]


async def test_keys_in_full_width_mean_the_same() -> None:
    async with screen(3) as shown:
        await typed(shown, "\uff4a")
        assert shown.cursor == job_id(2)
        await typed(shown, "\uff1f")
        await shown.until(lambda: "Words" in shown.text or "Watchlist" in shown.text)
        await typed(shown, "\x1b")
        await typed(shown, "\uff0f")
        await typed(shown, "\uff4a")
        assert shown.board.filter.is_typing
        assert shown.board.state.look.filter == "\uff4a"


async def test_signing_in_hides_what_is_typed_tries_it_and_goes_on_where_it_stopped() -> None:
    refused = Failure(FailureKind.SIGN_IN, "The token was refused.", "APIGW.0307")
    door = Door(closed=refused)
    async with screen(1, {A: refused}, profile=replace(PROFILE, sign_in=door)) as shown:
        await shown.until(lambda: "Not asking: The token was refused. (APIGW.0307) Press i to sign in." in shown.text)
        await shown.press("i", *"sesame", "enter")
        assert "That is no token." in shown.text
        await shown.press(*" open")
        assert "open" not in shown.text
        await shown.press("enter")
        await shown.until(lambda: shown.text.count("The token was refused.") == 2)
        door.closed = None
        shown.reader.outcomes[A] = Status.RUNNING
        await shown.press(*"open sesame", "enter")
        await shown.until(lambda: "▸ running" in shown.text)
        assert door.given == "open sesame"
        assert "Not asking" not in shown.text


async def test_quit_closes_what_is_open_first() -> None:
    async with screen(1, size=(120, 30)) as shown:
        await shown.press("enter", "q")
        assert shown.app.is_running
        await shown.press("q")
        await shown.until(lambda: not shown.app.is_running)


@pytest.mark.parametrize(
    "key",
    [
        "",
        ",",
        " ",
        "f5,",
        "hyper+z",
        "ctrl+",
        "F5",
        "zz",
        "alt+x",
        "ctrl+q",
        "ctrl+c",
        "tab",
        "ctrl+i",
        "ctrl+1",
        "ctrl+enter",
        "shift+enter",
        "ctrl+tab",
        "shift+space",
        "ctrl+escape",
        "ctrl+f13",
        "super+c",
        "shift+1",
    ],
)
def test_what_is_no_key_or_has_a_fixed_meaning_is_refused_in_a_sentence(key: str) -> None:
    with pytest.raises(UserError, match=r"\[keys\]"):
        check_keys({"redo": key})


@pytest.mark.parametrize("key", ["M", "f6", "ctrl+e", "M,f6", "?", "plus", "+", "shift+f3", "delete,Z"])
def test_keys_of_every_kind_can_be_given(key: str) -> None:
    check_keys({"help": key, "remove": "ctrl+x"})


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"wide": "ctrl+m"}, "'enter' (written 'ctrl+m': terminals send the same for both) would mean both 'details'"),
        ({"wide": "return"}, "'enter'"),
        ({"wide": "ctrl+["}, "'esc'"),
        ({"wide": "shift+g"}, "'G'"),
        ({"wide": "ctrl+Z"}, "both 'wide' and 'suspend'"),
        ({"wide": "backspace", "redo": "ctrl+h"}, "both 'redo' and 'wide'"),
        ({"wide": "ctrl+slash,ctrl+7"}, "both 'wide' and 'wide'"),
    ],
)
def test_two_names_of_one_key_are_one_key(keys: dict[str, str], words: str) -> None:
    with pytest.raises(UserError) as raised:
        check_keys(keys)
    assert words in str(raised.value)


async def test_a_key_works_by_each_of_its_names() -> None:
    async with screen(3, keys={"last": "ctrl+h", "first": "shift+z", "wide": "ctrl+space"}) as shown:
        for sent in ("\x7f", "\x08"):
            await typed(shown, sent)
            assert shown.cursor == shown.board.table.order[-1]
            await typed(shown, "Z")
            assert shown.cursor == shown.board.table.order[0]
        await typed(shown, "\x00")
        assert shown.board.state.look.wide


SENT = {
    "f1": "\x1bOP", "f12": "\x1b[24~", "shift+f5": "\x1b[15;2~", "ctrl+up": "\x1b[1;5A", "shift+tab": "\x1b[Z",
    "alt+ctrl+shift+f12": "\x1b[24;8~", "ctrl+underscore": "\x1f", "ctrl+backslash": "\x1c", "ctrl+j": "\n",
    "ctrl+right_square_bracket": "\x1d", "ctrl+circumflex_accent": "\x1e", "ctrl+a": "\x01", "insert": "\x1b[2~",
    "alt+shift+delete": "\x1b[3;4~", "ctrl+pageup": "\x1b[5;5~", "space": " ", "full_stop": ".", "A": "A", "é": "é",
}  # fmt: skip


@pytest.mark.parametrize("key", SENT)
def test_a_key_in_the_table_is_the_one_that_terminals_send(key: str) -> None:
    (event,) = KeyParser().feed(SENT[key])
    assert isinstance(event, events.Key)
    name = canonical_key(event.key)
    assert name == key or (len(key) == 1 and event.character == key)
    assert can_be_sent(name)


def test_the_keys_of_the_program_differ_and_none_needs_alt() -> None:
    check_keys({})
    assert not any(key.startswith("alt+") for key in meanings({}))


async def test_each_command_names_a_method_that_there_is() -> None:
    async with screen(1) as shown:
        for command in COMMANDS:
            owner, method, _ = parse(command.action)
            if owner == "app":
                assert callable(getattr(shown.app, f"action_{method}")), command.id
            else:
                assert callable(getattr(getattr(shown.board, owner), method)), command.id


async def test_the_rest_of_a_paste_that_comes_while_its_dialog_opens_is_in_the_same_dialog() -> None:
    whole = f"{job_id(7)}\n{job_id(8)}\n{job_id(9)}\n"
    async with screen(1, size=(100, 30)) as shown:
        for part in (whole[:50], whole[50:90], whole[90:]):  # in the middle of an ID
            shown.board.post_message(events.Paste(part))
        await shown.until(lambda: "3 new" in shown.text)
        await shown.press("escape")
        assert "Add jobs" not in shown.text
