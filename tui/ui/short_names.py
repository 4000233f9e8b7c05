"""Names in few cells, cut so that they can be told apart: alone, in a list, and in a column of the table."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile

from rich.cells import cell_len

from tui.core.text import beginning, graphemes

SHORTEST_END = 3
"""Cells that a name keeps of its beginning and of its end, where there is room for both."""
LEAST_BETWEEN = 10
"""Cells that a name keeps of what is between its beginning and its end, if it loses a part of that, too."""


def cut_middle(text: str, cells: int, ellipsis: str = "…", head: int | None = None) -> str:
    """The text in at most `cells` cells, without its middle; `head` cells of its beginning stay, half if not given."""
    if cell_len(text) <= cells:
        return text
    room = cells - 1
    if room < 1:
        return ellipsis[:cells]
    start = beginning(text, (room + 1) // 2 if head is None else head)
    end = _end(text, room - cell_len(start)) if head is None or head < room else ""  # a cell may be left of a wide one
    return start + ellipsis + end


def squeezed(text: str, cells: int, ellipsis: str) -> str:
    """The text, which may have been cut, in at most `cells` cells: it loses more of the beginning, if there is one."""
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
    """For each name the text of at most `cells` cells that stands for it.

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
        """The name in at most `cells` cells, if possible so that it is not taken for another one of these.

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


class ColumnNames:
    """The names of a column, each in the cells that it has there."""

    def __init__(self, ellipsis: str, names: Sequence[str] = (), width: int = 0, before_text: int = 0) -> None:
        """`width` is that of a column in which names are cut, `before_text` the cells of a name that a text follows; 0
        where there is none."""
        self._ellipsis = ellipsis
        self.short = told_apart(names, width, ellipsis) if width else {}
        """What each name is in the width of the column; empty if none is cut."""
        self._squeezed: dict[int, Mapping[str, str]] = {}
        """The same by the number of cells: fewer where a flag is before the name."""
        shorter = told_apart(names, before_text, ellipsis) if before_text else {}
        count = Counter(shorter.values())
        self.before_texts = {name: text for name, text in shorter.items() if count[text] == 1}
        """What each name that can be told apart then is before a text."""

    def differ_from(self, other: "ColumnNames") -> bool:
        """Whether any name would look different."""
        return (self.short, self.before_texts) != (other.short, other.before_texts)

    def lack(self, name: str) -> bool:
        """Whether the others were cut without regard to this name."""
        return bool(self.short) and name not in self.short

    def cut(self, name: str, cells: int) -> str:
        """The name in `cells` cells, cut as the others of the column are."""
        if cell_len(name) <= cells:
            return name
        if cells not in self._squeezed:
            self._squeezed[cells] = squeezed_apart(self.short, cells, self._ellipsis)
        return self._squeezed[cells].get(name) or cut_middle(name, cells, self._ellipsis)

    def cut_before_text(self, name: str, cells: int) -> str:
        """The name in `cells` cells, with the same end as in `before_texts`, where it has fewer."""
        cut = self.before_texts[name]
        if cut.count(self._ellipsis) > 1:  # what is between is all in which it differs
            return cut
        end = cut.rpartition(self._ellipsis)[2] if cut != name else ""
        return cut_middle(name, cells, self._ellipsis, cells - 1 - cell_len(end))


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
    """The names in `cells` cells without words that all of them begin with, and if need be without those at their end.

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
    """Whether a name that loses its middle, in `room` cells, loses something between these two places."""
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
