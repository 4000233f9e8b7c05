"""The names that the service gave the watched jobs, kept until the next start: then none has to be asked for again."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from tui.core.job import JobId, ServiceName
from tui.core.text import clean
from tui.storage.atomic import write_json
from tui.storage.files import read_json

LIMIT = 4 << 20
"""Bytes that the file may have."""
KEPT = 10_000
"""Jobs, the last ones."""
ASKED_AGAIN = timedelta(days=7)
"""After which a name is asked for again that was not there, or may be another one now."""
_LONGEST = 200


class KeptName(NamedTuple):
    """A name, and when it was asked for; empty where the service had none."""

    name: ServiceName
    asked: datetime


Names = Mapping[JobId, KeptName]


def names_path(state: Path | None) -> Path | None:
    """The file beside the one with the state of the screen; None without a home folder."""
    return state and state.with_name("names.json")


def load_names(path: Path | None) -> Names:
    """Returns what is in the file and can be used. Never raises."""
    found: dict[JobId, KeptName] = {}
    for job, entry in read_json(path, LIMIT).items() if path else ():
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            asked = datetime.fromisoformat(entry["asked"])
            if asked.tzinfo:
                texts = (clean(entry.get(key, ""), _LONGEST) for key in ServiceName._fields)
                found[JobId(job)] = KeptName(ServiceName(*texts), asked)
    return found


def save_names(path: Path | None, names: Names) -> None:
    """Raises UserError where it cannot be written."""
    if path:
        kept = list(names.items())[-KEPT:]
        content = {str(job): {**one.name._asdict(), "asked": one.asked.isoformat()} for job, one in kept}
        write_json(path, content)


def unnamed(jobs: Iterable[JobId], names: Names, now: datetime) -> list[JobId]:
    """Returns those whose name has to be asked for."""
    return [job for job in jobs if job not in names or not timedelta(0) <= now - names[job].asked < ASKED_AGAIN]


def with_names(names: Names, asked: Iterable[JobId], told: Mapping[JobId, ServiceName], now: datetime) -> Names:
    """Returns the names after these jobs were asked for; a name that is not told now is not forgotten."""
    answered = {}
    for job in {*asked, *told}:
        known = names[job].name if job in names else ServiceName()
        answered[job] = KeptName(told.get(job, known), now)
    return {**names, **answered}
