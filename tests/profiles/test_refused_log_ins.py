"""A password that IAM refused is not sent again by other runs of the program, such as those of cron."""

from pathlib import Path

import pytest

from tests.support.credential_fakes import TOKEN
from tests.support.scripted_server import ScriptedConnection, ScriptedServer
from tests.support.user_home import User, shown
from tui.codearts.auth.credentials import AuthHeaders
from tui.commands.check_steps import all_steps
from tui.core.reading import Failure, FailureKind

BODIES = {
    401: '{"error":{"code":401,"message":"The username or password is wrong.","title":"Unauthorized"}}',
    201: '{"token":{"project":{"id":"1","name":"cn-north-4"}}}',
    503: "{}",
}


class Iam:
    """Answers each log-in with `status`; with `body` if there is one, else as IAM does."""

    def __init__(self) -> None:
        self.status = 401
        self.body = ""
        self.server = ScriptedServer(self._serve)

    @property
    def log_ins(self) -> int:
        return len(self.server.heads)

    async def _serve(self, connection: ScriptedConnection) -> None:
        await connection.request()
        body, token = self.body or BODIES[self.status], f"X-Subject-Token: {TOKEN}\r\n" if self.status == 201 else ""
        head = f"HTTP/1.1 {self.status} x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{token}\r\n"
        await connection.send(head.encode() + body.encode())


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    return User(tmp_path)


async def run(user: User, iam: Iam, password: str = "wrong", asks: bool = False) -> AuthHeaders | Failure:
    """One run of the program: its profile, and the first authentication."""
    user.environ = {"PW": password}
    user.settings = (
        f'[profiles.demo]\nendpoint = "{iam.server.url}"\niam_endpoint = "{iam.server.url}"\nproject = "cn-north-4"\n'
        '[profiles.demo.iam]\nuser = "u"\naccount = "a"\npassword_env = "PW"\n'
    )
    ready = user.profile()
    if asks:
        ready.credential.reset()
    try:
        return await shown(ready)
    finally:
        await ready.reader.close()


async def test_a_refused_password_is_not_sent_by_the_next_runs(user: User) -> None:
    iam = Iam()
    async with iam.server:
        first = await run(user, iam)
        later = [await run(user, iam) for _ in range(5)]
    assert isinstance(first, Failure)
    assert first.summary.startswith("IAM refuses the user name or password.")
    for failure in later:
        assert isinstance(failure, Failure)
        assert failure.kind is FailureKind.SIGN_IN
        assert failure.summary.startswith("IAM refused this user name and password at ")
    assert iam.log_ins == 1


async def test_another_password_is_sent_at_once_and_the_refused_one_rests_on(user: User) -> None:
    """It may stand in the settings of another cron job."""
    iam = Iam()
    async with iam.server:
        await run(user, iam)
        iam.status = 201
        assert isinstance(await run(user, iam, "right"), AuthHeaders)
        assert isinstance(await run(user, iam, "wrong"), Failure)
    assert iam.log_ins == 2


async def test_a_user_who_asks_sends_a_refused_password_at_once(user: User) -> None:
    """It may be right now: the user was unlocked, or may use it in programs."""
    iam = Iam()
    async with iam.server:
        await run(user, iam)
        await run(user, iam, asks=True)
        iam.status = 201
        assert isinstance(await run(user, iam, asks=True), AuthHeaders)
        assert isinstance(await run(user, iam), AuthHeaders)
    assert iam.log_ins == 4


async def test_check_sends_a_refused_password_at_once(user: User) -> None:
    iam = Iam()
    async with iam.server:
        await run(user, iam)
        iam.status, user.environ = 201, {"PW": "wrong"}
        steps = [step async for step in all_steps(user.context("check"), True)]
    assert ["by IAM, for project cn-north-4" in step.text for step in steps if step.name == "accepted"] == [True]


async def test_an_iam_that_is_out_of_order_has_refused_nothing(user: User) -> None:
    iam = Iam()
    iam.status = 503
    async with iam.server:
        for _ in range(3):
            await run(user, iam)
    assert iam.log_ins == 3


async def test_a_web_page_in_place_of_iam_has_refused_nothing(user: User) -> None:
    """A network's or a proxy's page that wants a log-in goes away again: the password is right."""
    iam = Iam()
    async with iam.server:
        iam.body = "<html><title>Welcome</title>Log in to the network</html>"
        failure = await run(user, iam)
        assert isinstance(failure, Failure)
        assert failure.kind is FailureKind.NO_TOKEN
        assert failure.summary.startswith("A web page came in place of IAM's answer (HTTP 401)")
        iam.status, iam.body = 201, ""
        assert isinstance(await run(user, iam), AuthHeaders)
    assert iam.log_ins == 2
