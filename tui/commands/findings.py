"""What `check` says of the shared budget, and what the screen would complain about when it opens."""

import os
import time
from collections.abc import Iterator
from contextlib import closing
from os.path import lexists
from typing import NamedTuple

from tui.commands.check import Step, advice, unknown, works
from tui.context import Context
from tui.core.budget import Identity, Limit, Spending
from tui.core.errors import UserError
from tui.core.text import clean
from tui.profiles.profile import Profile
from tui.storage.files import is_remote, mounts
from tui.storage.learned import remembered_limits
from tui.storage.shared_budget import BudgetFolder, BudgetUnusable, budget_folder, why

NAME = "budget"


def budget_step(context: Context, profile: Profile) -> Step:
    """Reads files: call it in a thread."""
    identity = profile.identity()
    if not identity:
        return unknown(NAME, "not looked at, since there is no credential")
    now = time.time()
    try:
        others, where = _others(context, identity, now)
    except (OSError, BudgetUnusable) as error:
        limit = _limit(context, identity, (), now)
        return advice(NAME, f"not shared with other instances: {why(error)}; {_limit_in_words(limit, now)}")
    count = sum(other.is_there for other in others)
    shared = {0: "no other instance uses it now", 1: "one instance uses it now"}.get(
        count, f"{count} instances share it"
    )
    return works(NAME, f"{shared}{where}; {_limit_in_words(_limit(context, identity, others, now), now)}")


def _others(context: Context, identity: Identity, now: float) -> tuple[tuple[Spending, ...], str]:
    """The other instances, and what is unusual about the folder in which they meet."""
    state, table = context.locations.state and context.locations.state.parent, mounts()
    folder = budget_folder(state, context.environ, table, os.geteuid())
    with closing(BudgetFolder(folder, identity.shared)) as opened:
        others = opened.others(now)
    is_for_this_host = is_remote(folder, table)
    return others, " (those of other hosts do not take part: the state folder is on a file server)" * is_for_this_host


def _limit(context: Context, identity: Identity, others: tuple[Spending, ...], now: float) -> Limit | None:
    """The newest one that is known."""
    limits = remembered_limits(context.locations.state)
    remembered = limits.limit(identity.remembered, now) if limits else None
    known = [limit for limit in (remembered, *(other.limit for other in others)) if limit and limit.holds(now)]
    return max(known, key=lambda limit: limit.learned, default=None)


def _limit_in_words(limit: Limit | None, now: float) -> str:
    if not limit:
        return "no limit of the service is known"
    minutes = max(0, round((now - limit.learned) / 60))
    ago = f"{minutes} min ago" if minutes < 120 else f"{minutes // 60} h ago"
    how = "as the service said" if limit.is_named else "as its refusals show,"
    return f"at most {limit.calls:g} requests in {limit.seconds:g} s, {how} {ago}"


class Finding(NamedTuple):
    """What is wrong with something that the screen reads; `is_refused` where the screen does not open with it."""

    name: str
    text: str
    is_refused: bool


def screen_findings(context: "Context") -> Iterator[Finding]:
    """About all that the screen reads besides the settings' own values: keys, themes and the watchlist."""
    from tui.ui.actions.look import check_views
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
