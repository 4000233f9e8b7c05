"""The calls beside the status call, as a profile has them: on, off, and on the poller's budget."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.core.test_past_events import run
from tests.support.contract_extras import TRUTHS, tell
from tests.support.contract_server import TOKEN, ContractServer, Reply, Request, refusal
from tests.support.user_home import User
from tui.codearts.job_list_api import job_list_call
from tui.core.job import JobId
from tui.core.observed_run import Between, ObservedRun
from tui.core.reading import Failure, FailureKind
from tui.core.run import RunRecord
from tui.polling.list_sweeps import ListPage
from tui.polling.rate_limiter import AdaptiveRateLimiter, ExtrasBudget
from tui.profiles.extras import Extras, names_in

JOB = JobId("901878212b1a49be9c1a1054c272762a")
OTHER = JobId("2" * 32)
PROJECT = "b" * 32
FAST = "[polling]\nrequests_per_second = 100\n"


def listing(*named: tuple[JobId, str], total: int | None) -> Reply:
    entries = [{"id": job, "job_name": name, "project_id": PROJECT} for job, name in named]
    return Reply(200, {"result": {"total": total, "job_list": entries}, "status": "success"})


def at(server: ContractServer) -> dict[str, str]:
    return {"CODEARTS_ENDPOINT": server.url, "CODEARTS_TOKEN": TOKEN}


def extras_of(user: User, *argv: str) -> Extras:
    extras = user.profile(*argv).extras
    assert extras
    return extras


def test_a_profile_has_them_unless_settings_or_flag_say_no(user: User) -> None:
    user.environ = {"CODEARTS_REGION": "cn-north-4", "CODEARTS_TOKEN": TOKEN}
    assert user.profile().extras
    assert user.profile("--status-only").extras is None
    user.settings = "[service]\nextras = false\n"
    user.environ = {"CODEARTS_REGION": "cn-north-4", "CODEARTS_TOKEN": TOKEN}
    assert user.profile().extras is None


def test_a_profile_that_only_the_watchlist_knows_has_none(user: User) -> None:
    user.environ = {"CODEARTS_REGION": "cn-north-4", "CODEARTS_TOKEN": TOKEN}
    assert user.app().profile("unknown").extras is None


async def test_they_ask_where_the_profile_asks_and_as_it_does(user: User) -> None:
    with ContractServer() as server:
        entry = {"id": JOB, "job_name": "payments-api", "project_id": "b" * 32, "project_name": "Payments"}
        server.extras["/v1/job/list"] = Reply(200, {"result": {"total": 1, "job_list": [entry]}, "status": "success"})
        user.environ = at(server)
        extras = extras_of(user)
        listed = await extras.listed([JOB])
        assert names_in(listed) == {JOB: ("payments-api", "b" * 32, "Payments")}
        assert [request.headers["x-auth-token"] for request in server.requests] == [TOKEN]
        assert [(one.kind, one.asked, one.answered) for one in extras.summary()] == [("list of jobs", 1, 1)]
        await extras.close()


async def test_where_lists_are_refused_a_few_names_come_one_by_one(user: User) -> None:
    with ContractServer() as server:
        jobs = [JobId(f"{number:032x}") for number in range(30)]
        for job in jobs:
            answer = {"result": {"id": job, "job_name": f"job {job[-2:]}"}, "status": "success"}
            server.extras[f"/v1/job/{job}/info"] = Reply(200, answer)
        user.environ = at(server)
        user.settings = FAST
        extras = extras_of(user)
        assert len(names_in(await extras.listed(jobs))) == 10
        assert len(server.requests) == 12
        await extras.close()


async def test_no_names_come_one_by_one_where_the_lists_may_bring_them_later(user: User) -> None:
    with ContractServer() as server:
        server.every_extra = refusal(503, "CB.00060101")
        user.environ, user.settings = at(server), FAST
        extras = extras_of(user)
        listed = await extras.listed([JOB])
        assert (listed.entries, listed.failure is not None) == ({}, True)
        assert not any("/info" in request.path for request in server.requests)
        await extras.close()


async def test_names_of_the_first_page_are_kept_where_the_second_one_is_refused(user: User) -> None:
    def page(request: Request) -> Reply:
        return listing((JOB, "web"), total=2) if "page_index=0" in request.path else refusal(404, "CB.0")

    with ContractServer() as server:
        server.extras["/v1/job/list"] = page
        user.environ, user.settings = at(server), FAST
        extras = extras_of(user)
        listed = await extras.listed([JOB, OTHER])
        assert listed.failure
        assert names_in(listed) == {JOB: ("web", PROJECT, "")}
        await extras.close()


async def test_a_job_that_is_listed_without_a_name_has_none_from_there(user: User) -> None:
    with ContractServer() as server:
        server.extras["/v1/job/list"] = listing((JOB, ""), (OTHER, "api"), total=2)
        user.environ, user.settings = at(server), FAST
        extras = extras_of(user)
        assert names_in(await extras.listed([JOB, OTHER])) == {OTHER: ("api", PROJECT, "")}
        await extras.close()


async def test_the_unit_of_durations_is_known_at_the_next_start_once_it_was_learned(user: User) -> None:
    with ContractServer() as server:
        user.settings, environ = FAST, at(server)
        user.environ = dict(environ)
        extras = extras_of(user)
        truth = TRUTHS[0]._replace(began=datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1))
        job, start, end = JobId(truth.id), truth.began.timestamp(), truth.ended.timestamp()
        seen = ObservedRun(job, Between(start - 5, start + 5), end - 5, Between(end - 5, end + 5), interval=15)
        for number in (1, 2, 3):
            tell(server, [truth._replace(number=number)])
            last = await extras.last_run(job)
            assert isinstance(last, RunRecord)
            assert last.duration is None
            await extras.record_of(job, seen)
        await extras.close()
        user.environ = environ
        again = extras_of(user)
        last = await again.last_run(job)
        assert isinstance(last, RunRecord)
        assert last.duration == truth.seconds
        await again.close()


class NoBudget(ExtrasBudget):
    """Lets nothing leave that is not paid for, and knows what was refused."""

    def __init__(self) -> None:
        super().__init__(AdaptiveRateLimiter(1.0), lambda: 0.0)
        self.refused: list[FailureKind] = []
        self.is_closed = False

    async def turn(self) -> None:
        raise PermissionError

    def throttled(self, refusal: Failure, sent: float, now: float) -> None:
        self.refused.append(refusal.kind)

    def close(self) -> None:
        self.is_closed = True


async def test_they_wait_for_their_turn_and_leave_their_share_to_others_at_the_end(user: User) -> None:
    user.environ = {"CODEARTS_REGION": "cn-north-4", "CODEARTS_TOKEN": TOKEN}
    extras, budget = extras_of(user), NoBudget()
    extras.use(budget)
    with pytest.raises(PermissionError):
        await extras.fetch(job_list_call())
    assert not budget.is_closed
    await extras.close()
    assert budget.is_closed


async def test_a_page_of_a_list_is_paid_for_and_brings_its_hints(user: User) -> None:
    with ContractServer() as server:
        server.extras["/v1/job/list"] = listing((JOB, "web"), total=7)
        server.extras[f"/v1/job/{PROJECT}/list"] = listing((JOB, "web"), total=1)
        user.environ = at(server)
        extras, budget = extras_of(user), NoBudget()
        extras.use(budget)
        pages = (ListPage(number=2), ListPage(PROJECT), ListPage(whole=True), ListPage(building=True))
        found = [await extras.page(page) for page in pages]
        assert [(set(page.hints), page.total) for page in found if not isinstance(page, Failure)] == [
            ({JOB}, total) for total in (7, 1, 7, 7)
        ]
        third, of_project, whole, building = (request.path for request in server.requests)
        assert "page_index=2" in third
        assert of_project.startswith(f"/v1/job/{PROJECT}/list?")
        assert whole == "/v1/job/list"
        assert "build_status" in building
        server.every_extra = refusal(429, "APIGW.0308")
        refused = await extras.page(ListPage())
        assert isinstance(refused, Failure)
        assert budget.refused == [refused.kind] == [FailureKind.THROTTLED]
        await extras.close()


async def test_names_that_a_sweep_has_read_are_not_asked_for_again_until_the_next_time(user: User) -> None:
    with ContractServer() as server:
        server.extras["/v1/job/list"] = listing((JOB, "web"), total=1)
        user.environ, user.settings = at(server), FAST
        extras = extras_of(user)
        await extras.page(ListPage())
        listed = await extras.listed([JOB, OTHER])
        assert (names_in(listed)[JOB].name, listed.is_whole) == ("web", True)
        assert len(server.requests) == 1
        server.extras["/v1/job/list"] = listing((JOB, "renamed"), total=1)
        assert names_in(await extras.listed([JOB]))[JOB].name == "renamed"
        assert len(server.requests) == 2
        await extras.close()


@pytest.mark.parametrize(("project", "total"), [(PROJECT, 1), ("", 2), ("", None)])
async def test_a_sweep_that_has_not_read_all_jobs_does_not_know_of_one_that_it_has_not_seen(
    user: User, project: str, total: int | None
) -> None:
    with ContractServer() as server:
        for path in ("/v1/job/list", f"/v1/job/{PROJECT}/list"):
            server.extras[path] = listing((JOB, "web"), total=total)
        user.environ, user.settings = at(server), FAST
        extras = extras_of(user)
        await extras.page(ListPage(project))
        server.extras["/v1/job/list"] = listing((JOB, "web"), (OTHER, "api"), total=2)
        assert names_in(await extras.listed([OTHER]))[OTHER].name == "api"
        await extras.close()


async def test_while_a_sweep_is_under_way_its_next_pages_are_waited_for(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ContractServer() as server:
        user.environ, user.settings = at(server), FAST
        extras = extras_of(user)
        extras.use(NoBudget(), lambda: True)
        monkeypatch.setattr("tui.profiles.extras.PAGES_APART", 600.0)
        for name in ("web", "renamed"):
            named = asyncio.create_task(extras.listed([JOB, OTHER]))
            await asyncio.sleep(0)
            server.extras["/v1/job/list"] = listing((JOB, name), total=3)
            await extras.page(ListPage())
            await asyncio.sleep(0)
            assert not named.done()
            server.extras["/v1/job/list"] = listing((OTHER, "api"), total=3)
            await extras.page(ListPage(number=1))
            async with asyncio.timeout(20):
                assert [name for name, *_ in names_in(await named).values()] == [name, "api"]
        monkeypatch.setattr("tui.profiles.extras.PAGES_APART", 0.01)
        with pytest.raises(PermissionError):  # none came: the lists are asked for, which is not paid for here
            await extras.listed([JOB])
        await extras.close()


async def test_a_proxy_that_cannot_be_used_is_a_failure_of_each(user: User) -> None:
    user.environ = {"CODEARTS_REGION": "cn-north-4", "CODEARTS_TOKEN": TOKEN}
    user.settings = '[profiles.p]\nregion = "cn-north-4"\nca_file = "/nowhere/ca.pem"\n'
    extras = extras_of(user)
    listed = await extras.listed([JOB])
    for told in (
        await extras.fetch(job_list_call()),
        await extras.record_of(JOB, run(JOB, 0.0)),
        await extras.records(JOB),
        await extras.last_run(JOB),
        await extras.last_runs(JOB),
        await extras.failed_step(JOB, 1),
        await extras.page(ListPage()),
        listed.failure,
    ):
        assert isinstance(told, Failure)
        assert told.kind is FailureKind.SETTINGS
    await extras.close()


async def test_what_was_never_asked_has_nothing_to_tell_and_can_be_closed(user: User) -> None:
    user.environ = {"CODEARTS_REGION": "cn-north-4", "CODEARTS_TOKEN": TOKEN}
    extras = extras_of(user)
    assert extras.summary() == ()
    await extras.close()
