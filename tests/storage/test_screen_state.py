"""What the user changed on the screen is found again, or silently forgotten."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.errors import UserError
from tui.storage.screen_state import ScreenState, load_state, save_state


def test_a_state_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "state" / "screen.toml"
    state = ScreenState("nord", "label", True, 'tag:"x" ü', "prod", True, True, True)
    save_state(path, state)
    assert load_state(path) == state
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_there_is_the_default(tmp_path: Path) -> None:
    assert load_state(tmp_path / "none") == load_state(tmp_path) == ScreenState()


def test_what_is_wrong_is_the_default_and_the_rest_counts(tmp_path: Path) -> None:
    path = tmp_path / "screen.toml"
    path.write_text('theme = 5\nsort = "age"\nreverse = 1\ndetails = "no"\nwide = true\nnew = 1\n')
    assert load_state(path) == ScreenState(sort="age", wide=True)


def test_what_a_newer_version_wrote_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "screen.toml"
    newer = 'theme = "nord"\ndensity = "high"\nsince = 2026-11-27\n[marks]\nweb = ["a", 1.5]\n'
    path.write_text(newer)
    save_state(path, ScreenState(theme="dusk", filter="web"))
    assert load_state(path) == ScreenState(theme="dusk", filter="web")
    kept = tomllib.loads(path.read_text())
    assert {key: kept[key] for key in ("density", "since", "marks")} == {
        key: value for key, value in tomllib.loads(newer).items() if key != "theme"
    }


def test_what_nests_too_deep_to_be_kept_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "screen.toml"
    path.write_text(f"new = {'[' * 400}{']' * 400}\n")
    save_state(path, ScreenState(filter="web"))
    assert load_state(path) == ScreenState(filter="web")


@pytest.mark.parametrize(
    ("written", "cells"), [("999", 999), ("1000", 0), ("0", 0), ("-3", 0), ("true", 0), ("40.5", 0), ('"40"', 0)]
)
def test_a_size_of_the_details_that_no_terminal_has_is_the_usual_one(tmp_path: Path, written: str, cells: int) -> None:
    path = tmp_path / "screen.toml"
    path.write_text(f"details_width = {written}\n")
    assert load_state(path).details_width == cells


def test_texts_of_the_screens_state_are_clean(tmp_path: Path) -> None:
    path = tmp_path / "screen.toml"
    save_state(path, ScreenState(filter="\ud800\x9b"))
    assert load_state(path).filter == "\ufffd\ufffd"
    path.write_text('filter = "\\u001b[31m"\n')
    assert load_state(path).filter == "\ufffd[31m"


def test_a_state_that_cannot_be_saved_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Not saved"):
        save_state(tmp_path, ScreenState())


@given(st.binary())
def test_any_file_is_a_state(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "screen.toml"
    path.write_bytes(content)
    assert isinstance(load_state(path), ScreenState)
    save_state(path, ScreenState(filter="web"))
    assert load_state(path) == ScreenState(filter="web")
