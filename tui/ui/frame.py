"""What the terminal shows, cell by cell, so that a frame sends only what differs from it.

Textual's compositor compares nothing: it sends every region that a widget declares changed, and the whole screen while
a dialog lies over another screen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby, repeat, takewhile
from math import dist
from typing import NamedTuple
from unicodedata import east_asian_width
from zlib import crc32

from rich.color import Color, ColorSystem
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

from tui.core.text import graphemes

Cell = tuple[str, str]
"""A character and the escape sequences of its look. The second cell of a wide character is empty."""
Line = list[Cell]
Span = tuple[int, int]
"""The first cell, and the one after the last."""
PLAIN = "\x1b[0m"
LINK, LINK_ENDS = "\x1b]8;", "\x1b]8;;\x1b\\"
UNKNOWN: Cell = ("", "?")
"""A cell before anything was sent for it."""
CLOSE = 10
"""Up to this many unchanged cells are sent again: moving the cursor over them would cost more bytes."""
MOVES = 4
"""So many blocks of lines are moved in one frame at most."""
LEAST_MOVED = 3
"""Lines of the smallest block that the terminal moves."""


class Frame:
    """Remembers what was sent. Everything that `changes` returns must be written to the terminal."""

    def __init__(self) -> None:
        self._size = Size(0, 0)
        self._lines: list[Line] = []

    def forget(self) -> None:
        """Forget what the terminal shows: the next frame is sent whole."""
        self._size = Size(0, 0)

    def changes(self, update: CompositorUpdate, size: Size, colours: ColorSystem) -> str:
        """The text to send so that the terminal shows `update`; empty if it does already."""
        if size != self._size:
            self._size = size
            self._lines = [[UNKNOWN] * size.width for _ in range(size.height)]
        changed: dict[int, Line] = {}
        for y, pieces in _pieces(update):
            if y >= size.height:
                continue
            new = list(changed.get(y, self._lines[y]))  # a line may come in several spans
            for x, strip in pieces:
                cells = _cells(strip, colours)[: max(0, size.width - x)]  # the frame may be older than the size
                new[x : x + len(cells)] = cells
            if new != self._lines[y]:
                changed[y] = new
        text = _drawn_lines(self._lines, changed)
        moves, lines, others = _move_blocks(self._lines, changed)
        if moves and len(shorter := moves + _drawn_lines(lines, others)) < len(text):
            text = shorter
        for y, new in changed.items():
            self._lines[y] = new
        return text + PLAIN if text else ""


class Block(NamedTuple):
    """Neighbouring lines: once the terminal has moved them, all but `abs(by)` of them are right."""

    top: int
    bottom: int
    """The line after the last one."""
    by: int
    """Lines to move down; negative: up."""


def _move_blocks(shown: list[Line], changed: Mapping[int, Line]) -> tuple[str, list[Line], Mapping[int, Line]]:
    """Lets the terminal move the blocks of lines that only stand higher or lower in the new frame.

    Returns the text that moves them, the lines that are shown after that, and those that must be drawn then.
    """
    sent: list[str] = []
    lines, to_draw = list(shown), dict(changed)
    while len(sent) < MOVES and (block := _block_to_move(lines, to_draw)):
        top, bottom, by = block
        wanted = {y: to_draw.get(y, lines[y]) for y in range(top, bottom)}
        freed = [[UNKNOWN] * len(lines[top]) for _ in range(abs(by))]
        part = lines[top:bottom]
        lines[top:bottom] = freed + part[:-by] if by > 0 else part[-by:] + freed
        to_draw |= {y: line for y, line in wanted.items() if line != lines[y]}
        # In a scrolling region of these lines alone, insert lines at its top, or delete them: the others move.
        sent.append(f"\x1b[{top + 1};{bottom}r\x1b[{top + 1}H\x1b[{abs(by)}{'L' if by > 0 else 'M'}\x1b[r")
    return "".join(sent), lines, to_draw


def _block_to_move(shown: list[Line], changed: Mapping[int, Line]) -> Block | None:
    """A block of changed lines that stand on the screen already, higher or lower; None if there is none.

    The lowest of those that go down comes first, then the highest of those that go up: none is written over before
    its turn.
    """
    if not any(all(y + below in changed for below in range(1, LEAST_MOVED)) for y in changed):
        return None  # as in most frames: to look for their lines elsewhere would cost more than it saves
    known = [(line, y) for y, line in enumerate(shown) if line[0] != UNKNOWN]
    if not known:
        return None
    places = {tuple(line[:-1]): y for line, y in known}  # the last cell may belong to a scroll bar
    moved = [(y, y - places[key]) for y, line in sorted(changed.items()) if (key := tuple(line[:-1])) in places]
    blocks: list[Block] = []
    for (_, by), group in groupby(enumerate(moved), key=lambda one: (one[1][0] - one[0], one[1][1])):
        lines = [y for _, (y, _) in group]
        if by and len(lines) >= LEAST_MOVED:
            blocks.append(Block(lines[0] - max(by, 0), lines[-1] + 1 - min(by, 0), by))
    return max(blocks, key=lambda one: one.bottom if one.by > 0 else -one.top, default=None)


def _drawn_lines(shown: Sequence[Line], changed: Mapping[int, Line]) -> str:
    """The text that draws what differs in these lines."""
    sent: list[str] = []
    look = UNKNOWN[1]
    for y, new in changed.items():
        for span in _spans(shown[y], new):
            text, look = _drawn(new, y, span, look)
            sent.append(text)
    return "".join(sent)


def _pieces(update: CompositorUpdate) -> Iterator[tuple[int, Iterable[tuple[int, Strip]]]]:
    """For each line its number, and its strips with the cell that each begins at."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            yield y, [(update.region.x, Strip.join(strips))]
    elif isinstance(update, ChopsUpdate):
        for y, start, end in update.spans:
            chops = zip(update.chop_ends[y], update.chops[y].items(), strict=False)
            # Outside of the span the strip of a widget on top may be missing.
            yield y, [(x, strip) for stop, (x, strip) in chops if strip is not None and x < end and stop > start]


def _cells(strip: Strip, colours: ColorSystem) -> list[Cell]:
    cells: list[Cell] = []
    for text, style, _ in strip:
        look = _look(style, colours) if style else PLAIN
        if text.isascii():
            cells += zip(text, repeat(look))
            continue
        for start, end, width in graphemes(text):  # as the strip's own length is measured
            if width:
                cells.append((text[start:end], look))
            elif cells:
                _combine(cells, text[start:end])
            cells += [("", look)] * (width - 1)
    return cells


def _look(style: Style, colours: ColorSystem) -> str:
    if colours is ColorSystem.EIGHT_BIT:
        style = _of_256(style)
    ansi = style._ansi if style._ansi is not None else Strip.render_ansi(style, colours)
    look = f"\x1b[0;{ansi}m" if ansi else PLAIN
    # Rich gives each part of a link an ID of its own; with one for each address, terminals underline all parts.
    return f"{look}{LINK}id={crc32(style.link.encode())};{style.link}\x1b\\" if style.link else look


@lru_cache(maxsize=4096)
def _of_256(style: Style) -> Style:
    return style + Style(color=_nearest(style.color), bgcolor=_nearest(style.bgcolor))


GREYS = range(232, 256)
"""The greys of a terminal of 256 colours, each 10 lighter than the one before, from 8 on."""


def _nearest(colour: Color | None) -> Color | None:
    """The one of 256 colours that stands for it: a grey where that is twice as near as what Rich takes.

    Rich takes a grey only for a grey: a dark ground with some blue would be navy.
    """
    if colour is None or colour.triplet is None:
        return colour
    red, green, blue = colour.triplet
    lighter = round((red + green + blue - 24) / 30)
    grey = Color.from_ansi(GREYS[min(max(lighter, 0), len(GREYS) - 1)])
    taken = colour.downgrade(ColorSystem.EIGHT_BIT)
    to_grey, to_taken = (dist(one.get_truecolor(), (red, green, blue)) for one in (grey, taken))
    return grey if 2 * to_grey < to_taken else taken


def _combine(cells: list[Cell], characters: str) -> None:
    """Append characters without width to the one before them."""
    at = len(cells) - 1
    while at and not cells[at][0]:
        at -= 1
    cells[at] = (cells[at][0] + characters, cells[at][1])


@lru_cache(maxsize=4096)
def _is_certain(text: str) -> bool:
    """Whether every terminal gives it the same width. They differ for East Asian, wide and combined characters."""
    return (text.isascii() and text != "") or (len(text) == 1 and east_asian_width(text) in ("N", "Na", "H"))


def _spans(old: Line, new: Line) -> Iterator[Span]:
    """The spans where the lines differ. Spans close to each other are joined."""
    if old == [UNKNOWN] * len(old) and UNKNOWN not in new:  # as in the first frame
        yield 0, len(new)
        return
    start = end = -1
    for at, (was, now) in enumerate(zip(old, new, strict=True)):
        if was == now:
            continue
        if start >= 0 and at - end > CLOSE:
            yield _widened(old, new, start, end)
            start = at
        elif start < 0:
            start = at
        end = at + 1
    if start >= 0:
        yield _widened(old, new, start, end)


def _widened(old: Line, new: Line, start: int, end: int) -> Span:
    """The span with the characters of uncertain width around it: they must be drawn in one piece."""
    while start and not (_is_certain(old[start - 1][0]) and _is_certain(new[start - 1][0])):
        start -= 1
    while end < len(new) and not (_is_certain(old[end - 1][0]) and _is_certain(new[end - 1][0])):
        end += 1
    return start, end


def _drawn(line: Line, y: int, span: Span, look: str) -> tuple[str, str]:
    """The text that draws a span, and the look that is in effect after it; before it that is `look`.

    After characters of uncertain width it sets the cursor to its column again: behind the next character where the last
    one may be wider than here, so that this one is not cut; before the next one where it may be narrower.
    """
    start, end = span
    parts, uncertain = [f"\x1b[{y + 1};{start + 1}H"], False
    for x in range(start, end):
        text, its_look = line[x]
        if its_look != look and text:
            parts += (_end(look), its_look)
            look = its_look
        was_uncertain, uncertain = uncertain, not _is_certain(text)
        if uncertain and not was_uncertain:
            parts.append(_room(line, x, end))
        if was_uncertain and text and _is_behind_wide(line, x):
            parts += f"\x1b[{x + 1}G", text
        elif was_uncertain and not uncertain:
            parts += text, f"\x1b[{x + 2}G"
        else:
            parts.append(text)
    ending = _end(look)
    return "".join((*parts, ending)), UNKNOWN[1] if ending else look


def _is_behind_wide(line: Line, x: int) -> bool:
    """Whether this cell follows one of two cells that a terminal may draw in one, as emoji of two code points, or the
    last of several that all terminals draw alike."""
    return not line[x - 1][0] and (len(line[x - 2][0]) > 1 or _is_certain(line[x][0]))


def _end(look: str) -> str:
    return LINK_ENDS if LINK in look else ""


def _room(line: Line, start: int, end: int) -> str:
    """Erases the old cells of the span first, if there come characters of two cells: a terminal that draws them in one
    would leave some of the old ones. Erasing no more than the new ones need might leave half of an old one."""
    run = takewhile(lambda cell: not _is_certain(cell[0]), line[start:end])
    return "" if all(text for text, _ in run) else f"\x1b[{end - start}X"
