"""`why`: the step in which a build failed, and what the service says of it."""

import argparse
from typing import TYPE_CHECKING, NamedTuple

from tui.commands.job_selection import add_build
from tui.commands.output import ExitCode, Output, asking, print_json
from tui.commands.render import step_document
from tui.core.reading import Failure
from tui.core.run import FailedStep, Outcome

if TYPE_CHECKING:
    from tui.context import Context
    from tui.core.job import JobId
    from tui.profiles.extras import Extras

HELP = "the step in which a build failed, and why"
DESCRIPTION = (
    "Print the step in which a job's last build failed, with error code and message, or the outcome of a build that "
    "did not fail.\n"
    "Exit codes: 0 it is known what became of the build, 1 it could not be learned."
)
EXAMPLES = ["why mobile-ios", "why mobile-ios --build 88", "why --json mobile-ios | jq -r .message"]


class Why(NamedTuple):
    """What is known about one build; no number for a job that was never built."""

    number: int | None
    outcome: str = ""
    step: FailedStep | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_build(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(context: "Context", arguments: argparse.Namespace) -> int:
    from tui.commands import runner
    from tui.commands.session import open_job

    app, job, extras = open_job(context, arguments.job)
    command = why(extras, job.id, arguments.build, arguments.json, Output.standard())
    return runner.run(command, app.close)


async def why(extras: "Extras", job: "JobId", number: int | None, as_json: bool, output: Output) -> ExitCode:
    """Print what is known; `number` None is the last build that ended."""
    from tui.commands.session import refused

    with asking(output):
        known = await _known(extras, job, number)
    if isinstance(known, Failure):
        return refused(output, known)
    if as_json:
        print_json(document(job, known), output)
    else:
        output.lines(_lines(known))
    return ExitCode.DONE


async def _known(extras: "Extras", job: "JobId", number: int | None) -> Why | Failure:
    if number is not None:
        step = await extras.failed_step(job, number)
        return step if isinstance(step, Failure) else Why(number, "", step)
    runs = await extras.last_runs(job)
    if isinstance(runs, Failure):
        return runs
    if (run := runs.ended) is None or run.outcome is Outcome.PASSED:
        return Why(run.number, "passed") if run else Why(None)
    step = await extras.failed_step(job, run.number)
    return step if isinstance(step, Failure) else Why(run.number, run.word, step)


def document(job: "JobId", known: Why) -> dict[str, object]:
    """The object of `why --json`."""
    said = step_document(known.step) if known.step else dict.fromkeys(("step", "code", "message"))
    return {"id": str(job), "number": known.number, **said}


def _lines(known: Why) -> list[str]:
    if known.number is None:
        return ["There is no build that has ended."]
    became = f"#{known.number} {known.outcome}".rstrip()
    if known.step is None:
        return [became if known.outcome == "passed" else f"{became}: the service names no step that failed."]
    step = known.step
    error = ": ".join(filter(None, (step.code, step.message)))
    return list(filter(None, (f"{became} at step {step.step}", error, step.help)))
