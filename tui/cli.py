"""The command line: its parser, the choice of the command, the exit codes of what ends it early."""

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

from tui import __version__
from tui.clock import check_time_zone, now
from tui.commands.output import ExitCode, Output
from tui.core.errors import UserError, shortage
from tui.core.paths import expanded
from tui.core.text import capitalised, crash_text
from tui.startup import resume_gc, why_it_crashed
from tui.threads import bugs_of_threads

if TYPE_CHECKING:
    from argparse import Namespace

    from tui.commands.parser import Parser
    from tui.context import Context

logging.getLogger("tui").addHandler(logging.NullHandler())  # else warnings go to standard error without --log


class Command(Protocol):
    """A module of `tui.commands`."""

    HELP: str
    """What the command does, in a few words."""
    DESCRIPTION: str
    EXAMPLES: list[str]
    """Uses, each without the program's name."""

    def add_arguments(self, parser: "Parser", /) -> None: ...

    def run(self, context: "Context", arguments: "Namespace", /) -> int:
        """Returns the exit code. May raise UserError."""


@cache
def commands() -> Mapping[str, Command]:
    """Every command by its name, in the order of the help. Loading them takes time that opening the screen saves."""
    from tui.commands import (
        add,
        alerts,
        check,
        completion,
        config,
        demo_service,
        find,
        follow,
        history,
        log,
        remove,
        status,
        wait,
        why,
    )
    from tui.commands import list as list_jobs

    return {
        "add": add,
        "remove": remove,
        "list": list_jobs,
        "status": status,
        "wait": wait,
        "follow": follow,
        "history": history,
        "find": find,
        "why": why,
        "log": log,
        "alerts": alerts,
        "check": check,
        "config": config,
        "completion": completion,
        "demo-service": demo_service,
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    secrets: Callable[[], Sequence[str]] = tuple
    thread_exits: list[int] = []
    with bugs_of_threads(lambda bug: _ended(bug, secrets(), thread_exits)):
        try:
            arguments = parsed(sys.argv[1:] if argv is None else argv)
            from tui.context import Context

            context = Context(arguments, os.environ, now, thread_exits)
            secrets = context.held
            code = run(context, arguments)
            Output.standard().flush()
            return thread_exits[0] if thread_exits else code
        except SystemExit as end:  # of the parser, which printed help or an error
            return end.code if isinstance(end.code, int) else ExitCode.USAGE
        except BrokenPipeError:
            return 0
        except UserError as problem:
            Output.standard().say(str(problem))
            return ExitCode.USAGE
        except KeyboardInterrupt:
            return ExitCode.INTERRUPTED
        except Exception as bug:
            if shortage(bug):
                raise
            crashed(bug, secrets())
            return ExitCode.BUG


def _ended(bug: Exception, secrets: Sequence[str], exits: list[int]) -> None:
    """Adds the exit code of a bug that has ended a thread, though the command goes on, and says why it has ended."""
    lacking = shortage(bug)
    exits.append(ExitCode.USAGE if lacking else ExitCode.BUG)  # first: what is said may not be written
    if lacking:
        Output.standard().say(capitalised(f"{lacking}."))
    else:
        crashed(bug, secrets)


def crashed(bug: Exception, secrets: Sequence[str]) -> None:
    """Prints what to report about a bug, without these secrets."""
    from tui.codearts.redaction import redact

    if sys.stderr:
        sys.stderr.write(f"{why_it_crashed()}\n{redact(crash_text(bug), secrets)}\n")


def run(context: "Context", arguments: Any) -> int:
    """The exit code of the command that `arguments` name, or of the screen. May raise UserError."""
    check_time_zone()
    if arguments.command is None:
        from tui.commands import watch

        return watch.run(context, arguments.demo)
    if arguments.demo:
        raise UserError("--demo opens the screen; for commands start codearts-watch demo-service and do what it says.")
    command: Command = arguments.command
    resume_gc()  # it may run for days; the screen turns the collector on itself, after the first frame
    return command.run(context, arguments)


def parsed(given: Sequence[str]) -> Any:
    """The arguments. Raises SystemExit where the parser printed help or an error."""
    if not given:
        return DEFAULTS  # no Namespace: argparse takes time that opening the screen saves
    from argparse import Namespace

    arguments: Namespace = parser().parse_args(given, Namespace(**vars(DEFAULTS)))
    return arguments


def parser() -> "Parser":
    """The parser of the program and of all its commands. In `arguments.command` it leaves the command's module."""
    from tui.commands.parser import HelpText, Parser, examples

    common = _common()
    program = Parser(
        allow_abbrev=False,
        prog="codearts-watch",
        description="Shows CodeArts Build jobs on one screen: which run, which ended and how, which cannot be read.",
        epilog=f"{examples('', '--demo', '--profile prod', 'check')}\n\n"
        "Exit codes: 0 done, 1 a job or a page could not be read, 2 wrong usage or settings, 3 not signed in; the help "
        "of a command has those of its own: codearts-watch wait --help.\n"
        "The token comes from CODEARTS_TOKEN or a file, never from an argument: arguments are public.",
        formatter_class=HelpText,
        parents=[common],
    )
    program.add_argument("--version", action="version", version=f"codearts-watch {__version__}")
    program.add_argument("--demo", action="store_true", help="a simulated service; nothing of yours is read or written")
    program.set_defaults(program=program)
    named = program.add_subparsers(title="commands", metavar="COMMAND", prog=program.prog)
    for name, command in commands().items():
        one = named.add_parser(
            name,
            allow_abbrev=False,  # --token would be taken for --token-file, and a token for a file's name
            help=command.HELP,
            description=command.DESCRIPTION,
            epilog=examples(*command.EXAMPLES) + MORE * (name not in _ALONE),
            formatter_class=HelpText,
            parents=[] if name in _ALONE else [_common(is_shown=False)],
        )
        one.summary = command.HELP
        one.common = () if name in _ALONE else common.shown
        command.add_arguments(one)
        one.set_defaults(command=command, parser=one)
    return program


_ALONE = {"demo-service"}
"""Commands without the common arguments."""
MORE = "\n\nWhere to ask, files, exit codes: codearts-watch --help"


def _common(is_shown: bool = True) -> "Parser":
    """What every command that asks the service takes, before or after the command's name. Its own help hides it."""
    from argparse import SUPPRESS

    from tui.commands.parser import Parser

    common = Parser(add_help=False, argument_default=SUPPRESS)
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
        "--status-only",
        action="store_true",
        help="send nothing but the status call: no names, outcomes, lists of jobs or logs",
    )
    files = common.add_argument_group("files")
    files.add_argument("--watchlist", metavar="FILE", type=_path, help="another watchlist than the usual one")
    files.add_argument("--settings", metavar="FILE", type=_path, help="other settings than the usual ones")
    files.add_argument("--log", metavar="FILE", type=_path, help="write down what happens, without secrets")
    for action in common.shown if not is_shown else ():
        action.help = SUPPRESS
    return common


def _path(name: str) -> Path:
    """Returns the path, with the home folder for ~: a shell leaves that of --log=~/x as it is. Raises argparse's
    error."""
    try:
        return expanded(name)
    except UserError as problem:
        from argparse import ArgumentTypeError

        raise ArgumentTypeError(str(problem)) from None


DEFAULTS = SimpleNamespace(
    command=None,
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
    heeds_refusals=True,
)
"""Of the common arguments, which are suppressed in the parsers so that a command's do not undo the ones before it; and
of `heeds_refusals`, which `check` sets."""
