"""Writers killed while they save, and two that save at once: no torn file, no lost job."""

from pathlib import Path

from tests.support.long_run import by_length
from tests.support.scripts import names, output, python
from tui.storage.watchlist import WatchlistFile

KILLED = """
import os, random, signal, sys, time
from pathlib import Path
from tui.core.job import Job, JobId
from tui.storage.watchlist import WatchlistFile

def write(path, pipe, trial):
    file = WatchlistFile(path)
    for number in range(1000):
        job = JobId(f"{trial:05}{number:027}")
        file.add([Job(job, "x" * 90)])
        os.write(pipe, f"{job}\\n".encode())

folder, trials = Path(sys.argv[1]), int(sys.argv[2])
a_few_saves = 0.001
dice = random.Random(7)
saved, whole, silent = set(), 0, 0
for trial in range(trials):
    path = folder / str(trial // 50) / "watchlist.toml"  # a list that stays short is saved more often
    if trial % 50 == 0:
        saved = set()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        write(path, writing, trial)
        os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as said:
        first = said.readline() if trial % 3 == 0 else ""
        time.sleep(dice.uniform(0, a_few_saves))
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        new = set((first + said.read()).split())
    saved |= new
    whole += len(new)
    silent += not new
    if not first:  # the machine may become faster or slower at any time
        a_few_saves *= 0.95 if new else 1.25
    there = {job.id for job in WatchlistFile(path).load().jobs}
    assert saved <= there, (trial, saved - there)
    assert len(there) <= whole + trials, trial
print(whole, silent)
"""
ADD = """
import sys
from pathlib import Path
from tui.core.job import Job, JobId
from tui.storage.watchlist import WatchlistFile
path, jobs, at_once, letter = sys.argv[1:]
file = WatchlistFile(Path(path), lock_wait=60)
for start in range(0, int(jobs), int(at_once)):
    file.add([Job(JobId(f"{letter}{number:031}")) for number in range(start, start + int(at_once))])
"""


def test_writers_killed_at_random_moments_lose_nothing(tmp_path: Path) -> None:
    """Each third of them not before its first save was through, so that there is something to lose on any machine."""
    writers = by_length(100, 300, 10_000)
    saved, silent = map(int, output(python(KILLED, tmp_path, writers)).split())
    assert saved > writers * 0.3
    assert silent > writers * 0.02  # killed before their first save was through


def test_two_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    """Ten jobs at a time, one at a time in the long run: each save takes longer than the one before."""
    path = tmp_path / "watchlist.toml"
    jobs, at_once = by_length((300, 10), (1000, 10), (1000, 1))
    for process in [python(ADD, path, jobs, at_once, letter) for letter in "ab"]:
        output(process)
    ids = [job.id for job in WatchlistFile(path).load().jobs]
    assert len(ids) == len(set(ids)) == 2 * jobs
    assert [one for one in ids if one[0] == "a"] == sorted(one for one in ids if one[0] == "a")
    assert names(tmp_path) == {path.name, "watchlist.toml.lock"}
