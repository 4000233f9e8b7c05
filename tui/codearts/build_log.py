"""The log of a job's newest build: which build that is, and its log as far as it goes."""

from typing import Protocol

from tui.codearts.extra_call import Fetcher
from tui.codearts.extras_switch import has_no_log
from tui.codearts.log_api import LogReader
from tui.core.job import JobId
from tui.core.log_tail import LogTail
from tui.core.reading import Failure, Retry
from tui.core.run import RunRecord

SOUGHT_AGAIN = 12
"""So often a running build without a record is sought; until it is there the log of the build before is shown."""


class BuildSource(Fetcher, Protocol):
    """Who asks for a job's builds."""

    async def last_run(self, job: JobId) -> RunRecord | Failure | None:
        """Returns the newest build, going on or ended; None for a job that was never built."""


class BuildLog:
    """Reads the log of the build that is running, or of the last one; `tail` has what was read."""

    def __init__(self, source: BuildSource, job: JobId, known_number: int = 0) -> None:
        """`known_number` is the number of the last build, for a service that refuses to list builds."""
        self.tail = LogTail()
        self.number = 0
        """Of the build whose log is read; 0 until that is known."""
        self.is_older = False
        """Whether the running build has no record yet: what is read is about the one before."""
        self._source = source
        self._job = job
        self._known_number = known_number
        self._reader: LogReader | None = None
        self._sought = 0

    @property
    def has_more(self) -> bool:
        """Whether the log was not read to its end yet: there is more to read at once."""
        return self._reader is not None and self._reader.has_more

    async def read_on(self, is_running: bool) -> str:
        """Adds to `tail` what is new. Returns why nothing could be read, and what to do; empty if it could.

        `is_running`: whether the job runs now.
        """
        is_sought = self._reader is None or (is_running and self.is_older and self._sought < SOUGHT_AGAIN)
        if is_sought and (problem := await self._choose(is_running)):
            return problem
        reader = self._reader
        failure = await reader.read_on() if reader else None
        return _sentence(failure, self.number) if failure else ""

    async def _choose(self, is_running: bool) -> str:
        """Finds the number of the newest build. A known build stays if it cannot be found now."""
        self._sought += 1
        last = await self._source.last_run(self._job)
        if isinstance(last, Failure):
            if self._reader:
                return ""
            if not self._known_number:
                return _sentence(last, 0)
            number = self._known_number
        elif last is None:
            return "This job was never built: there is no log yet."
        else:
            number = last.number
            self.is_older = is_running and last.is_finished is True
        if number != self.number:
            self.number = number
            self._reader = LogReader(self._source, self._job, number)
            self.tail = self._reader.tail
        return ""


def _sentence(failure: Failure, number: int) -> str:
    if has_no_log(failure):
        return f"Build #{number} has no log: it never ran."
    match failure.kind.retry:
        case Retry.SIGN_IN:  # its summary says what to do
            what_to_do = ""
        case Retry.LASTING:
            what_to_do = "Press esc, then o: the job's page has the log, too."
        case _:
            what_to_do = "Press r to ask again."
    return f"{failure.summary} {what_to_do}".rstrip()
