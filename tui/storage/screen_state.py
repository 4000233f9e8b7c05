"""What the user changed on the screen, kept until the next start. A file of it that cannot be read is ignored."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tui.core.text import clean
from tui.storage.atomic import write_invented
from tui.storage.files import END_OF_TIME, FileError, check_invented, read_text
from tui.storage.settings import COLUMNS
from tui.storage.toml_document import parse

LIMIT = 1 << 20
"""Bytes that the file may have."""
_MOST_FOLDED = 1000
"""Folded groups that are kept."""
FORMER_SORTS = {"status": "state", "for": "time", "note": "build"}
"""What columns were called before, and are called now."""


class ScreenState(NamedTuple):
    theme: str = ""
    sort: str = ""
    """One of `SORTS`; empty for the automatic order."""
    reverse: bool = False
    filter: str = ""
    profile: str = ""
    """The only profile shown; empty for all."""
    details: bool = False
    problems_only: bool = False
    wide: bool = False
    group: str = ""
    """What rows are grouped by; empty for no groups."""
    folded: tuple[str, ...] = ()
    """The keys of folded groups, such as `tag:web`."""
    events_read: float = 0.0
    """What happened up to this moment was read by the user; epoch seconds."""
    columns: tuple[str, ...] = ()
    """The columns from left to right; empty for those of the settings."""
    details_below: bool = False
    """Whether the details are below the table, not beside it."""
    details_width: int = 0
    """Cells of the details beside the table, as the user chose; 0 for the usual width. So is the height below it."""
    details_height: int = 0


def load_state(path: Path) -> ScreenState:
    """Returns the state in this file, with the default for each value that is missing or wrong. Never raises."""
    content = _content(path)
    return ScreenState(
        theme=_text(content, "theme"),
        sort=FORMER_SORTS.get(sort := _text(content, "sort"), sort),
        reverse=content.get("reverse") is True,
        filter=_text(content, "filter"),
        profile=_text(content, "profile"),
        details=content.get("details") is True,
        details_below=content.get("details_below") is True,
        details_width=_cells(content, "details_width"),
        details_height=_cells(content, "details_height"),
        problems_only=content.get("problems_only") is True,
        wide=content.get("wide") is True,
        group=_text(content, "group"),
        folded=_texts(content, "folded"),
        events_read=_seconds(content, "events_read"),
        columns=tuple(dict.fromkeys(key for key in _texts(content, "columns") if key in COLUMNS)),
    )


def save_state(path: Path, state: ScreenState) -> None:
    """Keeps what a newer version wrote and this one does not know. Raises UserError if it cannot be written."""
    import tomli_w  # imported late: most starts write no file

    known = {key: _plain(value) for key, value in state._asdict().items()}
    unknown = {key: value for key, value in _content(path).items() if key not in known}
    try:
        text = tomli_w.dumps({**known, **unknown})
    except RecursionError:  # no program nests so deep
        text = tomli_w.dumps(known)
    write_invented(path, text)


def _content(path: Path) -> Mapping[str, object]:
    """Returns what the file holds; nothing if it cannot be read. Never raises."""
    try:
        return parse(read_text(path, LIMIT, check_invented) or "")
    except FileError:
        return {}


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(one) for one in value[:_MOST_FOLDED]]
    return clean(value, joiners=True) if isinstance(value, str) else value


def _text(content: Mapping[str, object], key: str) -> str:
    value = content.get(key)
    return clean(value, joiners=True) if isinstance(value, str) else ""


def _seconds(content: Mapping[str, object], key: str) -> float:
    value = content.get(key)
    return value if isinstance(value, float) and 0 <= value < END_OF_TIME else 0.0


def _cells(content: Mapping[str, object], key: str) -> int:
    value = content.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1000 else 0


def _texts(content: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = content.get(key)
    known = value[:_MOST_FOLDED] if isinstance(value, list) else []
    return tuple(clean(one, joiners=True) for one in known if isinstance(one, str))
