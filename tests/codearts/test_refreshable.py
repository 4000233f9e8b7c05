"""A token is refreshed before its end, or once after a refusal: once for all requests, and never in a loop."""

import asyncio
from datetime import timedelta

import pytest

from tests.support.builders import Time
from tests.support.credential_fakes import NOON, URL, ScriptedIssuer, failure_of, proof_of, prove, refusal, shown
from tui.codearts.auth.credentials import Secret
from tui.codearts.auth.refreshable import TRANSITIONS, RefreshableToken, Token, TokenState
from tui.codearts.server_clock import ServerClock
from tui.core.reading import Failure, FailureKind, Retry, Status

DAY = timedelta(hours=24)
WRONG = Failure(FailureKind.SIGN_IN, "Wrong password.", "401")
DOWN = Failure(FailureKind.TIMEOUT, "IAM did not answer.")


def renewed(
    *answers: Failure | Token | timedelta | None, time: Time | None = None
) -> tuple[RefreshableToken, ScriptedIssuer, Time]:
    time = time or Time()
    issuer = ScriptedIssuer(time, *answers)
    return RefreshableToken(issuer, ServerClock(time.now)), issuer, time


async def proofs_over(credential: RefreshableToken, time: Time, times: int, step: float = 1.0) -> set[str]:
    """What so many requests got, one every `step` seconds: tokens, and what a failure says."""
    seen = set()
    for _ in range(times):
        got = await prove(credential)
        seen.add(got.summary if isinstance(got, Failure) else shown(got))
        time.seconds += step
    return seen


async def test_a_token_is_fetched_once_and_kept() -> None:
    credential, issuer, _ = renewed()
    proofs = await asyncio.gather(*(prove(credential) for _ in range(200)))
    assert {shown(auth_headers) for auth_headers in proofs} == {"token-1"}
    assert issuer.calls == 1
    assert (credential.source, credential.expires_at, credential.can_refresh) == ("the issuer", NOON + DAY, True)


async def test_it_is_renewed_half_an_hour_before_its_end() -> None:
    credential, issuer, time = renewed()
    await prove(credential)
    time.seconds = 23.5 * 3600 - 1
    assert shown(await prove(credential)) == "token-1"
    time.seconds += 1
    assert {shown(auth_headers) for auth_headers in await asyncio.gather(*(prove(credential) for _ in range(200)))} == {
        "token-2"
    }
    assert issuer.calls == 2


async def test_the_servers_clock_counts() -> None:
    time = Time()
    clock = ServerClock(time.now)
    issuer = ScriptedIssuer(time)
    credential = RefreshableToken(issuer, clock)
    await credential.authenticate("GET", URL)
    time.seconds = 600
    clock.learn("Tue, 24 Nov 2026 11:35:00 GMT")
    assert shown(await credential.authenticate("GET", URL)) == "token-2"


async def test_a_token_of_unknown_life_is_not_renewed_by_the_clock() -> None:
    credential, _, time = renewed(None)
    await prove(credential)
    time.seconds = 1e7
    assert shown(await prove(credential)) == "token-1"


async def test_clocks_that_contradict_each_other_bring_no_flood_of_log_ins() -> None:
    credential, issuer, time = renewed(timedelta(minutes=-5))
    assert await proofs_over(credential, time, 600) <= {"token-1", "token-2"}
    assert issuer.calls == 2


async def test_the_old_token_serves_while_a_new_one_is_fetched() -> None:
    credential, issuer, time = renewed()
    await prove(credential)
    time.seconds = 23.6 * 3600
    issuer.asked.clear()
    issuer.may_answer.clear()
    renewal = asyncio.create_task(prove(credential))
    await issuer.asked.wait()
    assert shown(await prove(credential)) == "token-1"
    issuer.may_answer.set()
    assert shown(await renewal) == "token-2"


@pytest.mark.parametrize("digits", ["0301", "0305", "0307"])
async def test_two_hundred_refusals_bring_one_renewal(digits: str) -> None:
    credential, issuer, _ = renewed()
    proofs = [proof_of(await prove(credential)) for _ in range(200)]
    verdicts = await asyncio.gather(
        *(credential.on_unauthorized(auth_headers, refusal(digits)) for auth_headers in proofs)
    )
    assert verdicts == [None] * 200
    assert issuer.calls == 2
    assert shown(await prove(credential)) == "token-2"


@pytest.mark.parametrize("code", ["", "APIGW.0303", "APIGW.0311", "CB.0301", "401"])
async def test_other_refusals_bring_none(code: str) -> None:
    credential, issuer, _ = renewed()
    failure = Failure(FailureKind.SIGN_IN, "No.", code)
    assert await credential.on_unauthorized(proof_of(await prove(credential)), failure) is failure
    assert issuer.calls == 1


@pytest.mark.parametrize(("digits", "is_regional"), [("0307", True), ("0301", False)])
async def test_a_new_token_that_is_refused_too_is_not_renewed(digits: str, is_regional: bool) -> None:
    credential, issuer, time = renewed()
    assert await credential.on_unauthorized(proof_of(await prove(credential)), refusal(digits)) is None
    for _ in range(5):
        time.seconds += 3600
        verdict = failure_of(await credential.on_unauthorized(proof_of(await prove(credential)), refusal(digits)))
        assert verdict.kind is FailureKind.SIGN_IN
        assert ("this token may belong to another region" in verdict.summary) is is_regional
    assert issuer.calls == 2


async def test_a_token_that_was_accepted_may_be_renewed_again_after_a_while() -> None:
    credential, issuer, time = renewed()
    for seconds in (0, 30, 3600):
        time.seconds = seconds
        auth_headers = proof_of(await prove(credential))
        credential.on_response(auth_headers, Status.IDLE)
        await credential.on_unauthorized(auth_headers, refusal())
    assert issuer.calls == 3
    assert shown(await prove(credential)) == "token-3"


async def test_a_token_that_ends_soon_after_its_renewal_is_renewed_when_the_minute_is_over() -> None:
    credential, issuer, time = renewed()
    first = proof_of(await prove(credential))
    assert await credential.on_unauthorized(first, refusal()) is None
    second = proof_of(await prove(credential))
    credential.on_response(second, Status.IDLE)
    time.seconds = 20
    assert "within a minute" in failure_of(await credential.on_unauthorized(second, refusal())).summary
    assert not credential.has_changed_since(second)
    time.seconds = 61
    assert credential.has_changed_since(second)
    assert await credential.on_unauthorized(proof_of(await prove(credential)), refusal()) is None
    assert shown(await prove(credential)) == "token-3"
    assert not credential.has_changed_since(await prove(credential))
    assert issuer.calls == 3


async def test_one_job_that_is_refused_for_ever_brings_no_flood() -> None:
    credential, issuer, time = renewed()
    for _ in range(120):
        time.seconds += 5
        credential.on_response(proof_of(await prove(credential)), Status.RUNNING)
        await credential.on_unauthorized(proof_of(await prove(credential)), refusal())
    assert issuer.calls <= 12


async def test_a_refused_log_in_is_final_until_the_user_asks() -> None:
    credential, issuer, time = renewed(WRONG)
    outcomes = await asyncio.gather(*(prove(credential) for _ in range(200)))
    assert set(map(id, outcomes)) == {id(WRONG)}
    time.seconds = 1e6
    assert await prove(credential) is WRONG
    assert issuer.calls == 1
    assert not credential.has_changed_since(WRONG)
    credential.reset()
    assert await prove(credential) is WRONG
    assert await prove(credential) is WRONG
    assert issuer.calls == 2


async def test_a_refused_log_in_is_repeated_with_a_new_password() -> None:
    credential, issuer, _ = renewed(WRONG, DAY)
    await prove(credential)
    issuer.is_changed = True
    assert credential.has_changed_since(WRONG)
    assert shown(await prove(credential)) == "token-2"
    assert credential.has_changed_since(WRONG)


async def test_a_renewal_after_a_refusal_that_fails_ends_it_for_all() -> None:
    credential, issuer, time = renewed(DAY, WRONG)
    proofs = [proof_of(await prove(credential)) for _ in range(200)]
    verdicts = await asyncio.gather(*(credential.on_unauthorized(auth_headers, refusal()) for auth_headers in proofs))
    assert set(map(id, verdicts)) == {id(WRONG)}
    time.seconds = 7200
    assert await prove(credential) is WRONG
    assert await credential.on_unauthorized(proofs[0], refusal()) is WRONG
    assert issuer.calls == 2
    assert not credential.has_changed_since(proofs[0])


async def test_a_failed_renewal_in_good_time_leaves_the_old_token_in_use_until_its_end() -> None:
    credential, issuer, time = renewed(DAY, WRONG)
    await prove(credential)
    time.seconds = 23.5 * 3600
    assert [shown(await prove(credential)) for _ in range(5)] == ["token-1"] * 5
    time.seconds = 24 * 3600
    assert await prove(credential) is WRONG
    assert issuer.calls == 2


async def test_what_the_network_prevented_is_tried_again_less_and_less_often() -> None:
    credential, issuer, time = renewed(DOWN)
    assert await proofs_over(credential, time, 3600) == {DOWN.summary}
    assert issuer.calls == 10  # at 0, 30, 90, 210, 450, 930, 1530, and so on


@pytest.mark.parametrize("kind", [kind for kind in FailureKind if kind.retry is not Retry.SIGN_IN])
async def test_nothing_but_a_refusal_is_final(kind: FailureKind) -> None:
    """A network that wants a log-in shows a certificate of its own, which is no verdict on the password."""
    prevented = Failure(kind, "IAM was not reached.")
    credential, issuer, time = renewed(prevented, DAY)
    failed = failure_of(await prove(credential))
    assert (failed.kind, failed.summary.startswith(prevented.summary)) == (kind, True)
    time.seconds = 31
    assert shown(await prove(credential)) == "token-2"
    assert issuer.calls == 2


async def test_the_waits_begin_anew_when_the_user_asks() -> None:
    credential, issuer, time = renewed(DOWN)
    await proofs_over(credential, time, 500)
    assert issuer.calls == 5
    credential.reset()
    await proofs_over(credential, time, 31)
    assert issuer.calls == 7


async def test_a_user_who_asks_ends_the_wait_once_in_five_seconds_at_most() -> None:
    credential, issuer, time = renewed(DOWN)
    await proofs_over(credential, time, 500)
    assert issuer.calls == 5
    for _ in range(600):
        credential.hurry()
        await prove(credential)
        time.seconds += 1 / 30
    assert issuer.calls == 5 + 4


async def test_a_failure_of_iam_says_when_it_is_asked_again() -> None:
    busy = Failure(FailureKind.NO_TOKEN, "IAM takes no more sign-ins for now (HTTP 429).", retry_after=60.0)
    credential, _, time = renewed(busy, DOWN)
    at = (time.now().wall + timedelta(seconds=60)).astimezone()
    assert failure_of(await prove(credential)).summary == f"{busy.summary} It is asked again at {at:%H:%M:%S}."
    time.seconds = 61
    assert failure_of(await prove(credential)) is DOWN


async def test_a_user_who_asks_ends_no_wait_that_iam_named() -> None:
    busy = Failure(FailureKind.NO_TOKEN, "IAM gives no token now.", retry_after=60.0)
    credential, _, time = renewed(busy, DAY)
    await prove(credential)
    time.seconds = 59
    credential.hurry()
    assert failure_of(await prove(credential)).kind is FailureKind.NO_TOKEN
    time.seconds = 61
    assert shown(await prove(credential)) == "token-2"


async def test_a_user_who_asks_ends_the_wait_for_a_proxys_log_in() -> None:
    """The proxy's own rule says how soon its log-in is sent again."""
    rests = Failure(FailureKind.PROXY, "The proxy refused the log-in.", retry_after=600.0)
    credential, _, time = renewed(rests, DAY)
    await prove(credential)
    time.seconds = 59
    assert await prove(credential) is rests
    credential.hurry()
    assert shown(await prove(credential)) == "token-2"


async def test_a_user_who_asks_repeats_no_refused_log_in() -> None:
    credential, issuer, time = renewed(WRONG)
    await prove(credential)
    time.seconds = 3600
    credential.hurry()
    assert await prove(credential) is WRONG
    assert issuer.calls == 1


async def test_each_refresh_is_logged_without_the_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "tui")
    credential, issuer, _ = renewed(DAY, WRONG)
    await prove(credential)
    issuer.is_changed = True
    await prove(credential)
    assert caplog.messages == [
        "the issuer gave a token, good until 2026-11-24 12:00:00 UTC",
        "the issuer gave no token: Wrong password. 401 ",
    ]


async def test_the_same_token_again_is_no_renewal() -> None:
    same = Token(Secret("token-1"))
    credential, issuer, _ = renewed(same)
    auth_headers = proof_of(await prove(credential))
    assert (
        "gave the refused token again" in failure_of(await credential.on_unauthorized(auth_headers, refusal())).summary
    )
    await credential.on_unauthorized(auth_headers, refusal())
    assert issuer.calls == 2


async def test_a_cancelled_renewal_holds_up_nobody() -> None:
    credential, issuer, _ = renewed()
    issuer.may_answer.clear()
    first, second = (asyncio.create_task(prove(credential)) for _ in range(2))
    await issuer.asked.wait()
    first.cancel()
    issuer.may_answer.set()
    assert shown(await second) == "token-2"


async def test_nothing_shows_the_token() -> None:
    credential, _, _ = renewed()
    auth_headers = await prove(credential)
    assert "token-1" not in f"{auth_headers!r} {auth_headers} {credential!r} {vars(credential)!r} {credential.token!r}"


async def test_a_new_password_brings_a_new_token_also_after_a_fruitless_renewal() -> None:
    credential, issuer, _ = renewed()
    await credential.on_unauthorized(proof_of(await prove(credential)), refusal())
    last = proof_of(await prove(credential))
    assert isinstance(await credential.on_unauthorized(last, refusal()), Failure)
    assert not credential.has_changed_since(last)
    issuer.is_changed = True
    assert credential.has_changed_since(last)
    assert shown(await prove(credential)) == "token-3"


async def test_the_user_has_a_token_fetched_again_though_the_last_new_one_was_refused_too() -> None:
    credential, issuer, _ = renewed()
    await credential.on_unauthorized(proof_of(await prove(credential)), refusal())
    last = proof_of(await prove(credential))
    assert isinstance(await credential.on_unauthorized(last, refusal()), Failure)
    assert issuer.calls == 2
    credential.reset()
    assert await credential.on_unauthorized(last, refusal()) is None
    assert shown(await prove(credential)) == "token-3"


class BrokenIssuer(ScriptedIssuer):
    """Logs in, and fails on what comes back."""

    async def issue(self) -> Token | Failure:
        await super().issue()
        raise OverflowError("date value out of range")


async def test_a_bug_while_a_token_is_fetched_is_a_failed_attempt_and_no_flood() -> None:
    time = Time()
    issuer = BrokenIssuer(time)
    credential = RefreshableToken(issuer, ServerClock(time.now))
    for _ in range(60):
        failure = failure_of(await prove(credential))
        assert (failure.kind, "OverflowError" in failure.summary) == (FailureKind.INTERNAL, True)
        time.seconds += 1
    assert issuer.calls == 2  # at 0 and 30


async def test_a_week_without_iam_ends_nothing() -> None:
    credential, issuer, time = renewed(DOWN)
    assert await proofs_over(credential, time, 1100, step=600) == {DOWN.summary}
    assert issuer.calls == 1100


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 GMT", "Wed, 01 Jan 0900 00:00:00 GMT"])
async def test_one_date_of_another_age_neither_stops_nor_hurries_a_renewal(date: str) -> None:
    time = Time()
    clock, issuer = ServerClock(time.now), ScriptedIssuer(time)
    credential = RefreshableToken(issuer, clock)
    await prove(credential)
    clock.learn(date)
    time.seconds = 3600
    assert shown(await prove(credential)) == "token-1"
    time.seconds = 23.6 * 3600
    assert shown(await prove(credential)) == "token-2"


async def test_a_new_token_ends_the_wait_for_a_deferred_refresh() -> None:
    credential, issuer, time = renewed()
    await credential.on_unauthorized(proof_of(await prove(credential)), refusal())
    second = proof_of(await prove(credential))
    credential.on_response(second, Status.IDLE)
    time.seconds = 20
    assert isinstance(await credential.on_unauthorized(second, refusal()), Failure)
    issuer.is_changed = True
    third = proof_of(await prove(credential))
    assert shown(third) == "token-3"
    time.seconds = 120
    assert not credential.has_changed_since(third)


async def test_an_acceptance_that_comes_late_does_not_end_the_wait_for_a_deferred_refresh() -> None:
    credential, _, time = renewed()
    await credential.on_unauthorized(proof_of(await prove(credential)), refusal())
    second = proof_of(await prove(credential))
    credential.on_response(second, Status.IDLE)
    await credential.on_unauthorized(second, refusal())
    credential.on_response(second, Status.IDLE)
    time.seconds = 61
    assert credential.has_changed_since(second)


async def test_a_refresh_that_was_cancelled_is_made_by_the_next_that_waits() -> None:
    credential, issuer, _ = renewed()
    auth_headers = proof_of(await prove(credential))
    issuer.may_answer.clear()
    issuer.asked.clear()
    first, second = (asyncio.create_task(credential.on_unauthorized(auth_headers, refusal())) for _ in range(2))
    await issuer.asked.wait()
    first.cancel()
    issuer.may_answer.set()
    assert await second is None
    assert shown(await prove(credential)) == "token-3"


async def test_an_expired_token_that_cannot_be_refreshed_is_no_change() -> None:
    credential, _, time = renewed(DAY, WRONG)
    await prove(credential)
    time.seconds = 24 * 3600
    assert await prove(credential) is WRONG
    assert not credential.has_changed_since(WRONG)


async def test_a_token_refreshed_before_its_end_may_be_refused_and_refreshed_again() -> None:
    """Though the token before it was issued because of a refusal, and never accepted."""
    credential, issuer, time = renewed()
    await credential.on_unauthorized(proof_of(await prove(credential)), refusal())
    await prove(credential)
    time.seconds = 23.5 * 3600
    third = proof_of(await prove(credential))
    assert shown(third) == "token-3"
    assert await credential.on_unauthorized(third, refusal()) is None
    assert issuer.calls == 4


def test_every_state_is_reached_and_left() -> None:
    assert {before for before, _ in TRANSITIONS} == set(TokenState)
    assert set(TRANSITIONS.values()) == set(TokenState) - {TokenState.EMPTY}
