"""What was learned of services, kept until the next start: the units of their durations, the limits they named, the
log-ins they refused, and the names of the watched jobs.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tui.core.errors import UserError
from tui.core.job import JobId, ServiceName
from tui.core.run import RUNS_NEEDED, Calibration, Unit, UnitEvidence
from tui.core.text import clean
from tui.storage.atomic import write_json
from tui.storage.files import read_json
from tui.threads import in_thread

if TYPE_CHECKING:
    from tui.core.budget import Limit

LARGEST = 1 << 16
"""Bytes that the file of units, and that of limits, may have."""
KEPT = 50
"""Services, the last ones; limits, the newest ones."""


class KeptUnits:
    """The units of durations, which take three runs to learn. The file is read once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _known_units(path)

    def calibration(self, service: str) -> Calibration:
        """Returns the units that are known of a service."""
        return self._known.get(service, Calibration())

    async def keep(self, service: str, calibration: Calibration) -> None:
        """Writes the units down if they are not those that were known. A file that cannot be written is left alone."""
        if _units(calibration) == _units(self.calibration(service)):
            return
        self._known = {**self._known, service: calibration}
        with suppress(UserError):  # they are learned again
            content = {service: _units(one) for service, one in list(self._known.items())[-KEPT:]}
            await in_thread(write_json, self._path, content)


def _units(calibration: Calibration) -> dict[str, str]:
    """Returns the names of the units that are known for certain, by field."""
    return {field: one.unit.name for field, one in calibration._asdict().items() if one.unit}


def _known_units(path: Path) -> Mapping[str, Calibration]:
    """Returns what can be used. Never raises."""
    found = {}
    for service, units in read_json(path, LARGEST).items():
        with suppress(KeyError, TypeError, AttributeError):
            fields = {name: UnitEvidence(Unit[unit], RUNS_NEEDED) for name, unit in units.items()}
            found[service] = Calibration(**fields)
    return found


class RememberedLimits:
    """The limits, kept for a day: the next start keeps within them from its first second. Times are epoch seconds."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def limit(self, whose: str, now: float) -> "Limit | None":
        """Returns the limit of `whose`, unless it is more than a day old. Never raises."""
        limit = self._load().get(_key(whose))
        return limit if limit and limit.holds(now) else None

    def keep(self, whose: str, limit: "Limit", now: float) -> None:
        """Writes down a limit that the service named. Raises UserError where it cannot."""
        self._save({**self._load(), _key(whose): limit}, now)

    def forget(self, whose: str, now: float) -> None:
        """Removes a limit that was not meant for all requests. Raises UserError where it cannot."""
        self._save({key: one for key, one in self._load().items() if key != _key(whose)}, now)

    def _save(self, limits: "Mapping[str, Limit]", now: float) -> None:
        known = {key: one for key, one in limits.items() if one.holds(now)}
        newest = sorted(known.items(), key=lambda item: item[1].learned)[-KEPT:]
        write_json(self._path, {key: list(one[:3]) for key, one in newest})

    def _load(self) -> "dict[str, Limit]":
        from tui.core.budget import limit_of  # the first frame does not wait for it

        found = {}
        for key, value in read_json(self._path, LARGEST).items():
            with suppress(ValueError, TypeError, OverflowError):
                calls, seconds, learned = map(float, value)
                if limit := limit_of(calls, seconds, learned):
                    found[key] = limit
        return found


LOGINS_KEPT = 4
"""Refused log-ins of one user, the newest ones: each that is kept takes a tenth of a second of the next log-in."""
_ROUNDS = 200_000
"""Of the hash: a tenth of a second."""


class KeptRefusals:
    """The log-ins that were refused, for other runs of the program.

    Of a log-in a slow hash with a salt of its own is kept, and nothing of one that was accepted.
    """

    def __init__(self, path: Path, now: Callable[[], datetime], heeds: bool = True) -> None:
        """`now` is the wall clock. Without `heeds` every log-in may be sent; if it is refused, that is kept, too."""
        self._path, self._now, self._heeds = path, now, heeds

    async def refused(self, whose: str, content: bytes) -> tuple[datetime, float] | None:
        """Returns when this log-in was refused, in local time, and how many seconds ago; None if it was not.

        Never raises.
        """
        return await in_thread(self._refused, whose, content) if self._heeds else None

    async def keep(self, whose: str, content: bytes) -> None:
        """Remembers that this log-in was refused. Never raises."""
        await in_thread(self._keep, whose, content)

    async def forget(self, whose: str, content: bytes) -> None:
        """Forgets that this log-in was refused: it was accepted. Never raises."""
        await in_thread(self._replace, whose, content)

    def _refused(self, whose: str, content: bytes) -> tuple[datetime, float] | None:
        for one in _refusals(self._load(), whose):
            ago = (self._now() - one.at).total_seconds()
            if ago >= 0 and one.is_of(content):  # else it comes from a wrong clock
                return one.at.astimezone(), ago
        return None

    def _keep(self, whose: str, content: bytes) -> None:
        salt = os.urandom(16)
        self._replace(whose, content, _Refusal(self._now(), salt, _hashed(content, salt)))

    def _replace(self, whose: str, content: bytes, *new: "_Refusal") -> None:
        """Removes the refusals of this log-in, and adds new ones."""
        known = self._load()
        before = _refusals(known, whose)
        after = [*(one for one in before if not one.is_of(content)), *new][-LOGINS_KEPT:]
        if after == before:
            return
        others = {key: value for key, value in known.items() if key != _key(whose)}
        with suppress(UserError):  # a full or read-only disk: then it is sent again
            mine = {_key(whose): [[one.at.timestamp(), one.salt.hex(), one.hashed] for one in after]} if after else {}
            write_json(self._path, dict(list({**others, **mine}.items())[-KEPT:]))

    def _load(self) -> Mapping[str, Any]:
        return read_json(self._path, LARGEST)


class _Refusal(NamedTuple):
    at: datetime
    salt: bytes
    hashed: str

    def is_of(self, content: bytes) -> bool:
        return _hashed(content, self.salt) == self.hashed


def _refusals(known: Mapping[str, Any], whose: str) -> list[_Refusal]:
    """Returns those of a user that can be used. Never raises."""
    with suppress(KeyError, ValueError, TypeError, OverflowError, OSError):
        return [
            _Refusal(datetime.fromtimestamp(seconds, UTC), bytes.fromhex(salt), str(hashed))
            for seconds, salt, hashed in known[_key(whose)][-LOGINS_KEPT:]
        ]
    return []


def _hashed(content: bytes, salt: bytes) -> str:
    import hashlib  # as below

    return hashlib.pbkdf2_hmac("sha256", content, salt, _ROUNDS).hex()


def _key(whose: str) -> str:
    import hashlib  # the first frame does not wait for it

    return hashlib.sha256(whose.encode()).hexdigest()[:32]


LARGEST_NAMES = 4 << 20
"""Bytes that the file of names may have."""
NAMES_KEPT = 10_000
"""Jobs, the last ones."""
ASKED_AGAIN = timedelta(days=7)
"""After which a name is asked for again that was not there, or may be another one now."""
_NAME_LONGEST = 200


class KeptName(NamedTuple):
    """A name, and when it was asked for; empty where the service had none."""

    name: ServiceName
    asked: datetime


class KeptNames:
    """What the service called jobs when it was asked last, in a file or, without one, in memory alone."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    @cached_property
    def _known(self) -> Mapping[JobId, KeptName]:
        return _known_names(self._path) if self._path else {}

    @property
    def names(self) -> dict[JobId, ServiceName]:
        """The names alone. The file is read once, when they are first needed; never raises."""
        return {job: kept.name for job, kept in self._known.items()}

    def unnamed(self, jobs: Iterable[JobId], now: datetime) -> list[JobId]:
        """Returns those whose name has to be asked for."""
        known = self._known
        return [job for job in jobs if job not in known or not timedelta(0) <= now - known[job].asked < ASKED_AGAIN]

    def learn(self, asked: Iterable[JobId], told: Mapping[JobId, ServiceName], now: datetime) -> None:
        """Takes what was told when these jobs were asked for; a name that is not told now is not forgotten."""
        names = self.names
        answered = {job: KeptName(told.get(job, names.get(job, ServiceName())), now) for job in {*asked, *told}}
        self._known = {**self._known, **answered}

    async def save(self) -> None:
        """Writes the names down. Never raises."""
        if self._path:
            with suppress(UserError):  # they are asked for again at the next start
                await in_thread(_save_names, self._path, self._known)


def _save_names(path: Path, known: Mapping[JobId, KeptName]) -> None:
    kept = list(known.items())[-NAMES_KEPT:]
    write_json(path, {str(job): {**one.name._asdict(), "asked": one.asked.isoformat()} for job, one in kept})


def _known_names(path: Path) -> Mapping[JobId, KeptName]:
    found: dict[JobId, KeptName] = {}
    for job, entry in read_json(path, LARGEST_NAMES).items():
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            asked = datetime.fromisoformat(entry["asked"])
            if asked.tzinfo:
                texts = (clean(entry.get(key, ""), _NAME_LONGEST) for key in ServiceName._fields)
                found[JobId(job)] = KeptName(ServiceName(*texts), asked)
    return found
