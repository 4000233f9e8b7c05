"""Reads the log of one build: all that there is, and later what was added."""

import asyncio

from tui.codearts.extra_call import Fetcher
from tui.codearts.log_api import LogPiece, log_call, log_v3_call
from tui.core.job import JobId
from tui.core.log_tail import LogTail
from tui.core.reading import Failure

MOST_PIECES = 16
"""Requests at a time: a longer log is read on at the next time."""
_IN_A_THREAD = 64 * 1024
"""Characters. A longer piece is split in a thread, so that the screen does not wait for it."""


class LogReader:
    """Asks by the older call, which is known to work, and by the newer one where that brings nothing."""

    def __init__(self, fetcher: Fetcher, job: JobId, number: int) -> None:
        self.tail = LogTail()
        self.number = number
        self._fetcher = fetcher
        self._job = job
        self._offset = 0
        self._seen = 0
        """Characters of the piece at this offset that were taken already: not every answer says where to go on."""
        self._is_newer = False
        self.has_more = False
        """Whether the last `read_on` ended before the log did."""

    async def read_on(self) -> Failure | None:
        """Adds to `tail` what is new; returns why nothing could be read."""
        self.has_more = False
        for _ in range(MOST_PIECES):
            piece = await self._next_piece()
            if isinstance(piece, Failure):
                return piece
            is_end = piece.next_offset is None or piece.next_offset <= self._offset
            if is_end and self._offset:
                return None  # it said before where to go on, and says now that it is there
            await self._add(piece.text[self._seen :])
            if piece.next_offset is None or is_end:
                self._seen = max(self._seen, len(piece.text))
                return None
            self._offset, self._seen = piece.next_offset, 0
            if not piece.text or not piece.has_more:
                return None
        self.has_more = True
        return None

    async def _add(self, text: str) -> None:
        if len(text) > _IN_A_THREAD:
            self.tail.take(await asyncio.to_thread(self.tail.split, text))
        else:
            self.tail.add(text)

    async def _next_piece(self) -> LogPiece | Failure:
        if self._is_newer:
            return await self._fetcher.fetch(log_call(self._job, self.number, self._offset))
        piece = await self._fetcher.fetch(log_v3_call(self._job, self.number, self._offset))
        if not isinstance(piece, Failure) or self._offset:
            return piece
        newer = await self._fetcher.fetch(log_call(self._job, self.number))
        self._is_newer = not isinstance(newer, Failure)
        return newer if self._is_newer else piece
