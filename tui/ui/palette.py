"""The commands of the palette, found by name, key, and the words of other programs."""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.ui.app import WatchApp
from tui.ui.key_help import SYNONYMS
from tui.ui.keys import COMMANDS, first_key, keys_in, keys_of, shown
from tui.ui.screen_deps import ScreenDeps

NAMED = 1000.0
"""The score of a command that has the typed word among its words: more than that of any resemblance."""


class Offer(NamedTuple):
    """A command in the palette."""

    title: str
    keys: str
    words: tuple[str, ...]
    """Words by which it is found, all small."""
    help: str
    action: str


class Commands(Provider):
    """Offers all commands except those that only move the cursor."""

    @property
    def _offered(self) -> list[Offer]:
        app = self.app
        if not isinstance(app, WatchApp) or self.screen is not app.board_screen:
            return []
        return offers(app.board_screen.deps)

    async def discover(self) -> Hits:
        for offer in sorted(self._offered):
            yield DiscoveryHit(_line(offer), self._run(offer), help=offer.help)

    async def search(self, query: str) -> Hits:
        """A command that has the query as a whole word comes before those that only resemble it."""
        wanted = query.strip().removeprefix(":").strip()
        matcher = self.matcher(wanted)
        for offer in self._offered:
            is_named = wanted.casefold() in (*offer.words, offer.title)
            score = NAMED if is_named else max(map(matcher.match, (offer.title, *offer.words)))
            if wanted and score > 0:
                yield Hit(score, matcher.highlight(_line(offer)), self._run(offer), help=offer.help)

    def _run(self, offer: Offer) -> Callable[[], Awaitable[bool]]:
        return partial(self.app.run_action, offer.action)


def offers(deps: ScreenDeps) -> list[Offer]:
    """All commands that do more than move, the user's views and the user's own commands."""
    made = [
        Offer(
            "quit" if one.id == "leave" else one.id.replace("_", " "),
            _keys(keys_of(one, deps.keys)),
            (*one.id.split("_"), *SYNONYMS.get(one.id, "").split()),
            one.help,
            one.bound_action,
        )
        for one in COMMANDS
        if not one.moves and one.id != "palette" and not (one.id[:5] == "view_" and one.id != "view_0")
    ]
    for number, view in deps.views.items():
        words = ("view", number, *view.name.casefold().split())
        key = first_key(f"view_{number}", deps.keys)
        made.append(Offer(f"view {number}: {view.name}", key, words, view.filter, f"screen.press('view_{number}')"))
    for name, command in deps.commands.items():
        words = tuple(name.casefold().split())
        made.append(Offer(name, _keys(keys_in(command.key)), words, command.help, f"screen.own({name!r})"))
    return made


def _keys(keys: Iterable[str]) -> str:
    return " ".join(map(shown, keys))


def _line(offer: Offer) -> str:
    return f"{offer.title}  {offer.keys}"
