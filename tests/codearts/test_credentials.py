"""Tokens of files and variables: how they are read and checked, and that nothing shows them."""

import copy
import errno
import os
import pickle
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.credential_fakes import TOKEN
from tui.codearts.auth.credentials import EnvironmentToken, FileToken, Secret, check_token
from tui.core.errors import UserError
from tui.core.reading import Failure, FailureKind


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.touch(mode=0o600)
    path.write_text(f"{TOKEN}\n")
    return path


def said(outcome: Secret | Failure) -> str:
    """Returns the text of the failure."""
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.NO_CREDENTIAL
    return outcome.summary


def test_a_secret_shows_nothing() -> None:
    secret = Secret(TOKEN)
    assert {repr(secret), str(secret), f"{secret}", f"{secret!s:}", f"{secret!r}"} == {"•••"}
    assert secret.reveal() == TOKEN
    assert secret == Secret(TOKEN)
    assert secret != Secret(TOKEN + "x")
    assert secret != TOKEN


def test_a_secret_is_not_written() -> None:
    for write in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not written"):
            write(Secret(TOKEN))


def test_blanks_around_a_token_are_dropped() -> None:
    assert check_token(f"\ufeff {TOKEN}\r\n".lstrip("\ufeff")).reveal() == TOKEN
    assert len(check_token("x" * 100_000).reveal()) == 100_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        (" \n", "empty"),
        pytest.param("x" * 100_001, "100000", id="long"),
        ("secret secret", "space"),
        ("secret\nsecret", "space"),
        ("secret\u3000secret", "space"),
        ("secret\x00secret", "characters"),
        ("sécret", "characters"),
        ("\x7fsecret", "characters"),
    ],
)
def test_a_bad_token_is_refused_without_being_shown(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        check_token(text)
    assert "cret" not in str(caught.value)


@given(st.text(max_size=40))
def test_a_checked_token_fits_into_a_header(text: str) -> None:
    try:
        token = check_token(text).reveal()
    except UserError:
        return
    assert token
    assert all(33 <= ord(character) <= 126 for character in token)


COPIED = [
    f'"{TOKEN}"',
    f"'{TOKEN}'\n",
    f"`{TOKEN}`",
    f'" {TOKEN} "',
    f'{{"token": "{TOKEN}"}}',
    f'{{\n  "expires": 1,\n  "X-Subject-Token": "{TOKEN}"\n}}\n',
    f"X-Subject-Token: {TOKEN}\r\n",
    f"x-auth-token:{TOKEN}",
    f"\ufeff{TOKEN}",
    f'\ufeff"{TOKEN}"',
]


@pytest.mark.parametrize("text", COPIED)
def test_what_came_along_with_a_copy_is_dropped(token_file: Path, text: str) -> None:
    assert check_token(text) == EnvironmentToken(text).token() == Secret(TOKEN)
    token_file.write_text(text, encoding="utf-8")
    assert FileToken(token_file).token() == Secret(TOKEN)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_may_begin_with_a_mark_of_its_encoding(token_file: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding.endswith("e") else ""
    token_file.write_bytes(f"{mark}{TOKEN}\r\n".encode(encoding))
    assert FileToken(token_file).token() == Secret(TOKEN)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"token": {"expires_at": "secret", "project": {}}}', "body of IAM's answer; the token is in its header"),
        ('{"access": "secret"}', "JSON without a token in it"),
        ('["secret"]', "JSON without a token in it"),
        ('{"token": "secret', "begins like JSON and is not valid JSON"),
        ('{"token": 7}', "JSON without a token in it"),
        ('{"token": "se cret"}', "space"),
        ('""', "empty"),
        ("X-Auth-Token:", "empty"),
        ("[" * 100_000, "begins like JSON and is not valid JSON"),
    ],
)
def test_what_cannot_be_read_as_a_token_is_said_in_one_sentence(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        check_token(text)
    assert "cret" not in str(caught.value)


def test_the_environment_never_changes() -> None:
    credential = EnvironmentToken(TOKEN)
    assert credential.source == "CODEARTS_TOKEN"
    assert credential.token() == Secret(TOKEN)
    assert not credential.changed()
    assert "CODEARTS_TOKEN: The token has a space" in said(EnvironmentToken("a b").token())


def test_a_file_holds_the_token(token_file: Path) -> None:
    credential = FileToken(token_file)
    assert credential.token() == Secret(TOKEN)
    assert str(token_file) in credential.source
    assert not credential.changed()


def test_a_file_is_named_from_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert FileToken(tmp_path / "a" / "token").source == "file ~/a/token"


def test_a_written_file_is_read_again(token_file: Path) -> None:
    credential = FileToken(token_file)
    credential.token()
    token_file.write_text("another-token")
    assert credential.changed()
    assert credential.token() == Secret("another-token")
    assert not credential.changed()


def test_a_replaced_file_is_read_again(token_file: Path) -> None:
    credential = FileToken(token_file)
    credential.token()
    before = token_file.stat()
    other = token_file.with_name("other")
    other.touch(mode=0o600)
    other.write_text(f"{TOKEN[::-1]}\n")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(token_file)
    assert credential.token() == Secret(TOKEN[::-1])


def test_an_untouched_file_is_not_read_again(token_file: Path) -> None:
    credential = FileToken(token_file)
    assert credential.token() is credential.token()


def test_a_file_may_come_and_go(tmp_path: Path) -> None:
    path = tmp_path / "token"
    credential = FileToken(path)
    assert "no such file" in said(credential.token())
    assert not credential.changed()
    path.touch(mode=0o600)
    path.write_text(TOKEN)
    assert credential.changed()
    assert credential.token() == Secret(TOKEN)
    path.unlink()
    assert credential.changed()
    assert "no such file" in said(credential.token())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_file_that_others_can_reach_is_refused_until_that_is_mended(token_file: Path, mode: int) -> None:
    token_file.chmod(mode)
    credential = FileToken(token_file)
    assert "chmod 600" in said(credential.token())
    token_file.chmod(0o600)
    assert credential.changed()
    assert credential.token() == Secret(TOKEN)


def test_an_open_file_of_another_user_is_to_be_copied(token_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token_file.chmod(0o644)
    monkeypatch.setattr(os, "geteuid", lambda: token_file.stat().st_uid + 1)
    assert said(FileToken(token_file).token()).endswith("copy it to one of your own, and chmod 600 that.")


def test_the_permissions_count_behind_a_link(token_file: Path) -> None:
    link = token_file.with_name("link")
    link.symlink_to(token_file)
    assert FileToken(link).token() == Secret(TOKEN)
    token_file.chmod(0o644)
    assert "chmod 600" in said(FileToken(link).token())


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    assert "not a regular file" in said(FileToken(pipe).token())
    assert "not a folder: mend the path" in said(FileToken(tmp_path / "pipe" / "x").token())
    assert "invalid file name" in said(FileToken(tmp_path / "a\0b").token())


def test_a_file_of_another_user_is_refused_with_what_to_do(token_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", refused)
    failure = said(FileToken(token_file).token())
    assert failure.endswith("cannot be read: permission denied: check who owns the file and its folder.")


def test_a_file_that_the_system_did_not_let_us_read_is_read_again_untouched(
    token_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with too few descriptors for a moment, or a network file system that stumbles."""

    def refused(*_: object) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    file = FileToken(token_file)
    with monkeypatch.context() as short:
        short.setattr(os, "open", refused)
        failure = file.token()
        assert isinstance(failure, Failure)
        assert "cannot be read" in failure.summary
        assert failure.kind is FailureKind.SHORTAGE
        assert not file.has_changed_since(failure)
    assert file.has_changed_since(failure)
    assert file.token() == Secret(TOKEN)


@pytest.mark.skipif(sys.platform != "linux", reason="the open files are read from /proc")
def test_a_folder_in_place_of_the_token_file_holds_no_descriptor(tmp_path: Path) -> None:
    def open_files() -> int:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    file, before = FileToken(tmp_path), open_files()
    for name in ("one", "two", "three"):  # it changes, so it is read again
        (tmp_path / name).touch()
        assert "not a regular file" in said(file.token())
    assert open_files() == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"a b", "space"),
        (b"a\xff\xfe", "characters"),
        pytest.param(b"x" * 120_000, "100000", id="long"),
        pytest.param(b"x" * 200_000, "128 KiB", id="huge"),
    ],
)
def test_bad_content_is_refused(token_file: Path, content: bytes, words: str) -> None:
    token_file.write_bytes(content)
    assert words in said(FileToken(token_file).token())


def test_nothing_shows_the_token(token_file: Path) -> None:
    for credential in (EnvironmentToken(TOKEN), FileToken(token_file)):
        token = credential.token()
        shown = f"{credential!r} {credential} {token!r} {token} {vars(credential)!r}"
        assert TOKEN[:16] not in shown
