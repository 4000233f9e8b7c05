"""Header (counts, freshness, pace of polling), banner (what is wrong with whole profiles), the terminal's title."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from tui.core.board import fresh_within
from tui.core.condition import NOT_RUNNING, PROBLEMS, Condition, Summary
from tui.core.reading import Failure, FailureKind, Moment, Retry
from tui.core.text import width
from tui.terminal.capabilities import ASCII, UNICODE, Glyphs
from tui.ui import formatting
from tui.ui.row import how_old, look_of
from tui.ui.screen_deps import ScreenProfile
from tui.ui.short_names import ShortNames
from tui.ui.status_line import Part

if TYPE_CHECKING:
    from tui.polling.poller import Pace

IN_MINUTES = 120.0
"""Seconds from which on an interval is shown in minutes."""
OTHERS_FROM = 1.5
"""If an interval has room for this many times more requests than there are jobs, the header says what else is asked."""
LASTS_SHORT = 2 * 3600.0
"""A credential that cannot renew itself is shown as a warning below this many seconds of life."""


class ProfileState(NamedTuple):
    """What the header needs to know of one profile."""

    name: str
    where: str
    """Region, or host."""
    pace: "Pace"
    lasts: float | None = None
    """Seconds until its credential expires; None if unknown or never."""
    renewable: bool = False
    warning: str = ""
    is_known: bool = True
    """Whether the settings have it: no sign-in helps one that only the watchlist names."""


def profile_state(profile: ScreenProfile, pace: "Pace", now: Moment, is_known: bool) -> ProfileState:
    ends = profile.credential.expires_at
    return ProfileState(
        profile.name,
        profile.endpoint.region or profile.endpoint.url.partition("://")[2],
        pace,
        (ends - now.wall).total_seconds() if ends else None,
        profile.credential.can_refresh,
        profile.warning,
        is_known,
    )


class HeaderState(NamedTuple):
    """Input of header and banner."""

    profiles: tuple[ProfileState, ...]
    """The profiles shown; empty before they are loaded."""
    summary: Summary
    now: float
    shown: int
    """Number of rows that pass the filter."""
    narrowed: bool
    """Whether a filter hides rows."""
    marked: int
    sign_in_key: str
    warning: str = ""
    """What is wrong with the watchlist or the settings; empty if nothing."""
    paused: str = ""
    """Says since when everything is paused; empty if it is not."""
    only: tuple[str, ...] = ()
    """What else but the filter's line says which jobs are shown: `problems`, the name of a profile."""
    view: str = ""
    """The view that is shown, by number and name; empty if it is none of the user's."""
    width: int = 0
    """Cells of the line; 0 for as many as it takes."""
    changed: int = 0
    """Jobs whose last change was not seen yet, wherever their rows are."""
    changed_since: str = ""
    """When the first of these changes was noticed."""
    quiet_since: str = ""
    """Since when no job has changed; empty if that cannot be said, or if there are changes that were not seen yet."""
    silent: str = ""
    """Until when alerts are silenced; empty if they are not."""
    ends: tuple[tuple[str, str], ...] = ()
    """The names of the jobs whose runs usually end next, and when: `≈3m`, `any moment`."""
    names: ShortNames = ShortNames()
    """The names of all jobs: one that is cut can be told apart from these."""
    out_of_view: tuple[tuple[str, Condition | None], ...] = ()
    """The names of the jobs that want attention and have no row on the screen, and their conditions; None for one that
    has changed and did not fail. Empty if the screen has a row for each job."""
    hides: bool = False
    """Whether a filter or a folded group hides any of them, so that no scrolling shows it."""
    is_long: bool = False
    """Whether there are more jobs than rows on the screen."""
    is_demo: bool = False
    """Whether the service is the simulated one."""
    glyphs: Glyphs = UNICODE


Parts = list[Part]
Wordings = list[Parts]
"""The same thing said in more and in fewer words, the longest first."""
BETWEEN = 3
"""Cells between two groups of text."""
ENDLESS = 10_000
FOR_SENTENCES = 80
"""From this many cells on the header says since when there are changes, and the banner that asking goes on."""
FOR_WORDS = 120
"""From this many cells on the counts are in words although what ends next and what is out of view share their line."""


def header_parts(header: HeaderState) -> list[Parts]:
    """The header in one line: groups of text, the most important first."""
    slow, *named, freshness, sign_in, place, usual = _others(header)
    quiet = _quiet(header)
    doubts = [freshness, sign_in, quiet, place]
    others = [*named, *doubts] if header.is_long else [*doubts, *named]
    in_words = not header.is_long or _room(header) >= FOR_WORDS
    forms = (True,) if in_words else (True, False)
    news = [_news(header, names_what, form) for form in forms for names_what in (True, False)]
    counts, kept = _counts(header, news, in_words), 0
    if not in_words and named[0]:
        shortest = _cells(_close(header, news[-1]))  # with all news: none is left out for what ends next
        needed = [_cells(parts) + BETWEEN for parts in named[0][-2:]]  # with a name in few cells, and in fewer
        kept = next((cells for cells in needed if shortest + cells < _room(header)), 0)
    return _fitting(header, [counts, slow, *others, usual], [kept])


def header_lines(header: HeaderState) -> tuple[list[Parts], list[Parts]]:
    """The header in two lines: the counts, and since when nothing has changed; and the news, what ends next, what is in
    doubt, and the pace of polling. What is out of view takes the room of since when there were changes: then that is in
    the first line, too."""
    news = _news(header)
    fewer = [_news(header, names_what=False)[:most] for most in range(len(news), 0, -1)]
    wordings = [_spaced(parts) for parts in (news, *fewer) if parts]
    if header.changed_since and not header.out_of_view and _room(header) >= FOR_SENTENCES:
        (text, look), *more = news
        wordings.insert(0, _spaced([(f"{text} since {header.changed_since}", look), *more]))
    slow, ends, out_of_view, freshness, *others = _others(header)
    kept = min(map(_cells, freshness)) + BETWEEN if freshness and header.summary.stale else 0
    groups = [wordings, slow, ends, out_of_view, freshness, *others]
    since = _quiet(header) or (_changed_since(header) if header.out_of_view else [])
    return _fitting(header, [_counts(header, [[]]), since]), _fitting(header, groups, [0, 0, kept, kept])


def _fitting(header: HeaderState, groups: Iterable[Wordings], kept: Iterable[int] = ()) -> list[Parts]:
    """The groups in one line. What has no room is said in fewer words or left out; the first group never is.

    `kept` has for each of the first groups the cells that it leaves to those behind it, if it has a wording so short.
    """
    shown: list[Parts] = []
    room = _room(header) - 1
    for wordings, spare in zip(groups, chain(kept, repeat(0)), strict=False):
        fitting = (parts for limit in (room - spare, room) for parts in wordings if _cells(parts) <= limit)
        if parts := next(fitting, _cut_off(header, wordings[-1], room) if wordings and not shown else []):
            shown.append(parts)
            room -= _cells(parts) + BETWEEN
    return shown


def _room(header: HeaderState) -> int:
    return header.width or ENDLESS


def _cut_off(header: HeaderState, parts: Parts, room: int) -> Parts:
    """As many of the parts as have room, and an ellipsis: no number is cut, it would be another one."""
    ending = (f" {header.glyphs.ellipsis}", "dim")
    most = max(len(parts) - 1, 0)
    while most and _cells([*parts[:most], ending]) > room:
        most -= 1
    return [*parts[:most], ending]


def _cells(parts: Parts) -> int:
    return sum(width(text) for text, _ in parts)


def _others(header: HeaderState) -> list[Wordings]:
    """The seven groups beside the counts: first what is unusual, then what can be read elsewhere."""
    if not header.profiles:
        return [[]] * 7
    pace = _pace(header)
    slow, usual = ([], pace) if pace[0][0][1] == "dim" else (pace, [])
    named = [_ends(header), _out_of_view(header)]
    return [slow, *named, _freshness(header), _sign_in(header), _place(header), usual]


SHORT_NAME, SHORTEST_NAME = 14, 9
"""Cells of a name where there is no room for it, and where there is hardly any."""


def _ends(header: HeaderState) -> Wordings:
    """What ends next, in two fifths of the line; in more, if the first name is whole then and no job is out of view.

    The name is last: one that ends in words would go on in ours.
    """
    if not header.ends:
        return []
    (name, when), *_ = header.ends
    every = ", ".join(f"{at}: {one}" for one, at in header.ends)
    room = _room(header) * 2 // 5
    names = [text for text in (every, f"{when}: {name}") if width(f"ends {text}") <= room]
    names += [] if header.out_of_view else [f"{when}: {name}"]
    names += [f"{when}: {_cut(header, name, cells)}" for cells in (SHORT_NAME, SHORTEST_NAME)]
    return [[(f"ends {text}", "running")] for text in names]


MOST_NAMED = 6
"""So many jobs out of view are named at most."""


def _out_of_view(header: HeaderState) -> Wordings:
    """Which jobs to look for: as many names as have room, whole or cut, and how many others have the same marks. A
    number without a mark would be taken for the rows that are out of view."""
    if header.paused or not header.out_of_view:
        return []
    named = [
        _named_out_of_view(header, most, cells)
        for most in range(MOST_NAMED, -1, -1)
        for cells in (ENDLESS, 20, SHORT_NAME)
    ]
    by_mark: Parts = [("hidden: " if header.hides else "scroll: ", "dim"), *_numbers(header, header.out_of_view)]
    return [*named, by_mark, [*by_mark[:2], (f" {header.glyphs.ellipsis}", "dim")]]


def _named_out_of_view(header: HeaderState, most: int, cells: int) -> Parts:
    parts: Parts = [("out of view: ", "dim")]
    for name, one in header.out_of_view[:most]:
        mark, look = _mark(header, one)
        parts += [(f"{mark} {_cut(header, name, cells)}", look), ("  ", "")]
    others = _numbers(header, header.out_of_view[most:], "+" if most else "")
    return [*parts, *others] if others else parts[:-1]


def _numbers(header: HeaderState, jobs: Iterable[tuple[str, Condition | None]], sign: str = "") -> Parts:
    """How many of these jobs have each mark."""
    counted = Counter(one for _, one in jobs).items()
    marked = [(number, *_mark(header, one)) for one, number in counted]
    return [part for number, mark, look in marked for part in ((f"{sign}{number}{mark}", look), (" ", ""))][:-1]


def _mark(header: HeaderState, one: Condition | None) -> Part:
    return (header.glyphs.condition[one], look_of(one)) if one else (header.glyphs.new, "accent")


def _cut(header: HeaderState, name: str, cells: int) -> str:
    return header.names.cut(name, cells, header.glyphs.ellipsis)


SHOWN_ORDER = (
    Condition.RUNNING,
    Condition.FAILED,
    Condition.TIMED_OUT,
    Condition.ABORTED,
    Condition.PASSED,
    Condition.IDLE,
    Condition.NO_ANSWER,
    Condition.STALE,
    Condition.UNREAD,
    Condition.PAUSED,
)


def counts_of(summary: Summary) -> list[tuple[Condition, int]]:
    """How many jobs are in each state: together as many as there are.

    That none runs is said where a job is known not to run, and where there are no jobs.
    """
    counts = summary.counts
    always = Condition.RUNNING if not summary.total or any(counts[one] for one in NOT_RUNNING) else None
    return [(one, counts[one]) for one in SHOWN_ORDER if counts[one] or one is always]


def _counts(header: HeaderState, news: Sequence[Parts], in_words: bool = True) -> Wordings:
    """The counts in words and the news; where these have no room, the words stand closer, then the counts have the
    marks of the rows, and then the last of the news are left out. Without `in_words` the counts have marks anyway, so
    that the line does not change with each count that comes and goes. Never are some of them words and others marks."""
    marks = _marks(header)
    words = _words(header)
    forms = [(words, "  "), (words, " "), (marks, "  ")] if in_words else [(marks, "  ")]
    demo, short = _demo(header), [_changed_by_mark(header)] if header.changed else []
    fewer = [news[-1][:most] for most in range(len(news[-1]), 0, -1)]
    return [
        *(_spaced([*demo, *form, *more], blanks) for form, blanks in forms for more in news),
        *(
            one
            for some in fewer
            for one in (*(_spaced([*demo, *form, *some], blanks) for form, blanks in forms), _close(header, some))
        ),
        *(_spaced([*demo, *parts]) for parts in ([*marks, *short], marks) if parts),
    ]


def _demo(header: HeaderState) -> Parts:
    return [("demo", "accent")] if header.is_demo else []


def _words(header: HeaderState) -> Parts:
    return [(f"{number} {one}", look_of(one) if number else "dim") for one, number in counts_of(header.summary)]


def _marks(header: HeaderState) -> Parts:
    """The counts with the marks of the rows. What has the same mark is one count, in the look of the first of them.

    The number comes first: `-10` would be a negative one.
    """
    sums: dict[str, tuple[int, str]] = {}
    for one, number in counts_of(header.summary):
        if number:
            mark = header.glyphs.condition[one]
            before, look = sums.get(mark, (0, look_of(one)))
            sums[mark] = before + number, look
    return [(f"{number}{mark}", look) for mark, (number, look) in sums.items()]


def _close(header: HeaderState, news: Parts) -> Parts:
    """The counts by their marks and the news, with one cell between them."""
    return _spaced([*_demo(header), *_marks(header), *news], " ")


def _quiet(header: HeaderState) -> Wordings:
    since = header.quiet_since
    return [[(f"{what} since {since}", "dim")] for what in ("nothing changed", "no change") if since]


def _changed_since(header: HeaderState) -> Wordings:
    since = header.changed_since
    return [[(f"{what} since {since}", "accent")] for what in ("changes", header.glyphs.new) if since]


def _news(header: HeaderState, names_what: bool = True, in_words: bool = True) -> Parts:
    """What else must be known: that no alerts come, and how many rows changed unseen, are shown and are marked.

    `names_what`: and which are shown. Without `in_words` those that changed go by their mark.
    """
    parts: Parts = [(f"silent until {header.silent}", "paused")] if header.silent else []
    if header.narrowed:
        only = ", ".join(_cut(header, name, SHORT_NAME) for name in header.only if names_what)
        parts.append((f"{header.shown} of {header.summary.total} shown{f': {only}' if only else ''}", "ageing"))
    if header.marked:
        parts.append((f"{header.marked} marked", "ageing"))
    if header.view:
        parts.append((header.view, "accent"))
    if header.changed:
        parts.insert(0, _changed(header) if in_words else _changed_by_mark(header))
    return parts


def _changed(header: HeaderState) -> Part:
    return f"{header.glyphs.new} {header.changed} changed", "accent"


def _changed_by_mark(header: HeaderState) -> Part:
    return f"{header.changed}{header.glyphs.new}", "accent"


def _spaced(parts: Parts, blanks: str = "  ") -> Parts:
    return [part for text, look in parts for part in ((text, look), (blanks, ""))][:-1]


def _freshness(header: HeaderState) -> Wordings:
    summary = header.summary
    if header.paused:
        return []
    asked = summary.total - summary.counts[Condition.PAUSED]
    if asked == summary.never:
        return []
    if summary.oldest is None and summary.counts[Condition.UNREAD]:  # others that never gave an answer have no age
        return [[(f"{asked - summary.never} of {asked} read so far", "dim")]]
    if summary.oldest is None:
        # An upper bound: unlike the exact age it stays the same while everything is fresh.
        within = formatting.seconds(round(fresh_within(max(profile.pace.idle for profile in header.profiles))))
        return [[(f"{what} under {within} old", "dim")] for what in ("all answers", "all")]
    oldest = how_old(header.now - summary.oldest, header.now)
    look = "stale" if summary.stale else "ageing"
    answers = "answer" if summary.ageing == 1 else "answers"
    late = [] if summary.stale else [f"{summary.ageing} {answers} late, oldest {oldest}"]
    return [[(text, look)] for text in (*late, f"oldest answer {oldest}", f"up to {oldest} old")]


def _sign_in(header: HeaderState) -> Wordings:
    """When the first credential expires, of those that do not renew themselves."""
    ending = [
        profile.lasts
        for profile in header.profiles
        if profile.lasts is not None and not profile.renewable and not profile.pace.signed_out
    ]
    if not ending:
        return []
    lasts = min(ending)
    if lasts <= 0:
        return [[("token ended", "error")]]
    return [[(f"token {formatting.duration(lasts)}", "ageing" if lasts < LASTS_SHORT else "dim")]]


def _place(header: HeaderState) -> Wordings:
    if len(header.profiles) > 1:
        return [[(f"{len(header.profiles)} profiles", "dim")]]
    only = header.profiles[0]
    return [[(" ".join(filter(None, (only.name, only.where))), "dim")]]


def _pace(header: HeaderState) -> Wordings:
    """How often a job is asked; first why that is less often than the settings say."""
    profile = max(header.profiles, key=lambda profile: profile.pace.idle)
    pace = profile.pace
    if all(profile.pace.paused for profile in header.profiles):
        return [[("paused", "paused")]]
    if all(profile.pace.signed_out for profile in header.profiles):
        return [[("not asking", "error")]]
    if pace.waiting_until is not None and pace.waiting_until > header.now:
        return [[(f"throttled, {pace.rate:.2g} req/s", "ageing")], [("throttled", "ageing")]]
    paces = [profile.pace for profile in header.profiles]
    slowed = [pace for pace in paces if pace.stretched and pace.rate < pace.full_rate]
    if slowed:
        least = max(slowed, key=lambda pace: pace.idle)
        slow = f"{_within(least)}, slowed by the service"
        texts = (f"{slow} to {least.rate:.2g} req/s{_shared(least)}", slow, slow.removeprefix("each "), "slowed")
        return [[(text, "ageing")] for text in texts]
    return [[(text, "dim")] for text in _usual_pace(header, pace)]


def _usual_pace(header: HeaderState, pace: "Pace") -> tuple[str, ...]:
    within = _within(pace)
    if len(header.profiles) > 1:
        return (within,)
    if pace.probing:
        return (f"one job every {formatting.seconds(pace.probing)}",)
    if pace.seldom:
        return (f"every {formatting.seconds(pace.seldom)}",)
    if pace.by_lists:
        return (f"{within}, sooner where a list shows a change", f"{within}, changes sooner", within)
    if pace.stretched:
        jobs = header.summary.total
        others = ", other calls included" if pace.rate * pace.idle > OTHERS_FROM * jobs > 0 else ""
        return (f"{within}: {jobs} jobs at {pace.rate:.2g} req/s{others}{_shared(pace)}", within)
    return (f"every {formatting.seconds(pace.running)}, idle {formatting.seconds(pace.idle)}", within)


def _within(pace: "Pace") -> str:
    """Rounded up, since it is a promise."""
    step = 60 if pace.within >= IN_MINUTES else 1
    return f"each within {formatting.seconds(ceil(round(pace.within, 3) / step) * step)}"


def _shared(pace: "Pace") -> str:
    return f", budget shared by {pace.shared_by}" if pace.shared_by > 1 else ""


def banner(header: HeaderState) -> Part:
    """One line for each problem of a whole profile, and the look of the banner; both empty if there are none."""
    lines = [text for text in (header.warning, header.paused) if text]
    look = "warning"
    for profile in header.profiles:
        lines += [f"{profile.name}: {profile.warning}".removeprefix(": ")] if profile.warning else []
        if trouble := profile.pace.trouble:
            name = f"{profile.name or profile.where}: " if len(header.profiles) > 1 else ""
            lines.append(name + _trouble(trouble, profile, header))
            look = "error" if trouble.kind.retry in (Retry.SIGN_IN, Retry.LASTING) else look
    return "\n".join(lines), look if lines else ""


def _trouble(trouble: Failure, profile: ProfileState, header: HeaderState) -> str:
    says_when = trouble.kind is FailureKind.NO_TOKEN or header.paused
    is_probing = profile.pace.probing is not None and not says_when
    still = " Still asking, one job at a time." if is_probing and _room(header) >= FOR_SENTENCES else ""
    if trouble.kind.retry is Retry.SIGN_IN:
        quoted = "" if trouble.code in trouble.summary else f"({trouble.code}) "
        what_to_do = f" {quoted}Press {header.sign_in_key} to sign in." if profile.is_known else ""
        return f"Not asking: {trouble.summary}{what_to_do}"
    if trouble.kind.retry is Retry.THROTTLED:
        code = f" ({trouble.code})" if trouble.code else ""
        return f"The service asks for fewer requests: {profile.pace.rate:.2g} a second now.{code}"
    if trouble.kind.retry is Retry.LASTING:
        return f"No job can be read: {trouble.summary}{still}"
    return f"No answers: {trouble.summary}{still}"


IN_TITLE = (Condition.RUNNING, *PROBLEMS)


def title_text(summary: Summary, glyphs: Glyphs) -> str:
    """What runs, what failed, and what these counts leave out; empty while nothing was read."""
    if summary.counts[Condition.UNREAD] == summary.total:
        return ""
    parts = [f"{number} {condition}" for condition, number in counts_of(summary) if condition in IN_TITLE]
    return (", " if glyphs is ASCII else " · ").join(parts)
