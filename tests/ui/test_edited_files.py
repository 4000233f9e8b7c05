"""Settings, themes and the watchlist that are edited by hand while the screen is open."""

import errno
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.builders import job_id
from tests.support.long_run import by_length, takes_minutes
from tests.support.screen_harness import jobs, screen
from tui.storage import settings
from tui.storage.files import FileError
from tui.storage.settings import LIVE, load_settings
from tui.storage.watchlist import WatchlistFile
from tui.ui.app import WatchApp
from tui.ui.edited_files import EditedFiles
from tui.ui.themes import bundled_themes

THEME = (bundled_themes() / "dusk.toml").read_text(encoding="utf-8")


async def test_edited_keys_address_and_theme_act_at_once(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[keys]\nremove = "Z"\n')
    settings = load_settings(file)
    async with screen(3, settings_file=file, settings=settings, keys=settings.keys, size=(120, 24)) as shown:
        assert "Z remove" in shown.lines[-1]
        file.write_text('[keys]\nremove = "K"\n[ui]\ntheme = "dusk"\naddress = "https://a.example/{job_id}"\n')
        await shown.until(lambda: "K remove" in shown.lines[-1])
        await shown.until(lambda: shown.app.theme == "dusk")
        await shown.press("Z")
        assert len(shown.store.load().jobs) == 3
        await shown.press("K")
        await shown.until(lambda: len(shown.store.load().jobs) == 2)
        await shown.press("o")
        await shown.until(lambda: "https://a.example/" in shown.text)


async def test_a_fault_in_the_watchlist_is_named_when_it_is_edited(tmp_path: Path) -> None:
    file = WatchlistFile(tmp_path / "watchlist.toml")
    file.add(jobs(2))
    async with screen(store=file, size=(160, 24)) as shown:
        good = file.path.read_text()
        file.path.write_text(f'{good}\n[[jobs]]\nid = "0123"\n')
        await shown.until(
            lambda: "Job 3 has the ID 0123 and is left out: an ID is 32 letters and digits." in shown.said
        )
        file.path.write_text(f'{good}\n[[jobs]]\nid = "0123"\n[[jobs]]\nid = "{job_id(3)}"\nlabels = "x"\n')
        await shown.until(lambda: "which means nothing here: did you mean label?" in shown.said)
        assert "0123" not in shown.said
        file.path.write_text(good.replace("[[jobs]]", "[[job]]"))
        await shown.until(lambda: "The watchlist has job, which means nothing here: did you mean jobs?" in shown.said)


EDIT = """
[ui]
theme = "dusk"
address = "https://a.example/{job_id}"
columns = ["job", "id"]
[alerts]
title = true
[keys]
remove = "K"
[views.4]
name = "even"
filter = "002"
[commands.trace]
key = "f6"
command = ["true"]
"""
"""Every setting that takes effect at once, none of them as it is by default."""


async def test_every_setting_that_is_live_acts_once_it_is_edited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles: list[str] = []

    def show(app: WatchApp, text: str) -> None:
        titles.append(text)

    monkeypatch.setattr(WatchApp, "show_title", show)
    file = tmp_path / "settings.toml"
    async with screen(2, settings_file=file, size=(120, 24)) as shown:
        assert not any(titles)
        file.write_text(EDIT)
        await shown.until(lambda: "K remove" in shown.lines[-1])
        await shown.settle()
        await shown.press("4")
        seen = {
            "ui.theme": shown.app.theme == "dusk",
            "ui.columns": shown.lines[1].split() == ["Job", "ID"],
            "alerts.": titles[-1:] == ["0 running"],
            "keys.": "x remove" not in shown.lines[-1],
            "views.": "view 4 even" in shown.text and "job 001" not in shown.text,
            "commands.": "f6 trace" in shown.lines[-1],
        }
        await shown.press("o")
        seen["ui.address"] = "https://a.example/" in shown.text
        assert seen == dict.fromkeys(LIVE, True)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param("[polling]\nidle = 60\n", "polling.idle", marks=takes_minutes),
        pytest.param("[ui]\nmouse = true\n", "ui.mouse", marks=takes_minutes),
        ('default_profile = "lab"\n[profiles.lab]\nregion = "cn-north-4"\n', "profiles.lab"),
    ],
)
async def test_what_needs_a_restart_is_named_until_it_is_taken_back(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "settings.toml"
    async with screen(1, settings_file=file) as shown:
        file.write_text(text)
        await shown.until(lambda: "only after a restart:" in shown.text and named in shown.text)
        file.write_text("")
        await shown.until(lambda: "restart" not in shown.text)


UNUSABLE = ['[keys]\nwide = "ctrl+m"\n', "[ui]\ncolour = 1\n", "[polling\n", "[views.1]\nsort = 'x'\n"]


@pytest.mark.parametrize("text", by_length(UNUSABLE[:2], UNUSABLE))
async def test_settings_that_cannot_be_used_are_named_and_change_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.toml"
    async with screen(1, settings_file=file, size=(160, 24)) as shown:
        file.write_text(text)
        await shown.until(lambda: "The settings stay as they were." in " ".join(shown.text.split()))
        assert not re.search(r"[.?]\.", " ".join(shown.text.split()))
        assert "x remove" in shown.lines[-1]
        file.write_text("")
        await shown.until(lambda: "The settings stay" not in shown.text)


async def test_settings_that_others_may_write_are_in_effect_once_they_may_not(tmp_path: Path) -> None:
    """The sentence says what to run; nothing has to be edited after that."""
    file = tmp_path / "settings.toml"
    async with screen(1, settings_file=file, size=(160, 24)) as shown:
        file.touch(0o666)
        file.write_text('[keys]\nremove = "K"\n')
        file.chmod(0o666)
        await shown.until(lambda: "run chmod go-w on it" in " ".join(shown.text.split()))
        file.chmod(0o600)
        await shown.until(lambda: "K remove" in shown.lines[-1] and "chmod" not in shown.text)


async def test_settings_are_read_again_until_the_system_permits_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.toml"
    async with screen(1, settings_file=file, size=(160, 24)) as shown:
        with monkeypatch.context() as broken:

            def refuses(*_: object) -> str:
                raise FileError("Input/output error", may_pass=True)

            broken.setattr(settings, "read_text", refuses)
            file.write_text('[keys]\nremove = "K"\n')
            await shown.until(lambda: "Input/output error" in shown.text)
            assert "x remove" in shown.lines[-1]
        await shown.until(lambda: "K remove" in shown.lines[-1] and "Input/output" not in shown.text)


async def test_settings_that_cannot_be_looked_at_for_a_moment_were_not_edited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("")
    look = os.stat

    def fails(path: str | Path, *rest: Any, **more: Any) -> os.stat_result:
        if path == file:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return look(path, *rest, **more)

    async with screen(1, settings_file=file) as shown:
        edited = EditedFiles(shown.board.deps)
        with monkeypatch.context() as broken:
            broken.setattr(os, "stat", fails)
            assert not edited.settings_edited()
        assert not edited.settings_edited()
        file.write_text('[keys]\nremove = "K"\n')
        assert edited.settings_edited()
        file.unlink()
        assert edited.settings_edited()


async def test_an_edited_theme_is_seen_at_once(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(THEME.replace('name = "dusk"', 'name = "mine"'))
    async with screen(1, themes=tmp_path, theme="mine") as shown:
        assert shown.app.theme == "mine"
        before = shown.board.styles.background
        lines = [line for line in file.read_text().splitlines() if not line.startswith("background")]
        file.write_text("\n".join(['background = "#123456"', *lines]))
        await shown.until(lambda: shown.board.styles.background != before)
        assert shown.board.styles.background.hex == "#123456"
        file.write_text("primary = 1\n")
        await shown.until(lambda: "mine.toml is left out" in shown.said)
