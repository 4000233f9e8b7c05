"""The first lines of the screen: what there is, how fresh it is, how fast we ask; the banner when all is in trouble."""

from typing import TYPE_CHECKING, NamedTuple

from tui.core.board import fresh_within
from tui.core.condition import Condition, Summary
from tui.core.reading import Failure, Moment, Retry
from tui.ui import units
from tui.ui.lines import Part
from tui.ui.setup import Profile

if TYPE_CHECKING:
    from tui.polling.poller import Pace

LASTS_SHORT = 2 * 3600.0
"""Seconds of a credential's life, under which one that cannot renew itself is a warning."""


class ProfileGlance(NamedTuple):
    """What the header says of one profile."""

    name: str
    where: str
    """Region, or host."""
    pace: "Pace"
    lasts: float | None = None
    """Seconds until its credential ends; None where that is not known, or never."""
    renewable: bool = False
    warning: str = ""


def profile_glance(profile: Profile, pace: "Pace", now: Moment) -> ProfileGlance:
    ends = profile.credential.expires_at
    return ProfileGlance(
        profile.name,
        profile.endpoint.region or profile.endpoint.url.partition("://")[2],
        pace,
        (ends - now.wall).total_seconds() if ends else None,
        profile.credential.renewable,
        profile.warning,
    )


class Glance(NamedTuple):
    """What the header is made from."""

    profiles: tuple[ProfileGlance, ...]
    """Those that are shown; none before they are loaded."""
    summary: Summary
    now: float
    shown: int
    """Rows that the filter lets through."""
    narrowed: bool
    """Whether a filter hides rows."""
    marked: int
    sign_in_key: str
    warning: str = ""
    """What is wrong with the watchlist's file for as long as it is."""
    paused: str = ""
    """That everything is paused, and since when; empty when it is not."""


def header_parts(glance: Glance) -> list[list[Part]]:
    """Groups of the header, the most important first; a narrow screen drops them from the end."""
    counts = _counts(glance)
    if not glance.profiles:
        return [counts]
    pace = _pace(glance)
    others = (_freshness(glance), _sign_in(glance), _place(glance))
    is_usual = pace[0][1] == "dim"
    parts = (counts, *others, pace) if is_usual else (counts, pace, *others)
    return [part for part in parts if part]


def _counts(glance: Glance) -> list[Part]:
    counts = glance.summary.counts
    parts: list[Part] = []
    for condition in (
        Condition.RUNNING,
        Condition.IDLE,
        Condition.FAILING,
        Condition.STALE,
        Condition.UNREAD,
        Condition.PAUSED,
    ):
        number = glance.summary.stale if condition is Condition.STALE else counts[condition]  # failing ones, too
        if number or condition in (Condition.RUNNING, Condition.IDLE):
            parts += [(f"{number} {condition}", str(condition) if number else "dim"), ("  ", "")]
    if glance.narrowed:
        parts += [(f"{glance.shown} of {glance.summary.total} shown", "ageing"), ("  ", "")]
    if glance.marked:
        parts += [(f"{glance.marked} marked", "ageing"), ("  ", "")]
    return parts[:-1]


def _freshness(glance: Glance) -> list[Part]:
    summary = glance.summary
    if glance.paused:
        return []
    asked = summary.total - summary.counts[Condition.PAUSED]
    if asked == summary.never:
        return []
    if summary.oldest is None:
        which = f"{asked - summary.never} of {asked}" if summary.never else "all"
        # A bound that holds while everything is fresh, so that it need not count up.
        within = round(fresh_within(max(profile.pace.idle for profile in glance.profiles)))
        return [(f"{which} read within {units.seconds(within)}", "dim")]
    if summary.stale:
        return [(f"oldest answer {units.age(summary.oldest)}", "stale")]
    return [(f"{summary.ageing} ageing, oldest {units.age(summary.oldest)}", "ageing")]


def _sign_in(glance: Glance) -> list[Part]:
    """How long the shortest credential lasts; those that renew themselves need no words."""
    ending = [
        profile.lasts
        for profile in glance.profiles
        if profile.lasts is not None and not profile.renewable and not profile.pace.signed_out
    ]
    if not ending:
        return []
    lasts = min(ending)
    if lasts <= 0:
        return [("token ended", "failing")]
    return [(f"token {units.duration(lasts)}", "ageing" if lasts < LASTS_SHORT else "dim")]


def _place(glance: Glance) -> list[Part]:
    if len(glance.profiles) > 1:
        return [(f"{len(glance.profiles)} profiles", "dim")]
    only = glance.profiles[0]
    return [(" ".join(part for part in (only.name, only.where) if part), "dim")]


def _pace(glance: Glance) -> list[Part]:
    profile = max(glance.profiles, key=lambda profile: profile.pace.idle)
    pace = profile.pace
    if all(profile.pace.paused for profile in glance.profiles):
        return [("paused", "paused")]
    if all(profile.pace.signed_out for profile in glance.profiles):
        return [("not asking", "failing")]
    if pace.waiting_until is not None and pace.waiting_until > glance.now:
        return [(f"throttled, {pace.rate:.2g} req/s", "ageing")]
    slowed = [profile.pace for profile in glance.profiles if profile.pace.rate < profile.pace.full_rate]
    if slowed:
        least = max(slowed, key=lambda pace: pace.idle)
        return [(f"every {units.seconds(least.idle)}, slowed by the service to {least.rate:.2g} req/s", "ageing")]
    if len(glance.profiles) > 1:
        return [(f"every {units.seconds(pace.idle)} or sooner", "dim")]
    if pace.probing:
        return [(f"one job every {units.seconds(pace.probing)}", "dim")]
    if pace.seldom:
        return [(f"every {units.seconds(pace.seldom)}", "dim")]
    if pace.stretched:
        return [(f"every {units.seconds(pace.idle)}: {glance.summary.total} jobs at {pace.rate:.2g} req/s", "dim")]
    return [(f"every {units.seconds(pace.running)}, idle {units.seconds(pace.idle)}", "dim")]


def banner(glance: Glance) -> Part:
    """What troubles whole profiles, a sentence each, and its look; empty when there is nothing."""
    lines = [text for text in (glance.warning, glance.paused) if text]
    look = "warning"
    for profile in glance.profiles:
        lines += [f"{profile.name}: {profile.warning}".removeprefix(": ")] if profile.warning else []
        if trouble := profile.pace.trouble:
            name = f"{profile.name}: " if len(glance.profiles) > 1 else ""
            lines.append(name + _trouble(trouble, profile.pace, glance.sign_in_key))
            look = look if trouble.kind.retry is Retry.THROTTLED else "error"
    return "\n".join(lines), look if lines else ""


def _trouble(trouble: Failure, pace: "Pace", sign_in: str) -> str:
    if trouble.kind.retry is Retry.SIGN_IN:
        quoted = "" if trouble.code in trouble.summary else f"({trouble.code}) "
        return f"Not asking: {trouble.summary} {quoted}{sign_in} signs in."
    if trouble.kind.retry is Retry.THROTTLED:
        return f"The service asks for fewer requests: {pace.rate:.2g} a second now. {_quote(trouble)}".rstrip()
    if trouble.kind.retry is Retry.LASTING:
        return f"No job can be read: {trouble.summary} Still asking, one job at a time."
    return f"No answers: {trouble.summary} Still asking, one job at a time."


def _quote(failure: Failure) -> str:
    return f"({failure.code})" if failure.code else ""
