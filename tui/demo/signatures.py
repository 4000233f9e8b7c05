"""How the simulated gateway checks a signed request: `SDK-HMAC-SHA256`, for one access key."""

import hashlib
import hmac
import re
import urllib.parse
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tui.demo.web import Call

ACCESS_KEY = "DEMOACCESSKEY0000001"
SECRET_KEY = "demo-secret-key-good-for-this-service-only"
TOLERANCE = timedelta(minutes=15)
FAILURES_UNTIL_LOCKED = 5
LOCKED_FOR = 300.0
"""Seconds."""

_FORM = re.compile(r"SDK-HMAC-SHA256 Access=([^,\s]+), ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})")


class Signatures:
    """Remembers how often the key was misused; `clock` in monotonic seconds."""

    def __init__(self, clock: Callable[[], float], wall: Callable[[], datetime]) -> None:
        self.accepted = self.refused = 0
        self._clock = clock
        self._wall = wall
        self._failures = 0
        self._locked_until = 0.0

    def objection(self, call: Call) -> str | None:
        """Why the gateway refuses the call; None when it may pass."""
        form = _FORM.fullmatch(call.headers.get("authorization", ""))
        if not form:
            return "verify aksk signature fail"
        access, names, signature = form.groups()
        if access != ACCESS_KEY:
            return f"Get secretKey failed,ak:{access},err:ak not exist"
        if self._clock() < self._locked_until:
            return "AK access failed to reach the limit,forbidden"
        date = call.headers.get("x-sdk-date", "")
        if not self._is_current(date):
            return self._count(f"the x-sdk-date {date} is too far from the gateway's time")
        canonical = _canonical(call, names)
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        expected = hmac.digest(SECRET_KEY.encode(), f"SDK-HMAC-SHA256\n{date}\n{digest}".encode(), "sha256").hex()
        if "x-sdk-date" not in names.split(";") or not hmac.compare_digest(expected, signature):
            told = canonical.replace("\n", "|")
            return self._count(f"verify aksk signature fail, canonicalRequest:{told}")
        self._failures = 0
        self.accepted += 1
        return None

    def _count(self, objection: str) -> str:
        self._failures += 1
        self.refused += 1
        if self._failures > FAILURES_UNTIL_LOCKED:
            self._failures = 0
            self._locked_until = self._clock() + LOCKED_FOR
        return objection

    def _is_current(self, date: str) -> bool:
        try:
            moment = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            return False
        return abs(moment - self._wall()) <= TOLERANCE


def _canonical(call: Call, names: str) -> str:
    """The request as the gateway got it."""
    path = urllib.parse.quote(urllib.parse.unquote(call.path), safe="/~")
    pairs = sorted(urllib.parse.parse_qsl(call.query, keep_blank_values=True))
    query = "&".join("=".join(urllib.parse.quote(text, safe="~") for text in pair) for pair in pairs)
    lines = [call.method, path.rstrip("/") + "/", query]
    lines += [f"{name}:{call.headers.get(name, '').strip()}" for name in names.split(";")]
    claimed = call.headers.get("x-sdk-content-sha256", "") if call.body else ""
    return "\n".join([*lines, "", names, claimed or hashlib.sha256(call.body).hexdigest()])
