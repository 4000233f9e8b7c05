"""Fields of one line: what is masked stays here, what is pasted arrives whole, what cannot be drawn is kept."""

import ast
import base64
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events

from tests.support.screen_harness import PROFILE, Door, Screen, screen

SECRET = "correct horse"


def copied(shown: Screen, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What goes to the terminal from now on, clipboard sequences decoded."""
    sent: list[str] = []
    driver = shown.app._driver
    assert driver
    monkeypatch.setattr(driver, "write", sent.append)
    return sent


def in_clipboard(sent: list[str]) -> list[str]:
    start = "\x1b]52;c;"
    return [base64.b64decode(text[len(start) : -1]).decode() for text in sent if text.startswith(start)]


async def test_what_an_empty_field_says_is_not_cut_without_a_sign() -> None:
    async with screen(1, size=(60, 15)) as shown:
        await shown.press("a")
        await shown.until(lambda: "job IDs or addresses of build tasks, as many …" in shown.text)
        await shown.pilot.resize_terminal(80, 24)
        await shown.until(lambda: "job IDs or addresses of build tasks, as many as you like" in shown.text)


async def test_the_dialog_says_whose_password_it_wants() -> None:
    async with screen(1, profile=replace(PROFILE, sign_in=Door("password", who="IAM user build-reader"))) as shown:
        await shown.press("i")
        assert "The password of IAM user build-reader. It is kept in memory only." in shown.text


@pytest.mark.parametrize(("wants", "keys"), [("token", ["ctrl+c"]), ("password", ["ctrl+x", "super+c"])])
async def test_what_is_masked_cannot_be_copied(wants: str, keys: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(wants)
    async with screen(1, profile=replace(PROFILE, sign_in=door)) as shown:
        await shown.press("i")
        await shown.type(SECRET)
        sent = copied(shown, monkeypatch)
        for select in (("ctrl+shift+a",), ("shift+home",), ("home", "shift+end")):
            for key in keys:
                await shown.press(*select, key)
        await shown.settle()
        assert in_clipboard(sent) == []
        assert shown.app.clipboard == ""
        await shown.press("enter")
        await shown.until(lambda: door.given == SECRET)


async def test_ctrl_c_in_a_masked_field_says_why_it_copies_nothing() -> None:
    async with screen(1) as shown:
        await shown.press("i")
        await shown.type(SECRET)
        await shown.press("shift+home", "ctrl+c", "ctrl+c", "ctrl+c")
        assert "Masked text cannot be copied." in shown.said


async def test_what_is_cut_out_of_an_open_field_goes_the_same_way_as_what_is_copied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with screen(1) as shown:
        await shown.press("L", "shift+home")
        sent = copied(shown, monkeypatch)
        await shown.press("ctrl+x")
        await shown.until(lambda: in_clipboard(sent) == ["job 001"])
        assert "Copied selection (via" in shown.said
        await shown.press("ctrl+v", "enter")
        assert "job 001" in shown.text


def test_every_field_is_one_of_ours() -> None:
    """Textual's own would copy what is masked, and throw away the second line of a paste."""
    for file in Path("tui").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("Input", "MaskedInput", "TextArea"), file


async def test_no_line_of_a_paste_is_lost() -> None:
    async with screen(1) as shown:
        for key, field in (("L", "Label of"), ("t", "Tags of"), ("slash", "")):
            await shown.press(key)
            assert field in shown.text
            await shown.press("ctrl+u")
            shown.app.post_message(events.Paste("first\r\n  second\rthird\n"))
            await shown.settle()
            assert "first second third" in shown.text
            await shown.press("escape")
            assert "first second third" not in shown.text


async def test_what_a_field_has_no_room_for_is_refused_with_a_word() -> None:
    async with screen(1) as shown:
        await shown.press("L")
        shown.app.post_message(events.Paste("x" * 200))
        await shown.settle()
        assert "x" * 5 not in shown.text
        assert "At most 100 characters" in shown.said
