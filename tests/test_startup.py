"""The garbage collector rests until the first frame, and never longer; an interrupt while modules load ends quietly."""

import gc
import subprocess
import sys

import pytest

from tests.support.scripts import output, python
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


_CTRL_C_AT = """
import sys

module = sys.argv.pop()

class Finder:
    def find_spec(self, name, *_):
        if name == module:
            raise KeyboardInterrupt

from tui.__main__ import main
sys.meta_path.insert(0, Finder())
sys.exit(main())
"""


SEEN = """
import gc, sys
from types import SimpleNamespace
from tui import cli
from tui.commands import watch

def seen(*_):
    print(gc.isenabled())
    return 0

watch.run = seen
cli.parsed = lambda given: SimpleNamespace(command=%s, demo=False)
from tui.__main__ import main
main()
"""


@pytest.mark.parametrize(("command", "is_on"), [("None", "False"), ("SimpleNamespace(run=seen)", "True")])
def test_the_pause_begins_before_the_screen_is_loaded_and_ends_before_a_command_runs(command: str, is_on: str) -> None:
    assert output(python(SEEN % command)).strip() == is_on


@pytest.mark.parametrize("module", ["tui.core.errors", "tui.startup", "tui.cli", "tui.context"])
def test_ctrl_c_while_a_module_is_loaded_ends_without_a_word(module: str) -> None:
    done = subprocess.run([sys.executable, "-c", _CTRL_C_AT, module], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")
