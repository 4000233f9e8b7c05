"""What runs behind the screen: service, pollers, and expiry of credentials. No widgets."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING

from tui.core.board import Board, JobState
from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.core.job_runs import chosen
from tui.core.reading import Failure, FailureKind, Moment, Reading, Retry
from tui.ui.header import ProfileState, profile_state
from tui.ui.row import NOT_ASKED, Row, Subject
from tui.ui.screen_deps import ScreenDeps, ScreenFacts, ScreenService

if TYPE_CHECKING:
    from datetime import datetime

    from tui.codearts.endpoints import Endpoint
    from tui.polling.outcomes import FactReports
    from tui.polling.poller import PollerGroup

TICK = 1.0
"""Seconds between two ticks. A tick checks clock, files and header; what did not change is not drawn."""
RARELY = 5
"""Ticks between two updates of what time alone changes. Times are shown in steps of 15 s: each is at most 5 s late."""


class Live:
    """Owns the service and the pollers. There are no pollers until `begin` has set `is_asking`."""

    is_asking = False
    pollers: "PollerGroup"
    facts: ScreenFacts

    def __init__(self, deps: ScreenDeps) -> None:
        self._make_service = deps.service
        self._service: ScreenService | None = None
        self._ends: dict[str, datetime | None] = {}
        self.without_credential: dict[str, Failure] = {}
        """The profiles that had no credential when IAM was asked last, and why."""
        self._paused_since: Moment | None = None
        self._ticked_at = deps.now().at

    @property
    def service(self) -> ScreenService:
        """Created on first use; raises UserError if that fails."""
        if self._service is None:
            self._service = self._make_service()
        return self._service

    def profile_names(self) -> Sequence[str]:
        """Names of the profiles in the settings, the default one first."""
        return self.service.names

    def begin(self, jobs: Sequence[Job], report: Callable[[list[Reading]], None], reports: "FactReports") -> None:
        """Make pollers for these jobs, which call `report`, and what asks for their names and outcomes.

        Raises UserError if profiles or credentials are wrong.
        """
        self.pollers = self.service.pollers(report)
        self.pollers.watch(jobs)
        self.facts = self.service.facts(self.pollers.profile, reports)
        self.facts.watch(job.id for job in jobs)
        self.is_asking = True

    async def close(self) -> None:
        if self._service:
            await self._service.close()

    def prefer(self, in_view: Sequence[JobId], board: Board, marked: Iterable[JobId]) -> None:
        """Read these rows first, and these rows and the marked and armed jobs more often."""
        self.pollers.prefer(in_view, chosen(board, marked))
        self.facts.prefer(in_view)

    # What the rows and the header need

    def interval(self, state: JobState) -> float:
        """Seconds between two readings of the job. Freshness is measured against this."""
        if not self.is_asking:
            return inf
        return NOT_ASKED if self.pollers.paused else self.pollers.interval(state.job.id)

    def profiles(self, only: str | None, now: Moment) -> tuple[ProfileState, ...]:
        """State of each profile that has jobs, or of `only` if that is one of them. Empty before `begin`."""
        if not self.is_asking:  # before the first frame there is no service, and none is made for this
            return ()
        paces, known = self.pollers.paces(), self.service.names
        seen = [name for name in paces if only is None or name == only] or list(paces)
        return tuple(profile_state(self.service.profile(name), paces[name], now, name in known) for name in seen)

    def profile_of(self, job: JobId) -> str:
        """The profile that the job is polled with."""
        return self.pollers.profile(job)

    def asks_outcome(self, job: JobId) -> bool:
        """Whether the outcome of the job's run is asked for once it stops."""
        return self.facts.asks_outcome(job)

    def trouble(self) -> Failure | None:
        """The failure of the first profile whose jobs all fail; None if there is no such profile."""
        return next(iter(self.troubles().values()), None)

    def troubles(self) -> dict[str, Failure]:
        """Returns, by profile, why none of its jobs can be read; profiles that can be read are left out."""
        paces = self.pollers.paces() if self.is_asking else {}
        return {name: pace.trouble for name, pace in paces.items() if pace.trouble}

    def obstacles(self) -> dict[str, Failure]:
        """Returns, by profile, why it sends only a test now and then; those that send requests are left out."""
        troubles = self.troubles().items()
        return {name: trouble for name, trouble in troubles if trouble.kind.retry is not Retry.THROTTLED}

    def paused_since(self, now: Moment) -> Moment | None:
        """When the pause of everything was first noticed; None if nothing is paused."""
        is_paused = self.is_asking and self.pollers.paused
        self._paused_since = (self._paused_since or now) if is_paused else None
        return self._paused_since

    def endpoint_of(self, job: JobId) -> "Endpoint":
        return self.service.profile(self.pollers.profile(job)).endpoint

    def subject(self, row: Row) -> Subject:
        job = row.state.job.id
        pollers, url = self.pollers, self.endpoint_of(job).url
        next_attempt, probing = pollers.next_attempt(job), pollers.probing(job)
        return Subject(row, url, next_attempt, pollers.interval(job), probing, pollers.paused)

    def profile_to_find(self, only: str | None, job: JobId | None) -> str:
        """The profile whose jobs are listed: the only one that is shown, else that of `job`, else the default one."""
        wanted = only if only is not None else self.pollers.profile(job) if job else ""
        return wanted if wanted in self.service.names else self.service.names[0]

    def profile_to_sign_in(self, job: JobId | None) -> str:
        """The profile of `job`; but if that is signed in and another is signed out, the other."""
        out = self._signed_out()
        name = self.pollers.profile(job) if job else self.service.names[0]
        return out[0] if out and name not in out else name

    def has_extras(self, job: JobId | None) -> bool:
        """Whether other calls than the status call may be sent with the profile of the job, or with the default one."""
        if not self.is_asking:
            return True
        return self.service.profile(self.pollers.profile(job) if job else self.service.names[0]).extras is not None

    @property
    def no_credential(self) -> Failure | None:
        """Why the default profile has no credential; None if it has one."""
        return self.without_credential.get(self.service.names[0]) if self.without_credential else None

    @property
    def is_signed_out(self) -> bool:
        """Whether a profile asks nothing before the user signs in."""
        return self.is_asking and bool(self._signed_out())

    def awaits_sign_in(self, job: JobId) -> bool:
        """Whether the profile of the job asks nothing before the user signs in."""
        return self.is_asking and self.profile_of(job) in self._signed_out()

    def _signed_out(self) -> list[str]:
        """The profiles of the settings that ask nothing before the user signs in."""
        known = self.service.names
        return [name for name, pace in self.pollers.paces().items() if pace.signed_out and name in known]

    # Time

    def has_slept(self, now: float) -> bool:
        """Whether the machine was suspended: the last call, one tick ago, is further back than a tick can take."""
        before, self._ticked_at = self._ticked_at, now
        return now - before > RARELY * TICK

    async def learn_ends(self, names: Sequence[str] = ()) -> None:
        """Ask IAM when the credential of each of these profiles expires, for the header; by default of all profiles.

        Profiles that cannot tell are skipped.
        """
        without = {}
        for name in names or self.service.names:
            with suppress(UserError):
                found = await self.service.profile(name).look()
                if isinstance(found, Failure) and found.kind is FailureKind.NO_CREDENTIAL:
                    without[name] = found
        self.without_credential = without

    def ends_were_lost(self) -> bool:
        """Returns whether a credential whose expiry was known at the last call has none now: it was replaced."""
        ends = {name: self.service.profile(name).credential.expires_at for name in self.service.names}
        before, self._ends = self._ends, ends
        return any(before.get(name) and not end for name, end in ends.items())
