"""Parses bodies: strict JSON, and the fields of an error in its ten shapes."""

import json
from collections.abc import Iterable
from typing import NamedTuple

_CODES = ("error_code", "errorCode", "err_code", "code")
_MESSAGES = ("error_msg", "errorMsg", "message", "reason", "title")
_FAILED = ("fail", "failed", "error")


class ErrorFields(NamedTuple):
    """The fields of an error, as sent."""

    code: str = ""
    message: str = ""
    request_id: str = ""
    failed: bool = False
    """Whether the body claims a failure, in any of the service's ways."""


def parse_json(body: bytes) -> object:
    """Parses strictly: UTF-8 without a byte order mark, no duplicate key, no NaN. Raises ValueError."""
    try:
        return _STRICT.decode(body.decode())
    except RecursionError:
        raise ValueError("nested too deeply") from None


def fields_of(value: object) -> ErrorFields:
    """Finds the code and message at the top, in `error`, in another inner object, or in a text."""
    value = _unwrapped(value)
    if not isinstance(value, dict):
        return ErrorFields()
    error = value.get("error")
    holders = [value, *(inner for inner in (error, *value.values()) if isinstance(inner, dict))]
    found = [(_first(holder, _CODES), _first(holder, _MESSAGES)) for holder in holders]
    found.append(("", _text(error)))
    code, message = max(found, key=lambda pair: (bool(pair[0]), bool(pair[1])))
    status = _text(value.get("status")).lower()
    failed = bool(any(found[0]) or error or status in _FAILED or value.get("success") is False)
    return ErrorFields(code, message, _text(value.get("request_id")), failed)


def _unwrapped(value: object) -> object:
    """Some build routes return a JSON string that contains JSON."""
    if isinstance(value, str):
        try:
            return parse_json(value.encode())
        except ValueError:
            return value
    return value


def _first(holder: dict[str, object], names: Iterable[str]) -> str:
    return next((text for name in names if (text := _text(holder.get(name)))), "")


def _text(value: object) -> str:
    """A text, or a number such as IAM's `code`; empty for all else."""
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


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse)
