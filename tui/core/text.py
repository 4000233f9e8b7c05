"""Makes text from outside plain and bounded. All of it passes through here."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import pairwise

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters, marks and a symbol that no font draws."""
_MARKS_KEPT = 2

COLOURS = re.compile(r"\x1b\[[0-9;]{0,20}m")
"""The sequences that colour a text for a terminal."""
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

CELL = 500
"""Characters that a line on the screen may have."""
DETAIL = 4000
"""Characters that a text in the details may have."""


HIDDEN = "***"
_SHORTEST_SECRET = 40
_RUN = re.compile(r"[\w+/=-]{40,}", re.ASCII)
_TOKEN = re.compile(r"\bMII[\w+/=-]{37,}", re.ASCII)  # how every IAM token begins
_KINDS = str.maketrans("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "0" * 10 + "a" * 26 + "A" * 26)
_RESTLESS = 0.4
"""The least share of places in a secret where the kind of character changes; joined words have fewer."""


JOINERS = "\u200c\u200d"
"""Zero-width characters that Persian, Hindi and other languages need for spelling."""


def _category(character: str) -> str:
    """The category of Unicode; that of format characters for all that is as invisible as these."""
    return "Cf" if character in _INVISIBLE else unicodedata.category(character)


def clean(value: object, limit: int = CELL, joiners: bool = False) -> str:
    """`value` as one line of at most `limit` characters that no terminal acts on.

    Cut first, so that a megabyte costs nothing. Control, format, surrogate, private, unassigned and invisible ones
    become U+FFFD, line ends and tabs a middle dot, and at most two combining marks in a row stay. Joiners are removed
    unless `joiners` is set, for text that programs read. What looks like a token or a secret key is hidden: a user may
    have pasted it in place of a name.
    """
    text = value if isinstance(value, str) else repr(value)
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if len(text) >= _SHORTEST_SECRET:
        text = _RUN.sub(lambda run: HIDDEN if looks_secret(run[0]) else run[0], text)
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    cleaned = []
    marks = 0
    for character in text:
        category = _category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if character in "\n\r\t":
            cleaned.append("·")
        elif character in JOINERS:
            cleaned.append(character if joiners else "")
        elif category in _UNSAFE:
            cleaned.append(_REPLACEMENT)
        elif marks <= _MARKS_KEPT:
            cleaned.append(character)
    return "".join(cleaned)


def looks_secret(text: str) -> bool:
    """Whether there is a long random run of letters of both cases and digits, like a token or a secret key."""
    if _TOKEN.search(text):
        return True
    for run in _RUN.findall(text):
        kinds = run.translate(_KINDS)
        if {"0", "a", "A"} <= set(kinds) and sum(a != b for a, b in pairwise(kinds)) > _RESTLESS * len(kinds):
            return True
    return False


def crash_text(error: BaseException) -> str:
    """The traceback of a bug, each line cleaned, without the values of variables, which may be secrets."""
    import traceback  # imported late: most runs have no bug

    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(clean(line, DETAIL) for line in lines)


def drawn(text: str) -> str:
    """`text` as an editor shows it: one visible character for each of its characters."""
    if text.isascii() and text.isprintable():
        return text
    shown, marks = [], 0
    for character in text:
        category = _category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        is_bad = category in _UNSAFE or marks > _MARKS_KEPT
        shown.append("·" if character in "\n\r\t" else _REPLACEMENT if is_bad else character)
    return "".join(shown)


def normal(text: str) -> str:
    """The form in which names are compared: names that look alike on the screen are equal."""
    return clean(unicodedata.normalize("NFC", text[:DETAIL]), DETAIL).strip()


def one_line(text: str) -> str:
    """`text` with single blanks, without control and invisible characters; joiners stay."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(
            one if one in JOINERS or _category(one) not in _UNSAFE else " " if one.isspace() else "" for one in text
        )
    return " ".join(text.split())


_DIGITS = re.compile(r"([0-9]{1,18})")


def natural_key(text: str) -> tuple[str | int, ...]:
    """A sort key that puts `job-2` before `job-10` and ignores case.

    Texts and numbers alternate, so that any two keys can be compared. A run of over 18 digits becomes several numbers.
    """
    pieces = _DIGITS.split(text.casefold())
    return tuple(int(piece) if place % 2 else piece for place, piece in enumerate(pieces))


class _Plain(dict[int, int | str]):
    """Maps each character of a paste to its replacement, and caches it."""

    def __missing__(self, code: int) -> int | str:
        category = _category(chr(code))
        self[code] = "" if category == "Cf" else _REPLACEMENT if category in _UNSAFE else code
        return self[code]


_PLAIN = _Plain({ord(kept): kept for kept in "\n\r\t" + JOINERS})


def plain_paste(text: str) -> str:
    """`text` of any length, line ends, tabs and joiners kept: colours and other invisible characters go, unsafe ones
    are replaced."""
    return text if text.isascii() and text.isprintable() else COLOURS.sub("", text).translate(_PLAIN)


def width(text: str) -> int:
    """The terminal cells that `text` takes, by the same tables as the screen's."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # imported late: most texts are ASCII, and this costs 5 ms

    return cell_len(text)


def cut(text: str, cells: int) -> str:
    """The text in at most `cells` cells, with an ellipsis if it is longer. Does not split combined characters."""
    if width(text) <= cells:
        return text
    return beginning(text, cells - 1) + "…" if cells > 0 else ""


def beginning(text: str, cells: int) -> str:
    """As much of the text from its start as has room in `cells` cells. Does not split combined characters."""
    if text.isascii():
        return text[: max(0, cells)]
    taken = 0
    for start, _, wide in graphemes(text):
        taken += wide
        if taken > cells:
            return text[:start]
    return text


def graphemes(text: str) -> list[tuple[int, int, int]]:
    """Start and end of each character as it is seen, with what combines with it, and the cells that it takes."""
    from rich import cells  # imported late, as in `width`

    if split := getattr(cells, "split_graphemes", None):
        found: list[tuple[int, int, int]] = split(text)[0]
        return found
    spans: list[tuple[int, int, int]] = []  # Rich before 14.3, which Textual accepts, measures characters one by one
    for at, character in enumerate(text):
        if (wide := cells.cell_len(character)) or not spans:
            spans.append((at, at + 1, wide))
        else:
            spans[-1] = spans[-1][0], at + 1, spans[-1][2]
    return spans


def folded(text: str, cells: int, hang: int = 0) -> list[str]:
    """Returns the text in lines of at most `cells` cells; those after the first begin with `hang` blanks.

    It is split between columns, which have two blanks between them; between words only in a column that is longer than
    a line.
    """
    lines, line = [], ""
    for before, column in re.findall(r"( *)([^ ]+(?: [^ ]+)*)", text):
        is_whole = max(hang, 0 if line else len(before)) + width(column) <= cells
        for gap, part in [(before, column)] if is_whole else re.findall("( *)([^ ]+)", before + column):
            if line and width(line + gap + part) > cells:
                lines.append(line)
                line = " " * hang + part
            else:
                line += gap + part
    return [*lines, line]


def capitalised(text: str) -> str:
    """The text with a capital letter; what follows keeps its own."""
    return f"{text[:1].upper()}{text[1:]}"


def as_sentence(text: str) -> str:
    """The text with a full stop, unless it ends as a sentence does."""
    return text if text.endswith((".", "?")) else f"{text}."


def did_you_mean(word: str, known: Iterable[str], least: float = 0.6) -> str:
    """`did you mean web?`, with the known word nearest to `word`; empty if none is near. `least` is how much of both
    must be alike, from 0.0 to 1.0.

    If `known` is a mapping, the value of the nearest key is shown.
    """
    from difflib import get_close_matches  # only here: it costs a start 3 ms

    near = get_close_matches(word[:100], known, 1, least)
    if not near:
        return ""
    return f"did you mean {known[near[0]] if isinstance(known, Mapping) else near[0]}?"
