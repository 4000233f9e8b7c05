"""Sources of access keys, and signing with them, which never locks a key."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.credential_fakes import (
    ACCESS,
    KEYS,
    NO_WORD,
    PROJECT,
    SECRET,
    TEMPORARY,
    URL,
    failure_of,
    proof_of,
    prove,
    refusal,
    signing,
    still_clock,
    write_secret,
)
from tui.codearts.auth.access_key import FixedKeys, Keys, SigningCredential, find_keys, parse_keys, sign
from tui.codearts.auth.credentials import AuthHeaders, Secret
from tui.codearts.auth.secret_file import PrivateFile
from tui.codearts.status_api import interpret
from tui.core.errors import UserError
from tui.core.reading import Failure, FailureKind, Status
from tui.storage.learned import KeptRefusals


def found(environ: dict[str, str], home: Path) -> Keys | Failure:
    (source,) = find_keys(environ, home)
    return source.value()


@pytest.mark.parametrize(
    "names",
    [
        ("HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN", "HUAWEICLOUD_SDK_PROJECT_ID"),
        ("HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN", "HW_PROJECT_ID"),
    ],
)
def test_keys_in_the_environment(names: tuple[str, ...], tmp_path: Path) -> None:
    values = (ACCESS, SECRET, TEMPORARY, PROJECT)
    assert found(dict(zip(names, values, strict=True)), tmp_path) == KEYS
    as_docker_leaves_them = {name: f'"{value}"\r' for name, value in zip(names, values, strict=True)}
    assert found(as_docker_leaves_them, tmp_path) == KEYS
    assert found(dict(zip(names[:2], values, strict=False)), tmp_path) == Keys(Secret(ACCESS), Secret(SECRET))
    half = failure_of(found({names[0]: ACCESS}, tmp_path))
    assert half.summary == f"{names[0]} and {names[1]}: {names[1]} is empty or not set: both keys are needed."
    bad = failure_of(found({names[0]: ACCESS, names[1]: f"{SECRET}\n x"}, tmp_path))
    assert f"The value of {names[1]} has a space" in bad.summary
    assert SECRET not in repr(bad)


@pytest.fixture
def credentials_file(tmp_path: Path) -> Path:
    path = tmp_path / ".huaweicloud" / "credentials"
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_text(
        f"[global]\nak = other\nsk = other\n\n[basic]\nAK = {ACCESS}\nsk={SECRET}\n"
        f"project_id = {PROJECT}\nsecurity_token = {TEMPORARY}\n"
    )
    return path


def test_keys_in_the_file_of_the_sdk(credentials_file: Path, tmp_path: Path) -> None:
    assert found({}, tmp_path) == KEYS
    moved = credentials_file.rename(tmp_path / "elsewhere")
    assert find_keys({}, tmp_path) == []
    assert found({"HUAWEICLOUD_SDK_CREDENTIALS_FILE": str(moved)}, tmp_path) == KEYS
    moved.chmod(0o644)
    assert "chmod 600" in failure_of(found({"HUAWEICLOUD_SDK_CREDENTIALS_FILE": str(moved)}, tmp_path)).summary


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_mark_of_the_encoding_and_quotes_are_no_part_of_keys(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / ".huaweicloud" / "credentials"
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_bytes(f"[basic]\r\nak = \"{ACCESS}\"\r\nsk = '{SECRET}'\r\n".encode(encoding))
    keys = found({}, tmp_path)
    assert isinstance(keys, Keys)
    assert (keys.access, keys.secret) == (Secret(ACCESS), Secret(SECRET))


def test_the_order_of_keys(credentials_file: Path, tmp_path: Path) -> None:
    environ = {"HUAWEICLOUD_SDK_AK": "a", "HUAWEICLOUD_SDK_SK": "b", "HW_ACCESS_KEY": "c", "HW_SECRET_KEY": "d"}
    sources = [source.source for source in find_keys(environ, tmp_path)]
    assert sources[:2] == ["HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK", "HW_ACCESS_KEY and HW_SECRET_KEY"]
    assert sources[2] == f"file {credentials_file}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no section"),
        (f"[global]\nak={ACCESS}", "no section"),
        (f"ak={ACCESS}\nsk={SECRET}", "no INI file"),
        (f"[basic]\n{ACCESS}", "no INI file"),
        (f"[basic]\nak={ACCESS}\nak={SECRET}\n", "no INI file"),
        (f"[basic]\nak={ACCESS}\n", "sk is empty"),
        (f"[basic]\nsk={SECRET}\n", "ak is empty"),
    ],
)
def test_a_file_that_cannot_be_used(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        parse_keys(text)
    assert not any(word in str(caught.value) for word in NO_WORD)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@settings(max_examples=100, deadline=None)
@given(st.text("[]basic=aks%\n :;#é\x00", max_size=40))
def test_any_file_gives_keys_or_a_problem(text: str) -> None:
    try:
        keys = parse_keys(text)
    except UserError:
        return
    assert keys.access.reveal()
    assert keys.secret.reveal()


async def test_a_request_is_signed_by_the_servers_clock() -> None:
    clock = still_clock()
    clock.learn("Mon, 23 Nov 2026 15:00:00 GMT")
    auth_headers = proof_of(await SigningCredential(FixedKeys("the keys", KEYS), clock).authenticate("GET", URL))
    asked = {"X-Project-Id": PROJECT, "X-Security-Token": TEMPORARY}
    assert auth_headers.headers == sign("GET", URL, asked, b"", ACCESS, SECRET, clock.now())
    assert auth_headers.headers["X-Sdk-Date"] == "20261123T150000Z"
    assert "X-Auth-Token" not in auth_headers.headers
    signature = auth_headers.headers["Authorization"].rpartition("=")[2]
    assert {ACCESS, SECRET, TEMPORARY, signature} <= set(auth_headers.secrets)


async def test_without_keys_nothing_is_signed() -> None:
    missing = Failure(FailureKind.NO_CREDENTIAL, "No keys.")
    credential = signing(missing)
    assert await prove(credential) is missing
    assert not credential.has_changed_since(missing)


async def test_one_request_at_a_time_until_a_signature_was_accepted() -> None:
    credential, order = signing(), list[str]()

    async def ask(name: str, outcome: Status | Failure | None) -> None:
        auth_headers = await prove(credential)
        if isinstance(auth_headers, Failure):
            order.append(f"{name} not sent")
            return
        order.append(f"{name} sent")
        await asyncio.sleep(0)
        order.append(f"{name} answered")
        credential.on_response(auth_headers, outcome)

    await asyncio.gather(ask("1", None), ask("2", refusal()), *(ask(str(number), None) for number in range(3, 9)))
    assert order[:4] == ["1 sent", "1 answered", "2 sent", "2 answered"]
    assert order[4:] == [f"{number} not sent" for number in range(3, 9)]


async def test_once_accepted_many_are_signed_at_once() -> None:
    credential = signing()
    credential.on_response(proof_of(await prove(credential)), Status.IDLE)
    assert all([isinstance(await prove(credential), AuthHeaders) for _ in range(20)])


async def test_a_refused_signature_is_never_tried_again_by_itself() -> None:
    credential = signing()
    auth_headers, failure = proof_of(await prove(credential)), refusal()
    credential.on_response(auth_headers, failure)
    assert await credential.on_unauthorized(auth_headers, failure) is failure
    assert await prove(credential) is failure
    assert not credential.has_changed_since(auth_headers)
    assert not credential.has_changed_since(failure)
    credential.reset()
    assert isinstance(await prove(credential), AuthHeaders)


def remembering(folder: Path, keys: Keys = KEYS) -> SigningCredential:
    """As a new run of the program has it."""
    refused = KeptRefusals(folder / "refused.json", lambda: datetime.now(UTC))
    return SigningCredential(FixedKeys("the keys", keys), still_clock(), refused)


async def refuse(credential: SigningCredential, message: str = "") -> None:
    auth_headers, failure = proof_of(await prove(credential)), refusal()._replace(message=message)
    credential.on_response(auth_headers, failure)
    await credential.on_unauthorized(auth_headers, failure)


async def test_refused_keys_are_not_shown_by_the_next_runs_of_the_program(tmp_path: Path) -> None:
    """Five refusals in a row, as of `status` in cron, lock the key for all who use it."""
    await refuse(remembering(tmp_path))
    assert isinstance(await prove(remembering(tmp_path)), Failure)
    later = remembering(tmp_path)
    for failure in await asyncio.gather(*(prove(later) for _ in range(8))):
        assert isinstance(failure, Failure)
        assert failure.summary.startswith("The service refused these keys at ")
        assert failure.kind is FailureKind.SIGN_IN
    assert isinstance(await prove(remembering(tmp_path, KEYS._replace(secret=Secret("another")))), AuthHeaders)
    later.reset()
    assert isinstance(await prove(later), AuthHeaders)


@pytest.mark.parametrize("status", [200, 401, 403])
async def test_a_web_page_refuses_no_keys(status: int, tmp_path: Path) -> None:
    """It is that of a network or a proxy that wants a log-in."""
    credential = remembering(tmp_path)
    auth_headers, page = proof_of(await prove(credential)), interpret(status, {}, b"<html>Log in</html>", ())
    credential.on_response(auth_headers, page)
    assert isinstance(await prove(credential), AuthHeaders)
    assert isinstance(await prove(remembering(tmp_path)), AuthHeaders)


async def test_refused_keys_are_shown_again_after_ten_minutes_and_forgotten_once_they_are_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await refuse(remembering(tmp_path))
    monkeypatch.setattr("tui.codearts.auth.access_key.REFUSAL_RESTS", 0.0)
    credential = remembering(tmp_path)
    credential.on_response(proof_of(await prove(credential)), Status.IDLE)
    await prove(credential)
    monkeypatch.undo()
    assert isinstance(await prove(remembering(tmp_path)), AuthHeaders)


async def test_a_locked_key_says_nothing_of_the_secret_key(tmp_path: Path) -> None:
    await refuse(remembering(tmp_path), "AK access failed to reach the limit,forbidden")
    assert isinstance(await prove(remembering(tmp_path)), AuthHeaders)


async def test_new_keys_are_tried_after_a_refused_signature(credentials_file: Path) -> None:
    credential = SigningCredential(PrivateFile(credentials_file, parse_keys), still_clock())
    auth_headers, failure = proof_of(await prove(credential)), refusal()
    credential.on_response(auth_headers, failure)
    assert await prove(credential) is failure
    write_secret(credentials_file, "[basic]\nak = new\nsk = newer\n")
    assert credential.has_changed_since(auth_headers)
    assert credential.has_changed_since(failure)
    assert proof_of(await prove(credential)).secret == Secret("newer")
    assert credential.has_changed_since(failure)
