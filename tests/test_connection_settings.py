"""Certificates and proxies of a profile, on a real server with a certificate of its own."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tui.codearts.client import http_client
from tui.codearts.endpoints import Endpoint
from tui.codearts.environment import authorities, proxy_of
from tui.codearts.probe import Answered, probe
from tui.core.problem import Problem
from tui.core.reading import Failure, FailureKind
from tui.profiles.link import Link

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
    outcome = await probe(Link().opener(), endpoint, 5)
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.TLS


async def test_the_profile_names_its_authority(endpoint: Endpoint, folder: Path) -> None:
    outcome = await probe(Link(folder / "ca.pem").opener(), endpoint, 5)
    assert outcome == Answered(401, "Mon, 23 Nov 2026 12:00:00 GMT")


async def test_without_verification_anybody_is_believed(endpoint: Endpoint) -> None:
    assert isinstance(await probe(Link(verify=False).opener(), endpoint, 5), Answered)


async def test_a_proxy_of_the_profile_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens at either; the one of the environment could not even be used."""
    monkeypatch.setenv("HTTPS_PROXY", "garbage://proxy")
    service = Endpoint("https://build.invalid")
    through = await probe(Link(proxy="http://127.0.0.1:1").opener(), service, 5)
    assert isinstance(through, Failure)
    assert through.kind is FailureKind.PROXY
    assert through.summary.startswith("The proxy http://127.0.0.1:1 (settings) refused the connection")
    direct = await probe(Link(proxy="").opener(), service, 5)
    assert isinstance(direct, Failure)
    assert direct.kind is FailureKind.DNS
    environment = await probe(Link().opener(), service, 5)
    assert isinstance(environment, Failure)
    assert (environment.kind, "HTTPS_PROXY" in environment.summary) == (FailureKind.SETTINGS, True)


def test_a_proxy_that_cannot_be_used_is_the_profiles() -> None:
    with pytest.raises(Problem, match="The profile's proxy"):
        http_client(proxy="garbage://proxy")


def test_who_is_trusted_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert "this machine's own" in authorities(None)
    monkeypatch.setenv("SSL_CERT_DIR", "/certs")
    assert authorities(None) == "SSL_CERT_DIR, /certs"
    monkeypatch.setenv("SSL_CERT_FILE", "/cert.pem")
    assert authorities(None) == "SSL_CERT_FILE, /cert.pem"
    assert authorities(Path("own.pem")) == "the CA file own.pem"
    assert "switched off" in authorities(Path("own.pem"), verify=False)


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, ("", "")),
        ({"HTTPS_PROXY": "http://me:hunter2@proxy:1"}, ("HTTPS_PROXY", "proxy:1")),
        ({"HTTPS_PROXY": "proxy:1", "https_proxy": "http://small:1"}, ("https_proxy", "small:1")),
        ({"ALL_PROXY": "socks5://all:1", "http_proxy": "http://plain:1"}, ("ALL_PROXY", "all:1")),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "other, example.com"}, ("", "")),
        ({"HTTPS_PROXY": "http://p:1", "no_proxy": ".example.com"}, ("", "")),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, ("", "")),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "ample.com,build"}, ("HTTPS_PROXY", "p:1")),
    ],
)
def test_the_proxy_of_the_environment(environ: Mapping[str, str], found: tuple[str, str]) -> None:
    assert proxy_of("https", "build.example.com", environ) == found
