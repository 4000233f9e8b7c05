"""What is in a body: strict JSON, the fields of an error in its ten shapes, and no secrets."""

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

_CODES = ("error_code", "errorCode", "err_code", "code")
_MESSAGES = ("error_msg", "errorMsg", "message", "reason", "title")
_FAILED = ("fail", "failed", "error")

HIDDEN = "***"
_SHORTEST_PREFIX = 16
_SECRETS = (
    re.compile(r"(canonicalRequest:).*", re.IGNORECASE | re.DOTALL),
    re.compile(r"(\b(?:Access|Signature)=)[^,\s]+", re.IGNORECASE),
    re.compile(r"(\bak:\s*)[^,\s]+", re.IGNORECASE),
    re.compile(r"(\bak )\S+(?= not exist)", re.IGNORECASE),
    re.compile(r"(\b(?:x-auth-token|x-security-token|x-subject-token|authorization)\s?[:=]\s?)[^,\s]+", re.IGNORECASE),
    re.compile(r"(\bMII)[\w+/=%&#;-]{60,}", re.ASCII),  # how every IAM token begins
)


class Fields(NamedTuple):
    """What a body says of an error, still as sent."""

    code: str = ""
    message: str = ""
    request_id: str = ""
    failed: bool = False
    """Whether it claims a failure, in any of the ways that the service knows."""


def parse_json(body: bytes) -> object:
    """Strict: UTF-8 without a mark, no key twice, no NaN. ValueError for all else."""
    try:
        return json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def fields_of(value: object) -> Fields:
    """The code and message, wherever the shape has them: on top, in `error`, in another object inside, in a text."""
    value = _unwrapped(value)
    if not isinstance(value, dict):
        return Fields()
    error = value.get("error")
    holders = [value, *(inner for inner in (error, *value.values()) if isinstance(inner, dict))]
    found = [(_first(holder, _CODES), _first(holder, _MESSAGES)) for holder in holders]
    found.append(("", _text(error)))
    code, message = max(found, key=lambda pair: (bool(pair[0]), bool(pair[1])))
    status = _text(value.get("status")).lower()
    failed = bool(any(found[0]) or error or status in _FAILED or value.get("success") is False)
    return Fields(code, message, _text(value.get("request_id")), failed)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the secrets, plain or escaped, cut off or not, and without keys and signatures of any kind."""
    for secret in secrets:
        for form in _forms(secret):
            text = _without(text, form)
    for pattern in _SECRETS:
        text = pattern.sub(_hidden, text)
    return text


def _hidden(match: re.Match[str]) -> str:
    """What stands before the secret says which one it was. A template would be prepared anew for each text."""
    return match[1] + HIDDEN


@lru_cache(maxsize=32)
def _forms(secret: str) -> tuple[str, ...]:
    """The secret plain, in JSON and in an address. Kept: a token of many kilobytes is looked for in every answer."""
    as_json = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    return tuple(dict.fromkeys((secret, *as_json, quote(secret, errors="replace"))))


def _unwrapped(value: object) -> object:
    """Some build routes answer a JSON string that holds JSON."""
    if isinstance(value, str):
        try:
            return parse_json(value.encode())
        except ValueError:
            return value
    return value


def _without(text: str, secret: str) -> str:
    """Also where it was cut off, or goes on in another form: escaped, or with another end."""
    if not secret:
        return text
    text = text.replace(secret, HIDDEN)
    if len(secret) <= _SHORTEST_PREFIX:
        return text
    return re.sub(rf"{re.escape(secret[:_SHORTEST_PREFIX])}(?:[^\s,\"'<>.]|\.(?=\w))*", HIDDEN, text)


def _first(holder: dict[str, object], names: Iterable[str]) -> str:
    return next((text for name in names if (text := _text(holder.get(name)))), "")


def _text(value: object) -> str:
    """A text, or a number as IAM has it in `code`; empty for all else."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice")
    return members


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")
