"""`demo-service`: the simulated service, without the screen."""

import argparse
import re
from typing import TYPE_CHECKING

from tui.commands.output import ExitCode, Output

if TYPE_CHECKING:
    from tui.context import Context

HELP = "the simulated service alone"
DESCRIPTION = "Serve a simulated CodeArts Build and IAM on 127.0.0.1 until interrupted."
EXAMPLES = ["demo-service", "demo-service --port 8080"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=_port, default=0, help="port on 127.0.0.1; any free one by default")


def run(context: "Context", arguments: argparse.Namespace) -> int:
    from tui.demo.service import serve

    serve(arguments.port, Output.standard().line)
    return ExitCode.DONE


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > 65535:
        raise argparse.ArgumentTypeError("it must be a number from 0 to 65535")
    return int(text)
