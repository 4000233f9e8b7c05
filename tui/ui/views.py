"""Views: a filter, an order and groups under a number and a name. Pure; the settings keep them."""

from collections.abc import Mapping

from tui.core.errors import UserError
from tui.core.text import did_you_mean
from tui.storage.screen_settings import ViewSettings
from tui.storage.screen_state import ScreenState
from tui.ui.columns import SORTS
from tui.ui.groups import GROUPINGS

EVERYTHING = "0"
"""The number of the view that shows everything; it is not in the settings."""
Views = Mapping[str, ViewSettings]


def check_views(views: Views) -> None:
    """Raises UserError if a view sorts or groups by what there is not."""
    for number, view in views.items():
        for key, given, known in (("sort", view.sort, SORTS), ("group", view.group, tuple(GROUPINGS))):
            if given and given not in known:
                hint = did_you_mean(given, known) or f"there are {', '.join(known)}."
                raise UserError(f"views.{number}.{key} in the settings: there is no {given!r}; {hint}")


def shown_by(view: ViewSettings, look: ScreenState) -> ScreenState:
    """The look after this view was chosen."""
    return look._replace(
        filter=view.filter,
        sort="" if view.sort == "list" else view.sort,
        reverse=view.reverse,
        group=view.group,
        profile=view.profile,
        problems_only=view.problems,
        columns=view.columns,
    )


def view_of(look: ScreenState, name: str) -> ViewSettings:
    """The view that shows what the screen shows now."""
    return ViewSettings(
        name, look.filter, look.sort, look.reverse, look.group, look.profile, look.problems_only, look.columns
    )


def number_of(look: ScreenState, views: Views) -> str:
    """The number of the view that is on the screen; empty if the look is none of the user's views."""
    return next((number for number, view in views.items() if shown_by(view, look) == look), "")


def choices(views: Views) -> list[tuple[str, str]]:
    """What a new view can be saved as: each number, with the name of the view that it would replace."""
    return [(number, f"{number}  {views[number].name if number in views else '(free)'}") for number in "123456789"]


def first_free(views: Views) -> str:
    return next((number for number in "123456789" if number not in views), "1")
