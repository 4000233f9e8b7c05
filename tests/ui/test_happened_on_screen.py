"""What happened meanwhile: the digest after a time without keys, `n` through it, `E` and `h`."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.core.test_past_events import run
from tests.support.builders import failure, job_id
from tests.support.screen_harness import PROFILE, Screen, screen
from tui.core.errors import UserError
from tui.core.job import JobId
from tui.core.observed_run import ObservedRun
from tui.core.reading import FailureKind, Status
from tui.core.run import FailedStep, Outcome, RunRecord


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


STEP = FailedStep("Sign ipa")


async def happens(shown: Screen) -> None:
    """After a minute job 2 runs for ten minutes and fails; job 3 gives no answer any more."""
    shown.clock.ahead += 60
    shown.reader.outcomes[job_id(2)] = Status.RUNNING
    shown.reader.outcomes[job_id(3)] = failure(FailureKind.FORBIDDEN, "No right to see it.")
    await shown.ask_all()
    shown.clock.ahead += 590
    await shown.ask_all()
    shown.clock.ahead += 10
    shown.reader.outcomes[job_id(2)] = Status.IDLE
    await shown.ask_all()
    await shown.until(lambda: bool(shown.board.state.board.states[job_id(2)].runs))
    shown.board.learned(job_id(2), RunRecord(88, Outcome.FAILED, is_finished=True, branch="main"), STEP)
    await shown.settle()


async def test_what_happened_while_nothing_was_pressed_is_summed_up_until_esc() -> None:
    async with screen(4) as shown:
        await shown.press("j")
        await happens(shown)
        assert "Since" not in shown.text
        await shown.press("g")
        assert shown.cursor == job_id(1)
        summary = next(line for line in shown.lines if "Since" in line)
        assert "1 job failed (job 002), 1 no answer.  n: next, esc: close" in summary
        for expected in (2, 3, 2):
            await shown.press("n")
            assert shown.cursor == job_id(expected)
        await shown.press("N")
        assert shown.cursor == job_id(3)
        await shown.press("escape")
        assert "Since" not in shown.text


@pytest.mark.parametrize("days", [-20000.0, -0.25, 0.25])
async def test_the_silence_began_by_the_clock_of_now_also_if_that_was_set_meanwhile(days: float) -> None:
    async with screen(4) as shown:
        shown.clock.wrong = timedelta(days=days)
        await shown.press("j")
        await happens(shown)
        shown.clock.wrong = timedelta()
        await shown.press("g")
        assert any(line.startswith(" Since 12:00: 1 job failed") for line in shown.lines)


async def test_the_key_that_ends_the_silence_does_what_it_always_does() -> None:
    async with screen(4) as shown:
        await shown.press("space")
        await happens(shown)
        assert shown.board.table.marks
        await shown.press("escape")
        assert not shown.board.table.marks
        assert "Since" in shown.text
        await shown.press("escape")
        assert "Since" not in shown.text


async def test_a_quiet_time_brings_no_digest_and_takes_no_key() -> None:
    async with screen(4) as shown:
        await shown.press("space")
        shown.clock.ahead += 700
        await shown.press("j")
        assert "Since" not in shown.text
        await shown.press("escape")
        assert not shown.board.table.marks


async def test_everything_that_happened_and_the_runs_of_one_job() -> None:
    async with screen(4) as shown:
        await shown.press("E")
        assert "Nothing was seen to happen yet." in shown.text
        await shown.press("E")
        await happens(shown)
        await shown.press("E")
        new = [line.strip(" │") for line in shown.lines if " ✱ 12:" in line]
        said = sorted(line.split(maxsplit=5)[5] for line in new)
        assert said[0].startswith("failed #88 in Sign ipa after 10m ±")
        assert said[1:] == ["no answer: No right to see it.", "started #88"]
        await shown.press("enter")
        assert shown.cursor == job_id(2)
        assert shown.saved[-1].events_read > 0
        await shown.press("h")
        assert "Runs of job 002" in shown.text
        assert any("#88" in line and "failed" in line and "10m ±" in line and "main" in line for line in shown.lines)
        await shown.press("h", "E")
        assert any("failed #88 in Sign ipa after 10m" in line for line in shown.lines)
        assert not any(" ✱ 12:" in line for line in shown.lines)
        await shown.press("E")
        ahead = shown.clock.now().wall.timestamp() + 86_400
        shown.board.look.save(shown.board.state.look._replace(events_read=ahead))  # by a clock that was set back since
        await shown.press("E")
        assert any(" ✱ 12:" in line for line in shown.lines)


async def test_what_has_no_room_beside_the_scroll_bar_has_a_sign_for_it() -> None:
    long = "No right to see it, and more is said than there is room for."
    failures = {job_id(number): failure(FailureKind.FORBIDDEN, long) for number in range(1, 21)}
    async with screen(20, size=(60, 15)) as shown:
        shown.reader.outcomes.update(failures)
        shown.clock.ahead += 60
        await shown.ask_all()
        await shown.press("E")
        said = [line.rstrip("│ ▁▂▃▄▅▆▇█") for line in shown.lines if " no answer: " in line]
        assert said
        assert all(line.endswith("…") for line in said)


async def test_the_history_shows_older_runs_of_the_file_when_they_are_read() -> None:
    old = [run(job_id(2), at * 3600 - 10 * 86_400, at * 3600 - 10 * 86_400 + 600, Outcome.PASSED) for at in range(60)]
    gate = threading.Event()
    asked: list[float] = []

    def older_runs(job: JobId, before: float) -> list[ObservedRun]:
        gate.wait(20)
        asked.append(before)
        if job != job_id(2):
            raise UserError("The history cannot be read: the disk is full.")
        return [one for one in old if one.start.by < before][-20:]

    async with screen(4, older_runs=older_runs) as shown:
        await happens(shown)
        await shown.press("j", "h")
        assert "#88" in shown.text
        assert "reading older runs" in shown.text
        gate.set()
        await shown.until(lambda: "11-15" in shown.text)
        for _ in range(5):
            await shown.press("G")
        await shown.until(lambda: "11-13 11:59" in shown.text)
        assert "reading older runs" not in shown.text
        assert len(asked) == 4  # the last page is empty
        await shown.press("h", "k", "h")
        await shown.until(lambda: "the disk is full" in shown.text)


@pytest.mark.parametrize("keys", [("E", "G", "enter"), ("g", "n", "e", "l")])
async def test_a_job_that_another_program_has_removed_meanwhile_is_not_called_hidden(keys: tuple[str, ...]) -> None:
    *opening, last = keys
    async with screen(4, profile=replace(PROFILE, extras=object())) as shown:
        await shown.press("j")
        await happens(shown)
        await shown.press(*opening)
        await shown.until(lambda: "What happened" in shown.text or "Why the build failed" in shown.text)
        shown.store.remove([job_id(2)])
        await shown.board.reload()
        await shown.press(last)
        await shown.until(lambda: shown.said == "That job is no longer in the watchlist.")
