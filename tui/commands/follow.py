"""`follow`: prints a line for every change of a job, until interrupted."""

import argparse
from collections.abc import Callable, Sequence
from math import inf
from typing import TYPE_CHECKING

from tui.commands.output import ExitCode, Output, is_abandoned
from tui.commands.render import advice, change_document, change_line
from tui.commands.status import json_text
from tui.core.board import Board, JobState
from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.core.reading import Reading
from tui.core.transitions import Change, changes_of
from tui.storage.recorder import NoArchive, Recorder

if TYPE_CHECKING:
    from tui.commands.session import PollSession, Session
    from tui.context import Context

HELP = "a line for every change"
DESCRIPTION = (
    "Print how each job of the list is, then a line for every start, stop and change of failure, until\n"
    "interrupted. With --json each line is one JSON object."
)
EXAMPLES = ["follow >> builds.log", "follow --json | jq -r 'select(.event == \"stopped\") | .label'"]

LOOK = 2.0
"""Seconds between two checks of the watchlist, and of whether the output still has a reader."""
ALERTS_LAST = 1.0
"""Seconds that running [alerts] commands have to end after `follow` ends."""

FOR_HISTORY = 1.0
"""Seconds that the first question waits for the history file."""

Tell = Callable[[Change, str], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(context: "Context", arguments: argparse.Namespace) -> int:
    from tui.alerts import Alerts
    from tui.commands import runner
    from tui.commands.session import open_session

    session, jobs = open_session(context)

    async def alerting() -> int:
        alerts = Alerts(context.settings.alerts.command, session.output.say)
        recorder = context.recorder()
        try:
            return await follow(session, jobs, arguments.json, alerts.tell, recorder)
        finally:
            await alerts.finish(ALERTS_LAST)
            if recorder:
                recorder.close()

    return runner.run(alerting())


class Follower:
    """Keeps the state of each job and finds the changes of every single reading: none is lost in a batch."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._states: dict[JobId, JobState] = {}

    def watch(self, jobs: Sequence[Job]) -> None:
        """Follow exactly these jobs, keeping the states of those that were followed before."""
        self._states = dict(Board(self._states).watch(jobs).states)

    def remember(self, wait: float = 0.0) -> None:
        """Take what the history knows of new jobs; wait so many seconds for it."""
        self._states = dict(self._recorder.fill(Board(self._states), wait).states)

    def take(
        self, readings: Sequence[Reading], polled_every: Callable[[JobState], float] = lambda state: inf
    ) -> list[Change]:
        """Record the readings, and return the changes in their order; see `Board.record`."""
        found: list[Change] = []
        earlier = Board(dict(self._states))
        for reading in readings:
            if before := self._states.get(reading.job):
                after = self._states[reading.job] = before.record(reading, polled_every(before))
                found += changes_of(before, after)
        self._recorder.look(earlier, Board(self._states), {reading.job for reading in readings})
        return found


async def follow(
    session: "Session",
    jobs: Sequence[Job],
    as_json: bool,
    tell: Tell = lambda change, profile: None,
    recorder: Recorder | None = None,
) -> int:
    """Print each job's first state, then every change, and call `tell` with each. Ends when the output has no reader.

    The watchlist may change meanwhile: the jobs followed change with it.
    """
    from tui.commands.session import poll_session

    output = session.output
    recorder = recorder or Recorder(NoArchive(), session.now)
    follower = Follower(recorder)
    follower.watch(jobs)
    follower.remember(FOR_HISTORY)
    refused: frozenset[str] = frozenset()
    reported = ""
    async with poll_session(session, jobs) as polls:
        while not is_abandoned(output.data):
            lines = []
            for change in follower.take(await polls.next(LOOK), polls.polled_every):
                profile = polls.pollers.profile(change.job.id)
                document = change_document(change, profile)
                lines.append(json_text(document, output, indent=None) if as_json else change_line(change))
                tell(change, profile)
            output.lines(lines)
            refused = _say_who_is_refused(polls, refused, output)
            reported = _reload(session, follower, polls, reported)
            follower.remember()
            if notice := recorder.notice():
                output.say(notice)
    return ExitCode.DONE


def _say_who_is_refused(polls: "PollSession", before: frozenset[str], output: Output) -> frozenset[str]:
    """Report each profile once when its credential is refused, and return all that are: their jobs are not read."""
    refused = {profile: pace.trouble for profile, pace in polls.pollers.paces().items() if pace.signed_out}
    for profile, failure in refused.items():
        if profile not in before and failure:
            name = f"Profile {profile}: " if profile else ""
            output.say(f"{name}{advice(failure)} Nothing is asked until then.")
    return frozenset(refused)


def _reload(session: "Session", follower: Follower, polls: "PollSession", reported: str) -> str:
    """Follow the jobs of a watchlist that another program changed; keep the jobs if it cannot be read.

    Returns the error, or nothing. An error equal to `reported`, the last one, is not printed again.
    """
    if not session.store.changed():
        return reported
    try:
        jobs = session.store.load().jobs
    except UserError as problem:
        if str(problem) != reported:
            session.output.say(str(problem))
        return str(problem)
    follower.watch(jobs)
    polls.pollers.watch(jobs)
    return ""
