"""The credential that signs each request with an access key. It never expires, and is easily locked."""

import asyncio
from datetime import timedelta

from tui.codearts.credentials import Proof, is_accepted
from tui.codearts.keys import Keys, KeySource
from tui.codearts.server_clock import ServerClock
from tui.codearts.signing import sign, signed_at
from tui.core.reading import Failure, Retry, Status

ACCEPTED = timedelta(minutes=10)
"""How far a signature's time may be from the service's; the vendor says 15 minutes."""


class SigningCredential:
    """Signs by the service's clock.

    Five refused signatures lock a key for five minutes, for all who use it. So until a first one was accepted requests
    leave one at a time, and after a refusal none does until the keys changed or the user asks.
    """

    renewable = True
    is_ready = False
    expires_at = None

    def __init__(self, keys: KeySource, clock: ServerClock) -> None:
        self._keys = keys
        self._clock = clock
        self._free = asyncio.Event()
        self._free.set()
        self._is_trusted = False
        self._on_probation: Proof | None = None
        self._refusal: Failure | None = None
        self._late: Proof | None = None
        """The signature that was refused because our clock was wrong, as the refusal itself told us."""

    @property
    def source(self) -> str:
        return self._keys.source

    async def prove(self, method: str, url: str) -> Proof | Failure:
        while not self._is_trusted and not self._free.is_set():
            await self._free.wait()
        if self._keys.changed():
            self.try_again()
        keys = self._keys.value()
        if isinstance(keys, Failure):
            return keys
        if self._refusal:
            return self._refusal
        proof = self._sign(keys, method, url)
        if not self._is_trusted:
            self._on_probation = proof
            self._free.clear()
        return proof

    def answered(self, proof: Proof, outcome: Status | Failure | None) -> None:
        if is_accepted(outcome):
            self._is_trusted = True
        elif isinstance(outcome, Failure) and outcome.kind.retry is Retry.SIGN_IN:
            self._is_trusted = False
            if abs(self._clock.now() - signed_at(proof.headers)) > ACCEPTED:
                self._late = proof
            if not self.differs(proof):
                self._refusal = outcome
        if proof is self._on_probation or self._is_trusted:
            self._on_probation = None
            self._free.set()

    async def refused(self, proof: Proof, failure: Failure) -> Failure | None:
        return None if proof is self._late else failure

    def differs(self, last: Proof | Failure) -> bool:
        if self._keys.changed() or last is self._late is not None:
            return True
        keys = self._keys.value()
        if isinstance(keys, Failure):
            return keys != last
        return keys.secret != last.secret if isinstance(last, Proof) else not self._refusal

    def try_again(self) -> None:
        self._refusal = None
        self._is_trusted = False

    def _sign(self, keys: Keys, method: str, url: str) -> Proof:
        access, secret = keys.access.reveal(), keys.secret.reveal()
        headers = {"X-Project-Id": keys.project_id} if keys.project_id else {}
        token = keys.security_token.reveal() if keys.security_token else ""
        if token:
            headers["X-Security-Token"] = token
        signed = sign(method, url, headers, b"", access, secret, self._clock.now())
        signature = signed["Authorization"].rpartition("=")[2]
        return Proof(self.source, keys.secret, signed, tuple(filter(None, (access, token, signature))))
