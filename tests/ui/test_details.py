"""The details: what they say of a job, and where they stand."""

from datetime import datetime, timedelta

import pytest
from rich.console import Console

from tests.core.test_past_events import run
from tests.support.builders import DAY, after_setting, failure, job_id, moment, reading, row, state
from tests.support.screen_harness import Screen, screen
from tui.core.board import JobState
from tui.core.job import Job, ServiceName
from tui.core.reading import Failure, FailureKind, Status
from tui.core.run import FailedStep, Outcome, RunRecord
from tui.storage.screen_state import ScreenState
from tui.terminal.capabilities import UNICODE
from tui.ui.actions.details import DetailsPlace, place_of, resized
from tui.ui.details import LINE, WHOLE, error_fields, fields, grid, report
from tui.ui.row import Row, Subject

RUNNING, IDLE = Status.RUNNING, Status.IDLE
JOB = Job(job_id(1), "payments-api", ("payments",), "prod", "https://console.example/1")


def shown(of: Row, next_attempt: float | None = None) -> list[str]:
    subject = Subject(of, "https://build.example", next_attempt, 15.0)
    return [value if name in (WHOLE, LINE) else f"{name}: {value}" for name, value, _ in fields(subject, UNICODE)]


def failed_run() -> RunRecord:
    return RunRecord(8, Outcome.FAILED, "failure", DAY, moment(60).wall, 60.0, "timer", "main", "lin", True)


def test_what_it_does_comes_first_then_why_it_failed_then_its_runs_then_what_it_is() -> None:
    known = state((IDLE, 0), (RUNNING, 10), (IDLE, 70), job=JOB)
    known = known.learn(failed_run(), FailedStep("Sign ipa", "CB.2017", "the certificate is expired"))
    known = known._replace(service_name=ServiceName("api", "", "Pay"))
    lines = shown(row(known, 90))
    assert lines[:2] == ["payments-api", "● failed  30s ago"]
    assert lines[3:5] == ["last run: failed  #8 · main · timer", "step: Sign ipa"]  # all that a low pane shows
    wanted = ["last run: failed", "step: Sign ipa", "says: the certificate is expired", "● #8", "last read: ", "job: "]
    places = [next(at for at, line in enumerate(lines) if line.startswith(start)) for start in wanted]
    assert places == sorted(places)
    assert "main · timer" in lines[places[3]]
    assert {"name: api", "project: Pay", "tags: payments", "profile: prod"} <= set(lines)


def test_how_long_the_last_run_took_is_not_rounded() -> None:
    known = state((IDLE, 0), job=JOB).learn(failed_run()._replace(duration=68.4))
    assert "took: 1m08s" in shown(row(known, 1))


def test_at_most_ten_runs_the_newest_first() -> None:
    known = state(*((status, 100.0 * at + 40 * at % 2) for at, status in enumerate([IDLE, RUNNING] * 13)))
    lines = [line for line in shown(row(known, 3000)) if line.startswith("◦ ")]
    times = [line.split()[1] for line in lines if ":" in line]
    assert len(times) == 10
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(("began", "said", "look"), [(-400.0, "≈3m left", ""), (-770.0, "longer than usual", "ageing")])
def test_a_run_says_once_how_long_it_usually_takes_and_looks_late_if_it_is(began: float, said: str, look: str) -> None:
    known = state((RUNNING, 10), job=JOB)
    ended = tuple(run(JOB.id, -5000.0, -4400.0, Outcome.PASSED) for _ in range(20))
    known = known._replace(runs=ended, current_run=run(JOB.id, began))
    found = list(fields(Subject(row(known, 10), "https://build.example", None, 15.0), UNICODE))
    assert found[2] == (WHOLE, said, look)
    assert [value for name, value, _ in found if "usually ≈10m" in value or name == "usually"] == [found[3][1]]


@pytest.mark.parametrize("lengths", [(60.0, 600.0) * 10, (400.0, 410.0, 420.0)])
def test_the_usual_length_is_said_once_also_where_no_time_left_can_be_said(lengths: tuple[float, ...]) -> None:
    """Of two kinds of runs, and where the run takes longer than the few before it."""
    known = state((RUNNING, 10), job=JOB)
    ended = tuple(run(JOB.id, -5000.0, -5000.0 + length, Outcome.PASSED) for length in lengths)
    known = known._replace(runs=ended, current_run=run(JOB.id, -890.0))
    assert len([line for line in shown(row(known, 10)) if "usually" in line]) == 1


def test_a_run_that_began_before_the_first_reading_is_named_and_has_run_as_long_as_the_service_says() -> None:
    going = RunRecord(9, started_at=moment(-2400).wall, trigger="timer", branch="develop", is_finished=False)
    before = failed_run()._replace(started_at=moment(-4000).wall, ended_at=moment(-3900).wall)
    known = state((RUNNING, 0), (RUNNING, 95), job=JOB).learn(before)._replace(going=going)
    lines = shown(row(known, 95))
    assert lines[1] == "▸ running  41m"
    assert [line for line in lines if line.startswith(("this run", "started", "last run"))] == [
        "this run: #9 · develop · timer",
        f"started: {moment(-2400).wall.astimezone():%H:%M:%S}",
        "last run: failed  #8 · main · timer",
        f"started: {moment(-4000).wall.astimezone():%H:%M:%S}",
    ]
    unanswered = known.record(reading(JOB.id, failure(), 96))
    assert shown(row(unanswered, 97))[1] == "? running  41m"


def test_the_last_reading_has_the_code_of_its_answer_where_there_was_one() -> None:
    known = state((IDLE, 0))
    assert known.last
    assert any(line.startswith("last read: ") and line.endswith(", HTTP 200") for line in shown(row(known, 10)))
    unanswered = known._replace(last=known.last._replace(http_status=None))
    assert not any("HTTP" in line for line in shown(row(unanswered, 10)))


def test_since_when_its_status_is_so_has_both_ends_and_before_the_first_reading_none() -> None:
    """`since` alone was taken for the time of the failure, which is in the second line."""
    first, last = (f"{moment(at).wall.astimezone():%H:%M:%S}" for at in (9, 25))  # sent, and received
    assert f"status: running since between {first} and {last}" in shown(row(state((IDLE, 10), (RUNNING, 25)), 30))
    ended = RunRecord(8, Outcome.FAILED, ended_at=moment(-300).wall, is_finished=True)
    lines = shown(row(state((IDLE, 25)).learn(ended), 30))
    assert lines[1] == "● failed  5m ago"
    assert f"status: idle since {last} or earlier: it was so at the first reading" in lines


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (state((IDLE, 0), (RUNNING, 10)), "running | since 2026-11-23T12:00:10+00:00"),
        (state((RUNNING, 25)).learn(failed_run()), "running | since 2026-11-23T12:00:25+00:00 or earlier"),
        (
            state((RUNNING, 25))._replace(going=RunRecord(9, started_at=DAY - timedelta(minutes=5), branch="main")),
            "running | since 2026-11-23T11:55:00+00:00 | #9 main",
        ),
        (state((IDLE, 25)), "idle | since 2026-11-23T12:00:25+00:00 or earlier"),
        (
            state((IDLE, 25)).learn(failed_run()._replace(ended_at=DAY)),
            "failed | since 2026-11-23T12:00:00+00:00 | #8 main · timer",
        ),
        (
            state((IDLE, 25)).learn(failed_run()._replace(started_at=moment(26).wall, ended_at=None)),
            "failed | #8 main · timer",
        ),
    ],
)
def test_the_line_for_a_ticket_has_the_name_and_the_time_of_the_row(known: JobState, said: str) -> None:
    named = known._replace(service_name=ServiceName("payments-api"))
    assert report(Subject(row(named, 30), "", None, 15.0)) == f"{job_id(1)} | payments-api | {said}"


@pytest.mark.parametrize("by", [timedelta(hours=-2), timedelta(hours=2)])
def test_what_was_before_the_clock_was_set_has_its_time_by_the_clock_of_now(by: timedelta) -> None:
    def at(seconds: float) -> datetime:
        return after_setting(seconds, by).wall

    def lines(known: JobState) -> list[str]:
        return shown(Row(known, after_setting(40, by), 15.0))

    def line(known: JobState) -> str:
        return report(Subject(Row(known, after_setting(40, by), 15.0), "", None, 15.0))

    stopped, failing = state((RUNNING, 10), (IDLE, 25)), state((IDLE, 5), (failure(), 10), (failure(), 25))
    first, last, good = (f"{at(seconds).astimezone():%H:%M:%S}" for seconds in (9, 25, 5))
    assert f"status: idle since between {first} and {last}" in lines(stopped)
    assert f"last read: at {at(25).astimezone():%H:%M}, HTTP 200" in lines(stopped)
    said = "\n".join(lines(failing))
    assert f"last read: {last}, HTTP 200" in said
    assert f"last good: {good}" in said
    assert f"2 times in a row since {at(10).astimezone():%H:%M:%S}" in said
    assert f"since {at(5).isoformat()} or earlier" in line(failing)
    assert line(failing).endswith(f"at {at(25).isoformat()}")


def test_the_line_for_a_ticket_has_the_moment_that_the_details_have_also_after_the_clock_was_set_by_seconds() -> None:
    known = state((IDLE, 0), (RUNNING, 25))
    later = Row(known, after_setting(40, timedelta(seconds=10)), 15.0)
    assert report(Subject(later, "", None, 15.0)).endswith("since 2026-11-23T12:00:25+00:00")
    assert any(line.endswith(f" and {moment(25).wall.astimezone():%H:%M:%S}") for line in shown(later))


def test_the_line_for_a_ticket_says_which_build_failed_and_where() -> None:
    known = state((IDLE, 25), job=JOB).learn(failed_run()._replace(ended_at=DAY), FailedStep("Sign ipa", "CB.2017"))
    assert report(Subject(row(known, 30), "", None, 15.0)).endswith(" | #8 main · timer · step Sign ipa")
    unanswered = known.record(reading(JOB.id, failure(), 31))
    assert "Sign ipa" not in report(Subject(row(unanswered, 32), "", None, 15.0))


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        (40.0, "asked every 15 s"),
        (50.0, "asked again in about 50s; every 15 s when all is well"),
        (None, "not asked for now"),
    ],
)
def test_when_a_job_is_asked_next_is_said_where_that_is_later_than_usual(wait: float | None, said: str) -> None:
    assert f"next: {said}" in shown(row(state((IDLE, 0)), 10), wait and wait + 10)


def test_an_alert_is_named_of_a_job_that_is_armed_alone() -> None:
    known = state((RUNNING, 0), job=JOB)
    assert "alert: when it ends, once" in shown(row(known._replace(is_armed_once=True), 10))
    assert not any(line.startswith("alert: ") for line in shown(row(known, 10)))


def test_a_run_has_one_line_however_little_room_there_is_and_all_else_is_folded() -> None:
    console = Console(width=12)
    drawn = grid([(LINE, "● #8 main timer", ""), (WHOLE, "certificate expired", "")], lambda _: "")
    lines = ["".join(part.text for part in line).rstrip() for line in console.render_lines(drawn)]
    assert lines == ["● #8 main t…", "certificate", "expired"]


def test_without_an_answer_it_says_what_to_do() -> None:
    lines = shown(row(state((IDLE, 0), (failure(), 10)), 12))
    assert any(line.startswith("do: ") for line in lines)
    assert any(line.startswith("last good: ") for line in lines)
    assert "request ID: c0ffee" in lines


async def test_what_no_sign_in_helps_is_not_advised_to_sign_in() -> None:
    said = "The settings have no profile 'gone': add it there, or change the job's profile."
    job = Job(job_id(1), "payments-api", profile="gone")
    unknown = Failure(FailureKind.NO_CREDENTIAL, said)
    async with screen([job], {job.id: unknown}, size=(200, 40)) as shown:
        await shown.until(lambda: f"Not asking: {said}" in shown.text)
        assert "Press i" not in shown.text
        assert "Press r once that is put right." in shown.text
        assert shown.board.live.profile_names() == ("",)
        lines = fields(shown.board.live.subject(shown.board.state.row(job.id)), UNICODE)
        assert [value for name, value, _ in lines if name in ("means", "do")] == [said]
        await shown.press("e")
        assert "n: next" in shown.text
        assert "i: sign in" not in shown.text


async def test_one_key_leads_from_why_a_token_is_refused_to_the_sign_in() -> None:
    async with screen(1, {job_id(1): failure(FailureKind.SIGN_IN)}, size=(120, 30)) as shown:
        await shown.until(lambda: "i sign in" in shown.lines[-1])
        await shown.press("home", "e")
        assert "i: sign in, n: next, y: copy the report" in shown.text
        await shown.press("i")
        assert "It is kept in memory only." in shown.text
        await shown.press("escape")
        assert "Why there is no answer" not in shown.text


def test_while_all_is_well_the_text_stays_the_same_from_one_reading_to_the_next() -> None:
    first, second = state((RUNNING, 0), (RUNNING, 301)), state((RUNNING, 0), (RUNNING, 301), (RUNNING, 306))
    assert shown(row(first, 303), 306.0) == shown(row(second, 307), 311.0)


@pytest.mark.parametrize(
    ("look", "size", "place"),
    [
        (ScreenState(), (120, 40), DetailsPlace(52, None)),
        (ScreenState(), (200, 50), DetailsPlace(80, None)),
        (ScreenState(), (100, 40), DetailsPlace(None, None)),
        (ScreenState(details_below=True), (100, 40), DetailsPlace(None, 14)),
        (ScreenState(details_below=True), (100, 14), DetailsPlace(None, None)),
        (ScreenState(details_below=True, details_height=90), (80, 24), DetailsPlace(None, 15)),
        (ScreenState(details_width=500), (120, 40), DetailsPlace(74, None)),
    ],
)
def test_where_the_details_are(look: ScreenState, size: tuple[int, int], place: DetailsPlace) -> None:
    assert place_of(look, *size) == place


def test_a_key_changes_the_size_within_what_there_is() -> None:
    look = resized(ScreenState(), place_of(ScreenState(), 120, 40), 1)
    assert look.details_width == 56
    look = ScreenState(details_below=True, details_height=6)
    assert resized(look, place_of(look, 80, 24), -1).details_height == 6


def width_of_details(screen: Screen) -> int:
    return screen.board.details.pane().outer_size.width


async def test_the_details_are_beside_below_or_alone_and_their_size_is_kept() -> None:
    async with screen(3, size=(120, 30)) as shown:
        await shown.press("enter")
        assert width_of_details(shown) == 52
        await shown.press("less_than_sign")
        assert width_of_details(shown) == 56
        assert shown.saved[-1].details_width == 56
        await shown.press("D")
        assert width_of_details(shown) == 120
        assert "job 003" in shown.text
        assert "last read" in shown.text
        await shown.pilot.resize_terminal(80, 24)
        await shown.until(lambda: width_of_details(shown) == 80)
        assert "job 003" in shown.text
        await shown.press("D")
        assert "job 003" not in shown.text
        await shown.press("less_than_sign")
        assert "Press D to show the table" in shown.said
        await shown.press("escape", "greater_than_sign")
        assert "No details are open" in shown.said


def test_why_there_is_no_answer_is_said_once() -> None:
    bad = Failure(FailureKind.BAD_REQUEST, "A parameter is invalid (HTTP 400, CB.00060200).", "CB.00060200", "job_id")
    found = list(error_fields(Subject(row(state((bad, 5)), 10), "https://build.example", None, 15.0)))
    names = [name for name, _, _ in found]
    assert names == ["job", "what", "message", "do", "last read", "request ID", "no answer", "next"]
    said = {name: text for name, text, _ in found}
    assert said["no answer"] == "to the first question"
    later = list(error_fields(Subject(row(state((IDLE, 0), (bad, 5)), 10), "https://build.example", None, 15.0)))
    assert {name: text for name, text, _ in later}["no answer"] == "to the last question only"
    twice = list(error_fields(Subject(row(state((bad, 5), (bad, 20)), 30), "https://build.example", None, 15.0)))
    assert {name: text for name, text, _ in twice}["no answer"].startswith("2 times in a row since ")


async def test_when_it_is_asked_next_is_what_header_and_banner_say() -> None:
    unreachable = {job_id(number): failure(FailureKind.UNREACHABLE) for number in range(1, 7)}
    async with screen(6, unreachable, size=(200, 40)) as shown:
        await shown.until(lambda: "one job every " in shown.lines[0])
        pace = shown.lines[0].partition("one job every ")[2].partition(" s")[0]
        await shown.press("e")
        assert f"no job can be read: one of them is asked every {pace} s" in shown.text
        await shown.press("escape")
        assert "Still asking" in shown.text
        assert "Retrying by itself" in shown.text
        await shown.press("P", "d")
        assert "not asked: everything is paused" in shown.text
        assert "Still asking" not in shown.text
        assert "Retrying by itself" not in shown.text


@pytest.mark.parametrize("size", [(80, 24), (120, 24)])
async def test_where_the_details_are_in_place_of_the_table_they_say_why_there_is_no_job(size: tuple[int, int]) -> None:
    async with screen(2, size=size) as shown:
        await shown.press("slash", "z", "z", "enter", "enter")
        assert shown.board.details.is_open
        assert shown.text.count("Nothing matches the filter 'zz'.") == 1
        assert "Press esc to clear it" in shown.text
