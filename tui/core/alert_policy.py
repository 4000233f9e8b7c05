"""When to alert and with what text: one alert for many events, none twice, none for old news.

Not in use yet: `alerts` runs the user's command for each change by itself.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import time
from enum import StrEnum
from typing import NamedTuple

from tui.core.job import JobId

BELL_PAUSE = 15.0
"""Seconds between two bells at least: polling sees simultaneous stops spread over several seconds."""
OUTCOME_WAIT = 8.0
"""Seconds that a notification waits for the outcome of a run, so that it can say *failed*."""
JOB_PAUSE = 300.0
"""Seconds between two alerts about the same job at least."""
LATE = 600.0
"""An event of more than this many seconds ago is shown on the screen, but causes no alert."""
SILENCE = 3600.0
"""Seconds for which the user can silence all alerts."""
LONGEST_TEXT = 120
"""Number of characters of a notification at most."""


class AlertOn(StrEnum):
    """Which events cause an alert. The values are those of the setting."""

    FAILED = "failed"
    STOPPED = "stopped"
    STARTED = "started"
    NO_ANSWER = "no answer"
    LONGER_THAN_USUAL = "longer than usual"


class Arm(StrEnum):
    """How long a job stays armed."""

    ONCE = "once"
    ALWAYS = "always"

    def next(self) -> "Arm | None":
        """Returns what the key makes of a job that is armed like this; None: not armed."""
        return Arm.ALWAYS if self is Arm.ONCE else None


class Rules(NamedTuple):
    """The user's settings."""

    all_jobs: bool = False
    """Whether jobs that are not armed cause alerts, too."""
    on: frozenset[AlertOn] = frozenset({AlertOn.FAILED, AlertOn.STOPPED})
    quiet: tuple[time, time] | None = None
    """Local times between which there are no alerts; the range may include midnight."""

    def is_quiet(self, at: time) -> bool:
        if self.quiet is None:
            return False
        start, end = self.quiet
        return start <= at < end if start <= end else at >= start or at < end


class Happening(NamedTuple):
    """Something that happened to a job."""

    job: JobId
    name: str
    kind: AlertOn
    ago: float = 0.0
    """Seconds since the latest moment at which it can have happened."""
    outcome_pending: bool = False
    """A stop whose outcome is being looked up. When it is known, the same stop is passed to `happened` again."""
    outcome: str = ""
    """Our word for how the run ended; empty if unknown."""
    armed: Arm | None = None


class Actions(NamedTuple):
    """What the caller has to do now."""

    bell: bool = False
    text: str = ""
    """The text of a notification; empty for none."""
    disarm: frozenset[JobId] = frozenset()
    """Jobs that were armed for one alert, and had it."""
    happenings: tuple[Happening, ...] = ()
    """What the text is about; for the alert command."""


NOTHING = Actions()


class AlertPolicy(NamedTuple):
    """Past and waiting alerts. All times are monotonic seconds."""

    waiting: Mapping[JobId, Happening] = {}
    """What the next notification is about."""
    notified: tuple[Happening, ...] = ()
    """What the earlier notifications of this burst were about."""
    burst_since: float | None = None
    notify_at: float | None = None
    next_bell: float = 0.0
    last: Mapping[JobId, float] = {}
    """When the last alert about each job was."""
    silent_until: float = 0.0
    held: int = 0
    """Number of alerts that quiet hours or silence have held back."""

    def silence(self, now: float) -> "AlertPolicy":
        """Returns the policy with silence switched on for an hour, or off if it was on."""
        return self._replace(silent_until=0.0 if now < self.silent_until else now + SILENCE)

    def happened(self, what: Happening, rules: Rules, now: float, clock: time) -> "tuple[AlertPolicy, Actions]":
        """Returns the policy after something happened, and what to do at once. `clock` is the local time of day."""
        if known := self.waiting.get(what.job):
            return self._outcome_known(known, what, rules, now)
        if not self._deserves(what, rules, now):
            return self, NOTHING
        policy = self._replace(last={**self.last, what.job: now})
        if now < self.silent_until or rules.is_quiet(clock):
            return policy._replace(held=self.held + 1), NOTHING
        bell = now >= self.next_bell and _alerts(what, rules)
        policy = policy._replace(
            waiting={**self.waiting, what.job: what},
            burst_since=now if self.burst_since is None else self.burst_since,
            next_bell=now + BELL_PAUSE if bell else self.next_bell,
        )
        policy = policy._replace(notify_at=_notify_at(policy, now))
        return policy, Actions(bell=bell)

    def tick(self, rules: Rules, now: float, clock: time) -> "tuple[AlertPolicy, Actions]":
        """Returns the policy at `now`, and the notification that is due."""
        policy = self
        if policy.held and now >= policy.silent_until and not rules.is_quiet(clock):
            text = f"{policy.held} alerts were held back: press E to see what happened"
            return policy._replace(held=0), Actions(text=text)
        if policy.notify_at is None or now < policy.notify_at:
            if policy.burst_since is not None and not policy.waiting and now >= policy.burst_since + BELL_PAUSE:
                policy = policy._replace(burst_since=None, notified=(), notify_at=None)
            return policy, NOTHING
        known = {job: what for job, what in policy.waiting.items() if not what.outcome_pending}
        due = policy.waiting if policy.notified or not known else known
        waiting = {job: what for job, what in policy.waiting.items() if job not in due}
        fresh = tuple(what for what in due.values() if _alerts(what, rules))
        notified = (*policy.notified, *fresh)
        disarm = frozenset(what.job for what in fresh if what.armed is Arm.ONCE)
        last = {job: at for job, at in policy.last.items() if now - at < JOB_PAUSE}
        policy = policy._replace(waiting=waiting, notified=notified, notify_at=None, last=last)
        if waiting:
            policy = policy._replace(notify_at=_notify_at(policy, now))
        return policy, Actions(text=sentence(notified) if fresh else "", disarm=disarm, happenings=fresh)

    @property
    def due(self) -> float | None:
        """When to call `tick`; None if nothing waits."""
        return self.notify_at

    def _deserves(self, what: Happening, rules: Rules, now: float) -> bool:
        if what.ago > LATE or not (rules.all_jobs or what.armed):
            return False
        if now - self.last.get(what.job, -JOB_PAUSE) < JOB_PAUSE:
            return False
        return _alerts(what, rules) or what.outcome_pending

    def _outcome_known(
        self, known: Happening, what: Happening, rules: Rules, now: float
    ) -> "tuple[AlertPolicy, Actions]":
        """The outcome of a waiting stop is known: still one alert. A failure rings the bell, if the stop did not."""
        bell = _alerts(what, rules) and not _alerts(known, rules) and now >= self.next_bell
        policy = self._replace(
            waiting={**self.waiting, what.job: what}, next_bell=now + BELL_PAUSE if bell else self.next_bell
        )
        return policy._replace(notify_at=_notify_at(policy, now)), Actions(bell=bell)


def _notify_at(policy: AlertPolicy, now: float) -> float:
    """Returns when to notify: once all outcomes are known, after eight seconds at most; then once more for the rest."""
    since = now if policy.burst_since is None else policy.burst_since
    first = since + BELL_PAUSE if policy.notified else now
    is_pending = any(what.outcome_pending for what in policy.waiting.values())
    return max(first, (first if policy.notified else since) + OUTCOME_WAIT) if is_pending else max(first, now)


def _alerts(what: Happening, rules: Rules) -> bool:
    """Returns whether the user wants alerts of this kind; a failed run has stopped, too."""
    kinds = {what.kind, AlertOn.STOPPED} if what.kind is AlertOn.FAILED else {what.kind}
    return bool(kinds & rules.on) or (what.armed is not None and what.kind in (AlertOn.FAILED, AlertOn.STOPPED))


def sentence(happenings: tuple[Happening, ...]) -> str:
    """Returns one line about all of them; it never begins with a digit.

    Terminals take text of OSC 9 that begins with a number and a semicolon as a command.
    """
    if len(happenings) == 1:
        (only,) = happenings
        return f"{_short(only.name)}: {_word(only)}"
    counts = Counter(_word(what) for what in happenings)
    parts = [f"{count} {word}" for word, count in sorted(counts.items(), key=lambda item: _RANK.get(item[0], 9))]
    first = min(happenings, key=lambda what: _RANK.get(_word(what), 9))
    return f"Builds: {' · '.join(parts)} ({_short(first.name)} …)"[:LONGEST_TEXT]


_RANK = {"failed": 0, "timed out": 1, "aborted": 2, "longer than usual": 3, "no answer": 4, "passed": 5, "stopped": 6}


def _word(what: Happening) -> str:
    return what.outcome if what.kind in (AlertOn.STOPPED, AlertOn.FAILED) and what.outcome else str(what.kind)


def _short(name: str) -> str:
    """Returns the name, shortened; it does not begin with a digit, see `sentence`."""
    cut = name if len(name) <= 60 else f"{name[:59]}…"
    return f"job {cut}" if cut[:1].isdigit() else cut
