"""The limits that services named, kept for a day: the next start keeps within them from its first second."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tui.core.budget import Limit, limit_of
from tui.storage.atomic import write_invented
from tui.storage.files import FileError, check_invented, read_text

LARGEST = 1 << 16
"""Bytes that the file may have."""
KEPT = 50
"""Limits, the newest ones."""


class RememberedLimits:
    """The file. Times are seconds of the epoch."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def limit(self, whose: str, now: float) -> Limit | None:
        """Returns the limit of `whose`, unless it is more than a day old. Never raises."""
        limit = self._load().get(_key(whose))
        return limit if limit and limit.learned <= now < limit.ends else None

    def keep(self, whose: str, limit: Limit, now: float) -> None:
        """Writes down a limit that the service named. Raises UserError where it cannot."""
        self._save({**self._load(), _key(whose): limit}, now)

    def forget(self, whose: str, now: float) -> None:
        """Removes a limit that was not meant for all requests. Raises UserError where it cannot."""
        self._save({key: one for key, one in self._load().items() if key != _key(whose)}, now)

    def _save(self, limits: Mapping[str, Limit], now: float) -> None:
        known = {key: one for key, one in limits.items() if now < one.ends}
        newest = sorted(known.items(), key=lambda item: item[1].learned)[-KEPT:]
        write_invented(self._path, json.dumps({key: list(one[:3]) for key, one in newest}, indent=1) + "\n")

    def _load(self) -> dict[str, Limit]:
        try:
            content = json.loads(read_text(self._path, LARGEST, check_invented) or "{}")
        except (FileError, ValueError, RecursionError):
            return {}
        found = {}
        for key, value in content.items() if isinstance(content, dict) else ():
            with suppress(ValueError, TypeError, OverflowError):
                calls, seconds, learned = map(float, value)
                if limit := limit_of(calls, seconds, learned):
                    found[str(key)] = limit
        return found


def _key(whose: str) -> str:
    return hashlib.sha256(whose.encode()).hexdigest()[:32]
