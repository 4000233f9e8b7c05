"""The arguments of every command."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from tui import __version__
from tui.headless.arguments import add_command, add_commands, examples

Command = Callable[[argparse.Namespace], int]

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


def parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """`commands` has the function of each command by its name; `watch` is the one without a name."""
    common = _common()
    main = argparse.ArgumentParser(
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
    service.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; any free one by default")
    service.set_defaults(command=commands["demo-service"])
    add_commands(named, common, commands)
    add_command(named, "check", _CHECK, common).set_defaults(command=commands["check"])
    config = add_command(named, "config", _CONFIG, common)
    config.add_argument("--json", action="store_true", help="print JSON")
    config.set_defaults(command=commands["config"])
    return main


def _common() -> argparse.ArgumentParser:
    """What every command that asks the service takes, before or after the command's name."""
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
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
        "--token-file", metavar="FILE", type=Path, help="file that holds the token (CODEARTS_TOKEN_FILE)"
    )
    files = common.add_argument_group("files")
    files.add_argument("--watchlist", metavar="FILE", type=Path, help="the list of jobs")
    files.add_argument("--settings", metavar="FILE", type=Path, help="the settings")
    files.add_argument("--log", metavar="FILE", type=Path, help="write down what happens, without secrets")
    return common


DEFAULTS = argparse.Namespace(
    demo=False,
    profile=None,
    region=None,
    endpoint=None,
    allow_http=False,
    allow_host=None,
    token_file=None,
    watchlist=None,
    settings=None,
    log=None,
)
"""Of the common arguments, which are suppressed in the parsers so that a command's do not undo the ones before it."""
