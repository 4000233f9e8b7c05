"""The log of a build in its dialog."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.builders import DAY, failure, job_id
from tests.support.hostile_texts import FRAGMENTS, control_characters
from tests.support.screen_harness import PROFILE, Screen, Where, screen
from tui.codearts.extra_call import ExtraCall
from tui.codearts.log_api import LogPiece
from tui.core.reading import Failure, FailureKind, Status
from tui.core.run import Outcome, RunRecord
from tui.ui import dialogs, log_dialog


@dataclass
class Service:
    """One build with a log that a test makes longer."""

    log: str = ""
    refusal: Failure | None = None
    asked: list[int] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    async def last_run(self, job: object) -> RunRecord:
        return RunRecord(88)

    async def fetch(self, call: ExtraCall[Any]) -> Any:
        if self.refusal:
            return self.refusal
        start = int(call.path.partition("offset=")[2].partition("&")[0])
        self.asked.append(start)
        self.paths.append(call.path)
        piece = self.log[start : start + 100_000]
        return LogPiece(piece, start + len(piece), start + len(piece) < len(self.log))


def profile(service: object) -> Where:
    return replace(PROFILE, extras=service)


def numbered(count: int, first: int = 1) -> str:
    return "".join(f"line {number}{' ERROR' if number % 50 == 0 else ''}\n" for number in range(first, first + count))


async def read(shown: Screen, text: str) -> None:
    await shown.until(lambda: text in shown.text)


async def test_it_follows_while_the_job_runs_and_stays_where_the_reader_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_dialog, "READ_EVERY", 0.01)
    service = Service(numbered(200))
    async with screen(2, {job_id(1): Status.RUNNING}, profile=profile(service)) as shown:
        await shown.press("l")
        await read(shown, "line 200")
        assert "Log of job 001, build #88, running" in shown.text
        assert "following" in shown.text
        service.log += numbered(3, 201)
        await read(shown, "line 203")
        top = shown.lines[2]
        service.log += numbered(1, 204)
        await read(shown, "line 204")
        assert shown.lines[2] == top  # a new line moves no other, as long as there is room
        await shown.press("home")
        service.log += numbered(4, 205)
        await read(shown, "of 208")
        assert "line 1 " in shown.text
        assert "following" not in shown.text
        await shown.press("end")
        assert "line 208" in shown.text
        shown.reader.outcomes[job_id(1)] = Status.IDLE
        await shown.ask_all()
        await read(shown, "build #88, idle")
        asked = len(service.asked)
        for _ in range(20):
            await shown.pilot.pause(0.01)
        assert len(service.asked) == asked
        service.log += numbered(1, 209)
        await shown.press("r")
        await read(shown, "line 209")
        await shown.press("l")
        assert "Log of" not in shown.text


async def test_the_log_of_another_build_than_the_last_known_one_has_not_the_outcome_of_that() -> None:
    async with screen(1, {job_id(1): Status.IDLE}, profile=profile(Service("one\n"))) as shown:
        shown.board.learned(job_id(1), RunRecord(87, Outcome.FAILED, "FAILURE", is_finished=True), None)
        await shown.press("l")
        await read(shown, "build #88, ended")
        shown.board.learned(job_id(1), RunRecord(88, Outcome.PASSED, "SUCCESS", is_finished=True), None)
        await shown.press("r")
        await read(shown, "build #88, passed")


@dataclass
class Slow(Service):
    """Its calls wait for their turn."""

    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def fetch(self, call: ExtraCall[Any]) -> Any:
        await self.turns.acquire()
        return await super().fetch(call)


async def test_the_scroll_bar_is_where_the_lines_in_view_are_from_the_first_on() -> None:
    async with screen(1, profile=profile(Service(numbered(200)))) as shown:
        await shown.press("l")
        await read(shown, "line 200")
        view = shown.app.screen.query_one(log_dialog.LogView)
        assert view.scroll_y == view.max_scroll_y > 0
        await shown.until(lambda: view.vertical_scrollbar.position == view.scroll_y)
        await shown.press("g")
        assert view.vertical_scrollbar.position == view.scroll_y == 0


async def test_each_piece_is_shown_as_it_comes() -> None:
    service = Slow(numbered(30_000))
    async with screen(2, {job_id(1): Status.RUNNING}, profile=profile(service)) as shown:
        await shown.press("l")
        await read(shown, "asking…")
        for pieces in (1, 2):
            service.turns.release()
            known = service.log[: pieces * 100_000].count("\n")
            await read(shown, f" of {known + 1:,}")
            assert f"line {known}" in shown.text
            assert len(service.asked) == pieces


async def test_why_a_log_that_was_read_cannot_be_read_on_is_said_until_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_dialog, "READ_EVERY", 0.01)
    monkeypatch.setattr(log_dialog, "AFTER_PROBLEM", 0.01)
    service = Service(numbered(5))
    async with screen(2, {job_id(1): Status.RUNNING}, profile=profile(service)) as shown:
        await shown.press("l")
        await read(shown, "line 5")
        service.refusal = failure(summary="The service has an internal error.")
        await read(shown, "The service has an internal error.")
        assert "line 5" in shown.text
        service.log, service.refusal = service.log + numbered(1, 6), None
        await read(shown, "line 6")
        await shown.until(lambda: "internal error" not in shown.text)


async def test_after_midnight_the_times_of_the_day_before_have_a_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialogs, "DAY_CHECK", 0.01)
    monkeypatch.setattr(log_dialog, "READ_EVERY", 0.01)
    stamp = DAY.strftime("[%Y/%m/%d %H:%M:%S.000 GMT+00:00]")
    hour, day = DAY.astimezone().strftime("%H:%M:%S"), DAY.astimezone().strftime("%m-%d")
    async with screen(1, {job_id(1): Status.RUNNING}, profile=profile(Service(f"{stamp} ok\n{'=' * 90}\n"))) as shown:
        shown.reader.outcomes[job_id(1)] = Status.IDLE
        await shown.ask_all()
        for key, today, later in (("l", f" {hour} ok", f" {day} {hour} ok"), ("h", " before ", f" before {day} ")):
            await shown.press(key)
            await read(shown, today)
            assert day not in shown.text
            shown.clock.ahead += 86_400
            await read(shown, later)
            shown.clock.ahead -= 86_400
            await shown.press("escape")
        await shown.press("E")
        await read(shown, "What happened")
        shown.clock.ahead += 86_400
        await read(shown, f"{day} ")


async def test_after_midnight_a_long_line_can_be_scrolled_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialogs, "DAY_CHECK", 0.01)
    stamp = DAY.strftime("[%Y/%m/%d %H:%M:%S.000 GMT+00:00]")
    day = DAY.astimezone().strftime("%m-%d")
    async with screen(1, profile=profile(Service(f"{stamp} {'=' * 120}end\n"))) as shown:
        await shown.press("l")
        await read(shown, "====")
        shown.clock.ahead += 86_400
        await read(shown, f"{day} ")
        await shown.press(*["right"] * 40)
        assert "=end" in shown.text


async def test_a_search_goes_from_match_to_match() -> None:
    async with screen(1, profile=profile(Service(numbered(200)))) as shown:
        await shown.press("l")
        await read(shown, "line 200")
        await shown.press("slash", *"error", "enter")
        await read(shown, "'error': 4 of 4")
        await shown.press("N", "N")
        assert "line 100 ERROR" in shown.text
        assert "2 of 4" in shown.text
        await shown.press("n", "n", "n")
        assert "line 50 ERROR" in shown.text
        assert "1 of 4" in shown.text
        await shown.press("slash", "q")  # no word that closes the dialog
        await shown.press("escape")
        assert "Log of" in shown.text
        await shown.press("slash", *"zz", "enter")
        assert "not there" in shown.text
        await shown.press("n", "escape")
        assert "Log of" not in shown.text


async def test_what_is_hostile_stays_in_its_line_and_wide_lines_scroll() -> None:
    hostile = "".join(
        f"<{fragment.replace(chr(10), ' ')}>\n" for fragment in FRAGMENTS if not "\ud800" <= fragment[:1] < "\ue000"
    )
    service = Service(f"{hostile}{'每日构建' * 300_000}\nstart {'x' * 200} far away\nlast\n")
    async with screen(1, size=(60, 15), profile=profile(service)) as shown:
        await shown.press("l")
        await read(shown, "last")
        assert "far away" not in shown.text
        assert next(line for line in shown.lines if "start xxx" in line).rstrip("│ ▁▂▃▄▅▆▇█").endswith("xx…")
        await shown.press("slash", *"far away", "enter")
        assert "far away" in shown.text
        await shown.press("home", *["left"] * 20)
        assert "<[/]>" in shown.text
        for _ in range(20):
            assert not control_characters(shown.text) - {"\n"}
            assert all(line[:1] in "│╭╰" and line[-1:] in "│╮╯" for line in shown.lines)
            await shown.press("pagedown")


async def test_what_is_wrong_is_one_sentence_and_r_asks_again() -> None:
    service = Service("all is well\n", failure(FailureKind.TIMEOUT))
    async with screen(1, profile=profile(service)) as shown:
        await shown.press("l")
        await read(shown, "Press r to ask again")
        service.refusal = None
        await shown.press("r")
        await read(shown, "all is well")
        assert "Press r" not in shown.text


async def test_without_extras_it_says_what_to_do() -> None:
    async with screen(1) as shown:
        await shown.press("l")
        assert "Logs need more than the status call" in shown.said


async def test_enter_on_a_run_shows_the_log_of_that_build_and_returns_to_the_runs() -> None:
    service = Service(numbered(3))
    async with screen(1, profile=profile(service)) as shown:
        told = [RunRecord(number, Outcome.FAILED, "failure", DAY, DAY, 60.0, is_finished=True) for number in (9, 8, 7)]
        told = [one._replace(started_at=DAY - timedelta(hours=10 - one.number)) for one in told]
        told = [one._replace(ended_at=one.started_at + timedelta(minutes=1)) for one in told if one.started_at]
        shown.board.told(job_id(1), told)
        await shown.press("h")
        await read(shown, "#7")
        assert "enter: log, ~: not seen here, esc: close" in shown.text
        await shown.press("j", "enter")
        await read(shown, "Log of job 001, build #8, failed")
        await read(shown, "line 3")
        assert all("/8/" in path for path in service.paths)
        await shown.press("escape")
        await read(shown, "Runs of job 001")
        await shown.press("j", "enter")
        await read(shown, "build #7, failed")


async def test_a_run_without_a_number_says_why_it_has_no_log() -> None:
    async with screen(1, {job_id(1): Status.RUNNING}, profile=profile(Service("x"))) as shown:
        shown.reader.outcomes[job_id(1)] = Status.IDLE
        await shown.ask_all()
        await shown.press("h", "enter")
        await shown.until(lambda: "The service's number of this build is not known" in shown.said)
        assert "Runs of job 001" in shown.text
