"""`follow`: prints a line for every change of a job, until interrupted."""

import argparse
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from tui.commands.output import ExitCode, Output, fitting, is_abandoned, json_text
from tui.commands.render import advice, change_document, change_line, outcome_line, run_document
from tui.core.board import Board, JobState
from tui.core.errors import UserError
from tui.core.job import Job, JobId, ServiceName
from tui.core.reading import Reading
from tui.core.run import FailedStep, RunRecord
from tui.core.transitions import Change, Event, changes_of
from tui.storage.recorder import NoArchive, Recorder

if TYPE_CHECKING:
    from tui.commands.session import PollSession, Session
    from tui.context import Context

HELP = "a line for every change"
DESCRIPTION = (
    "Print the status of each job of the watchlist, then a line for every start, stop and change of failure, and some "
    "seconds after each stop what became of the build. Goes on until it is interrupted. With --json each line "
    "is one JSON object."
)
EXAMPLES = [
    "follow >> builds.log",
    "follow --json | jq -r 'select(.event == \"stopped\") | .label'",
    "follow --json | jq 'select(.failed_step)'",
]

LOOK = 2.0
"""Seconds between two checks of the watchlist, and of whether the output still has a reader."""
ALERTS_LAST = 1.0
"""Seconds that running [alerts] commands have to end after `follow` ends."""

EMPTIED = "The watchlist has no jobs any more: none is followed until some are added."
FOR_HISTORY = 1.0
"""Seconds that the first question waits for the history file."""

Tell = Callable[[Change, str], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(context: "Context", arguments: argparse.Namespace) -> int:
    from tui.alerts import Alerts
    from tui.commands import runner
    from tui.commands.session import open_session

    session, jobs = open_session(context, goes_on=True)

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
    """Keeps the board and finds the changes of every single reading: none is lost in a batch."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._board = Board({})

    def watch(self, jobs: Sequence[Job]) -> None:
        """Follow exactly these jobs, keeping the states of those that are followed."""
        self._board = Board(self._board.states).watch(jobs)  # one that comes back begins anew

    def remember(self, wait: float = 0.0) -> None:
        """Take what the history knows of new jobs; wait at most `wait` seconds for it."""
        self._board = self._recorder.fill(self._board, wait)

    def take(
        self, readings: Sequence[Reading], polled_every: Callable[[JobState], float] = lambda state: inf
    ) -> list[Change]:
        """Record the readings, and return the changes in their order; see `Board.record`."""
        found: list[Change] = []
        earlier = self._board
        for reading in readings:
            if before := self._board.states.get(reading.job):
                self._board = self._board.record([reading], polled_every)
                found += changes_of(before, self._board.states[reading.job])
        self._recorder.look(earlier, self._board, {reading.job for reading in readings})
        return found

    def state(self, job: JobId) -> JobState:
        """What is known of a job that is followed."""
        return self._board.states[job]

    def learn(self, learned: "Learned", at: float) -> JobState | None:
        """The job's state with what was learned of its last run; None if that is about another one."""
        earlier, job = self._board, learned.job
        self._board = earlier.learn(job, learned.record, learned.step, at)
        state = self._board.states.get(job)
        if state is earlier.states.get(job):
            return None
        self._recorder.look(earlier, self._board, [job])
        return state

    def take_names(self, names: Mapping[JobId, ServiceName]) -> None:
        """Take the service's names of jobs."""
        self._board = self._board.with_names(names)


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
    async with poll_session(session, jobs) as polls, followed_runs(session, _profiles(jobs, polls)) as runs:
        lines = Lines(session, follower, polls, runs, as_json, tell)
        while not is_abandoned(output.data):
            readings = await polls.next(LOOK)
            follower.take_names(runs.take_names())
            said = [*lines.of_changes(readings), *lines.of_runs()]
            shown = said if as_json else [part for line in said for part in fitting(line, output.data)]
            output.stream("".join(f"{line}\n" for line in shown))
            refused = _say_who_is_refused(polls, refused, output)
            reported = _reload(session, follower, polls, reported)
            follower.remember()
            if notice := recorder.notice():
                output.say(notice)
    return ExitCode.DONE


class Learned(NamedTuple):
    """What became of a run; with a step also where it failed."""

    job: JobId
    record: RunRecord
    step: FailedStep | None


class FollowedRuns:
    """Asks for names, and for what became of each run that was seen to end; keeps what it learned until it is taken."""

    def __init__(self, session: "Session", profiles: Mapping[JobId, str]) -> None:
        """Asks for names of these jobs, each with its profile's name, once."""
        import asyncio

        from tui.polling.outcomes import Outcomes

        self._names: Mapping[JobId, ServiceName] = {}
        self._session = session
        self._learned: list[Learned] = []
        self.outcomes = Outcomes(session.extras, self._learn, lambda: session.now().at)
        self.work = asyncio.create_task(self._ask(profiles))

    def take(self) -> Sequence[Learned]:
        """What was learned since the last call. Raises what failed in `work`."""
        if self.work.done():
            self.work.result()
        learned, self._learned = self._learned, []
        return learned

    def take_names(self) -> Mapping[JobId, ServiceName]:
        """The names that came since the last call."""
        names, self._names = self._names, {}
        return names

    async def _ask(self, profiles: Mapping[JobId, str]) -> None:
        """Asks until it is cancelled."""
        import asyncio

        from tui.commands.session import known_names

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.outcomes.run())
            self._names = await known_names(self._session, profiles)

    def _learn(self, job: JobId, record: RunRecord, step: FailedStep | None) -> None:
        self._learned.append(Learned(job, record, step))


@asynccontextmanager
async def followed_runs(session: "Session", profiles: Mapping[JobId, str]) -> AsyncIterator[FollowedRuns]:
    """Ask while the block runs."""
    import asyncio

    runs = FollowedRuns(session, profiles)
    try:
        yield runs
    finally:
        runs.work.cancel()
        await asyncio.wait([runs.work])


def _profiles(jobs: Sequence[Job], polls: "PollSession") -> dict[JobId, str]:
    return {job.id: polls.pollers.profile(job.id) for job in jobs}


@dataclass(frozen=True, slots=True)
class Lines:
    """What is printed of readings and runs."""

    session: "Session"
    follower: Follower
    polls: "PollSession"
    runs: "FollowedRuns"
    as_json: bool
    tell: Tell

    def of_changes(self, readings: Sequence[Reading]) -> Iterator[str]:
        """Yields a line for each change. What became of a run that stopped is asked from now on."""
        for change in self.follower.take(readings, self.polls.pollers.polled_every):
            state, profile = self.follower.state(change.job.id), self.polls.pollers.profile(change.job.id)
            if change.event is Event.STOPPED and (run := state.stopped_run):
                self.runs.outcomes.stopped(state.job.id, run, profile)
            document = change_document(change, profile)
            yield self._json(document) if self.as_json else change_line(change, state.named_job.label)
            self.tell(change, profile)

    def of_runs(self) -> Iterator[str]:
        """Yields a line for what became of each run, and one for where it failed."""
        for one in self.runs.take():
            state = self.follower.learn(one, self.session.now().at)
            if not state or not state.good:
                continue
            if self.as_json:
                profile = self.polls.pollers.profile(one.job)
                yield self._json(run_document(state, state.good, one.step, profile))
            else:
                yield outcome_line(state, one.step, self.session.now().wall)

    def _json(self, document: object) -> str:
        return json_text(document, self.session.output, indent=None)


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

    Returns the error, that there are no jobs, or nothing. What is equal to `reported`, the last one, is not printed.
    """
    if not session.store.changed():
        return reported
    try:
        jobs = session.store.load().jobs
    except UserError as problem:
        trouble = str(problem)
    else:
        trouble = "" if jobs else EMPTIED
        follower.watch(jobs)
        polls.pollers.watch(jobs)
    if trouble and trouble != reported:
        session.output.say(trouble)
    return trouble
