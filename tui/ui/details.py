"""Everything about one job: the pane beside the table, the error dialog, the report for a ticket."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from shlex import quote

from rich.console import Group, OverflowMethod
from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.containers import VerticalScroll
from textual.widget import Widget

from tui.codearts.error_codes import SAYS_WHAT_TO_DO, advise
from tui.codearts.status_api import status_path
from tui.core.alert_policy import AlertOn
from tui.core.condition import PROBLEMS, Condition
from tui.core.job import Job, JobId
from tui.core.job_runs import RUNS_SHOWN, in_order, job_runs, told_start, undated_runs, usual_duration
from tui.core.reading import Failure, Reading, Status
from tui.core.run import RunRecord, numbered
from tui.terminal.capabilities import Glyphs
from tui.ui import formatting
from tui.ui.formatting import brief, exact
from tui.ui.groups import Groups
from tui.ui.row import (
    Row,
    Subject,
    build,
    changed_wall,
    left_in_words,
    look_of,
    status_word,
    time,
    usual_in_words,
    who_of,
)
from tui.ui.run_lines import condition_of_run, record_of, records_of, short_run_line
from tui.ui.status_line import style_of

Field = tuple[str, str, str]
"""Name, value, and the name of the value's look."""


WHOLE = "\0"
"""In place of a name: the value takes the whole width."""
BLANK: Field = (WHOLE, "", "")
ALL = 200
"""Cells of a text that has as many as it needs."""
SOON = 15.0
"""A reading that is this many seconds away or less needs no time of its own."""
LINE = "\1"
"""In place of a name: the value takes the whole width, and what has no room is cut."""


def fields(subject: Subject, glyphs: Glyphs) -> Iterator[Field]:
    """All fields of the details: what it does now and why, its last runs, its last reading, and what it is."""
    row, state = subject.row, subject.row.state
    does = f"{glyphs.condition[row.condition]} {status_word(row)}  {time(row, 40)}".rstrip()
    yield WHOLE, state.name, "strong"
    yield WHOLE, does, look_of(row.condition)
    is_running = row.condition is Condition.RUNNING
    if is_running:
        yield from _course(row, glyphs)
    yield BLANK
    if state.failure:
        yield from _error(state.failure)
        yield "no answer", _no_answer(row), ""
    if state.status is Status.RUNNING and state.going:
        yield from _this_run(state.going, row)
    yield from run_fields(row)
    if not is_running and (usual := _usual(row, glyphs)):
        yield "usually", usual, ""
    yield from _last_runs(row, glyphs)
    yield from _since(row)
    if state.last:
        yield from _reading(state.last, row)
    yield "next", _next(subject), ""
    yield from _identity(subject)
    yield BLANK
    yield WHOLE, curl(subject), "dim"


def _course(row: Row, glyphs: Glyphs) -> Iterator[Field]:
    """When its run usually ends, and what that is known from."""
    usual = _usual(row, glyphs)
    if (course := row.course) and (left := left_in_words(course, glyphs)):
        yield WHOLE, left, "ageing" if course.is_late else ""
    if usual:
        yield WHOLE, f"usually {usual}", "dim"


def _usual(row: Row, glyphs: Glyphs) -> str:
    usual = usual_duration(row.state, row.now.wall.timestamp())
    return usual_in_words(usual, glyphs) if usual else ""


def _last_runs(row: Row, glyphs: Glyphs) -> Iterator[Field]:
    """The last runs, the newest first, between two blank lines."""
    runs = in_order(job_runs(row.state), undated_runs(row.state))[: -RUNS_SHOWN - 1 : -1]
    if not runs:
        return
    records = records_of(row.state)
    yield BLANK
    for run in runs:
        yield LINE, short_run_line(run, row.now.wall, glyphs, record_of(run, records)), look_of(condition_of_run(run))
    yield BLANK


def _identity(subject: Subject) -> Iterator[Field]:
    """What the job is, and what the user made of it."""
    state, alerts = subject.row.state, subject.alerts
    job = state.job
    own = f"when it ends, {state.armed}" if state.armed else ""
    of_all = f"as of all jobs: {', '.join(kind for kind in AlertOn if kind in alerts.on)}" if alerts.bell else ""
    yield "job", job.id, ""
    for name, text in (
        ("name", state.service_name.name if job.label else ""),
        ("project", state.service_name.project or state.service_name.project_id),
        ("tags", " ".join(job.tags)),
        ("profile", job.profile),
        ("alert", "; ".join(filter(None, (own, of_all)))),
        ("page", job.address),
    ):
        if text:
            yield name, text, ""


GROUP_JOBS = 8
"""So many jobs of one kind are named of a group."""


def group_fields(groups: Groups, key: str, row_of: Callable[[JobId], Row], glyphs: Glyphs) -> Iterator[Field]:
    """The fields of a group: its counts, what of it failed and why, what cannot be read, and what ends next."""
    head = groups.head(key)
    yield WHOLE, head.name, "strong"
    noun = "job" if head.jobs == 1 else "jobs"
    yield WHOLE, f"{head.jobs} {noun}: {', '.join(f'{number} {one}' for one, number in head.counts)}", "dim"
    for condition in PROBLEMS:
        rows = [row_of(job) for job in groups.jobs_that_are(condition, key)]
        yield from _named(str(condition), [(row.state.name, build(row, ALL)) for row in rows], look_of(condition))
    running = [row_of(job) for job in groups.jobs_that_are(Condition.RUNNING, key)]
    late = [(row.state.name, brief(row.course.elapsed)) for row in running if row.course and row.is_late]
    yield from _named("late", late, "ageing")
    ends = [(due.name, due.text(glyphs)) for due in sorted(filter(None, (row.due for row in running)))]
    yield from _named("ends next", ends, "running")


def _named(kind: str, jobs: Sequence[tuple[str, str]], look: str) -> Iterator[Field]:
    """The first of these jobs with what is said of each, after a blank line."""
    for number, (name, said) in enumerate(jobs[:GROUP_JOBS]):
        if not number:
            yield BLANK
        yield "" if number else kind, f"{name}  {said}".rstrip(), look
    if len(jobs) > GROUP_JOBS:
        yield "", f"and {len(jobs) - GROUP_JOBS} more", "dim"


def error_fields(subject: Subject) -> Iterator[Field]:
    """The fields of the error dialog: the error, what it means, what to do, when, how often, the request ID.

    For a job that can be read: what became of its last run.
    """
    state = subject.row.state
    yield "job", f"{state.name}  {state.job.id}" if state.named_job.label else state.job.id, "strong"
    if state.failure and state.last:
        yield "what", state.failure.summary, "stale"
        yield from _unsaid(_error(state.failure), state.failure.summary)
        yield from _reading(state.last, subject.row)
        yield "no answer", _no_answer(subject.row), ""
    else:
        yield from run_fields(subject.row)
    yield "next", _next(subject), ""


def _unsaid(lines: Iterable[Field], said: str) -> Iterator[Field]:
    """The fields without the kind of the error, and without those whose whole text is in what was said already."""
    return (line for line in lines if line[0] != "error" and line[1].casefold() not in said.casefold())


def _this_run(run: RunRecord, row: Row) -> Iterator[Field]:
    """The run that goes on, as far as the service tells of it."""
    if about := _about(run):
        yield "this run", about, ""
    yield from _started(run, row)


def _about(run: RunRecord) -> str:
    return " · ".join(filter(None, (numbered(run.number), run.branch, who_of(run))))


def _started(run: RunRecord, row: Row) -> Iterator[Field]:
    if run.started_at:
        yield "started", formatting.time_of_day(run.started_at, row.now.wall), ""


def run_fields(row: Row) -> Iterator[Field]:
    """The last run that ended; where and why it failed before when, since a low pane shows the first lines alone."""
    run, step = row.state.last_run, row.state.failed_step
    if run is None:
        return
    about = _about(run)
    source = "" if run.is_confirmed else " (unconfirmed: only the service's list of jobs says so)"
    yield "last run", f"{run.word}{source}{f'  {about}' if about else ''}", ""
    if step:
        yield "step", step.step, "error"
        yield from (
            (name, text, "")
            for name, text in (("says", step.message), ("help", step.help), ("code", step.code))
            if text
        )
    yield from _started(run, row)
    if run.duration is not None:
        yield "took", exact(run.duration), ""


def report(subject: Subject) -> str:
    """The job in one line, for a ticket."""
    row, state = subject.row, subject.row.state
    parts: list[str] = [state.job.id]
    if label := state.named_job.label:
        parts.append(label)
    parts.append(status_word(row))
    parts += [f"since {since}"] if (since := _changed_at(row)) else []
    if state.failure and state.last:
        parts.append(state.failure.summary)
        parts += [text for text in (state.failure.code, state.failure.message) if text]
        if state.last.http_status:
            parts.append(f"HTTP {state.last.http_status}")
        if state.last.request_id:
            parts.append(f"request {state.last.request_id}")
        parts.append(f"at {state.last.received.by(row.now).isoformat(timespec='seconds')}")
    elif run := build(row, ALL):
        parts.append(run)
    return " | ".join(parts)


def _changed_at(row: Row) -> str:
    """When its last run began or ended, as its time in the row says it; empty if nothing is known of that."""
    state = row.state
    is_its = state.status is not Status.RUNNING or state.seen_change or told_start(state)  # else the one before ended
    if is_its and (changed := changed_wall(row)):
        return changed.isoformat(timespec="seconds")
    first = None if state.has_missed_run else state.since
    return f"{first.by(row.now).isoformat(timespec='seconds')} or earlier" if first else ""


def curl(subject: Subject) -> str:
    """The request for the job's status as a shell command. Every user of the host can read a program's arguments: so
    curl reads the token from standard input, and `printf`, which writes it, is built into the shell."""
    address = f"{subject.endpoint}{status_path(subject.row.state.job.id)}"
    return f"printf 'X-Auth-Token: %s\\n' \"$CODEARTS_TOKEN\" | curl -sS -H @- {quote(address)}"


def page_of(job: Job, region: str, template: str) -> str:
    """The address of the job's page: its own, else made from the template; empty if there is neither."""
    return job.address or template.replace("{job_id}", job.id).replace("{region}", region)


def _since(row: Row) -> Iterator[Field]:
    state, today = row.state, row.now.wall
    if state.since is None:
        return
    first, since = formatting.time_of_day(state.since.by(row.now), today), f"{state.status} since"
    if state.since_after is None:
        yield "status", f"{since} {first} or earlier: it was so at the first reading", ""
    else:
        after = formatting.time_of_day(state.since_after.by(row.now), today)
        yield "status", f"{since} between {after} and {first}", ""


def _reading(reading: Reading, row: Row) -> Iterator[Field]:
    """What the last reading said. Of one with a status only the minute, which seldom changes."""
    today, received = row.now.wall, reading.received.by(row.now)
    http = f", HTTP {reading.http_status}" if reading.http_status else ""
    if not reading.failure:
        yield "last read", f"{formatting.clock_time(received, today)}{http}", ""
        return
    took = f"took {reading.latency * 1000:.0f} ms"
    yield "last read", f"{formatting.time_of_day(received, today)}{http}, {took}", ""
    if row.state.good:
        yield "last good", formatting.time_of_day(row.state.good.received.by(row.now), today), "stale"
    if reading.request_id:
        yield "request ID", reading.request_id, ""


def _error(failure: Failure) -> Iterator[Field]:
    advice = advise(failure)
    yield "error", str(failure.kind), "stale"
    if failure.code:
        yield "code", failure.code, ""
    if failure.message:
        yield "message", failure.message, ""
    if failure.kind in SAYS_WHAT_TO_DO:
        yield "do", failure.summary, "strong"
        return
    yield "means", advice.meaning, ""
    yield "do", advice.action, "strong"


def _no_answer(row: Row) -> str:
    state = row.state
    if state.failures == 1 or not state.no_answer_since:
        return "to the last question only" if state.good else "to the first question"
    since = formatting.time_of_day(state.no_answer_since.by(row.now), row.now.wall)
    return f"{state.failures} times in a row since {since}"


def _next(subject: Subject) -> str:
    """When it is asked again; its own pace where that is soon, so that the text stays the same."""
    at, row = subject.next_attempt, subject.row
    if row.state.paused:
        return "not asked: paused"
    if subject.is_all_paused:
        return "not asked: everything is paused"
    if at is None:
        return "not asked for now"
    every, wait = formatting.seconds(subject.interval), at - row.now.at
    if subject.probing:
        one = f"no job can be read: one of them is asked every {formatting.seconds(subject.probing)}"
        return f"{one}; each every {every} when all is well"
    if wait <= max(SOON, 3 * subject.interval) and wait < 60:
        return f"asked every {every}"
    return f"asked again in about {formatting.wait(wait)}; every {every} when all is well"


def grid(lines: list[Field], style: Callable[[str], Style | str]) -> Group:
    """The fields in two columns, but for those that take the whole width. `style` returns what a look is."""
    parts: list[Table | Text] = []
    for name, value, look in lines:
        if name in (WHOLE, LINE):
            is_cut = name == LINE
            overflow: OverflowMethod = "ellipsis" if is_cut else "fold"
            parts.append(Text(value or " ", style(look), overflow=overflow, no_wrap=is_cut))
            continue
        if not (parts and isinstance(table := parts[-1], Table)):
            table = Table.grid(padding=(0, 1), expand=True)
            table.add_column(no_wrap=True, style=style("dim"), width=10)
            table.add_column(ratio=1, overflow="fold")
            parts.append(table)
        table.add_row(Text(name), Text(value, style(look)))
    return Group(*parts)


class Fields(Widget):
    """Draws fields as a grid, again only if a text or the theme changed."""

    DEFAULT_CSS = "Fields { height: auto; }"

    def __init__(self, lines: list[Field] | None = None) -> None:
        super().__init__()
        self._lines = lines or []

    def show(self, lines: list[Field]) -> None:
        if lines != self._lines:
            self._lines = lines
            self.refresh(layout=True)

    def render(self) -> Group:
        return grid(self._lines, lambda look: style_of(self, look) if look else "")


class DetailsPane(VerticalScroll):
    """The pane beside or below the table; on a narrow screen it replaces the table, if it is not to be below."""

    SCOPED_CSS = False
    DEFAULT_CSS = """
    DetailsPane {
        display: none;
        height: 1fr;
        padding: 0 1;
        background: $surface;
        border-left: vkey $panel;
        &:focus { border-left: outer $primary; }
        scrollbar-size-vertical: 1;
    }

    BoardScreen.-details DetailsPane { display: block; }
    BoardScreen.-narrow DetailsPane { border-left: none; }
    BoardScreen.-below #body { layout: vertical; }
    BoardScreen.-below DetailsPane { width: 1fr; border-left: none; border-top: tall $panel; }
    BoardScreen.-below DetailsPane:focus { border-left: none; border-top: heavy $primary; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._fields = Fields()

    def compose(self) -> Iterator[Fields]:
        yield self._fields

    def show(self, lines: Iterable[Field]) -> None:
        self._fields.show(list(lines) or [(WHOLE, "No job under the cursor.", "dim")])

    def set_size(self, width: int | None, height: int | None) -> None:
        """The size of the pane in cells; None for all the room there is."""
        self.styles.width = "1fr" if width is None else width
        self.styles.height = "1fr" if height is None else height
