"""Threads that can no longer be had."""

import threading
from typing import NoReturn

import pytest


def none_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread starts from now on; those that there are go on."""

    def fail(*arguments: object) -> NoReturn:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fail)
