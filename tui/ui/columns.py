"""The columns of the table, how wide they are, and the strip of last runs. A new one goes into `columns` and `ROOM`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf, log2
from typing import TYPE_CHECKING, NamedTuple

from tui.core.board import Freshness, JobState
from tui.core.condition import NOT_RUNNING, Condition
from tui.core.estimate import percentile
from tui.core.job_runs import RUNS_SHOWN, Course, job_runs
from tui.core.observed_run import Gap, ObservedRun
from tui.core.run import Outcome
from tui.core.text import natural_key
from tui.storage.settings import COLUMNS
from tui.terminal.capabilities import Glyphs, StripGlyphs
from tui.ui import row as texts
from tui.ui.row import WITH_BAR, Row, running_time

if TYPE_CHECKING:
    from tui.core.job import JobId

SortKey = tuple[float | str, ...]
"""Empty for rows without a value: they come last in both directions."""


Look = str | tuple[str, ...]
"""The name of a look, a component class of the table; or one for each character."""


TIMES = (9, 17, WITH_BAR)
"""Widths of the times: of `1m15s ago`; with a time left, `1m45s ≈1h10m left`; and with its bar."""


class Column(NamedTuple):
    """A column of the table."""

    key: str
    """Its name in the settings."""
    title: str
    about: str
    """What it shows, for the dialog."""
    cell: Callable[[Row, int], str]
    """The text for this many cells; a longer one is cut."""
    sort: Callable[[Row], SortKey]
    style: Callable[[Row], Look] = lambda row: ""
    """The cell's look."""
    least: int = 1
    """With fewer cells it is left out, unless its texts need no more."""
    steady: tuple[int, ...] = ()
    """Widths that it takes, the least with room for its texts: so it seldom changes its width when they change."""
    name: Callable[[JobState], tuple[str, str]] | None = None
    """Where its texts are names, which are cut so that they can be told apart: what stands before a name, and the name;
    together the text of `cell`, without a row."""
    after_name: Callable[[Row], tuple[str, str]] | None = None
    """Returns the text that stands after the job's name if the column has no room, and its look."""


GRAVITY = {condition: float(place) for place, condition in enumerate(Condition, 1)}
"""The place of each state in the order of them, the worst first."""
AS_GRAVE_AS = {
    Condition.STALE: Condition.NO_ANSWER,
    Condition.ABORTED: Condition.TIMED_OUT,
    Condition.IDLE: Condition.PASSED,
    Condition.PAUSED: Condition.UNREAD,
}
"""States that are mixed with the one before them where the newest comes first."""


def columns(glyphs: Glyphs) -> tuple[Column, ...]:
    """All columns from left to right; the marks before the state are `glyphs`."""

    def state(row: Row, cells: int) -> str:
        return f"{glyphs.condition[row.condition]} {texts.status_word(row)}"

    def name(state: JobState) -> tuple[str, str]:
        return f"{glyphs.armed[armed]} " if (armed := state.armed) else "", state.name

    def time(row: Row, cells: int) -> str:
        return running_time(row.course, cells, glyphs) if row.course else texts.time(row, cells)

    def last_runs(row: Row, cells: int) -> str:
        return "".join(mark.text for mark in marks(row)[-cells:])

    strips: dict[JobId, tuple[tuple[ObservedRun, ...], tuple[Gap, ...], tuple[Mark, ...]]] = {}
    """The last strip of each job: the table asks for the same one several times in a frame."""

    def marks(row: Row) -> tuple[Mark, ...]:
        runs, gaps = job_runs(row.state), row.state.gaps
        known = strips.get(row.state.job.id)
        if known is None or known[0] is not runs or known[1] is not gaps:
            known = strips[row.state.job.id] = runs, gaps, strip(runs, gaps, glyphs.strip)
        return known[2]

    def marks_look(row: Row) -> Look:
        return tuple(mark.look for mark in marks(row))

    def by_state(row: Row) -> SortKey:
        return (GRAVITY[row.condition],)

    return (
        Column("state", "State", "what the job does, or what became of it", state, by_state, _state_style,
               steady=(13,)),
        Column("time", "Time", "how long it runs and until when, else since when", time, _since,
               _time_style, least=7, steady=TIMES),
        Column("age", "Age", "age of its last answer, once it is not fresh", texts.age, _read_at, _age_style),
        Column("job", "Job", "label, or the service's name", lambda row, cells: "".join(name(row.state)), _by_name,
               _name_style, name=name),
        Column("runs", "Last runs", "the last ten: how long they were, and which failed", last_runs, _by_failed,
               marks_look, least=RUNS_SHOWN, steady=(RUNS_SHOWN,)),
        Column("build", "Build", "number, branch, who, failing step; or why no answer", texts.build, _by_build,
               _build_style, least=8, after_name=texts.trouble),
        Column("tags", "Tags", "your tags", _tags, lambda row: _naturally(_tags(row)), _dim, least=8),
        Column("project", "Project", "the service's project", _project, lambda row: _naturally(_project(row)), _dim, 6),
        Column("profile", "Profile", "the profile that it is asked with", _profile,
               lambda row: _naturally(_profile(row)), _dim),
        Column("id", "ID", "the job ID", _id, lambda row: (row.state.job.id,), _dim, 8),
    )  # fmt: skip


ALL = 10_000
ROOM: tuple[tuple[str, int], ...] = (
    ("state", ALL),
    ("job", 16),
    ("time", 17),
    ("job", 30),
    ("build", 13),
    ("job", 40),
    ("runs", ALL),
    ("build", 20),
    ("time", ALL),
    ("job", ALL),
    ("age", ALL),
    ("project", 16),
    ("profile", 16),
    ("tags", 12),
    ("id", ALL),
    ("build", ALL),
    ("tags", ALL),
    ("project", ALL),
    ("profile", ALL),
)
"""Who gets the cells of a line, in turn: each column up to this many, while its texts need more and some are left."""
NARROW = 60
"""Below this many cells no column is wider than its texts need."""
WIDEST = 120
"""Cells of one column at most."""


SORTS = ("auto", "list", "attention", "change", *COLUMNS)
"""What the table can be sorted by. `list` is the watchlist's own order; `auto` is that as long as the screen has a row
for each job, else `attention`."""


class Sort(NamedTuple):
    """One order of the rows. Rows with an empty key come last."""

    title: str
    key: Callable[[Row], SortKey]


def sorts(every: Iterable[Column]) -> dict[str, Sort]:
    """What the table can be sorted by, besides the watchlist's own order and the automatic one."""
    return {
        "attention": Sort("attention: changed, failed, no answer, running", attention),
        "change": Sort("last change: the newest first", last_change),
    } | {column.key: Sort(column.title, column.sort) for column in every}


def attention(row: Row) -> SortKey:
    """What has changed: failures, running ones by what is left, the others by their end; then what failed before, what
    is in doubt, what was aborted or timed out, running ones, and the others, again in these orders. The newest end is
    first."""
    condition, has_changed = row.condition, row.is_new or row.is_held
    grave = GRAVITY[AS_GRAVE_AS.get(condition, condition)]
    if condition is Condition.RUNNING:
        course = row.course
        if has_changed:
            return (0.3, _expected_end(course), *_newest(row))
        if course is not None and course.is_late:
            return (grave - 0.5, 0.0)
        return (grave, _expected_end(course), row.state.since.at if row.state.since else 0.0)
    if has_changed:
        return (0.0 if condition is Condition.FAILED else 0.5, *_newest(row))
    if condition in (Condition.UNREAD, Condition.PAUSED):
        return (grave, 0.0)
    return (grave, *_newest(row))


def _expected_end(course: Course | None) -> float:
    """When its run usually ends: the same as long as the run goes on. Infinite, so last, where that is not known."""
    if course is None or not course.start_seen or course.usual is None:
        return inf
    return course.began + (course.usual.point or course.usual.most)


def last_change(row: Row) -> SortKey:
    """The rows whose start or end is known, the newest first."""
    return (-changed.timestamp(),) if (changed := texts.changed_wall(row)) else ()


def _newest(row: Row) -> SortKey:
    return last_change(row) or (0.0,)


def _by_name(row: Row) -> SortKey:
    return natural_key(row.state.name)


def _tags(row: Row, cells: int = 0) -> str:
    return " ".join(row.state.job.tags)


def _project(row: Row, cells: int = 0) -> str:
    return row.state.service_name.project


def _profile(row: Row, cells: int = 0) -> str:
    return row.state.job.profile


def _id(row: Row, cells: int) -> str:
    return row.state.job.id


def _by_build(row: Row) -> SortKey:
    return _naturally(texts.build(row, WIDEST))


def _by_failed(row: Row) -> SortKey:
    """By how many of the last runs failed, the most first."""
    runs = job_runs(row.state)[-RUNS_SHOWN:]
    return (-sum(run.outcome is Outcome.FAILED for run in runs),) if runs else ()


def _naturally(text: str) -> SortKey:
    return natural_key(text) if text else ()


def _since(row: Row) -> SortKey:
    """By the moment of the change, where a time is shown. New readings do not change it, so rows stay in place."""
    if not (row.state.since and texts.time(row, WIDEST)):
        return ()
    if course := row.course:
        return (-course.began,)
    return last_change(row) or (-row.state.since.by(row.now).timestamp(),)


def _read_at(row: Row) -> SortKey:
    """By the age, where it is shown. Other jobs count as equal; otherwise each reading would move them."""
    return (row.state.good.received.at,) if row.state.good and texts.age(row) else ()


def _state_style(row: Row) -> str:
    is_ageing = row.freshness is Freshness.AGEING and row.condition in (Condition.RUNNING, *NOT_RUNNING)
    return "ageing" if is_ageing and row.condition is not Condition.FAILED else texts.look_of(row.condition)


def _time_style(row: Row) -> str:
    if row.condition is not Condition.RUNNING:
        return "dim"
    return "ageing" if row.is_late else ""


def _age_style(row: Row) -> str:
    return "stale" if row.freshness is Freshness.STALE else "ageing"


def _name_style(row: Row) -> str:
    return "" if row.current else "dim"


def _build_style(row: Row) -> str:
    if row.condition is Condition.FAILED:
        return "error"
    return "stale" if row.condition is Condition.NO_ANSWER else "dim"


def _dim(row: Row) -> str:
    return "dim"


class Placed(NamedTuple):
    """A column on the screen: from cell `left`, `width` cells wide."""

    column: Column
    left: int
    width: int
    gap: int
    """Blank cells after it."""


GUTTER = 2
"""Cells before the first column: the cursor's mark and the selection's."""
TWO_BLANKS = 100
"""From this many cells on, two blanks stand between columns, else one."""


def place(every: Sequence[Column], needed: Mapping[str, int], available: int, wide: bool = False) -> tuple[Placed, ...]:
    """The columns that fit into `available` cells, in their order. `needed`: cells that the texts of each need; a
    column without texts is left out. `wide` shows all of them whole: the table then scrolls sideways.
    """
    wanted = {column.key: _wanted(column, needed.get(column.key, 0), available) for column in every}
    gap = 2 if available >= TWO_BLANKS else 1
    given = wanted if wide else _given(every, wanted, available, gap)
    placed = []
    left = GUTTER
    for column in every:
        if width := given[column.key]:
            placed.append(Placed(column, left, width, gap))
            left += width + gap
    return tuple(placed)


def _wanted(column: Column, needed: int, available: int) -> int:
    if not needed:
        return 0
    steady = next((width for width in column.steady if width >= needed and available >= NARROW), 0)
    return min(WIDEST, max(needed, len(column.title) + 1, steady))


def _given(every: Sequence[Column], wanted: Mapping[str, int], available: int, gap: int) -> dict[str, int]:
    """How many cells each column gets. What would be too narrow gets none, and leaves its cells to the next ones."""
    least = {column.key: min(column.least, wanted[column.key]) for column in every}
    given = dict.fromkeys(wanted, 0)
    left = available - GUTTER + gap
    for key, cells in ROOM:
        if not wanted.get(key):
            continue
        before = 0 if given[key] else gap
        more = min(wanted[key], cells, given[key] + left - before) - given[key]
        if more > 0 and given[key] + more >= least[key]:
            given[key] += more
            left -= more + before
    return given


NOT_WATCHED = " "


class Mark(NamedTuple):
    """One character of a strip, and the name of its look."""

    text: str
    look: str = ""


def strip(runs: Sequence[ObservedRun], gaps: Sequence[Gap], glyphs: StripGlyphs) -> tuple[Mark, ...]:
    """The last runs and the gaps in which some may be missing, oldest first; ten characters at most."""
    shown = list(runs[-RUNS_SHOWN:])
    lengths = [middle_duration(run) for run in shown]
    usual = percentile(known, 0.5) if (known := sorted(filter(None, lengths))) else 0.0
    marks: list[Mark] = []
    for run, length, later in zip(shown, lengths, [*shown[1:], None], strict=False):
        marks.append(_mark(run, length, usual, glyphs))
        if gaps and _may_be_missing(run, later, gaps):
            marks.append(Mark(NOT_WATCHED))
    marks = marks[-RUNS_SHOWN:]
    return tuple(marks[1:] if marks and marks[0].text == NOT_WATCHED else marks)


def middle_duration(run: ObservedRun) -> float | None:
    """The middle between the shortest and the longest possible duration; None if the longest is not known."""
    least, most = run.duration or (0.0, None)
    return None if most is None else (least + most) / 2


def _may_be_missing(run: ObservedRun, later: ObservedRun | None, gaps: Iterable[Gap]) -> bool:
    """Whether the job was not watched for a time between the two, and their numbers leave room for another run."""
    if later and run.number is not None and later.number == run.number + 1:
        return False
    if run.end is None:
        return False
    after, until = run.end.after or run.end.by, later.start.by if later else inf
    return any(gap.end > after and gap.start < until for gap in gaps)


def _mark(run: ObservedRun, length: float | None, usual: float, glyphs: StripGlyphs) -> Mark:
    match run.outcome:
        case Outcome.FAILED:
            return Mark(glyphs.failed, "error")
        case Outcome.ABORTED | Outcome.TIMED_OUT:
            return Mark(glyphs.aborted, "idle")
    if not length or run.maybe_two:
        return Mark(glyphs.no_duration, "dim")
    heights = glyphs.passed if run.outcome is Outcome.PASSED else glyphs.ended
    return Mark(heights[_level(length / usual, len(heights))], "idle" if run.outcome is Outcome.PASSED else "dim")


def _level(ratio: float, levels: int) -> int:
    """The index of the height. The usual duration is at a quarter; twice as long is about a fifth of all higher."""
    share = 0.25 + log2(ratio) / 5
    return max(0, min(levels - 1, round(share * (levels - 1))))
