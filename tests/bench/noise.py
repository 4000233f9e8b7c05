"""How quiet the machine was: a fixed piece of work timed, and what the other programs used."""

import os
import resource
import time
from pathlib import Path


def spin() -> float:
    """Milliseconds for a fixed piece of work."""
    start = time.perf_counter()
    total = 0
    for step in range(200_000):
        total += step * step
    return (time.perf_counter() - start) * 1000


class Noise:
    """From its making on. Programs that we started count as ours once they have ended."""

    def __init__(self) -> None:
        self._spins = [spin()]
        self._start = time.monotonic()
        self._busy, self._ours = _busy(), _ours()

    def __str__(self) -> str:
        elapsed = time.monotonic() - self._start
        others = (_busy() - self._busy) - (_ours() - self._ours)
        share = max(0.0, others / elapsed / (os.cpu_count() or 1))
        self._spins.append(spin())
        return f"spin {min(self._spins):.0f}–{max(self._spins):.0f} ms, others {share:.0%} of the cores"


def _busy() -> float:
    """Seconds that the cores of this machine have worked."""
    user, nice, system, _, _, interrupts, soft, *_ = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:])
    return (user + nice + system + interrupts + soft) / os.sysconf("SC_CLK_TCK")


def _ours() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime
