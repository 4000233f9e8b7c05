"""The texts of one job's row, and when its run usually ends, in words."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from math import inf
from typing import NamedTuple

from tui.core.board import Freshness, JobState
from tui.core.condition import PROBLEMS, Condition, after_run, condition_of
from tui.core.estimate import Estimate, RunProgress
from tui.core.filter import FilterSubject
from tui.core.job_runs import Course, course_of, told_start
from tui.core.reading import Moment, Status
from tui.core.run import Outcome, RunRecord, numbered
from tui.core.text import width
from tui.storage.settings import AlertSettings
from tui.terminal.capabilities import Glyphs
from tui.ui import formatting
from tui.ui.formatting import brief

NOT_ASKED = -inf
"""The interval while everything is paused. It makes every status stale, however young."""
RECENT = 600.0
"""For this many seconds after a change, `is:changed` finds it although it was seen."""
SHORT_STEP = 15.0
"""Seconds between two changes of a time on the screen that is shown in seconds."""
MINUTES_FROM = 180.0
"""Times of this many seconds and more are shown in minutes."""


def seconds_shown(at: float, clock: float) -> float:
    """Returns the seconds since `at`, by a clock that goes on each 15 seconds, and for what is older each minute.

    All times on the screen change together then, and only those that show another text are sent.
    """
    passed = clock // SHORT_STEP * SHORT_STEP - at
    return max(0.0, passed if passed < MINUTES_FROM else max(MINUTES_FROM, clock // 60 * 60 + 30 - at))


class Due(NamedTuple):
    """When a run usually ends. What the rows show sorts first, so that the header names the row with the least."""

    left: float
    """Seconds until the run usually ends, rounded as its row shows them; 0 where the row says `any moment`."""
    end: float
    """Epoch seconds."""
    name: str

    def text(self, glyphs: Glyphs) -> str:
        """`≈3m`, or `any moment`."""
        return f"{glyphs.about}{brief(self.left)}" if self.left else "any moment"


class Row(NamedTuple):
    """A job's state at one moment, ready for the columns."""

    state: JobState
    now: Moment
    interval: float
    """Seconds between two readings now. Freshness is measured against it."""
    drawn_at: float | None = None
    """The clock of the times that are shown, if it is not that of `now`: the rows of one frame have the same."""
    explained_by: str | None = None
    """The profile whose trouble in the banner is also why this job gives no answer. Empty if there is only one profile;
    None if the banner does not say why."""
    is_new: bool = False
    """Whether it changed, and the user has not seen that yet."""
    is_held: bool = False
    """Whether that was seen only just."""

    @property
    def condition(self) -> Condition:
        return condition_of(self.state, self.now.at, self.interval)

    @property
    def freshness(self) -> Freshness:
        return self.state.freshness(self.now.at, self.interval)

    @property
    def current(self) -> bool:
        """Whether the status is young enough to be shown as the present one."""
        return self.freshness is Freshness.FRESH or self.freshness is Freshness.AGEING

    @property
    def clock(self) -> float:
        """The moment for which the screen is drawn."""
        return self.now.at if self.drawn_at is None else self.drawn_at

    def seconds_since(self, at: float) -> float:
        """The seconds since then, as they are shown."""
        return seconds_shown(at, self.clock)

    @property
    def course(self) -> Course | None:
        """How far its run is, by the clock of the times that are shown; None if it is not known to run at present."""
        if self.condition is not Condition.RUNNING:
            return None
        known = course_of(self.state, self.now.wall.timestamp())
        return known and known.after(self.seconds_since(self.now.at - known.elapsed))

    @property
    def is_late(self) -> bool:
        """Whether its run takes longer than usual."""
        course = self.course
        return course is not None and course.is_late

    @property
    def due(self) -> Due | None:
        """When its run usually ends; None if that cannot be said, or if it takes longer than that."""
        course = self.course
        left = None if course is None else shown_left(course)
        if course is None or left is None or course.usual is None or course.usual.point is None:
            return None
        return Due(left, course.began + course.usual.point, self.state.name)

    @property
    def is_problem(self) -> bool:
        """Whether someone should look at it."""
        return self.condition in PROBLEMS or self.is_late

    @property
    def changed_ago(self) -> float | None:
        """Seconds since its last start or stop; None if neither is known."""
        at = changed_at(self)
        return None if at is None else self.now.at - at

    @property
    def has_changed(self) -> bool:
        """Whether it started or stopped, and that was not seen yet, or only just."""
        if self.is_new or self.is_held:
            return True
        seen = self.state.transitions
        return bool(seen) and self.now.at - seen[-1].by.at < RECENT

    @property
    def candidate(self) -> FilterSubject:
        """The row as filters see it."""
        job = self.state.named_job
        armed = self.state.armed is not None
        return FilterSubject(job, self.condition, self.is_late, self.has_changed, self.changed_ago, armed)


class Subject(NamedTuple):
    """What the details show."""

    row: Row
    endpoint: str
    """`https://host`, for the request as a `curl` line."""
    next_attempt: float | None
    """Clock time in seconds; None if no request is planned."""
    interval: float
    probing: float | None = None
    """Seconds between two requests where no job can be read, so that only one at a time is asked; else None."""
    is_all_paused: bool = False
    alerts: AlertSettings = AlertSettings()


def status_word(row: Row) -> str:
    """The status; `was running` if the last good reading is old."""
    state = row.state
    if state.paused:
        return "paused"
    if state.status is None:
        return "no answer" if state.failure else "unread"
    word = str(after_run(state) if state.status is Status.IDLE else state.status)
    return word if row.current else f"was {word}"


def look_of(condition: Condition) -> str:
    """The name of the look that a condition has. What cannot be trusted looks alike; red are failed builds alone."""
    if condition is Condition.NO_ANSWER:
        return "stale"
    return "idle" if condition in (Condition.TIMED_OUT, Condition.ABORTED, Condition.PASSED) else str(condition)


def time(row: Row, cells: int) -> str:
    """How long it has been running; else how long ago it ended or was paused. If the answer is stale, its age.

    While everything is paused, the time of the last answer: it stays the same.
    """
    state = row.state
    if state.paused:
        return formatting.ago(row.seconds_since(state.paused.at), cells)
    if state.good is None:
        return ""
    if row.interval == NOT_ASKED:
        answered = formatting.clock_time(state.good.received.by(row.now), row.now.wall)
        return answered if len(answered) <= cells else answered.removeprefix("at ")
    if not row.current:
        since = how_old(state.good.received.at, row.clock, cells - 4)
        return f"{since} old"  # "ago" would be taken for the time since its end
    if state.status is Status.RUNNING:
        return elapsed(course) if (course := row.course) else how_long(row)
    ended = changed_at(row)
    return "" if ended is None else formatting.ago(row.seconds_since(ended), cells)


def how_long(row: Row) -> str:
    """How long the job has had its status. `5m+` is at least five minutes: it had that status at the first reading,
    and the service does not tell when that began."""
    since = row.state.since
    if since is None:
        return ""
    if row.state.since_after is None and (known := course_of(row.state, row.now.wall.timestamp())):
        return elapsed(known.after(row.seconds_since(row.now.at - known.elapsed)))
    seconds = row.seconds_since(since.at)
    return formatting.duration(seconds) if row.state.since_after else formatting.at_least(seconds)


def changed_at(row: Row) -> float | None:
    """When the last start or stop was seen, on the clock of `Moment.at`; if it was not, or not closely, when the run
    began or ended, as the service says. None if neither is known."""
    if (told := _told_change(row.state)) is not None:
        return row.now.at - (row.now.wall.timestamp() - told)
    return seen.at if (seen := row.state.seen_change) else None


def changed_wall(row: Row) -> datetime | None:
    """The same by the wall clock of now."""
    if (told := _told_change(row.state)) is not None:
        return datetime.fromtimestamp(told, UTC)
    return seen.by(row.now) if (seen := row.state.seen_change) else None


def _told_change(state: JobState) -> float | None:
    """Returns when the run in progress began, or else the last one ended, as the service says (epoch seconds); None if
    it does not, or if that was seen as closely."""
    if (began := told_start(state)) is not None:
        return began
    return ended.timestamp() if (ended := state.told_end) else None


def age(row: Row, cells: int = 0) -> str:
    """The age of the last good reading; empty while it is fresh, and where no other is expected."""
    if row.state.good is None or row.freshness is Freshness.FRESH or row.state.paused or row.interval == NOT_ASKED:
        return ""
    return how_old(row.state.good.received.at, row.clock)


def how_old(at: float, clock: float, cells: int = 5) -> str:
    """Returns how old an answer is that was received at `at`, in the words of the other times of the screen."""
    return formatting.past(max(SHORT_STEP, seconds_shown(at, clock)), cells)


def build(row: Row, cells: int) -> str:
    """Why there is no answer; else the run that goes on, as far as its record is known, or the last one.

    As much of it as fits: `#88 main · lin · step Sign ipa`.
    """
    state = row.state
    if state.failure and not state.paused:
        return no_answer(state, cells) if row.explained_by is None else _see_banner(row.explained_by, cells)
    if state.status is Status.RUNNING:
        return _going(state.going, cells) if state.going else ""
    return last_run(state, cells) if state.status is Status.IDLE else ""


def trouble(row: Row) -> tuple[str, str]:
    """Why there is no answer, or in which step the last build failed, and the look of that; else two empty texts."""
    if row.condition is Condition.NO_ANSWER and row.explained_by is None:
        return no_answer(row.state), "stale"
    if row.condition is Condition.FAILED and row.state.failed_step:
        return row.state.failed_step.step, "error"
    return "", ""


def _see_banner(profile: str, cells: int) -> str:
    """Where there are several profiles: which of them the banner speaks of."""
    return _first_fitting(((f"{profile}: see above",), (profile,)), cells) if profile else ""


def _going(run: RunRecord, cells: int) -> str:
    first = numbered(run.number, run.branch)
    return _first_fitting(((first, who_of(run)), (first,)), cells)


FOR_SENTENCES = 45
"""From this many cells on, why there is no answer is a sentence, which may be cut."""


def no_answer(state: JobState, cells: int = 0) -> str:
    """Why the last reading brought no status: a sentence, or a few words.

    The cells alone decide which, so that all rows of a column say it in one form.
    """
    if not (failure := state.failure):
        return ""
    return failure.summary if cells >= FOR_SENTENCES else str(failure.kind)


def last_run(state: JobState, cells: int) -> str:
    """The last run in a few words. Without room for all it loses who began it, then of a failed one the branch.

    An outcome that only a list of jobs has named ends with `unconfirmed`.
    """
    run = state.last_run
    if run is None:
        return ""
    number = numbered(run.number)
    unknown = run.word if run.outcome is Outcome.UNKNOWN else ""
    if not run.is_confirmed:
        return _first_fitting(((unknown, number, "unconfirmed"), (unknown, "unconfirmed")), cells)
    first = numbered(run.number, run.branch)
    if not state.failed_step:
        return _first_fitting(((unknown, first, who_of(run)), (unknown, first), (unknown, number)), cells)
    step = state.failed_step.step
    texts = ((first, who_of(run), f"step {step}"), (first, f"step {step}"), (number, f"step {step}"), (step,))
    return _first_fitting(texts, cells)


def _first_fitting(texts: Iterable[tuple[str, ...]], cells: int) -> str:
    """The first of the texts that fits, else the last one."""
    text = ""
    for parts in texts:
        text = " · ".join(filter(None, parts))
        if width(text) <= cells:
            break
    return text


def who_of(run: RunRecord) -> str:
    """Who began the run: `timer`, or a person."""
    return "timer" if run.trigger.lower() == "timer" else run.by or run.trigger


BAR = 6
"""Cells of a progress bar."""
ELAPSED = 5
"""Cells of the elapsed time before a bar, so that all bars begin in one column."""
WITH_BAR = ELAPSED + 1 + BAR + 1 + len("≈1h10m left")
"""Cells from which on times have bars: with fewer, only those with little time left would."""


def running_time(course: Course, cells: int, glyphs: Glyphs) -> str:
    """As much as fits of `4m    ━━━━── ≈3m left`; the elapsed time alone if nothing else is known."""
    alone = elapsed(course)
    texts = list(_texts(course, alone, glyphs, has_bar=cells >= WITH_BAR))
    return next((text for text in texts if width(text) <= cells), alone)


def elapsed(course: Course) -> str:
    """How long the run has taken; `5m+` where its start was not seen, and the service does not tell it."""
    return formatting.duration(course.elapsed) if course.start_seen else formatting.at_least(course.elapsed)


def _texts(course: Course, elapsed: str, glyphs: Glyphs, has_bar: bool) -> Iterator[str]:
    """The texts from the longest to the shortest."""
    said = ahead(course, glyphs)
    if has_bar and said and course.outlook.share is not None and not course.is_late:
        yield f"{elapsed:<{ELAPSED}} {bar(course.outlook.share, glyphs)} {said}"
    if said:
        yield f"{elapsed:<{ELAPSED}} {said}".strip()
        yield f"{elapsed} {said}".strip()
    if course.is_late:
        yield f"{elapsed} > usual"
        yield "> usual"
    yield elapsed


def bar(share: float, glyphs: Glyphs) -> str:
    """A bar that is never full."""
    done = min(BAR - 1, int(share * BAR))
    return glyphs.bar[0] * done + glyphs.bar[1] * (BAR - done)


def ahead(course: Course, glyphs: Glyphs) -> str:
    """What is still to come, as `left_in_words`; else `usually ≈9m`; empty if nothing can be said."""
    if said := left_in_words(course, glyphs):
        return said
    if course.usual is None or course.outlook.progress is RunProgress.UNKNOWN:
        return ""
    return f"usually {usual_length(course.usual, glyphs)}"


def left_in_words(course: Course, glyphs: Glyphs) -> str:
    """How long it still takes: `≈3m left`, `any moment`, `longer than usual`; empty if that cannot be said."""
    if course.is_late:
        return "longer than usual"
    left = shown_left(course)
    if left is None:
        return ""
    return f"{glyphs.about}{brief(left)} left" if left else "any moment"


def shown_left(course: Course) -> float | None:
    """The seconds until it usually ends as the screen says them, 0 for any moment; None if that cannot be said.

    In steps of 15 seconds, or of minutes where the elapsed time is shown in minutes: both texts change together.
    """
    outlook = course.outlook
    is_near = outlook.progress in (RunProgress.ON_ITS_WAY, RunProgress.ANY_MOMENT)
    if not is_near or course.usual is None or course.usual.point is None:
        return None
    if outlook.left is None:
        return 0.0
    step = SHORT_STEP if course.elapsed < MINUTES_FROM else 60.0
    return max(step, round(outlook.left / step) * step)


def usual_length(usual: Estimate, glyphs: Glyphs) -> str:
    """The usual duration: `≈9m`, or the range if there are two kinds of runs: `2m-14m`."""
    if usual.point is None:
        return f"{brief(usual.least)}-{brief(usual.most)}"
    return f"{glyphs.about}{brief(usual.point)}"


def usual_in_words(usual: Estimate, glyphs: Glyphs) -> str:
    """The usual duration and its ground: `≈9m, four of five runs 7m-12m (20 runs)`."""
    length = usual_length(usual, glyphs)
    if usual.point is None:
        length = f"four of five runs {length}, of two kinds"
    elif usual.has_range:
        length += f", four of five runs {brief(usual.least)}-{brief(usual.most)}"
    ground = [f"{usual.runs} runs"]
    ground += ["incl. failed"] if usual.includes_failed else []
    if usual.told:
        number = f"{usual.told} " if usual.told < usual.runs else ""
        ground.append(f"{number}from the service")
    return f"{length} ({', '.join(ground)})"
