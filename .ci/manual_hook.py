"""Puts the manual page into the wheel, as share/man/man1/codearts-watch.1: pip and pipx install it from there."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManualHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        sys.dont_write_bytecode = True
        sys.path.insert(0, str(Path(__file__).parent))
        from manual import page, program

        self.folder = TemporaryDirectory()
        path = Path(self.folder.name) / "codearts-watch.1"
        path.write_text(page(program()), "utf-8")
        build_data["shared_data"][str(path)] = "share/man/man1/codearts-watch.1"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        self.folder.cleanup()
