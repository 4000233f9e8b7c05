"""What is settled before the screen starts."""

import pytest

from tests.support.scripts import output, python
from tui.core.errors import UserError
from tui.terminal.capabilities import ASCII, UNICODE, glyphs_for, mouse_wanted, prepare, unicode_ok


def test_a_terminal_is_fit() -> None:
    environ = {"TERM": "xterm-256color", "HOME": "/home/ada"}
    prepare(environ, lambda descriptor: True)
    assert environ == {"TERM": "xterm-256color", "HOME": "/home/ada"}


def test_settings_from_elsewhere_are_taken_out() -> None:
    environ = {
        "TERM": "xterm",
        "COLUMNS": "100000",
        "LINES": "1",
        "TEXTUAL_DRIVER": "evil:Driver",
        "TEXTUAL_LOG": "/tmp/log",
        "TEXTUALLY": "mine",
    }
    prepare(environ, lambda descriptor: True)
    assert environ == {"TERM": "xterm", "TEXTUALLY": "mine"}


@pytest.mark.parametrize(("missing", "name"), [(0, "standard input"), (2, "standard error")])
def test_without_a_terminal_there_is_no_screen(missing: int, name: str) -> None:
    with pytest.raises(UserError, match=f"{name} is none: .*codearts-watch status or codearts-watch list"):
        prepare({"TERM": "xterm"}, lambda descriptor: descriptor != missing)


def test_standard_output_may_be_anything() -> None:
    prepare({"TERM": "xterm"}, lambda descriptor: descriptor != 1)


@pytest.mark.parametrize(
    ("environ", "said"),
    [({}, "TERM is not set"), ({"TERM": ""}, "TERM is not set"), ({"TERM": "dumb"}, "TERM is dumb")],
)
def test_a_terminal_that_cannot_move_its_cursor_is_refused(environ: dict[str, str], said: str) -> None:
    with pytest.raises(UserError, match=f"{said}: .*codearts-watch status"):
        prepare(environ, lambda descriptor: True)


def test_closed_descriptors_are_no_terminal() -> None:
    program = (
        "import os\n"
        "from tui.core.errors import UserError\n"
        "from tui.terminal.capabilities import prepare\n"
        "os.close(0)\n"
        "try: prepare({'TERM': 'xterm'})\n"
        "except UserError as problem: print(problem)\n"
    )
    said = output(python(program))
    assert "standard input is none" in said


@pytest.mark.parametrize(
    ("environ", "encoding", "expected"),
    [
        ({}, "utf-8", True),
        ({"LANG": "C"}, "utf-8", True),
        ({"LANG": "en_GB.UTF-8"}, "UTF8", True),
        ({"LANG": "de_DE.utf8@euro"}, "utf-8", True),
        ({"LANG": "zh_CN.GBK"}, "utf-8", False),
        ({"LANG": "zh_CN.GBK", "LC_ALL": "zh_CN.UTF-8"}, "utf-8", True),
        ({"LANG": "zh_CN.UTF-8", "LC_CTYPE": "zh_CN.GB18030", "LC_ALL": ""}, "utf-8", False),
        ({"LANG": "en_GB.UTF-8"}, "iso8859-1", False),
        ({"LANG": "en_GB.UTF-8"}, "ascii", False),
        ({}, "no such encoding", False),
        ({}, None, False),
    ],
)
def test_more_than_ascii_needs_utf_8_throughout(environ: dict[str, str], encoding: str | None, expected: bool) -> None:
    assert unicode_ok(environ, encoding) is expected


def test_another_character_set_gets_ascii_marks() -> None:
    assert glyphs_for({"LANG": "zh_CN.GBK"}) is ASCII


def test_utf_8_gets_all_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(2, "w", encoding="utf-8", closefd=False) as stream:
        monkeypatch.setattr("sys.stderr", stream)
        assert glyphs_for({"LANG": "C"}) is UNICODE


@pytest.mark.parametrize(
    ("environ", "setting", "expected"),
    [
        ({}, None, True),
        ({"SSH_CONNECTION": "10.0.0.1 50000 10.0.0.2 22"}, None, False),
        ({"SSH_CONNECTION": "10.0.0.1 50000 10.0.0.2 22"}, True, True),
        ({}, False, False),
    ],
)
def test_the_mouse_is_off_over_ssh_unless_it_is_set(
    environ: dict[str, str], setting: bool | None, expected: bool
) -> None:
    assert mouse_wanted(environ, setting) is expected


def test_a_hardened_process_leaves_no_core_file() -> None:
    program = (
        "import ctypes, resource, sys\n"
        "from tui.startup import harden\n"
        "harden()\n"
        "PR_GET_DUMPABLE = 3\n"
        "dumpable = ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) if sys.platform == 'linux' else 0\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), dumpable, 'textual' in sys.modules)\n"
    )
    assert output(python(program)).strip() == "(0, 0) 0 False"
