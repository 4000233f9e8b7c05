"""What lists have said about the watched jobs of a profile, and what that was worth. No loop, no clock."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping

from tui.core.hints import Hint, JobHint, Trust, Verdict
from tui.core.job import JobId
from tui.core.reading import Status

_log = logging.getLogger(__name__)

StatusOf = Callable[[JobId], Status | None]


class HintBook:
    """The last hint about each watched job, and the trust in the lists of each project."""

    def __init__(self) -> None:
        self._hints: dict[JobId, JobHint] = {}
        self._trusts: dict[str, Trust] = {}

    def watch(self, jobs: Collection[JobId]) -> None:
        """Forgets the jobs that are not among these."""
        self._hints = {job: hint for job, hint in self._hints.items() if job in jobs}

    def forget(self) -> None:
        """The machine was suspended, or the credential changed: hints of earlier lists count no more."""
        self._hints.clear()

    def forget_projects(self, kept: Collection[str]) -> None:
        """Forgets the trust in all projects but these."""
        self._trusts = {project: trust for project, trust in self._trusts.items() if project in kept}

    def hear(self, hints: Mapping[JobId, Hint], status_of: StatusOf, asked_at: float, now: float) -> list[JobId]:
        """A page that was asked for at `asked_at` says this of watched jobs. Returns those to be read next.

        Jobs that it calls running come first.
        """
        wanted = []
        for job, hint in hints.items():
            before = self._hints.get(job, JobHint())
            after = self._hints[job] = before.hear(hint, status_of(job), asked_at, now)
            if after.wanted_at == now and before.wanted_at is None and not self.is_worthless(hint.project, now):
                wanted.append(job)
        return sorted(wanted, key=lambda job: not self._hints[job].hint.is_running)

    def on_reading(self, job: JobId, status: Status, before: Status | None, sent: float, now: float) -> bool:
        """A status call that left at `sent` brought this. Returns whether the job is to be read again at once."""
        if not (hint := self._hints.get(job)):
            return False
        self._hints[job], verdict = hint.check(status, before, sent, now)
        project = hint.hint.project
        trust = self._trusts.get(project, Trust())
        self._trusts[project] = after = trust.after(verdict, now)
        if verdict is Verdict.CONTRADICTS:
            _log.info("job %s is %s, and the list of its project says otherwise: not trusted for an hour", job, status)
        if after.worthless_until > trust.worthless_until:
            _log.info("the lists of project %s bring nothing: they steer nothing for an hour", project or "(unknown)")
        return self._hints[job].wanted_at is not None and not self.is_worthless(project, now)

    def project_of(self, job: JobId) -> str | None:
        """Returns the project that lists say the job is in; None for a job that no list has named."""
        hint = self._hints.get(job)
        return hint.hint.project if hint else None

    def hint(self, job: JobId) -> Hint | None:
        known = self._hints.get(job)
        return known.hint if known else None

    def agrees_since(self, job: JobId, status: Status | None, since: float) -> bool:
        """Returns whether a page that was asked for after `since` says the same as the status call."""
        hint = self._hints.get(job)
        if hint is None or hint.asked_at < since or hint.hint.is_running is None or status is None:
            return False
        return hint.wanted_at is None and hint.hint.is_running is (status is Status.RUNNING)

    def is_trusted(self, project: str, now: float) -> bool:
        return project in self._trusts and self._trusts[project].is_earned(now)

    def is_worthless(self, project: str, now: float) -> bool:
        """Returns whether too many hints of this project brought nothing lately."""
        return project in self._trusts and now < self._trusts[project].worthless_until

    def projects(self, jobs: Iterable[JobId]) -> Counter[str]:
        """Returns the number of these jobs in each project that is known."""
        return Counter(self._hints[job].hint.project for job in jobs if job in self._hints)
