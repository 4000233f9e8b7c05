"""The arguments of every command."""

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tui import __version__
from tui.commands.output import Output
from tui.core.errors import UserError
from tui.core.paths import expanded
from tui.core.text import clean

if TYPE_CHECKING:
    Named = argparse._SubParsersAction["Parser"]


_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_SHAPE = re.compile("".join(rf"(?:(\d{{1,9}}(?:\.\d{{1,9}})?){unit})?" for unit in _SECONDS), re.ASCII)


def timeout_seconds(text: str) -> float:
    """`90s`, `30m`, `1h30m`, `1.5h`, or a plain number of seconds. For argparse: raises its error."""
    found = _SHAPE.fullmatch(f"{text}s" if text[-1:].isdecimal() else text)
    total = (
        sum(float(number or 0) * unit for number, unit in zip(found.groups(), _SECONDS.values(), strict=True))
        if found
        else 0
    )
    if total <= 0:
        raise argparse.ArgumentTypeError("it must be a time like 90s, 30m or 1h30m")
    return total


CommandFunction = Callable[[argparse.Namespace], int]
CommandTexts = tuple[str, str, tuple[str, ...]]
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


def add_commands(named: "Named", common: Parser, commands: Mapping[str, CommandFunction]) -> None:
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
    parser.add_argument(
        "--timeout", metavar="TIME", type=timeout_seconds, help="give up after 90s, 30m, 1h30m; default: never"
    )


def add_command(named: "Named", name: str, told: CommandTexts, *parents: Parser) -> Parser:
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


_TEXTS: Mapping[str, CommandTexts] = {
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


_DEMO_SERVICE = (
    "the simulated service alone",
    "Serve a simulated CodeArts Build and IAM on 127.0.0.1 until interrupted.",
    ("demo-service", "demo-service --port 8080"),
)
_CHECK = (
    "what works and what does not, step by step",
    "Look at settings, network, credential, one job and this terminal, a line each. Exit codes:\n"
    "0 all that is needed works, 1 something does not, 2 wrong usage or settings, 3 not signed in.",
    ("check", "check --profile prod"),
)
_CONFIG = (
    "every effective setting and where it came from",
    "Print every effective value and where it came from.\nOf secrets only the length is shown.",
    ("config", "config --json | jq -r '.[] | select(.name == \"endpoint\") | .value'"),
)


def parser(commands: Mapping[str, CommandFunction]) -> argparse.ArgumentParser:
    """`commands` has the function of each command by its name; `watch` is the one without a name."""
    common = _common()
    main = Parser(
        allow_abbrev=False,
        prog="codearts-watch",
        description="Keeps a list of CodeArts Build jobs on one screen:\nwhat runs, what stopped, what cannot be read.",
        epilog=f"{examples('', '--demo', '--profile prod', 'check')}\n\n"
        "The token comes from CODEARTS_TOKEN or a file, never from an argument:\narguments are public.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
    )
    main.add_argument("--version", action="version", version=f"codearts-watch {__version__}")
    main.add_argument("--demo", action="store_true", help="a simulated service; nothing of yours is read or written")
    main.set_defaults(command=commands["watch"])
    named = main.add_subparsers(title="commands", metavar="COMMAND")
    service = add_command(named, "demo-service", _DEMO_SERVICE)
    service.add_argument("--port", type=_port, default=0, help="port on 127.0.0.1; any free one by default")
    service.set_defaults(command=commands["demo-service"])
    add_commands(named, common, commands)
    add_command(named, "check", _CHECK, common).set_defaults(command=commands["check"])
    config = add_command(named, "config", _CONFIG, common)
    config.add_argument("--json", action="store_true", help="print JSON")
    config.set_defaults(command=commands["config"])
    return main


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > 65535:
        raise argparse.ArgumentTypeError("it must be a number from 0 to 65535")
    return int(text)


def _common() -> Parser:
    """What every command that asks the service takes, before or after the command's name."""
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    where = common.add_argument_group("where to ask")
    where.add_argument("--profile", metavar="NAME", help="one of the settings' profiles (CODEARTS_PROFILE)")
    where.add_argument("--region", metavar="ID", help="region of the service, like cn-north-4 (CODEARTS_REGION)")
    where.add_argument("--endpoint", metavar="URL", help="address of the service itself (CODEARTS_ENDPOINT)")
    where.add_argument("--allow-http", action="store_true", help="allow plain http to other hosts than this one")
    where.add_argument(
        "--allow-host",
        metavar="HOST[:PORT]",
        action="append",
        help="a host that may be given a token though it is none of the vendor's",
    )
    where.add_argument(
        "--token-file", metavar="FILE", type=_path, help="file that holds the token (CODEARTS_TOKEN_FILE)"
    )
    where.add_argument(
        "--status-only", action="store_true", help="send nothing but the status call: no names, outcomes, lists or logs"
    )
    files = common.add_argument_group("files")
    files.add_argument("--watchlist", metavar="FILE", type=_path, help="the list of jobs")
    files.add_argument("--settings", metavar="FILE", type=_path, help="the settings")
    files.add_argument("--log", metavar="FILE", type=_path, help="write down what happens, without secrets")
    return common


def _path(name: str) -> Path:
    """A shell leaves the ~ of --log=~/x as it is."""
    try:
        return expanded(name)
    except UserError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None


DEFAULTS = argparse.Namespace(
    demo=False,
    profile=None,
    region=None,
    endpoint=None,
    allow_http=False,
    allow_host=None,
    token_file=None,
    status_only=False,
    watchlist=None,
    settings=None,
    log=None,
)
"""Of the common arguments, which are suppressed in the parsers so that a command's do not undo the ones before it."""
