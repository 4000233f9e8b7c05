"""What `check` says of the budget: who shares it, and which limit is known."""

import os
import time
from contextlib import closing

from tui.commands.check import Step, advice, unknown, works
from tui.context import Context
from tui.core.budget import Identity, Limit, Spending
from tui.profiles.profile import Profile
from tui.storage.budget_folder import BudgetFolder, BudgetUnusable, budget_folder
from tui.storage.files import is_remote, mounts
from tui.storage.remembered_limits import RememberedLimits
from tui.storage.shared_budget import why

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
    state = context.locations.state
    remembered = RememberedLimits(state.with_name("limits.json")).limit(identity.remembered, now) if state else None
    known = [limit for limit in (remembered, *(other.limit for other in others)) if limit and now < limit.ends]
    return max(known, key=lambda limit: limit.learned, default=None)


def _limit_in_words(limit: Limit | None, now: float) -> str:
    if not limit:
        return "no limit of the service is known"
    minutes = max(0, round((now - limit.learned) / 60))
    ago = f"{minutes} min ago" if minutes < 120 else f"{minutes // 60} h ago"
    how = "as the service said" if limit.is_named else "as its refusals show,"
    return f"at most {limit.calls:g} requests in {limit.seconds:g} s, {how} {ago}"
