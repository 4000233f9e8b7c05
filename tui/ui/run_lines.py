"""A run in one line: number, outcome, start, duration, branch and who."""

from collections.abc import Mapping
from datetime import UTC, datetime

from tui.core.board import JobState
from tui.core.condition import Condition
from tui.core.job_runs import SERVICE
from tui.core.observed_run import RecordedRun
from tui.core.run import Outcome, RunRecord
from tui.terminal.capabilities import Glyphs
from tui.ui.formatting import fit
from tui.ui.time_left import brief

CLOSE = 60.0
"""An interval of so many seconds and less is shown as one minute."""
EXACT = 0.05
"""A duration that may be off by this share, or by a second, is shown with a sign for about and no bounds."""


def run_line(run: RecordedRun, today: datetime, glyphs: Glyphs, record: RunRecord | None = None) -> str:
    """The run in columns. `record` is the service's record of it, if known; `today` any aware time of today."""
    number = f"#{run.number}" if run.number else ""
    parts = [
        fit(number, 6, glyphs.ellipsis),
        fit(f"{glyphs.condition[condition_of_run(run)]} {outcome_word(run)}", 11, glyphs.ellipsis),
        fit(started(run, today), 17, glyphs.ellipsis),
        fit(lasted(run, glyphs), 11, glyphs.ellipsis),
        *filter(None, (record and record.branch, record and (record.by or record.trigger))),
        *(["perhaps two builds"] if run.maybe_two else []),
        *([_source(run)] if run.source else []),
    ]
    return " ".join(parts).rstrip()


def short_run_line(run: RecordedRun, today: datetime, glyphs: Glyphs, record: RunRecord | None = None) -> str:
    """The run in fewer cells: mark, number, start, duration, branch and who."""
    number = f"#{run.number}" if run.number else ""
    parts = [
        glyphs.condition[condition_of_run(run)],
        fit(number, 6, glyphs.ellipsis),
        fit(started(run, today), 12, glyphs.ellipsis),
        fit(lasted(run, glyphs), 10, glyphs.ellipsis),
        " · ".join(filter(None, (record and record.branch, record and (record.by or record.trigger)))),
    ]
    return " ".join(parts).rstrip()


def _source(run: RecordedRun) -> str:
    return "(service)" if run.source == SERVICE else f"seen by {run.source}"


def records_of(state: JobState) -> dict[int, RunRecord]:
    """The service's records of the job's runs, by their numbers."""
    return {record.number: record for record in (*state.records, *filter(None, (state.last_run,)))}


def record_of(run: RecordedRun, records: Mapping[int, RunRecord]) -> RunRecord | None:
    """The service's record with the number of the run."""
    return records.get(run.number) if run.number else None


def condition_of_run(run: RecordedRun) -> Condition:
    """The condition whose mark and look the run has."""
    if run.end is None:
        return Condition.RUNNING
    return Condition.IDLE if run.outcome is Outcome.UNKNOWN else Condition(run.outcome.value)


def outcome_word(run: RecordedRun) -> str:
    if run.end is None:
        return "running"
    return run.outcome_as_sent or "ended" if run.outcome is Outcome.UNKNOWN else str(run.outcome)


def started(run: RecordedRun, today: datetime) -> str:
    """When it began: `14:05`, `11-20 14:05`; `14:05-14:20` if it may have been any time between, `before 14:05`."""
    if run.start.after is None:
        return f"before {clock(run.start.by, today)}"
    if run.start.by - run.start.after <= CLOSE:
        return clock(run.start.middle, today)
    return f"{clock(run.start.after, today)}-{_local(run.start.by):%H:%M}"


def clock(at: float, today: datetime) -> str:
    """Local wall time in minutes, with the day when it was not today, and the year when it was not this one."""
    local, now = _local(at), today.astimezone()
    if local.date() == now.date():
        return f"{local:%H:%M}"
    return f"{local:%m-%d %H:%M}" if local.year == now.year else f"{local:%Y-%m-%d %H:%M}"


def lasted(run: RecordedRun, glyphs: Glyphs) -> str:
    """How long it took: `≈4m15s`, `4m ±30s`; `12m+` if its start was not seen; empty while it goes on."""
    if run.duration is None:
        return ""
    least, most = run.duration
    if most == 0:  # the service tells only when it began
        return ""
    if most is None:
        return f"{brief(least)}+" if least >= 1 else ""
    middle, off = (least + most) / 2, (most - least) / 2
    if off <= max(1.0, EXACT * middle):
        return f"{glyphs.about}{brief(middle)}"
    return f"{brief(middle)} {glyphs.plus_minus}{brief(off)}"


def _local(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone()
