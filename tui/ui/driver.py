"""The terminal driver, sturdier than Textual's, and a scroll bar for terminals without UTF-8."""

import os
import re
import select
import signal
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic
from typing import Any, ClassVar, TextIO

from rich.cells import cell_len
from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message
from textual.scrollbar import ScrollBarRender

TICK = 0.1
"""Seconds without input after which an unfinished sequence is taken for keys."""
LONGEST_REPLY = 64 * 1024
MOST_WAITING = 200
"""Texts that wait for the terminal: frames are none of them, so more is nothing that anybody misses."""
COLUMNS, LINES = 80, 24
"""The size of a terminal that does not tell its own."""

_STRING = r"\x1b[\]P_^X][^\x07\x1b]*"
_REPLIES = re.compile(rf"{_STRING}(?:\x07|\x1b\\)|\x1b\[[?>=][0-9;:]*[cnuRSt]")
_UNFINISHED = re.compile(rf"{_STRING}\x1b?\Z")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_PASTE, _PASTED = "\x1b[200~", "\x1b[201~"
_FUSED = re.compile(r"\x1b(?:[^\x1b\[O\x7f\tbf]|[bf](?=.))", re.DOTALL)
"""Escape and another key in one piece: a multiplexer made one of two quick keys, or alt was held on a terminal that
cannot say so. Not alt with b, f or backspace: they move by words and delete them."""
_OTHER_KEY = re.compile(r"\x1b\[27;(\d{1,3});\d{1,7}~")
_PIECES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b?[^\x1b]+|\x1b")


class Replies:
    """Takes a terminal's answers that nobody waits for out of the input; their letters would act as keys."""

    def __init__(self) -> None:
        self._held = ""

    def without(self, text: str) -> str:
        """`text` without whole answers; the start of one at its end is held until the rest or `release` comes."""
        text = _REPLIES.sub("", self._held + text)
        start = _UNFINISHED.search(text)
        cut = start.start() if start and len(text) - start.start() < LONGEST_REPLY else len(text)
        self._held = text[cut:]
        return text[:cut]

    def release(self) -> str:
        """What was held after all: no answer, since nothing followed."""
        held, self._held = self._held, ""
        return held


class Parser:
    """Textual's parser, started afresh when a sequence is more than it can stand.

    Pastes and the key escape are told here: Textual runs what follows an escape inside a paste as keys.
    """

    def __init__(self, debug: bool = False) -> None:
        self._debug = debug
        self._parser = XTermParser(debug)
        self._held = ""
        self._pasting = False

    def feed(self, text: str) -> Iterator[Message]:
        """Sequence by sequence, so that only the odd one is lost."""
        text, self._held = self._held + text, ""
        while text:
            before, mark, text = text.partition(_PASTED if self._pasting else _PASTE)
            if self._pasting and not mark:
                self._held = before
                return
            if not mark:
                before, self._held = _up_to_a_start(before)
            if self._pasting:
                yield events.Paste(before.replace("\x00", ""))
            else:
                yield from self._keys(before)
            self._pasting = bool(mark) and not self._pasting

    def _keys(self, text: str) -> Iterator[Message]:
        for piece in _PIECES.findall(text):
            if piece == "\x1b" or _FUSED.match(piece):
                yield events.Key("escape", "\x1b")
                piece = piece[1:]
            if piece and not _says_alt(piece):
                yield from self._guarded(self._parser.feed(piece))

    def tick(self) -> Iterator[Message]:
        """What only time tells: that an escape was a key."""
        if self._held and not self._pasting:
            held, self._held = self._held, ""
            yield from self._keys(held)
        yield from self._guarded(self._parser.tick())

    def _guarded(self, messages: Any) -> Iterator[Message]:
        try:
            for message in messages:
                if not (isinstance(message, events.Key) and _unprintable(message.character)):
                    yield message
        except Exception:
            broken, self._parser = self._parser, XTermParser(self._debug)
            self._parser.mouse_pixels = broken.mouse_pixels
            self._parser.terminal_size = broken.terminal_size
            self._parser.terminal_pixel_size = broken.terminal_pixel_size


def _says_alt(piece: str) -> bool:
    """Whether it is xterm's way to say that alt was held with a character: Textual leaves out the alt."""
    told = _OTHER_KEY.fullmatch(piece)
    return told is not None and bool((int(told[1]) - 1) & 2)


def _up_to_a_start(text: str) -> tuple[str, str]:
    """The text, and what at its end may be the beginning of a paste's mark, such as an escape."""
    for length in range(min(len(_PASTE) - 1, len(text)), 0, -1):
        if text.endswith(_PASTE[:length]):
            return text[:-length], text[-length:]
    return text, ""


def _unprintable(character: str | None) -> bool:
    """Half a surrogate pair: it would fail later, when it is shown or saved."""
    return character is not None and any("\ud800" <= half <= "\udfff" for half in character)


class Output:
    """The file of Textual's writer thread. Reports each text that the terminal has taken."""

    def __init__(self, file: TextIO, taken: Callable[[], None]) -> None:
        self._file = file
        self._taken = taken

    def write(self, text: str) -> None:
        with suppress(OSError):  # the terminal has gone: who watches it ends the app
            self._file.write(text)
            self._file.flush()
        self._taken()

    def flush(self) -> None:
        """Done after each text."""

    def fileno(self) -> int:
        return self._file.fileno()


class SturdyDriver(LinuxDriver):
    """Not ended or upset by bytes that are not UTF-8, odd sequences, stray answers, a bare SIGCONT, quick resizes, a
    terminal without a size, or one that takes no output."""

    _suspended = False
    _written = _taken = 0
    """Texts given to the writer thread, and those that it has got rid of. Each is counted by one thread only."""
    _when_free: Callable[[], None] | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._size = self._size or self._get_terminal_size()
        self._file: Any = Output(self._file, self._note_taken)

    def write(self, data: str) -> None:
        """Never waits: what a terminal that takes nothing has no room for is dropped. Frames ask `is_free` first."""
        if self._written - self._taken < MOST_WAITING:
            self._written += 1
            super().write(data)

    def is_free(self, when_free: Callable[[], None]) -> bool:
        """Whether the terminal has taken all that was written; if not, `when_free` is called once it has."""
        self._when_free = when_free  # first, so that the writer thread cannot miss it
        if self._written == self._taken:
            self._when_free = None
        return self._when_free is None

    def _note_taken(self) -> None:
        self._taken += 1
        if self._written == self._taken and (when_free := self._when_free):
            self._when_free = None
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(when_free)

    def run_input_thread(self) -> None:
        decode = getincrementaldecoder("utf-8")("replace").decode
        replies, parser = Replies(), Parser(self._debug)
        while not self.exit_event.is_set():
            if select.select([self.fileno], [], [], TICK)[0]:
                with suppress(OSError):
                    if data := os.read(self.fileno, 4096):
                        self._send(parser.feed(replies.without(decode(data))))
                        continue
                self.exit_event.wait(TICK)  # the terminal has gone: who watches it ends the app
            else:
                self._send(parser.feed(replies.release()))
            self._send(parser.tick())

    def start_application_mode(self) -> None:
        start: Callable[[], None] = super().start_application_mode
        start()
        if self._writer_thread:
            self._writer_thread._queue.maxsize = 0  # a full queue would block the loop; `write` has its own bound
        signal.signal(signal.SIGWINCH, self._note_resize)

    def _note_resize(self, *args: Any) -> None:
        """The size is read on the loop. Textual reads it here, and of two signals that interrupt each other the one
        that read first tells last: the screen would stay as large as it no longer is."""
        self._loop.call_soon_threadsafe(self._tell_size)

    def _tell_size(self) -> None:
        if not self._in_band_window_resize:
            size = Size(*self._get_terminal_size())
            self.process_message(events.Resize(size, size))

    def process_message(self, message: Message) -> None:
        if isinstance(message, events.Resize):
            self._size = _usable(*message.size)
            size = Size(*self._size)
            message = events.Resize(size, size, size, message.pixel_size)
        super().process_message(message)

    def _get_terminal_size(self) -> tuple[int, int]:
        """Of the terminal that the keys come from: Textual asks standard output, which may be a file."""
        try:
            return _usable(*os.get_terminal_size(self.fileno))
        except OSError:  # the terminal has gone: who watches it ends the app
            return COLUMNS, LINES

    def _send(self, messages: Iterator[Message]) -> None:
        """All that was read at once arrives at once and at one time, however long a busy machine takes to parse it."""
        read_at = monotonic()
        if batch := list(messages):
            for message in batch:
                message.time = read_at
            self._loop.call_soon_threadsafe(self._deliver, batch)

    def _deliver(self, batch: list[Message]) -> None:
        for message in batch:
            self.process_message(message)

    def _sigtstp_application(self, *args: Any) -> None:
        self._suspended = self._auto_restart
        super()._sigtstp_application(*args)

    def _sigcont_application(self, *args: Any) -> None:
        """Textual would start a second time on a SIGCONT that no SIGTSTP went before."""
        if self._suspended:
            self._suspended = False
            super()._sigcont_application(*args)
        elif self._auto_restart:
            self._loop.call_soon_threadsafe(self._app.post_message, self.SignalResume())


def _usable(columns: int, lines: int) -> tuple[int, int]:
    """A serial console or a pty that nobody gave a size says 0."""
    return columns or COLUMNS, lines or LINES


class AsciiDriver(SturdyDriver):
    """For terminals without UTF-8: what is not ASCII becomes as many question marks as it has cells."""

    def write(self, data: str) -> None:
        super().write(data if data.isascii() else _BEYOND_ASCII.sub(lambda one: "?" * cell_len(one[0]), data))


class AsciiScrollBar(ScrollBarRender):
    """A scroll bar whose ends are whole cells."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8
