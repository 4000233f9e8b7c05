"""Terminal drivers and a scroll bar. They override Textual where it fails on real terminals; each place says why."""

import os
import re
import select
import signal
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic
from typing import Any, ClassVar, NamedTuple, TextIO

from rich.cells import cell_len
from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message
from textual.scrollbar import ScrollBarRender

from tui.processes import is_in_front, never_stopped

TICK = 0.1
"""Seconds without input after which an unfinished sequence counts as keys."""
MOMENT = 0.2
"""Seconds for which a program that was continued in the background runs before it stops again: signals that were sent
with SIGCONT come first."""
LONGEST_REPLY = 64 * 1024
MOST_WAITING = 200
"""Control sequences that may wait for the terminal; further ones are dropped. Frames wait elsewhere."""
STUCK = 4
"""A terminal for which this many texts wait takes no output now: what would be news only now is not sent."""
ASSUMED_COLUMNS, ASSUMED_LINES = 80, 24
"""The size of a terminal that reports none."""

# Each pattern is compiled at its first use: all of them together take 2 ms, which the first frame does not wait for.
_STRING = r"\x1b[\]P_^X][^\x07\x1b]*"
_REPLIES = rf"{_STRING}(?:\x07|\x1b\\)|\x1b\[[?>=][0-9;:]*[cnuRSt]"
_UNFINISHED = rf"(?:{_STRING})?\x1b?\Z"
_NO_KEYS_BEGIN_SO = r"\x1b(?:\][0-9]|P(?:[01][$+]|[>!]\|)|_G)"
"""The beginning of a reply that is long enough to tell it from keys that were typed after escape."""
_BEGUN = r"\x1b(?:\][0-9]+;|P(?:[01][$+]r|[>!]\|)|_G)[^\x07\x1b]*"
_CUT_REPLY = rf"{_BEGUN}(?:\x07|\x1b\\)"
_MORE_FOLLOWS = rf"{_BEGUN}\x1b?"
_BEYOND_ASCII = r"[^\x00-\x7f]"
_PASTE, _PASTED = "\x1b[200~", "\x1b[201~"
_CTRL_C = r"\x03|\x1b\[99;(?:5|69|133|197)u|\x1b\[27;5;99~"
"""As terminals send it, also with caps lock and num lock."""
_FUSED = r"\x1b(?:[^\x1b\[O\x7f\tbf]|[bf](?=.))"
"""Escape and a key in one piece: two quick keys that a multiplexer joined, or alt and a key. It counts as two keys, but
for alt with b, f or backspace, which move by words and delete them."""
_OTHER_KEY = r"\x1b\[27;(\d{1,3});\d{1,7}~"
_PIECES = r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\[[0-?]+[ -/]*|\x1b?[^\x1b]+|\x1b"
_CUT = r"\x1b(?:\[[0-?]{0,64}[ -/]*)?\Z"
"""A sequence that has not ended yet, such as a report of the mouse or the mark of a paste, or its first character."""
_NO_KEYS = r"\x1b\[(?:[0-?]+[ -/]*|[0-?]{28,}[ -/]*[@-~])"
"""What Textual's parser would take for single keys: a sequence whose end is lost, and one that is too long."""
_WHOLE = r"\x1b\[(?:[0-?]+[ -/]*[@-~]|[A-LN-Z^-~])"
"""A sequence of which nothing follows; in that of an old mouse report and of a key of Linux's console some does."""
_GOES_ON = r"\x1b\[(?:<[-0-9;]*[Mm]?|[?>=]?[0-9;:]*\$?[A-Zcnuy~]?)(?:\Z|(?<=[Mm])|(?<=[A-Zcnuy~]))"
"""A sequence whose end comes late, with no more than what terminals send: any other character is a key."""
_ALONE = ("\x1b", "\x1b[")
_LATE_END = r"\x1b\[[A-Z]|\x1b\[(?:<[0-9][-0-9;]*[Mm]|[0-9][0-9;:]*[A-Zu~]|[?>=][0-9;:]*\$?[A-Zcnuy])"
_LATE = 10
"""So many ticks after the beginning of a sequence, its end is not waited for any more."""


class Replies:
    """Removes late replies of the terminal from the input. Textual would take their letters for keys."""

    def __init__(self) -> None:
        self._held = ""
        self._late = ""
        """What was held until now: on a line that stalls, the rest of a reply comes seconds later, or in pieces."""
        self._ticks = 0
        """Without input since the late reply began."""

    def without(self, text: str) -> str:
        """`text` without replies. An unfinished reply at its end is held for the next call, or for `release`."""
        late, self._late = self._late, ""
        if late and (reply := re.match(_CUT_REPLY, late + text)):
            text = text[reply.end() - len(late) :]
        elif self._goes_on(late, text):
            self._late = late + text
            return ""
        text = re.sub(_REPLIES, "", self._held + text)
        start = re.search(_UNFINISHED, text)
        cut = start.start() if start and len(text) - start.start() < LONGEST_REPLY else len(text)
        self._held = text[cut:]
        return text[:cut]

    def _goes_on(self, late: str, text: str) -> bool:
        """Whether this text is a further piece of the late reply, and not its last. A single character is a key."""
        may_go_on = self._ticks < _LATE and 0 < len(late) < LONGEST_REPLY
        return may_go_on and len(text) > 1 and re.fullmatch(_MORE_FOLLOWS, late + text) is not None

    def release(self) -> str:
        """The text that was held and may be keys, since nothing followed."""
        held, self._held = self._held, ""
        self._late, self._ticks = (held, 0) if held else (self._late, self._ticks + 1)
        return "" if re.match(_NO_KEYS_BEGIN_SO, held) else held


class KeyParser:
    """Wraps Textual's parser, which some sequences break; then a new one takes over.

    Recognises pastes and the escape key itself: Textual's parser takes what follows an escape in a paste for keys.
    """

    def __init__(self, debug: bool = False) -> None:
        self._debug = debug
        self._parser = XTermParser(debug)
        self._held = ""
        self._pasting = False
        self._ticks = 0
        """Since the last text."""
        self._alone = ""
        """An escape, or one with its bracket, that counted as keys because nothing followed; its end may come late."""

    def feed(self, text: str) -> Iterator[Message]:
        """The events for this text. Feeds Textual's parser one sequence at a time, so that only a bad one is lost."""
        if self._pasting and self._ticks and re.fullmatch(_CTRL_C, text):  # its end is lost: no key would act again
            self._pasting, self._held = False, ""
        text, self._held = self._before(text) + text, ""
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

    def _before(self, text: str) -> str:
        """What was held and belongs before this text: on a line that stalls, a sequence comes in pieces."""
        held, is_late = self._held, self._ticks > 0
        if not text:
            return held
        alone, self._alone, self._ticks = self._alone, "", 0
        if alone and re.match(_LATE_END, alone + text):
            return alone
        return "" if held and is_late and not self._pasting and not re.match(_GOES_ON, held + text) else held

    def _keys(self, text: str) -> Iterator[Message]:
        for piece in re.findall(_PIECES, text):
            if re.fullmatch(_NO_KEYS, piece):
                continue
            is_escape = piece == "\x1b" or re.match(_FUSED, piece, re.DOTALL)
            if is_escape:
                yield events.Key("escape", "\x1b")
            rest = piece[1:] if is_escape else piece
            if rest and not _has_alt(rest):
                yield from self._whole(rest) if re.fullmatch(_WHOLE, rest) else self._guarded(self._parser.feed(rest))

    def _whole(self, sequence: str) -> Iterator[Message]:
        """The events for a sequence. Textual's parser goes on reading one that it does not know, then takes it for
        keys."""
        found = list(self._guarded(self._parser.feed(sequence)))
        if not found:
            self._renew()
        yield from found

    def tick(self) -> Iterator[Message]:
        """The events that are clear once nothing follows, such as an escape key."""
        self._ticks += 1
        if self._ticks == _LATE and not self._pasting:
            self._held = self._alone = ""
        if self._held in _ALONE and not self._pasting:
            self._alone, self._held = self._held, ""
            yield from self._keys(self._alone)
        yield from self._guarded(self._parser.tick())

    def _guarded(self, messages: Any) -> Iterator[Message]:
        try:
            for message in messages:
                if not (isinstance(message, events.Key) and _unprintable(message.character)):
                    yield message
        except Exception:
            self._renew()

    def _renew(self) -> None:
        before, self._parser = self._parser, XTermParser(self._debug)
        self._parser.mouse_pixels = before.mouse_pixels
        self._parser.terminal_size = before.terminal_size
        self._parser.terminal_pixel_size = before.terminal_pixel_size


def _has_alt(piece: str) -> bool:
    """Whether this is xterm's modifyOtherKeys sequence with alt: Textual ignores the alt."""
    match = re.fullmatch(_OTHER_KEY, piece)
    return match is not None and bool((int(match[1]) - 1) & 2)


def _up_to_a_start(text: str) -> tuple[str, str]:
    """The text split in two: the second part is the beginning of a sequence, such as an escape or a paste's mark."""
    start = re.search(_CUT, text)
    return (text[: start.start()], start[0]) if start else (text, "")


def _unprintable(character: str | None) -> bool:
    """Whether it has half a surrogate pair, which cannot be shown or saved."""
    return character is not None and any("\ud800" <= half <= "\udfff" for half in character)


class Title(NamedTuple):
    """A title of the terminal: the sequence that shows it, and those that save and restore the terminal's own."""

    show: str = ""
    push: str = ""
    pop: str = ""


class TerminalOutput:
    """The file of Textual's writer thread. Calls `taken` with the number of texts that the terminal has taken.

    Texts that wait go out together: after each output the thread waits for its turn, which a busy event loop gives it
    milliseconds later.
    """

    def __init__(self, file: TextIO, taken: Callable[[int], None]) -> None:
        self._file = file
        self._taken = taken
        self._waiting = 0

    def write(self, text: str) -> None:
        self._waiting += 1
        with suppress(OSError):  # the terminal has gone: Shutdown notices that and ends the app
            self._file.write(text)

    def flush(self) -> None:
        """Called by the thread when it has written all texts that it was given."""
        with suppress(OSError):
            self._file.flush()
        taken, self._waiting = self._waiting, 0
        self._taken(taken)

    def fileno(self) -> int:
        return self._file.fileno()


class SturdyDriver(LinuxDriver):
    """Textual's driver, made safe against bytes that are not UTF-8, odd sequences, late replies, a SIGCONT without
    SIGTSTP, quick resizes, and terminals that report no size or take no output."""

    _suspended = False
    _written = _taken = 0
    """How many texts the writer thread was given, and how many the terminal has taken; each counted by one thread."""
    _frame = 0
    """The number of the text that is the last frame."""
    _when_free: Callable[[], None] | None = None
    _title = Title()
    _has_reported = False
    """Whether the terminal has reported its size since it was asked to do so at each change."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._size = self._size or self._get_terminal_size()
        self._file: Any = TerminalOutput(self._file, self._note_taken)

    def write(self, data: str) -> None:
        """Writes a text to the terminal. Never blocks: if too much waits for the terminal, the text is dropped.

        Nothing is written in the background: there Textual has no thread for it.
        """
        if self._writer_thread and self._written - self._taken < MOST_WAITING:
            self._written += 1
            super().write(data)

    def write_frame(self, frame: str) -> None:
        """Call it only while the driver `is_free`."""
        self.write(frame)
        self._frame = self._written

    def close(self) -> None:
        """Ends the writer thread. Textual keeps the one that it has stopped, which would take no text any more; and it
        would wait for one that could not be started, and hide why."""
        if self._writer_thread and self._writer_thread.ident is not None:
            super().close()
        self._writer_thread = None

    @property
    def is_stuck(self) -> bool:
        return self._written - self._taken >= STUCK

    def show_title(self, title: Title) -> None:
        """Sets the title of the terminal if it is another one than before; without a title, puts back the terminal's
        own. Changes nothing while the terminal takes no output: a later call does."""
        if title == self._title or self.is_stuck:
            return
        before, self._title = self._title, title
        if self._writer_thread:
            self.write(f"{'' if before.show else title.push}{title.show}" if title.show else before.pop)

    @property
    def title_to_put_back(self) -> str:
        """What puts the terminal's own title back now; empty if it has that."""
        return self._title.pop if self._writer_thread else ""

    def stop_application_mode(self) -> None:
        """Does nothing while it is stopped already: then the terminal is that of the shell, or of another program."""
        if self._writer_thread:
            if self._title.show:
                self.write(self._title.pop)
            with never_stopped():
                super().stop_application_mode()

    def disable_input(self) -> None:
        if self._writer_thread:
            with never_stopped():
                super().disable_input()

    def is_free(self, when_free: Callable[[], None]) -> bool:
        """Whether the terminal has taken the last frame; if not, `when_free` is called later, once it has.

        Shorter texts hold up no frame: the first one would come after all that is loaded behind it.
        """
        self._when_free = when_free  # set before the test: the writer thread may finish in between
        if self._taken >= self._frame:
            self._when_free = None
        return self._when_free is None

    def _note_taken(self, texts: int) -> None:
        self._taken += texts
        if self._taken >= self._frame and (when_free := self._when_free):
            self._when_free = None
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(when_free)

    def run_input_thread(self) -> None:
        decode = getincrementaldecoder("utf-8")("replace").decode
        replies, parser = Replies(), KeyParser(self._debug)
        while not self.exit_event.is_set():
            if select.select([self.fileno], [], [], TICK)[0]:
                with suppress(OSError):
                    if data := os.read(self.fileno, 4096):
                        self._send(parser.feed(replies.without(decode(data))))
                        continue
                self.exit_event.wait(TICK)  # the terminal has gone: Shutdown notices that and ends the app
            else:
                self._send(parser.feed(replies.release()))
            self._send(parser.tick())

    def start_application_mode(self) -> None:
        self._has_reported = False
        start: Callable[[], None] = super().start_application_mode
        start()
        if not self._writer_thread and is_in_front(self.fileno):  # it was stopped in the background, and fetched
            start()
        self._suspended = not self._writer_thread  # then the next SIGCONT starts it
        if self._title.show:
            self.write(f"{self._title.push}{self._title.show}")
        if self._writer_thread:
            # Textual bounds it, and blocks the event loop when it is full; `write` has its own bound.
            self._writer_thread._queue.maxsize = 0
        signal.signal(signal.SIGWINCH, self._note_resize)

    def _note_resize(self, *args: Any) -> None:
        """Read the size on the event loop. Textual reads it in the signal handler: if a second signal interrupts
        that, the older size arrives last and stays."""
        self._loop.call_soon_threadsafe(self._post_size)

    def _post_size(self) -> None:
        if not self._in_band_window_resize:
            size = Size(*self._get_terminal_size())
            self.process_message(events.Resize(size, size))

    def process_message(self, message: Message) -> None:
        if isinstance(message, events.Resize):
            before, self._size = self._size, _usable(*message.size)
            is_first_report = message.pixel_size is not None and not self._has_reported
            self._has_reported |= is_first_report
            if is_first_report and self._size == before:
                return  # it reports its size as soon as it is asked to: nothing has moved
            size = Size(*self._size)
            message = events.Resize(size, size, size, message.pixel_size)
        super().process_message(message)

    def _get_terminal_size(self) -> tuple[int, int]:
        """The size of the terminal that keys are read from. Textual asks standard output, which may be a file."""
        try:
            return _usable(*os.get_terminal_size(self.fileno))
        except OSError:  # the terminal has gone: Shutdown notices that and ends the app
            return ASSUMED_COLUMNS, ASSUMED_LINES

    def _send(self, messages: Iterator[Message]) -> None:
        """Deliver all messages of one read together, with the time of the read. A paste is recognised by these
        times; on a busy machine Textual's are later."""
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
        """After a SIGCONT without a SIGTSTP before it, only draw again: Textual would start a second time. In the
        background stop again, but not at once: with `kill %1` a signal that ends the program comes together with this.
        """
        if self._suspended and self._auto_restart and not is_in_front(self.fileno):
            self._loop.call_soon_threadsafe(self._loop.call_later, MOMENT, self._stop_again)
        elif self._suspended:
            self._suspended = False
            super()._sigcont_application(*args)
        elif self._auto_restart:
            self._loop.call_soon_threadsafe(self._app.post_message, self.SignalResume())

    def _stop_again(self) -> None:
        in_front = is_in_front(self.fileno)
        if in_front:
            self._sigcont_application()
        elif self._suspended and not self._app._exit and in_front is False:
            os.kill(os.getpid(), signal.SIGSTOP)


def _usable(columns: int, lines: int) -> tuple[int, int]:
    """The size, with defaults for 0: a serial console and a new pty report that."""
    return columns or ASSUMED_COLUMNS, lines or ASSUMED_LINES


class AsciiDriver(SturdyDriver):
    """For terminals without UTF-8: a character that is not ASCII becomes a question mark for each of its cells."""

    def write(self, data: str) -> None:
        super().write(data if data.isascii() else re.sub(_BEYOND_ASCII, lambda one: "?" * cell_len(one[0]), data))


class AsciiScrollBar(ScrollBarRender):
    """A scroll bar of whole cells: Textual's ends in block characters, which are not ASCII."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8
