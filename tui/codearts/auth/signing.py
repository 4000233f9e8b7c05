"""Signs a request with an access key: `SDK-HMAC-SHA256`, as the vendor's SDK does it. Pure."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlsplit

ALGORITHM = "SDK-HMAC-SHA256"
DATE_FORMAT = "%Y%m%dT%H%M%SZ"

_HASHED_BODIES = ("application/json", "application/bson")
_UNHASHED = "UNSIGNED-PAYLOAD"
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}


def sign(
    method: str, url: str, headers: Mapping[str, str], body: bytes, access: str, secret: str, when: datetime
) -> dict[str, str]:
    """Returns `headers` with those that signing adds. Send the request with exactly these, and with this `url`.

    `when` must be within 15 minutes of the service's clock. A given `X-Sdk-Date` is kept. A request that already has
    `Authorization` is not changed.
    """
    signed = dict(headers)
    lower = {name.lower(): value for name, value in headers.items()}
    if "authorization" in lower:
        return signed
    for name, value in _added(url, lower, when).items():
        signed[name] = lower[name.lower()] = value
    names = sorted(name for name in lower if "_" not in name)
    canonical = canonical_request(method, url, {name: lower[name] for name in names}, body)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"{ALGORITHM}\n{lower['x-sdk-date']}\n{digest}"
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    signed["Authorization"] = f"{ALGORITHM} Access={access}, SignedHeaders={';'.join(names)}, Signature={signature}"
    return signed


def canonical_request(method: str, url: str, headers: Mapping[str, str], body: bytes) -> str:
    """Returns the text that is signed; `headers` are those to sign, with names in lower case."""
    parts = urlsplit(url)
    names = sorted(headers)
    return "\n".join(
        (
            method.upper(),
            _path(parts.path),
            _query(parts.query),
            "".join(f"{name}:{headers[name].strip()}\n" for name in names),
            ";".join(names),
            _body_hash(headers, body),
        )
    )


def signed_at(headers: Mapping[str, str]) -> datetime:
    """Returns when a request with these headers was signed, by the signer's clock."""
    return datetime.strptime(headers["X-Sdk-Date"], DATE_FORMAT).replace(tzinfo=UTC)


def _added(url: str, headers: Mapping[str, str], when: datetime) -> dict[str, str]:
    """Returns the headers that a request needs before it is signed and does not have yet."""
    added = {"Host": _host(url), "X-Sdk-Date": when.astimezone(UTC).strftime(DATE_FORMAT)}
    if not headers.get("content-type", _HASHED_BODIES[0]).startswith(_HASHED_BODIES):
        added["X-Sdk-Content-Sha256"] = _UNHASHED
    return {name: value for name, value in added.items() if name.lower() not in headers}


def _host(url: str) -> str:
    """Returns the `Host` header as it is sent: with a port only if it is not the default one."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2].removesuffix(_DEFAULT_PORTS.get(parts.scheme, ""))


def _path(path: str) -> str:
    """The signed path always ends in a slash, also if the path of the request does not."""
    pieces = "/".join(_encode(piece) for piece in unquote(path).split("/"))
    return pieces if pieces.endswith("/") else f"{pieces}/"


def _query(query: str) -> str:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return "&".join(f"{_encode(name)}={_encode(value)}" for name, value in sorted(map(_decoded, pairs)))


def _decoded(pair: tuple[str, str, str]) -> tuple[str, str]:
    return unquote(pair[0]), unquote(pair[2])


def _encode(text: str) -> str:
    return quote(text, safe="~")


def _body_hash(headers: Mapping[str, str], body: bytes) -> str:
    """Returns the hash that the headers declare; for an empty body always the computed one."""
    declared = headers.get("x-sdk-content-sha256") if body else None
    return declared or hashlib.sha256(body).hexdigest()
