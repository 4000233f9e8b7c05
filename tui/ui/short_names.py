"""Names that are longer than their column, cut in the middle so that they can still be told apart. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from rich.cells import cell_len

SHORTEST_END = 3
"""Cells that a name keeps of its beginning and of its end, where there is room for both."""


def cut_middle(text: str, cells: int, ellipsis: str = "…", head: int | None = None) -> str:
    """The text in at most so many cells, without its middle; `head` cells of its beginning stay, half if not given."""
    if cell_len(text) <= cells:
        return text
    room = cells - 1
    if room < 1:
        return ellipsis[:cells]
    start = _start(text, (room + 1) // 2 if head is None else head)
    return start + ellipsis + _end(text, room - cell_len(start))


def told_apart(names: Iterable[str], cells: int, ellipsis: str = "…") -> dict[str, str]:
    """For each name the text of at most so many cells that stands for it.

    Names that would look the same are cut at another place, all of them at the same one, where that makes them differ.
    """
    cut = {name: cut_middle(name, cells, ellipsis) for name in names}
    count = Counter(cut.values())
    alike: dict[str, list[str]] = defaultdict(list)
    for name, text in cut.items():
        if count[text] > 1:
            alike[text].append(name)
    for text, group in alike.items():
        taken = count.keys() - {text}
        for head in _heads(cells - 1):
            tried = {name: cut_middle(name, cells, ellipsis, head) for name in group}
            if len(set(tried.values())) == len(group) and taken.isdisjoint(tried.values()):
                cut |= tried
                count += Counter(tried.values())
                break
    return cut


def _heads(room: int) -> list[int]:
    """Lengths of the beginning to try, those near the middle first."""
    return sorted(range(SHORTEST_END, room - SHORTEST_END + 1), key=lambda head: abs(2 * head - room - 1))


def _start(text: str, cells: int) -> str:
    if text.isascii():
        return text[: max(0, cells)]
    taken = 0
    for at, character in enumerate(text):
        taken += cell_len(character)
        if taken > cells:
            return text[:at]
    return text


def _end(text: str, cells: int) -> str:
    if text.isascii():
        return text[len(text) - cells :] if cells > 0 else ""
    at, taken = len(text), 0
    while at and (taken := taken + cell_len(text[at - 1])) <= cells:
        at -= 1
    while at < len(text) and not cell_len(text[at]):  # a mark whose letter is cut off
        at += 1
    return text[at:]
