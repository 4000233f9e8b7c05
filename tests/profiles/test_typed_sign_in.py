"""A token or password that the user types on the screen is checked by one call, and used only if it works."""

import pytest

from tests.support.credential_fakes import TOKEN
from tests.support.user_home import User, shown
from tui.codearts.auth.credentials import AuthHeaders
from tui.core.errors import UserError
from tui.core.job import JobId
from tui.core.reading import Failure, FailureKind, Status
from tui.demo.service import DemoService
from tui.profiles.profile import Profile
from tui.profiles.sign_in import SecretKind


def profile(user: User, service: DemoService, more: str = "", iam: bool = True) -> Profile:
    endpoints = f'endpoint = "{service.url}"\n' + f'iam_endpoint = "{service.url}"\n' * iam
    user.settings = f"[profiles.demo]\n{endpoints}{more}"
    return user.profile()


def password(service: DemoService) -> str:
    return f'project = "cn-north-4"\n[profiles.demo.iam]\nuser = "{service.user}"\naccount = "{service.domain}"\n'


async def test_a_token_is_looked_at_by_iam_and_taken(user: User, service: DemoService) -> None:
    ready = profile(user, service)
    before = await shown(ready)
    assert isinstance(before, Failure)
    assert before.kind is FailureKind.NO_CREDENTIAL
    assert ready.sign_in.wants is SecretKind.TOKEN
    ready.sign_in.put(f"  {service.token}\n")
    assert ready.credential.has_changed_since(before) is False
    assert await ready.sign_in.check() is None
    assert ready.credential.has_changed_since(before)
    auth_headers = await shown(ready)
    assert isinstance(auth_headers, AuthHeaders)
    assert auth_headers.secret.reveal() == service.token
    assert ready.credential.expires_at is not None
    assert (await ready.reader.read(service.jobs[0].id)).result in tuple(Status)
    await ready.reader.close()


async def test_a_token_that_iam_refuses_is_not_taken(user: User, service: DemoService) -> None:
    ready = profile(user, service)
    ready.sign_in.put(TOKEN)
    refused = await ready.sign_in.check(service.jobs[0].id)
    assert isinstance(refused, Failure)
    assert refused.kind is FailureKind.SIGN_IN
    assert isinstance(await shown(ready), Failure)
    again = await ready.sign_in.check()
    assert isinstance(again, Failure)
    assert again.summary == "Nothing was typed."


async def test_where_iam_is_not_known_a_job_tells_also_one_that_does_not_exist(
    user: User, service: DemoService
) -> None:
    ready = profile(user, service, iam=False)
    for typed, job, is_taken in (
        (TOKEN, service.jobs[0].id, False),
        (TOKEN, None, False),
        (service.token, JobId("f" * 32), True),
        (service.token, None, True),
    ):
        ready.sign_in.put(typed)
        assert (await ready.sign_in.check(job) is None) is is_taken
        assert isinstance(await shown(ready), AuthHeaders) is is_taken


async def test_a_password_is_tried_once_and_taken(user: User, service: DemoService) -> None:
    ready = profile(user, service, password(service))
    before = await shown(ready)
    assert isinstance(before, Failure)
    assert before.summary == f"the password of IAM user {service.user}: There is no password: give it."
    assert (ready.sign_in.wants, ready.sign_in.who) == (SecretKind.PASSWORD, f"IAM user {service.user}")
    ready.sign_in.put("guessed")
    refused = await ready.sign_in.check()
    assert isinstance(refused, Failure)
    assert "IAM refuses the user name or password" in refused.summary
    assert isinstance(await shown(ready), Failure)
    ready.sign_in.put(service.password)
    assert await ready.sign_in.check() is None
    assert ready.credential.has_changed_since(before)
    assert isinstance(await shown(ready), AuthHeaders)
    assert ready.credential.can_refresh


async def test_a_bug_while_it_is_checked_is_a_failure(
    user: User, service: DemoService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OverflowError

    monkeypatch.setattr("tui.codearts.iam_api.interpret_token", broken)
    for settings, typed in (("", service.token), (password(service), service.password)):
        ready = profile(user, service, settings)
        ready.sign_in.put(typed)
        failure = await ready.sign_in.check()
        assert isinstance(failure, Failure)
        assert (failure.kind, "OverflowError" in failure.summary) == (FailureKind.INTERNAL, True)


@pytest.mark.parametrize(("text", "said"), [("", "empty"), ("a b", "space"), ("a\x1bb", "characters")])
def test_what_can_be_no_token_is_refused_at_once(user: User, service: DemoService, text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        profile(user, service).sign_in.put(text)


@pytest.mark.parametrize(("text", "said"), [("\n", "empty"), ("a\nb", "line break"), ("a" * 2000, "too many")])
def test_what_can_be_no_password_is_refused_at_once(user: User, service: DemoService, text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        profile(user, service, password(service)).sign_in.put(text)


async def test_a_client_that_cannot_be_opened_is_a_failure(user: User, service: DemoService) -> None:
    ready = profile(user, service, 'ca_file = "none.pem"\n')
    ready.sign_in.put(service.token)
    failure = await ready.sign_in.check(service.jobs[0].id)
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.SETTINGS
    assert "none.pem" in failure.summary


async def test_a_refusal_on_its_way_does_not_undo_what_was_typed_meanwhile(user: User, service: DemoService) -> None:
    user.environ = {"CODEARTS_TOKEN": TOKEN}
    ready = profile(user, service)
    old = await shown(ready)
    assert isinstance(old, AuthHeaders)
    refusal = Failure(FailureKind.SIGN_IN, "Refused.", "APIGW.0301")
    assert await ready.credential.on_unauthorized(old, refusal) is refusal
    ready.sign_in.put(service.token)
    assert await ready.sign_in.check() is None
    assert await ready.credential.on_unauthorized(old, refusal) is None
    new = await shown(ready)
    assert isinstance(new, AuthHeaders)
    assert await ready.credential.on_unauthorized(new, refusal) is refusal


async def test_a_typed_token_that_ends_leaves_the_place_to_a_new_one_in_the_profiles_file(
    user: User, service: DemoService
) -> None:
    file = user.private("token", TOKEN)
    ready = profile(user, service, f'token_file = "{file}"\n')
    await shown(ready)
    ready.sign_in.put(service.token)
    assert await ready.sign_in.check() is None
    typed = await shown(ready)
    assert isinstance(typed, AuthHeaders)
    assert not ready.credential.has_changed_since(typed)
    refusal = Failure(FailureKind.SIGN_IN, "Expired.", "APIGW.0307")
    assert await ready.credential.on_unauthorized(typed, refusal) is refusal
    assert not ready.credential.has_changed_since(typed)
    file.write_text(TOKEN + "new")
    assert ready.credential.has_changed_since(typed)
    own = await shown(ready)
    assert isinstance(own, AuthHeaders)
    assert own.secret.reveal() == TOKEN + "new"


async def test_what_iam_says_of_a_token_that_was_there_is_kept(user: User, service: DemoService) -> None:
    user.environ = {"CODEARTS_TOKEN": service.token}
    ready = profile(user, service)
    assert ready.credential.expires_at is None
    await ready.look()
    assert ready.credential.expires_at is not None
