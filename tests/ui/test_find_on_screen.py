"""Finding jobs in projects and adding them, on the screen."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.support.builders import failure, job_id
from tests.support.hostile_texts import FRAGMENTS, control_characters
from tests.support.project_lists import Lists
from tests.support.screen_harness import PROFILE, screen
from tui.codearts.extra_call import CallKind, ExtraCall
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind
from tui.core.run import RunRecord
from tui.core.text import clean


async def test_jobs_are_ticked_added_with_names_and_taken_back_by_one_key() -> None:
    service = Lists()
    async with screen(1, profile=replace(PROFILE, extras=service)) as shown:
        await shown.press("O")
        await shown.until(lambda: "Project 3" in shown.text)
        await shown.press(*"2", "enter")
        await shown.until(lambda: "80 jobs" in shown.text)
        assert "Find jobs: Project 2" in shown.text
        await shown.press("space", "space", "escape")
        assert "2 ticked" in shown.text
        await shown.press("enter")
        await shown.until(lambda: "watched" in shown.text)
        await shown.press("asterisk")
        await shown.until(lambda: "249 ticked" in shown.text)  # the one that is watched cannot be ticked
        await shown.press("enter")
        await shown.until(lambda: "Added 249 jobs" in shown.said)
        assert "job-002 nightly" in shown.text
        assert len(shown.store.load().jobs) == 250
        assert len(service.asked) <= 12
        await shown.press("u")
        await shown.until(lambda: len(shown.store.load().jobs) == 1)


@pytest.mark.parametrize(("theme", "environ"), [("codearts-dark", {"NO_COLOR": "1"}), ("ansi-16", {})])
async def test_with_few_colours_the_chosen_job_is_reversed(theme: str, environ: dict[str, str]) -> None:
    async with screen([], profile=replace(PROFILE, extras=Lists()), theme=theme, environ=environ) as shown:
        await shown.press("O")
        await shown.until(lambda: "Project 3" in shown.text)
        strips = shown.app.screen._compositor.render_strips()
        is_reversed = [any(style and style.reverse and "roject" in text for text, style, _ in line) for line in strips]
        assert is_reversed.count(True) == 1


async def test_a_search_and_enter_add_one_job() -> None:
    async with screen([], profile=replace(PROFILE, extras=Lists())) as shown:
        assert "Press O to choose from the jobs of your projects" in shown.text
        await shown.press("O")
        await shown.until(lambda: "Project 3" in shown.text)
        await shown.press("enter", *"JOB-2", "4", "3")
        await shown.until(lambda: "1 of 250 jobs" in shown.text)
        await shown.press("enter")
        await shown.until(lambda: "Added job-243 nightly" in shown.said)
        (job,) = shown.store.load().jobs
        assert (job.id, job.label, job.profile) == (job_id(243), "job-243 nightly", "")


async def test_a_name_typed_among_the_projects_is_searched_for_in_all_jobs_if_no_project_has_it() -> None:
    async with screen([], size=(80, 24), profile=replace(PROFILE, extras=Lists())) as shown:
        await shown.press("O")
        await shown.until(lambda: "Project 3" in shown.text)
        assert "enter: open, type to search, esc: close" in shown.text  # no project can be ticked
        await shown.press(*"JOB-243")
        assert "› 'JOB-243' in all your jobs" in shown.text
        await shown.press("enter")
        await shown.until(lambda: "1 of 250 jobs" in shown.text)
        assert "enter: add, space: tick, *: all, type to search, esc: back" in shown.text
        await shown.press("enter")
        await shown.until(lambda: "Added job-243 nightly" in shown.said)


async def test_the_wheel_brings_more_jobs_and_enter_adds_none_that_is_out_of_view() -> None:
    async with screen([], profile=replace(PROFILE, extras=Lists())) as shown:
        await shown.press("O")
        await shown.until(lambda: "Project 3" in shown.text)
        await shown.press("enter")
        await shown.until(lambda: "100 jobs" in shown.text)
        found = shown.app.screen.query_one("FoundList")
        found.scroll_to(y=90, animate=False, immediate=True)
        await shown.until(lambda: "200 jobs" in shown.text)
        first = next(line for line in shown.lines if "nightly" in line)
        await shown.press("enter")
        await shown.until(lambda: "Added" in shown.said)
        (job,) = shown.store.load().jobs
        assert job.label in first


async def test_hostile_names_stay_in_their_columns() -> None:
    service = Lists([60])
    named = zip(service.jobs, FRAGMENTS, strict=False)
    service.jobs = [job._replace(name=clean(f"<{text}>"), project=clean(text * 40)) for job, text in named]
    async with screen([], size=(60, 15), profile=replace(PROFILE, extras=service)) as shown:
        await shown.press("O")
        await shown.until(lambda: "Project 1" in shown.text)
        await shown.press("enter")
        await shown.until(lambda: "60 jobs" in shown.text)
        for _ in range(8):
            assert not control_characters(shown.text) - {"\n"}
            assert all(line.count("│") == 2 for line in shown.lines if "<" in line)
            await shown.press("pagedown")
        await shown.press("up", "enter")
        await shown.until(lambda: "Added" in shown.said)


async def test_names_that_are_too_long_lose_their_middle_as_in_the_table() -> None:
    service = Lists([2])
    service.jobs = [
        job._replace(name=f"team-20-release-pipeline-of-the-{end}", project="payments and billing, ap-southeast-3")
        for job, end in zip(service.jobs, ("payments-api", "payments-ledger"), strict=False)
    ]
    async with screen([], size=(60, 15), profile=replace(PROFILE, extras=service)) as shown:
        await shown.press("O")
        await shown.until(lambda: "Project 1" in shown.text)
        await shown.press("enter")
        await shown.until(lambda: "2 jobs" in shown.text)
        found = [line for line in shown.lines if "team-20" in line]
        assert [line.split("…")[1].split()[0] for line in found] == ["ayments-api", "ents-ledger"]
        assert all("east-3" in line for line in found)


async def test_what_is_wrong_is_said_and_esc_closes() -> None:
    service = Lists()
    service.refusals = {kind: failure(FailureKind.TIMEOUT) for kind in CallKind}
    async with screen(1, profile=replace(PROFILE, extras=service)) as shown:
        await shown.press("O")
        await shown.until(lambda: "Press f5 to ask again" in shown.text)
        service.refusals = {}
        await shown.press("f5")
        await shown.until(lambda: "Project 1" in shown.text)
        await shown.press("x", "q", "escape")
        assert "Find jobs" in shown.text
        await shown.press("escape")
        assert "Find jobs" not in shown.text
    async with screen(1) as shown:
        await shown.press("O")
        assert "Lists of jobs need more than the status call" in shown.said


class Waiting(Lists):
    """Extras that wait for their turn, as they do while the sign-in is refused."""

    async def fetch(self, call: ExtraCall[Any]) -> Any:
        await asyncio.Event().wait()

    async def last_run(self, job: JobId) -> RunRecord | Failure | None:
        await asyncio.Event().wait()
        return None


async def test_a_dialog_that_waits_for_its_turn_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.ui.find_dialog.LONG_WAIT", 0.01)
    async with screen(1, profile=replace(PROFILE, extras=Waiting()), size=(120, 24)) as shown:
        await shown.press("O")
        await shown.until(lambda: "Still asking: the calls for statuses go first" in shown.text)


@pytest.mark.parametrize(("key", "word"), [("O", "Find jobs"), ("l", "Log of")])
async def test_a_refused_sign_in_is_said_at_once_and_also_if_it_is_refused_meanwhile(
    key: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.ui.actions.LOOK_EVERY", 0.01)
    refused = Failure(FailureKind.SIGN_IN, "The token was refused.", "APIGW.0301")
    async with screen(1, profile=replace(PROFILE, extras=Waiting()), size=(120, 24)) as shown:
        await shown.press(key)
        assert f"{word}" in shown.text
        await shown.until(lambda: "asking…" in shown.text)
        shown.reader.outcomes[job_id(1)] = refused
        shown.board.live.pollers.refresh(None)
        await shown.until(lambda: "The token was refused. Press esc, then i to sign in." in shown.text)
        assert "asking…" not in shown.text
        await shown.press("escape", key)
        await shown.until(lambda: "The token was refused. Press esc, then i to sign in." in shown.text)
        await shown.press("escape", "P", key)
        assert "Paused: nothing is asked." in shown.said
        assert word not in shown.text
