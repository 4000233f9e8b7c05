"""A client of the simulated service that keeps its connection and shows all of an answer."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.builders import Time
from tui.demo.service import DemoService


class Client:
    """One kept connection to the service."""

    def __init__(self, service: DemoService, time: Time, waited: list[float]) -> None:
        self.service, self.time, self.waited = service, time, waited
        self.ids = {job.label: job.id for job in service.jobs}
        self.connection = http.client.HTTPConnection(service.url.removeprefix("http://"), timeout=20)
        self.headers: http.client.HTTPMessage = http.client.HTTPMessage()

    def call(self, method: str, path: str, headers: dict[str, str], body: object = None) -> tuple[int, Any]:
        """Status and body: a JSON value where it is JSON, text otherwise."""
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        self.connection.request(method, path, sent, headers)
        answer = self.connection.getresponse()
        self.headers = answer.headers
        text = answer.read().decode()
        is_json = answer.headers["Content-Type"].startswith("application/json") and text
        return answer.status, json.loads(text) if is_json else text

    def status(self, job: str, token: str = DemoService.token) -> tuple[int, Any]:
        """Asked by label or ID."""
        return self.call("GET", f"/v3/jobs/{self.ids.get(job, job)}/status", {"X-Auth-Token": token})

    def sign_in(self, scope: object, password: str = DemoService.password, query: str = "") -> tuple[int, Any]:
        user = {"name": DemoService.user, "password": password, "domain": {"name": DemoService.domain}}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
        return self.call("POST", f"/v3/auth/tokens{query}", {"Content-Type": "application/json;charset=utf8"}, body)


@contextmanager
def connect() -> Iterator[Client]:
    """A running service whose clocks stand still, and a connection to it."""
    time, waited = Time(), list[float]()
    with DemoService(clock=lambda: time.now().at, wall=lambda: time.now().wall, wait=waited.append) as service:
        client = Client(service, time, waited)
        yield client
        client.connection.close()
