"""Finds jobs in pasted text: an ID, an address, or many of both among other words, and the label beside each."""

import csv
import json
import re
import unicodedata
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from tui.core.job import LABEL_LONGEST, JobId
from tui.core.text import COLOURS, clean, one_line

REACH = 1000
"""Number of characters on either side of an ID that are searched."""
_MOST_WORDS = 10
_LONGEST_WORD = 60

NEAR = 160
"""Number of characters on either side for a name in running text, separators included."""
_RULES = "|\u2502\uff5c\t"
_COMMAS = ",;\uff0c\uff1b"
_FIELD = re.compile(
    r"""["'<\[]?(?<![A-Za-z_])(?:label|(?:job|task|display)?[_-]?name|title|名称|任务名称?)["'>\]]?\s{0,9}[:=]\s{0,9}"""
    r"""("(?:[^"\\\n]|\\.){1,400}"|'[^'\n]{1,400}')""",
    re.IGNORECASE,
)
_HEADS = re.compile(r"(?:label|(?:job|task)?[ _-]?name|title|job|task|名称|任务(?:名称)?)", re.IGNORECASE)
_NOT_A_NAME = re.compile(
    r"https?:|.*@.*\..*|[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{27}|.*(?:token|secret|password).{0,3}[:=]"
    r"|(?:was )?(?:running|idle|no answer|failing|failed|passed|aborted|timed out|paused|unread)$"
    r"|(?:success|succeeded|error)$"
    r"|(?:ok|true|false|null|none)$"
    r"|(?:.*[ _-])?ids?\W*$|.*任务$",
    re.IGNORECASE,
)
_AROUND_LABEL = " \t\"'`*_<>()[]{}|:=#\u2013\u2014\uff1a-,;"
_FOLLOWS = re.compile(r"""["'`*)\]>]{0,4}(?:[ ]{1,2}(?![ ])|[ ]?(?:[-\u2013\u2014:=#\uff1a]|->|=>)[ ]+|[ ]?\()""")
_PRECEDES = re.compile(r"""(?:[ ]{2,}|[ ]?[:=\uff1a][ ]*|[ ][-\u2013\u2014][ ]|\]\()["'`*(<\[]{0,4}$""")
_MARKER = re.compile(r"^[\s>*+|\u2022-]{0,12}(?:\d{1,4}[.)]\s+)?[\"'`*(<\[]{0,4}$")
_LINK = re.compile(r"\[([^\[\]]{1,200})\]\($")


class Heads(NamedTuple):
    """The heading of a table: its number of columns, and which of them has the names."""

    columns: int
    name: int


def label_beside(text: str, start: int, end: int, heads: Heads | None) -> str:
    """Returns the label of the ID or address `text[start:end]`; empty if nothing next to it looks like one."""
    line_start = max(text.rfind("\n", max(0, start - REACH), start) + 1, start - REACH)
    line_end = text.find("\n", end, end + REACH)
    before, after = text[line_start:start], text[end : line_end if line_end >= 0 else end + REACH]
    if field := _field(text, start, end):
        return field
    if link := _LINK.search(before):
        return _name(link[1])
    if _has_an_id(before) or _has_an_id(after):
        return ""
    if label := _from_columns(before, text[start:end], after, heads):
        return label
    return _following(after[:NEAR]) if _MARKER.match(before) else _preceding(before, after)


def heads_of(line: str) -> Heads | None:
    """Returns the heading if the line names columns of a table and one of them has the jobs' names; otherwise None."""
    cells = _cells(line[:REACH])
    named = [place for place, cell in enumerate(cells) if _HEADS.fullmatch(cell.strip(_AROUND_LABEL))]
    return Heads(len(cells), named[0]) if len(cells) > 1 and named else None


def _field(text: str, start: int, end: int) -> str:
    """Returns the name in the object around the ID: JSON, or a TOML table."""
    opening = max(text.rfind("{", max(0, start - REACH), start), text.rfind("[[", max(0, start - REACH), start))
    if opening < 0:
        return ""
    ends = [at for sign in ("}", "[[") if (at := text.find(sign, end, end + REACH)) >= 0]
    closing = min(ends, default=min(len(text), end + REACH))
    near = text[end:closing]
    found = _FIELD.search(near) if not _has_an_id(near) else None
    found = found or _FIELD.search(text[opening:start])
    return _name(_unquoted(found[1])) if found else ""


def _unquoted(quoted: str) -> str:
    try:
        return str(json.loads(quoted))
    except ValueError:
        return quoted[1:-1]


def _from_columns(before: str, found: str, after: str, heads: Heads | None) -> str:
    cells = _cells(before + found + after)
    own = next((place for place, cell in enumerate(cells) if found in cell), None)
    if own is None or not (set(_RULES) & set(before + after) or cells[own].strip(_AROUND_LABEL) == found):
        return ""  # a comma in a sentence
    if heads and heads.columns == len(cells) and heads.name != own:
        return _name(cells[heads.name])
    left, right = list(reversed(cells[:own])), cells[own + 1 :]
    return next((name for cell in (*left, *right) if (name := _name(cell))), "")


def _cells(line: str) -> Sequence[str]:
    """Splits a row of a table; commas within quotes do not split."""
    for sign in _RULES:
        if sign in line:
            return line.strip().strip(sign).split(sign)
    sign = next((sign for sign in _COMMAS if sign in line), "")
    if not sign:
        return [line]
    try:
        return next(csv.reader([line.replace("\0", "")], delimiter=sign, skipinitialspace=True), [])
    except csv.Error:
        return []


def _following(after: str) -> str:
    """Returns the name in the rest of a line that begins with the ID, up to the next column."""
    follows = _FOLLOWS.match(after)
    if not follows:
        return ""
    rest = re.split(r" {2,}|\t|\|", after[follows.end() :], maxsplit=1)[0]
    return "" if rest.rstrip().endswith(("?", "!", ".", ",", "\uff1f", "\u3002")) else _name(rest)


def _preceding(before: str, after: str) -> str:
    """Returns the name in the line before the ID, unless a sentence ends there."""
    if len(before) > NEAR or after.lstrip(_AROUND_LABEL).startswith((".", "!", "?", "\u3002", "\uff1f")):
        return ""
    parted = _PRECEDES.search(before)
    return _name(before[: parted.start()]) if parted else ""


def _has_an_id(text: str) -> bool:
    return bool(re.search(r"(?<![0-9A-Za-z])[0-9A-Za-z]{32}(?![0-9A-Za-z])", text))


def _name(text: str) -> str:
    """Returns the text as a label; empty if it is more like a number, a date, a state, an address or a sentence."""
    name = _bare(one_line(text[: 4 * LABEL_LONGEST])).strip()
    words = name.split()
    if not words or len(name) > LABEL_LONGEST or len(words) > _MOST_WORDS or max(map(len, words)) > _LONGEST_WORD:
        return ""
    if _NOT_A_NAME.match(name) or _has_an_id(name) or not any(unicodedata.category(one)[0] == "L" for one in name):
        return ""
    return name


def _bare(text: str) -> str:
    """Returns the text without what stands around a label; a bracket stays where its other half is within."""
    name = text.strip(_AROUND_LABEL)
    begin = text.find(name)
    end = begin + len(name)
    for opening, closing in ("()", "[]", "{}", "<>"):
        opened = name.count(opening) - name.count(closing)
        if opened > 0 and text[end : end + 1] == closing:
            return name + closing
        if opened < 0 and text[max(0, begin - 1) : begin] == opening:
            return opening + name
    return name


_ID = re.compile(r"[0-9A-Za-z]{32}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_LIKE_AN_ID = re.compile(rf"{_ID.pattern}|{_UUID.pattern}")
_JOINED = r"[0-9A-Za-z_.%+@~-]"
"""Next to an ID, these characters make it part of something longer: a digest, a file name, encoded data."""
_BARE = re.compile(rf"(?<!{_JOINED})(?:(?P<uuid>{_UUID.pattern})|{_ID.pattern})(?!{_JOINED})")

_PLAIN = r"[!#%&+\-./0-9:=?@A-Z_a-z~]"
"""The characters of words and addresses: not quotes, brackets, commas, control or non-ASCII characters."""
_WORD = re.compile(rf"(?<!{_PLAIN}){_PLAIN}{{32,}}")
_PUNCTUATION = "!#%&+-.:=?@_~"
_AROUND = _PUNCTUATION + " \t\n\"'`<>()[]{},;|*/\\\ufeff\u200b"
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_CONSOLE = re.compile(r"(?:^|[.@])devcloud\.(?:([a-z0-9]+(?:-[a-z0-9]+)+)\.)?")
_QUERY = re.compile(r"\?|%3f", re.IGNORECASE)
_SEPARATORS = re.compile(r"(?:[/#=:&]|%2f|%23|%26|%3a|%3d)+", re.IGNORECASE)
_LONGEST_ADDRESS = 2048

_NO_IDS = ("token", "ticket", "session", "secret", "password", "md5", "checksum", "digest", "etag")
_KIND = re.compile(
    r"(?:(?<![0-9a-z_-])(job|project|pipeline)s?(?: run)?"
    r"|(job|project|pipeline|request|trace|user|domain)s?[ _-]?(?:run)?[ _-]?(?:uu)?ids?"
    rf"|({'|'.join(_NO_IDS)})(?:[ _-]?id)?"
    r"|(项目|流水线) ?(?:id)?)$"
)
_KIND_ENDS = ("id", "ids", "job", "jobs", "project", "projects", "pipeline", "pipelines", "run", "项目", "流水线")
_CHINESE = {"项目": "project", "流水线": "pipeline"}
_KIND_REACH = 48
_BETWEEN = " \t\"'`*#:=/|<>([{\\：“‘（【「是为"

_INSTEAD = "paste a job's 32 letters and digits, or the address of its build history page."
_UUID_REASON = f"This is the 36-character ID of a build record or a build project; {_INSTEAD}"
_PIPELINE_REASON = f"This is a pipeline's address, and a pipeline is not a job; {_INSTEAD}"
_PROJECT_REASON = f"This is a project's ID or address; {_INSTEAD}"
_PAGE_REASON = f"This page of the console names no job; {_INSTEAD}"
_UPPER_CASE = "Kept in upper case as pasted; the service describes job IDs in lower case."


class Verdict(StrEnum):
    JOB = "job"
    AMBIGUOUS = "ambiguous"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of a paste that looks like an ID or an address of the console."""

    text: str
    """The piece as pasted, at most 200 characters; an address without its query, which may hold a ticket."""
    verdict: Verdict
    job: JobId | None = None
    reason: str = ""
    """If it is no job: one sentence that says what it is, and what to paste instead."""
    warning: str = ""
    address: str = ""
    """The http or https address that the ID is part of, without query and user."""
    region: str = ""
    """The region in the console's host name: only a suggestion."""
    label: str = ""
    """Text next to a job's ID that looks like its name."""
    line: int = 1


@dataclass(frozen=True, slots=True)
class Paste:
    """All pieces in the order of the text; `truncated` if there are more than the limit."""

    found: tuple[Found, ...]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """A paste compared with the watchlist: jobs that are new, already watched (`known`), or repeated in the paste."""

    new: tuple[Found, ...]
    known: tuple[Found, ...]
    repeated: tuple[Found, ...]
    ambiguous: tuple[Found, ...]
    refused: tuple[Found, ...]


def parse_paste(text: str, limit: int = 10_000) -> Paste:
    """Returns what `text` holds, at most `limit` pieces. Never raises; the time grows linearly with the length."""
    text = COLOURS.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = text.replace("\\/", "/").replace("\\n", "  ")  # the escapes of JSON in a log
    found = tuple(islice(_pieces(text), limit + 1)) or _only_word(text)
    return Paste(found[:limit], truncated=len(found) > limit)


def preview(paste: Paste, watched: Container[JobId]) -> Preview:
    """Compares a paste with the watched jobs. The first piece of a job gets address and label from repeated ones."""
    jobs: dict[JobId, Found] = {}
    repeated = []
    for found in paste.found:
        if found.job and found.job not in jobs:
            jobs[found.job] = found
        elif found.job:
            repeated.append(found)
            jobs[found.job] = _united(jobs[found.job], found)
    return Preview(
        new=tuple(found for job, found in jobs.items() if job not in watched),
        known=tuple(found for job, found in jobs.items() if job in watched),
        repeated=tuple(repeated),
        ambiguous=tuple(found for found in paste.found if found.verdict is Verdict.AMBIGUOUS),
        refused=tuple(found for found in paste.found if found.verdict is Verdict.REFUSED),
    )


def _united(first: Found, repeat: Found) -> Found:
    if repeat.address and not first.address:
        first = replace(first, address=repeat.address, region=repeat.region)
    return first if first.label else replace(first, label=repeat.label)


def _pieces(text: str) -> Iterator[Found]:
    line, counted, heads = 1, 0, None
    for word in _WORD.finditer(text):
        between = text[counted : word.start()]
        line, counted = line + between.count("\n"), word.start()
        heads = _heads_in(between) or heads
        for found in _read_word(text, word.start(), word.end()):
            label = label_beside(text, *_place(text, word, found), heads) if found.job else ""
            yield replace(found, line=line, label=label)


def _heads_in(between: str) -> Heads | None:
    """Returns the heading of the table: the last line that names columns, perhaps with a line of dashes below it."""
    lines = between[-4 * REACH :].split("\n")[-5:-1]
    return next((heads for one in reversed(lines) if (heads := heads_of(one))), None)


def _place(text: str, word: re.Match[str], found: Found) -> tuple[int, int]:
    """Returns start and end of the piece in the text: of the ID if it stands alone, of the whole address otherwise."""
    at = -1 if found.address or "/" in word[0] else text.find(found.text, word.start(), word.end())
    return word.span() if at < 0 else (at, at + len(found.text))


def _read_word(text: str, start: int, end: int) -> Iterator[Found]:
    word = text[start:end]
    if scheme := _SCHEME.search(word):
        yield from _bare_ids(text, start, start + scheme.start())
        yield from _read_address(word[scheme.end() :], scheme.group().lower())
    elif "/" in word:
        yield from _read_address(word, "")
    else:
        yield from _bare_ids(text, start, end)


def _bare_ids(text: str, start: int, end: int) -> Iterator[Found]:
    word = text[start:end]
    start += len(word) - len(word.lstrip(_PUNCTUATION))
    for match in _BARE.finditer(word.strip(_PUNCTUATION)):
        at = start + match.start()
        before = text[max(0, at - _KIND_REACH) : at].rpartition("\n")[2]
        piece, kind = match.group(), _kind(before)
        if kind in _NO_IDS:
            continue
        if match["uuid"]:
            yield _refused(_UUID_REASON, piece)
        elif kind not in ("", "job"):
            yield _refused(f"This is labelled as a {kind}'s ID; {_INSTEAD}", piece)
        elif kind or not piece.isalpha():  # 32 letters may be a word
            yield _job(piece)


def _kind(before: str) -> str:
    """Returns what the words or the path segment before an ID call it: `job`, `project`, `token`…, or nothing."""
    words = before.rstrip(_BETWEEN).lower().removesuffix(" is")
    if not words.endswith(_KIND_ENDS + _NO_IDS):  # far cheaper than the search, and nearly always sufficient
        return ""
    match = _KIND.search(words)
    kind = str(match[match.lastindex or 0]) if match else ""
    return _CHINESE.get(kind, kind)


def _read_address(rest: str, scheme: str) -> Iterator[Found]:
    """Yields at most one piece. `rest` is what follows the scheme; without a scheme the rules are stricter."""
    page = _without_query(rest.strip(_PUNCTUATION))
    if len(page) > _LONGEST_ADDRESS:
        return
    authority, slash, path = page.partition("/")
    host = authority.rpartition("@")[2]
    console = _CONSOLE.search(host.lower())
    if not (console or _LIKE_AN_ID.search(page)):
        return
    segments = [segment for segment in _SEPARATORS.split(path if scheme else page) if segment]
    found = _judge(segments, is_address=bool(scheme or console), is_console=bool(console))
    if found:
        page = f"{scheme}{host}{slash}{path}"
        shown = clean(page + ("?…" if _QUERY.search(rest) else ""), 200)
        region = (console[1] or "") if console and found.job else ""
        yield replace(found, text=shown, address=page if found.job and scheme and host else "", region=region)


def _without_query(address: str) -> str:
    """Returns path and fragment; a fragment that is no route (`#access_token=…`) is removed as well."""
    path, _, fragment = address.partition("#")
    path, route = _QUERY.split(path, maxsplit=1)[0], _QUERY.split(fragment, maxsplit=1)[0].partition("&")[0]
    return f"{path}#{route}" if route and "=" not in route else path


def _judge(segments: list[str], is_address: bool, is_console: bool) -> Found | None:
    """Finds the path segment that is the job's ID; the order of the rules matters. None: nothing looks like an ID."""
    kinds = ["", *(_kind(segment) for segment in segments)]
    places = [place for place, text in enumerate(segments) if _ID.fullmatch(text) and kinds[place] not in _NO_IDS]
    is_record = any(_UUID.fullmatch(segment) for segment in segments)
    if not (places or is_record or is_console):
        return None
    history = [place for place in places if "/".join(segments[:place][-2:]).lower() == "detail/history"]
    if named := history or [place for place in places if kinds[place] == "job"]:
        return _one_of([segments[place] for place in named])
    if "pipeline" in kinds:
        return _refused(_PIPELINE_REASON)
    left = [place for place in places if kinds[place] != "project"]
    if not left:
        return _refused(_UUID_REASON if is_record else _PROJECT_REASON if places else _PAGE_REASON)
    candidates = [segments[place] for place in left]
    behind = segments[left[-1] + 1 :]
    if len(set(candidates)) > 1 or not behind or (len(behind) == 1 and behind[0].isdigit()):
        return _one_of(candidates) if is_address or not "".join(candidates).isalpha() else None
    if not is_address:
        return None
    name = f"{candidates[0][:8]}…"
    return _ambiguous(f"{name} does not stand where an address names its job; if it is the job's ID, paste it alone.")


def _one_of(candidates: list[str]) -> Found:
    distinct = list(dict.fromkeys(candidates))
    if len(distinct) == 1:
        return _job(distinct[0])
    names = ", ".join(f"{candidate[:8]}…" for candidate in distinct[:4])
    return _ambiguous(f"This holds {len(distinct)} IDs that could be the job's ({names}); paste the job's ID alone.")


def _only_word(text: str) -> tuple[Found, ...]:
    """Judges a paste that is a single word of about the length of an ID."""
    word = text.strip(_AROUND)
    if _ID.fullmatch(word):
        found = _job(word)
    elif re.fullmatch(r"[0-9A-Za-z-]{20,60}", word):
        wrong = f"has {len(word)} characters" if len(word) != 32 else "has hyphens in it"
        found = _refused(f"This {wrong}, and a job ID has 32 letters and digits; copy it again.", word)
    else:
        return ()
    return (replace(found, line=1 + text.count("\n", 0, text.index(word))),)


def _job(text: str) -> Found:
    warning = "" if text == text.lower() else _UPPER_CASE
    return Found(text, Verdict.JOB, JobId(text), warning=warning)


def _ambiguous(reason: str) -> Found:
    return Found("", Verdict.AMBIGUOUS, reason=reason)


def _refused(reason: str, text: str = "") -> Found:
    return Found(text, Verdict.REFUSED, reason=reason)
