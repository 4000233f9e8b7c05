"""Themes from TOML files, whose keys are the fields of `textual.theme.Theme`: the bundled ones and the user's own."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.css.stylesheet import Stylesheet, StylesheetParseError
from textual.css.tokenizer import TokenError
from textual.filter import LineFilter
from textual.theme import Theme

from tui.core.text import clean
from tui.storage.files import FileError, reason
from tui.storage.toml_document import parse

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

DEFAULT_THEME = "codearts-dark"
LARGEST = 64 * 1024
"""Bytes of a theme file at most."""
LONGEST_NAME = 40

_STAND_INS: Mapping[str, str] = {
    "status-running": "text-primary",
    "status-idle": "foreground",
    "status-error": "text-error",
    "status-stale": "text-warning",
    "status-paused": "text-accent",
    "banner-error": "error-muted",
    "banner-warning": "warning-muted",
}
"""Our variables, and the theme's colour that each defaults to if `[variables]` of the theme does not set it.

`status-…` are the colours of words on $background, $surface, $panel and the cursor's line, `banner-…` what lies behind
the text of a banner."""

DEFAULT_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "status-running": "#7ec3ff",
        "status-idle": "#a7b1bf",
        "status-error": "#ff9095",
        "status-stale": "#e3b866",
        "status-paused": "#c2a9ec",
        "banner-error": "#7a2530",
        "banner-warning": "#5c4415",
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
    }
)
"""Variables until a theme is set: those of the default theme. Textual's own style sheets use the last two, but its
themes of 16 colours do not define them."""

REVERSED: Mapping[str, str] = MappingProxyType(
    {
        "block-cursor-text-style": "bold reverse underline",
        "block-cursor-blurred-text-style": "reverse underline",
        "input-cursor-text-style": "reverse",
    }
)
"""Replaces colours where there are none: without them, Textual's lists of options show only bold and underline."""

_NUMBERS = frozenset({"luminosity_spread", "text_alpha"})
_SWITCHES = frozenset({"dark", "ansi"})
_KEYS = frozenset(field.name for field in fields(Theme))
_COLOURS = _KEYS - _NUMBERS - _SWITCHES - {"name", "variables"}


class _NotATheme(Exception):
    """Why a file is no theme. The text follows "Theme x.toml is left out: "."""


class Colourless(LineFilter):
    """For NO_COLOR: removes colours, and keeps bold and underline. Textual's own filter makes greys of colours."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(text, style and _without_colour(style), control) for text, style, control in segments]


@lru_cache(1024)
def _without_colour(style: Style) -> Style:
    return style.without_color


class LoadedThemes(NamedTuple):
    """The themes, and a sentence for each file that is none."""

    themes: tuple[Theme, ...]
    problems: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(theme.name for theme in self.themes)

    def no_such(self, wanted: str) -> str:
        """The sentence about a name that no theme has."""
        return f"There is no theme {clean(wanted, 60)!r}; there are {', '.join(self.names)}."


def bundled_themes() -> "Traversable":
    """The folder of the bundled themes: inside the package, or beside it in a checkout."""
    here = Path(__file__)
    for folder in (here.parents[1] / "bundled_themes", here.parents[2] / "themes"):
        if folder.is_dir():
            return folder
    from importlib.resources import files  # for a zip, and too slow for all others

    return files("tui") / "bundled_themes"


def first_theme(user_folder: Path | None, wanted: str) -> Theme:
    """The theme for the first frame: the one wanted if it is in the file of that name, else the default one. The other
    files are not read yet."""
    bundled = bundled_themes()
    for folder in (user_folder, bundled):
        file = folder / f"{wanted}.toml" if folder else None
        if wanted and file and file.name == f"{wanted}.toml":
            with suppress(_NotATheme):
                theme = _theme(_read(file), wanted, is_bundled=folder is bundled)
                if theme.name == wanted:
                    return theme
    return _theme(_read(bundled / f"{DEFAULT_THEME}.toml"), DEFAULT_THEME, is_bundled=True)


def load_themes(user_folder: Path | None) -> LoadedThemes:
    """The bundled themes and those in `user_folder`, whose names win. Never raises."""
    problems: list[str] = []
    themes = {theme.name: theme for theme in _read_folder(bundled_themes(), problems)}
    if user_folder is not None:
        themes |= {theme.name: theme for theme in _read_folder(user_folder, problems)}
    return LoadedThemes(tuple(themes.values()), tuple(problems))


def _read_folder(folder: "Traversable", problems: list[str]) -> Iterator[Theme]:
    try:
        files = folder.iterdir() if folder.is_dir() else ()
        found = sorted((file for file in files if file.name.endswith(".toml")), key=lambda file: file.name)
    except OSError as error:
        problems.append(f"The themes in {clean(str(folder))} are left out: {reason(error)}.")
        return
    origin: dict[str, str] = {}
    for file in found:
        shown = clean(file.name, 80)
        try:
            theme = _theme(_read(file), file.name.removesuffix(".toml"))
            if theme.name in origin:
                raise _NotATheme(f"{origin[theme.name]} has the name {theme.name} too")
        except _NotATheme as fault:
            problems.append(f"Theme {shown} is left out: {clean(str(fault))}.")
        else:
            origin[theme.name] = shown
            yield theme


def _read(file: "Traversable") -> dict[str, object]:
    try:
        if not file.is_file():
            raise _NotATheme("it is no regular file")
        with file.open("rb") as stream:
            content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise _NotATheme(f"it is larger than {LARGEST // 1024} KiB")
        return parse(content.decode())
    except OSError as error:
        raise _NotATheme(reason(error)) from error
    except UnicodeDecodeError as error:
        raise _NotATheme(f"byte {error.start + 1} is not UTF-8") from error
    except FileError as error:
        raise _NotATheme(f"it is not TOML: {error.reason}{error.place}") from error


def _theme(data: dict[str, object], stem: str, is_bundled: bool = False) -> Theme:
    """Returns the theme in the content of a file. Raises _NotATheme. A bundled one is not checked: `load_themes` does
    that in the tests."""
    for key, value in data.items() if not is_bundled else ():
        _check(key, value)
    if "primary" not in data:
        raise _NotATheme("the colour primary is missing")
    given: dict[str, Any] = data | {"name": _name(data, stem)}
    theme = Theme(**given)
    if missing := _STAND_INS.keys() - theme.variables.keys():
        colours = theme.to_color_system().generate()
        theme.variables |= {key: colours[_STAND_INS[key]] for key in missing}
    return theme


def _name(data: dict[str, object], stem: str) -> str:
    name = clean(data.get("name", stem), LONGEST_NAME).strip()
    if not name:
        raise _NotATheme("its name is empty")
    return name


def _check(key: str, value: object) -> None:
    if key not in _KEYS:
        raise _NotATheme(f"it has the key {key!r}, which is not one of {', '.join(sorted(_KEYS))}")
    if key in _SWITCHES and not isinstance(value, bool):
        raise _NotATheme(f"{key} is {value!r}: write true or false")
    if key in _NUMBERS and (isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1):
        raise _NotATheme(f"{key} is {value!r}: write a number from 0 to 1")
    if (key == "name" or key in _COLOURS) and not isinstance(value, str):
        raise _NotATheme(f"{key} is {value!r}: write it in quotes")
    if key in _COLOURS:
        _check_colour(key, str(value))
    if key == "variables":
        if not isinstance(value, dict):
            raise _NotATheme("variables is no table: write [variables] above them")
        for name, text in value.items():
            if not isinstance(text, str):
                raise _NotATheme(f"the variable {name!r} is {text!r}: write it in quotes")
            _check_variable(name, text)


def _check_colour(key: str, value: str) -> None:
    try:
        Color.parse(value)
    except ColorParseError as error:
        raise _NotATheme(f"{key} is {value!r}, which is no colour; write #rrggbb") from error


def _check_variable(key: str, value: str) -> None:
    """Try the variable in a style sheet of its own: in the app's, a bad value would end the app."""
    if key.partition("-")[0] in _COLOURS | {"status", "banner"}:
        _check_colour(key, value)
        return
    if set(value) & set("{};"):  # they end the rule of the trial below, and would end another one in the app
        raise _NotATheme(f"the variable {key!r} cannot be {value!r}")
    coloured = any(word in key for word in ("text", "foreground", "link-color"))
    use = "text-style" if "style" in key else "color" if coloured else "background"
    sheet = Stylesheet(variables={key: value})
    sheet.add_source(f"Widget {{ {use}: ${key}; }}")
    try:
        sheet.parse()
    except (StylesheetParseError, TokenError) as error:
        raise _NotATheme(f"the variable {key!r} cannot be {value!r}") from error
