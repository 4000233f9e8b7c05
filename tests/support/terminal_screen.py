"""What a person sees: a terminal's output becomes lines of text."""

import codecs
import re
from typing import Any

import pyte

_TOKEN = re.compile(
    r"\x1b\[(?P<prefix>[<=>?]*)(?P<parameters>[0-9:;]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    r"|\x1b\](?P<command>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1b[P_^X][^\x1b]*\x1b\\"
    r"|\x1b(?P<between_short>[ -/]+)[0-~]"
    r"|\x1b(?P<short>[0-OQ-WYZ\\`-~])"
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[P_^X][^\x1b]*\x1b?|[ -/]*)?\Z")
_ALTERNATE = {"47", "1047", "1049"}
_SHORT_KNOWN = "78cDEHM=>"


class TerminalScreen:
    """Two pages, as terminals have them: the shell's and the alternate one.

    pyte draws what it does not know (kitty's keyboard modes, mode queries, device strings) as text, so that only what
    it knows is passed on.
    """

    def __init__(self, rows: int, columns: int) -> None:
        self.title = ""
        self._size = (rows, columns)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._main = self._page()
        self._shown = self._main

    @property
    def lines(self) -> tuple[str, ...]:
        """Every row, without the blanks at its end. Not by pyte's `display`, which fails on half a wide character."""
        rows, columns = self._size
        cells = self._shown[0].buffer
        return tuple("".join(cells[y][x].data for x in range(columns)).rstrip() for y in range(rows))

    @property
    def cells(self) -> tuple[tuple[Any, ...], ...]:
        """Every cell as pyte keeps it: `data`, `fg`, `bg`, `bold`, `italics`, `underscore`, `reverse`."""
        rows, columns = self._size
        cells = self._shown[0].buffer
        return tuple(tuple(cells[y][x] for x in range(columns)) for y in range(rows))

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column, from 0."""
        cursor = self._shown[0].cursor
        return int(cursor.y), int(cursor.x)

    def feed(self, output: bytes) -> None:
        """Takes output in pieces of any size."""
        text = self._rest + self._decoder.decode(output)
        unfinished = _UNFINISHED.search(text)
        end = unfinished.start() if unfinished else len(text)
        text, self._rest = text[:end], text[end:]
        at = 0
        for token in _TOKEN.finditer(text):
            self._draw(text[at : token.start()])
            self._act(token)
            at = token.end()
        self._draw(text[at:])

    def resize(self, rows: int, columns: int) -> None:
        self._size = (rows, columns)
        for page, _ in {self._main, self._shown}:
            page.resize(rows, columns)

    def _act(self, token: re.Match[str]) -> None:
        prefix, parameters, final = token["prefix"], token["parameters"], token["final"]
        if token["command"] is not None:
            number, _, value = token["command"].partition(";")
            self.title = value if number in ("0", "2") else self.title
        elif final and prefix == "?" and final in "hl" and _ALTERNATE & set(parameters.split(";")):
            self._shown = self._page() if final == "h" else self._main
        elif final and not token["between"] and ":" not in parameters:
            if not prefix or (prefix == "?" and final in "hlJK"):
                self._draw(token[0])
        elif token["short"] and token["short"] in _SHORT_KNOWN:
            self._draw(token[0])

    def _draw(self, text: str) -> None:
        if text:
            try:
                self._shown[1].feed(text)
            except (TypeError, ValueError, IndexError):  # pyte's answer to parameters that it does not expect
                return

    def _page(self) -> tuple[Any, Any]:
        """A blank page, and the parser that writes on it. pyte has no types: this is the only place that makes any."""
        rows, columns = self._size
        page = pyte.Screen(columns, rows)
        return page, pyte.Stream(page)
