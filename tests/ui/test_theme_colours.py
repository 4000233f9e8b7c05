"""Every bundled theme can be read by everyone it is for."""

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.color import Color
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.theme import Theme

from tests.support.builders import job_id
from tests.support.long_run import by_length
from tests.support.screen_harness import screen
from tui.core.reading import Failure, FailureKind, Status
from tui.ui.app import WatchApp
from tui.ui.frame import Frame
from tui.ui.themes import DEFAULT_VARIABLES, load_themes

if TYPE_CHECKING:
    from tui.core.job import JobId

BUNDLED = {theme.name: theme for theme in load_themes(None).themes}
COLOURED = [theme for theme in BUNDLED.values() if not theme.ansi]
WORDS = [name for name in DEFAULT_VARIABLES if name.startswith("status-")]
BANNERS = [name for name in DEFAULT_VARIABLES if name.startswith("banner-")]

EVERY_COLOUR = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
DEUTERANOPIA = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))
PROTANOPIA = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))
TRITANOPIA = ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900))
"""What is seen of linear red, green and blue (Machado, Oliveira and Fernandes, 2009)."""
Light = tuple[float, float, float]


def by_name(theme: Theme) -> str:
    return theme.name


def light(colour: Color) -> Light:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in colour.rgb)
    )
    return red, green, blue


def contrast(one: Color, other: Color) -> float:
    """The ratio of the Web Content Accessibility Guidelines."""
    luminances = [0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in (light(one), light(other))]
    return (max(luminances) + 0.05) / (min(luminances) + 0.05)


def lab(seen: Light) -> Light:
    red, green, blue = (min(1.0, max(0.0, part)) for part in seen)
    x, y, z = (
        part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116
        for part in (
            (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
            0.2126 * red + 0.7152 * green + 0.0722 * blue,
            (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089,
        )
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def apart(one: Color, other: Color, vision: tuple[Light, Light, Light]) -> float:
    """The CIE 1976 colour difference for that vision: 2 is just seen, 20 is plain."""
    seen = [lab(_through(vision, light(colour))) for colour in (one, other)]
    return math.dist(*seen)


def _through(vision: tuple[Light, Light, Light], colour: Light) -> Light:
    red, green, blue = (sum(a * b for a, b in zip(row, colour, strict=True)) for row in vision)
    return red, green, blue


def grounds(theme: Theme) -> dict[str, Color]:
    """Where words stand: the page, the details, the header and a marked line."""
    colours = {
        name: Color.parse(theme.to_color_system().generate()[name]) for name in ("background", "surface", "panel")
    }
    page = colours["background"]
    colours["mark"] = page + Color.parse(theme.accent or "").with_alpha(0.2)
    return colours


@pytest.mark.parametrize("theme", COLOURED, ids=by_name)
def test_words_can_be_read_wherever_they_stand(theme: Theme) -> None:
    enough = 7.0 if theme.name.startswith("high-contrast") else 4.5
    words = {name: theme.variables[name] for name in WORDS} | {"foreground": theme.foreground or ""}
    faint = [
        (word, where, round(ratio, 2))
        for word, colour in words.items()
        for where, ground in grounds(theme).items()
        if (ratio := contrast(Color.parse(colour), ground)) < enough
    ]
    assert faint == []


@pytest.mark.parametrize("theme", COLOURED, ids=by_name)
def test_banners_can_be_read(theme: Theme) -> None:
    enough = 7.0 if theme.name.startswith("high-contrast") else 4.5
    for name in BANNERS:
        ground = Color.parse(theme.variables[name])
        assert contrast(ground, ground + ground.get_contrast_text(0.9)) >= enough, name


@pytest.mark.parametrize("theme", COLOURED, ids=by_name)
def test_the_chosen_line_of_a_list_can_be_read(theme: Theme) -> None:
    ground, text = (theme.variables[f"block-cursor-{part}"] for part in ("background", "foreground"))
    assert contrast(Color.parse(ground), Color.parse(text)) >= 4.5


@pytest.mark.parametrize("theme", by_length(COLOURED[:2], COLOURED), ids=by_name)
async def test_all_that_is_on_the_screen_can_be_read(theme: Theme) -> None:
    outcomes: dict[JobId, Status | Failure] = {
        job_id(1): Status.RUNNING,
        job_id(2): Failure(FailureKind.NOT_FOUND, "There is no such job.", "CB.00031006", "gone"),
    }
    async with screen(5, outcomes, size=(120, 20)) as shown:
        await shown.press("down", "down", "down", "p", "space", "home", "enter")
        shown.app.register_theme(theme)
        shown.app.theme = theme.name
        for _ in range(4):
            await shown.settle()
            words = list(coloured_words(shown.app))
            assert len({ground for _, _, ground in words}) >= 3  # the page, the cursor's line, the details
            assert [word for word, ink, ground in words if contrast(ink, ground) < 4.5] == []
            await shown.press("down")


def coloured_words(app: WatchApp) -> Iterator[tuple[str, Color, Color]]:
    """Every piece of text on the screen, its colour, and that of the ground it stands on."""
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            style = segment.style
            if style and style.color and style.bgcolor and any(map(str.isalnum, segment.text)):
                yield segment.text, Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)


@pytest.mark.parametrize("vision", [DEUTERANOPIA, PROTANOPIA, TRITANOPIA], ids=["deuteran", "protan", "tritan"])
@pytest.mark.parametrize("name", ["colour-blind-dark", "colour-blind-light"])
@pytest.mark.parametrize(("one", "other"), [("running", "error"), ("running", "idle"), ("idle", "error")])
def test_statuses_differ_for_every_colour_vision(
    name: str, vision: tuple[Light, Light, Light], one: str, other: str
) -> None:
    variables = BUNDLED[name].variables
    colours = [Color.parse(variables[f"status-{status}"]) for status in (one, other)]
    assert apart(colours[0], colours[1], vision) >= 20


def of_256(colour: Color) -> Color:
    """What is sent for this colour to tmux and other terminals of 256 colours."""
    strip = Strip([Segment("x", Style(color=colour.rich_color, bgcolor=colour.rich_color))])
    sent = Frame().changes(LayoutUpdate([[strip]], Region(0, 0, 1, 1)), Size(1, 1), ColorSystem.EIGHT_BIT)
    (number,) = set(re.findall("[34]8;5;([0-9]+)", sent))  # the same as a ground and before one
    return Color(*RichColor.from_ansi(int(number)).get_truecolor())


@pytest.mark.parametrize("theme", COLOURED, ids=by_name)
def test_of_256_colours_a_ground_stays_what_it_is_and_words_can_be_read(theme: Theme) -> None:
    """The nearest colours that are no greys are navy and teal on a dark ground, and words were faint on them."""
    for where, ground in grounds(theme).items():
        assert apart(ground, of_256(ground), EVERY_COLOUR) < 20, where
        for word in WORDS:
            assert contrast(of_256(Color.parse(theme.variables[word])), of_256(ground)) >= 4.5, (word, where)


@pytest.mark.parametrize("theme", COLOURED, ids=by_name)
def test_of_256_colours_no_banner_is_grey(theme: Theme) -> None:
    assert [name for name in BANNERS if len(set(of_256(Color.parse(theme.variables[name])).rgb)) == 1] == []


@pytest.mark.parametrize("theme", COLOURED, ids=by_name)
def test_of_256_colours_failed_builds_still_have_their_own(theme: Theme) -> None:
    few = {name: of_256(Color.parse(theme.variables[name])) for name in WORDS}
    failed = few.pop("status-error")
    assert [name for name, colour in few.items() if apart(failed, colour, EVERY_COLOUR) < 20] == []


def test_the_theme_of_16_colours_leaves_every_colour_to_the_terminal() -> None:
    theme = BUNDLED["ansi-16"]
    colours = [theme.primary, theme.secondary, theme.foreground, theme.background]
    colours += [value for name, value in theme.variables.items() if not name.endswith("text-style")]
    assert [colour for colour in colours if not (colour or "").startswith("ansi_")] == []
