"""A second simulated service, which knows only what Huawei documents: the test says what each job answers.

It shares no code with the demo, so that an error in one is not hidden by the same error in the other.
"""

import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, SO_REUSEADDR, SOL_SOCKET, socket
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

from tests.support.sent_requests import note

TOKEN = "a-token-for-the-tests"


class Request(NamedTuple):
    """One that came in: `at` in monotonic seconds, header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    at: float


class Reply(NamedTuple):
    """`body` is sent as JSON unless it is text."""

    status: int
    body: object
    headers: Mapping[str, str] = {}


Script = bool | Reply | Literal["hang", "close"]
"""`True` and `False` are the two good answers; `hang` never answers, `close` ends the connection instead."""
Answers = dict[str, Script | Callable[[Request], Script]]


def refusal(status: int, code: str, message: str = "refused") -> Reply:
    return Reply(status, {"error_code": code, "error_msg": message})


class ContractServer:
    """Answers on 127.0.0.1 from the moment it is made until `stop`; `answers`, by job ID, may change at any time."""

    def __init__(self, answers: Answers | None = None) -> None:
        self.answers: Answers = answers if answers is not None else {}
        self.token = TOKEN
        self.extras: Answers = {}
        """By path without the query: what the calls beside the status call get."""
        self.every_extra: Script | None = None
        """What all of them get, whatever their path."""
        self._requests: list[Request] = []
        self._news = threading.Condition()
        self._port = 0
        self._server: _Server | None = None
        self._held: socket | None = None
        self.restart()
        self.url = f"http://127.0.0.1:{self._port}"

    @property
    def requests(self) -> list[Request]:
        with self._news:
            return list(self._requests)

    def asked_for(self, job_id: str) -> list[Request]:
        return [request for request in self.requests if request.path == f"/v3/jobs/{job_id}/status"]

    def wait_for(self, is_enough: Callable[[list[Request]], bool], timeout: float = 20.0) -> list[Request]:
        """The requests as soon as they are enough; AssertionError with them when they never are."""
        with self._news:
            if not self._news.wait_for(lambda: is_enough(self._requests), timeout):
                paths = [f"{request.method} {request.path}" for request in self._requests]
                raise AssertionError(f"the requests awaited did not come within {timeout:g} s, only {paths}")
            return list(self._requests)

    def stop(self) -> None:
        """Refuse connections and cut the open ones, as when a machine dies. Nobody else is given the port meanwhile."""
        if self._server:
            self._server.end()
            self._server = None
            self._held = socket()
            self._held.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
            self._held.bind(("127.0.0.1", self._port))

    def restart(self) -> None:
        """Answer again, on the same port."""
        self.stop()
        self._let_go()
        self._server = _Server(self._port, self)
        self._port = self._server.server_port

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        self._let_go()

    def _let_go(self) -> None:
        if self._held:
            self._held.close()
            self._held = None

    def decide(self, request: Request) -> Script:
        """Notes the request down, and finds what it gets."""
        note(request.method, request.path)
        with self._news:
            self._requests.append(request)
            self._news.notify_all()
        route = re.fullmatch(r"/v3/jobs/([^/?]*)/status", request.path)
        extra = self.extras.get(request.path.partition("?")[0])
        if self.every_extra is not None and not route:
            extra = self.every_extra
        if request.method != "GET" or not (route or extra):
            return refusal(404, "APIGW.0101", "The API does not exist")
        token = request.headers.get("x-auth-token", "")
        if token != self.token:
            reason = "decrypt token fail" if token else "x-auth-token not found"
            return refusal(401, "APIGW.0301", f"Incorrect IAM authentication information: {reason}")
        if not route:
            assert extra is not None
            return extra(request) if callable(extra) else extra
        script = self.answers.get(route[1], refusal(422, "CB.00031006", "The job does not exist"))
        return script(request) if callable(script) else script


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, owner: ContractServer) -> None:
        self.owner = owner
        self.numbers = itertools.count(1)
        self.ending = threading.Event()
        self.connections: list[socket] = []
        super().__init__(("127.0.0.1", port), _Handler)
        self._accepting = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._accepting.start()

    def end(self) -> None:
        self.ending.set()
        self.shutdown()
        self._accepting.join()
        self.server_close()
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)

    def get_request(self) -> tuple[socket, Any]:
        connection, address = super().get_request()
        self.connections.append(connection)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave early are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: _Server

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.rfile.read(int(headers.get("content-length", "0")))
        script = self.server.owner.decide(Request(self.command, self.path, headers, time.monotonic()))
        if script == "hang":
            self.server.ending.wait()
        if isinstance(script, str):
            self.close_connection = True
        else:
            self._reply(Reply(200, {"result": script}) if isinstance(script, bool) else script)

    def log_message(self, *args: Any, **kwargs: Any) -> None:
        """Silent: what pytest shows are the failures."""

    def _reply(self, reply: Reply) -> None:
        body = (reply.body if isinstance(reply.body, str) else json.dumps(reply.body)).encode()
        standard = {
            "Date": self.date_time_string(),
            "Content-Type": "application/json;charset=UTF-8",
            "X-Request-Id": f"{next(self.server.numbers):032x}",
            "Content-Length": str(len(body)),
        }
        self.send_response_only(reply.status)
        for name, value in {**standard, **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


for _method in ("POST", "PUT", "PATCH", "DELETE"):
    setattr(_Handler, f"do_{_method}", _Handler.do_GET)
