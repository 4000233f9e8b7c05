"""The garbage collector rests until the first frame, and never longer."""

import gc

import pytest

from tui.cli import main
from tui.startup import gc_paused, resume_gc


def test_a_screen_that_cannot_open_leaves_the_collector_on(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert main(["--demo"]) == 2
    assert "needs a terminal" in capfd.readouterr().err
    assert gc.isenabled()


def test_the_first_frame_turns_the_collector_on_once() -> None:
    with gc_paused():
        assert not gc.isenabled()
        resume_gc()
        assert gc.isenabled()
        frozen = gc.get_freeze_count()
        assert frozen > 0
        resume_gc()
        assert gc.get_freeze_count() <= frozen
    gc.unfreeze()
    assert gc.isenabled()
