"""Finds the jobs that a command's arguments name: by IDs, addresses, labels, or standard input, which a terminal cuts
at 4,095 bytes a line.
"""

import argparse
import fcntl
import os
import re
import select
import signal
import struct
import sys
import termios
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType, MappingProxyType

from tui.commands.render import read_listing
from tui.core.errors import UserError
from tui.core.job import Job, JobId, ServiceName
from tui.core.paste import Found, parse_paste, preview
from tui.core.text import clean, did_you_mean, normal, width

STANDARD_INPUT = "-"
JOB = "an ID, a label, the service's name, or the address of a job's page"
Names = Mapping[JobId, ServiceName]
"""What the service called jobs when it was asked last; the screen shows these names where there is no label."""
NO_NAMES: Names = MappingProxyType({})
EMPTY = "The watchlist is empty: codearts-watch find --add puts all jobs of your projects on it, add ID a single one."
_WORD = re.compile(r"\w[\w.-]*")
_ID = re.compile(r"[0-9A-Za-z]{32}")


def shown_name(job: Job, service_names: Names) -> str:
    """What the screen calls the job: its label, or the service's name; empty where neither is known."""
    return job.label or (service_names[job.id].name if job.id in service_names else "")


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """The argument that `select_jobs` reads."""
    about = "ID, label, name or page address; - reads stdin; default: all"
    parser.add_argument("jobs", metavar="ID", nargs="*", help=about)


def add_build(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments for one job and the number of one of its builds."""
    parser.add_argument("job", metavar="ID", help=JOB)
    parser.add_argument("--build", metavar="N", type=build_number, help="the number of the build; default: the last")


def build_number(text: str) -> int:
    """Returns the number of a build, with or without #. Raises argparse's error."""
    if not re.fullmatch("#?[0-9]{1,9}", text, re.ASCII) or not int(text.lstrip("#")):
        raise argparse.ArgumentTypeError("it must be a number from 1")
    return int(text.lstrip("#"))


def add_outcome(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--outcome", action="store_true", help="ask also what became of each job's last build")


def select_jobs(
    given: Sequence[str],
    watched: Sequence[Job],
    read: Callable[[], str],
    say: Callable[[str], None],
    service_names: Names,
) -> tuple[Job, ...]:
    """The jobs that `given` names, each once, in order; all watched jobs if it names none. Raises UserError.

    Jobs need not be on the list. For `-`, `read` returns standard input; words in it that are no jobs are reported by
    calling `say`.
    """
    if not given:
        if not watched:
            raise UserError(f"{EMPTY} Or give IDs to this command.")
        return tuple(watched)
    jobs: dict[JobId, Job] = {}
    names = _Names(watched, service_names)
    for text in given:
        found = _from_input(read(), names, say) if text == STANDARD_INPUT else [names.job(text)]
        for job in found:
            jobs.setdefault(job.id, job)
    return tuple(jobs.values())


def listed(
    given: Sequence[str],
    watched: Sequence[Job],
    read: Callable[[], str],
    say: Callable[[str], None],
    service_names: Names,
) -> tuple[Job, ...]:
    """The named jobs, as `select_jobs` finds them. Raises UserError for one that is not on the list."""
    jobs, known = select_jobs(given, watched, read, say, service_names), {job.id for job in watched}
    for job in jobs:
        if job.id not in known:
            raise UserError(f"{job.id} is not on the list.")
    return jobs


def named(text: str, watched: Sequence[Job], service_names: Names) -> Job:
    """The job with this ID, label, name or address, on the list or not. Raises UserError."""
    return _Names(watched, service_names).job(text)


class _Names:
    """The watched jobs by ID, by label, and by the service's name: put together once, however many arguments name
    jobs."""

    def __init__(self, watched: Sequence[Job], service_names: Names) -> None:
        self.by_id = {job.id: job for job in watched}
        self._by_label: dict[str, list[Job]] = {}
        self._by_name: dict[str, list[Job]] = {}
        for job in watched:
            if job.given_label:
                self._by_label.setdefault(normal(job.given_label), []).append(job)
            if job.id in service_names and (name := normal(service_names[job.id].name)):
                self._by_name.setdefault(name, []).append(job)
        self._shown = list(filter(None, (shown_name(job, service_names) for job in watched)))

    def called(self, text: str) -> Job | None:
        """The job with this label; if there is none, the one that the service calls so. Raises UserError for several;
        an ID is no name."""
        with_label = self._by_label.get(normal(text), [])
        with_label = [job for job in with_label if job.given_label == text] or with_label
        called = [] if text in self.by_id else with_label or self._by_name.get(normal(text), [])
        if len(called) > 1:
            ids = ", ".join(job.id for job in called)
            raise UserError(f"Several jobs are called {clean(text, 100)}: name one by its ID, {ids}.")
        return called[0] if called else None

    def job(self, text: str) -> Job:
        """The job with this ID, label, name or address, on the list or not. Raises UserError."""
        if called := self.called(text):
            return called
        found = parse_paste(text).found
        if len(found) == 1 and found[0].job:
            return self.by_id.get(found[0].job) or Job(found[0].job, address=found[0].address)
        if len(found) > 1:
            raise UserError(f"{clean(text, 100)} holds more than one ID: give them one by one, or on standard input.")
        raise UserError(self.unknown(text, found))

    def unknown(self, text: str, found: Sequence[Found]) -> str:
        """Why this text names no job."""
        if found and found[0].reason:
            return refusal(found[0])
        return f"'{clean(text, 100)}' names no job; {did_you_mean(text, self._shown) or f'give {JOB}.'}"


def refusal(found: Found) -> str:
    return f"{found.text}: {found.reason or 'This may mean several jobs.'}"


def _from_input(text: str, names: _Names, say: Callable[[str], None]) -> list[Job]:
    """The jobs in standard input. Raises UserError also for a line of one word that names no job: a mistyped label."""
    lines: list[str] = []
    for line in text.splitlines():
        word, called = normal(line), names.called(line)
        if _WORD.fullmatch(word) and not _ID.fullmatch(word) and not called:
            raise UserError(names.unknown(word, parse_paste(word).found))
        listed, _ = read_listing(line)  # its label and address name no job
        lines.append(listed[0].id if listed else called.id if called else line)
    sorted_out = preview(parse_paste("\n".join(lines)), ())
    for found in (*sorted_out.ambiguous, *sorted_out.refused):
        say(refusal(found))
    if not sorted_out.new:
        raise UserError("Standard input holds no job ID.")
    new = [(found.job, found.address) for found in sorted_out.new if found.job]
    return [names.by_id.get(job) or Job(job, address=address) for job, address in new]


_END, _ERASE, _ERASE_LINE = "\x04", ("\x7f", "\b"), "\x15"
SIGNAL_WITHIN = 0.5
"""Seconds: a signal that comes just before a call that waits does not interrupt it."""
LARGEST_INPUT = 16 << 20
"""Bytes of standard input that are read: a program there may never end."""
_HANDLED = (signal.SIGTERM, signal.SIGHUP, signal.SIGCONT)


def read_input() -> str:
    """Returns all of standard input; invalid UTF-8 is replaced. Raises UserError if it is closed, too large, or was cut
    by the terminal."""
    from tui.terminal.capabilities import LONGEST_LINE

    if sys.stdin is None:
        raise UserError("Standard input is closed: there is nothing to read.")
    if not sys.stdin.isatty():
        content = sys.stdin.buffer.read(LARGEST_INPUT + 1)
        if len(content) > LARGEST_INPUT:
            raise UserError(f"Standard input is larger than {LARGEST_INPUT >> 20} MiB: pass on only what names jobs.")
        return content.decode(errors="replace")
    descriptor = sys.stdin.fileno()
    with _character_mode(descriptor):
        if _waiting(descriptor) >= LONGEST_LINE:
            raise UserError(
                "This was pasted too early, and the terminal may have cut it: wait for the prompt, paste again."
            )
        _show(descriptor, "codearts-watch: paste or type, then press ctrl+d.\n")
        return _typed(descriptor)


def _typed(descriptor: int) -> str:
    """What the user types or pastes until ctrl+d; backspace and ctrl+u work as in line mode."""
    decode = getincrementaldecoder("utf-8")(errors="replace").decode
    typed: list[str] = []
    while True:
        try:
            while not select.select([descriptor], [], [], SIGNAL_WITHIN)[0]:
                pass  # a signal that came just before this is handled now
            chunk = os.read(descriptor, 4096)
        except OSError:  # the terminal was closed
            chunk = b""
        shown = "".join(_echo(typed, character) for character in decode(chunk).partition(_END)[0])
        _show(descriptor, shown)
        if not chunk or _END.encode() in chunk:
            return "".join(typed)


def _echo(typed: list[str], character: str) -> str:
    """Apply the character to `typed`, and return what the terminal shows for it."""
    if character in _ERASE or character == _ERASE_LINE:
        gone = ""
        while typed and typed[-1] != "\n":
            gone = typed.pop() + gone
            if character != _ERASE_LINE:
                break
        cells = width(gone) if gone.isprintable() else 0
        return "\b" * cells + " " * cells + "\b" * cells
    typed.append(character)
    return character if character.isprintable() or character == "\n" else ""


def _show(descriptor: int, text: str) -> None:
    with suppress(OSError):
        os.write(descriptor, text.encode(errors="replace"))


def _waiting(descriptor: int) -> int:
    """Bytes typed before the mode was changed."""
    answer = fcntl.ioctl(descriptor, termios.FIONREAD, struct.pack("i", 0))
    return int(struct.unpack("i", answer)[0])


@contextmanager
def _character_mode(descriptor: int) -> Iterator[None]:
    """Switch line mode off, also again after ctrl+z and fg; restored however the block ends."""
    before = termios.tcgetattr(descriptor)
    ours = termios.tcgetattr(descriptor)
    ours[3] &= ~(termios.ICANON | termios.ECHO)

    def handle(number: int, frame: FrameType | None) -> None:
        if number != signal.SIGCONT:
            sys.exit(128 + number)
        termios.tcsetattr(descriptor, termios.TCSANOW, ours)

    handlers = {number: signal.signal(number, handle) for number in _HANDLED}
    try:
        termios.tcsetattr(descriptor, termios.TCSANOW, ours)
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
