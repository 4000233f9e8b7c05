"""Themes come from files, and no file of the user's can end the app."""

import errno
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from textual.app import App
from textual.color import Color
from textual.theme import Theme
from textual.widgets import OptionList

from tests.support.builders import failure, job_id
from tests.support.long_run import by_length
from tests.support.screen_harness import Screen, screen
from tui.core.job import JobId
from tui.core.reading import Failure, Status
from tui.storage.screen_state import ScreenState
from tui.ui.themes import DEFAULT_THEME, DEFAULT_VARIABLES, LARGEST, bundled_themes, load_themes

BUNDLED = {theme.name: theme for theme in load_themes(None).themes}
OURS = [name for name in DEFAULT_VARIABLES if name.startswith(("status-", "banner-"))]
MINIMAL = 'primary = "#336699"\n'


def by_name(theme: Theme) -> str:
    return theme.name


def test_the_themes_that_ship() -> None:
    loaded = load_themes(None)
    assert loaded.problems == ()
    assert {theme.name for theme in loaded.themes} == {
        "ansi-16",
        "codearts-dark",
        "codearts-light",
        "colour-blind-dark",
        "colour-blind-light",
        "dusk",
        "high-contrast",
        "high-contrast-light",
    }
    assert DEFAULT_THEME in BUNDLED
    assert [file.name for file in bundled_themes().iterdir() if not file.name.endswith(".toml")] == []


@pytest.mark.parametrize("theme", BUNDLED.values(), ids=by_name)
def test_a_bundled_theme_sets_every_variable_itself(theme: Theme) -> None:
    text = (bundled_themes() / f"{theme.name}.toml").read_text(encoding="utf-8")
    assert [name for name in OURS if f"\n{name} = " not in text] == []


def test_the_default_theme_is_what_stands_in_before_it() -> None:
    variables = BUNDLED[DEFAULT_THEME].variables
    assert {name: variables[name] for name in OURS} == {name: DEFAULT_VARIABLES[name] for name in OURS}


class Look(App[None]):
    CSS_PATH = str(Path(__file__).parents[2] / "tui" / "ui" / "app.tcss")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(DEFAULT_VARIABLES)


async def test_the_look_takes_every_theme_also_a_bare_one_of_the_users(tmp_path: Path) -> None:
    (tmp_path / "bare.toml").write_text(MINIMAL)
    (tmp_path / "bare-ansi.toml").write_text('primary = "ansi_blue"\nansi = true\n')
    loaded = load_themes(tmp_path)
    assert loaded.problems == ()
    app = Look()
    for theme in loaded.themes:
        app.register_theme(theme)
    async with app.run_test() as pilot:
        for theme in loaded.themes:
            app.theme = theme.name
            await pilot.pause()
            expected = theme.to_color_system().generate()["background"]
            assert app.screen.styles.background == Color.parse(expected), theme.name


def drawn(shown: Screen) -> list[list[tuple[str, str]]]:
    """What is drawn, with its looks."""
    return [[(text, str(style)) for text, style, _ in strip] for strip in shown.app.screen._compositor.render_strips()]


OUTCOMES: dict[JobId, Status | Failure] = {job_id(1): Status.RUNNING, job_id(2): failure()}


@pytest.mark.parametrize("name", by_length(list(BUNDLED)[1:2], list(BUNDLED)))
async def test_a_theme_looks_the_same_however_it_came(name: str) -> None:
    async with screen(3, OUTCOMES) as shown:
        await shown.press("T", "escape")
        shown.app.theme = name
        await shown.settle()
        picked = drawn(shown)
    async with screen(3, OUTCOMES, theme=name) as shown:
        assert drawn(shown) == picked
    async with screen(3, OUTCOMES, state=ScreenState(theme=name, details=False)) as shown:
        assert drawn(shown) == picked


KEYS: list[list[str]] = [["slash", "j"], ["L"], ["T", "j"], [], ["s"], ["colon"], ["question_mark"]]


@pytest.mark.parametrize("theme", by_length(["codearts-light"], ["codearts-dark", "codearts-light", "ansi-16"]))
async def test_no_color_leaves_no_colour_at_all(theme: str) -> None:
    async with screen(3, OUTCOMES, theme=theme, environ={"NO_COLOR": "1"}) as shown:
        for keys in by_length(KEYS[:3], KEYS):
            await shown.press(*keys)
            styles = [
                style
                for strip in shown.app.screen._compositor.render_strips()
                for _, style, _ in strip
                if style is not None
            ]
            assert [style for style in styles if style.color or style.bgcolor] == [], keys
            assert any(style.reverse or style.underline for style in styles), keys  # the cursor
            await shown.press("escape")


FEW_COLOURS = pytest.mark.parametrize(
    ("theme", "environ"), [("codearts-dark", {"NO_COLOR": "1"}), ("ansi-16", {})], ids=["none", "16"]
)


@pytest.mark.parametrize("key", ["s", "z", "T", "V", "W"])
@FEW_COLOURS
async def test_with_few_colours_the_chosen_line_of_a_dialog_is_reversed(
    key: str, theme: str, environ: dict[str, str]
) -> None:
    async with screen(3, OUTCOMES, theme=theme, environ=environ) as shown:
        await shown.press(key, "down")
        shown.app.theme = theme  # T has shown the one that is chosen
        await shown.settle()
        options = shown.app.screen.query_one(OptionList)
        lines = [options.region.y + line for line in range(options.size.height)]
        strips = shown.app.screen._compositor.render_strips()
        within = [strips[line].crop(options.region.x, options.region.right) for line in lines]
        is_reversed = [any(style and style.reverse for _, style, _ in strip) for strip in within]
        assert [number for number, is_it in enumerate(is_reversed) if is_it] == [options.highlighted]


async def test_of_sixteen_colours_the_cursor_needs_none() -> None:
    """Where bold means bright, bold black is grey: on cyan it could hardly be read."""
    async with screen(3, OUTCOMES, theme="ansi-16") as shown:
        line = shown.app.screen._compositor.render_strips()[2]
        styles = [style for text, style, _ in line if style and text.strip() and text != " "]
        under_cursor = [style for style in styles if style.reverse and style.bold]
        assert under_cursor
        assert {(style.color.name, style.bgcolor.name) for style in under_cursor if style.color and style.bgcolor} == {
            ("default", "default")
        }


@pytest.mark.parametrize("key", ["colon", "question_mark", "E", "a", "i", "T", "V", "W"])
async def test_of_sixteen_colours_no_dialog_has_one_of_its_own(key: str) -> None:
    async with screen(3, OUTCOMES, theme="ansi-16") as shown:
        await shown.press(key)
        await shown.until(lambda: key != "colon" or "Add jobs" in shown.text)
        shown.app.theme = "ansi-16"  # T has shown the one that is chosen
        await shown.settle()
        seen = [
            (text, style.color)
            for strip in shown.app.screen._compositor.render_strips()
            for text, style, _ in strip
            if style and style.color and text.strip()
        ]
        assert seen
        assert {(text.strip()[:1], colour.name) for text, colour in seen if colour.triplet} == set()


@FEW_COLOURS
async def test_with_few_colours_the_chosen_command_of_the_palette_is_underlined(
    theme: str, environ: dict[str, str]
) -> None:
    async with screen(3, OUTCOMES, theme=theme, environ=environ) as shown:
        await shown.press("colon")
        await shown.until(lambda: "Add jobs" in shown.text)
        await shown.press("down", "down")
        underlined = [
            "".join(text for text, style, _ in strip if style and style.underline and text.strip())
            for strip in shown.app.screen._compositor.render_strips()[shown.app.screen.query_one(OptionList).region.y :]
        ]
        assert [text.split()[0] for text in underlined if text][:2] == ["back", "Close"]


@pytest.mark.parametrize("theme", ["codearts-dark", "ansi-16"])
@pytest.mark.parametrize("key", ["T", "a"])
async def test_the_table_is_seen_behind_a_dialog(theme: str, key: str) -> None:
    """Sixteen colours cannot be mixed: a background that dims the table would hide it."""
    async with screen(3, theme=theme) as shown:
        await shown.press(key)
        assert "job 001" in shown.text


def test_a_theme_of_the_users_goes_before_the_bundled_one(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(f'name = "dusk"\n{MINIMAL}dark = false\n')
    themes = load_themes(tmp_path).themes
    assert [(theme.primary, theme.dark) for theme in themes if theme.name == "dusk"] == [("#336699", False)]
    assert len(themes) == len(BUNDLED)


def test_no_folder_is_no_problem(tmp_path: Path) -> None:
    assert load_themes(tmp_path / "absent").problems == ()


def test_variables_that_a_theme_lacks_come_from_its_own_colours(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('primary = "ansi_blue"\nerror = "ansi_red"\nansi = true\n')
    variables = load_themes(tmp_path).themes[-1].variables
    assert variables["status-error"] == "ansi_red"
    assert variables["status-running"] == "ansi_blue"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("primary = ", "it is not TOML: Invalid value at line 1, column 11"),
        ("dark = true\nprimary '#fff'\n", "at line 2, column 9"),
        ("", "the colour primary is missing"),
        ('primry = "#fff"', "it has the key 'primry', which is not one of accent, "),
        ('primary = "blurple"', "primary is 'blurple', which is no colour; write #rrggbb"),
        ("primary = 7", "primary is 7: write it in quotes"),
        (f"{MINIMAL}dark = 1", "dark is 1: write true or false"),
        (f"{MINIMAL}text_alpha = 12", "text_alpha is 12: write a number from 0 to 1"),
        (f"{MINIMAL}text_alpha = nan", "text_alpha is nan: write a number from 0 to 1"),
        (f'{MINIMAL}name = " "', "its name is empty"),
        (f'{MINIMAL}variables = "x"', "variables is no table"),
        (f"{MINIMAL}[variables]\nborder = 1", "the variable 'border' is 1: write it in quotes"),
        (f'{MINIMAL}[variables]\nborder = "blurple"', "the variable 'border' cannot be 'blurple'"),
        (f'{MINIMAL}[variables]\nborder = "$primary"', "the variable 'border' cannot be '$primary'"),
        (f'{MINIMAL}[variables]\nlink-style = "bolder"', "the variable 'link-style' cannot be 'bolder'"),
        (f'{MINIMAL}[variables]\nstatus-idle = "auto"', "status-idle is 'auto', which is no colour"),
    ],
)
def test_a_file_that_is_no_theme_is_named_with_the_reason(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "bad.toml").write_text(content)
    (tmp_path / "good.toml").write_text(MINIMAL)
    loaded = load_themes(tmp_path)
    (problem,) = loaded.problems
    assert problem.startswith("Theme bad.toml is left out: ")
    assert reason in problem
    assert problem.endswith(".")
    assert loaded.themes[-1].name == "good"


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "a-folder.toml").mkdir()
    (tmp_path / "gbk.toml").write_bytes("# 主题\n".encode("gbk"))
    (tmp_path / "huge.toml").write_text("#" * (LARGEST + 1))
    (tmp_path / "lost.toml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "twice-1.toml").write_text(f'name = "twice"\n{MINIMAL}')
    (tmp_path / "twice-2.toml").write_text(f'name = "twice"\n{MINIMAL}')
    (tmp_path / "notes.txt").write_text("not asked about")
    assert load_themes(tmp_path).problems == (
        "Theme a-folder.toml is left out: it is no regular file.",
        "Theme gbk.toml is left out: byte 3 is not UTF-8.",
        "Theme huge.toml is left out: it is larger than 64 KiB.",
        "Theme lost.toml is left out: it is no regular file.",
        "Theme twice-2.toml is left out: twice-1.toml has the name twice too.",
    )


def test_a_folder_of_another_user_is_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Path) -> NoReturn:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refused)
    problem = load_themes(tmp_path).problems[-1]
    assert problem.endswith(f"{tmp_path} are left out: permission denied: check who owns the file and its folder.")


def test_names_reach_the_screen_clean(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[31m.toml").write_text("primary")
    (tmp_path / "b.toml").write_text(f'name = "\\u001b[2J{"x" * 99}"\n{MINIMAL}')
    loaded = load_themes(tmp_path)
    assert all(text.isprintable() for text in [*loaded.problems, loaded.themes[-1].name])
    assert len(loaded.themes[-1].name) == 40


@given(value=st.text(max_size=12), key=st.sampled_from(["border", "text", "status-idle", "link-style", "my-own"]))
@example(value="Z}R", key="my-own")
@settings(max_examples=by_length(15, 60), deadline=None)
async def test_whatever_a_variable_is_set_to_the_look_stands(
    tmp_path_factory: pytest.TempPathFactory, value: str, key: str
) -> None:
    folder = tmp_path_factory.mktemp("themes")
    quoted = "".join(f"\\U{ord(character):08x}" for character in value if not "\ud800" <= character <= "\udfff")
    (folder / "any.toml").write_text(f'{MINIMAL}[variables]\n{key} = "{quoted}"\n')
    loaded = load_themes(folder)
    assert len(loaded.problems) + len(loaded.themes) == len(BUNDLED) + 1
    if not loaded.problems:
        app = Look()
        app.register_theme(loaded.themes[-1])
        async with app.run_test():
            app.theme = "any"
