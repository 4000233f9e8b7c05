"""The program looks, and nothing else: only calls that it knows leave it, and one place makes what sends them."""

import ast
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

import tui
from tests.support.clients import JOB, client, failure
from tests.support.credential_fakes import TOKEN
from tests.support.scripted_server import ScriptedServer, answering
from tui.codearts.auth.credentials import AuthHeaders, Secret
from tui.codearts.connections import ForbiddenRequest, open_http
from tui.core.reading import FailureKind

HOUSE = Path(tui.__file__).parent
STATUS = f"/v3/jobs/{JOB}/status"
TOKENS = "/v3/auth/tokens?nocatalog=true"


@asynccontextmanager
async def sender() -> AsyncIterator[tuple[httpx.AsyncClient, list[str]]]:
    """What the program sends with, and what got through."""
    sent: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(f"{request.method} {request.url.raw_path.decode()}")
        return httpx.Response(200)

    async with open_http("https://build.example.com", transport=httpx.MockTransport(answer)) as http:
        yield http, sent


async def test_the_calls_that_it_knows_leave() -> None:
    async with sender() as (http, sent):
        for method, path in (("GET", STATUS), ("POST", TOKENS), ("GET", TOKENS)):
            await http.request(method, f"https://build.example.com{path}")
        assert sent == [f"GET {STATUS}", f"POST {TOKENS}", f"GET {TOKENS}"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *((method, STATUS) for method in ("POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")),
        *((method, TOKENS) for method in ("PUT", "PATCH", "DELETE", "HEAD")),
        ("POST", "/v3/jobs/build"),
        ("GET", f"{STATUS}?execute=true"),
        ("GET", f"/v3/jobs/{JOB}/stop"),
        ("GET", f"/v3/jobs/{JOB}/../stop/status"),
        ("GET", "/v3/jobs//status"),
        ("GET", "/v3/jobs/" + "%2e" * 10 + "ab/status"),
        ("POST", "/v3/auth/tokens"),
        ("POST", "/v3/OS-CREDENTIAL/credentials"),
        ("GET", "/"),
    ],
)
async def test_no_other_request_leaves(method: str, path: str) -> None:
    async with sender() as (http, sent):
        with pytest.raises(ForbiddenRequest):
            await http.request(method, f"https://build.example.com{path}")
        auth_headers = AuthHeaders("test", Secret(TOKEN), {"X-Auth-Token": TOKEN})
        with pytest.raises(ForbiddenRequest):
            await http.request(method, f"https://build.example.com{path}", headers=dict(auth_headers.headers))
        assert sent == []


async def test_a_request_that_is_held_back_is_a_failure_and_opens_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.codearts.client.status_path", lambda job: f"/v3/jobs/{job}/stop")
    async with ScriptedServer(answering()) as server, client(server.url) as reader:
        found = failure(await reader.read(JOB))
        assert (found.kind, server.connections) == (FailureKind.INTERNAL, 0)


def calls() -> Iterator[tuple[str, str]]:
    """Each call of something in the program and each class made from another: the file, and the name of that."""
    for path in HOUSE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield str(path.relative_to(HOUSE)), ast.unparse(node.func)
            elif isinstance(node, ast.ClassDef):
                yield from ((str(path.relative_to(HOUSE)), ast.unparse(base)) for base in node.bases)


def test_one_place_makes_what_sends() -> None:
    makers = {"AsyncClient", "Client", "HTTPTransport", "HTTPConnection", "HTTPSConnection", "urlopen"}
    makers |= {"create_connection", "open_connection", "request", "socket"}
    found = {(file, name) for file, name in calls() if name.rpartition(".")[2] in makers}
    not_the_demo = {(file, name) for file, name in found if not file.startswith("demo/")}
    assert not_the_demo == {("codearts/connections.py", "httpx.AsyncClient")}
