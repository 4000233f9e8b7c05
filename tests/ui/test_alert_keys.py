"""The keys b and B: what they say on the row, in the header and in the watchlist, and what is sent to the terminal."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.support.builders import job_id
from tests.support.screen_harness import Clock, jobs, screen
from tui.core.alert_policy import AlertOn
from tui.core.errors import UserError
from tui.core.job import JobId
from tui.core.reading import Status
from tui.storage.settings import AlertSettings
from tui.storage.watchlist import MemoryWatchlist, WatchlistEdit
from tui.terminal.capabilities import ASCII
from tui.ui.app import WatchApp


async def test_b_arms_once_then_always_then_not(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(WatchApp, "write_raw", lambda app, text: sent.append(text))
    running = {job_id(number): Status.RUNNING for number in (1, 2, 3)}
    async with screen(3, running) as shown:
        await shown.press("b")
        assert "⚐ job 001" in shown.lines[2]
        assert shown.said == "Alert on, once: when job 001 ends. Again: always."
        assert not shown.store.load().jobs[0].alert
        await shown.press("b")
        assert "⚑ job 001" in shown.lines[2]
        assert shown.store.load().jobs[0].alert
        await shown.press("b")
        assert "⚑" not in shown.text
        assert not shown.store.load().jobs[0].alert
        await shown.press("u")
        assert "⚑ job 001" in shown.lines[2]
        await shown.press("space", "space", "b")
        assert ["⚑ job 001" in shown.text, "⚐ job 002" in shown.text, "⚐ job 003" in shown.text] == [True, True, False]
        shown.reader.outcomes = dict.fromkeys(running, Status.IDLE)
        await shown.ask_all()
        await shown.until(lambda: "3 idle" in shown.text)
        shown.clock.ahead = 20  # the second job of a moment is told 15 s later
        shown.board.tick()
        await shown.until(lambda: "⚐" not in shown.text)
        assert "⚑ job 001" in shown.text
        assert sent == ["\a"]


async def test_several_jobs_are_armed_in_one_sentence() -> None:
    async with screen(2) as shown:
        await shown.press("*", "b")
        assert shown.said == "Alert on, once: when 2 jobs end. Again: always."


async def test_big_b_silences_and_the_header_says_until_when(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(WatchApp, "write_raw", lambda app, text: sent.append(text))
    async with screen(1, {job_id(1): Status.RUNNING}) as shown:
        await shown.press("b", "B")
        assert "silent until " in shown.lines[0]
        shown.reader.outcomes[job_id(1)] = Status.IDLE
        await shown.ask_all()
        await shown.until(lambda: "1 idle" in shown.text)
        await shown.press("B")
        assert shown.said == "Alerts are on again. Held back: job 001: stopped"
        assert "silent" not in shown.lines[0]
        assert sent == []


def around_now() -> str:
    """Quiet hours that began an hour ago and end in an hour, as in the settings."""
    now = Clock().now().wall.astimezone()
    return f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=1):%H:%M}"


async def test_in_quiet_hours_the_screen_says_that_nothing_rings_and_until_when() -> None:
    quiet = around_now()
    end = quiet.partition("-")[2]
    async with screen(1, {job_id(1): Status.RUNNING}, alerts=AlertSettings(quiet=quiet)) as shown:
        assert f"silent until {end}" in shown.lines[0]
        await shown.press("b")
        assert shown.said == f"Alert on, once: when job 001 ends. Again: always. Silent until {end}."
        await shown.press("B")
        assert shown.said == f"Silent until {end}: no alerts."
        await shown.press("B")
        assert shown.said == f"Quiet hours until {end}: no alerts before."
        shown.clock.ahead = 3600
        shown.board.tick()
        await shown.until(lambda: "silent" not in shown.lines[0])


@pytest.mark.parametrize(("quiet_for", "silent_for"), [(timedelta(minutes=10), 1), (timedelta(hours=22), 22)])
async def test_of_silence_and_quiet_hours_the_later_end_is_named(quiet_for: timedelta, silent_for: int) -> None:
    now = Clock().now().wall.astimezone()
    quiet = f"{now - timedelta(hours=1):%H:%M}-{now + quiet_for:%H:%M}"
    async with screen(1, alerts=AlertSettings(quiet=quiet)) as shown:
        await shown.press("B")
        assert shown.said == f"Silent until {now + timedelta(hours=silent_for):%H:%M}: no alerts."
        shown.clock.ahead = 1200
        await shown.press("b")
        assert f"Silent until {now + timedelta(hours=silent_for):%H:%M}" in shown.said


async def test_who_ends_the_alert_of_a_job_reads_that_those_of_all_jobs_go_on() -> None:
    async with screen(2, alerts=AlertSettings(bell=True)) as shown:
        await shown.press("b", "b", "b")
        assert shown.said == "No alert for job 001 alone; bell = true alerts of all jobs."
        await shown.press("*", "b", "b", "b")
        assert shown.said == "No alert for 2 jobs alone; bell = true alerts of all jobs."


async def test_a_filter_lists_the_armed_jobs_until_they_had_their_alert() -> None:
    async with screen(4, dict.fromkeys(map(job_id, (1, 2, 3, 4)), Status.RUNNING)) as shown:
        await shown.press("space", "space", "b", "escape", "G", "b", "b", "slash", *"is:armed", "enter")
        assert re.findall(r"job 00\d", "\n".join(shown.lines[2:6])) == [
            "job 001",
            "job 002",
            "job 004",
        ]
        assert "3 of 4 shown" in shown.text
        await shown.press("G", "b")  # armed no more
        assert re.findall(r"[⚐⚑] job 00\d", shown.text) == ["⚐ job 001", "⚐ job 002"]
        shown.reader.outcomes = {job_id(1): Status.IDLE, **dict.fromkeys(map(job_id, (2, 3, 4)), Status.RUNNING)}
        await shown.ask_all()
        await shown.until(lambda: "1 of 4 shown" in shown.text)
        assert "job 001" not in shown.text


async def test_an_alert_that_cannot_be_saved_is_not_shown_and_ascii_has_its_own_flags() -> None:
    class Full(MemoryWatchlist):
        is_full = True

        def edit(self, values: Mapping[JobId, Mapping[str, Any]]) -> WatchlistEdit:
            if self.is_full:
                raise UserError("Not saved: the disk is full")
            return super().edit(values)

    store = Full(jobs(1))
    async with screen(1, store=store, glyphs=ASCII) as shown:
        await shown.press("b")
        assert "b job 001" in shown.text
        await shown.press("b")
        assert "b job 001" in shown.text
        assert "Not saved: the disk is full" in shown.text
        await shown.press("b")
        assert "b job 001" not in shown.text  # it can be switched off all the same
        await shown.press("b")
        assert "b job 001" in shown.text
        store.is_full = False
        await shown.press("b")
        assert "B job 001" in shown.text  # for every alert, now that it can be saved


async def test_the_details_say_which_alerts_there_are_of_the_job() -> None:
    rules = AlertSettings(bell=True, on=frozenset({AlertOn.FAILED, AlertOn.STARTED}))
    async with screen(1, alerts=rules, size=(200, 40)) as shown:
        await shown.press("enter")
        assert re.search(r"alert +as of all jobs: failed, started", shown.text)
        await shown.press("b")
        assert re.search(r"alert +when it ends, once; as of all jobs: failed, started", shown.text)
    async with screen(1, size=(120, 40)) as shown:
        await shown.press("enter")
        assert not re.search(r"▏ alert", shown.text)
        await shown.press("b")
        assert re.search(r"alert +when it ends, once *$", shown.text, re.MULTILINE)
