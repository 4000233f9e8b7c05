"""The simulated CodeArts Build and IAM, running on 127.0.0.1."""

import hashlib
import itertools
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs

from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.demo import sign_in
from tui.demo.extras import DemoExtras, Instant
from tui.demo.jobs import demo_jobs
from tui.demo.web import Answer, Callbacks, HttpRequest, Server, no_such_api, service_error

_STATUS_PATH = re.compile(r"/v3/jobs/([^/]+)/status")
SEED = 1
_CLOCKS_DIFFER = timedelta(seconds=1)
_ID = re.compile(r"[0-9a-z]{32}")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class DemoService:
    """Responds as Huawei documents. Jobs start and stop by themselves, the same way each time.

    `clock` in monotonic seconds moves the jobs and ends the tokens. Raises OSError when the port is taken.
    """

    user, password, domain, project = sign_in.USER, sign_in.PASSWORD, sign_in.DOMAIN, sign_in.PROJECT
    """Accepted by IAM's token call; so is the project's ID."""
    project_id = sign_in.PROJECT_ID
    token = sign_in.STANDING_TOKEN
    """Valid from the start."""
    access_key, secret_key = sign_in.ACCESS_KEY, sign_in.SECRET_KEY
    """Accepted for signing requests."""

    def __init__(
        self,
        port: int = 0,
        clock: Callable[[], float] = time.monotonic,
        *,
        wall: Callable[[], datetime] = _utc_now,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self._closing = threading.Event()
        self._clock = clock
        self._started = clock()
        self._jobs = {demo.job.id: demo for demo in demo_jobs(SEED)}
        self._request_counts: Counter[str] = Counter()
        self._wall = wall
        self._began = wall()
        """When the service started, by today's setting of the wall clock."""
        self.extras = DemoExtras(self._jobs.values())
        self._iam = sign_in.Iam(clock, wall)
        self.signatures = sign_in.Signatures(clock, wall)
        numbers = itertools.count()
        callbacks = Callbacks(self.answer, lambda: _request_id(next(numbers)), wait or self._closing.wait, wall)
        self._server = Server(port, callbacks)
        self._thread = threading.Thread(target=self._accept, name="demo-service", daemon=True)
        self.url = self._iam.url = f"http://127.0.0.1:{self._server.server_port}"
        self.jobs: tuple[Job, ...] = tuple(demo.job for demo in self._jobs.values())

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stops answering and closes every connection."""
        self._closing.set()
        if self._thread.is_alive():
            with suppress(OSError):  # one last connection wakes the accepting thread
                socket.create_connection(("127.0.0.1", self._server.server_port), timeout=1).close()
            self._thread.join(1.0)  # if that failed, the thread sleeps until the program ends
        self._server.server_close()
        self._server.cut()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def expire(self, token: str) -> None:
        """From now on, the gateway refuses this token as expired."""
        self._iam.expire(token)

    def revoke(self, token: str) -> None:
        """From now on, the gateway refuses this token as unreadable."""
        self._iam.revoke(token)

    def answer(self, call: HttpRequest) -> Answer:
        """Checks the route, then the credential, then the job, in the order of a gateway."""
        with_catalog = not any(parse_qs(call.query).get("nocatalog", ()))
        match call.method, call.path:
            case "POST", "/v3/auth/tokens":
                return self._iam.issue(call.body, with_catalog)
            case "GET", "/v3/auth/tokens":
                is_signed = "authorization" in call.headers and not self.signatures.objection(call)
                caller = None if is_signed else call.headers.get("x-auth-token", "")
                return self._iam.verify(caller, call.headers.get("x-subject-token", ""), with_catalog)
            case "GET", path if route := _STATUS_PATH.fullmatch(path):
                return self._refuse(call) or self._status(route[1])
            case "GET", path if extra := self.extras.route(path):
                return self._refuse(call) or extra(call.query, self._now())
        return no_such_api()

    def _refuse(self, call: HttpRequest) -> Answer | None:
        if token := call.headers.get("x-auth-token"):
            return self._iam.refuse(token)
        if "authorization" in call.headers:
            objection = self.signatures.objection(call)
            return sign_in.unauthorised(objection) if objection else None
        return sign_in.unauthorised("x-auth-token not found")

    def _status(self, job_id: str) -> Answer:
        if not _ID.fullmatch(job_id):
            return service_error(400, "CB.00060201", "The task ID is invalid.")
        known = self._jobs.get(JobId(job_id))
        if known is None:
            return service_error(422, "CB.00031006", "The job does not exist.")
        self._request_counts[job_id] += 1
        return known.answer(self._clock() - self._started, self._request_counts[job_id])

    def _now(self) -> Instant:
        """Past builds keep their dates, unless the wall clock was changed or the machine was suspended."""
        since = timedelta(seconds=self._clock() - self._started)
        began = self._wall() - since
        if abs(began - self._began) > _CLOCKS_DIFFER:
            self._began = began
        return Instant(since.total_seconds(), self._began + since)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                self._server.handle_request()
            except (OSError, ValueError):  # the service was closed just before this waited for a connection
                if not self._closing.is_set():
                    raise


def serve(port: int, write: Callable[[str], None], until: threading.Event | None = None) -> None:
    """Runs the `demo-service` command: writes how to use it, then serves until KeyboardInterrupt or `until` is set.

    Raises UserError if the port cannot be used.
    """
    try:
        service = DemoService(port)
    except (OSError, OverflowError) as error:
        raise UserError(
            f"Port {port} cannot be used ({getattr(error, 'strerror', None) or error}); choose another one with --port."
        ) from None
    with service:
        for line in _introduction(service):
            write(line)
        (until or threading.Event()).wait()


def _introduction(service: DemoService) -> list[str]:
    """What is to be pasted stands last, where the terminal still shows it."""
    return [
        "The jobs of the simulated service:",
        *(f"{job.id}  {job.label}" for job in service.jobs),
        "",
        f"It is CodeArts Build and IAM at once, at {service.url}; ctrl+c ends it.",
        "IAM knows this user, and takes requests signed with this access key:",
        f"user {service.user}, password {service.password}, account {service.domain}, project {service.project}",
        f"access key {service.access_key}, secret key {service.secret_key}",
        "",
        "To use it, paste these lines into another terminal:",
        "",
        f"export CODEARTS_ENDPOINT={service.url}",
        f"export CODEARTS_TOKEN={service.token}",
        "codearts-watch check",
    ]


def _request_id(number: int) -> str:
    return hashlib.blake2b(f"{SEED} {number}".encode(), digest_size=16).hexdigest()
