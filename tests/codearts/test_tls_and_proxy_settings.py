"""Certificates and proxies of a profile, on a real server with a certificate of its own."""

import asyncio
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import httpx
import pytest

from tests.support.clients import JOB, client, clock
from tests.support.credential_fakes import TOKEN
from tests.support.scripted_server import (
    GOOD,
    ScriptedConnection,
    ScriptedServer,
    answering,
    answering_once,
    pass_time,
)
from tests.support.terminal import PATIENCE
from tests.support.virtual_time import in_virtual_time
from tui.codearts.auth.credentials import EnvironmentToken
from tui.codearts.client import StatusClient
from tui.codearts.connections import ProbeResponse, open_http, probe
from tui.codearts.endpoints import Endpoint, parse_endpoint
from tui.codearts.server_clock import ServerClock
from tui.codearts.status_api import status_path
from tui.codearts.tls_and_proxy import (
    LOGINS_APART,
    SHORT_REST,
    ProxyLogin,
    authorities,
    proxy_login,
    proxy_route,
    shown_proxy,
    tls_context,
)
from tui.codearts.transport_errors import ProxyLoginRefused
from tui.core.errors import UserError
from tui.core.reading import Failure, FailureKind, Status
from tui.profiles.access import Access, LazyClient
from tui.profiles.resolve import ConnectionOptions, Endpoints
from tui.storage.learned import KeptRefusals

CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
    "-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout key.pem -out ca.pem"
)
ANSWER = b"HTTP/1.1 401 Unauthorized\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(CERTIFICATE.split(), cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def endpoint(folder: Path) -> Iterator[Endpoint]:
    """Answers one connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer_once, args=(listening, context))
        thread.start()
        yield Endpoint(f"https://127.0.0.1:{listening.getsockname()[1]}")
        thread.join()


def answer_once(listening: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = listening.accept()
    try:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(4096)
            secured.sendall(ANSWER)
    except OSError:
        connection.close()


async def test_an_unknown_authority_is_refused(endpoint: Endpoint) -> None:
    outcome = await probe(ConnectionOptions().opener(endpoint.url), endpoint, 5)
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.TLS


async def test_the_profile_names_its_authority(endpoint: Endpoint, folder: Path) -> None:
    outcome = await probe(ConnectionOptions(folder / "ca.pem").opener(endpoint.url), endpoint, 5)
    assert outcome == ProbeResponse(401, "Mon, 23 Nov 2026 12:00:00 GMT")


async def test_without_verification_anybody_is_believed(endpoint: Endpoint) -> None:
    assert isinstance(await probe(ConnectionOptions(verify=False).opener(endpoint.url), endpoint, 5), ProbeResponse)


async def test_a_proxy_of_the_profile_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens at either; the one of the environment could not even be used."""
    monkeypatch.setenv("HTTPS_PROXY", "garbage://proxy")
    service = Endpoint("https://build.invalid")
    through = await probe(ConnectionOptions(proxy="http://127.0.0.1:1").opener(service.url), service, 5)
    assert isinstance(through, Failure)
    assert through.kind is FailureKind.PROXY
    assert through.summary.startswith("The proxy http://127.0.0.1:1 (settings) refused the connection")
    direct = await probe(ConnectionOptions(proxy="").opener(service.url), service, 5)
    assert isinstance(direct, Failure)
    assert direct.kind is FailureKind.DNS
    environment = await probe(ConnectionOptions().opener(service.url), service, 5)
    assert isinstance(environment, Failure)
    assert (environment.kind, "HTTPS_PROXY" in environment.summary) == (FailureKind.SETTINGS, True)


def test_no_proxy_is_about_the_proxy_of_the_environment_and_its_small_letters_go_first() -> None:
    url, environ = (
        "https://build.example.com",
        {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*", "no_proxy": "example.com"},
    )
    assert proxy_route(url, None, environ).why_direct == "no_proxy has example.com"
    assert proxy_route(url, "http://own:1", environ).proxy == "http://own:1 (settings)"


def test_what_is_no_proxy_is_not_repeated_and_one_without_a_log_in_has_none_that_rests() -> None:
    assert shown_proxy("garbage://me:hunter2@proxy") == "***"
    assert proxy_login("http://proxy:1") is None


def test_a_proxy_that_cannot_be_used_is_the_profiles() -> None:
    with pytest.raises(UserError, match="The profile's proxy"):
        open_http("https://build.example.com", proxy="garbage://proxy")


def test_who_is_trusted_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert "this machine's own" in authorities(None, verify=True)
    monkeypatch.setenv("SSL_CERT_DIR", "/certs")
    assert authorities(None, verify=True) == "SSL_CERT_DIR, /certs"
    monkeypatch.setenv("SSL_CERT_FILE", "/cert.pem")
    assert authorities(None, verify=True) == "SSL_CERT_FILE, /cert.pem"
    assert authorities(Path("own.pem"), verify=True) == "the CA file own.pem"
    assert "switched off" in authorities(Path("own.pem"), verify=False)


PROXY = {"HTTPS_PROXY": "http://p:1"}


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, ""),
        ({"HTTPS_PROXY": "http://me:hunter2@proxy:1"}, "http://proxy:1 (HTTPS_PROXY)"),
        ({"HTTPS_PROXY": "http://proxy:1/?key=hunter2#hunter2"}, "http://proxy:1 (HTTPS_PROXY)"),
        ({"HTTPS_PROXY": "http://proxy:1/hunter2"}, "http://proxy:1 (HTTPS_PROXY)"),
        ({"HTTPS_PROXY": "proxy:1", "https_proxy": "http://small:1"}, "http://small:1 (https_proxy)"),
        ({"HTTPS_PROXY": "proxy:1"}, "http://proxy:1 (HTTPS_PROXY)"),
        ({"ALL_PROXY": "socks5://all:1", "http_proxy": "http://plain:1"}, "socks5://all:1 (ALL_PROXY)"),
        ({"ALL_PROXY": "socks5h://all:1"}, "socks5h://all:1 (ALL_PROXY)"),
        ({"all_proxy": "all:1", "HTTPS_PROXY": "proxy:1"}, "http://proxy:1 (HTTPS_PROXY)"),
        ({"HTTPS_PROXY": " ", "ALL_PROXY": " all:1 "}, "http://all:1 (ALL_PROXY)"),
        ({"HTTPS_PROXY": "https://[2001:db8::1]:1"}, "https://[2001:db8::1]:1 (HTTPS_PROXY)"),
    ],
)
def test_the_proxy_of_the_environment(environ: Mapping[str, str], proxy: str) -> None:
    way = proxy_route("https://build.example.com", None, environ)
    assert way.proxy == proxy
    assert "hunter2" not in repr(way)


@pytest.mark.parametrize(
    ("no_proxy", "host", "entry"),
    [
        ("other, example.com", "build.example.com", "example.com"),
        (".example.com", "build.example.com", ".example.com"),
        (".example.com", "example.com", ".example.com"),
        ("*.example.com", "build.example.com", "*.example.com"),
        ("*", "build.example.com", "*"),
        ("BUILD.example.com", "build.example.com", "BUILD.example.com"),
        ("https://build.example.com", "build.example.com", "https://build.example.com"),
        ("., *.", "build.example.com.", ""),
        ("ample.com,build", "build.example.com", ""),
        ("build.example.com:8443", "build.example.com:8443", "build.example.com:8443"),
        ("build.example.com:8443", "build.example.com", ""),
        ("build.example.com:443", "build.example.com", "build.example.com:443"),
        ("fe80::/10, [::1], [, /, ://, [::1, 10.0.0.0/99, :, example.com", "build.example.com", "example.com"),
        ("10.0.0.0/8", "10.1.2.3", "10.0.0.0/8"),
        ("10.1.2.3/8", "10.200.0.1", "10.1.2.3/8"),
        ("10.0.0.0/8", "11.1.2.3", ""),
        ("10.1.2.3", "10.1.2.3", "10.1.2.3"),
        ("2.3,1.2.3", "10.1.2.3", ""),
        ("10.1.2.3:8443", "10.1.2.3:8443", "10.1.2.3:8443"),
        ("fe80::/10", "[fe80::12]", "fe80::/10"),
        ("[fe80::]/10", "[fe80::12]", "[fe80::]/10"),
        ("2001:db8::1", "[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]", "[2001:db8::1]", "[2001:db8::1]"),
        ("[2001:db8::1]:8443", "[2001:db8::1]:8443", "[2001:db8::1]:8443"),
        ("[2001:db8::1]:8443", "[2001:db8::1]", ""),
        ("2001:db8::/32", "10.0.0.1", ""),
        ("10.0.0.0/8", "[::ffff:10.1.2.3]", "10.0.0.0/8"),
    ],
)
def test_no_proxy_names_hosts_addresses_and_networks(no_proxy: str, host: str, entry: str) -> None:
    way = proxy_route(f"https://{host}", None, {**PROXY, "NO_PROXY": no_proxy})
    assert (way.proxy, way.why_direct) == (("", f"NO_PROXY has {entry}") if entry else ("http://p:1 (HTTPS_PROXY)", ""))


@pytest.mark.parametrize("no_proxy", ["fe80::/10", "[::1]", "[", "://", "10.0.0.0/99"])
async def test_an_entry_of_no_proxy_that_says_nothing_keeps_nobody_from_asking(
    no_proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", no_proxy)
    async with ScriptedServer(answering()) as server, client(server.url) as reader:
        assert (await reader.read(JOB)).result is Status.RUNNING


HERE = ["127.0.0.1", "127.0.0.2", "localhost", "[::1]", "[::ffff:127.0.0.1]"]


@pytest.mark.parametrize("host", HERE)
@pytest.mark.parametrize("own", [None, "http://p:1"])
def test_no_proxy_leads_to_this_machine(host: str, own: str | None) -> None:
    environ = {"HTTP_PROXY": "http://p:1", "HTTPS_PROXY": "http://p:1", "ALL_PROXY": "http://p:1"}
    for scheme in ("http", "https"):
        way = proxy_route(f"{scheme}://{host}:8080", own, environ)
        assert (way.proxy, way.address, way.why_direct) == ("", "", "this machine")


@pytest.mark.parametrize("host", HERE)
def test_this_machine_is_the_same_for_plain_http_and_for_its_proxy(host: str) -> None:
    assert parse_endpoint(f"http://{host}:8080").url


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2"])
async def test_a_proxy_never_sees_what_is_meant_for_this_machine(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with ScriptedServer(answering()) as proxy, ScriptedServer(answering(), host=host) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        async with client(server.url) as reader:
            assert (await reader.read(JOB)).result is Status.RUNNING
        assert (proxy.connections, server.connections) == (0, 1)


async def test_a_proxy_that_answers_for_another_host_is_asked_and_never_twice_by_one_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    idle = GOOD.replace(b"15", b"16").replace(b"true", b"false")
    async with ScriptedServer(answering_once(GOOD + idle), answering()) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        async with client("http://build.invalid") as reader:
            results = [(await reader.read(JOB)).result for _ in range(3)]
    assert results == [Status.RUNNING] * 3
    assert proxy.heads[0].startswith(b"GET http://build.invalid/v3/jobs/")


WANTS_LOGIN = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
REFUSED = (
    "refused the log-in in its address. To lock no account, it is sent again about every ten minutes, or "
    "once a minute if you ask for it."
)


BEHIND = Endpoint("https://build.invalid")


def through_a_proxy(
    answer: Callable[[httpx.Request], Coroutine[None, None, httpx.Response]],
) -> Callable[[], httpx.AsyncClient]:
    """Opens clients behind a proxy with a log-in."""
    transport = httpx.MockTransport(answer)
    return lambda: open_http(BEHIND.url, transport=transport, proxy="http://me:hunter2@p:1")


@in_virtual_time
async def test_a_log_in_that_a_proxy_refuses_is_sent_once_in_ten_minutes_by_all_connections() -> None:
    """Eight connections with a wrong password, and one more for each attempt, would lock the account."""
    sent: list[float] = []

    async def refuse(_request: httpx.Request) -> httpx.Response:
        sent.append(asyncio.get_running_loop().time())
        await asyncio.sleep(1)
        raise httpx.ProxyError("407 Proxy Authentication Required")

    opener = through_a_proxy(refuse)
    for _ in range(8):
        failures = await asyncio.gather(*(probe(opener, BEHIND, 100) for _ in range(8)))
        for failure in failures:
            assert isinstance(failure, Failure)
            assert (failure.kind, failure.summary) == (
                FailureKind.PROXY,
                f"The proxy http://p:1 (settings) {REFUSED}",
            )
            assert 0 < (failure.retry_after or 0) <= 600
        await asyncio.sleep(90)
    assert len(sent) == 2
    assert sent[1] - sent[0] > 600


@in_virtual_time
async def test_a_log_in_that_a_proxy_accepts_holds_nothing_up() -> None:
    """The first request shows that it is good; those that waited for it, and all others, go at once."""
    sent: list[float] = []

    async def answer(_request: httpx.Request) -> httpx.Response:
        sent.append(asyncio.get_running_loop().time())
        await asyncio.sleep(1)
        return httpx.Response(200)

    opener = through_a_proxy(answer)
    answered = await asyncio.gather(*(probe(opener, BEHIND, 100) for _ in range(8)))
    assert all(isinstance(one, ProbeResponse) for one in answered)
    assert [round(at - sent[0]) for at in sent] == [0, *[1] * 7]


@in_virtual_time
async def test_what_else_a_proxy_refuses_does_not_show_that_its_log_in_is_good() -> None:
    sent: list[float] = []

    async def refuse(_request: httpx.Request) -> httpx.Response:
        sent.append(asyncio.get_running_loop().time())
        await asyncio.sleep(1)
        raise httpx.ProxyError("502 Bad Gateway" if len(sent) == 1 else "407 Proxy Authentication Required")

    opener = through_a_proxy(refuse)
    await probe(opener, BEHIND, 5)
    await asyncio.gather(*(probe(opener, BEHIND, 100) for _ in range(8)))
    assert len(sent) == 2


@in_virtual_time
async def test_eight_requests_at_once_with_a_log_in_that_is_good_no_more_are_one_refusal() -> None:
    """A password was changed while the program runs, and the proxy has closed all its connections."""
    sent: list[float] = []

    async def answer(_request: httpx.Request) -> httpx.Response:
        sent.append(asyncio.get_running_loop().time())
        await asyncio.sleep(len(sent))
        if 1 < len(sent) < 20 and sent[-1] < sent[0] + 50:
            raise httpx.ProxyError("407 Proxy Authentication Required")
        return httpx.Response(200)

    opener = through_a_proxy(answer)
    await probe(opener, BEHIND, 5)
    refused = await asyncio.gather(*(probe(opener, BEHIND, 100) for _ in range(8)))
    assert all(isinstance(one, Failure) and (one.retry_after or 0) <= 60 for one in refused)
    await asyncio.sleep(60)
    assert isinstance(await probe(opener, BEHIND, 100), ProbeResponse)


@in_virtual_time
async def test_a_user_who_asks_sends_a_refused_log_in_again_once_a_minute_at_most() -> None:
    sent: list[float] = []

    async def refuse(_request: httpx.Request) -> httpx.Response:
        sent.append(asyncio.get_running_loop().time())
        raise httpx.ProxyError("407 Proxy Authentication Required")

    reader = StatusClient(through_a_proxy(refuse), BEHIND, EnvironmentToken(TOKEN), clock())
    for _ in range(300):
        failure = (await reader.read(JOB)).result
        assert isinstance(failure, Failure)
        assert REFUSED in failure.summary
        reader.hurry()
        await asyncio.sleep(0.5)
    assert [round(at - sent[0]) for at in sent] == [0, 60, 120]
    await reader.close()


async def test_a_profiles_reader_sends_a_refused_log_in_again_when_the_user_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.codearts.tls_and_proxy.SHORT_REST", 0.0)
    async with ScriptedServer(answering(WANTS_LOGIN)) as proxy:
        options = ConnectionOptions(proxy=proxy.url.replace("//", "//me:wrong@"))
        access = Access(Endpoints(BEHIND), options, ServerClock(clock()), clock())
        reader = LazyClient(access, EnvironmentToken(TOKEN))
        for _ in range(3):
            await reader.read(JOB)
        reader.hurry()
        await reader.read(JOB)
        await reader.close()
    assert len(proxy.heads) == 2


@in_virtual_time
async def test_a_log_in_that_was_good_and_is_refused_is_sent_again_after_a_minute_then_after_ten() -> None:
    sent: list[float] = []

    async def answer(_request: httpx.Request) -> httpx.Response:
        sent.append(asyncio.get_running_loop().time())
        if len(sent) in (2, 3):
            raise httpx.ProxyError("407 Proxy Authentication Required")
        return httpx.Response(200)

    def opener() -> httpx.AsyncClient:
        return open_http("https://build.invalid", transport=httpx.MockTransport(answer), proxy="http://me:old@p:1")

    service = Endpoint("https://build.invalid")
    for _ in range(800):
        await probe(opener, service, 5)
        await asyncio.sleep(1)
    assert [round(at - sent[0]) for at in sent[:4]] == [0, 1, 61, 661]


async def test_a_proxy_that_refuses_the_log_in_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ScriptedServer(answering(WANTS_LOGIN)) as proxy:
        address = proxy.url.replace("//", "//me:wrong@")
        service = Endpoint("https://build.invalid")
        opener = ConnectionOptions(proxy=address).opener(service.url)
        failures = await asyncio.gather(*(probe(opener, service, 5) for _ in range(8)))
    assert {isinstance(one, Failure) and one.summary for one in failures} == {
        f"The proxy {proxy.url} (settings) {REFUSED}"
    }
    assert (len(proxy.heads), proxy.heads[0][:26]) == (1, b"CONNECT build.invalid:443 ")


async def test_a_log_in_that_a_proxy_refuses_is_not_sent_again_for_plain_http_which_it_forwards() -> None:
    async with ScriptedServer(answering(WANTS_LOGIN)) as proxy:
        address = proxy.url.replace("//", "//me:wrong@")
        service = Endpoint("http://build.invalid")
        opener = ConnectionOptions(proxy=address).opener(service.url)
        failures = await asyncio.gather(*(probe(opener, service, 5) for _ in range(8)))
    assert {isinstance(one, Failure) and one.summary for one in failures} == {
        f"The proxy {proxy.url} (settings) {REFUSED}"
    }
    assert len(proxy.heads) == 1


async def test_a_connection_over_which_a_proxy_refused_plain_http_can_be_used_again() -> None:
    async with (
        ScriptedServer(answering(WANTS_LOGIN)) as proxy,
        open_http("http://build.invalid", proxy=proxy.url) as http,
        asyncio.timeout(20),
    ):
        for _ in range(2):
            with pytest.raises(httpx.ProxyError):
                await http.get(f"http://build.invalid{status_path(JOB)}")
    assert len(proxy.heads) == 2


@pytest.mark.parametrize(("url", "proxy"), [("http://build.invalid", ""), ("https://build.invalid", "http://p:1")])
async def test_a_service_that_wants_a_proxys_log_in_itself_gave_an_answer(url: str, proxy: str) -> None:
    """Without a proxy, and in a tunnel, the answer is none of a proxy."""
    transport = httpx.MockTransport(lambda request: httpx.Response(407))
    found = await probe(lambda: open_http(url, transport=transport, proxy=proxy), Endpoint(url), 5)
    assert found == ProbeResponse(407, "")


async def test_a_tunnel_of_before_does_not_show_that_the_proxy_accepts_the_log_in_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the refused one would be sent each minute for as long as one tunnel lives."""
    monkeypatch.setattr("tui.codearts.tls_and_proxy.SHORT_REST", 0.0)
    tunnel, refusal = b"HTTP/1.1 200 Connection established\r\n\r\n", answering(WANTS_LOGIN)

    async def serve(connection: ScriptedConnection) -> None:
        await connection.request()
        await connection.send(tunnel)
        await answering()(connection)

    async def no_tls(self: object, *_how: object, **_more: object) -> object:
        return self

    async def status_of(http: httpx.AsyncClient) -> int:
        async with http.stream("GET", f"https://build.invalid{status_path(JOB)}") as answer:
            await answer.aread()
        return answer.status_code

    monkeypatch.setattr("tui.codearts.connections._Stream.start_tls", no_tls)
    async with ScriptedServer(serve, refusal) as proxy:
        address = proxy.url.replace("//", "//me:old@")
        async with (
            open_http("https://build.invalid", proxy=address) as old,
            open_http("https://build.invalid", proxy=address) as new,
        ):
            assert await status_of(old) == 200
            with pytest.raises(httpx.ProxyError):
                await status_of(new)
            assert await status_of(old) == 200
            for _ in range(5):
                with pytest.raises(httpx.ProxyError):
                    await status_of(new)
    assert [head.split()[0] for head in proxy.heads] == [b"CONNECT", b"GET", b"CONNECT", b"GET", b"CONNECT"]


async def test_when_all_tunnels_break_a_log_in_that_is_good_no_more_is_sent_once(folder: Path) -> None:
    """A password was changed, and the proxy has closed all its connections: eight log-ins would lock the account."""
    async with TunnelProxy(folder) as proxy:
        opener = proxy.opener()
        assert isinstance(await probe(opener, BEHIND, PATIENCE), ProbeResponse)
        proxy.refuses = True
        failures = await asyncio.gather(*(probe(opener, BEHIND, PATIENCE) for _ in range(8)))
    assert {isinstance(one, Failure) and REFUSED in one.summary for one in failures} == {True}
    assert proxy.log_ins == 2


async def test_when_all_tunnels_break_new_ones_wait_for_no_slow_answer(folder: Path) -> None:
    async with TunnelProxy(folder) as proxy:
        opener = proxy.opener()
        assert isinstance(await probe(opener, BEHIND, PATIENCE), ProbeResponse)
        proxy.answers_after = 9
        answers = await asyncio.gather(*(probe(opener, BEHIND, PATIENCE) for _ in range(8)))
    assert {type(one) for one in answers} == {ProbeResponse}
    assert proxy.log_ins == 9


async def test_a_log_in_that_a_proxy_refused_is_not_sent_by_the_next_runs_of_the_program(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by `status` in cron each minute."""
    refused = KeptRefusals(tmp_path / "refused.json", lambda: datetime.now(UTC))

    async def run() -> ProbeResponse | Failure:
        monkeypatch.setattr("tui.codearts.tls_and_proxy._LOGINS", {})
        return await probe(proxy.opener(refused), BEHIND, PATIENCE)

    async with TunnelProxy(folder) as proxy:
        proxy.refuses = True
        failures = [await run() for _ in range(6)]
        assert {isinstance(one, Failure) and REFUSED in one.summary for one in failures} == {True}
        assert proxy.log_ins == 1
        monkeypatch.setattr("tui.codearts.tls_and_proxy.LOGINS_APART", 0.0)
        await run()
        assert proxy.log_ins == 2


async def test_a_log_in_that_a_proxy_accepts_again_is_forgotten(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.codearts.tls_and_proxy.LOGINS_APART", 0.0)
    refused = KeptRefusals(tmp_path / "refused.json", lambda: datetime.now(UTC))
    async with TunnelProxy(folder) as proxy:
        for refuses in (True, False):
            monkeypatch.setattr("tui.codearts.tls_and_proxy._LOGINS", {})
            proxy.refuses = refuses
            await probe(proxy.opener(refused), BEHIND, PATIENCE)
            has_one = (tmp_path / "refused.json").read_text() != "{}\n"
            assert has_one is refuses
    assert proxy.log_ins == 2


class Refusals:
    """Remembers that the log-in was refused just now."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []

    async def refused(self, whose: str, content: bytes) -> tuple[datetime, float] | None:
        return datetime.now(UTC), 0.0

    async def keep(self, whose: str, content: bytes) -> None:
        pass

    async def forget(self, whose: str, content: bytes) -> None:
        self.forgotten.append(whose)


@in_virtual_time
async def test_a_user_who_asks_sends_a_log_in_again_that_an_earlier_run_was_refused() -> None:
    refusals = Refusals()
    login = ProxyLogin("http://me:old@proxy:1", refusals)
    with pytest.raises(ProxyLoginRefused):
        async with login.attempt():
            pass
    login.hurry()
    await asyncio.sleep(SHORT_REST)
    async with login.attempt() as attempt:
        await attempt.on_tunnel()
    assert refusals.forgotten == ["http://me@proxy:1"]


@in_virtual_time
async def test_a_tunnel_that_was_begun_before_a_refusal_is_no_reason_to_forget_the_refusal() -> None:
    refusals = Refusals()
    login = ProxyLogin("http://me:old@proxy:1", refusals)
    login.hurry()
    with suppress(ProxyLoginRefused):
        async with login.attempt():
            pass
    await asyncio.sleep(LOGINS_APART)
    async with login.attempt() as first:
        await first.on_tunnel()
    refusals.forgotten.clear()
    async with login.attempt() as early:
        with pytest.raises(ProxyLoginRefused):
            async with login.attempt():
                raise httpx.ProxyError("407 no")
        await early.on_tunnel()
    assert refusals.forgotten == []


def test_who_names_an_authority_trusts_no_other_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(variable, raising=False)
    own = tls_context(folder / "ca.pem", verify=True)
    everybody = tls_context(None, verify=True)
    assert own.cert_store_stats()["x509_ca"] == 1 < everybody.cert_store_stats()["x509_ca"]


class TunnelProxy:
    """A proxy with a log-in, and the service behind it."""

    def __init__(self, folder: Path) -> None:
        self.refuses = False
        self.log_ins = self.answers_after = 0
        """The service answers as soon as there were so many log-ins."""
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(folder / "ca.pem", folder / "key.pem")
        self._server = ScriptedServer(self._serve)
        self._logged_in = asyncio.Condition()
        self.asked = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._server.__aexit__(*error)

    def opener(self, refused: KeptRefusals | None = None) -> Callable[[], httpx.AsyncClient]:
        address = self._server.url.replace("//", "//me:old@")
        return lambda: open_http(BEHIND.url, proxy=address, verify=False, refused=refused)

    async def _serve(self, connection: ScriptedConnection) -> None:
        await connection.request()
        async with self._logged_in:
            self.log_ins += 1
            self._logged_in.notify_all()
        await connection.send(WANTS_LOGIN if self.refuses else b"HTTP/1.1 200 Connection established\r\n\r\n")
        if not self.refuses:
            await connection.start_tls(self._tls)
            await connection.request()
            self.asked.set()
            async with self._logged_in:
                await self._logged_in.wait_for(lambda: self.log_ins >= self.answers_after)
            await connection.send(GOOD)


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            "gave no answer of SOCKS: if it is an HTTP proxy, write http:// before its",
        ),
        (b"\x05", "gave no answer of SOCKS"),
        (b"", "gave no answer of SOCKS"),
        (b"\x05\xff", "wants a log-in."),
    ],
)
async def test_what_a_socks_proxy_says_is_no_fault_of_this_program(greeting: bytes, said: str) -> None:
    """The connection is closed, too: an open one for each attempt would use up the descriptors."""
    closed = asyncio.Event()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3)
        writer.write(greeting)
        if not greeting:
            writer.write_eof()
        await reader.read()
        closed.set()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as proxy:
        address = f"socks5://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        opener = ConnectionOptions(proxy=address).opener(BEHIND.url)
        reader = StatusClient(opener, BEHIND, EnvironmentToken(TOKEN), clock())
        failure = (await reader.read(JOB)).result
        async with asyncio.timeout(20):
            await closed.wait()
        await reader.close()
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.PROXY
    assert failure.summary.startswith(f"The proxy {address} (settings) {said}")


async def test_after_tls_failed_in_a_tunnel_the_next_request_makes_a_new_one(folder: Path) -> None:
    """httpcore keeps the one in which it failed, and the next request waited for it until its deadline."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "ca.pem", folder / "key.pem")

    async def serve(connection: ScriptedConnection) -> None:
        await connection.request()
        await connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await connection.start_tls(tls)

    async with ScriptedServer(serve) as proxy, open_http("https://build.invalid", proxy=proxy.url) as http:
        for _ in range(3):
            async with asyncio.timeout(PATIENCE):
                with pytest.raises(httpx.ProxyError, match=re.escape(proxy.url)):
                    await http.get(f"https://build.invalid{status_path(JOB)}")
    assert proxy.connections == 3


@pytest.mark.parametrize("scheme", ["http", "socks5", "https"])
async def test_a_proxy_that_gives_no_answer_is_not_taken_for_a_slow_service(
    monkeypatch: pytest.MonkeyPatch, scheme: str, folder: Path
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "ca.pem", folder / "key.pem")

    async def be_silent(connection: ScriptedConnection) -> None:
        await connection.hung_up()

    monkeypatch.setattr("tui.codearts.connections.CONNECT_WITHIN", 0.05)
    async with ScriptedServer(be_silent, tls=tls if scheme == "https" else None) as proxy:
        address = f"{scheme}://{proxy.url.partition('://')[2]}"
        failure = await probe(lambda: open_http(BEHIND.url, proxy=address, verify=False), BEHIND, PATIENCE)
    assert isinstance(failure, Failure)
    assert failure.summary == f"No connection through the proxy {address} (settings) was made in time."


async def test_a_proxy_that_never_ends_its_answer_is_not_taken_for_a_slow_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def drip(connection: ScriptedConnection) -> None:
        await connection.request()
        await connection.send(b"HTTP/1.1 200 OK\r\n")
        await connection.drip(b"X: y\r\n")

    monkeypatch.setattr("tui.codearts.connections.CONNECT_WITHIN", 0.1)
    async with ScriptedServer(drip) as proxy:
        failure = await probe(lambda: open_http(BEHIND.url, proxy=proxy.url), BEHIND, PATIENCE)
    assert isinstance(failure, Failure)
    assert failure.summary == f"No connection through the proxy {proxy.url} (settings) was made in time."


async def test_a_slow_service_in_a_tunnel_is_not_taken_for_a_silent_proxy(folder: Path) -> None:
    async with TunnelProxy(folder) as proxy:
        proxy.answers_after = 2
        probing = asyncio.create_task(probe(proxy.opener(), BEHIND, PATIENCE))
        await proxy.asked.wait()
        await pass_time(10)
        slow = await probing
        assert isinstance(await probe(proxy.opener(), BEHIND, PATIENCE), ProbeResponse)
    assert isinstance(slow, Failure)
    assert slow.summary == "The connection stood, but the answer was not complete in time."


async def test_requests_that_wait_for_a_proxys_log_in_name_the_proxy_that_gives_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def be_silent(connection: ScriptedConnection) -> None:
        await connection.hung_up()

    for module in ("connections", "tls_and_proxy"):
        monkeypatch.setattr(f"tui.codearts.{module}.CONNECT_WITHIN", 0.05)
    async with ScriptedServer(be_silent) as proxy:
        opener = ConnectionOptions(proxy=proxy.url.replace("//", "//me:hunter2@")).opener(BEHIND.url)
        failures = await asyncio.gather(*(probe(opener, BEHIND, PATIENCE) for _ in range(8)))
    assert {isinstance(one, Failure) and one.summary for one in failures} == {
        f"No connection through the proxy {proxy.url} (settings) was made in time."
    }
