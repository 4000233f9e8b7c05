"""When to alert and with what text: one alert for many events, none twice, none for old news."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import time
from enum import StrEnum
from typing import NamedTuple

from tui.core.job import JobId
from tui.core.run import Outcome, numbered

BELL_PAUSE = 15.0
"""Seconds between two bells at least: polling sees simultaneous stops spread over several seconds."""
OUTCOME_WAIT = 8.0
"""Seconds that a notification waits for the outcome of a run, so that it can say *failed*."""
JOB_PAUSE = 300.0
"""At least this many seconds pass between two alerts about the same job. The alert about the end of a run is an
exception: it comes even right after the one about its start."""
LATE = 600.0
"""An event of more than this many seconds ago is shown on the screen, but causes no alert."""
SILENCE = 3600.0
"""Seconds for which the user can silence all alerts."""
LONGEST_TEXT = 120
"""Characters of a notification, or of the terminal's title, at most."""


ALERT_FIELDS = ("id", "label", "status", "change", "profile", "outcome", "number", "branch", "step", "count")
"""Fields for the alert command: as `{label}` in its arguments, and as CODEARTS_LABEL in its environment."""


class AlertOn(StrEnum):
    """Which events cause an alert. The values are those of the setting."""

    FAILED = "failed"
    STOPPED = "stopped"
    STARTED = "started"
    NO_ANSWER = "no answer"
    LONGER_THAN_USUAL = "longer than usual"


class Desktop(StrEnum):
    """A protocol for desktop notifications; never more than one is used. The values are those of the setting."""

    OSC9 = "osc9"
    OSC99 = "osc99"
    OSC777 = "osc777"
    NONE = "none"


ENDS = frozenset({AlertOn.STOPPED, AlertOn.FAILED})
"""The events that are the end of a run."""
USUALLY_ON = frozenset({AlertOn.STOPPED, AlertOn.FAILED})
"""The default of `alerts.on`."""


class Arm(StrEnum):
    """How long a job stays armed."""

    ONCE = "once"
    ALWAYS = "always"


def next_arm(arms: Iterable[Arm | None]) -> Arm | None:
    """Returns how long jobs that are armed like this are armed after the key: if one is not armed, once; else if one is
    armed once, always; else not at all."""
    known = set(arms)
    if None in known:
        return Arm.ONCE
    return Arm.ALWAYS if Arm.ONCE in known else None


QuietHours = tuple[time, time]
"""Local times between which there are no alerts; the range may include midnight. Two equal times are the whole day."""

_CLOCK = r"([01][0-9]|2[0-3]):([0-5][0-9])"
_QUIET = rf"{_CLOCK} ?[-\u2013] ?{_CLOCK}"


def quiet_hours(text: str) -> QuietHours | None:
    """Returns the times of a text like `22:00-07:00`; None for any other text."""
    if not text or not (found := re.fullmatch(_QUIET, text.strip())):
        return None
    start_hour, start_minute, end_hour, end_minute = map(int, found.groups())
    return time(start_hour, start_minute), time(end_hour, end_minute)


class Rules(NamedTuple):
    """The user's settings for alerts."""

    all_jobs: bool = False
    """Whether jobs that are not armed cause alerts, too."""
    on: frozenset[AlertOn] = USUALLY_ON
    quiet: QuietHours | None = None

    def is_quiet(self, at: time) -> bool:
        if self.quiet is None:
            return False
        start, end = self.quiet
        return start <= at < end if start < end else at >= start or at < end

    def quiet_until(self, at: time) -> time | None:
        """Returns when the quiet hours end in which `at` is; None if it is in none."""
        return self.quiet[1] if self.quiet and self.is_quiet(at) else None


class Happening(NamedTuple):
    """Something that happened to a job."""

    job: JobId
    name: str
    kind: AlertOn
    at: float
    """When it was seen, in monotonic seconds. A run's stop and its outcome have the same moment."""
    is_outcome_pending: bool = False
    """Whether a stop's outcome is being looked up. When it is known, the same stop is passed to `happened` again."""
    outcome: str = ""
    """Our word for how the run ended; empty if unknown."""
    armed: Arm | None = None
    number: int = 0
    """The run's build number; 0 if unknown."""
    branch: str = ""
    step: str = ""
    """Where the run failed."""

    @property
    def is_end(self) -> bool:
        return self.kind in ENDS

    @property
    def word(self) -> str:
        """The most telling word: the outcome of a run where it is known."""
        return self.outcome if self.is_end and self.outcome else str(self.kind)


class AlertActions(NamedTuple):
    """What the caller has to do now."""

    bell: bool = False
    text: str = ""
    """The text of a notification; empty for none."""
    disarm: frozenset[JobId] = frozenset()
    """Jobs that were armed for one alert, and had it."""
    happenings: tuple[Happening, ...] = ()
    """What is new in the text; for the alert command."""


NOTHING = AlertActions()


class Alerted(NamedTuple):
    """The last alert about a job."""

    when: float
    seen_at: float
    """The moment of its happening."""
    is_end: bool
    """Whether that was the end of a run."""


class AlertPolicy(NamedTuple):
    """Decides when to alert; holds past and waiting alerts. All times are monotonic seconds."""

    waiting: Mapping[JobId, Happening] = {}
    """What the next notification is about."""
    notified: tuple[Happening, ...] = ()
    """What the first notification of this burst was about."""
    burst_since: float | None = None
    notify_at: float | None = None
    """When to call `tick`; None if nothing waits. The end of silence and of quiet hours needs a call, too."""
    next_bell: float = 0.0
    last: Mapping[JobId, Alerted] = {}
    silent_until: float = 0.0
    held: Mapping[JobId, Happening] = {}
    """What quiet hours or silence have held back: of each job the last end of a run; without one, what came last."""

    def silence(self, now: float) -> "AlertPolicy":
        """Returns the policy with silence switched on for an hour; or off if it was on, with nothing held back."""
        if now < self.silent_until:
            return self._replace(silent_until=0.0, held={})
        return self._replace(silent_until=now + SILENCE)

    def forget(self, jobs: Iterable[JobId]) -> "AlertPolicy":
        """Returns the policy after the user armed these jobs: their next alert comes, however soon."""
        return self._replace(last={job: at for job, at in self.last.items() if job not in set(jobs)})

    def happened(self, what: Happening, rules: Rules, now: float, clock: time) -> "tuple[AlertPolicy, AlertActions]":
        """Returns the policy after something happened, and what to do at once. `clock` is the local time of day."""
        policy = _after_burst(self, now)
        if _is_same_run(policy.waiting.get(what.job), what):
            policy = policy._replace(waiting={**policy.waiting, what.job: what})
            return policy._replace(notify_at=_notify_at(policy, now)), NOTHING
        if _is_same_run(policy.held.get(what.job), what):
            return policy._replace(held={**policy.held, what.job: what}), NOTHING
        if not _deserves(policy, what, rules, now):
            return policy, NOTHING
        policy = policy._replace(last={**policy.last, what.job: Alerted(now, what.at, what.is_end)})
        if _is_silent(policy, rules, now, clock):
            return _hold(policy, {what.job: what})
        bell = now >= policy.next_bell
        policy = policy._replace(
            waiting={**policy.waiting, what.job: what},
            burst_since=now if policy.burst_since is None else policy.burst_since,
            next_bell=now + BELL_PAUSE if bell else policy.next_bell,
        )
        return policy._replace(notify_at=_notify_at(policy, now)), AlertActions(bell=bell)

    def tick(self, rules: Rules, now: float, clock: time) -> "tuple[AlertPolicy, AlertActions]":
        """Returns the policy at `now`, and the notification that is due."""
        policy = _after_burst(self, now)
        if _is_silent(policy, rules, now, clock):
            return _hold(policy, {}) if policy.waiting else (policy, NOTHING)
        if policy.held and not _awaits_outcome(policy.held.values(), now):
            held = tuple(policy.held.values())
            policy = policy._replace(held={}, next_bell=now + BELL_PAUSE)
            return policy, AlertActions(bell=True, text=sentence(held, "Held back"), happenings=held)
        if policy.notify_at is None or now < policy.notify_at:
            return policy, NOTHING
        ready = {job: what for job, what in policy.waiting.items() if what.outcome or not what.is_outcome_pending}
        due = policy.waiting if policy.notified or not ready else ready
        waiting = {job: what for job, what in policy.waiting.items() if job not in due}
        fresh = tuple(due.values())
        notified = (*policy.notified, *fresh)
        policy = policy._replace(waiting=waiting, notified=notified, notify_at=None)
        if waiting:
            policy = policy._replace(notify_at=_notify_at(policy, now))
        return policy, AlertActions(text=sentence(notified), disarm=_told_once(fresh), happenings=fresh)


def _awaits_outcome(held: Iterable[Happening], now: float) -> bool:
    """Returns whether a run ended so lately that its outcome may come yet: one alert is all that it gets."""
    return any(what.is_outcome_pending and now < what.at + OUTCOME_WAIT for what in held)


def _is_same_run(known: Happening | None, what: Happening) -> bool:
    return known is not None and what.is_end and known.is_end and known.at == what.at


def _deserves(policy: AlertPolicy, what: Happening, rules: Rules, now: float) -> bool:
    if now - what.at > LATE or not (rules.all_jobs or what.armed) or not _is_wanted(what, rules):
        return False
    last = policy.last.get(what.job)
    if last is None:
        return True
    if last.is_end and last.seen_at == what.at:
        return False
    return now - last.when >= JOB_PAUSE or (what.is_end and not last.is_end)


def _is_silent(policy: AlertPolicy, rules: Rules, now: float, clock: time) -> bool:
    return now < policy.silent_until or rules.is_quiet(clock)


def _hold(policy: AlertPolicy, happenings: Mapping[JobId, Happening]) -> tuple[AlertPolicy, AlertActions]:
    """What is held back counts as told: it is in the sum that follows."""
    new = {**policy.waiting, **happenings}
    ends = {job for job, what in policy.held.items() if what.is_end}
    last = {job: what for job, what in new.items() if what.is_end or job not in ends}
    policy = policy._replace(held={**policy.held, **last}, waiting={}, notify_at=None)
    return policy, AlertActions(disarm=_told_once(new.values()))


def _after_burst(policy: AlertPolicy, now: float) -> AlertPolicy:
    """Returns the policy without the burst of alerts, if that is over."""
    if policy.burst_since is None or policy.waiting or now < policy.burst_since + BELL_PAUSE:
        return policy
    return policy._replace(burst_since=None, notified=(), notify_at=None)


def _notify_at(policy: AlertPolicy, now: float) -> float:
    """Returns when to notify: once all outcomes are known, after eight seconds at most; then once more for the rest."""
    since = now if policy.burst_since is None else policy.burst_since
    first = since + BELL_PAUSE if policy.notified else now
    is_pending = any(what.is_outcome_pending for what in policy.waiting.values())
    return max(first, (first if policy.notified else since) + OUTCOME_WAIT) if is_pending else max(first, now)


def _is_wanted(what: Happening, rules: Rules) -> bool:
    """Returns whether the user wants alerts of this kind. A failed run has stopped, too; armed jobs tell their end."""
    kinds = {what.kind, AlertOn.STOPPED} if what.is_end else {what.kind}
    return bool(kinds & rules.on) or (what.armed is not None and what.is_end)


def _told_once(happenings: Iterable[Happening]) -> frozenset[JobId]:
    return frozenset(what.job for what in happenings if what.armed is Arm.ONCE and what.is_end)


def sentence(happenings: tuple[Happening, ...], start: str = "") -> str:
    """Returns one line about all of them; it never begins with a digit.

    Terminals take text of OSC 9 that begins with a number and a semicolon as a command.
    """
    if len(happenings) == 1:
        (only,) = happenings
        text = f"{f'{start}: ' if start else ''}{_short(only.name)}: {only.word}{_details(only)}"
        return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
    first = min(happenings, key=lambda what: _rank(what.word))
    return f"{start or 'Builds'}: {counts(happenings)} ({_short(first.name)} …)"[:LONGEST_TEXT]


def counts(happenings: Iterable[Happening]) -> str:
    """Returns `2 failed · 48 passed`, the worst first."""
    numbers = Counter(what.word for what in happenings)
    ranked = sorted(numbers.items(), key=lambda item: _rank(item[0]))
    return " · ".join(f"{number} {word}" for word, number in ranked)


_WORST_FIRST: tuple[str, ...] = (
    Outcome.FAILED,
    Outcome.TIMED_OUT,
    Outcome.ABORTED,
    AlertOn.LONGER_THAN_USUAL,
    AlertOn.NO_ANSWER,
    Outcome.PASSED,
    AlertOn.STOPPED,
    AlertOn.STARTED,
)


def _rank(word: str) -> int:
    """Returns the place of this word of a happening among the others of a sum."""
    return _WORST_FIRST.index(word) if word in _WORST_FIRST else len(_WORST_FIRST)


def _details(what: Happening) -> str:
    run = numbered(what.number, what.branch)
    step = f"step {what.step}" if what.step else ""
    return "".join(f" · {part}" for part in (run, step) if part)


def _short(name: str) -> str:
    """Returns the name, shortened; it does not begin with a digit, see `sentence`."""
    cut = name if len(name) <= 60 else f"{name[:59]}…"
    return f"job {cut}" if cut[:1].isdigit() else cut
