"""One run, its record, and as few requests as can be."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.support.builders import DAY as NOON
from tests.support.clients import JOB
from tests.support.extra_calls import Handler, envelope, extras, failure, run_lookup
from tui.codearts.record_api import RunLookup
from tui.core.known_runs import Match, MatchKind
from tui.core.observed_run import Between, ObservedRun
from tui.core.reading import Failure, Retry
from tui.core.run import Outcome, RunRecord, Unit


def epoch(seconds: float) -> int:
    return round((NOON + timedelta(seconds=seconds)).timestamp() * 1000)


def state(number: int, start: float, lasted: float, word: str, unit: int) -> dict[str, object]:
    times = {"start_time": epoch(start), "build_time": round(lasted) * unit, "cost_time": 0}
    return {"number": number, "state": word, "job_running_status": "Finished", **times}


def run_of(start: float | None, end: float) -> ObservedRun:
    def context(seconds: float) -> Between:
        moment = NOON.timestamp() + seconds
        return Between(moment - 10, moment + 5)

    began = Between(None, NOON.timestamp()) if start is None else context(start)
    return ObservedRun(JOB, began, NOON.timestamp() + end - 10, context(end))


class Service:
    """Answers with these builds, and notes what it was asked."""

    def __init__(self, *builds: tuple[int, float, float, str]) -> None:
        self.builds = {number: (start, lasted, word) for number, start, lasted, word in builds}
        self.asked: list[str] = []
        self.refuses_exact = False
        self.unit = 1

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.removeprefix(f"/v1/record/{JOB}/")
        self.asked.append(name)
        if name == "list":
            states = [state(number, *build, self.unit) for number, build in self.builds.items()]
            return httpx.Response(200, content=envelope({"total_record": "1", "job_build_states": states}))
        if self.refuses_exact:
            return httpx.Response(403)
        number = int(name.split("/")[0])
        start, lasted, word = self.builds[number]
        began, ended = (NOON + timedelta(seconds=at) for at in (start, start + lasted))
        times = {"start_time": began.isoformat(), "finish_time": ended.isoformat(), "duration": round(lasted * 1000)}
        return httpx.Response(
            200, content=envelope({"build_no": number, "codeci_job_id": JOB, "status": word, **times})
        )


async def lookups(handler: Handler, *runs: ObservedRun) -> tuple[list[Match | Failure], RunLookup]:
    async with extras(handler) as client:
        lookup = run_lookup(client, datetime(2026, 11, 24, tzinfo=UTC))
        return [await lookup.record_of(JOB, run) for run in runs], lookup


async def test_exact_times_are_asked_for_until_the_unit_is_known() -> None:
    service = Service(*((number, number * 1000.0, 90.0, "SUCCESS") for number in range(1, 6)))
    runs = [run_of(number * 1000.0, number * 1000.0 + 90) for number in range(1, 6)]
    matches, lookup = await lookups(service, *runs)
    assert lookup.calibration.build_time.unit is Unit.SECONDS
    assert service.asked == ["list", "1/record-info", "list", "2/record-info", "list", "3/record-info", "list", "list"]
    for number, match in enumerate(matches, 1):
        assert isinstance(match, Match)
        assert match.record is not None
        assert (match.kind, match.record.number, match.record.duration) == (MatchKind.FOUND, number, 90.0)
        assert match.record.outcome is Outcome.PASSED


async def test_without_exact_times_the_unit_is_learned_from_what_was_seen() -> None:
    service = Service(*((number, number * 1000.0, 90.0, "FAILURE") for number in range(1, 6)))
    service.refuses_exact = True
    runs = [run_of(number * 1000.0, number * 1000.0 + 90) for number in range(1, 6)]
    matches, lookup = await lookups(service, *runs)
    assert [isinstance(match, Match) and match.record and match.record.outcome for match in matches] == [
        Outcome.FAILED
    ] * 5
    assert len([name for name in service.asked if name != "list"]) == 2
    assert lookup.calibration.build_time.unit is Unit.SECONDS
    durations = [isinstance(match, Match) and match.record and match.record.duration for match in matches]
    assert durations == [None, None, None, 90.0, 90.0]


async def test_records_are_told_at_once_and_again_when_their_durations_are_known() -> None:
    service = Service(*((number, number * 1000.0, 90.0, "SUCCESS") for number in range(1, 6)))
    told: list[list[float | None]] = []
    async with extras(service) as client:
        lookup = run_lookup(
            client,
            datetime(2026, 11, 24, tzinfo=UTC),
            lambda job, records: told.append([record.duration for record in records]),
        )
        for number in range(1, 5):
            await lookup.record_of(JOB, run_of(number * 1000.0, number * 1000.0 + 90))
    unknown, known = [None] * 5, [90.0] * 5
    assert told == [unknown, unknown, unknown, known, known]


async def test_where_the_start_was_not_seen_the_exact_end_decides() -> None:
    service = Service((3, 290.0, 50.0, "FAILURE"), (2, -500.0, 800.0, "ABORTED"), (1, -5000.0, 100.0, "SUCCESS"))
    (match,), _ = await lookups(service, run_of(None, 300.0))
    assert isinstance(match, Match)
    assert match.record is not None
    assert (match.kind, match.record.number, match.record.outcome) == (MatchKind.FOUND, 2, Outcome.ABORTED)
    assert service.asked == ["list", "2/record-info"]


async def test_a_unit_that_cannot_be_learned_does_not_cost_a_request_for_ever() -> None:
    service = Service(*((number, number * 1000.0, 90.0, "SUCCESS") for number in range(1, 41)))
    service.unit = 7
    runs = [run_of(number * 1000.0, number * 1000.0 + 90) for number in range(1, 41)]
    matches, _ = await lookups(service, *runs)
    assert all(isinstance(match, Match) and match.kind is MatchKind.FOUND for match in matches)
    assert len(service.asked) == 60


async def test_a_search_that_leads_nowhere_ends_after_two_builds() -> None:
    service = Service(*((number, -9000.0 + number * 100, 10.0, "SUCCESS") for number in range(1, 9)))
    (match,), _ = await lookups(service, run_of(None, 300.0))
    assert match == Match(MatchKind.NOT_THERE)
    assert service.asked == ["list", "8/record-info", "7/record-info"]


async def test_where_exact_times_are_refused_an_unseen_start_has_no_outcome() -> None:
    service = Service((2, -500.0, 800.0, "ABORTED"))
    service.refuses_exact = True
    (match,), _ = await lookups(service, run_of(None, 300.0))
    assert match == Match(MatchKind.NOT_THERE)


async def test_a_list_that_is_refused_is_a_failure() -> None:
    (found,), _ = await lookups(lambda request: httpx.Response(403, content=json.dumps({}).encode()), run_of(0.0, 90.0))
    assert isinstance(found, Failure)


_DAY = 86400.0


@pytest.mark.parametrize(
    ("start", "lasted", "believed"),
    [
        (0.0, 90.0, (True, True)),
        (43000.0, 90.0, (True, True)),
        (2 * _DAY, 90.0, (False, False)),
        (60 * 365 * _DAY, 90.0, (False, False)),
        (0.0, 2 * _DAY, (True, False)),
        (-9000 * _DAY, 32 * _DAY, (True, False)),
        (-60 * _DAY, 30 * _DAY, (True, True)),
    ],
    ids=["past", "just now", "tomorrow", "2086", "ends tomorrow", "a month and a day", "a month"],
)
async def test_times_that_cannot_be_are_not_told(start: float, lasted: float, believed: tuple[bool, bool]) -> None:
    async with extras(Service((7, start, lasted, "FAILURE"))) as client:
        last = await run_lookup(client, datetime(2026, 11, 24, tzinfo=UTC)).last_run(JOB, True)
    assert isinstance(last, RunRecord)
    assert (last.number, last.outcome) == (7, Outcome.FAILED)
    began, ended = (NOON + timedelta(seconds=at) for at in (start, start + lasted))
    has_start, has_end = believed
    assert (last.started_at, last.ended_at) == (began if has_start else None, ended if has_end else None)
    assert last.duration == (lasted if has_end else None)


async def test_a_last_build_of_which_only_the_number_is_told_is_not_called_never_built() -> None:
    last = envelope({"last_build_no": "9", "is_running": False})
    empty = envelope({"total_record": "0", "job_build_states": []})

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/record-info"):
            return httpx.Response(403)
        return httpx.Response(200, content=last if request.url.path.endswith("/running-status") else empty)

    async with extras(handler) as client:
        lookup = run_lookup(client, datetime(2026, 11, 24, tzinfo=UTC))
        assert failure(await lookup.last_run(JOB)).kind.retry is Retry.LASTING


@pytest.mark.parametrize(
    ("number", "start", "newest"),
    [(10**9, -7000, 12), (10**9, 200, 10**9), (13, -1, 13), (2, 150, 12), (10**9, None, 10**9)],
    ids=["wrong number", "newest, whatever its number", "waited less", "a few are late", "start not told"],
)
async def test_a_number_that_its_start_contradicts_is_not_that_of_the_last_run(
    number: int, start: float | None, newest: int
) -> None:
    builds = {11: 60.0, 12: 120.0, number: start}
    states = [state(one, at or 0, 30, "SUCCESS", 1) for one, at in builds.items()]
    if start is None:
        states[-1]["start_time"] = None
    page = envelope({"total_record": "3", "job_build_states": states})

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=page) if request.url.path.endswith("/list") else httpx.Response(403)

    async with extras(handler) as client:
        runs = await run_lookup(client, datetime(2026, 11, 24, tzinfo=UTC)).last_runs(JOB)
    assert not isinstance(runs, Failure)
    assert runs.ended
    assert runs.ended.number == newest
