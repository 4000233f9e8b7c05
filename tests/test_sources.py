"""Several sources: the first that has something is used, and nothing shows what any of them holds."""

from pathlib import Path

from tests.sign_in import URL, failure_of, proof_of, refusal, still_clock
from tui.codearts.command import Command
from tui.codearts.credentials import EnvironmentToken, FileToken, FixedToken, Proof, Secret
from tui.codearts.keys import FixedKeys, Keys
from tui.codearts.signed import SigningCredential
from tui.codearts.sources import FirstOf
from tui.core.reading import Failure, FailureKind

TOKEN = "MIIDkgYJKoZIhvcNAQcCoIIDgzCCA38CAQExDTALBglghkgBZQMEAgEw"
ACCESS, SECRET, TEMPORARY = "EXAMPLEAK0000000001", "Secret%Key/For+Tests=", "security-token-of-a-test"
PROJECT = "0123456789abcdef0123456789abcdef"
KEYS = Keys(Secret(ACCESS), Secret(SECRET), Secret(TEMPORARY), PROJECT)
NO_WORD = (TOKEN[:16], ACCESS[:16], SECRET[:16], TEMPORARY[:16])


def write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def signing(keys: Keys | Failure = KEYS) -> SigningCredential:
    return SigningCredential(FixedKeys("the keys", keys), still_clock())


async def prove(credential: SigningCredential) -> Proof | Failure:
    return await credential.prove("GET", URL)


async def test_the_first_that_has_something_is_used(tmp_path: Path) -> None:
    path = tmp_path / "token"
    first = FirstOf([FileToken(path), EnvironmentToken(TOKEN, "MY_TOKEN")])
    assert proof_of(await first.prove("GET", URL)).source == first.source == "MY_TOKEN"
    write(path, "from-file")
    proof = proof_of(await first.prove("GET", URL))
    assert (proof.secret, first.source) == (Secret("from-file"), f"file {path}")


async def test_without_any_each_says_why(tmp_path: Path) -> None:
    path = tmp_path / "token"
    first = FirstOf([EnvironmentToken("", "MY_TOKEN"), FileToken(path)])
    missing = failure_of(await first.prove("GET", URL))
    assert "MY_TOKEN: The token is empty" in missing.summary
    assert f"file {path}: There is no such file" in missing.summary
    assert not first.differs(missing)
    write(path, TOKEN)
    assert first.differs(missing)
    proof = proof_of(await first.prove("GET", URL))
    assert first.differs(missing)
    assert not first.differs(proof)


async def test_a_refused_source_does_not_hand_over_to_another_user() -> None:
    refused = Failure(FailureKind.SIGN_IN, "Wrong password.")
    first = FirstOf([FixedToken("IAM", refused), EnvironmentToken(TOKEN)])
    assert await first.prove("GET", URL) is refused
    assert not first.differs(refused)
    first.try_again()


async def test_the_source_of_a_proof_is_told_of_its_fate() -> None:
    signing_credential = signing()
    first = FirstOf([EnvironmentToken("", "MY_TOKEN"), signing_credential])
    proof, failure = proof_of(await first.prove("GET", URL)), refusal()
    first.answered(proof, failure)
    assert await first.refused(proof, failure) is failure
    assert await signing_credential.prove("GET", URL) is failure
    assert (first.renewable, first.expires_at) == (True, None)


async def test_nothing_shows_a_secret() -> None:
    credential = signing()
    proof = proof_of(await prove(credential))
    secrets = (*NO_WORD, proof.secrets[-1])
    for thing in (KEYS, credential, vars(credential), proof, FirstOf([credential]), Command("x", ["echo", TOKEN])):
        assert not any(word in f"{thing!r} {thing}" for word in secrets)
