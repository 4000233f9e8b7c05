"""What happened to the jobs, newest first, and the sum of it after a time without keys."""

from datetime import timedelta

from tests.support.builders import DAY, failure, job_id, moment, reading
from tui.core.board import JobState
from tui.core.job import Job, JobId
from tui.core.observed_run import Between, Gap, ObservedRun
from tui.core.past_events import (
    LONGEST,
    EventKind,
    Matter,
    Outage,
    digest,
    ended_outage,
    events,
    events_of,
    outage_of,
)
from tui.core.reading import FailureKind, Status
from tui.core.run import Outcome, RunRecord

NOON = DAY.timestamp()


def run(job: JobId, start: float, end: float | None = None, outcome: Outcome = Outcome.UNKNOWN) -> ObservedRun:
    """A run that began and ended so many seconds after noon."""
    return ObservedRun(
        job,
        Between(NOON + start - 10, NOON + start),
        NOON + (end or start) - 10,
        None if end is None else Between(NOON + end - 10, NOON + end),
        interval=15,
        outcome=outcome,
    )


def job(number: int, *ended: tuple[float, float, Outcome], going: float | None = None) -> JobState:
    """A job with runs that began and ended so many seconds after noon, read ten minutes after noon."""
    known = JobState(Job(job_id(number)))
    status = Status.IDLE if going is None else Status.RUNNING
    return known.record(reading(known.job.id, status, 600))._replace(
        runs=tuple(run(known.job.id, *one) for one in ended),
        current_run=None if going is None else run(known.job.id, going),
    )


def failing(
    number: int, times: int, kind: FailureKind = FailureKind.SERVER_ERROR, since: float = 0, was_read: bool = False
) -> JobState:
    known = JobState(Job(job_id(number)))
    if was_read:
        known = known.record(reading(known.job.id, Status.IDLE, since - 15))
    for at in range(times):
        known = known.record(reading(known.job.id, failure(kind), since + 15 * at))
    return known


def seen(*states: JobState, outages: tuple[Outage, ...] = (), now: float = 3600) -> list[tuple[float, JobId, str]]:
    return [(event.at - NOON, event.job, str(event.kind)) for event in events(states, outages, NOON + now)]


PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN


def test_starts_and_ends_are_listed_newest_first_across_jobs() -> None:
    assert seen(job(1, (10, 100, PASSED), going=300), job(2, (50, 200, FAILED))) == [
        (300, job_id(1), "started"),
        (200, job_id(2), "ended"),
        (100, job_id(1), "ended"),
        (50, job_id(2), "started"),
        (10, job_id(1), "started"),
    ]


def test_what_ended_while_the_job_was_not_watched_is_listed_and_summed_up_once_the_service_tells_of_it() -> None:
    known = job(1, (10, 100, PASSED))
    known = known._replace(gaps=(Gap(known.job.id, NOON + 200, NOON + 600),))

    def told(number: int, ended: float, outcome: Outcome) -> RunRecord:
        return RunRecord(number, outcome, "", DAY + timedelta(seconds=ended - 50), DAY + timedelta(seconds=ended))

    records = [told(7, -400, FAILED), told(8, 97, PASSED), told(9, 300, FAILED)]
    assert [event for event in seen(known.with_records(records)) if event[2] == "ended"] == [
        (300, job_id(1), "ended"),
        (100, job_id(1), "ended"),
    ]
    assert digest([known], NOON + 150, NOON + 600).counts == ()
    (count,) = digest([known.with_records(records)], NOON + 150, NOON + 600).counts
    assert (count.matter, count.times) == (Matter.FAILED, 1)


def test_of_two_builds_that_ran_at_once_one_end_is_listed_where_it_was_seen() -> None:
    known = job(1, (10, 600, Outcome.UNKNOWN))
    long = known.runs[0]._replace(running_at=NOON + 190, end=Between(NOON + 190, NOON + 600))
    known = known._replace(runs=(long,), gaps=(Gap(known.job.id, NOON + 200, NOON + 600),))
    began, ended = DAY, DAY + timedelta(seconds=300)
    records = [RunRecord(number, FAILED, "", began, ended, 300, is_finished=True) for number in (7, 8)]
    ends = [event for event in seen(known.with_records(records)) if event[2] == "ended"]
    assert ends == [(600, job_id(1), "ended")]


def test_a_start_that_was_not_seen_is_no_event() -> None:
    known = job(1, (10, 100, PASSED))
    cut = known.runs[0]._replace(start=Between(None, NOON + 10))
    assert seen(known._replace(runs=(cut,))) == [(100, job_id(1), "ended")]


def test_the_end_of_a_run_that_was_seen_in_part_has_the_duration_of_its_record() -> None:
    known = job(1, (10, 100, PASSED))
    cut = known.runs[0]._replace(start=Between(None, NOON + 10), number=8)
    record = RunRecord(8, PASSED, "", DAY - timedelta(seconds=500), DAY + timedelta(seconds=97))
    (ended,) = events_of(known._replace(runs=(cut,)).with_records([record]))
    assert (ended.at, ended.run and ended.run.duration) == (NOON + 100, (597, 597))


def test_the_list_is_bounded() -> None:
    states = [job(number, *((at, at + 5, PASSED) for at in range(0, 200, 10))) for number in range(1, 60)]
    assert len(seen(*states)) == LONGEST


def test_a_single_failed_reading_is_no_event_and_a_lasting_reason_is_one_at_once() -> None:
    assert outage_of(failing(1, 2)) is None
    assert seen(failing(1, 3, since=60)) == [(60, job_id(1), "no answer")]
    assert seen(failing(1, 1, FailureKind.FORBIDDEN)) == [(0, job_id(1), "no answer")]


def test_when_answers_come_again_both_are_known() -> None:
    before = failing(1, 4, since=60)
    after = before.record(reading(job_id(1), Status.IDLE, 200))
    outage = ended_outage(before, after)
    assert outage
    assert seen(after, outages=(outage,)) == [(200, job_id(1), "answers again"), (60, job_id(1), "no answer")]
    assert ended_outage(failing(1, 1), failing(1, 1).record(reading(job_id(1), Status.IDLE, 200))) is None
    assert ended_outage(before, before.record(reading(job_id(1), failure(), 200))) is None


def test_a_run_is_an_event_again_when_it_becomes_longer_than_usual() -> None:
    known = job(1, *((-5000 + 500 * at, -4900 + 500 * at, PASSED) for at in range(9)), going=100)
    (late,) = [event for event in events_of(known) if event.kind is EventKind.LATE]
    assert late.at == NOON + 95 + 160  # the middle of its start, and a minute more than the 100 s of the others
    young = job(1, *((-5000 + 500 * at, -4900 + 500 * at, PASSED) for at in range(9)), going=500)
    assert not [event for event in events_of(young) if event.kind is EventKind.LATE]


def counts(*states: JobState, since: float = 0, until: float = 600) -> list[tuple[Matter, int, int]]:
    return list(digest(states, NOON + since, NOON + until).counts)


def test_a_digest_counts_what_happened_meanwhile_the_most_urgent_first() -> None:
    states = [
        job(1, (-100, -50, FAILED), (10, 100, PASSED), (150, 200, PASSED)),
        job(2, (50, 300, FAILED)),
        job(3, (50, 301, UNKNOWN), going=400),
        job(4, (0, 700, FAILED)),
        failing(5, 3, since=60, was_read=True),
        failing(6, 3, since=-60, was_read=True),
    ]
    assert counts(*states) == [
        (Matter.FAILED, 1, 1),
        (Matter.NO_ANSWER, 1, 1),
        (Matter.PASSED, 1, 2),
        (Matter.ENDED, 1, 1),
    ]
    found = digest(states, NOON, NOON + 600)
    assert found.jobs == (job_id(2), job_id(5), job_id(1), job_id(3))
    assert found.urgent == (job_id(2), job_id(5))
    assert not found.at_least


def test_a_job_counts_once_as_its_last_run_ended_and_an_earlier_failure_is_not_lost() -> None:
    states = [
        job(1, (10, 50, FAILED), (60, 100, FAILED), (150, 200, FAILED)),
        job(2, (10, 50, PASSED), (60, 100, FAILED), going=400),
        job(3, (10, 50, FAILED), (60, 300, PASSED)),
        job(4, (10, 50, PASSED), (60, 301, PASSED)),
        job(5, going=400),
    ]
    assert counts(*states) == [
        (Matter.FAILED, 2, 4),
        (Matter.FAILED_BEFORE, 1, 1),
        (Matter.PASSED, 1, 2),
        (Matter.STARTED, 1, 1),
    ]
    assert digest(states, NOON, NOON + 600).jobs == (job_id(1), job_id(2), job_id(3), job_id(4), job_id(5))


def test_a_job_that_has_never_answered_is_no_news_of_a_digest() -> None:
    assert counts(failing(1, 3, since=60)) == []
    assert counts(failing(1, 3, since=60, was_read=True)) == [(Matter.NO_ANSWER, 1, 1)]


def test_a_quiet_time_has_nothing_to_sum_up() -> None:
    assert not digest([job(1, (-100, -50, FAILED)), job(2)], NOON, NOON + 600).counts


def test_a_digest_says_so_when_there_were_more_runs_than_are_kept() -> None:
    many = job(1, *((20 * at, 20 * at + 10, PASSED) for at in range(1, 21)))
    assert digest([many], NOON, moment(600).wall.timestamp()).at_least
    assert not digest([many], NOON + 20, NOON + 600).at_least
