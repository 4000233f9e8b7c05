"""The calls beside the status call, as a profile has them: on, off, and on the poller's budget."""

from pathlib import Path

import pytest

from tests.support.contract_server import TOKEN, ContractServer, Reply
from tests.support.user_home import User
from tui.codearts.job_list_api import job_list_call
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind
from tui.polling.rate_limiter import AdaptiveRateLimiter, ExtrasBudget
from tui.profiles.extras import Extras, names_in

JOB = JobId("901878212b1a49be9c1a1054c272762a")


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path)


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
        extras = extras_of(user)
        assert len(names_in(await extras.listed(jobs))) == 10
        assert len(server.requests) == 12
        await extras.close()


async def test_they_wait_for_their_turn(user: User) -> None:
    user.environ = {"CODEARTS_REGION": "cn-north-4", "CODEARTS_TOKEN": TOKEN}
    waits: list[str] = []

    class NoBudget(ExtrasBudget):
        async def turn(self) -> None:
            waits.append("turn")
            raise RuntimeError

    app = user.app()
    extras = app.profiles[app.default].extras
    assert extras
    extras.use(NoBudget(AdaptiveRateLimiter(1.0), lambda: 0.0))
    with pytest.raises(RuntimeError):
        await extras.fetch(job_list_call())
    assert waits == ["turn"]


async def test_a_proxy_that_cannot_be_used_is_a_failure_of_each(user: User) -> None:
    user.environ = {"CODEARTS_REGION": "cn-north-4", "CODEARTS_TOKEN": TOKEN}
    user.settings = '[profiles.p]\nregion = "cn-north-4"\nca_file = "/nowhere/ca.pem"\n'
    told = await extras_of(user).fetch(job_list_call())
    assert isinstance(told, Failure)
    assert told.kind is FailureKind.SETTINGS
