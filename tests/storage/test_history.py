"""The history file: what was noted is there again, and no fault of disk or lock ends or delays anything else."""

import errno
import os
import random
import re
import resource
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest

from tests.support import history_files
from tests.support.build_hosts import ROOT
from tests.support.builders import job_id
from tests.support.long_run import by_length
from tests.support.other_users import ALICE, needs_root
from tui.core.errors import UserError
from tui.core.estimate import estimate
from tui.core.job import JobId
from tui.core.job_runs import RUNS_SHOWN
from tui.core.observed_run import Between, Gap, ObservedRun
from tui.core.reading import Moment, Status
from tui.core.remembered import LastSeen, Notes, Remembered
from tui.core.run import Outcome
from tui.storage.files import host_name, is_remote
from tui.storage.history import BATCH, LOST, History
from tui.storage.history_file import (
    RUNS_REMEMBERED,
    HistoryFile,
    HistoryUnusable,
    history_path,
    read_older,
    read_runs,
    reason,
)
from tui.threads import bugs_of_threads

NOW = 1_780_000_000.0
DAY = 86_400.0
JOBS = frozenset({job_id(1)})


def run(
    start: float, end: float | None = None, job: int = 1, number: int | None = None, as_sent: str = ""
) -> ObservedRun:
    over = Between(end - 15, end) if end else None
    went_on, outcome = (end or start + 100) - 15, Outcome.FAILED if as_sent else Outcome.UNKNOWN
    start_between = Between(start - 15, start)
    return ObservedRun(job_id(job), start_between, went_on, over, False, 15, number, outcome, as_sent)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "history.db"


def opened(path: Path, now: float = NOW) -> HistoryFile:
    return history_files.opened(path, lambda: Moment(0, datetime.fromtimestamp(now, UTC)))


@contextmanager
def database(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection, connection:
        yield connection


@pytest.fixture
def histories() -> Iterator[list[History]]:
    made: list[History] = []
    yield made
    for history in made:
        history.close(5)


Found = TypeVar("Found")


def awaited(history: History, find: Callable[[], Found | None]) -> Found:
    """What `find` returns, as soon as that is not empty."""
    deadline = time.monotonic() + 20
    while not (found := find()):
        assert time.monotonic() < deadline
        history._thread.join(0.01)
    return found


def runs_read(history: History) -> Mapping[JobId, Sequence[ObservedRun]]:
    """The runs of the jobs that were read later, as soon as there are any."""

    def runs() -> Mapping[JobId, Sequence[ObservedRun]] | None:
        read = history.remembered(JOBS)
        return read and read.runs

    return awaited(history, runs)


def test_what_was_written_is_remembered(path: Path) -> None:
    file = opened(path)
    whole = run(NOW - 900, NOW - 600, number=7, as_sent="FAILURE")
    going_on, gap = run(NOW - 300), Gap(job_id(1), NOW - 590, NOW - 400)
    seen = LastSeen(Status.RUNNING, NOW - 16, NOW - 15, NOW - 300, NOW - 315)
    file.write(Notes((whole, going_on), (gap,), {job_id(1): seen}))
    file.close()
    known = opened(path).read()
    assert known.runs == {job_id(1): [whole, going_on]}
    assert known.gaps == {job_id(1): [gap]}
    assert known.seen == {job_id(1): seen}


def test_of_the_gaps_since_the_oldest_run_that_is_read_the_last_ones_are_remembered_oldest_first(path: Path) -> None:
    file = opened(path)
    oldest = Gap(job_id(1), NOW - 4000, NOW - 3000)  # the run began in it
    gaps = [Gap(job_id(1), NOW - 60 * number, NOW - 60 * number + 5) for number in range(RUNS_REMEMBERED - 1, 0, -1)]
    file.write(Notes((run(NOW - 3500, NOW),), (*gaps, oldest, Gap(job_id(1), NOW - 9000, NOW - 8000))))
    assert file.read().gaps == {job_id(1): [oldest, *gaps]}
    file.write(Notes(gaps=(Gap(job_id(1), NOW - 5, NOW),)))
    assert file.read().gaps == {job_id(1): [*gaps, Gap(job_id(1), NOW - 5, NOW)]}


def test_since_when_jobs_give_no_answer_is_remembered_also_by_a_file_of_before(path: Path) -> None:
    file = opened(path)
    file.write(Notes((run(NOW - 900, NOW - 600),)))  # as a version that kept nothing of that
    assert file.read().silent == {}
    file.write(Notes(silent={job_id(1): NOW - 500, job_id(2): NOW - 400}))
    assert file.read().silent == {job_id(1): NOW - 500, job_id(2): NOW - 400}
    file.write(Notes(silent={job_id(1): NOW - 300, job_id(2): None}))
    file.prune()
    assert file.read().silent == {job_id(1): NOW - 300}
    file.close()
    later = opened(path, NOW + 91 * DAY)
    later.write(Notes((run(NOW + 90 * DAY, NOW + 91 * DAY),)))
    later.close()
    later = opened(path, NOW + 91 * DAY)
    later.read()
    later.prune()
    assert later.read().silent == {}


def test_a_run_that_ended_replaces_the_one_that_went_on(path: Path) -> None:
    file = opened(path)
    file.write(Notes((run(NOW - 300),)))
    file.write(Notes((run(NOW - 300, NOW),)))
    assert file.read().runs == {job_id(1): [run(NOW - 300, NOW)]}


def test_the_file_and_its_folder_are_for_the_owner_only(path: Path) -> None:
    opened(path).close()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_it_uses_no_write_ahead_log(path: Path) -> None:
    file = opened(path)
    file.write(Notes((run(NOW),)))
    assert {entry.name for entry in path.parent.iterdir()} <= {"history.db", "history.db-journal"}
    with database(path) as other:
        assert other.execute("pragma journal_mode").fetchone() != ("wal",)


def test_two_instances_write_into_the_same_file_and_their_run_is_one(path: Path) -> None:
    one, two = opened(path), opened(path)
    one.write(Notes((run(NOW - 300, NOW),)))
    two.write(Notes((run(NOW - 295, NOW - 4),)))
    (both,) = two.read().runs[job_id(1)]
    assert (both.start, both.end) == (Between(NOW - 310, NOW - 300), Between(NOW - 15, NOW - 4))


def test_on_a_remote_file_system_each_host_has_a_file_and_reads_the_others(tmp_path: Path) -> None:
    mounts = f"36 35 98:0 / {tmp_path} rw - nfs4 server:/home rw"
    one, two = (history_path(tmp_path, mounts, host) for host in ("jump-1", "jump/../2"))
    assert (one.name, two.name) == ("history-jump-1.db", "history-jump-..-2.db")
    assert history_path(tmp_path, mounts).name == f"history-{host_name(socket.gethostname())}.db"
    first, second = opened(one), opened(two)
    first.write(Notes((run(NOW - 300, NOW),)))
    second.write(Notes((run(NOW - 900, NOW - 600),)))
    assert [(known.start.by, known.source) for known in first.read().runs[job_id(1)]] == [
        (NOW - 900, "jump-..-2"),
        (NOW - 300, ""),
    ]


def test_a_folder_that_has_moved_to_another_kind_of_file_system_brings_its_history_along(tmp_path: Path) -> None:
    names = ("history.db", "history-jump-1.db")
    for name, start in zip(names, (NOW - 900, NOW - 300), strict=True):
        opened(tmp_path / name).write(Notes((run(start, start + 60),)))
    found = [[known.source for known in opened(tmp_path / name).read().runs[job_id(1)]] for name in names]
    assert found == [["", "jump-1"], ["", ""]]


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "fuse.sshfs", "lustre", "9p"])
def test_the_innermost_mount_says_whether_a_folder_is_remote(tmp_path: Path, kind: str) -> None:
    outer, inner = f"1 1 0:1 / / rw - ext4 /dev/sda rw\n2 1 0:2 / {tmp_path} rw - {kind} x rw", tmp_path / "a"
    assert is_remote(inner, outer)
    own = f"3 1 0:3 / {inner} rw - tmpfs x rw"
    assert not is_remote(inner, f"{outer}\n{own}")
    assert not is_remote(inner, f"{own}\n{outer}")  # the kernel's order is that of mounting
    assert not is_remote(Path(f"{tmp_path}-other"), outer)
    assert not is_remote(inner, "nonsense\n1 2 - \n\n")


def test_a_damaged_file_of_another_host_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "history-other.db").write_bytes(b"SQLite format 3\0" + os.urandom(5000))
    elsewhere = opened(tmp_path / "elsewhere" / "history.db")
    elsewhere.write(Notes((run(NOW - 300, NOW),)))
    elsewhere.close()
    (tmp_path / "history-link.db").symlink_to("elsewhere/history.db")
    nonsense = tmp_path / "history-nonsense.db"
    opened(nonsense).write(Notes((run(NOW - 300, NOW),)))
    with database(nonsense) as connection:
        connection.execute("update run set outcome = 'perhaps'")
    mine = opened(tmp_path / "history-mine.db")
    assert mine.read().runs == {}

    def refuse(*_how: object) -> NoReturn:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    assert mine.read().runs == {}


def damage_head(path: Path) -> None:
    path.write_bytes(b"not a database" * 500)


def damage_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[8192:20000] = os.urandom(20000 - 8192)
    path.write_bytes(content)


def make_newer(path: Path) -> None:
    with database(path) as connection:
        connection.execute("pragma user_version = 99")


def make_foreign(path: Path) -> None:
    with database(path) as connection:
        connection.execute("pragma user_version = 0")


@pytest.mark.parametrize("harm", [damage_head, damage_middle, make_foreign])
def test_an_unusable_file_is_set_aside_with_a_notice(path: Path, harm: object) -> None:
    file = opened(path)
    file.write(Notes(tuple(run(NOW - 900 * number, NOW - 900 * number + 300) for number in range(1000))))
    del file  # without closing: as after a kill
    assert callable(harm)
    harm(path)
    assert opened(path).read().runs == {}
    path.write_bytes(b"once more")
    again = opened(path, NOW + 2 * DAY)
    assert again.read().runs == {}
    aside = [entry.name for entry in path.parent.iterdir() if "corrupt" in entry.name]
    assert len(aside) == 1
    assert aside[0] in again.notice


def test_the_journal_of_a_damaged_file_is_not_played_back_into_the_new_one(path: Path, tmp_path: Path) -> None:
    file = opened(path)
    file.write(Notes(tuple(run(NOW - 60 * number, NOW - 60 * number + 30) for number in range(1, 800))))
    file.close()
    killed = tmp_path / "killed" / "history.db"
    killed.parent.mkdir(mode=0o700)
    journal = killed.with_name("history.db-journal")
    with database(path) as writer:
        writer.isolation_level = None
        writer.execute("pragma cache_size = 1")
        writer.execute("begin immediate")
        writer.execute("update run set interval = 3")
        shutil.copy(path.with_name(journal.name), journal)
        writer.execute("rollback")
    assert journal.stat().st_size > 10_000
    damage_head(killed)
    again = opened(killed)
    assert "is damaged" in again.notice
    again.write(Notes((run(NOW - 300, NOW),)))
    again.close()
    assert opened(killed).read().runs == {job_id(1): [run(NOW - 300, NOW)]}


def test_the_database_of_another_program_is_set_aside_as_it_is(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    with database(path) as connection:
        connection.execute("create table theirs (x)")
    path.chmod(0o600)
    assert opened(path).read().runs == {}
    (aside,) = (entry for entry in path.parent.iterdir() if "corrupt" in entry.name)
    with database(aside) as connection:
        assert connection.execute("select name from sqlite_master").fetchall() == [("theirs",)]


def test_a_file_is_looked_through_once_a_day(path: Path) -> None:
    """And when the clock was set back: damage in its middle is found then, and not before."""
    for first, later, is_found in ((0, 0.9, False), (0, 1.1, True), (0, -0.1, True), (1.5, 2.0, False)):
        file = opened(path)
        file.write(Notes(tuple(run(NOW - 900 * number, NOW - 900 * number + 300) for number in range(1000))))
        file.close()
        file = opened(path, NOW + first * DAY)
        file.write(Notes((run(NOW, NOW + 10),)))
        file.close()
        damage_middle(path)
        assert bool(opened(path, NOW + later * DAY).notice) == is_found
        for entry in path.parent.iterdir():
            entry.unlink()


def test_a_file_that_another_program_holds_can_be_closed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.storage.history_file.BUSY", 0.01)
    file = opened(path)
    file.write(Notes((run(NOW - 300, NOW),)))
    with database(path) as other:
        other.isolation_level = None
        other.execute("begin immediate")
        file.close()


@pytest.mark.parametrize("other_writes", [None, False, True])
def test_a_file_is_looked_through_after_a_kill_however_little_was_written(
    path: Path, other_writes: bool | None
) -> None:
    """Also if another program opened and closed it meanwhile, whether that one wrote into it or only read."""
    file = opened(path)
    file.write(Notes(tuple(run(NOW - 900 * number, NOW - 900 * number + 300) for number in range(1000))))
    file.close()
    killed = opened(path, NOW + 3600)
    killed.write(Notes((run(NOW, NOW + 10),)))
    if other_writes is not None:
        other = opened(path, NOW + 3700)
        if other_writes:
            other.write(Notes((run(NOW, NOW + 12),)))
        other.close()
    if other_writes:
        killed.write(Notes((run(NOW + 20, NOW + 30),)))
    damage_middle(path)
    assert opened(path, NOW + 7200).notice


def test_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    for name in ("history.db", "history.db-journal"):
        victim = tmp_path / f"victim of {name}"
        link = path.with_name(name)
        link.symlink_to(victim)
        with pytest.raises((HistoryUnusable, OSError)):
            opened(path)
        assert not victim.exists()
        link.unlink()


def test_what_is_old_or_too_much_is_removed(path: Path) -> None:
    file = opened(path)
    many = tuple(run(NOW - 60 * number, NOW - 60 * number + 30) for number in range(1, 1200))
    old = run(NOW - 91 * DAY, NOW - 91 * DAY + 300, job=2)
    gaps = (Gap(job_id(1), gone.start.by, gone.start.by + 20) for gone in many)
    seen = {
        job_id(2): LastSeen(Status.IDLE, NOW - 91 * DAY, NOW - 91 * DAY, NOW - 92 * DAY),
        job_id(3): LastSeen(Status.IDLE, NOW - DAY, NOW - DAY, NOW - 92 * DAY),
    }
    unended = run(NOW - 92 * DAY, job=3)  # nobody saw its end
    file.write(Notes((*many, old, unended), (*gaps, Gap(job_id(2), NOW - 92 * DAY, NOW - 91 * DAY)), seen))
    file.prune()
    with database(path) as other:
        assert other.execute("select count(*), min(start_by) from run").fetchone() == (1000, NOW - 60_000)
        assert other.execute("select count(*), min(start) from gap").fetchone() == (1000, NOW - 60_000)
    assert file.read().seen.keys() == {job_id(3)}


def test_what_ended_within_ninety_days_is_kept_whenever_it_began(path: Path) -> None:
    file, long = opened(path), run(NOW - 91 * DAY, NOW - 89.9 * DAY)
    file.write(Notes((long,), (Gap(job_id(1), NOW - 91 * DAY, NOW - 89.9 * DAY),)))
    file.prune()
    assert file.read().runs == {job_id(1): [long]}
    assert file.read().gaps


def test_the_days_are_counted_while_the_file_is_open_from_the_newest_moment_in_it(path: Path) -> None:
    at = [0.0]
    first = history_files.opened(path, lambda: Moment(5e6, datetime.fromtimestamp(NOW, UTC)))
    seen = {job_id(job): LastSeen(Status.IDLE, then, then, then) for job, then in ((1, NOW), (2, NOW - 80 * DAY))}
    first.write(Notes((run(NOW - 95 * DAY, NOW - 89 * DAY), run(NOW - 99 * DAY, NOW - 91 * DAY, job=2)), seen=seen))
    first.close()
    later = history_files.opened(path, lambda: Moment(5e6 + at[0], datetime.fromtimestamp(NOW + 3650 * DAY, UTC)))
    later.read()
    for days, jobs in ((0, {job_id(1)}), (0.9, {job_id(1)}), (1.1, set[JobId]())):
        at[0] = days * DAY
        later.prune()
        assert later.read().runs.keys() == jobs


def test_the_room_of_what_is_removed_is_given_back(path: Path) -> None:
    file = opened(path)
    file.write(Notes(tuple(run(NOW - 91 * DAY - 60 * number, NOW - 91 * DAY) for number in range(5000))))
    file.write(Notes((run(NOW - 300, NOW),)))
    before = path.stat().st_size
    file.prune()
    assert path.stat().st_size < before / 10


def test_a_thousand_runs_are_kept_also_if_two_programs_saw_each(path: Path) -> None:
    one, two, starts = opened(path), opened(path), [NOW - 60 * number for number in range(1200, 0, -1)]
    one.write(Notes(tuple(run(start, start + 30) for start in starts)))
    two.write(Notes(tuple(run(start + 2, start + 32) for start in starts)))
    two.prune()
    assert [seen.start.by for seen in read_runs(path.parent, JOBS, 0)[job_id(1)]] == starts[-1000:]


def test_removing_what_is_too_much_holds_no_other_program_up(path: Path) -> None:
    file, steps = opened(path), []
    file.write(Notes(tuple(run(NOW - 60 * number, NOW - 60 * number + 30) for number in range(1, 501))))
    file._connection.set_progress_handler(lambda: steps.append(1000), 1000)
    file.prune()
    assert sum(steps) < 500 * 100  # of SQLite's machine; comparing each run with each takes a million


def test_a_clock_far_ahead_removes_nothing_and_one_that_is_right_again_neither(path: Path) -> None:
    def seen(at: float) -> dict[JobId, LastSeen]:
        return {job_id(1): LastSeen(Status.IDLE, at, at, at)}

    first = opened(path)
    first.write(Notes((run(NOW - 900, NOW - 600),), seen=seen(NOW)))
    first.close()
    ahead = opened(path, NOW + 3650 * DAY)
    ahead.read()
    ahead.write(Notes((run(NOW + 3650 * DAY - 60, NOW + 3650 * DAY),), seen=seen(NOW + 3650 * DAY)))
    ahead.prune()
    ahead.close()
    right = opened(path, NOW + DAY)
    right.read()
    right.prune()
    assert len(right.read().runs[job_id(1)]) == 2


def test_what_another_program_has_written_is_read_once_and_what_this_one_wrote_not_at_all(path: Path) -> None:
    one, two = opened(path), opened(path)
    one.read_news()  # the other one has opened the file
    one.write(Notes((run(NOW - 900, NOW - 300), run(NOW - 90, NOW - 30), run(NOW - 20))))
    assert one.read_news() == Remembered()
    assert two.read_news() == Remembered({job_id(1): [run(NOW - 90, NOW - 30)]})  # the other one ended long ago
    assert two.read_news() == Remembered()
    one.write(Notes((run(NOW - 20, NOW),)))
    assert two.read_news().runs[job_id(1)][0] == run(NOW - 20, NOW)


def test_what_another_program_wrote_long_ago_is_not_read_again(path: Path) -> None:
    at = [0.0]
    one = opened(path)
    two = history_files.opened(path, lambda: Moment(at[0], datetime.fromtimestamp(NOW + at[0], UTC)))
    for later in (1000.0, 2000.0):
        at[0] = later
        lately = run(NOW + later - 600, NOW + later - 500)
        one.write(Notes((lately,)))
        assert two.read_news().runs == {job_id(1): [lately]}


def test_a_program_that_goes_on_gets_what_another_one_writes(path: Path, histories: list[History]) -> None:
    history = History(lambda: opened(path), batch=0.01, retry=0.01)
    histories.append(history)
    assert history.remembered(JOBS, 5) == Remembered()
    opened(path).write(Notes((run(NOW - 300, NOW), run(NOW - 300, NOW, job=2))))
    assert runs_read(history) == {job_id(1): [run(NOW - 300, NOW)]}
    assert history.remembered(JOBS) == Remembered()
    added = history.remembered(frozenset({job_id(2)}))
    assert added
    assert added.runs == {job_id(2): [run(NOW - 300, NOW, job=2)]}


@pytest.mark.parametrize("names", [("history.db", "history.db"), ("history-jump-1.db", "history-jump-2.db")])
def test_runs_that_two_saw_are_one_each_in_the_list_and_in_the_estimate(tmp_path: Path, names: tuple[str, str]) -> None:
    one, two = (opened(tmp_path / name) for name in names)
    starts = [NOW - 9000, NOW - 6000, NOW - 3000]
    one.write(Notes(tuple(run(start, start + 600) for start in starts)))
    two.write(Notes(tuple(run(start + 6, start + 604) for start in starts)))
    for file in (one, two):
        runs = file.read().runs[job_id(1)]
        assert [known.start.by for known in runs] == starts
        usual = estimate([past for known in runs if (past := known.past)], NOW)
        assert usual
        assert usual.runs == 3


def test_of_a_long_history_the_last_runs_are_read(path: Path) -> None:
    file = opened(path)
    file.write(Notes(tuple(run(NOW - 60 * number, NOW - 60 * number + 30) for number in range(1, 500))))
    runs = file.read().runs[job_id(1)]
    assert len(runs) == RUNS_REMEMBERED
    assert runs[-1].start.by == NOW - 60
    file.write(Notes((run(NOW),)))
    runs = file.read().runs[job_id(1)]
    assert (len(runs), runs[-1].end) == (RUNS_REMEMBERED + 1, None)


def test_of_many_jobs_ten_runs_each_are_read_and_more_when_they_are_wanted(
    path: Path, histories: list[History]
) -> None:
    file, starts = opened(path), [NOW - 600 * number for number in range(30, 0, -1)]
    file.write(Notes(tuple(run(start, start + 300, job) for start in starts for job in range(1, 121))))
    file.write(Notes((run(NOW, job=2),)))
    file.close()
    history = History(lambda: opened(path))
    histories.append(history)
    known = history.remembered(frozenset({job_id(1), job_id(2)}), 5)
    assert known
    assert [seen.start.by for seen in known.runs[job_id(1)]] == starts[-RUNS_SHOWN:]
    assert [seen.start.by for seen in known.runs[job_id(2)]] == [
        *starts[-RUNS_REMEMBERED:],
        NOW,
    ]  # it needs an estimate
    history.ask(JOBS)
    assert [seen.start.by for seen in runs_read(history)[job_id(1)]] == starts[-RUNS_REMEMBERED:]


def test_more_runs_are_read_later_where_another_program_holds_the_file(
    path: Path, histories: list[History], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = opened(path)
    file.write(Notes((run(NOW - 900, NOW - 600),)))
    held = sqlite3.OperationalError("database is locked")
    held.sqlite_errorcode = sqlite3.SQLITE_BUSY
    tries = iter(range(2))

    def read_more(file: HistoryFile, jobs: object) -> Remembered:
        if next(tries) == 0:
            raise held
        return Remembered({job_id(1): [run(NOW - 900, NOW - 600)]})

    monkeypatch.setattr(HistoryFile, "read_more", read_more)
    history = History(lambda: file, batch=0.01)
    histories.append(history)
    assert history.remembered(JOBS, 5)
    history.ask(JOBS)
    assert runs_read(history)


@pytest.mark.parametrize(("jobs", "length"), [(1, 300), (1, 15), (100, 300)])
def test_runs_that_two_programs_saw_are_not_counted_twice(path: Path, jobs: int, length: int) -> None:
    one, two, starts = opened(path), opened(path), [NOW - 600 * number for number in range(120, 0, -1)]
    one.write(Notes(tuple(run(start, start + length, job) for start in starts for job in range(1, jobs + 1))))
    two.write(Notes(tuple(run(start + 6, start + length + 6, job) for start in starts for job in range(1, jobs + 1))))
    known = two.read().runs[job_id(1)]
    most = RUNS_REMEMBERED if jobs == 1 else RUNS_SHOWN
    assert [(seen.start, seen.start.by) for seen in known] == [
        (Between(start - 9, start), start) for start in starts[-most:]
    ]
    assert [seen.start.by for seen in two.read_more(JOBS).runs[job_id(1)]] == starts[-RUNS_REMEMBERED:]
    page = read_older(path.parent, job_id(1), NOW)
    assert [seen.start.by for seen in page] == starts[-100:]
    assert [seen.start.by for seen in read_older(path.parent, job_id(1), page[0].start.by)] == starts[:-100]


def test_of_runs_that_four_programs_saw_as_many_are_remembered(path: Path) -> None:
    file, starts = opened(path), [NOW - 600 * number for number in range(60, 0, -1)]
    for later in range(4):
        file.write(Notes(tuple(run(start + later, start + 300 + later) for start in starts)))
        file.write(Notes((run(NOW + later),)))
    known = file.read().runs[job_id(1)]
    assert [seen.start.by for seen in known] == [*starts[-RUNS_REMEMBERED:], NOW]


def test_of_the_runs_that_two_hosts_saw_the_last_ones_are_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remote = f"36 35 98:0 / {path.parent} rw - nfs4 server:/home rw"
    monkeypatch.setattr("tui.storage.history_file.mounts", lambda: remote)
    starts = [NOW - 600 * number for number in range(300, 0, -1)]
    for name, first in ((history_path(path.parent).name, 0), ("history-other.db", 1)):
        file = opened(path.with_name(name))
        file.write(Notes(tuple(run(start, start + 300) for start in starts[first::2])))
        file.close()
    assert [seen.start.by for seen in read_older(path.parent, job_id(1), NOW)] == starts[-100:]
    known = opened(history_path(path.parent)).read().runs[job_id(1)]
    assert [seen.start.by for seen in known] == starts[-RUNS_REMEMBERED - 1 :]


def test_runs_are_read_that_were_there_at_that_moment_or_later(path: Path) -> None:
    runs = [run(NOW - 900, NOW - 600), run(NOW - 300)]
    opened(path).write(Notes(tuple(runs)))
    for since, count in ((NOW - 900, 2), (NOW - 600, 2), (NOW - 599, 1), (runs[1].running_at, 1), (NOW, 0)):
        assert read_runs(path.parent, JOBS, since) == {job_id(1): runs[2 - count :]}


def test_a_program_that_was_killed_while_it_wrote_leaves_what_was_there_before(path: Path) -> None:
    opened(path).write(Notes((run(NOW - 300, NOW),)))
    with closing(sqlite3.connect(path, isolation_level=None)) as killed:
        killed.execute("pragma cache_size = 1")
        killed.execute("begin")
        columns = "start_after, running_at, end_after, end_by, maybe_two, interval, number, outcome, as_sent"
        for at in range(2000):
            killed.execute(f"insert into run select job, {at}, {columns} from run limit 1")
        copy = path.parent.parent / "copy"
        shutil.copytree(path.parent, copy)
    assert (copy / "history.db-journal").stat().st_size
    assert read_runs(copy, JOBS, 0) == {job_id(1): [run(NOW - 300, NOW)]}


def test_older_runs_are_read_a_page_at_a_time(path: Path) -> None:
    file = opened(path)
    file.write(Notes(tuple(run(NOW - 60 * number, NOW - 60 * number + 30) for number in range(1, 251))))
    before, pages = NOW - 600, []
    while page := read_older(path.parent, job_id(1), before):
        pages.append(len(page))
        assert page[-1].start.by < before
        before = page[0].start.by
    assert pages == [100, 100, 40]
    assert read_older(path.parent, job_id(2), NOW) == []
    path.write_bytes(b"no database" * 100)
    with pytest.raises(UserError, match="cannot be read"):
        read_older(path.parent, job_id(1), NOW)


def test_reading_leaves_no_file_in_place_of_one_that_has_just_vanished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "exists", lambda path: True)
    with pytest.raises(UserError):
        read_runs(tmp_path, JOBS, 0)
    assert list(tmp_path.iterdir()) == []


def test_notes_are_there_after_the_end(path: Path, histories: list[History]) -> None:
    history = History(lambda: opened(path))
    assert history.remembered(JOBS, 5)
    history.note(Notes((run(NOW - 300),)))
    history.note(Notes((run(NOW - 300, NOW),)))
    history.close(5)
    assert opened(path).read().runs == {job_id(1): [run(NOW - 300, NOW)]}
    assert history.notice() == ""


@pytest.mark.parametrize(
    ("nonsense", "said"),
    [
        ("update day set checked = 'x'", "set aside"),
        ("delete from day", "set aside"),
        ("update day set checked = cast(x'ff' as text)", "No history: its file holds what is no history: remove it."),
        ("update seen set number = 9e999", "No history: its file holds what is no history: remove it."),
        ("update job set job = cast(x'ff' as text)", "No history: its file holds what is no history: remove it."),
        ("update run set outcome = 'perhaps'", "No history: its file holds what is no history: remove it."),
        ("update run set start_by = -1", "No history: its file holds what is no history: remove it."),
        ("update run set running_at = 2e11", "No history: its file holds what is no history: remove it."),
        ("update seen set sent = -1", "No history: its file holds what is no history: remove it."),
        ("update seen set since = 2e11", "No history: its file holds what is no history: remove it."),
        ("update run set start_after = ''", "No history: its file holds what is no history: remove it."),
        ("update run set end_after = x''", "No history: its file holds what is no history: remove it."),
    ],
)
def test_values_that_nobody_wrote_end_history_with_a_notice(path: Path, nonsense: str, said: str) -> None:
    file = opened(path)
    seen = LastSeen(Status.RUNNING, NOW - 16, NOW - 15, NOW - 300, NOW - 315)
    file.write(Notes((run(NOW - 900, NOW - 600),), seen={job_id(1): seen}))
    file.close()
    with database(path) as connection:
        connection.execute(nonsense)
    history = History(lambda: opened(path), batch=0.01)
    history.close(5)
    assert said in history.notice()


def test_what_is_no_number_or_no_plain_text_is_not_shown(path: Path) -> None:
    opened(path).write(Notes((run(NOW - 900, NOW - 600, number=7, as_sent="FAILURE"),)))
    with database(path) as connection:
        connection.execute("update run set number = 7.5, as_sent = ?", (f"\x1b[2J{'x' * 500}",))
    (known,) = read_runs(path.parent, JOBS, 0)[job_id(1)]
    assert known.number is None
    assert known.outcome_as_sent.startswith("\ufffd[2Jxx")
    assert len(known.outcome_as_sent) == 60


def test_nonsense_is_not_called_an_error_of_the_disk(path: Path) -> None:
    file = opened(path)
    file.write(Notes((run(NOW - 900, NOW - 600),)))
    file.close()
    with database(path) as connection:
        connection.execute("update run set outcome = 'perhaps'")
    with pytest.raises(UserError, match="holds what is no history: remove it"):
        read_runs(path.parent, [job_id(1)], 0)


def test_a_file_server_that_hangs_is_named(
    path: Path, histories: list[History], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.storage.history.PATIENCE", 1000)
    opens = threading.Event()

    def open_late() -> HistoryFile:
        opens.wait(20)
        return opened(path)

    histories.append(history := History(open_late, batch=0.01))
    assert (history.remembered(JOBS), history.notice()) == (None, "")
    monkeypatch.setattr("tui.storage.history.PATIENCE", 0)
    said = [history.notice(), history.notice()]
    history.note(Notes((run(NOW - 300, NOW),)))  # not kept: the file may never open
    opens.set()
    assert said == ["No history: its file does not open; look for a file server that hangs.", ""]
    assert awaited(history, lambda: history.remembered(JOBS) is not None)
    assert read_runs(path.parent, JOBS, 0) == {job_id(1): []}

    def written() -> list[ObservedRun]:
        history.note(Notes((run(NOW - 100, NOW),)))
        return read_runs(path.parent, JOBS, 0)[job_id(1)]

    assert awaited(history, written) == [run(NOW - 100, NOW)]
    assert history.notice() == ""


def test_a_file_that_is_open_is_not_said_to_hang(
    path: Path, histories: list[History], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.storage.history.PATIENCE", 0)
    histories.append(history := History(lambda: opened(path)))
    assert history.remembered(JOBS, 20) is not None
    assert history.notice() == ""


def test_a_history_is_pruned_while_it_is_open(
    path: Path, histories: list[History], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.storage.history._HOUR", 0.0)
    pruned = threading.Semaphore(0)
    monkeypatch.setattr(HistoryFile, "prune", lambda _: pruned.release())
    histories.append(History(lambda: opened(path), batch=0.01))
    assert all(pruned.acquire(timeout=20) for _ in range(3))


def test_what_is_read_before_anybody_asks_for_it_is_not_lost(path: Path, histories: list[History]) -> None:
    file = opened(path)
    file.write(Notes((run(NOW - 900, NOW - 600),)))
    file.write(Notes(tuple(run(NOW - 600 * number, NOW - 600 * number + 300, job=2) for number in range(1, 30))))
    history = History(lambda: file)
    histories.append(history)
    history.ask(frozenset({job_id(2)}))
    history.close(20)
    known = history.remembered(frozenset({job_id(1), job_id(2)}))
    assert known
    assert {job: len(runs) for job, runs in known.runs.items()} == {job_id(1): 1, job_id(2): RUNS_REMEMBERED}


def test_what_was_written_once_is_not_written_over_what_another_program_saw_later(
    path: Path, histories: list[History]
) -> None:
    history = History(lambda: opened(path), batch=0.01)
    histories.append(history)
    history.note(Notes((run(NOW - 300),)))
    assert awaited(history, lambda: history.remembered(JOBS) is not None and read_runs(path.parent, JOBS, 0)[job_id(1)])
    opened(path).write(Notes((run(NOW - 300, NOW),)))
    history.note(Notes((run(NOW - 300, job=2),)))
    history.close(20)
    assert read_runs(path.parent, JOBS, 0) == {job_id(1): [run(NOW - 300, NOW)]}


def test_the_end_does_not_wait_until_old_runs_are_removed(path: Path, histories: list[History]) -> None:
    opened(path).write(Notes((run(NOW - 91 * DAY, NOW - 91 * DAY + 300), run(NOW - 300, NOW))))
    history = History(lambda: opened(path), batch=600)
    histories.append(history)
    history.close(20)
    assert len(read_runs(path.parent, JOBS, 0)[job_id(1)]) == 2


def test_the_file_of_a_newer_version_is_not_called_nonsense(path: Path) -> None:
    opened(path).close()
    make_newer(path)
    with pytest.raises(UserError, match="a newer codearts-watch has written its file: update this one"):
        read_runs(path.parent, [job_id(1)], 0)


def test_the_file_of_a_newer_version_stays_where_that_one_finds_it(path: Path) -> None:
    file = opened(path)
    file.write(Notes((run(NOW - 900, NOW - 600),)))
    make_newer(path)
    content = path.read_bytes()
    with pytest.raises(HistoryUnusable, match="a newer codearts-watch has written its file: update this one"):
        opened(path)
    assert path.read_bytes() == content
    assert [entry.name for entry in path.parent.iterdir() if "corrupt" in entry.name] == []
    file.close()


def test_a_file_into_which_nothing_was_written_yet_has_no_runs(path: Path) -> None:
    path.parent.mkdir()
    path.touch(0o600)
    assert read_runs(path.parent, [job_id(1)], 0) == {job_id(1): []}


def test_who_reads_it_hears_what_is_in_the_way(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.storage.history_file.BUSY", 0.01)
    opened(path).close()
    with database(path) as other:
        other.isolation_level = None
        other.execute("begin exclusive")
        with pytest.raises(UserError, match="another program holds its file"):
            read_runs(path.parent, [job_id(1)], 0)
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")
    with pytest.raises(UserError, match=r"history\.db is a link"):
        read_runs(path.parent, [job_id(1)], 0)
    with pytest.raises(UserError, match=r"its file cannot be used: .*elsewhere"):
        read_runs(path.with_name("elsewhere"), [job_id(1)], 0)  # a file where the folder should be


def test_a_file_that_is_removed_while_it_is_open_is_not_called_a_folder_that_cannot_be_written(path: Path) -> None:
    file = opened(path)
    path.unlink()
    history = History(lambda: file, batch=0.01)
    history.note(Notes((run(NOW - 300, NOW),)))
    history.close(5)
    assert "its file was removed while it was open" in history.notice()


def test_a_file_that_became_read_only_while_it_is_open_is_called_that(path: Path) -> None:
    file = opened(path)
    file._connection.execute("pragma query_only = on")  # SQLite says the same of a file system without writing
    history = History(lambda: file, batch=0.01)
    history.note(Notes((run(NOW - 300, NOW),)))
    history.close(5)
    assert "check who owns it, and whether its file system is read-only" in history.notice()


def cut(path: Path) -> None:
    os.truncate(path, 0)


def cut_in_half(path: Path) -> None:
    os.truncate(path, 5000)


def without_a_table(path: Path) -> None:
    with database(path) as connection:
        connection.execute("drop table run")


@pytest.mark.parametrize("harm", [cut, cut_in_half, damage_head, without_a_table])
def test_a_file_that_is_damaged_while_it_is_open_is_called_that_and_the_next_start_goes_on(
    path: Path, harm: Callable[[Path], None]
) -> None:
    file = opened(path)
    file.write(Notes((run(NOW - 900, NOW - 600),)))
    harm(path)
    history = History(lambda: file, batch=0.01)
    history.note(Notes((run(NOW - 300, NOW),)))
    history.close(5)
    assert history.notice() == "No history: its file is damaged; the next start of the screen makes a new one."
    again = opened(path)
    again.write(Notes((run(NOW - 300, NOW),)))
    assert again.read().runs == {job_id(1): [run(NOW - 300, NOW)]}


@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_a_folder_in_which_others_could_put_links_has_no_history(path: Path, mode: int) -> None:
    path.parent.mkdir()
    path.parent.chmod(mode)
    with pytest.raises(HistoryUnusable, match=r"other users can write into the folder /.*: run chmod go-w on it"):
        opened(path)
    assert not path.exists()


@needs_root
def test_what_belongs_to_another_user_is_not_written(path: Path) -> None:
    path.parent.mkdir(0o700)
    os.chown(path.parent, ALICE, ALICE)
    with pytest.raises(HistoryUnusable, match=r"the folder .* belongs to another user: run chown on it$"):
        opened(path)
    assert not path.exists()
    os.chown(path.parent, 0, 0)
    path.touch()
    os.chown(path, ALICE, ALICE)
    with pytest.raises(HistoryUnusable, match=r"history\.db is a link or no file of yours: remove it"):
        opened(path)
    assert not path.stat().st_size


def read_only(path: Path) -> HistoryFile:
    raise PermissionError(13, "Permission denied", str(path))


def full(path: Path) -> HistoryFile:
    raise OSError(28, "No space left on device", str(path))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (read_only, "its file cannot be used: permission denied: check who owns the file and its folder ({path})."),
        (full, "the disk is full; it is tried again each minute."),
    ],
)
def test_without_a_usable_folder_there_is_one_notice_and_nothing_else(
    path: Path, histories: list[History], fault: object, words: str
) -> None:
    assert callable(fault)
    history = History(lambda: fault(path))
    histories.append(history)
    assert history.remembered(JOBS, 5) is None
    history.note(Notes((run(NOW),)))
    assert history.notice() == f"No history: {words.format(path=path)}"
    assert history.notice() == ""


def test_what_is_wrong_with_its_place_is_said_with_the_place(path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(path.parent)
    with pytest.raises(HistoryUnusable, match=f"^{re.escape(str(path))} is a link or no file of yours: remove it$"):
        opened(path)
    path.unlink()
    path.parent.chmod(0o777)
    with pytest.raises(HistoryUnusable, match=f"into the folder {re.escape(str(path.parent))}: run chmod go-w on it$"):
        opened(path)
    refused = PermissionError(errno.EACCES, "Permission denied", str(path))
    assert reason(refused).endswith(f"permission denied: check who owns the file and its folder ({path})")


def test_a_disk_that_is_full_for_a_while_costs_no_history(path: Path, histories: list[History]) -> None:
    file = opened(path)
    with database(path) as other:
        (pages,) = other.execute("pragma page_count").fetchone()
    file._connection.execute(f"pragma max_page_count = {pages}")
    history = History(lambda: file, batch=0.01, retry=0.01)
    histories.append(history)
    history.note(Notes(tuple(run(NOW - 60 * number, NOW) for number in range(900))))
    said = "No history: the disk is full; it is tried again each minute."
    assert awaited(history, history.notice) == said
    file._connection.execute("pragma max_page_count = 100000")
    with database(path) as other:
        assert awaited(history, lambda: other.execute("select count(*) from run").fetchone()[0]) == 900
    history.close(5)
    assert history.notice() == ""


def test_a_write_that_a_quota_refuses_is_tried_again(
    path: Path, histories: list[History], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, writes = opened(path), threading.Semaphore(0)
    write = file.write

    def refused_twice(notes: Notes) -> None:
        writes.release()
        if refusals:
            raise refusals.pop()
        write(notes)

    refusals = [sqlite3.OperationalError("disk I/O error") for _ in range(2)]
    for refusal in refusals:
        refusal.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
    monkeypatch.setattr(file, "write", refused_twice)
    history = History(lambda: file, batch=0.01, retry=0.01)
    histories.append(history)
    history.note(Notes((run(NOW - 60, NOW),)))
    assert all(writes.acquire(timeout=20) for _ in range(3))
    history.close(5)
    assert "the disk, its quota and the limit for the size of a file (ulimit -f); it is tried" in history.notice()
    assert history.notice() == ""
    assert opened(path).read().runs == {job_id(1): [run(NOW - 60, NOW)]}


def test_why_history_ends_is_said_also_after_it_was_tried_again(path: Path, histories: list[History]) -> None:
    opened(path).close()
    full, quota = OSError(28, "No space left on device", str(path)), OSError(122, "Disk quota exceeded", str(path))
    faults = [PermissionError(13, "Permission denied", str(path)), *[quota, full] * 3]

    def open_it() -> HistoryFile:
        raise faults.pop()

    history = History(open_it, retry=0.01)
    histories.append(history)
    assert awaited(history, history.notice) == "No history: the disk is full; it is tried again each minute."
    assert "quota" in awaited(history, history.notice)
    assert "permission denied" in awaited(history, history.notice)


def test_a_gap_is_written_once_however_often_the_file_was_tried(
    path: Path, histories: list[History], monkeypatch: pytest.MonkeyPatch
) -> None:
    gap = Gap(job_id(1), NOW - 590, NOW - 400)
    file = opened(path)
    written: list[Notes] = []
    monkeypatch.setattr(file, "write", written.append)
    faults = [OSError(28, "No space left on device", str(path)) for _ in range(8)]

    def open_it() -> HistoryFile:
        if faults:
            raise faults.pop()
        return file

    history = History(open_it, batch=0.01, retry=0.01)
    histories.append(history)
    history.note(Notes(gaps=(gap,)))
    assert awaited(history, lambda: written)[0].gaps == (gap,)


def test_that_a_file_was_set_aside_is_said_also_if_the_new_one_is_held_at_first(
    path: Path, histories: list[History], monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"no database" * 1000)
    held = [sqlite3.OperationalError("database is locked")]
    held[0].sqlite_errorcode = sqlite3.SQLITE_BUSY
    read = HistoryFile.read

    def read_later(file: HistoryFile) -> Remembered:
        if held:
            raise held.pop()
        return read(file)

    monkeypatch.setattr(HistoryFile, "read", read_later)
    history = History(lambda: opened(path), batch=0.01, retry=0.01)
    histories.append(history)
    assert awaited(history, history.notice).startswith("The history file is damaged: it was set aside")


def test_a_history_that_a_bug_has_ended_is_not_called_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.storage.history.PATIENCE", -1.0)

    def open_it() -> HistoryFile:
        raise NameError("a bug")

    bugs: list[Exception] = []
    with bugs_of_threads(bugs.append):
        history = History(open_it)
        history._thread.join(20)
    assert history.notice() == ""
    assert list(map(str, bugs)) == ["a bug"]


def test_a_disk_that_stays_full_holds_up_no_end(path: Path) -> None:
    file = opened(path)
    with database(path) as other:
        (pages,) = other.execute("pragma page_count").fetchone()
    file._connection.execute(f"pragma max_page_count = {pages}")
    history = History(lambda: file, batch=0.01)
    history.note(Notes(tuple(run(NOW - 60 * number, NOW) for number in range(5000))))
    history.close(5)
    assert not history._thread.is_alive()
    assert history.notice() == "No history: the disk is full; it is tried again each minute."


def test_a_limit_of_the_shell_is_not_called_an_error_of_the_disk_alone(path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(sqlite3.Error) as too_large:
            opened(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert reason(too_large.value).endswith("(ulimit -f)")
    with pytest.raises(sqlite3.Error) as not_opened:
        sqlite3.connect(path.parent)
    assert reason(not_opened.value).endswith("(ulimit -n)")


def test_a_lock_that_never_comes_is_said_once_and_what_was_noted_waits(
    path: Path, histories: list[History], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.storage.history_file.BUSY", 0.01)
    opened(path).close()
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("begin exclusive")
    tries = threading.Semaphore(0)

    def open_quickly() -> HistoryFile:
        tries.release()
        return opened(path)

    history = History(open_quickly, batch=0.01, retry=0.01)
    histories.append(history)
    assert history.remembered(JOBS, 10) is None
    assert all(tries.acquire(timeout=20) for _ in range(4))
    assert history.notice() == "No history: another program holds its file; it is tried again each minute."
    assert history.notice() == ""
    ends = History(open_quickly, retry=0.01)
    ends.close(20)
    assert not ends._thread.is_alive()
    history.note(Notes((run(NOW - 300, NOW),)))
    blocker.execute("rollback")
    blocker.close()
    assert awaited(history, lambda: history.remembered(JOBS) is not None)
    history.close(5)
    assert history.notice() == ""
    assert opened(path).read().runs == {job_id(1): [run(NOW - 300, NOW)]}


def test_a_lock_that_comes_between_opening_and_reading_costs_no_history(
    path: Path, histories: list[History], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.storage.history_file.BUSY", 0.01)
    file = opened(path)
    file.write(Notes((run(NOW - 300, NOW),)))
    file.close()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as blocker:
        first = iter(["begin exclusive"])

        def open_slowly() -> HistoryFile:
            file = opened(path)
            blocker.execute(next(first, ""))
            return file

        history = History(open_slowly, retry=0.01)
        histories.append(history)
        notice = awaited(history, history.notice)
        assert notice == "No history: another program holds its file; it is tried again each minute."
        blocker.execute("rollback")
        assert awaited(history, lambda: history.remembered(JOBS)) == Remembered({job_id(1): [run(NOW - 300, NOW)]})


def test_a_reader_that_keeps_others_from_writing_for_a_while_costs_no_history(
    path: Path, histories: list[History], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.storage.history_file.BUSY", 0.01)
    opened(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        history = History(lambda: opened(path), batch=0.01, retry=0.01)
        histories.append(history)
        assert history.remembered(JOBS, 10) is not None
        reader.execute("begin")
        reader.execute("select * from run").fetchall()
        history.note(Notes((run(NOW - 300, NOW),)))
        assert "another program holds its file" in awaited(history, history.notice)
        reader.execute("rollback")
        assert awaited(history, lambda: reader.execute("select * from run").fetchall())
    assert history.notice() == ""


def test_a_program_that_may_only_read_remembers_and_says_once_that_it_writes_nothing(
    path: Path, histories: list[History], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = opened(path)
    file.write(Notes((run(NOW - 900, NOW - 600),)))
    file.close()
    monkeypatch.setattr("tui.storage.history_file.BUSY", 0.01)
    with database(path) as writer:
        writer.isolation_level = None
        writer.execute("begin immediate")
        history = History(lambda: opened(path), batch=0.01)  # the next try is in a minute, or at the end
        histories.append(history)
        assert history.remembered(JOBS, 10) == Remembered({job_id(1): [run(NOW - 900, NOW - 600)]})
        history.note(Notes((run(NOW - 300, NOW),)))
        notice = awaited(history, history.notice)
        assert notice == "No history: another program holds its file; it is tried again each minute."
    history.close(5)
    assert history.notice() == ""
    assert opened(path).read().runs == {job_id(1): [run(NOW - 900, NOW - 600), run(NOW - 300, NOW)]}


@pytest.mark.parametrize(
    ("is_held", "expected"),
    [(True, {"write": 2, "read_more": 3}), (False, {"write": 1, "prune": 1, "read_more": 3})],
)
def test_what_is_due_each_minute_or_hour_is_not_done_more_often(
    path: Path, histories: list[History], monkeypatch: pytest.MonkeyPatch, is_held: bool, expected: dict[str, int]
) -> None:
    monkeypatch.setattr("tui.storage.history_file.BUSY", 0.01)
    file = opened(path)
    file.write(Notes((run(NOW - 900, NOW - 600),)))
    file.close()
    calls = Counter[str]()

    def counted(name: str) -> Callable[..., object]:
        real = getattr(HistoryFile, name)

        def call(*given: object) -> object:
            calls[name] += 1
            return real(*given)

        return call

    for name in ("write", "prune", "read_more", "read_news"):
        monkeypatch.setattr(HistoryFile, name, counted(name))
    with database(path) as writer:
        writer.isolation_level = None
        if is_held:
            writer.execute("begin immediate")
        histories.append(history := History(lambda: opened(path), batch=0.01))
        assert history.remembered(JOBS, 20)
        history.note(Notes((run(NOW - 300, NOW),)))
        for _ in range(3):
            history.ask(JOBS)
            assert runs_read(history)
    history.close(20)  # tries once more what was not written
    assert calls == expected
    with database(path) as closed:
        assert closed.execute("select is_open from day").fetchone() == (0,)


def test_what_is_noted_is_written_while_the_program_goes_on(path: Path, histories: list[History]) -> None:
    history = History(lambda: opened(path), batch=0.01)
    histories.append(history)
    assert history.remembered(JOBS, 5) == Remembered()
    history.note(Notes((run(NOW - 300, NOW),)))
    assert awaited(history, lambda: read_runs(path.parent, JOBS, 0)[job_id(1)]) == [run(NOW - 300, NOW)]


def test_what_is_old_is_removed_while_the_program_goes_on(path: Path, histories: list[History]) -> None:
    file, kept = opened(path), run(NOW - 900, NOW - 600)
    file.write(Notes((run(NOW - 91 * DAY, NOW - 91 * DAY + 300), kept)))
    file.close()
    history = History(lambda: opened(path), batch=0.01)
    histories.append(history)
    assert awaited(history, lambda: read_runs(path.parent, JOBS, 0) == {job_id(1): [kept]})


def test_a_file_that_never_opens_holds_up_no_end() -> None:
    program = "import time\nfrom tui.storage.history import History\nHistory(lambda: time.sleep(600)).close(0)\n"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=60, check=True)


def test_a_file_that_does_not_open_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.storage.history.PATIENCE", 0.01)
    goes_on = threading.Event()

    def hangs() -> HistoryFile:
        goes_on.wait(20)
        raise OSError

    history = History(hangs)
    assert awaited(history, history.notice).startswith("No history: its file does not open")
    goes_on.set()
    history.close(5)
    assert history.notice() == ""


WRITER = """
import sys
from pathlib import Path
from tests.storage.test_history import NOW, opened, run
from tui.core.remembered import Notes
first, file = int(sys.argv[2]), opened(Path(sys.argv[1]))
print("open", file.notice, flush=True)
for number in range(first, first + 100_000):
    file.write(Notes((run(NOW + 60 * number, NOW + 60 * number + 30),)))
    print(number, flush=True)
"""


def test_killed_writers_leave_a_whole_file_with_all_that_was_written(path: Path) -> None:
    chance, written = random.Random(7), -1
    for _ in range(by_length(2, 20, 200)):
        command = [sys.executable, "-c", WRITER, str(path), str(written + 1)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout
            assert writer.stdout.readline() == "open \n"
            lines = [writer.stdout.readline() for _ in range(chance.randrange(30))]
            select.select([], [], [], chance.uniform(0, 0.005))
            writer.send_signal(signal.SIGKILL)
            lines += writer.stdout.read().splitlines()
        written = max([written, *(int(line) for line in lines if line.strip().isdigit())])
        with database(path) as other:
            assert other.execute("pragma integrity_check").fetchone() == ("ok",)
            starts = [round((start - NOW) / 60) for (start,) in other.execute("select start_by from run order by 1")]
        assert starts[: written + 1] == list(range(written + 1))
        assert len(starts) - written in (1, 2)  # one may be written whose number was not printed any more
        written = len(starts) - 1
    file = opened(path)
    assert file.notice == ""
    assert file.read().runs[job_id(1)][-1].start.by == NOW + 60 * written


TICK = 0.02
"""Seconds between two notes, at least."""
NOTER = """
import sys, time
from pathlib import Path
from tests.storage.test_history import JOBS, NOW, TICK, opened, run
from tui.core.remembered import Notes
from tui.storage.history import History
path, batch = Path(sys.argv[1]), float(sys.argv[2])
def open_file():
    file = opened(path)
    file._connection.execute("pragma synchronous = off")  # a kill loses nothing of that, and the disk may be busy
    return file
history = History(open_file, batch)
assert history.remembered(JOBS, 60) is not None
for number in range(100_000):
    history.note(Notes((run(NOW + 60 * number, NOW + 60 * number + 30),)))
    print(number, flush=True)
    time.sleep(TICK)
"""


def test_a_killed_program_has_lost_only_what_it_noted_in_the_last_five_seconds(tmp_path: Path) -> None:
    """Time goes faster every day. Age is counted in notes of the killed program: it may have had no processor."""
    faster, chance = by_length(4, 1), random.Random(11)
    within = round(LOST / faster / TICK)
    kills = [round(within * by) for by in (1.1, *(chance.uniform(1.1, 3) for _ in range(by_length(0, 9, 59))))]
    paths = [tmp_path / f"{number}" / "history.db" for number in range(len(kills))]
    commands = [[sys.executable, "-c", NOTER, str(path), str(BATCH / faster)] for path in paths]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    for at, path, writer in sorted(zip(kills, paths, writers, strict=True), key=lambda one: one[0]):
        with writer:
            assert writer.stdout
            noted = [int(writer.stdout.readline()) for _ in range(at)]
            writer.send_signal(signal.SIGKILL)
        with database(path) as other:
            assert other.execute("pragma integrity_check").fetchone() == ("ok",)
            written = {round((start - NOW) / 60) for (start,) in other.execute("select start_by from run")}
        assert written >= set(noted[:-within])
