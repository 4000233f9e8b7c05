"""The main screen: what stands on it, and that cursor and marks stay with their jobs."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.dom import DOMNode

from tests.support.builders import DAY, failure, job_id, reading
from tests.support.long_run import by_length
from tests.support.screen_harness import HOUR, PROFILE, Screen, screen
from tui.codearts.auth.credentials import FileToken, Secret, TypedToken
from tui.core.alert_policy import AlertOn
from tui.core.board import Board
from tui.core.job import Job, ServiceName
from tui.core.reading import Failure, FailureKind, Reading, Status
from tui.core.run import Outcome, RunRecord
from tui.storage.screen_state import ScreenState
from tui.storage.settings import AlertSettings, CommandSettings, ViewSettings
from tui.storage.watchlist import Watchlist
from tui.ui.happened import LONG_ENOUGH, QUIET


async def test_rows_say_status_in_mark_and_word() -> None:
    async with screen(3, {job_id(1): Status.RUNNING, job_id(3): failure()}) as shown:
        assert "▸ running" in shown.lines[2]
        assert "◦ idle" in shown.lines[3]
        assert "? no answer" in shown.lines[4]
        assert "The service has an error." in shown.lines[4]
        assert "1 running" in shown.lines[0]
        assert "1 no answer" in shown.lines[0]


async def test_an_old_answer_is_never_shown_as_current() -> None:
    async with screen(2, {job_id(1): Status.RUNNING}) as shown:
        shown.clock.ahead = 4 * HOUR
        shown.board.tick()
        await shown.settle()
        assert "was running" in shown.lines[2]
        assert "4h" in shown.lines[2]
        assert "2 stale │ oldest answer 4h" in shown.lines[0]


@pytest.mark.parametrize(("theme", "background"), [("", "#15181E"), ("codearts-light", "#F8F7F4")])
async def test_the_screen_has_its_themes_colours_from_the_start(theme: str, background: str) -> None:
    async with screen(1, state=ScreenState(theme=theme)) as shown:
        await shown.until(lambda: shown.board.styles.background.hex == background)


@pytest.mark.parametrize("size", [(120, 40), (80, 15), (30, 8)])
async def test_no_style_differs_from_what_the_style_sheets_say_after_the_start(size: tuple[int, int]) -> None:
    """They are computed once before the first frame."""
    async with screen(60, state=ScreenState(details=True), size=size) as shown:
        first = [(node, node.styles.base.get_rules(), _parts(node)) for node in shown.board.walk_children()]
        shown.board.update_node_styles(animate=False)
        for node, rules, parts in first:
            assert (rules, parts) == (node.styles.base.get_rules(), _parts(node)), node


def _parts(node: DOMNode) -> dict[str, object]:
    return {name: styles.base.get_rules() for name, styles in node._component_styles.items()}


async def test_a_theme_is_found_by_the_name_in_its_file_and_one_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "file.toml").write_text('name = "mine"\nprimary = "#123456"\n')
    (tmp_path / "broken.toml").write_text("primary")
    async with screen(1, themes=tmp_path, state=ScreenState(theme="mine"), size=(120, 30)) as shown:
        await shown.until(lambda: shown.app.theme == "mine")
        (note,) = shown.app._notifications
        assert note.message.startswith("Theme broken.toml is left out: it is not TOML")
    async with screen(1, theme="nowhere", size=(120, 30)) as shown:
        (note,) = shown.app._notifications
        assert note.message.startswith("There is no theme 'nowhere'; there are ansi-16, codearts-dark,")
        assert shown.app.theme == "codearts-dark"


async def test_no_jobs_nothing_matches_and_could_not_ask_are_three_screens() -> None:
    async with screen(0) as shown:
        assert "No jobs yet." in shown.text
        assert "sign" not in shown.text
    typed = TypedToken()
    async with screen(0, profile=replace(PROFILE, credential=typed)) as shown:
        await shown.until(lambda: "You are not signed in: press i to do that." in shown.text)
        assert "i sign in" in shown.lines[-1]
        typed.secret = Secret("open sesame")
        await shown.press("i", *"open sesame", "enter")
        await shown.until(lambda: "not signed in" not in shown.text)
        assert "i sign in" not in shown.lines[-1]
    async with screen(1, profile=replace(PROFILE, credential=TypedToken())) as shown:
        await shown.until(lambda: "i sign in" in shown.lines[-1])
    async with screen(0, profile=replace(PROFILE, credential=FileToken(Path("/nonexistent/token")))) as shown:
        await shown.until(lambda: "You are not signed in: press i to do that." in shown.text)
        assert "file /nonexistent/token: There is no such file" in shown.text
    async with screen(2) as shown:
        await shown.press("slash", "z", "z")
        assert "Nothing matches the filter 'zz'." in shown.text
        await shown.press("enter", "e")
        assert shown.said == "Nothing matches the filter 'zz'. Press esc to clear it, / to change it."
        await shown.press("slash", "ctrl+u", *"failed")
        assert "For the state type is:failed. Press esc to clear it" in shown.text
        await shown.press("slash", "ctrl+u", *"001", "enter", "n")
        assert shown.said == "No other job that is shown is a problem or has just changed."
        await shown.press("escape")
        assert "job 001" in shown.text
    refused = Failure(FailureKind.NO_CREDENTIAL, "There is no token: set CODEARTS_TOKEN.")
    async with screen([Job(job_id(1), "job 001")], {job_id(1): refused}) as shown:
        await shown.until(lambda: "Could not ask about the job." in shown.text)
        assert "There is no token: set CODEARTS_TOKEN." in shown.text
        said = "Press i to sign in, or r once the credential is right elsewhere."
        await shown.until(lambda: said in " ".join(shown.text.split()))
    expired = failure(FailureKind.SIGN_IN)
    async with screen([Job(job_id(1), "job 001")], {job_id(1): expired}, size=(120, 24)) as shown:
        await shown.until(lambda: "Could not ask about the job." in shown.text)
        await shown.until(lambda: "q quit   i sign in" in shown.lines[-1])
        assert "job 001" in shown.text
        (pace,) = (part for part in shown.board.header.render_line(0) if "not asking" in part.text)
        assert pace.style
        assert pace.style.bold
        await shown.press("R")
        assert shown.said.startswith("Trying the sign-in again with one job")


async def test_how_many_jobs_are_asked_does_not_count_those_that_are_paused() -> None:
    async with screen(3) as shown:
        await shown.press("p", "R")
        assert shown.said.startswith("Asking about 2 jobs")


async def test_the_users_command_runs_when_a_job_starts(tmp_path: Path) -> None:
    told = tmp_path / "told"
    command = ("/bin/sh", "-c", f'echo "$0 $1" >> {told}', "{label}", "{change}")
    async with screen(2, alerts=AlertSettings(True, frozenset(AlertOn), command=command)) as shown:
        shown.reader.outcomes[job_id(2)] = Status.RUNNING
        await shown.ask_all()
        await shown.until(told.exists)
        await shown.until(lambda: told.read_text() == "job 002 started\n")


async def test_the_cursor_stays_on_its_job_through_sorting_and_readings() -> None:
    chance = random.Random(1)
    outcomes: tuple[Status | Failure, ...] = (Status.RUNNING, Status.IDLE, failure())
    async with screen(60) as shown:
        await shown.press("down", "down", "down", "space")
        chosen, marked = shown.cursor, set(shown.board.table.marks)
        shown.board.look.sort_by("status")
        for _ in range(by_length(5, 50)):
            for number in chance.sample(range(1, 61), 10):
                shown.reader.outcomes[job_id(number)] = chance.choice(outcomes)
            await shown.ask_all()
            assert shown.cursor == chosen
            assert shown.board.table.marks == marked
        line = next(line for line in shown.lines if line.startswith("›"))
        assert chosen is not None
        assert shown.board.state.board.states[chosen].job.label in line


@pytest.mark.parametrize(("key", "then"), [("down", 59), ("enter", 60)])
async def test_while_no_key_is_pressed_the_first_rows_stay_in_view_and_the_cursor_waits_on_the_first(
    key: str, then: int
) -> None:
    async with screen(60, state=ScreenState(sort="attention")) as shown:
        shown.reader.outcomes = dict.fromkeys(map(job_id, range(31, 61)), Status.RUNNING)
        await shown.ask_all()
        await shown.until(lambda: "30 running" in shown.lines[0])
        assert shown.lines[3].startswith("›")  # job 001, where it was, is below all that started
        assert "job 060" in shown.lines[3]
        await shown.press("P")  # the banner takes lines of the table
        await shown.until(lambda: "Paused" in shown.lines[2])
        assert "job 060" in shown.lines[5]
        await shown.press(key)
        assert shown.cursor == job_id(then)


async def test_a_cursor_that_was_moved_or_whose_job_has_its_details_open_waits_nowhere_else() -> None:
    async with screen(60, state=ScreenState(sort="attention", details=True), size=(120, 24)) as shown:
        shown.reader.outcomes = dict.fromkeys(map(job_id, range(31, 61)), Status.RUNNING)
        await shown.ask_all()
        await shown.until(lambda: "30 running" in shown.lines[0])
        assert shown.cursor == job_id(1)
        await shown.press("enter")
        await shown.until(lambda: not shown.board.details.is_open)
        shown.clock.ahead += QUIET
        shown.board.show_all()
        assert shown.board.table.is_parked
        await shown.press("j")
        below = shown.cursor
        shown.board.table.park_cursor(was_used=True, now=shown.clock.now().at)
        assert shown.cursor == below


@asynccontextmanager
async def failed_under_a_waiting_cursor(**parts: Any) -> AsyncIterator[Screen]:
    """Of 60 jobs the one on the first row has just failed; no key was pressed, and the cursor waits there."""
    failed = RunRecord(7, Outcome.FAILED, "failure", DAY, DAY, is_finished=True)
    async with screen(60, {job_id(60): Status.RUNNING}, **parts) as shown:
        shown.reader.outcomes = dict.fromkeys(map(job_id, range(31, 60)), Status.RUNNING)
        await shown.ask_all()
        shown.board.learned(job_id(60), failed, None)
        await shown.until(lambda: shown.lines[3].startswith("›✱● failed"))
        yield shown


async def test_a_failure_under_a_cursor_that_only_waits_there_is_not_seen_by_another_key() -> None:
    async with failed_under_a_waiting_cursor() as shown:
        for line in (shown.board.header.render_line(0), shown.board.table.render_line(1)):
            (word,) = (part for part in line if "failed" in part.text)
            assert word.style
            assert word.style.reverse  # red also under the cursor
        await shown.press("w", "w")
        assert shown.lines[3].startswith("›✱● failed")
        await shown.press("j", "k")
        assert shown.lines[3].startswith("› ● failed")


@pytest.mark.parametrize("how", ["k", "n", "N", "a click"])
async def test_a_key_that_puts_the_cursor_where_it_waits_already_is_seen_to(how: str) -> None:
    async with failed_under_a_waiting_cursor() as shown:
        if how == "a click":
            await shown.pilot.click("JobTable", offset=(10, 1))
            await shown.settle()
        else:
            await shown.press(how)
        assert shown.lines[3].startswith("› ● failed")
        await shown.press("x")
        await shown.until(lambda: len(shown.store.load().jobs) == 59)
        assert shown.board.state.board.states.keys().isdisjoint({job_id(60)})


async def test_a_job_that_was_marked_where_the_cursor_waits_has_been_seen() -> None:
    async with failed_under_a_waiting_cursor() as shown:
        await shown.press("space", "escape")
        assert shown.lines[3].startswith("  ● failed")


@pytest.mark.parametrize("problem", [30, 29], ids=["the first row in view", "the row above it"])
async def test_n_passes_over_no_row_where_the_cursor_is_out_of_view(problem: int) -> None:
    async with screen(60, {job_id(problem): failure()}, state=ScreenState(sort="list")) as shown:
        shown.board.table.scroll_to(y=29, animate=False, immediate=True)
        await shown.press("n")
        assert shown.cursor == job_id(problem)


async def test_nothing_is_said_of_a_waiting_cursor_where_there_are_no_rows() -> None:
    async with failed_under_a_waiting_cursor() as shown:
        shown.board.look.keep(shown.board.state.look._replace(filter="of no job"))
        await shown.press("x", "x")
        assert "The cursor was out of view" not in shown.said


async def test_the_way_through_the_digest_begins_where_the_cursor_waits() -> None:
    async with failed_under_a_waiting_cursor() as shown:
        await shown.press("w")
        shown.clock.ahead += 3600
        at = shown.clock.now()
        shown.board.record([Reading(job_id(31), Status.IDLE, at, at)])
        await shown.settle()
        await shown.press("w")
        assert "Since" in shown.text
        assert shown.cursor == job_id(60)
        await shown.press("n")
        assert shown.cursor == job_id(60)
        assert any(line.startswith("› ") and "job 060" in line for line in shown.lines)


async def test_no_command_runs_on_a_job_that_the_cursor_was_not_seen_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.ui.actions.LONG_ENOUGH", HOUR)
    ran = tmp_path / "ran"
    commands = {"one": CommandSettings(("sh", "-c", f'echo "$CODEARTS_ID" > {ran}'), "f6")}
    async with failed_under_a_waiting_cursor(commands=commands) as shown:
        await shown.press("f6")
        assert "The cursor has just come to this job" in shown.said
        assert not ran.exists()
        await shown.press("f6")
        await shown.until(lambda: ran.exists() and ran.read_text().strip() == job_id(60))


@pytest.mark.parametrize("gone_by", ["a filter", "time", "another program", "a folded group"])
async def test_no_key_acts_on_a_job_that_has_just_come_under_the_cursor_by_itself(
    gone_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.ui.actions.LONG_ENOUGH", HOUR)
    is_grouped = gone_by == "a folded group"
    look = ScreenState(
        problems_only=gone_by in ("a filter", "time"), group="state" if is_grouped else "", folded=("state:running",)
    )
    async with screen(3, {job_id(1): failure(), job_id(2): failure()}, state=look) as shown:
        await shown.press("home", *["down"] * is_grouped)
        assert shown.cursor == job_id(1)
        if gone_by == "another program":
            shown.store.remove((job_id(1),))
            await shown.board.reload()
        elif gone_by == "time":
            shown.board.state.record([reading(job_id(1), Status.RUNNING, 2)], lambda _: HOUR)
            shown.board.pass_time()
        else:
            shown.reader.outcomes[job_id(1)] = Status.RUNNING
            await shown.ask_all()
        await shown.until(lambda: shown.cursor != job_id(1))
        jobs = len(shown.store.load().jobs)
        await shown.press("x")
        assert f"The cursor has just come to this {'group' if is_grouped else 'job'}" in shown.said
        assert len(shown.store.load().jobs) == jobs
        await shown.press("x")
        await shown.until(lambda: len(shown.store.load().jobs) == jobs - 1)
        if gone_by == "another program":  # the user's own removal is no surprise
            await shown.press("x")
            await shown.until(lambda: not shown.store.load().jobs)


async def test_a_key_acts_at_once_where_the_user_moved_while_another_programs_jobs_were_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.ui.actions.LONG_ENOUGH", HOUR)
    async with screen(3) as shown:
        await shown.press("home")
        shown.store.remove((job_id(3),))
        reload = asyncio.create_task(shown.board.reload())
        await asyncio.sleep(0)  # it waits for the disk now
        shown.board.table.move_by(1)
        await reload
        await shown.press("x")
        await shown.until(lambda: [job.id for job in shown.store.load().jobs] == [job_id(1)])


@pytest.mark.parametrize("gone_by", ["time", "another program"])
async def test_no_key_acts_on_a_group_that_has_just_come_under_the_cursor_by_itself(
    gone_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.ui.actions.LONG_ENOUGH", HOUR)
    look = ScreenState(group="state", folded=("state:no answer", "state:running"))
    running = dict.fromkeys(map(job_id, (2, 3)), Status.RUNNING)
    async with screen(3, {job_id(1): failure(), **running}, state=look) as shown:
        await shown.press("home")
        assert shown.board.table.group == "state:no answer"
        if gone_by == "time":
            shown.reader.outcomes[job_id(1)] = Status.RUNNING
            await shown.ask_all()
        else:
            shown.store.remove((job_id(1),))
            await shown.board.reload()
        await shown.until(lambda: shown.board.table.group == "state:running")
        jobs = len(shown.store.load().jobs)
        await shown.press("x")
        assert "The cursor has just come to this group" in shown.said
        assert len(shown.store.load().jobs) == jobs
        await shown.press("x")
        await shown.until(lambda: not shown.store.load().jobs)


async def test_nothing_is_said_to_come_under_the_cursor_where_no_row_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.ui.actions.LONG_ENOUGH", HOUR)
    async with screen(2, {job_id(1): failure()}, state=ScreenState(problems_only=True)) as shown:
        await shown.press("home")
        shown.reader.outcomes[job_id(1)] = Status.RUNNING
        await shown.ask_all()
        await shown.until(lambda: not shown.board.table.order)
        await shown.press("x")
        assert "just come to this" not in shown.said


async def test_a_key_acts_at_once_on_the_job_that_comes_up_when_the_user_makes_the_one_before_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.ui.actions.LONG_ENOUGH", HOUR)
    look = ScreenState(problems_only=True)
    async with screen(3, dict.fromkeys(map(job_id, (1, 2, 3)), failure()), state=look) as shown:
        await shown.press("home")
        for _ in range(2):
            shown.board.draws_soon = True  # as readings do all the time
            await shown.press("p")
        assert [bool(state.paused) for state in shown.board.state.board.states.values()] == [True, True, False]


async def test_the_name_of_a_job_out_of_view_is_told_apart_from_those_of_all_other_jobs() -> None:
    every = product(("eu", "us", "cn", "ap"), ("fraud", "ledger"))
    names = [f"payments-platform-{area}-{region}-build" for region, area in every]
    jobs = [Job(job_id(number), name) for number, name in enumerate(names)]
    async with screen(jobs, {jobs[-1].id: failure()}, size=(56, 9), state=ScreenState(sort="list")) as shown:
        assert "out of view: ? paym…ledger-ap-build" in shown.text


async def test_a_row_that_the_scroll_bar_of_wide_columns_covers_is_out_of_view() -> None:
    async with screen(60, {job_id(20): failure()}, state=ScreenState(sort="list", wide=True)) as shown:
        assert shown.board.table.show_horizontal_scrollbar
        shown.board.show_around()
        await shown.settle()
        assert "out of view: ? job 020" in shown.lines[1]
        assert " job 019 " in shown.text
        assert "job 020 " not in "".join(shown.lines[2:])


STEM = "payments-platform-of-the-northern-hemisphere-and-its-islands"


def alike_jobs() -> list[Job]:
    every = product(("billing", "ledger"), ("eu", "us"), ("nightly", "release"))
    names = [f"{STEM}-{'-'.join(parts)}-build" for parts in every]
    return [Job(job_id(number), name) for number, name in enumerate(names, 1)]


@pytest.mark.parametrize("size", [(60, 15), (80, 24)])
async def test_the_name_of_an_armed_job_is_cut_like_the_others(size: tuple[int, int]) -> None:
    async with screen(alike_jobs(), size=size) as shown:
        before = shown.lines[2].partition("…")[2]
        assert before
        await shown.press("b")
        assert "⚐" in shown.lines[2]
        assert shown.lines[2].partition("…")[2] == before


async def test_the_names_of_armed_jobs_can_be_told_apart_where_the_flag_takes_what_they_differ_in() -> None:
    every = product(("reconciliation-batch", "settlement-fraud"), ("eu", "us", "cn", "ap"), ("nightly", "release"))
    names = [f"payments-platform-of-the-north-{'-'.join(parts)}-build-of-the-week" for parts in every]
    async with screen([Job(job_id(number), name) for number, name in enumerate(names)], size=(40, 30)) as shown:
        await shown.press("*", "b")
        assert len({line.partition("⚐")[2].strip() for line in shown.lines if "⚐" in line}) == len(names)


async def test_a_name_that_comes_later_is_cut_where_it_differs_from_the_others() -> None:
    async with screen(alike_jobs(), size=(60, 15)) as shown:
        later = f"{STEM}-refund-ap-nightly-build"
        shown.board.named({job_id(1): ServiceName(later)})
        await shown.board.editor.edit({job_id(1): {"label": ""}}, [], "", "")
        await shown.settle()
        assert "…refund-ap-" in shown.lines[2]


async def test_once_all_jobs_are_read_no_column_is_as_wide_as_the_states_of_before_the_start() -> None:
    async with screen(3, size=(59, 15)) as shown:
        known = shown.board.state.board.states
        remembered = {job: state._replace(is_remembered=True) for job, state in known.items()}
        shown.board.state.board = Board(remembered)
        shown.board.show_all()
        shown.board.tick()
        await shown.settle()
        assert "was idle" in shown.text
        wide = shown.lines[1].index("Job")
        await shown.ask_all()
        shown.board.tick()
        await shown.settle()
        assert shown.lines[1].index("Job") < wide


async def test_a_text_that_goes_on_beyond_the_edge_of_wide_columns_says_so() -> None:
    jobs = [Job(job_id(1), f"payments {'x' * 80}"), Job(job_id(2), "web")]
    async with screen(jobs, state=ScreenState(wide=True)) as shown:
        assert [line.endswith("x…") for line in shown.lines[2:4]] == [True, False]
        await shown.press("right", "right", "right", "right", "right")
        assert "x…" not in shown.lines[2]


async def test_the_details_go_on_with_the_job_that_is_read_there() -> None:
    async with screen(60, state=ScreenState(sort="attention", details=True), size=(120, 24)) as shown:
        shown.reader.outcomes = dict.fromkeys(map(job_id, range(31, 61)), Status.RUNNING)
        await shown.ask_all()
        assert "job 060" in shown.lines[3]
        assert shown.cursor == job_id(1)


async def test_no_job_is_removed_that_the_cursor_was_not_seen_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.ui.actions.LONG_ENOUGH", HOUR)
    async with screen(60, state=ScreenState(sort="attention")) as shown:
        shown.reader.outcomes = dict.fromkeys(map(job_id, range(31, 61)), Status.RUNNING)
        await shown.ask_all()
        await shown.press("x")
        assert len(shown.store.load().jobs) == 60
        assert "The cursor has just come to this job" in shown.said
        await shown.press("x")
        await shown.until(lambda: len(shown.store.load().jobs) == 59)
        assert shown.board.state.board.states.keys().isdisjoint({job_id(60)})


async def test_a_key_acts_on_the_row_where_the_cursor_has_waited_long_enough_to_be_seen() -> None:
    async with screen(60, state=ScreenState(sort="attention")) as shown:
        shown.reader.outcomes = dict.fromkeys(map(job_id, range(31, 61)), Status.RUNNING)
        await shown.ask_all()
        shown.clock.ahead += LONG_ENOUGH
        await shown.press("x")
        await shown.until(lambda: len(shown.store.load().jobs) == 59)
        assert shown.board.state.board.states.keys().isdisjoint({job_id(60)})


async def test_another_height_brings_the_order_that_it_has_room_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with screen(25, {job_id(25): failure()}) as shown:
        monkeypatch.setattr(shown.board, "pass_time", lambda: None)  # that would bring it after seconds

        def is_by_attention() -> bool:
            return shown.text.index("job 025") < shown.text.index("job 001")

        await shown.pilot.resize_terminal(80, 40)
        await shown.until(lambda: not is_by_attention())
        await shown.pilot.resize_terminal(80, 24)
        await shown.until(is_by_attention)


async def test_no_name_is_out_of_view_that_scrolling_has_brought_into_view() -> None:
    async with screen(60, {job_id(60): failure()}, state=ScreenState(sort="list")) as shown:
        assert "out of view: ? job 060" in shown.lines[1]
        shown.board.table.scroll_to(y=60, animate=False, immediate=True)
        await shown.settle()
        assert "job 060" in shown.lines[-2]
        assert "job 060" not in shown.lines[1]
        await shown.press("home")
        assert "out of view: ? job 060" in shown.lines[1]
        await shown.press("end")
        assert "job 060" not in shown.lines[1]


@pytest.mark.parametrize(
    ("look", "said"),
    [
        (ScreenState(), "scroll: 14?"),
        (ScreenState(filter="038"), "hidden: 30?"),
        (ScreenState(group="tag", folded=("tag:odd",)), "hidden: 30?"),
    ],
)
async def test_only_what_scrolling_shows_is_called_so(look: ScreenState, said: str) -> None:
    jobs = [Job(job_id(number), f"job {number:03}", ("odd",)) for number in range(1, 41)]
    look = look._replace(details=False, sort="list", problems_only=True)
    async with screen(jobs, dict.fromkeys(map(job_id, range(1, 31)), failure()), state=look, size=(42, 20)) as shown:
        assert said in shown.lines[1]


async def test_before_the_first_key_the_cursor_is_on_the_first_row() -> None:
    async with screen(30, {job_id(5): failure()}) as shown:
        assert shown.lines[3].startswith("› ? no answer")
        shown.reader.outcomes |= {job_id(7): failure(), job_id(5): Status.IDLE}
        await shown.press("j")
        cursor = shown.cursor
        await shown.ask_all()
        await shown.until(lambda: "job 007" in shown.lines[3])
        assert shown.cursor == cursor


@pytest.mark.parametrize(
    ("sort", "jobs", "height", "first"),
    [("", 30, 24, 30), ("", 30, 60, 1), ("", 21, 24, 1), ("list", 30, 24, 1), ("attention", 30, 60, 30)],
)
async def test_the_automatic_order_puts_first_what_wants_attention_if_the_list_is_longer_than_the_screen(
    sort: str, jobs: int, height: int, first: int
) -> None:
    async with screen(jobs, {job_id(jobs): failure()}, state=ScreenState(sort=sort), size=(80, height)) as shown:
        assert shown.board.table.order[0] == job_id(first)


async def test_the_automatic_order_follows_the_size_but_not_the_details(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.ui.board_screen.RARELY", 10**9)  # time alone sorts no row
    async with screen(21, {job_id(21): failure()}, state=ScreenState(details_below=True)) as shown:
        await shown.press("enter")
        await shown.until(lambda: "out of view: ? job 021" in shown.lines[1])
        shown.board.show_all()
        assert shown.board.table.order[0] == job_id(1)
        await shown.press("enter")
        await shown.pilot.resize_terminal(80, 22)
        await shown.until(lambda: shown.board.table.order[0] == job_id(21))
        await shown.pilot.resize_terminal(80, 24)
        await shown.until(lambda: shown.board.table.order[0] == job_id(1))


async def test_rows_that_the_details_leave_no_room_for_are_out_of_view() -> None:
    async with screen(20, {job_id(20): failure()}, state=ScreenState(details_below=True)) as shown:
        assert "job 020" in shown.lines[21]
        await shown.press("enter")
        await shown.until(lambda: "out of view: ? job 020" in shown.lines[1])
        await shown.press("enter")
        await shown.until(lambda: "job 001" in shown.lines[2])


async def test_a_change_of_the_cursors_job_is_not_seen_while_that_is_out_of_view() -> None:
    async with screen(60, {job_id(1): Status.RUNNING}) as shown:
        shown.board.table.scroll_to(y=30, animate=False, immediate=True)
        shown.reader.outcomes = {}
        await shown.ask_all()
        await shown.press("x")
        assert "out of view: ✱ job 001" in shown.lines[1]
        await shown.press("home")
        assert "job 001" not in shown.lines[1]


async def test_rows_that_the_user_has_scrolled_to_stay_in_view_when_others_come_to_the_top() -> None:
    async with screen(60, state=ScreenState(sort="attention")) as shown:
        await shown.press("j")
        shown.board.table.scroll_to(y=30, animate=False, immediate=True)
        shown.reader.outcomes = {job_id(60): failure()}
        await shown.ask_all()
        assert shown.board.table.order[0] == job_id(60)
        assert shown.board.table.scroll_offset.y == 30


async def test_a_cursor_in_the_last_rows_stays_in_view_when_the_terminal_becomes_lower() -> None:
    async with screen(60, size=(80, 40), state=ScreenState(sort="list")) as shown:
        await shown.press(*["j"] * 30)
        await shown.pilot.resize_terminal(80, 24)
        await shown.until(lambda: shown.board.table.size.height == 21)
        await shown.settle()
        assert shown.cursor == job_id(31)
        assert any(line.startswith("›") and "job 031" in line for line in shown.lines)


async def test_names_are_cut_so_that_they_differ_also_when_one_comes_that_is_as_long() -> None:
    names = [f"{'begin' * 6}{middle}{'end' * 3}" for middle in ("first", "other")]
    both = [Job(job_id(number), name) for number, name in enumerate(names)]
    async with screen(both[:1], size=(40, 12)) as shown:
        assert "…" in shown.lines[2]
        shown.board.take_watchlist(Watchlist(tuple(both)), by_itself=False)
        shown.board.table.update_rows(shown.board.table.in_view())
        await shown.ask_all()
        assert shown.lines[2][4:] != shown.lines[3][4:]


async def test_a_key_acts_on_the_job_whose_details_stand_in_place_of_the_table() -> None:
    async with screen(30, state=ScreenState(sort="list")) as shown:
        await shown.press("j", "j", "enter")
        assert shown.board.details.alone
        await shown.press("p")
        assert [job for job, state in shown.board.state.board.states.items() if state.paused] == [job_id(3)]


@pytest.mark.parametrize("key", ["space", "n"])
async def test_a_key_in_the_same_read_as_one_that_hides_most_rows_acts_on_a_row(key: str) -> None:
    async with screen(100, {job_id(12): failure()}, views={"1": ViewSettings("few", filter="/job 01/")}) as shown:
        shown.board.table.scroll_to(y=70, animate=False, immediate=True)
        await shown.settle()
        for one in ("1", key):
            shown.app.post_message(events.Key(one, " " if one == "space" else one))
        await shown.settle()
        assert len(shown.board.table.order) == 10
        assert shown.cursor == (shown.board.table.order[1] if key == "space" else job_id(12))


async def test_what_comes_to_the_top_is_seen_and_a_new_order_is_shown_from_its_start() -> None:
    async with screen(60, {job_id(n): Status.RUNNING for n in range(1, 61)}) as shown:
        shown.board.look.sort_by("attention")
        await shown.press("home")  # else the cursor stays on the first row
        first = shown.cursor
        for number in (30, 40, 50, 60):
            shown.reader.outcomes[job_id(number)] = failure()
        await shown.ask_all()
        await shown.until(lambda: "4 no answer" in shown.lines[0])
        assert shown.cursor == first
        assert "out of view" not in shown.lines[1]
        assert all(f"job {number:03}" in "\n".join(shown.lines[3:7]) for number in (30, 40, 50, 60))
        await shown.press("home")
        shown.board.look.sort_by("list")
        await shown.settle()
        assert shown.cursor == job_id(1)
        await shown.press("S", "j", "S")
        assert shown.cursor == job_id(59)
        assert any("›" in line and "job 059" in line for line in shown.lines)


async def test_a_click_on_a_head_shows_what_comes_first_wherever_the_cursor_is() -> None:
    async with screen(60) as shown:
        await shown.press("end")
        for first, last in (("job 001", "job 060"), ("job 060", "job 001")):
            await shown.pilot.click("JobTable", offset=(shown.lines[2].index("Job"), 0))
            await shown.settle()
            assert first in shown.lines[3]
            assert last not in shown.text
            assert shown.cursor == job_id(60)
        await shown.press("down")
        await shown.pilot.click("JobTable", offset=(shown.lines[2].index("Job"), 0))
        assert shown.cursor == job_id(59)
        await shown.press("down")  # the cursor comes to what is seen
        assert shown.cursor == job_id(1)


async def test_the_banner_has_the_look_that_it_was_shown_with_last_and_no_other() -> None:
    async with screen(1) as shown:
        banner = shown.board.banner
        for look in ("error", "stale", ""):
            banner.show(f"text with look {look}", look)
            assert {one for one in ("error", "stale") if banner.has_class(f"-{one}")} == {look} - {""}
