"""What the screen would complain about when it opens: for `check` and `config`."""

from collections.abc import Iterator
from os.path import lexists
from typing import TYPE_CHECKING, NamedTuple

from tui.core.errors import UserError
from tui.core.text import clean

if TYPE_CHECKING:
    from tui.context import Context


class Finding(NamedTuple):
    """What is wrong with something that the screen reads; `is_refused` where the screen does not open with it."""

    name: str
    text: str
    is_refused: bool


def screen_findings(context: "Context") -> Iterator[Finding]:
    """About all that the screen reads besides the settings' own values: keys, themes and the watchlist."""
    from tui.ui.actions.views import check_views
    from tui.ui.keys import check_keys
    from tui.ui.own_commands import check_commands
    from tui.ui.themes import load_themes

    try:
        check_keys(context.settings.keys)
    except UserError as problem:
        yield Finding("keys", str(problem), True)
    try:
        check_views(context.settings.views)
    except UserError as problem:
        yield Finding("views", str(problem), True)
    try:
        check_commands(context.settings.commands, context.settings.keys)
    except UserError as problem:
        yield Finding("commands", str(problem), True)
    themes = load_themes(context.locations.themes)
    names = [theme.name for theme in themes.themes]
    if context.settings.ui.theme not in ("", *names):
        wanted = clean(context.settings.ui.theme, 60)
        yield Finding("theme", f"There is no theme {wanted!r}; there are {', '.join(names)}.", False)
    folder = context.locations.themes
    if folder and lexists(folder):
        yield from (Finding("theme", problem, False) for problem in themes.problems)
    try:
        yield from (Finding("watchlist", warning, False) for warning in context.watchlist.load().warnings)
    except UserError as problem:
        yield Finding("watchlist", str(problem), True)
