"""What became of the last run, as the table, the header, the filter and the error dialog show it."""

from datetime import timedelta

import pytest
from textual import events

from tests.support.builders import DAY, failure, job_id
from tests.support.hostile_texts import control_characters
from tests.support.screen_harness import Screen, screen
from tui.core.job import Job, ServiceName
from tui.core.reading import FailureKind, Status
from tui.core.run import FailedStep, Outcome, RunRecord
from tui.terminal.capabilities import ASCII, UNICODE, Glyphs

STEP = FailedStep("Sign ipa", "CB.2017", "the certificate is expired")
WORDS = {Outcome.PASSED: "✓ passed", Outcome.FAILED: "● failed", Outcome.ABORTED: "○ aborted"}
WORDS[Outcome.TIMED_OUT] = "○ timed out"


def record(outcome: Outcome, number: int = 88, is_confirmed: bool = True) -> RunRecord:
    began = DAY - timedelta(minutes=9)
    ended = began + timedelta(seconds=90)
    return RunRecord(
        number,
        outcome,
        outcome.value.upper(),
        began,
        ended,
        42.0,
        "timer",
        "main",
        "lin",
        True,
        None,
        None,
        is_confirmed,
    )


def line(shown: Screen, name: str) -> str:
    return next(line for line in shown.lines if name in line)


async def learn(shown: Screen, number: int, outcome: Outcome, step: FailedStep | None = None) -> None:
    shown.board.learned(job_id(number), record(outcome), step)
    await shown.settle()


@pytest.mark.parametrize("outcome", WORDS)
async def test_a_row_says_what_became_of_its_last_run(outcome: Outcome) -> None:
    async with screen(1) as shown:
        assert "◦ idle" in line(shown, "job 001")
        await learn(shown, 1, outcome)
        assert WORDS[outcome] in line(shown, "job 001")
        assert "#88 main" in line(shown, "job 001")


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
async def test_each_state_but_two_has_a_mark_of_its_own(glyphs: Glyphs) -> None:
    assert len(set(glyphs.condition.values())) == len(glyphs.condition) - 1  # aborted and timed out have the same


async def test_the_header_counts_add_up() -> None:
    async with screen(7, {job_id(1): Status.RUNNING, job_id(2): failure()}) as shown:
        for number, outcome in enumerate(WORDS, 3):
            await learn(shown, number, outcome)
        assert "1 running  1 failed  1 timed out  1 aborted  1 passed  1 idle  1 no answer" in shown.lines[0]


async def test_a_failed_build_says_where_and_e_says_why() -> None:
    async with screen(2, size=(120, 30)) as shown:
        await learn(shown, 1, Outcome.FAILED, STEP)
        assert "step Sign ipa" in line(shown, "job 001")
        await shown.press("e")
        for text in ("Why the build failed", "#88 · main · timer", "Sign ipa", "CB.2017", "is expired", "42s"):
            assert text in shown.text
        await shown.press("escape")
        await shown.press("down", "e")
        assert shown.cursor == job_id(1)


async def test_one_key_leads_from_the_reason_of_a_failed_build_to_its_log_and_one_to_the_next_reason() -> None:
    async with screen(3, {job_id(3): failure()}, size=(120, 30)) as shown:
        await learn(shown, 1, Outcome.FAILED, STEP)
        await shown.press("home", "e")
        assert "l: log, n: next" in shown.text
        await shown.press("n")
        assert shown.cursor == job_id(3)
        assert "Why there is no answer" in shown.text
        assert "l: log" not in shown.text
        await shown.press("n")
        assert shown.cursor == job_id(1)
        assert "Why the build failed" in shown.text
        await shown.press("l")
        assert "Logs need" in shown.said  # this screen has no service to read them from


async def test_without_room_for_builds_the_failing_step_or_the_error_stands_behind_the_name() -> None:
    long = "infra-terraform plan of the region "
    alike = [f"{'x' * 30}{number}{'y' * 30}" for number in (7, 8)]
    names = ("ios", "android", f"{long}eu-1", f"{long}ap-2", f"{long}ap-3", "a-name-that-leaves-a-bit", *alike)
    watched = [Job(job_id(number), name) for number, name in enumerate(names, 1)]
    failures = {job_id(2): failure(FailureKind.TIMEOUT), job_id(5): failure(FailureKind.TIMEOUT)}
    async with screen(watched, failures, size=(56, 15)) as shown:
        for number in (1, 3, 4, 6, 7):
            await learn(shown, number, Outcome.FAILED, STEP._replace(step="Lint") if number == 4 else STEP)
        assert "Build" not in shown.text
        assert line(shown, "ios").endswith("ios · Sign ipa")
        assert line(shown, "android").endswith("android · timed out")
        assert line(shown, "eu-1").endswith(" infra-terra…region eu-1 · Sign ipa")
        assert line(shown, "Lint").endswith(" infra-terraform…region ap-2 · Lint")
        assert line(shown, "ap-3").endswith(" infra-terra…region ap-3 · timed o…")
        assert line(shown, "…7").endswith("xx…7… · Sign ipa")
        assert line(shown, "a-bit").endswith("a-bit · Sign i…")
        await shown.pilot.resize_terminal(100, 24)
        await shown.until(lambda: line(shown, "ios").endswith("#88 · step Sign ipa"))
        assert line(shown, "ios").count("Sign") == 1


async def test_it_stays_while_the_next_run_goes_on_and_is_unknown_after_that() -> None:
    async with screen(1) as shown:
        await learn(shown, 1, Outcome.FAILED)
        for status, word in ((Status.RUNNING, "▸ running"), (Status.IDLE, "◦ idle")):
            shown.reader.outcomes[job_id(1)] = status
            shown.clock.ahead += 20
            await shown.ask_all()
            assert word in line(shown, "job 001")


async def test_an_old_answer_says_was_and_one_without_an_answer_keeps_its_mark() -> None:
    async with screen(1) as shown:
        await learn(shown, 1, Outcome.PASSED)
        shown.reader.outcomes[job_id(1)] = failure(FailureKind.SERVER_ERROR)
        shown.clock.ahead += 4 * 3600
        await shown.ask_all()
        assert "? was passed" in line(shown, "job 001")


async def test_filters_know_the_outcomes_and_idle_means_not_running_as_before() -> None:
    async with screen(4, {job_id(4): Status.RUNNING}) as shown:
        await learn(shown, 1, Outcome.FAILED)
        await learn(shown, 2, Outcome.PASSED)
        for text, names in (("is:failed", "1"), ("is:passed", "2"), ("is:idle", "123"), ("is:problem", "1")):
            shown.board.look.keep(shown.board.state.look._replace(filter=text))
            await shown.settle()
            assert [name for name in "1234" if f"job 00{name}" in shown.text] == list(names)


async def test_the_services_name_stands_where_there_is_no_label_and_can_be_filtered_for() -> None:
    known = {job_id(3): ServiceName("known-before")}
    async with screen([Job(job_id(1)), Job(job_id(2), "mine"), Job(job_id(3))], job_names=known) as shown:
        assert "00000000" in shown.text
        assert "known-before" in shown.text
        shown.board.named({job_id(1): ServiceName("payments-api"), job_id(2): ServiceName("theirs")})
        await shown.settle()
        assert "payments-api" in shown.text
        assert "mine" in shown.text
        assert "theirs" not in shown.text
        shown.board.named({job_id(1): ServiceName("payments-api")})
        assert not shown.board.draws_soon, "a name that is known holds up the next readings"
        shown.board.look.keep(shown.board.state.look._replace(filter="payments"))
        await shown.settle()
        assert "mine" not in shown.text


async def test_a_job_has_the_name_of_its_row_in_all_that_is_said_of_it() -> None:
    known = {job_id(1): ServiceName("payments-api")}
    async with screen([Job(job_id(1))], {job_id(1): failure()}, job_names=known) as shown:
        await shown.press("t")
        assert "Tags of payments-api" in shown.text
        await shown.type("web")
        await shown.press("enter")
        assert "Tags of payments-api: +web" in shown.said
        await shown.press("L")
        await shown.type("mine")
        await shown.press("enter", "u")
        assert "Undone: the label of payments-api is as before." in shown.said
        await shown.press("x")
        assert "Removed payments-api" in shown.said
        await shown.press("u", "e")
        assert f"payments-api  {job_id(1)}" in shown.text


async def test_an_undo_names_a_job_by_the_name_that_came_after_the_change() -> None:
    name = {job_id(7): ServiceName("payments-api")}
    async with screen(1) as shown:
        shown.app.post_message(events.Paste(job_id(7)))
        await shown.until(lambda: "1 new" in shown.text)
        await shown.press("enter")
        await shown.until(lambda: "Added" in shown.said)
        await shown.press("t")
        await shown.type("web")
        await shown.press("enter")
        await shown.until(lambda: "Tags of" in shown.said)
        shown.board.named(name)
        await shown.settle()
        await shown.press("u")
        await shown.until(lambda: shown.said == "Undone: the tags of payments-api are as before.")
        await shown.press("u")
        await shown.until(lambda: shown.said == "Undone: payments-api is out of the list again.")
        await shown.press("U")
        await shown.until(lambda: shown.said == "Redone: added payments-api.")


async def test_a_job_that_is_added_again_is_named_by_its_name_if_that_is_known() -> None:
    async with screen([Job(job_id(1))], job_names={job_id(1): ServiceName("payments-api")}) as shown:
        await shown.press("x", "a")
        await shown.type(job_id(1))
        await shown.press("enter")
        await shown.until(lambda: "Added payments-api." in shown.said)


async def test_texts_of_the_service_are_plain_on_the_screen() -> None:
    async with screen(1, size=(120, 30)) as shown:
        hostile = FailedStep("[bold]x[/] [link=file:///]", "CB", "[@click=app.quit]y[/]")
        await learn(shown, 1, Outcome.FAILED, hostile)
        assert "step [bold]x[/] [link" in line(shown, "job 001")
        await shown.press("e")
        assert "[@click=app.quit]y[/]" in shown.text
        assert not control_characters(shown.text) - {"\n"}
