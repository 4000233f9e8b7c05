"""The units of the service's durations, which take three runs to learn, kept until the next start."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tui.core.errors import UserError
from tui.core.run import RUNS_NEEDED, Calibration, Unit, UnitEvidence
from tui.storage.atomic import write_invented
from tui.storage.files import FileError, check_invented, read_text

LARGEST = 1 << 16
"""Bytes that the file may have."""
KEPT = 50
"""Services, the last ones."""


class KeptUnits:
    """The file; what is in it is read once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _load(path)

    def calibration(self, service: str) -> Calibration:
        """Returns the units that are known of a service."""
        return self._known.get(service, Calibration())

    async def keep(self, service: str, calibration: Calibration) -> None:
        """Writes the units down if they are not those that were known. A file that cannot be written is left alone."""
        if _units(calibration) == _units(self.calibration(service)):
            return
        self._known = {**self._known, service: calibration}
        with suppress(UserError):  # they are learned again
            await asyncio.to_thread(_save, self._path, self._known)


def _units(calibration: Calibration) -> dict[str, str]:
    """Returns the names of the units that are known for certain, by field."""
    return {field: one.unit.name for field, one in calibration._asdict().items() if one.unit}


def _load(path: Path) -> Mapping[str, Calibration]:
    """Returns what can be used. Never raises."""
    try:
        content = json.loads(read_text(path, LARGEST, check_invented) or "{}")
    except (FileError, ValueError, RecursionError):
        return {}
    found = {}
    for service, units in content.items() if isinstance(content, dict) else ():
        with suppress(KeyError, TypeError, AttributeError):
            fields = {name: UnitEvidence(Unit[unit], RUNS_NEEDED) for name, unit in units.items()}
            found[str(service)] = Calibration(**fields)
    return found


def _save(path: Path, known: Mapping[str, Calibration]) -> None:
    content = {service: _units(one) for service, one in list(known.items())[-KEPT:]}
    write_invented(path, json.dumps(content, indent=1) + "\n")
