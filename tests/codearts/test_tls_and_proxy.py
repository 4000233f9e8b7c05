"""The HTTP client, and what the environment says about it."""

import os
from pathlib import Path

import pytest

from tui.codearts.connections import open_http
from tui.codearts.tls_and_proxy import tls_context
from tui.core.errors import UserError

URL = "https://build.example.com"


def test_the_client_is_bounded() -> None:
    http = open_http(URL)
    assert not http.follow_redirects
    assert (http.timeout.connect, http.timeout.read, http.timeout.pool) == (5, 10, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS_PROXY", "socks4://me:hunter2@proxy"),
        ("https_proxy", "http://me:hunter2@[::1"),
        ("ALL_PROXY", "garbage://me:hunter2@proxy"),
        ("HTTPS_PROXY", "http://me:hunter2@proxy:99999"),
        ("HTTPS_PROXY", "http://me:hunter2@proxy:0"),
        ("HTTPS_PROXY", "http://hunter2/2@proxy:1"),
        ("HTTPS_PROXY", "http://me:hun ter2@proxy:1"),
        ("HTTPS_PROXY", "http://hunter2#2@proxy:1"),
        ("HTTPS_PROXY", "http://me:hunter2@pro\x1bxy:1"),
        ("SSL_CERT_FILE", "/nowhere/hunter2.pem"),
        ("SSLKEYLOGFILE", "/dev/null/keys"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match=name) as caught:
        open_http(URL)
    assert "hunter2" not in str(caught.value)


def test_a_ca_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    junk = tmp_path / "ca.pem"
    junk.write_text("junk")
    for path in (junk, tmp_path / "none.pem"):
        with pytest.raises(UserError, match=path.name):
            open_http(URL, path)


def test_authorities_are_left_out_only_for_this_machine_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    for plain in ("http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080", "http://127.0.0.2"):
        open_http(plain)
    for other in ("https://127.0.0.1:8080", "http://127.0.0.1.example.com:8080", "http://10.0.0.1:8080"):
        with pytest.raises(UserError, match="SSL_CERT_FILE"):
            open_http(other)


def test_session_keys_are_not_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    assert tls_context(None, verify=True).keylog_filename == os.devnull
