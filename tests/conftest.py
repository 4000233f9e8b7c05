"""The programs under test obey signals, also where the tests run in the background or under nohup. Hypothesis tries
fewer examples every day, and no test fails because the machine is busy. A test fails whose program sends a request
that is not on the list of the design."""

import gc
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

from tests.support.history_files import close_opened
from tests.support.long_run import by_length
from tests.support.quiescence import idle_is_certain
from tests.support.sent_requests import noted, take_others
from tests.support.user_home import User
from tui.codearts.connections import Transport
from tui.demo.service import DemoService

for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

settings.register_profile(
    "codearts-watch",
    max_examples=by_length(15, 100, 2000),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("codearts-watch")

gc.set_threshold(100_000, 50, 100)  # screens are made and thrown away all the time: a fifth of the tests' time else


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Of several workers on all tests, each compiles other files first, and finds the rest compiled by the others."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if not worker or session.config.args != session.config.getini("testpaths"):
        return
    number = int(worker.removeprefix("gw"))
    if not number:
        st.text().validate()  # has Hypothesis write its tables of characters
    here = Path(__file__).parent
    files = sorted(here.rglob("test_*.py"))
    first = len(files) * number // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    for file in files[first:] + files[:first]:
        with suppress(Exception):  # told when the file is collected
            import_module(".".join(file.relative_to(here.parent).with_suffix("").parts))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests that mostly wait stand among those that compute, so that the machine is never idle."""
    groups: tuple[list[pytest.Item], list[pytest.Item]] = ([], [])
    for item in items:
        groups["end_to_end" in item.path.parts].append(item)
    places = {item: number / len(group) for group in groups for number, item in enumerate(group)}
    items.sort(key=places.__getitem__)


def pytest_collection_finish() -> None:
    gc.freeze()  # modules and tests stay to the end, where pytest has the collector look at everything five times


@pytest.fixture(autouse=True, scope="session")
def home_of_nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The files of who runs the tests are neither read nor written. A test that keeps files has a home of its own."""
    home = tmp_path_factory.mktemp("nobody")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
            patch.delenv(name, raising=False)
        patch.setenv("HOME", str(home))
        yield
    assert list(home.rglob("codearts-watch")) == []


@pytest.fixture(autouse=True)
def no_proxy_login_of_another_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the program they last as long as the process: one that was refused rests, and its password is hidden."""
    monkeypatch.setattr("tui.codearts.tls_and_proxy._LOGINS", {})


@pytest.fixture(autouse=True, scope="session")
def certain_idleness() -> Iterator[None]:
    with idle_is_certain():
        yield


@pytest.fixture(autouse=True, scope="session")
def rules_parsed_once() -> Iterator[None]:
    """An app has the rules of the same text under the same theme from the app before it."""
    parse, known = Stylesheet._parse_rules, dict[object, list[RuleSet]]()

    def rules(sheet: Stylesheet, css: str, **given: Any) -> list[RuleSet]:
        key = (css, *given.items(), *sheet._variables.items())
        if key not in known:
            known[key] = parse(sheet, css, **given)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", rules)
        yield


@pytest.fixture(autouse=True, scope="session")
def noted_requests() -> Iterator[None]:
    """Every request that a transport sends is noted; servers for programs that are run note theirs by themselves."""
    with pytest.MonkeyPatch.context() as patch:
        for transport in (Transport, httpx.MockTransport):
            patch.setattr(transport, "handle_async_request", noted(transport.handle_async_request))
        yield


@pytest.fixture(autouse=True)
def only_listed_requests(noted_requests: None) -> Iterator[None]:
    """Fails after a test in which another request left than those of the design."""
    take_others()
    yield
    assert take_others() == []


@pytest.fixture(autouse=True)
def closed_history() -> Iterator[None]:
    """Closes what the test left open, as the end of a process does."""
    yield
    close_opened()


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    monkeypatch.setenv("HOME", str(tmp_path))
    return User(tmp_path)


@pytest.fixture
def service() -> Iterator[DemoService]:
    with DemoService() as running:
        yield running
