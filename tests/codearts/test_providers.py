"""A command that prints a token: one line within the time limit; each failure has its own message."""

import errno
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.builders import Time
from tests.support.credential_fakes import NO_WORD, TOKEN, URL, failure_of, proof_of, still_clock
from tui.codearts.auth.credentials import Secret
from tui.codearts.auth.providers import LARGEST_OUTPUT, CommandPassword, CommandToken, SecretCommand
from tui.codearts.auth.refreshable import FIRST_WAIT, RefreshableToken, Token
from tui.codearts.server_clock import ServerClock
from tui.core.errors import UserError
from tui.core.reading import FailureKind


def python(program: str, limit: float = 10.0) -> SecretCommand:
    return SecretCommand("token_command", [sys.executable, "-c", program], limit)


async def said(program: str, limit: float = 10.0) -> str:
    failure = failure_of(await CommandToken(python(program, limit)).issue())
    assert failure.kind is FailureKind.NO_CREDENTIAL
    assert not any(word in repr(failure) for word in NO_WORD)
    return failure.summary.removeprefix(f"token_command {Path(sys.executable).name}: ")


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
async def test_a_command_prints_the_token(end: str) -> None:
    issued = await CommandToken(python(f"import sys; sys.stdout.write({TOKEN + end!r})")).issue()
    assert issued == Token(Secret(TOKEN))


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ("", "It printed nothing: it must print one line."),
        ("print('  ')", "It printed nothing: it must print one line."),
        (f"print('{TOKEN}'); print('{TOKEN}')", "It printed more than one line: it must print just one."),
        ("import sys; sys.exit(3)", "It ended with exit status 3, without a word."),
        (
            f"import sys; print('{TOKEN}'); sys.exit('\\n\\x1b[31mlocked {TOKEN}\\nsecond')",
            "It ended with exit status 1: locked ***",
        ),
        ("import sys; sys.exit('bad password: abc')", "It ended with exit status 1: bad password: ***"),
        ("import sys; sys.exit('hunter2 is no password')", "It ended with exit status 1: *** is no password"),
        (
            "import sys; print('tok: letmein'); sys.exit('letmein is refused')",
            "It ended with exit status 1: *** is refused",
        ),
        (
            "import sys; sys.exit('Error: codearts is not in the password store.')",
            "It ended with exit status 1: Error: codearts is not in the password store.",
        ),
        (
            "import sys; sys.exit('/usr/lib/python3.11/lab: command not found, see https://lab.example')",
            "It ended with exit status 1: /usr/lib/python3.11/lab: command not found, see https://lab.example",
        ),
        (
            "import sys; sys.exit('/usr/local/share/a/long/path/to/the/lab-token: ' + 'Ab+/' * 11 + ' is old')",
            "It ended with exit status 1: /usr/local/share/a/long/path/to/the/lab-token: *** is old",
        ),
        ("import os; os.kill(os.getpid(), 9)", "It was ended by signal 9."),
        ("print('a b')", "The token has a space or a line break inside: give the token alone, in one piece."),
        (f"print('x' * {LARGEST_OUTPUT + 10})", "It printed more than 128 KiB: it must print one line."),
    ],
)
async def test_every_failure_of_a_command_has_its_sentence(program: str, sentence: str) -> None:
    assert await said(program) == sentence


async def test_a_command_that_hangs_is_stopped_with_all_that_it_started(tmp_path: Path) -> None:
    pipe = tmp_path / "alive"
    os.mkfifo(pipe)
    reader, writer = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), os.open(pipe, os.O_WRONLY)
    inner = f"import time; held = open({str(pipe)!r}, 'w'); print('{TOKEN}', flush=True); time.sleep(60)"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    try:
        assert await said(program, limit=1.5) == "It did not end within 1.5 seconds and was stopped."
    finally:
        os.close(writer)
    readable, _, _ = select.select([reader], [], [], 10)
    os.close(reader)
    assert readable  # at its end: nobody holds the other one


async def test_an_endless_command_is_cut() -> None:
    assert "more than 128 KiB" in await said("while True: print('x' * 1000)")


async def test_what_a_command_leaves_behind_is_not_waited_for() -> None:
    inner = "import time; time.sleep(60)"
    program = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {inner!r}]); print('{TOKEN}')"
    assert await CommandToken(python(program)).issue() == Token(Secret(TOKEN))


async def test_a_command_that_cannot_be_run(tmp_path: Path) -> None:
    failure = failure_of(await CommandToken(SecretCommand("token_command", [str(tmp_path / "none")])).issue())
    assert failure.summary == "token_command none: It cannot be run: No such file or directory."
    with pytest.raises(UserError, match="token_command is empty"):
        SecretCommand("token_command", [])


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)), "too many processes run"),
        (OSError(errno.EMFILE, os.strerror(errno.EMFILE)), "too many files are open"),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "not enough memory"),
        (RuntimeError("can't start new thread"), "too many processes run"),
    ],
)
async def test_a_command_that_could_not_be_started_for_a_moment_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def fail(*arguments: object, **more: object) -> NoReturn:
        raise error

    time = Time()
    credential = RefreshableToken(CommandToken(python(f"print('{TOKEN}')")), ServerClock(time.now))
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", fail)
        failure = failure_of(await credential.authenticate("GET", URL))
    assert failure.kind is FailureKind.SHORTAGE
    assert words in failure.summary
    time.seconds += FIRST_WAIT
    assert proof_of(await credential.authenticate("GET", URL)).secret == Secret(TOKEN)


async def test_no_shell_reads_it() -> None:
    command = SecretCommand("token_command", [sys.executable, "-c", "import sys; print(sys.argv[1])", "$HOME;`id`"])
    assert await command.line() == "$HOME;`id`"
    assert "HOME" not in command.source


async def test_a_password_may_have_blanks() -> None:
    password = await CommandPassword(python("print(' a b ')")).password()
    assert password == Secret(" a b ")
    assert failure_of(await CommandPassword(python("")).password()).kind is FailureKind.NO_CREDENTIAL


async def test_a_command_is_run_once_for_all() -> None:
    credential = RefreshableToken(CommandToken(python(f"print('{TOKEN}')")), still_clock())
    assert proof_of(await credential.authenticate("GET", URL)).secret == Secret(TOKEN)
    assert credential.source.startswith("token_command python")
