"""A secret that was given where a name belongs is not repeated, and no text reaches the terminal as it came."""

import asyncio
import errno
import io
import os
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.credential_fakes import TOKEN
from tests.support.long_run import by_length
from tests.support.user_home import User, shown
from tui import startup
from tui.cli import crashed, main
from tui.codearts.connections import open_http
from tui.commands import status, watch
from tui.commands.watch import open_screen, screen_deps
from tui.context import Context
from tui.core.reading import Failure
from tui.core.text import clean, crash_text, looks_secret
from tui.startup import A_BUG
from tui.storage.settings import Settings
from tui.storage.watchlist import MemoryWatchlist
from tui.terminal.shutdown import Shutdown
from tui.ui.app import WatchApp
from tui.ui.screen_deps import ScreenDeps

Said = Callable[[list[str], dict[str, str], str], str]
SHORT = "hunter2"
SECRET_KEY = "kPq8mZ3vLx7cWn5RtY2bHd9sFj4gKa6eUo1iQwEr"
PLACES: dict[str, tuple[list[str], dict[str, str]]] = {
    "token file": (["config"], {"CODEARTS_REGION": "cn-north-4", "CODEARTS_TOKEN_FILE": "@"}),
    "token file, asking": (["status"], {"CODEARTS_REGION": "cn-north-4", "CODEARTS_TOKEN_FILE": "@"}),
    "--token-file": (["config", "--token-file", "@"], {"CODEARTS_REGION": "cn-north-4"}),
    "region": (["config"], {"CODEARTS_REGION": "@"}),
    "endpoint": (["status"], {"CODEARTS_ENDPOINT": "@"}),
    "endpoint's host": (["status"], {"CODEARTS_ENDPOINT": "https://@"}),
    "IAM": (["status"], {"CODEARTS_REGION": "cn-north-4", "CODEARTS_IAM_ENDPOINT": "@"}),
    "profile": (["status"], {"CODEARTS_PROFILE": "@"}),
    "--profile": (["add", "0" * 32, "--profile", "@"], {}),
    "--settings": (["status", "--settings", "@"], {}),
    "--log": (["status", "--log", "/nowhere/@"], {}),
    "--allow-host": (["config", "--allow-host", "@", "--region", "cn-north-4"], {}),
    "a job": (["status", "@"], {"CODEARTS_REGION": "cn-north-4"}),
    "a job to add": (["add", "@"], {}),
    "a job to remove": (["remove", "@"], {}),
    "a command": (["@"], {}),
    "a shell": (["completion", "@"], {}),
    "a time": (["wait", "--timeout", "@"], {}),
    "a port": (["demo-service", "--port", "@"], {}),
    "an option": (["--@"], {}),
}
ECHOED: dict[str, tuple[list[str], dict[str, str]]] = {
    "an option's value": (["--token", "@"], {}),
    "an option's value, joined": (["--token=@"], {}),
    "a command's option": (["status", "--token", "@"], {}),
    "a command's option, joined": (["status", "--token=@"], {}),
    "a switch": (["status", "--json=@"], {}),
    "after another option": (["--region", "x", "--password", "@", "status"], {}),
}


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """Both outputs of the program, for somebody with nothing but these variables."""

    def run(argv: list[str], environ: dict[str, str], secret: str) -> str:
        for name in os.environ:
            monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", str(tmp_path))
        for name, value in environ.items():
            monkeypatch.setenv(name, value.replace("@", secret))
        monkeypatch.chdir(tmp_path)
        try:
            code = main([word.replace("@", secret) for word in argv])
        except SystemExit as ended:  # as argparse ends
            code = int(ended.code or 0)
        assert code in (0, 1, 2, 3)
        return "".join(capsys.readouterr())

    return run


@pytest.mark.parametrize("place", [*PLACES, *ECHOED])
def test_what_looks_like_a_secret_is_not_repeated(said: Said, place: str) -> None:
    argv, environ = {**PLACES, **ECHOED}[place]
    for secret in (TOKEN, SECRET_KEY):
        text = said(argv, environ, secret)
        assert text
        assert secret[:12].lower() not in text.lower(), text


@pytest.mark.parametrize("place", ECHOED)
def test_the_value_of_an_option_that_there_is_not_is_never_repeated(said: Said, place: str) -> None:
    text = said(*ECHOED[place], SHORT)
    assert SHORT not in text
    assert "error: " in text


SECRETS = ("hunter2", "\x1b]0;x\x07\x9b31m", "it's", "a'\"b")
WRONG = [
    "--token @",
    "--token=@",
    "-t@",
    "@",
    "--json=@",
    "--demo=@",
    "status --token @",
    "status --json=@",
    "config @ extra",
    "demo-service --port @",
    "wait --timeout @",
    "wait --until @",
    "completion @",
    "completion bash @",
]


@pytest.mark.parametrize("command", WRONG)
def test_what_is_wrong_on_the_command_line_is_not_repeated(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    for secret in SECRETS:
        code = main(command.replace("@", secret).split())
        data, text = capsys.readouterr()
        assert (code, data) == (2, "")
        assert secret not in text
        assert not any(character in text for character in "\x1b\x07\x9b")
        assert "error: " in text


def test_an_unknown_option_is_named(said: Said) -> None:
    assert "unrecognized arguments: --token; a token comes from" in said(["--token", "x", "status"], {}, "")
    assert "unrecognized arguments: --token, 1 that may be a secret" in said(["config", "--token", "x"], {}, "")


ESCAPES = [["--x\x1b]0;title\x07"], ["\x1b[31m"], ["status", "\x1b[2J"], ["list", "\x1b[2J"], ["completion", "\x9b1m"]]


@pytest.mark.parametrize("argv", ESCAPES)
def test_no_argument_reaches_the_terminal_as_it_came(said: Said, argv: list[str]) -> None:
    text = said(argv, {"CODEARTS_REGION": "cn-north-4"}, "")
    assert all(line.isprintable() for line in text.split("\n")), text


async def test_a_token_that_was_given_as_its_files_name_is_told_from_a_name(tmp_path: Path) -> None:
    user = User(tmp_path, {"CODEARTS_TOKEN_FILE": "0123456789abcdef0123456789abcdef"})
    failure = await shown(user.profile("--region", "cn-north-4"))
    assert isinstance(failure, Failure)
    assert failure.summary == (
        "file ***: This looks like the secret itself: write it into a file, and give the name of that."
    )
    user.environ = {"CODEARTS_TOKEN_FILE": "/nowhere/codearts-token-of-2026-for-production.txt"}
    failure = await shown(user.profile("--region", "cn-north-4"))
    assert isinstance(failure, Failure)
    assert "codearts-token-of-2026-for-production.txt: There is no such file" in failure.summary


@pytest.mark.parametrize(
    "text",
    [
        "/usr/local/share/Long2/path/to/the/Codearts/Tokens/of/2026/for/production",
        "Release2024-PaymentsServiceNightlyBuildForEurope-and-the-Rest-of-the-World",
        "paymentsServiceNightlyBuildForEuropeAndTheRestOfTheWorld2024",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "901878212b1a49be9c1a1054c272762a901878212b1a49be9c1a1054c272762a",
        "com.example.payments.PaymentsServiceFactoryBean2ConfigurationTest",
        "x" * 400,
        "MIIS",
    ],
)
def test_what_people_and_programs_write_is_no_secret(text: str) -> None:
    assert clean(text) == text


@settings(max_examples=by_length(50, 200), deadline=None)
@given(st.integers(0, 2**400), st.integers(120, 200))
def test_a_token_of_any_kind_is_told_from_a_name(number: int, length: int) -> None:
    import base64
    import random

    token = base64.urlsafe_b64encode(random.Random(number).randbytes(200)).decode()[:length]
    assert looks_secret(token)
    assert token[:20] not in clean(f"Region {token!r} is not known")


def test_a_crash_is_told_in_plain_lines() -> None:
    def fails(text: str) -> None:
        raise ValueError(text)

    raised: Callable[[str], None] = fails
    with pytest.raises(ValueError, match="31m") as caught:
        raised(f"\x1b[31m {TOKEN}\r\x07")
    text = crash_text(caught.value)
    assert "\nValueError: \N{REPLACEMENT CHARACTER}[31m ***\n" in text
    assert all(line.isprintable() for line in text.splitlines())
    assert "Traceback" in text


def test_a_crash_of_a_command_is_told_without_the_secrets_that_are_held(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Also without the password of a proxy, plain or as it is sent; none of the two looks like a secret."""

    def crash(context: Context, _: object) -> int:
        context.app()
        open_http("https://build.example.com")
        sent = b64encode(f"me:{SHORT}!-of-the-proxy".encode()).decode()
        raise ValueError(f"no {SHORT}-is-the-token, {SHORT}!-of-the-proxy, {SHORT}%21-of-the-proxy or {sent} here")

    monkeypatch.setattr(status, "run", crash)
    for name, value in {
        "HOME": str(tmp_path),
        "CODEARTS_TOKEN": f"{SHORT}-is-the-token",
        "CODEARTS_REGION": "cn-north-4",
        "HTTPS_PROXY": f"http://me:{SHORT}%21-of-the-proxy@127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    assert main(["status"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"{A_BUG}\nTraceback")
    assert told.endswith("ValueError: no ***, ***, *** or *** here\n")


def test_a_bug_in_a_thread_is_told_and_ends_a_command_with_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def run(context: Context, _: object) -> int:
        context.app()
        in_a_thread(ValueError(f"no {SHORT}-is-the-token here"))
        return 0

    monkeypatch.setattr(status, "run", run)
    for name, value in {"HOME": str(tmp_path), "CODEARTS_TOKEN": f"{SHORT}-is-the-token"}.items():
        monkeypatch.setenv(name, value)
    assert main(["status", "--region", "cn-north-4"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"{A_BUG}\nTraceback")
    assert told.endswith("ValueError: no *** here\n")


def test_a_thread_that_lacks_memory_is_no_bug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(context: Context, _: object) -> int:
        in_a_thread(MemoryError())
        return 0

    monkeypatch.setattr(status, "run", run)
    assert main(["status"]) == 2
    assert capsys.readouterr().err == "codearts-watch: There is not enough memory: close some programs.\n"


@pytest.mark.parametrize("when", ["before", "open", "after"])
def test_a_bug_in_a_thread_ends_the_screen(
    when: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Also in one that is older than the event loop, as the history's, and while that is closed."""

    class WithBug(WatchApp):
        async def run_async(self, *_: object, **__: object) -> None:
            if when == "before":
                in_a_thread(ValueError("a bug"))
            async with self.run_test() as pilot:
                if when == "open":
                    in_a_thread(ValueError("a bug"))
                while self.is_running and when != "after":
                    await pilot.pause()
            if when == "after":
                self._running_loop = asyncio.new_event_loop()
                self._running_loop.close()
                in_a_thread(ValueError("a bug"))

    assert code_of_the_screen(WithBug, monkeypatch, tmp_path) == 1
    told = capsys.readouterr().err
    assert "ValueError: a bug\n" in told
    assert "excepthook" not in told


def code_of_the_screen(
    app: type[WatchApp],
    monkeypatch: pytest.MonkeyPatch,
    home: Path,
    token: str = TOKEN,
    before: Callable[[], object] = lambda: None,
) -> int:
    """The exit code of the program whose screen is this app. `before` is called before it opens."""

    def show(context: Context, _: bool) -> int:
        before()
        store = MemoryWatchlist()
        return open_screen(screen_deps(context, context.app, Settings(), store, store.load()))

    monkeypatch.setattr("tui.ui.app.WatchApp", app)
    monkeypatch.setattr(Shutdown, "guard_exit", lambda *_: None)  # it ends the process, which is the tests' here
    monkeypatch.setattr(watch, "run", show)
    for name, value in {"HOME": str(home), "CODEARTS_TOKEN": token, "CODEARTS_REGION": "cn-north-4"}.items():
        monkeypatch.setenv(name, value)
    return main([])


def in_a_thread(bug: Exception) -> None:
    def fail() -> None:
        raise bug

    thread = Thread(target=fail)
    thread.start()
    thread.join()


def test_a_crash_of_the_screen_is_told_without_the_secrets_that_are_held(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    class Crashing(WatchApp):
        def __init__(self, setup: ScreenDeps) -> None:
            super().__init__(setup)
            self._make = setup.service

        async def run_async(self, *_: object, **__: object) -> None:
            self._make()
            self.crash = ValueError(f"no {SHORT}-is-the-token here")

    assert code_of_the_screen(Crashing, monkeypatch, tmp_path, f"{SHORT}-is-the-token") == 1
    told = capsys.readouterr().err
    assert told.startswith(f"{A_BUG}\nValueError: no *** here\n")
    assert told.endswith("RuntimeError: this ended the screen: ValueError('no *** here')\n")
    assert SHORT not in told


def test_a_bug_that_ended_a_thread_before_the_screen_opens_ends_the_screen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    by_itself = list[int | None]()

    class Headless(WatchApp):
        async def run_async(self, *_: object, **__: object) -> None:
            async with asyncio.timeout(20):
                await super().run_async(headless=True)
            by_itself.append(self.return_code)

    assert code_of_the_screen(Headless, monkeypatch, tmp_path, before=lambda: in_a_thread(ValueError("a bug"))) == 1
    assert by_itself == [1]
    told = capsys.readouterr().err
    assert told.count(A_BUG) == 1
    assert told.endswith("ValueError: a bug\n")


def test_a_bug_that_ended_a_thread_ends_the_screen_also_where_it_cannot_be_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class FullDisk(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    class Headless(WatchApp):
        async def run_async(self, *_: object, **__: object) -> None:
            async with asyncio.timeout(20):
                await super().run_async(headless=True)

    def bug() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stderr", FullDisk())
            patch.setattr(sys, "unraisablehook", lambda _: None)  # it cannot write there either
            in_a_thread(ValueError("a bug"))

    assert code_of_the_screen(Headless, monkeypatch, tmp_path, before=bug) == 1


def test_a_crash_after_an_update_is_no_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The screen is open for days, and imports its dialogs late."""
    own = tmp_path / "startup.py"
    own.write_text("as it was")
    monkeypatch.setattr(startup, "__file__", str(own))
    monkeypatch.setattr(startup, "_AT_START", startup._own_file())
    crashed(ImportError("cannot import name"), ())
    assert capsys.readouterr().err.startswith(f"{A_BUG}\n")
    own.with_name("new").write_text("as it is now")
    own.with_name("new").replace(own)
    crashed(ImportError("cannot import name"), ())
    assert "files were replaced while it ran, as by an update: start it again." in capsys.readouterr().err
