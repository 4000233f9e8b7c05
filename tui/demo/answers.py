"""Answers of the simulated service, before they are encoded."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

JSON = "application/json;charset=UTF-8"
HTML = "text/html;charset=UTF-8"


class Source(StrEnum):
    """Each source has its own shape of error bodies and its own header for the request's ID."""

    SERVICE = "service"
    GATEWAY = "gateway"
    IAM = "iam"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, or a dropped connection."""

    status: int
    body: Mapping[str, object] | str
    content_type: str = JSON
    source: Source = Source.SERVICE
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    """Seconds until it is sent."""
    is_dropped: bool = False
    """Whether the connection is closed instead."""

    def encode(self, request_id: str) -> bytes:
        """The body; errors of the gateway contain the request's ID."""
        if isinstance(self.body, str):
            return self.body.encode()
        extra = {"request_id": request_id} if self.source is Source.GATEWAY else {}
        return json.dumps({**self.body, **extra}, ensure_ascii=False).encode()

    def headers_for(self, request_id: str) -> list[tuple[str, str]]:
        """All headers except Date and Server."""
        name = "X-IAM-Trace-Id" if self.source is Source.IAM else "X-Request-Id"
        return [("Content-Type", self.content_type), (name, request_id), *self.headers]


DROPPED = Answer(0, "", is_dropped=True)


def status_answer(is_running: bool) -> Answer:
    return Answer(200, {"result": is_running})


def service_error(status: int, code: str, message: str) -> Answer:
    """An error in the shape of CodeArts Build itself."""
    return Answer(status, {"error_code": code, "error_msg": message})


def gateway_error(status: int, digits: str, message: str) -> Answer:
    """An error in the shape of the API gateway in front of the service; `digits` follow `APIGW.`."""
    return Answer(status, {"error_msg": message, "error_code": f"APIGW.{digits}"}, source=Source.GATEWAY)


def iam_error(status: int, message: str) -> Answer:
    """An error in the shape of IAM, whose code is a number."""
    error = {"code": status, "message": message, "title": HTTPStatus(status).phrase}
    return Answer(status, {"error": error}, source=Source.IAM)


def web_page(status: int, title: str, text: str) -> Answer:
    """A page as proxies and the console return it."""
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>\n"
    return Answer(status, page, HTML)
