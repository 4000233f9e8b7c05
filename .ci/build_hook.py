"""What pip and pipx build: nothing but files under version control, and the manual page beside them in the wheel."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        self.folder = TemporaryDirectory()
        sys.dont_write_bytecode = True
        sys.path.insert(0, str(Path(__file__).parent))
        from bundle import untracked

        if version != "editable":
            self.build_config.target_config["exclude"] = [f"/{name}" for name in untracked()]
        if self.target_name == "wheel":
            self._add_manual(build_data)

    def _add_manual(self, build_data: dict[str, Any]) -> None:
        """As share/man/man1/codearts-watch.1: installers take it from there."""
        from manual import page, program

        path = Path(self.folder.name) / "codearts-watch.1"
        path.write_text(page(program()), "utf-8")
        build_data["shared_data"][str(path)] = "share/man/man1/codearts-watch.1"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        self.folder.cleanup()
