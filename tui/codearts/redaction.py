"""Removes secrets from texts: plain or escaped, whole or cut."""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import quote

from tui.core.text import CELL, COLOURS, HIDDEN, clean

SHORTEST_RUN = 12
"""A run of this many characters of a secret is hidden, whatever separators stand between them."""

_ANCHOR = 6
_APART = SHORTEST_RUN - _ANCHOR + 1
"""Anchors are `_ANCHOR` characters long and so far apart that every run of `SHORTEST_RUN` contains a whole one."""
_ALIKE = 8
"""Places of one anchor that are tried; only a secret that repeats itself has more."""
_SHORTEST_ENCODED = 4
_PIECES = re.compile(
    r"[\w+/=-]+|%([0-7][0-9a-f])|\\u([0-9a-f]{4})|&#x([0-9a-f]{2});|&#([0-9]{2,3});|\\(/)|\\[a-z]",
    re.IGNORECASE,
)
"""A run of letters and digits, or an escape: its number in base 16 or 10, or a slash; none for a line end."""
_SAME = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ-_", "abcdefghijklmnopqrstuvwxyz+/")
"""Hosts are returned in lower case, and base64 has two alphabets."""
_PATTERNS = (
    re.compile(r"(canonicalRequest:).*", re.IGNORECASE | re.DOTALL),
    re.compile(r"(\b(?:Access|Signature)=)[^,\s]+", re.IGNORECASE),
    re.compile(r"(\bak:\s*)[^,\s]+", re.IGNORECASE),
    re.compile(r"(\bak )\S+(?= not exist)", re.IGNORECASE),
    re.compile(r"(\b(?:x-auth-token|x-security-token|x-subject-token|authorization)\s?[:=]\s?)[^,\s]+", re.IGNORECASE),
    re.compile(r"(\bMII)[\w+/=%&#;-]{60,}", re.ASCII),  # how every IAM token begins
)
_LABELLED = re.compile(
    r"(\b(?:pass(?:word|wd|phrase)|secret|token|key|pin|credentials?)\b(?:\s+(?:is|was))?\s*"
    r"(?:[:=]\s*(?=\S)|(?=[\"'`])))(?:\"[^\"]*\"|'[^']*'|`[^`]*`|\S+)",
    re.IGNORECASE,
)
_LONGEST_COMPLAINT = 400
_LOOKED_AT = 4
"""Times the shown length, and one secret more: that much of a text is searched, since hiding a secret shortens it."""
_WORD = re.compile(r"[^\s\"'`,;()<>]+")
_LONG_WORD = re.compile(rf"[\w+/=%-]{{{SHORTEST_RUN},}}", re.ASCII)
_SHORTEST_GUESS, _LONGEST_WORD = 6, 24


class _Index(NamedTuple):
    """A secret prepared for searching: its forms, and each anchor's places in them."""

    forms: tuple[str, ...]
    anchors: dict[str, list[tuple[str, int]]]


def redact(text: str, secrets: Iterable[str]) -> str:
    """`text` without the secrets and without any keys and signatures. Takes time in proportion to `text`."""
    held = [secret for secret in secrets if secret]
    return _without_patterns(_without_parts(_without_whole(text, held), held))


def redacted_line(text: str, secrets: Sequence[str], limit: int = CELL) -> str:
    """`text` without secrets, as one line of at most `limit` characters."""
    longest = max(map(len, secrets), default=0)
    return clean(redact(text[: _LOOKED_AT * limit + longest], secrets), limit)


def redact_lines(lines: Iterable[str], secrets: Iterable[str]) -> list[str]:
    """The lines of a log without secrets. Finds part of a secret only within a word, since logs are long."""
    held = [secret for secret in secrets if secret]
    text = _LONG_WORD.sub(lambda word: _without_parts(word[0], held), _without_whole("\n".join(lines), held))
    return [_without_patterns(line) for line in text.split("\n")]


def _without_patterns(text: str) -> str:
    for pattern in _PATTERNS:
        text = pattern.sub(_hidden, text)
    return text


def _without_whole(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        for form in _whole(secret):
            text = text.replace(form, HIDDEN)
    return text


def redact_complaint(text: str, printed: str) -> str:
    """Returns the standard error of a failing command without what may be a secret: none of its secrets is known here.

    `printed` is its standard output. Hides what follows a word like password, and every word that looks random; a
    secret that looks like a plain word is not recognised.
    """
    text = COLOURS.sub("", text)[:_LONGEST_COMPLAINT]
    words = {part for part in (*printed.splitlines(), *printed.split()) if len(part) >= _SHORTEST_ENCODED}
    text = redact(text, [printed, *sorted((word for word in words if word in text), key=len, reverse=True)])
    text = _LABELLED.sub(_hidden, text)
    return _WORD.sub(lambda match: HIDDEN if _may_be_secret(match[0]) else match[0], text)


def _hidden(match: re.Match[str]) -> str:
    """Keeps what stands before the secret. A function, since a template would be parsed for each text."""
    return match[1] + HIDDEN


@lru_cache(maxsize=32)
def _whole(secret: str) -> tuple[str, ...]:
    """The secret plain, in JSON, in an address and in base64. Kept, as the index is: tokens have many kilobytes."""
    forms = [secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]]
    forms += [quote(secret, safe=safe, errors="replace") for safe in ("/", "")]
    if len(secret) >= _SHORTEST_ENCODED:
        forms.append(b64encode(secret.encode(errors="replace")).decode())
    return tuple(dict.fromkeys(forms))


@lru_cache(maxsize=32)
def _index(secret: str) -> _Index:
    """Prepares a secret for searching: plain, in base 16, and in the three alignments of base64, since something may
    stand before it."""
    encoded = secret.encode(errors="replace")
    forms = [_plain(secret)[0], encoded.hex()]
    forms += [b64encode(encoded[cut:]).decode().translate(_SAME) for cut in range(3)]
    anchors: dict[str, list[tuple[str, int]]] = {}
    for form in forms:
        for place in range(0, len(form) - _ANCHOR + 1, _APART):
            known = anchors.setdefault(form[place : place + _ANCHOR], [])
            if len(known) < _ALIKE:
                known.append((form, place))
    return _Index(tuple(forms), anchors)


def _plain(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The letters and digits of a text, escapes undone and what separates them left out; and where each was."""
    characters: list[str] = []
    places: list[tuple[int, int]] = []
    for match in _PIECES.finditer(text):
        start, end = match.span()
        if match[0][0] not in "%\\&":
            characters.append(match[0])
            places.extend(zip(range(start, end), range(start + 1, end + 1), strict=True))
        elif (character := _unescaped(match)) and _PIECES.fullmatch(character):
            characters.append(character)
            places.append((start, end))
    return "".join(characters).translate(_SAME), places


def _unescaped(match: re.Match[str]) -> str:
    """One character; empty for a line end or the like."""
    byte, unit, in_html, decimal, slash = match.groups()
    if digits := byte or unit or in_html:
        return chr(int(digits, 16))
    return chr(int(decimal)) if decimal else slash or ""


def _without_parts(text: str, secrets: list[str]) -> str:
    if not secrets or len(text) < SHORTEST_RUN:
        return text
    indices = [_index(secret) for secret in secrets]
    if _LONG_WORD.fullmatch(text) and not _may_hold(text, indices):  # as nearly every request ID and word of a log
        return text
    plain, places = _plain(text)
    spans = sorted(span for index in indices for span in _shared(plain, index))
    pieces, done = [], 0
    for begin, end in spans:
        first, last = places[begin][0], places[end - 1][1]
        if first >= done:
            pieces += [text[done:first], HIDDEN]
        done = max(done, last)
    return "".join((*pieces, text[done:]))


def _may_hold(word: str, indices: list[_Index]) -> bool:
    """Whether a word may contain part of a secret."""
    if "%" in word:
        return True
    plain = word.translate(_SAME)
    found = {plain[at : at + _ANCHOR] for at in range(len(plain) - _ANCHOR + 1)}
    return not all(one.anchors.keys().isdisjoint(found) for one in indices)


def _shared(plain: str, index: _Index) -> Iterator[tuple[int, int]]:
    """The runs that a text shares with a secret, in order and without overlap."""
    free = 0
    for at in [at for at in range(len(plain) - _ANCHOR + 1) if plain[at : at + _ANCHOR] in index.anchors]:
        if at < free:
            continue
        places = index.anchors[plain[at : at + _ANCHOR]]
        begin, end = max((_run(plain, at, free, form, place) for form, place in places), key=_length)
        if end - begin >= SHORTEST_RUN:
            yield begin, end
            free = end


def _length(run: tuple[int, int]) -> int:
    return run[1] - run[0]


def _run(plain: str, at: int, free: int, form: str, place: int) -> tuple[int, int]:
    """Extends a match of an anchor in both directions."""
    back = 0
    while at - back > free and place - back > 0 and plain[at - back - 1] == form[place - back - 1]:
        back += 1
    ahead, most = _ANCHOR, min(len(plain) - at, len(form) - place)
    while ahead < most and plain[at + ahead] == form[place + ahead]:
        ahead += 1
    return at - back, at + ahead


def _may_be_secret(word: str) -> bool:
    is_path = word.startswith(("/", "~/", "./", "../"))
    return any(_looks_chosen(part, is_path) for part in re.split(r"[/.:_-]", word))


def _looks_chosen(part: str, is_path: bool) -> bool:
    """Whether a word mixes letters with digits, signs or capitals; a path may, for versions and names."""
    if len(part) > _LONGEST_WORD or re.search(r"[+=!@#$%^&*?|~]", part.rstrip("!?")):
        return True
    if is_path or len(part) < _SHORTEST_GUESS:
        return False
    is_mixed = any(one.islower() and other.isupper() for one, other in pairwise(part))
    return is_mixed or (any(map(str.isdigit, part)) and any(map(str.isalpha, part)))
