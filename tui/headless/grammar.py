"""The command line as data, read from the argument definitions."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

JOBS = "jobs"
"""The name of an argument that takes jobs."""


@dataclass(frozen=True, slots=True)
class Option:
    """A flag: its spellings, and what follows it."""

    spellings: tuple[str, ...]
    help: str
    takes_value: bool = False
    takes_file: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spoken:
    """A command: what may follow its name."""

    name: str
    """Empty for the program itself."""
    help: str
    options: tuple[Option, ...]
    takes_jobs: bool = False
    choices: tuple[str, ...] = ()
    """Of its argument that is no job."""


def grammar(parser: argparse.ArgumentParser) -> tuple[Spoken, ...]:
    """The program itself first, then its commands, without those that are not shown in its help."""
    commands = list(_commands(parser))
    return (_spoken("", parser.description or "", parser), *commands)


def _commands(parser: argparse.ArgumentParser) -> Iterator[Spoken]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, inner in action.choices.items():
                yield _spoken(name, helps.get(name, ""), inner)


def _spoken(name: str, text: str, parser: argparse.ArgumentParser) -> Spoken:
    options = [_option(action) for action in parser._actions if action.option_strings and _is_shown(action)]
    arguments = [action for action in parser._actions if not action.option_strings]
    plain = [action for action in arguments if not isinstance(action, argparse._SubParsersAction)]
    choices = [str(choice) for action in plain for choice in action.choices or ()]
    return Spoken(name, text, tuple(options), any(action.dest == JOBS for action in plain), tuple(choices))


def _option(action: argparse.Action) -> Option:
    choices = tuple(str(choice) for choice in action.choices or ())
    takes_value = action.nargs != 0
    return Option(tuple(action.option_strings), _plain(action.help), takes_value, action.metavar == "FILE", choices)


def _is_shown(action: argparse.Action) -> bool:
    return action.help != argparse.SUPPRESS


def _plain(text: str | None) -> str:
    return (text or "").replace("%%", "%")
