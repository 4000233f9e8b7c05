"""One line on a terminal that says what a command waits for; written only when it changes."""

import os
from contextlib import suppress
from typing import TextIO

from tui.core.text import cut


class Progress:
    """Silent where the stream is no terminal, or one that cannot take back a line."""

    def __init__(self, stream: TextIO | None) -> None:
        is_able = stream is not None and stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._stream = stream if is_able else None
        self._shown = ""

    def show(self, text: str) -> None:
        if text != self._shown:
            self._shown = text
            self._write(cut(text, self._columns() - 1))

    def clear(self) -> None:
        """Take the line back, before something else is written."""
        if self._shown:
            self._shown = ""
            self._write("")

    def _columns(self) -> int:
        """Of the terminal that it writes to; standard output may be another one, or none."""
        try:
            return os.get_terminal_size(self._stream.fileno()).columns if self._stream else 80
        except OSError:
            return 80

    def _write(self, text: str) -> None:
        if self._stream:
            with suppress(OSError):
                self._stream.write(f"\r\x1b[K{text}")
                self._stream.flush()
