"""The commands of the palette, found by name, key, and the words of other programs."""

from collections.abc import Awaitable, Callable
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.ui.app import WatchApp
from tui.ui.keys import COMMANDS, KeyCommand, keys_of, shown

SYNONYMS = {
    "add": "new insert paste watch",
    "remove": "delete rm unwatch",
    "label": "rename name",
    "details": "open show info view",
    "error": "why failure",
    "find": "project search list browse",
    "log": "tail output console follow",
    "filter": "search find grep",
    "sort": "order by",
    "columns": "fields hide show",
    "refresh": "reload update poll",
    "refresh_all": "reload update poll",
    "pause": "stop mute hold",
    "pause_all": "stop mute hold",
    "copy_id": "yank clipboard",
    "copy_report": "yank clipboard ticket",
    "copy_request": "curl clipboard",
    "open_address": "url link browser page",
    "sign_in": "login log in token password",
    "theme": "colours colors dark light",
    "help": "keys shortcuts bindings man",
    "repaint": "redraw",
    "leave": "quit q exit close x wq",
    "undo": "revert",
    "suspend": "background bg",
}
"""By the name of the command."""


class Commands(Provider):
    """Offers all commands except those that only move the cursor."""

    @property
    def _offered(self) -> list[KeyCommand]:
        on_board = isinstance(self.app, WatchApp) and self.screen is self.app.board_screen
        return [one for one in COMMANDS if not one.moves and one.id != "palette"] if on_board else []

    async def discover(self) -> Hits:
        for command in sorted(self._offered):
            yield DiscoveryHit(self._title(command), self._run(command), help=command.help)

    async def search(self, query: str) -> Hits:
        """A command that has the query as a whole word comes before those that only resemble it."""
        wanted = query.strip().removeprefix(":").strip()
        matcher = self.matcher(wanted)
        for command in self._offered:
            words = [*command.id.split("_"), *SYNONYMS.get(command.id, "").split()]
            is_named = wanted.casefold() in words or wanted == command.id.replace("_", " ")
            score = 2.0 if is_named else max(map(matcher.match, (command.id.replace("_", " "), *words)))
            if wanted and score > 0:
                yield Hit(score, matcher.highlight(self._title(command)), self._run(command), help=command.help)

    def _title(self, command: KeyCommand) -> str:
        keymap = self.app.deps.keys if isinstance(self.app, WatchApp) else {}
        name = command.id.replace("_", " ") if command.id != "leave" else "quit"
        return f"{name}  {' '.join(map(shown, keys_of(command, keymap)))}"

    def _run(self, command: KeyCommand) -> Callable[[], Awaitable[bool]]:
        return partial(self.app.run_action, command.action or f"screen.{command.id}")
