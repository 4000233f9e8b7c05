"""`demo-service`: the simulated service, without the screen."""

import argparse
from typing import TYPE_CHECKING

from tui.commands.output import ExitCode, Output
from tui.commands.parser import whole_number

if TYPE_CHECKING:
    from tui.context import Context

HELP = "the simulated service alone"
DESCRIPTION = (
    "Serve a simulated CodeArts Build and IAM on 127.0.0.1 until interrupted. Needs no account; the first lines "
    "that it prints say how to use it."
)
EXAMPLES = ["demo-service", "demo-service --port 8080"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", metavar="N", type=whole_number(0, 65535), default=0, help="port on 127.0.0.1; any free one by default"
    )


def run(context: "Context", arguments: argparse.Namespace) -> int:
    from tui.demo.service import serve

    serve(arguments.port, Output.standard().line)
    return ExitCode.DONE
