"""Started in a folder where somebody put modules with the names of those that the program needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tui
from tests.support.long_run import by_length

COMMANDS = {"python -m": ["-m", "tui"], "python -P -m": ["-P", "-m", "tui"]}


def loaded_by_python(folder: Path) -> set[str]:
    """What `python -m` has loaded before the first line of the module that it is to run."""
    (folder / "first_line.py").write_text("import sys; print(*sys.modules)")
    command = [sys.executable, "-m", "first_line"]
    return set(subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.split())


def modules() -> list[str]:
    """All that the program has loaded when it asks, or that its screen needs."""
    ours = "tui.cli, tui.commands.status, tui.context, tui.ui.app, tui.codearts.client"
    script = f"import sys, {ours}, httpx; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return sorted({name.partition(".")[0] for name in done.stdout.split()} - {"tui", "__main__"})


@pytest.mark.parametrize("command", by_length(("python -m",), tuple(COMMANDS)))
def test_no_module_of_the_working_folder_runs(tmp_path: Path, command: str) -> None:
    left_out = loaded_by_python(tmp_path) if command == "python -m" else set()
    planted = [name for name in modules() if name not in left_out]
    assert {"textual", "httpx", "argparse", "asyncio", "logging", "typing"} <= set(planted)
    for name in planted:
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('ran {name}')")
    env = {
        "PATH": os.defpath,
        "HOME": str(tmp_path / "home"),
        "CODEARTS_TOKEN": "token",
        "CODEARTS_REGION": "cn-north-4",
    }
    for arguments in (["--version"], ["config"], ["check", "--endpoint", "http://127.0.0.1:9"], []):
        done = subprocess.run(
            [sys.executable, *COMMANDS[command], *arguments],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "ran " not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_a_checkout_runs_without_being_installed() -> None:
    """There the working folder is the one that has the program."""
    root = Path(tui.__file__).parents[1]
    packages = str(Path(pytest.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-S", "-m", "tui", "--version"],
        cwd=root,
        env={"PYTHONPATH": packages},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == f"codearts-watch {tui.__version__}\n"
