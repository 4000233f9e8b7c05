"""The manual page tells every argument that the program takes."""

import re
import shutil
import subprocess
import sys
from argparse import SUPPRESS, ArgumentParser, _SubParsersAction

import pytest

from tests.support.build_hosts import ROOT
from tui.cli import parser
from tui.commands.output import ExitCode


@pytest.fixture(scope="module")
def manual() -> str:
    """Made without anything installed, as a build does."""
    command = [sys.executable, "-I", "-S", str(ROOT / ".ci/manual.py")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def words(parser: ArgumentParser) -> set[str]:
    """Every option and every name of a command, but the hidden ones."""
    found: set[str] = set()
    for action in parser._actions:
        if action.help == SUPPRESS:
            continue
        found.update(action.option_strings)
        if isinstance(action, _SubParsersAction):
            for name in (choice.dest for choice in action._choices_actions):
                found |= {name} | words(action.choices[name])
    return found


def test_every_option_and_command_is_told(manual: str) -> None:
    told = set(re.findall(r"\\fB(.+?)\\fR", manual.replace("\\-", "-")))
    assert words(parser()) <= told


def test_the_environment_exit_codes_and_files_are_told(manual: str) -> None:
    _, _, told = manual.replace("\\-", "-").partition(".SH ENVIRONMENT\n")
    environment, _, rest = told.partition(".SH EXIT STATUS\n")
    codes, _, files = rest.partition(".SH FILES\n")
    assert {"CODEARTS_TOKEN", "CODEARTS_REGION", "CODEARTS_PROFILE", "NO_PROXY"} <= set(
        re.findall(r"(?:CODEARTS|NO)_[A-Z_]+", environment)
    )
    told_codes = {int(code) for names in re.findall(r"\\fB([\d, ]+)\\fR", codes) for code in names.split(",")}
    assert told_codes >= set(ExitCode)
    assert "/watchlist.toml" in files


def test_it_is_shown_without_complaint(manual: str) -> None:
    groff = shutil.which("groff")
    if not groff:
        pytest.skip("no groff on this machine")
    command = [groff, "-man", "-Kutf8", "-Tutf8", "-ww", "-P-cbou"]
    shown = subprocess.run(command, input=manual, capture_output=True, text=True, check=False)
    assert shown.stderr == ""
    assert "--region ID" in shown.stdout
