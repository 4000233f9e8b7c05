"""Numbers, times, names as the screen shows them. Coarse on purpose: a text that stays the same is not sent again."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import takewhile

from rich.cells import cell_len, set_cell_size

from tui.core.estimate import rounded
from tui.core.text import beginning, graphemes


def duration(seconds: float) -> str:
    """At most six cells: steps of 15 seconds up to three minutes, then minutes, hours and days."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole // 15 * 15}s"
    minutes = whole // 60
    if minutes < 3:
        return f"{minutes}m{whole % 60 // 15 * 15:02}s"
    if minutes < 60:
        return f"{minutes}m"
    hours = minutes // 60
    if hours < 10:
        return f"{hours}h{minutes % 60 // 10 * 10:02}m"
    return _hours(hours)


def _hours(hours: int) -> str:
    return f"{hours}h" if hours < 48 else f"{hours // 24}d"


def brief(seconds: float) -> str:
    """A duration as exact as a person needs it: `45s`, `2m15s`, `9m`, `1h10m`."""
    whole = rounded(seconds)
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m{rest:02}s" if rest else f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if minutes and hours < 48 else _hours(hours)


def exact(seconds: float) -> str:
    """A duration that the service tells, to the second up to an hour: `45s`, `1m08s`, `1h10m`."""
    whole = round(seconds)
    if whole >= 3600:
        return brief(seconds)
    return f"{whole // 60}m{whole % 60:02}s" if whole >= 60 else f"{whole}s"


def coarse(seconds: float) -> str:
    """A duration in whole minutes, hours or days: `9m`, `26h`, `3d`; at least a minute."""
    if seconds < 3600:
        return f"{max(1, round(seconds / 60))}m"
    return _hours(round(seconds / 3600))


def ago(seconds: float, cells: int = 9) -> str:
    """How long ago something was: `just now`, `45s ago`, `1m30s ago`, `3h ago`; in few cells `now`, `1m ago`."""
    if seconds < 15:
        return "just now" if cells >= 8 else "now"
    return f"{past(seconds, cells - 4)} ago"


def past(seconds: float, cells: int = 5) -> str:
    """A time that has passed: `45s`, `1m30s`, `12m`, `3h`; in fewer than five cells `1m` for `1m30s`."""
    if seconds >= 3600:
        return _hours(int(seconds) // 3600)
    return duration(seconds) if cells >= 5 or seconds < 60 else f"{int(seconds) // 60}m"


_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_AT_LEAST = tuple(
    [(minutes * _MINUTE, f"{minutes}m+") for minutes in (1, 5, 15, 30)]
    + [(hours * _HOUR, f"{hours}h+") for hours in (1, 2, 4, 8, 12)]
    + [(days * _DAY, f"{days}d+") for days in (1, 2, 4, 7, 14, 30)]
)


def at_least(seconds: float) -> str:
    """A lower bound, in few and wide steps; empty under a minute."""
    return next((text for bound, text in reversed(_AT_LEAST) if seconds >= bound), "")


def wait(seconds: float) -> str:
    """A time to wait: five-second steps up to a minute, then minutes, hours and days."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole // 5 * 5}s"
    return f"{whole // 60}m" if whole < 3600 else _hours(whole // 3600)


def seconds(value: float) -> str:
    """A number of seconds as a person writes it: `5 s`, `0.7 s`, `2 m`."""
    if value >= 120:
        return f"{value / 60:.0f} m"
    return f"{value:.0f} s" if value >= 10 or value == int(value) else f"{value:.1f} s"


def time_of_day(moment: datetime, today: datetime) -> str:
    """Local wall time; with the date if that is not today's. `today` is any aware time of today."""
    local = moment.astimezone()
    if local.date() == today.astimezone().date():
        return local.strftime("%H:%M:%S")
    return local.strftime("%Y-%m-%d %H:%M:%S")


def clock_time(moment: datetime, today: datetime) -> str:
    """Local wall time in eight cells: `at 14:02`, or the date if that is not today's. `today`: see `time_of_day`."""
    local = moment.astimezone()
    return local.strftime("at %H:%M" if local.date() == today.astimezone().date() else "%d %b")


def clock(at: float, today: datetime) -> str:
    """Local wall time in minutes, with the date if that is not today's, and with the year if it is not this one."""
    when, now = local(at), today.astimezone()
    if when.date() == now.date():
        return f"{when:%H:%M}"
    return f"{when:%m-%d %H:%M}" if when.year == now.year else f"{when:%Y-%m-%d %H:%M}"


def local(at: float) -> datetime:
    """A moment in epoch seconds as local wall time."""
    return datetime.fromtimestamp(at, UTC).astimezone()


def fit(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` in exactly `width` cells, cut with an ellipsis or filled with blanks."""
    if text.isascii():
        return text.ljust(width) if len(text) <= width else text[: width - 1] + ellipsis if width > 0 else ""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + ellipsis if width > 0 else ""


SHORTEST_END = 3
"""Cells that a name keeps of its beginning and of its end, where there is room for both."""
LEAST_BETWEEN = 10
"""Cells that a name keeps of what is between its beginning and its end, if it loses a part of that, too."""


def cut_middle(text: str, cells: int, ellipsis: str = "…", head: int | None = None) -> str:
    """The text in at most so many cells, without its middle; `head` cells of its beginning stay, half if not given."""
    if cell_len(text) <= cells:
        return text
    room = cells - 1
    if room < 1:
        return ellipsis[:cells]
    start = beginning(text, (room + 1) // 2 if head is None else head)
    end = _end(text, room - cell_len(start)) if head is None or head < room else ""  # a cell may be left of a wide one
    return start + ellipsis + end


def squeezed(text: str, cells: int, ellipsis: str = "…") -> str:
    """The text, which may have been cut, in at most so many cells: it loses more of the beginning, if there is one."""
    excess = cell_len(text) - cells
    head, cut, rest = text.partition(ellipsis)
    if excess <= 0:
        return text
    if not cut:
        return cut_middle(text, cells, ellipsis)
    if cell_len(head) >= excess:
        return beginning(head, cell_len(head) - excess) + cut + rest
    if rest.endswith(ellipsis):
        return beginning(text, cells - cell_len(ellipsis)) + ellipsis
    return ellipsis + _end(rest, cells - cell_len(ellipsis))


def told_apart(names: Iterable[str], cells: int, ellipsis: str = "…") -> dict[str, str]:
    """For each name the text of at most so many cells that stands for it.

    A name that is too long loses its middle. Names with the same beginning lose of what they share instead, if the
    middle has something in which they differ. Names that would still look the same lose another part, all of them at
    the same place, if that makes them differ.
    """
    cut = {name: cut_middle(name, cells, ellipsis) for name in names}
    for group, alike_for in _beginning_alike([name for name, text in cut.items() if text != name], cells):
        tried = _where_they_differ(group, cells, ellipsis, cuts_more=alike_for >= cells // 2)
        taken = {text for name, text in cut.items() if name not in tried}
        differ = len(set(tried.values()))
        if taken.isdisjoint(tried.values()) and (differ == len(group) or differ > len({cut[name] for name in group})):
            cut |= tried
    count = Counter(cut.values())
    alike: dict[str, list[str]] = defaultdict(list)
    for name, text in cut.items():
        if count[text] > 1:
            alike[text].append(name)
    for text, group in alike.items():
        taken = count.keys() - {text}
        for tried in _other_cuts(group, text, cells, ellipsis):
            if len(set(tried.values())) == len(group) and taken.isdisjoint(tried.values()):
                cut |= tried
                count += Counter(tried.values())
                break
    return cut


def squeezed_apart(cut: Mapping[str, str], cells: int, ellipsis: str = "…") -> dict[str, str]:
    """The names, which were cut to these texts, in fewer cells: each loses more of its beginning. All are cut anew if
    fewer of them differ then."""
    short = {name: squeezed(text, cells, ellipsis) for name, text in cut.items()}
    return told_apart(cut, cells, ellipsis) if len(set(short.values())) < len(set(cut.values())) else short


class ShortNames:
    """Names of which one stands alone, in few cells. All are cut once for each number of cells."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.whole = tuple(names)
        self._cut: dict[tuple[int, str], dict[str, str]] = {}
        self._alone: dict[tuple[int, str, str], str] = {}

    def cut(self, name: str, cells: int, ellipsis: str = "…") -> str:
        """The name in at most so many cells, if possible so that it is not taken for another one of these.

        It need not be one of them.
        """
        if cell_len(name) <= cells:
            return name
        if (cells, ellipsis) not in self._cut:
            self._cut[cells, ellipsis] = told_apart(self.whole, cells, ellipsis)
        if (cells, ellipsis, name) not in self._alone:
            text = self._cut[cells, ellipsis].get(name) or cut_middle(name, cells, ellipsis)
            others = (cut_middle(name, cells, ellipsis, head) for head in _heads(cells - 1))
            own = (one for one in (text, *others) if not self._may_be_another(one, name, ellipsis))
            self._alone[cells, ellipsis, name] = next(own, text)
        return self._alone[cells, ellipsis, name]

    def _may_be_another(self, text: str, name: str, ellipsis: str) -> bool:
        start, *between, end = text.split(ellipsis)
        alike = (other for other in self.whole if other.startswith(start) and other.endswith(end) and other != name)
        return any(all(part in other for part in between) for other in alike)


def _other_cuts(names: Sequence[str], text: str, cells: int, ellipsis: str) -> Iterable[dict[str, str]]:
    """Other ways to cut names that all look like `text`.

    One that shows in what they differ from still others shows the end of that and the beginning of what is behind it:
    the beginning and the end of the name, which all of them share, would say nothing.
    """
    if text == cut_middle(names[0], cells, ellipsis):
        for head in (*_heads(cells - 1), cells - 1):
            yield {name: cut_middle(name, cells, ellipsis, head) for name in names}
    elif (room := cells - 2 * cell_len(ellipsis)) >= LEAST_BETWEEN:
        start = _shared(names)
        front = _end(names[0][:start], room - SHORTEST_END)
        before = "" if front == names[0][:start] else ellipsis
        behind = {name: beginning(name[start:], room - cell_len(front)) for name in names}
        yield {
            name: f"{before}{front}{text}{'' if text == name[start:] else ellipsis}" for name, text in behind.items()
        }


def _beginning_alike(names: Sequence[str], cells: int) -> Iterable[tuple[list[str], int]]:
    """Groups of names with the same beginning and its cells, the small groups before the large ones that have them."""
    seen = set()
    for size in range(2 * cells, 1, -1):
        groups: dict[str, list[str]] = defaultdict(list)
        for name in names:
            groups[name[:size]].append(name)
        for start, group in groups.items():
            alike_for, key = cell_len(start), (group[0], len(group))
            if len(group) > 1 and alike_for > SHORTEST_END and key not in seen:
                seen.add(key)
                yield group, alike_for


def _where_they_differ(names: Sequence[str], cells: int, ellipsis: str, cuts_more: bool) -> dict[str, str]:
    """The names in so many cells without words that all of them begin with, and if need be without those at their end.

    Empty if they lose nothing but such words without their middles; and if even then there is no room, unless
    `cuts_more`.
    """
    start = _shared(names)
    end = _shared([name[start:][::-1] for name in names])
    room = cells - cell_len(ellipsis)
    if not any(_hides(name, start, len(name) - end, room) for name in names):
        return {}
    behind = {name: name[start:] for name in names}
    if (widest := max(map(cell_len, behind.values()))) >= room:
        kept = {name: beginning(text, cell_len(text[: len(text) - end])) for name, text in behind.items()}
        if not cuts_more and max(map(cell_len, kept.values())) + cell_len(ellipsis) > room:
            return {}
        behind = {name: _beginning_of(text, kept[name], room, ellipsis) for name, text in behind.items()}
        widest = max(map(cell_len, behind.values()))
    heads = {name: beginning(name, room - widest) for name in names}
    return {
        name: head + ellipsis + behind[name] if len(head) < start else name[:start] + behind[name]
        for name, head in heads.items()
    }


def _shared(texts: Sequence[str]) -> int:
    """How many characters all texts begin with, in whole words if one ends there."""
    same = takewhile(lambda both: both[0] == both[1], zip(min(texts), max(texts), strict=False))
    first = "".join(letter for letter, _ in same)
    words = first
    while words and words[-1].isalnum():
        words = words[:-1]
    ends = {at for at, *_ in graphemes(texts[0])}
    return max((at for at in ends if at <= len(words or first)), default=0)


def _hides(name: str, start: int, end: int, room: int) -> bool:
    """Whether a name that loses its middle, in so many cells, loses something between these two places."""
    head = beginning(name, (room + 1) // 2)
    return len(head) < end and len(name) - len(_end(name, room - cell_len(head))) > start


def _beginning_of(text: str, kept: str, cells: int, ellipsis: str) -> str:
    """What is kept of the text's beginning, with an ellipsis for the rest; less of it if there is no room."""
    return text if kept == text and cell_len(text) <= cells else beginning(kept, cells - cell_len(ellipsis)) + ellipsis


def _heads(room: int) -> list[int]:
    """Lengths of the beginning to try, those near the middle first."""
    return sorted(range(SHORTEST_END, room - SHORTEST_END + 1), key=lambda head: abs(2 * head - room - 1))


def _end(text: str, cells: int) -> str:
    if text.isascii():
        return text[len(text) - cells :] if cells > 0 else ""
    at, taken = len(text), 0
    for start, _, wide in reversed(graphemes(text)):
        taken += wide
        if taken > cells:
            break
        at = start
    return text[at:]
