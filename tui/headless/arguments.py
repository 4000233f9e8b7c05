"""The arguments of the commands without a screen."""

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from tui.core.text import clean
from tui.headless.output import Output
from tui.headless.timeout import seconds

if TYPE_CHECKING:
    Named = argparse._SubParsersAction["Parser"]
Command = Callable[[argparse.Namespace], int]
Told = tuple[str, str, tuple[str, ...]]
"""What a command is in a few words, what it does, and how it is used."""

_VALUE = re.compile(r"""(invalid [\w ]+?|ignored explicit argument):? (?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
_OPTION = re.compile(r"(--[A-Za-z][A-Za-z-]{0,30})(?:=.*)?|(-[A-Za-z]).*", re.DOTALL)

_NO_TOKEN = "; a token comes from CODEARTS_TOKEN or a file, never from an argument: arguments are public"


class Parser(argparse.ArgumentParser):
    """Names options that are wrong, never values: such a value may be a secret, and was cleaned by nobody."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        given = list(sys.argv[1:] if args is None else args)
        if stranger := self._stranger(given):
            self.error(_unknown([stranger]))
        known, rest = self.parse_known_args(given, namespace)
        if rest:
            self.error(_unknown(rest))
        return known

    def _stranger(self, given: Sequence[str]) -> str:
        """The first option before the command's name that there is not: its value would be taken for that name."""
        words = iter(given)
        for word in words:
            name, has_value, _ = word.partition("=")
            if not name.startswith("-"):
                break
            action = self._option_string_actions.get(name)
            if action is None:
                return word
            if action.nargs is None and not has_value:
                next(words, None)
        return ""

    def _print_message(self, message: str, file: Any = None) -> None:
        """argparse's own is silent about a full disk. Raises Problem where help cannot be written."""
        if file is sys.stdout:
            Output.standard().text(message)
        elif file:
            with suppress(OSError):
                file.write(message)

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: error: {clean(_VALUE.sub(lambda found: found[1], message), 2000)}\n")


def _unknown(arguments: Sequence[str]) -> str:
    options = [found[1] or found[2] for argument in arguments if (found := _OPTION.fullmatch(argument))]
    hidden = len(arguments) - len(options)
    parts = [*options, *([f"{hidden} not shown here, as a secret may be among them"] if hidden else [])]
    is_secret = any("token" in option or "pass" in option for option in options)
    return f"unrecognized arguments: {', '.join(parts)}{_NO_TOKEN if is_secret else ''}"


_JOB = "an ID, a label of the list, or the address of a job's page"
_CODES = "0 all were read, 1 at least one could not be read, 2 wrong usage or settings, 3 not signed in"


def add_commands(named: "Named", common: Parser, commands: Mapping[str, Command]) -> None:
    """Each takes the `common` arguments, too."""
    made = {name: add_command(named, name, told, common) for name, told in _TEXTS.items()}
    for name, parser in made.items():
        parser.set_defaults(command=commands[name])
    for name in ("status", "wait"):
        made[name].add_argument(
            "jobs", metavar="ID", nargs="*", help=f"{_JOB}; - reads standard input, one a line; default: all"
        )
    _wait(made["wait"])
    for name in ("status", "follow", "list"):
        made[name].add_argument("--json", action="store_true", help="print JSON")
    made["add"].add_argument("pasted", metavar="ID", nargs="+", help="an ID or an address; - reads standard input")
    made["add"].add_argument("--label", metavar="TEXT", default="", help="what to call the job")
    made["add"].add_argument("--tag", metavar="TAG", dest="tags", action="append", default=[], help="may be repeated")
    made["remove"].add_argument("jobs", metavar="ID", nargs="+", help=_JOB)
    made["list"].add_argument("--complete", action="store_true", help=argparse.SUPPRESS)
    made["completion"].add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell")


def _wait(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--any", dest="any_one", action="store_true", help="one job is enough")
    parser.add_argument(
        "--until",
        choices=("idle", "started", "cycle"),
        default="idle",
        help="what is awaited: idle (not running), started (running), cycle (seen running, then idle); default: idle",
    )
    parser.add_argument("--timeout", metavar="TIME", type=seconds, help="give up after 90s, 30m, 1h30m; default: never")


def add_command(named: "Named", name: str, told: Told, *parents: Parser) -> Parser:
    text, description, uses = told
    return named.add_parser(
        name,
        allow_abbrev=False,  # --token would be taken for --token-file, and a token for a file's name
        help=text,
        description=description,
        epilog=examples(*uses),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=parents,
    )


def examples(*uses: str) -> str:
    return "\n".join(["examples:", *(f"  codearts-watch {use}".rstrip() for use in uses)])


_TEXTS: Mapping[str, Told] = {
    "status": (
        "ask once, print, exit",
        f"Ask about each job once and print what it answers.\nExit codes: {_CODES}.",
        (
            "status",
            "status payments-api 901878212b1a49be9c1a1054c272762a",
            "status --json | jq -r '.[] | select(.status == \"running\") | .label'",
        ),
    ),
    "wait": (
        "wait until jobs have stopped, or started",
        "Wait until the jobs are no longer running, and print each as soon as that is so. Passing failures are waited\n"
        "out; a lasting one ends the wait, with --any only when no job is left. Without --timeout it waits for ever.\n"
        "Exit codes: 0 all came to it (with --any: one), 1 a job cannot be read, 2 wrong usage or settings,\n"
        "3 not signed in, 5 timed out and a job gave no answer, 124 timed out, still waiting, 130 interrupted.",
        (
            "wait --timeout 30m payments-api web-frontend && ./deploy",
            "wait --until cycle 901878212b1a49be9c1a1054c272762a",
            "wait --any --until started",
        ),
    ),
    "follow": (
        "a line for every change",
        "Print how each job of the list is, then a line for every start, stop and change of failure, until\n"
        "interrupted. With --json each line is one JSON object.",
        ("follow >> builds.log", "follow --json | jq -r 'select(.event == \"stopped\") | .label'"),
    ),
    "add": (
        "add jobs to the list",
        "Add jobs to the list and print the new ones; of a job that is on it, set what is given. What list printed is\n"
        "taken with labels, tags and profiles. Exit codes: 0 all are on the list now, 1 an argument holds no job,\n"
        "2 there was nothing to add.",
        ("add 901878212b1a49be9c1a1054c272762a --label 'payments nightly' --tag payments", "add - < page.txt"),
    ),
    "remove": (
        "remove jobs from the list",
        "Remove jobs from the list and print what is gone, or remove nothing where one of them is not on it.",
        ("remove 'payments nightly'", "remove web-checkout | codearts-watch add --watchlist other.toml -"),
    ),
    "list": (
        "print the list",
        "Print the list of jobs, without asking the service. Into a file or pipe it goes with tabs between.",
        (
            "list",
            "list | grep payments | codearts-watch status -",
            "list | codearts-watch add --watchlist other.toml -",
        ),
    ),
    "completion": (
        "print a completion script for a shell",
        "Print a script that completes commands, options, job labels and IDs.",
        (
            "completion bash > ~/.local/share/bash-completion/completions/codearts-watch",
            "completion zsh > ~/.zfunc/_codearts-watch",
            "completion fish > ~/.config/fish/completions/codearts-watch.fish",
        ),
    ),
}
