"""HTTP/1.1 on loopback, and the simulated service's answers before they are encoded. Prints nothing."""

import json
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from enum import StrEnum
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer
from typing import Any, cast

JSON = "application/json;charset=UTF-8"
HTML = "text/html;charset=UTF-8"


class Sender(StrEnum):
    """Who answers. Each has its own shape of error bodies and its own header for the request's ID."""

    SERVICE = "service"
    GATEWAY = "gateway"
    IAM = "iam"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, or a dropped connection."""

    status: int
    body: Mapping[str, object] | str
    content_type: str = JSON
    source: Sender = Sender.SERVICE
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    """Seconds until it is sent."""
    is_dropped: bool = False
    """Whether the connection is closed instead."""

    def encode(self, request_id: str) -> bytes:
        """The body; errors of the gateway contain the request's ID."""
        if isinstance(self.body, str):
            return self.body.encode()
        extra = {"request_id": request_id} if self.source is Sender.GATEWAY else {}
        return json.dumps({**self.body, **extra}, ensure_ascii=False).encode()

    def headers_for(self, request_id: str) -> list[tuple[str, str]]:
        """All headers except Date and Server."""
        name = "X-IAM-Trace-Id" if self.source is Sender.IAM else "X-Request-Id"
        return [("Content-Type", self.content_type), (name, request_id), *self.headers]


DROPPED = Answer(0, "", is_dropped=True)


def status_answer(is_running: bool) -> Answer:
    return Answer(200, {"result": is_running})


def service_error(status: int, code: str, message: str) -> Answer:
    """An error in the shape of CodeArts Build itself."""
    return Answer(status, {"error_code": code, "error_msg": message})


def gateway_error(status: int, digits: str, message: str) -> Answer:
    """An error in the shape of the API gateway in front of the service; `digits` follow `APIGW.`."""
    return Answer(status, {"error_msg": message, "error_code": f"APIGW.{digits}"}, source=Sender.GATEWAY)


def iam_error(status: int, message: str) -> Answer:
    """An error in the shape of IAM, whose code is a number."""
    error = {"code": status, "message": message, "title": HTTPStatus(status).phrase}
    return Answer(status, {"error": error}, source=Sender.IAM)


def web_page(status: int, title: str, text: str) -> Answer:
    """A page as proxies and the console return it."""
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>\n"
    return Answer(status, page, HTML)


LARGEST_REQUEST_BODY = 64 * 1024
IDLE_SECONDS = 75.0
"""Seconds that a kept connection may be silent."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request. Header names are in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What the server calls for each request."""

    answer: Callable[[HttpRequest], Answer]
    next_request_id: Callable[[], str]
    wait: Callable[[float], object]
    """Waits for this many seconds, before a slow answer."""
    wall: Callable[[], datetime]


class Server(ThreadingHTTPServer):
    """An HTTP server that keeps track of its open connections, so that it can close them."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, callbacks: Callbacks) -> None:
        self.callbacks = callbacks
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def cut(self) -> None:
        """Closes every open connection."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Prints no traceback: clients often disconnect, and it would be written across the screen."""


class Handler(BaseHTTPRequestHandler):
    """Serves one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together
    timeout = IDLE_SECONDS

    def __init__(self, request: Any, client_address: Any, server: BaseServer) -> None:
        self.callbacks = cast("Server", server).callbacks
        super().__init__(request, client_address, server)

    def do_GET(self) -> None:
        body = self._read_body()
        if body is None:
            self.send_error(413)
            return
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(self.callbacks.answer(HttpRequest(self.command, path, query, headers, body)))

    do_POST = do_GET

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Sends the gateway's error for what the base class refuses: odd methods (501), long lines, bad requests."""
        self.close_connection = True
        if code == 501:
            self._send(no_such_api())
        elif code == 431:
            self._send(gateway_error(494, "0201", "Request header too large."))
        else:
            self._send(gateway_error(code if code in (413, 414) else 400, "0201", "Bad request."))

    def version_string(self) -> str:
        return "api-gateway"

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(self.callbacks.wall(), usegmt=True)

    def log_message(self, *args: Any, **kwargs: Any) -> None:
        """Prints nothing."""

    def _read_body(self) -> bytes | None:
        """None if its length is unknown or too large: then the connection cannot be kept."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > LARGEST_REQUEST_BODY:
            return None
        return self.rfile.read(int(length))

    def _send(self, answer: Answer) -> None:
        if answer.delay:
            self.callbacks.wait(answer.delay)
        if answer.is_dropped:
            self.close_connection = True
            return
        request_id = self.callbacks.next_request_id()
        body = answer.encode(request_id)
        self.send_response(answer.status)
        for name, value in answer.headers_for(request_id):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def no_such_api() -> Answer:
    return gateway_error(404, "0101", "The API does not exist or has not been published in the environment.")
