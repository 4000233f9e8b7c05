"""What is typed. Keys act one after another, each when the one before has acted, and has opened or closed its dialog;
on terminals that do not mark a paste, keys faster than any typist are text, not commands.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import dropwhile
from math import inf
from typing import Any

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.worker import Worker

COMMAND = "command"
"""The group of the workers that may open a dialog or close one. Keys wait for these, and for no others."""
LOOK_AGAIN = 0.01
"""Seconds between two looks at what such a worker has done."""
LONGEST_WAIT = 1.0
"""Seconds that the next key waits at most, such as for a slow disk ..."""
SHORT_WAIT = 0.2
"""... and when the disk is known to be slow, since a command has taken longer than that."""
WAYS_OUT = ("ctrl+c", "ctrl+q")
"""Keys that do not wait behind a backlog of others."""


class KeyTurns:
    """Gives keys on one after another. Textual gives each key at once to what has the focus then. A key that was typed
    together with the one before it would go to the table although that one opens a dialog, and would do nothing
    there."""

    def __init__(
        self,
        app: App[None],
        act: Callable[[events.Event], Awaitable[None]],
        comes_back: Callable[[events.Event], bool],
    ) -> None:
        """`comes_back` returns whether an event that `act` is done with will come back to the app, and act there."""
        self._app = app
        self._act = act
        self._comes_back = comes_back
        self._waiting: deque[events.Event] = deque()
        self._turn = 0
        """Counts the keys that have had their turn."""
        self._away: tuple[events.Event, int] | None = None
        """The event that comes back, and its turn."""
        self._free = asyncio.Event()
        self._free.set()
        self._late: set[Worker[Any]] = set()
        """Commands that took too long: keys do not wait for them again."""

    @property
    def is_free(self) -> bool:
        return self._free.is_set()

    async def until_free(self) -> None:
        """Wait until all keys that were typed have acted."""
        await self._free.wait()

    async def take(self, event: events.Event) -> None:
        """Let the event act: now, or in its turn. As in a shell, a way out drops the keys of a backlog before it."""
        is_late = self._waiting and event.time - self._waiting[0].time > LONGEST_WAIT
        if is_late and isinstance(event, events.Key) and event.key in WAYS_OUT:
            self._waiting.clear()
        self._waiting.append(event)
        if self._free.is_set():
            await self._next()

    async def _next(self) -> None:
        self._free.clear()
        event, turn = self._waiting.popleft(), self._turn
        await self._act(event)
        asyncio.get_running_loop().call_later(SHORT_WAIT if self._late else LONGEST_WAIT, self._end, turn)
        if self._comes_back(event):
            self._away = event, turn
            return
        target: DOMNode | None = self._app.focused or self._app.screen

        def follow(node: DOMNode | None, then: Callable[[], object]) -> None:
            """Come behind the key, which goes from the focus up to the app."""
            if node is None:
                then()
            elif not node.call_later(follow, node.parent, then):
                self._look(turn)

        # twice: the key may cause a message that goes the same way
        follow(target, partial(follow, target, partial(self._look, turn)))

    def came_back(self, event: events.Event) -> None:
        """The event has come back to the app, and has acted."""
        if self._away and self._away[0] is event:
            self._look(self._away[1])

    def _look(self, turn: int) -> None:
        if turn == self._turn and self._is_opening:
            asyncio.get_running_loop().call_later(LOOK_AGAIN, self._look, turn)
        else:
            self._end(turn)

    @property
    def _commands(self) -> set[Worker[Any]]:
        return {worker for worker in self._app.workers if worker.group == COMMAND and not worker.is_finished}

    @property
    def _is_opening(self) -> bool:
        """Whether a command is at work that waits for no dialog: it is about to open one, or has just closed one."""
        return len(self._commands - self._late) >= len(self._app.screen_stack)

    def _end(self, turn: int) -> None:
        if turn == self._turn:
            self._turn += 1  # so that each turn ends once
            self._late = self._commands if self._is_opening else self._late & self._commands
            if self._waiting:
                self._app.call_later(self._next)
            else:
                self._free.set()


BURST = 8
"""So many printable keys ..."""
WITHIN = 0.05
"""... in this many seconds are a paste."""
HELD_DOWN = 3
"""So many times the same moving key at the start of them are a key held down."""
QUIET = 0.15
"""Seconds without a key that end a paste ..."""
REST = 1.0
"""... but its end may come late: keys within this many seconds of its last key belong to it, unless it is only one."""


class PasteDetector:
    """Holds printable keys for `WITHIN` seconds, in case they are the start of a paste.

    `moving` are keys that only move the cursor. They act at once. Many of them alone are no paste but a key held down
    on a slow line, also with a few other keys behind them, and so are line ends and blanks alone. Uses the times of the
    events, so that a busy program does not take queued keys for slow ones.
    """

    def __init__(self, moving: frozenset[str]) -> None:
        self.moving = moving
        self.held: list[events.Key] = []
        self.pasting = False
        self._recent: list[events.Key] = []
        self._pasted_at = -inf

    def take(self, key: events.Key, into_text: bool = False) -> bool:
        """Returns whether the key is held; if not, it may act at once. In a field for text no key only moves."""
        text = _text(key)
        moving = frozenset[str]() if into_text else self.moving
        if text is None:
            self._pasted_at = -inf
        if self.pasting or key.time - self._pasted_at <= REST:
            self.pasting = True
            self.held.append(key)
            return True
        self._recent = [known for known in self._recent if key.time - known.time <= WITHIN]
        if text is not None:
            self._recent.append(key)
        typed = self._after_held_down(moving)
        is_text = any(known.key not in moving and (_text(known) or "").strip() for known in typed)
        if len(typed) >= BURST and is_text:
            self.pasting = True
            self.held += [known for known in self._recent if known not in self.held]
            self.held.sort(key=lambda known: known.time)
            return True
        if self.held or (text is not None and key.key not in moving):
            self.held.append(key)
            return True
        return False

    def _after_held_down(self, moving: frozenset[str]) -> list[events.Key]:
        """The recent keys without those of a moving key that was held down before them."""
        first = self._recent[0].key if self._recent else ""
        others = list(dropwhile(lambda known: known.key == first, self._recent))
        is_held_down = first in moving and len(self._recent) - len(others) >= HELD_DOWN
        return others if is_held_down else self._recent

    def left(self, now: float) -> float:
        """Seconds until `release` is due."""
        wait = QUIET if self.pasting else WITHIN
        return self.held[-1].time + wait - now if self.held else 0.0

    def release(self) -> tuple[str, list[events.Key]]:
        """The held keys: as the text of a paste, or as keys that may act now."""
        held, pasting = self.held, self.pasting and len(self.held) > 1
        self.held, self._recent, self.pasting = [], [], False
        if pasting:
            self._pasted_at = held[-1].time
            return "".join(_text(key) or "" for key in held), []
        return "", held


def _text(key: events.Key) -> str | None:
    """The text that the key would insert; None if none."""
    if key.is_printable:
        return key.character
    return {"enter": "\n", "ctrl+j": "\n", "tab": "\t"}.get(key.key)
