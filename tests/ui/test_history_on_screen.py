"""What the screen shows of the time before its start, and what it hands to the history."""

import asyncio

import pytest

from tests.support.archive import FakeArchive
from tests.support.builders import DAY, failure, job_id, moment, reading
from tests.support.screen_harness import Screen, screen
from tests.support.threads import none_more
from tui.core.job import JobId, ServiceName
from tui.core.observed_run import SERVICE, Between, ObservedRun
from tui.core.reading import Failure, FailureKind, Status
from tui.core.remembered import LastSeen, Remembered
from tui.core.run import Outcome, RunRecord
from tui.storage.recorder import Recorder

NOON = DAY.timestamp()
GONE = "That job is no longer in the watchlist."
RUNNING, IDLE = Status.RUNNING, Status.IDLE
ONE, TWO, THREE = job_id(1), job_id(2), job_id(3)
RUN = ObservedRun(
    ONE, Between(NOON - 900, NOON - 890), NOON - 610, Between(NOON - 610, NOON - 600), number=7, outcome=Outcome.FAILED
)
KNOWN = Remembered(
    {ONE: [RUN], TWO: [ObservedRun(TWO, Between(NOON - 300, NOON - 290), NOON - 121)]},
    {
        ONE: LastSeen(IDLE, NOON - 121, NOON - 120, NOON - 600, NOON - 610, 7, Outcome.FAILED, "FAILURE"),
        TWO: LastSeen(RUNNING, NOON - 121, NOON - 120, NOON - 290, NOON - 300),
    },
)


def recorder_of(archive: FakeArchive) -> Recorder:
    loop = asyncio.get_running_loop()
    start = loop.time()
    return Recorder(archive, lambda: moment(loop.time() - start))


def rows(shown: Screen) -> list[str]:
    return [" ".join(line.split()) for line in shown.lines if "theirs" in line or "job 00" in line]


async def test_the_time_before_the_start_is_shown_as_such_until_the_first_answer() -> None:
    archive = FakeArchive(KNOWN)
    outcomes: dict[JobId, Status | Failure] = {ONE: failure(), TWO: failure()}
    async with screen(3, outcomes, recorder=recorder_of(archive)) as shown:
        first, second, third = rows(shown)
        assert "was failed" in first
        assert "was running" in second
        assert "was" not in third
        assert "0 running" in shown.lines[0]
        assert shown.board.state.board.states[ONE].runs == (RUN,)
        now = shown.clock.now().at + 1  # after all that was asked already
        shown.board.record([reading(ONE, IDLE, now), reading(TWO, RUNNING, now)])
        await shown.settle()
        first, second, _ = rows(shown)
        assert "was" not in first + second
        assert "failed" in first
        assert [notes.runs for notes in archive.notes if notes.runs] == []
        shown.board.record([reading(TWO, IDLE, now + 1)])
        (ended,) = archive.notes[-1].runs
        assert (ended.job, ended.start) == (TWO, Between(NOON - 300, NOON - 290))
    assert archive.waited
    assert archive.notes[-1].seen.keys() == {ONE, TWO, THREE}


async def test_a_run_is_listed_once_also_where_the_clock_was_set_back_after_it() -> None:
    before = RUN._replace(start=Between(NOON - 7200, NOON - 7190), number=6)
    pages = [[before, RUN], [RUN._replace(start=Between(None, NOON - 9000), number=5)], []]

    def older_runs(job: JobId, before: float) -> list[ObservedRun]:
        return pages.pop(0)

    async with screen(1, recorder=recorder_of(FakeArchive(KNOWN)), older_runs=older_runs) as shown:
        await shown.press("h")
        await shown.until(lambda: "#6" in shown.text)
        await shown.press("G")
        await shown.until(lambda: "#5" in shown.text)
        await shown.press("G")
        await shown.until(lambda: not pages)
        await shown.settle()
        numbers = [line.split("#")[1][0] for line in shown.lines if "#" in line.partition("│")[2]]
        assert numbers == ["7", "6", "5"]


async def test_where_no_thread_can_be_had_the_history_says_why_older_runs_are_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with screen(1, recorder=recorder_of(FakeArchive(KNOWN)), older_runs=lambda job, before: [RUN]) as shown:
        none_more(monkeypatch)
        await shown.press("h")
        await shown.until(lambda: "cannot be read: too many processes run" in shown.text)
        assert "#7" in shown.text


async def test_without_memory_for_the_history_the_runs_that_are_known_are_shown() -> None:
    def older(job: JobId, before: float) -> list[ObservedRun]:
        raise MemoryError

    async with screen(1, recorder=recorder_of(FakeArchive(KNOWN)), older_runs=older) as shown:
        await shown.press("h")
        await shown.until(lambda: "cannot be read: there is not enough memory" in shown.text)
        assert "#7" in shown.text


async def test_runs_that_only_the_service_tells_of_have_a_mark_that_the_last_line_explains() -> None:
    pages = [[RUN._replace(start=Between(NOON - 7200, NOON - 7190), number=6, source=SERVICE)], []]
    async with screen(
        1, size=(60, 15), recorder=recorder_of(FakeArchive(KNOWN)), older_runs=lambda job, before: pages.pop(0)
    ) as shown:
        await shown.press("h")
        assert "#7 " in shown.text
        await shown.until(lambda: "#6~" in shown.text)
        assert "enter: log, ~: not seen here, esc: close" in shown.text
    async with screen(1, size=(60, 15), recorder=recorder_of(FakeArchive(KNOWN))) as shown:
        await shown.press("h")
        assert "enter: log, esc: close" in shown.text


async def test_a_run_of_which_the_service_does_not_say_when_is_listed() -> None:
    records = [RunRecord(number, Outcome.FAILED, branch="main", is_finished=True) for number in (12, 11)]
    pages = [[RUN, RUN._replace(start=Between(NOON - 500, NOON - 490), number=11)], []]
    async with screen(1, size=(120, 40), older_runs=lambda job, before: pages.pop(0)) as shown:
        shown.board.state.take_records(ONE, records)
        await shown.press("h")
        await shown.until(lambda: not pages)
        await shown.settle()
        assert "No run" not in shown.text
        listed = [line.split("│")[1].split() for line in shown.lines if "#" in line]
        assert [words[0] for words in listed] == ["#12~", "#11", "#7"]
        assert listed[0] == ["#12~", "●", "failed", "main"]
        await shown.press("escape")
        await shown.ask_all()
        await shown.press("enter")
        assert "● #12 main" in " ".join(shown.text.split())


async def test_of_what_happened_the_problems_can_be_shown_alone() -> None:
    async with screen(3, recorder=recorder_of(FakeArchive(KNOWN))) as shown:
        await shown.press("E")
        assert "!: only problems" in shown.text
        assert "What happened" in shown.text
        everything = [line for line in shown.lines if "started" in line or "failed #7" in line]
        assert len(everything) > 1
        await shown.press("exclamation_mark")
        assert "What happened: only problems" in shown.text
        assert [line for line in shown.lines if "started" in line] == []
        assert "● failed #7" in shown.text
        await shown.press("exclamation_mark")
        assert [line for line in shown.lines if "started" in line or "failed #7" in line] == everything
        await shown.press("exclamation_mark", "enter")
        assert shown.cursor == ONE


async def test_where_nothing_that_happened_was_a_problem_the_list_says_so_and_shows_all_again() -> None:
    async with screen(1) as shown:
        shown.reader.outcomes[ONE] = RUNNING
        await shown.ask_all()
        await shown.press("E", "exclamation_mark")
        assert "No build failed" in shown.text
        await shown.press("exclamation_mark")
        assert "▸ started" in shown.text


async def test_no_line_of_a_list_is_chosen_that_the_wheel_has_brought_out_of_view() -> None:
    async with screen(30, size=(80, 15)) as shown:
        shown.reader.outcomes.update(dict.fromkeys(map(job_id, range(1, 31)), failure(FailureKind.FORBIDDEN)))
        await shown.ask_all()
        await shown.press("E")
        events = shown.app.screen.query_one("LineList")
        events.scroll_to(y=12, animate=False, immediate=True)
        await shown.settle()
        seen = [line for line in shown.lines if "no answer" in line]
        await shown.press("enter")
        assert shown.cursor
        assert shown.board.job_name(shown.cursor) in seen[0]


async def test_a_history_that_opens_late_is_shown_then_and_its_notice_once() -> None:
    archive = FakeArchive(known=None)
    names = {THREE: ServiceName("theirs")}
    async with screen(3, recorder=recorder_of(archive), job_names=names) as shown:
        archive.notices.append("No history: the disk is full.")
        archive.known = KNOWN
        shown.board.tick()
        await shown.until(lambda: "the disk is full" in shown.said)
        assert shown.board.state.board.states[ONE].runs == (RUN,)
        assert "was" not in "".join(rows(shown))
        shown.app.clear_notifications()
        shown.board.tick()
        assert shown.said == ""


async def test_a_run_that_another_program_saw_is_in_the_strip_and_nothing_else_is_drawn() -> None:
    archive = FakeArchive()
    async with screen(3, recorder=recorder_of(archive)) as shown:
        await shown.all_read()
        before = shown.board.state.board
        shown.board.tick()
        assert shown.board.state.board is before
        archive.known = Remembered({ONE: [RUN]})
        shown.board.tick()
        await shown.settle()
        first, second, _ = rows(shown)
        assert ("✗" in first, "✗" in second) == (True, False)
        before = shown.board.state.board
        archive.known = Remembered({ONE: [RUN]})
        shown.board.tick()
        assert shown.board.state.board is before


async def test_a_run_of_a_job_that_another_program_has_removed_has_no_log() -> None:
    async with screen(2, recorder=recorder_of(FakeArchive(KNOWN))) as shown:
        await shown.press("h")
        await shown.until(lambda: "#7" in shown.text)
        shown.store.remove([ONE])
        await shown.board.reload()
        await shown.press("enter")
        await shown.until(lambda: shown.said == GONE)
        assert "#7" in shown.text
