"""The first credential that has a token or keys is used, and no representation shows a secret."""

from pathlib import Path

from tests.support.credential_fakes import (
    KEYS,
    NO_WORD,
    TOKEN,
    URL,
    failure_of,
    proof_of,
    prove,
    refusal,
    signing,
    write_secret,
)
from tui.codearts.auth.credentials import (
    AuthHeaders,
    CredentialChain,
    EnvironmentToken,
    FileToken,
    FixedToken,
    Secret,
    TypedToken,
)
from tui.codearts.auth.providers import SecretCommand
from tui.core.reading import Failure, FailureKind


async def test_the_first_that_has_something_is_used(tmp_path: Path) -> None:
    path = tmp_path / "token"
    first = CredentialChain([FileToken(path), EnvironmentToken(TOKEN, "MY_TOKEN")])
    assert proof_of(await first.authenticate("GET", URL)).source == first.source == "MY_TOKEN"
    write_secret(path, "from-file")
    auth_headers = proof_of(await first.authenticate("GET", URL))
    assert (auth_headers.secret, first.source) == (Secret("from-file"), f"file {path}")


async def test_without_any_each_says_why(tmp_path: Path) -> None:
    path = tmp_path / "token"
    first = CredentialChain([EnvironmentToken("", "MY_TOKEN"), FileToken(path)])
    missing = failure_of(await first.authenticate("GET", URL))
    assert "MY_TOKEN: The token is empty" in missing.summary
    assert f"file {path}: There is no such file" in missing.summary
    assert not first.has_changed_since(missing)
    write_secret(path, TOKEN)
    assert first.has_changed_since(missing)
    auth_headers = proof_of(await first.authenticate("GET", URL))
    assert first.has_changed_since(missing)
    assert not first.has_changed_since(auth_headers)


async def test_a_refused_source_does_not_hand_over_to_another_user() -> None:
    refused = Failure(FailureKind.SIGN_IN, "Wrong password.")
    first = CredentialChain([FixedToken("IAM", refused), EnvironmentToken(TOKEN)])
    assert await first.authenticate("GET", URL) is refused
    assert not first.has_changed_since(refused)
    first.reset()


async def test_a_response_goes_to_the_credential_that_made_the_headers() -> None:
    signing_credential = signing()
    first = CredentialChain([EnvironmentToken("", "MY_TOKEN"), signing_credential])
    auth_headers, failure = proof_of(await first.authenticate("GET", URL)), refusal()
    first.on_response(auth_headers, failure)
    assert await first.on_unauthorized(auth_headers, failure) is failure
    assert await signing_credential.authenticate("GET", URL) is failure
    first.reset()
    assert isinstance(await signing_credential.authenticate("GET", URL), AuthHeaders)
    assert (first.can_refresh, first.expires_at) == (True, None)


async def test_a_typed_token_overrides_the_others_until_it_is_refused_and_the_user_asks() -> None:
    typed = TypedToken()
    chain = CredentialChain([EnvironmentToken("", "MY_TOKEN"), EnvironmentToken(TOKEN)], typed)
    assert proof_of(await chain.authenticate("GET", URL)).secret == Secret(TOKEN)
    typed.secret = Secret("typed")
    shown = proof_of(await chain.authenticate("GET", URL))
    assert (shown.secret, chain.source) == (Secret("typed"), "the token typed here")
    chain.reset()
    assert chain.source == "the token typed here"
    failure = refusal()
    assert await chain.on_unauthorized(shown, failure) is failure
    chain.reset()
    assert proof_of(await chain.authenticate("GET", URL)).secret == Secret(TOKEN)
    assert await chain.on_unauthorized(shown, failure) is None  # refused late: another credential is in use now


async def test_nothing_shows_a_secret() -> None:
    credential = signing()
    auth_headers = proof_of(await prove(credential))
    secrets = (*NO_WORD, auth_headers.secrets[-1])
    for thing in (
        KEYS,
        credential,
        vars(credential),
        auth_headers,
        CredentialChain([credential]),
        SecretCommand("x", ["echo", TOKEN]),
    ):
        assert not any(word in f"{thing!r} {thing}" for word in secrets)
