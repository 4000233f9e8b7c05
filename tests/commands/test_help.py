"""Help and messages as a terminal of 80 columns and 24 rows shows them."""

import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.builders import job_id
from tests.support.command_terminal import CommandTerminal
from tui.cli import commands, main, parser
from tui.commands.config import as_text
from tui.commands.list import show
from tui.commands.output import Output
from tui.commands.parser import Parser
from tui.core.job import Job, ServiceName
from tui.storage.watchlist import MemoryWatchlist, WatchlistFile

ROWS, COLUMNS = 24, 80


@pytest.fixture
def helps(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Parser]:
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    return parser().commands


@pytest.mark.parametrize("name", commands())
def test_the_help_of_a_command_fits_and_has_what_is_its_own(helps: Mapping[str, Parser], name: str) -> None:
    command = helps[name]
    lines = command.format_help().splitlines()
    assert len(lines) < ROWS  # the last row is the prompt
    assert max(map(len, lines)) <= COLUMNS
    assert "--region" not in command.format_help()
    assert all(any(word in line for line in lines) for one in command.shown for word in one.option_strings)


def test_what_all_commands_take_is_in_the_help_of_the_program(helps: Mapping[str, Parser]) -> None:
    program = parser()
    assert helps["wait"].common
    for action in helps["wait"].common:
        assert action.option_strings[0] in program.format_help()
        assert action.help
    assert "codearts-watch --help" in helps["wait"].format_help()


def test_a_word_too_many_is_an_error_of_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["follow", "payments"]) == 2
    assert capsys.readouterr().err == (
        "usage: codearts-watch follow [OPTION ...]\n"
        "codearts-watch follow: error: unrecognized arguments: 1 that may be a secret, so not repeated here\n"
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["statsu"], "unknown command: did you mean status?"),
        (["--profile", "prod", "lst"], "unknown command: did you mean list?"),
        (["demo"], "unknown command: did you mean --demo?"),
        (["help"], "unknown command: did you mean --help?"),
        (["hunter2"], f"unknown command: it is one of {', '.join(commands())}"),
        (["--regoin", "x"], "unrecognized arguments: --regoin; did you mean --region?"),
        (["status", "--jsno"], "unrecognized arguments: --jsno; did you mean --json?"),
        (["status", "--zzz"], "unrecognized arguments: --zzz"),
        (["status", "--foo"], "unrecognized arguments: --foo"),
    ],
)
def test_a_misspelt_word_brings_the_nearest_one_and_is_not_repeated(
    capsys: pytest.CaptureFixture[str], given: list[str], said: str
) -> None:
    """It may be a secret: only the names of options are."""
    assert main(given) == 2
    assert capsys.readouterr().err.splitlines()[-1].partition("error: ")[2] == said


def test_what_names_no_job_says_how_to_find_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    files = ["--watchlist", str(tmp_path / "watchlist.toml"), "--settings", str(tmp_path / "settings.toml")]
    assert main(["add", "payments", *files]) == 2
    assert "find NAME --add" in capsys.readouterr().err
    assert main(["remove", "bad request", *files]) == 2
    assert "'bad request' names no job" in capsys.readouterr().err


def test_a_terminal_gets_lines_folded_between_words_and_a_pipe_whole_ones() -> None:
    words = " ".join(f"word{number}" for number in range(30))
    for stream in (CommandTerminal(), io.StringIO()):
        output = Output(stream, stream)
        output.line(words, hang=15)
        output.say(words)
        lines = stream.getvalue().splitlines()
        if stream.isatty():
            assert max(map(len, lines)) <= COLUMNS
            assert lines[1].startswith(" " * 15 + "word")
            assert " ".join(stream.getvalue().split()) == f"{words} codearts-watch: {words}"
        else:
            assert lines == [words, f"codearts-watch: {words}"]


def test_what_a_program_reads_and_a_long_word_are_never_split() -> None:
    screen = CommandTerminal()
    output = Output(screen, None)
    output.as_it_is(["a b " * 40])
    output.line(f"see https://host.example/{'x' * 90} there")
    assert screen.getvalue().splitlines() == [
        "a b " * 40,
        "see",
        f"    https://host.example/{'x' * 90}",
        "    there",
    ]


def test_a_row_of_the_settings_fits_unless_its_value_is_long() -> None:
    rows = [
        ("polling.requests_per_second", "5", "default"),
        ("ui.columns", "state time job runs build tags", "default"),
    ]
    lines = as_text([*rows, ("settings file", "/x" * 30, "default")]).splitlines()
    assert max(map(len, lines[:2])) <= COLUMNS


def test_an_empty_watchlist_says_how_to_fill_it(tmp_path: Path) -> None:
    screen, pipe, talk = CommandTerminal(), io.StringIO(), io.StringIO()
    store = WatchlistFile(tmp_path / "watchlist.toml")
    show(store, Output(pipe, talk), as_json=False)
    assert pipe.getvalue() == talk.getvalue() == ""
    show(store, Output(screen, talk), as_json=False)
    assert "codearts-watch find --add" in talk.getvalue()


def test_on_a_terminal_the_list_has_the_services_name_of_a_job_without_a_label() -> None:
    screen, pipe = CommandTerminal(), io.StringIO()
    store = MemoryWatchlist([Job(job_id(1)), Job(job_id(2), "web")])
    names = {job_id(1): ServiceName("payments nightly"), job_id(2): ServiceName("another")}
    show(store, Output(screen, screen), as_json=False, names=names)
    assert screen.getvalue().splitlines()[1:] == [f"{job_id(1)}  payments nightly", f"{job_id(2)}  web"]
    show(store, Output(pipe, pipe), as_json=False, names=names)
    assert pipe.getvalue() == f"{job_id(1)}\n{job_id(2)}\tweb\n"
