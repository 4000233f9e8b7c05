"""The core and everything headless work without a screen: none of it may load Textual."""

import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import tui
from tests.support.scripts import output, python

ROOT = Path(tui.__file__).parents[1]


def test_no_headless_module_loads_textual() -> None:
    names = [
        module.name
        for module in pkgutil.walk_packages(tui.__path__, "tui.")
        if not module.name.startswith("tui.ui") and module.name != "tui.__main__"
    ]
    assert {"tui.cli", "tui.core.board", "tui.codearts.client", "tui.polling.poller"} <= set(names)
    program = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "print(*sorted(name for name in sys.modules if name.partition('.')[0] == 'textual'))\n"
    )
    assert output(python(program)).strip() == ""


def test_the_texts_of_runs_that_the_history_command_prints_load_no_textual() -> None:
    program = "import sys, tui.ui.formatting, tui.ui.run_lines\nprint('textual' in sys.modules)\n"
    assert output(python(program)).strip() == "False"


def test_the_parser_of_all_commands_loads_the_standard_library_alone() -> None:
    """So the manual page is made where nothing is installed; and help and completion are fast."""
    program = (
        "import sys, tui.cli\n"
        "tui.cli.parser()\n"
        "heavy = {'asyncio', 'tui.polling', 'tui.codearts.client', 'tui.context', 'tui.ui'}\n"
        "print(*sorted(heavy.intersection(sys.modules)))\n"
    )
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{program}"]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert loaded.stdout.strip() == ""


def test_opening_the_screen_loads_nothing_that_only_later_work_needs() -> None:
    """Each would delay the first frame: a parser, what writes files, what asks the service."""
    program = (
        "import sys, tui.cli, tui.context, tui.commands.watch, tui.storage.recorder, tui.ui.app\n"
        "later = {'argparse', 'gettext', 'hashlib', 'httpx', 'json', 'statistics', 'tomli_w', 'tomllib', 'tui.alerts',"
        " 'tui.codearts', 'tui.commands.parser', 'tui.core.budget', 'tui.core.past_events', 'tui.core.paste',"
        " 'tui.core.transitions', 'tui.polling', 'tui.storage.profile_settings', 'tui.ui.dialogs', 'tui.ui.key_help'}\n"
        "print(*sorted(later.intersection(sys.modules)))\n"
    )
    assert output(python(program)).strip() == ""


def test_the_map_names_every_package_and_module_and_no_other() -> None:
    assert tui.__doc__
    named = re.findall(r"^    (\w+) ", tui.__doc__, re.MULTILINE)
    assert sorted(named) == sorted(module.name for module in pkgutil.iter_modules(tui.__path__))
