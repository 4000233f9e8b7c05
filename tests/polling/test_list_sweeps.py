"""Which page of which list is asked for, when, and what its answer does to the order of asking."""

import tracemalloc
from collections.abc import Callable, Mapping

import pytest

from tests.support.builders import job_id
from tui.core.hints import AGREEMENTS, DISTRUSTED, TOO_MANY_WASTED, Hint, HintPage
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Status
from tui.polling.list_sweeps import KnownStatus, ListPage, ListSweeps

RATE = 0.6
HOUR = 3600.0
Answer = HintPage | Failure
USER, WHOLE, BUILDING = ListPage(), ListPage(whole=True), ListPage(building=True)


def hints(jobs: list[JobId], project: str = "p", running: bool = False) -> Mapping[JobId, Hint]:
    return {job: Hint(running, (running,), 0, project) for job in jobs}


class World:
    """Sweeps of some watched jobs, an answer to each page, and what was asked."""

    def __init__(self, jobs: int = 200) -> None:
        self.jobs = [job_id(number) for number in range(jobs)]
        self.sweeps = ListSweeps()
        self.sweeps.watch(self.jobs)
        self.now = 0.0
        self.known: dict[JobId, KnownStatus] = {}
        self.asked: list[tuple[float, ListPage]] = []
        self.answer: Callable[[ListPage], Answer] = self.good

    def good(self, page: ListPage) -> Answer:
        if page.building:
            return Failure(FailureKind.BAD_REQUEST, "no such parameter")
        shown = self.jobs[page.number * 100 : page.number * 100 + 100]
        return HintPage(hints(shown), len(self.jobs))

    def sweep(self, seconds: float) -> list[ListPage]:
        """Asks for what is due, for so long. Returns the pages of lists without the filter."""
        return [page for page in self.live(seconds) if not page.building]

    def live(self, seconds: float) -> list[ListPage]:
        """Asks for what is due, for so long. Returns the pages that were asked for."""
        before, end = len(self.asked), self.now + seconds
        while self.now < end:
            planned = self.sweeps.next(RATE, True, self.now)
            if not planned or planned[0] > self.now:
                self.now += 1
                continue
            self.asked.append((self.now, planned[1]))
            self.sweeps.on_sent(RATE, self.now)
            self.sweeps.on_answer(planned[1], self.answer(planned[1]), self.status, self.now, self.now)
        return [page for _, page in self.asked[before:]]

    def status(self, job: JobId) -> KnownStatus:
        return self.known.get(job, KnownStatus(Status.IDLE, 0.0))


def fails(kind: FailureKind) -> Callable[[ListPage], Answer]:
    return lambda page: Failure(kind, "it failed")


def test_a_sweep_reads_the_pages_one_after_another_and_takes_a_fifth_of_the_rate() -> None:
    world = World()
    assert world.sweep(1) == [USER, ListPage(number=1)]
    pages = world.sweep(1000)
    assert 0.15 * RATE <= len(pages) / 1000 <= 0.2 * RATE
    assert world.sweeps.rate(RATE, world.now) == pytest.approx(0.2 * RATE)


def test_a_long_sweep_goes_on_at_once_at_the_start_alone() -> None:
    world = World(1000)
    assert len(world.sweep(1)) == 10
    asked = len(world.asked)
    assert len(world.sweep(1000)) > 10
    first, *_, tenth = [at for at, page in world.asked[asked:] if not page.building][:10]
    assert tenth - first >= 8 / (0.2 * RATE)


def test_few_jobs_are_swept_each_15_seconds_at_most() -> None:
    assert len(World(50).live(300)) <= 21


def test_nothing_is_asked_while_status_calls_are_enough() -> None:
    assert World().sweeps.next(RATE, False, 0.0) is None


def test_of_a_long_list_twenty_pages_are_read() -> None:
    world = World(10)
    world.answer = lambda page: HintPage(hints([job_id(1000 + 100 * page.number + at) for at in range(100)]), 5000)
    assert world.sweep(1) == [ListPage(number=number) for number in range(20)]
    assert len(World(3000).sweep(1)) == 30  # as many as the watched jobs may need


def test_while_no_job_is_building_the_filter_is_tried_once_a_minute() -> None:
    world = World()
    world.answer = lambda page: HintPage({}, 0) if page.building else world.good(page)
    world.live(60)
    assert 9 <= world.live(600).count(BUILDING) <= 11


def test_a_page_that_brings_nothing_new_ends_the_sweep() -> None:
    world = World()
    world.answer = lambda page: HintPage(hints(world.jobs[:100]), 5000)
    assert world.sweep(1) == [USER, ListPage(number=1)]


def test_the_lists_of_the_projects_are_read_where_they_have_fewer_pages() -> None:
    world = World(60)
    others = [job_id(1000 + number) for number in range(900)]

    def answer(page: ListPage) -> Answer:
        if page.project:
            return HintPage(hints(world.jobs, "p"), 60)
        everything = [*others, *world.jobs]
        shown = everything[page.number * 100 : page.number * 100 + 100]
        return HintPage(hints(shown, "p"), len(everything)) if not page.building else HintPage({}, 0)

    world.answer = answer
    assert len(world.live(1)) == 10
    assert {page.project for page in world.sweep(100)} == {"p"}


def test_the_lists_of_the_projects_are_read_only_if_they_name_most_of_what_the_users_list_names() -> None:
    world = World(60)
    others = [job_id(1000 + number) for number in range(900)]

    def answer(page: ListPage) -> Answer:
        known = {**hints(world.jobs[:30], "p"), **hints(world.jobs[30:], "")}
        if page.project:
            return HintPage(hints(world.jobs[:30], "p"), 30)
        shown = [*others, *world.jobs][page.number * 100 : page.number * 100 + 100]
        return HintPage({**hints(shown, "q"), **{job: known[job] for job in shown if job in known}}, 960)

    world.answer = lambda page: HintPage({}, 0) if page.building else answer(page)
    assert len(world.sweep(1)) == 10
    assert {page.project for page in world.sweep(600)} == {""}


@pytest.mark.parametrize(("named", "is_read"), [(3, True), (2, False)])
def test_the_list_of_a_project_is_read_only_if_it_names_enough_watched_jobs(named: int, is_read: bool) -> None:
    world = World(named)
    everything = [*(job_id(1000 + number) for number in range(900)), *world.jobs]

    def answer(page: ListPage) -> Answer:
        if page.project:
            return HintPage(hints(world.jobs), named)
        return HintPage(hints(everything[page.number * 100 : page.number * 100 + 100]), len(everything))

    world.answer = lambda page: HintPage({}, 0) if page.building else answer(page)
    world.live(1)
    assert ("p" in {page.project for page in world.sweep(600)}) is is_read


def test_a_list_that_names_too_few_watched_jobs_is_not_read_again() -> None:
    world = World(12)
    everything = [*(job_id(1000 + number) for number in range(900)), *world.jobs]

    def answer(page: ListPage) -> Answer:
        shown = everything[page.number * 100 : page.number * 100 + 100]
        return HintPage(hints(shown, f"p{len(shown)}") if not page.building else {}, len(everything))

    world.answer = answer
    world.live(1)
    assert [page for page in world.live(600) if not (page.building or page.project)] == []


def test_where_pages_bring_nothing_the_whole_list_is_asked_for() -> None:
    world = World()
    world.answer = lambda page: (
        HintPage(hints(world.jobs), 200) if page.whole else Failure(FailureKind.SERVER_ERROR, "empty, with a total")
    )
    assert world.sweep(1) == [USER, WHOLE]
    assert set(world.sweep(100)) == {WHOLE}


@pytest.mark.parametrize(
    ("kind", "rest"),
    [
        (FailureKind.FORBIDDEN, HOUR),
        (FailureKind.SERVER_ERROR, 600),
        (FailureKind.TIMEOUT, 600),
        (FailureKind.THROTTLED, 300),
        (FailureKind.SIGN_IN, 300),
    ],
)
def test_a_list_that_fails_rests(kind: FailureKind, rest: float) -> None:
    world = World()
    world.answer = fails(kind)
    pages = world.live(rest - 1)
    assert pages == ([USER] if kind in (FailureKind.TIMEOUT, FailureKind.THROTTLED) else [USER, WHOLE])
    assert not world.sweeps.is_first
    assert len(world.live(3)) >= 1


def test_throttling_of_a_list_halves_the_sweeps() -> None:
    world = World(90)
    world.live(1)
    usual = len(world.live(300))
    world.answer = fails(FailureKind.THROTTLED)
    world.live(299)
    world.answer = world.good
    assert usual / 2 - 1 <= len(world.live(300)) <= usual / 2 + 1
    world.live(900)
    assert usual / 2 - 1 <= len(world.live(300)) <= usual / 2 + 1
    world.live(300)
    assert usual - 1 <= len(world.live(300)) <= usual + 1


def test_a_later_page_that_fails_makes_the_list_rest_and_is_no_reason_to_ask_for_all_at_once() -> None:
    world = World()
    world.answer = lambda page: fails(FailureKind.SERVER_ERROR)(page) if page.number else world.good(page)
    for seconds in (599, 10):
        assert [page for page in world.sweep(seconds) if not page.project] == [USER, ListPage(number=1)]
    assert not any(page.whole for _, page in world.asked)


@pytest.mark.parametrize(("named", "rests"), [(99, True), (100, False)])
def test_a_list_that_names_half_of_the_jobs_does_not_rest(named: int, rests: bool) -> None:
    world = World()
    world.live(20)
    world.answer = lambda page: HintPage(hints(world.jobs[:named]), named)
    world.live(600)
    assert (world.sweep(600) == []) is rests


def test_while_a_page_is_on_its_way_no_other_is_asked_for_and_one_without_an_answer_ends_the_sweep() -> None:
    world = World()
    assert world.sweeps.next(RATE, True, 0.0) == (0.0, USER)
    world.sweeps.on_sent(RATE, 0.0)
    assert world.sweeps.next(RATE, True, 0.0) is None
    world.sweeps.on_answer(USER, world.good(USER), world.status, 0.0, 0.0)
    assert world.sweeps.next(RATE, True, 0.0) == (0.0, ListPage(number=1))
    world.sweeps.on_sent(RATE, 0.0)
    world.sweeps.on_dropped()
    planned = world.sweeps.next(RATE, True, 0.0)
    assert planned
    assert planned[0] > 0
    assert planned[1] == USER


def test_a_job_that_is_not_watched_is_never_wanted() -> None:
    world = World(1)
    page = HintPage(hints([*world.jobs, job_id(77)], running=True), 2)
    assert world.sweeps.on_answer(USER, page, world.status, 1.0, 1.0) == world.jobs


def test_lists_that_miss_most_jobs_three_times_rest_for_an_hour() -> None:
    world = World()
    world.live(20)
    world.answer = lambda page: HintPage(hints(world.jobs[:60]) if not page.number else {}, 60)
    assert len(world.sweep(600)) == 6
    assert world.sweep(2000) == []
    assert world.sweep(2000) != []


def test_a_list_that_is_whole_again_between_two_that_miss_most_jobs_does_not_rest() -> None:
    world, short = World(90), HintPage(hints([job_id(1)]), 1)
    world.live(1)
    for _ in range(4):
        world.answer = lambda page: short
        assert world.sweep(15) == [USER]
        world.answer = world.good
        assert world.sweep(15) == [USER]


def building(world: World, running: list[JobId]) -> Callable[[ListPage], Answer]:
    def answer(page: ListPage) -> Answer:
        if page.building:
            return HintPage(hints(running, running=True), len(running), bool(running))
        shown = world.jobs[page.number * 100 : page.number * 100 + 100]
        return HintPage({job: Hint(job in running, (job in running,), 0, "p") for job in shown}, len(world.jobs))

    return answer


def test_a_filter_that_works_is_asked_each_15_seconds_and_the_lists_seldom() -> None:
    world = World()
    world.answer = building(world, world.jobs[:3])
    world.live(60)
    pages = world.live(600)
    assert pages.count(BUILDING) >= 30
    assert len(pages) - pages.count(BUILDING) <= 10
    for rate in (RATE, RATE / 10):  # of many requests a second, and of few
        assert world.sweeps.rate(rate, world.now) <= 0.2 * rate * 1.001


def test_a_filter_that_is_ignored_shows_in_its_own_answer_and_is_not_used() -> None:
    world = World()
    world.answer = lambda page: HintPage(hints(world.jobs[:100]), 200) if page.building else world.good(page)
    assert world.live(3000).count(BUILDING) == 1
    assert not world.sweeps.building_works


def test_a_filter_that_leaves_out_running_jobs_is_not_believed_for_an_hour() -> None:
    world = World()
    world.answer = building(world, world.jobs[:3])
    world.live(60)
    assert world.sweeps.building_works
    world.known = dict.fromkeys(world.jobs[:9], KnownStatus(Status.RUNNING, world.now))
    world.live(20)
    world.known = {job: KnownStatus(Status.RUNNING, world.now) for job in world.known}
    world.live(20)
    assert not world.sweeps.building_works
    assert BUILDING not in world.live(3000)


def test_jobs_that_are_not_building_any_more_are_read_next() -> None:
    world = World()
    world.answer = building(world, world.jobs[:3])
    world.known = {job: KnownStatus(Status.RUNNING, 0.0) for job in world.jobs[:3]}
    world.live(60)
    page = HintPage(hints(world.jobs[:2], running=True), 2, True)
    assert world.sweeps.on_answer(BUILDING, page, world.status, world.now, world.now) == [world.jobs[2]]


def test_after_a_suspend_or_with_another_credential_all_is_read_anew() -> None:
    world = World()
    world.answer = fails(FailureKind.FORBIDDEN)
    world.live(100)
    world.sweeps.restart()
    assert world.live(100) == []
    world.sweeps.on_answer(USER, HintPage(hints(world.jobs), 200), world.status, world.now, world.now)
    assert world.sweeps.book.project_of(world.jobs[0]) == "p"
    world.sweeps.restart()
    assert world.sweeps.book.project_of(world.jobs[0]) is None
    world.sweeps.on_new_credential()
    world.answer = world.good
    assert world.sweep(1) == [USER, ListPage(number=1)]


def test_a_first_page_puts_running_jobs_before_all_others() -> None:
    world = World(4)
    first, second, third, last = world.jobs
    world.known = dict.fromkeys((second, last), KnownStatus()) | dict.fromkeys(
        (first, third), KnownStatus(Status.RUNNING, 0.0)
    )
    page = HintPage({**hints([first, third]), **hints([second, last], running=True)}, 4)
    assert world.sweeps.on_answer(USER, page, world.status, 1.0, 1.0) == [second, last, first, third]


def test_a_full_page_of_building_jobs_says_nothing_of_those_that_it_does_not_name() -> None:
    world = World(101)
    world.answer = building(world, world.jobs[:1])
    world.live(60)
    last = world.jobs[-1]
    world.known = dict.fromkeys(world.jobs, KnownStatus(Status.RUNNING, 0.0))
    page = HintPage(hints(world.jobs[:100], running=True), None, True)
    assert last not in world.sweeps.on_answer(BUILDING, page, world.status, world.now, world.now)


def test_of_a_page_that_is_shorter_than_its_total_nothing_is_said_of_jobs_that_it_does_not_name() -> None:
    world = World()
    world.answer = building(world, world.jobs[:1])
    world.live(60)
    named, missed = world.jobs[:2]
    world.known = {missed: KnownStatus(Status.RUNNING, 0.0)}
    for total, wanted in ((2, []), (1, [missed])):
        page = HintPage(hints([named], running=True), total, True)
        assert world.sweeps.on_answer(BUILDING, page, world.status, world.now, world.now) == wanted


def test_after_a_suspend_the_lists_are_read_from_their_start_and_at_once() -> None:
    world = World(1000)
    world.answer = building(world, world.jobs[:3])
    pages = [ListPage(number=number) for number in range(10)]
    assert world.live(1) == [*pages, BUILDING]
    assert 0 < len(world.sweep(150)) < 10
    for _ in range(2):
        world.sweeps.restart()
        assert world.live(1) == [*pages, BUILDING]


def test_with_another_credential_lists_that_were_refused_are_read_at_once() -> None:
    world = World(1000)
    world.answer = fails(FailureKind.FORBIDDEN)
    world.live(100)
    world.sweeps.rate(RATE, world.now)
    world.sweeps.on_new_credential()
    world.answer = world.good
    assert len(world.sweep(1)) == 10


def test_with_another_credential_a_filter_that_was_refused_is_tried_again() -> None:
    world = World()
    assert BUILDING in world.live(60)
    assert BUILDING not in world.live(60)
    world.sweeps.on_new_credential()
    assert BUILDING in world.live(60)


def test_with_another_credential_a_filter_is_not_believed_before_it_has_named_a_job() -> None:
    world = World()
    world.answer = building(world, world.jobs[:3])
    assert len(world.sweep(600)) < 20
    world.sweeps.on_new_credential()
    world.answer = building(world, [])
    assert len(world.sweep(600)) > 40


def test_a_list_does_not_rest_because_most_of_its_jobs_were_removed() -> None:
    world = World(90)
    world.live(60)
    world.jobs = world.jobs[:30]
    world.sweeps.watch(world.jobs)
    world.live(60)
    assert USER in world.sweep(60)


def test_a_job_that_the_filter_left_out_before_a_suspend_may_be_left_out_once_more() -> None:
    """It may have ended and begun again since then: the filter has not lied."""
    world = World()
    world.answer = building(world, world.jobs[:1])
    world.live(60)
    left_out = world.jobs[1]
    page = HintPage(hints(world.jobs[:1], running=True), 1, True)
    for read_at in (world.now, world.now + HOUR):
        world.known = {left_out: KnownStatus(Status.RUNNING, read_at)}
        world.sweeps.on_answer(BUILDING, page, world.status, read_at, read_at)
        assert world.sweeps.building_works
        world.sweeps.restart()


def on_reading(world: World, job: JobId, status: Status, before: Status, at: float) -> bool:
    return world.sweeps.book.on_reading(job, status, before, at, at)


def test_a_project_whose_lists_often_bring_nothing_moves_nothing_for_an_hour() -> None:
    world = World(TOO_MANY_WASTED + 1)
    *liars, last = world.jobs
    idle, running = HintPage(hints(world.jobs), 99), HintPage(hints(liars, running=True), 99)
    world.sweeps.on_answer(USER, idle, world.status, 1.0, 1.0)
    for job in world.jobs:
        assert not on_reading(world, job, Status.IDLE, Status.IDLE, 2.0)
    assert world.sweeps.on_answer(USER, running, world.status, 3.0, 3.0) == liars
    for job in liars:
        on_reading(world, job, Status.IDLE, Status.IDLE, 4.0)
    starts = HintPage(hints([last], running=True), 99)
    assert world.sweeps.on_answer(USER, starts, world.status, 5.0, 5.0) == []
    assert not on_reading(world, last, Status.IDLE, Status.IDLE, 4.5)  # it left before the hint came
    world.sweeps.book.forget()
    late = 5.0 + DISTRUSTED
    assert world.sweeps.on_answer(USER, starts, world.status, late, late) == [last]
    assert world.sweeps.book.on_reading(last, Status.IDLE, Status.IDLE, late - 1, late)


def test_lists_that_have_earned_trust_take_half_of_the_requests() -> None:
    world = World(2000)
    for turn in range(AGREEMENTS):
        status, before = (Status.RUNNING, Status.IDLE) if turn % 2 == 0 else (Status.IDLE, Status.RUNNING)
        world.known = {world.jobs[0]: KnownStatus(before, 0.0)}
        page = HintPage(hints(world.jobs, running=status is Status.RUNNING), 2000)
        world.sweeps.on_answer(USER, page, world.status, 10.0 * turn, 10.0 * turn)
        on_reading(world, world.jobs[0], status, before, 10.0 * turn + 1)
    assert world.sweeps.rate(RATE, 10.0 * AGREEMENTS) == pytest.approx(0.5 * RATE)


def test_a_page_agrees_with_a_status_call_only_if_it_was_asked_for_since() -> None:
    world = World(1)
    (one,) = world.jobs
    world.sweeps.on_answer(USER, HintPage(hints([one]), 1), world.status, 5.0, 5.0)
    assert world.sweeps.book.agrees_since(one, Status.IDLE, 5.0)
    assert not world.sweeps.book.agrees_since(one, Status.IDLE, 5.1)
    assert not world.sweeps.book.agrees_since(one, Status.RUNNING, 5.0)


def test_of_a_job_that_was_removed_nothing_is_known_when_it_comes_back() -> None:
    world = World(2)
    world.sweeps.on_answer(USER, HintPage(hints(world.jobs), 2), world.status, 5.0, 5.0)
    for watched in (world.jobs[1:], world.jobs):
        world.sweeps.watch(watched)
    assert [world.sweeps.book.project_of(job) for job in world.jobs] == [None, "p"]


def test_a_service_that_invents_projects_does_not_fill_the_memory() -> None:
    world, sizes = World(100), list[int]()
    tracemalloc.start()
    for turn in range(60):
        found = {job: Hint(False, (), 0, f"p{turn} {job}") for job in world.jobs}
        world.sweeps.on_answer(USER, HintPage(found, 100), world.status, turn, turn)
        world.sweeps.rate(RATE, turn)
        for job in world.jobs:
            world.sweeps.book.on_reading(job, Status.RUNNING, Status.IDLE, turn, turn)
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert max(sizes[40:]) < 1.2 * max(sizes[:20])
