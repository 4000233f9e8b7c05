"""The hints in the last line and the help dialog, both with the user's own keys."""

from collections.abc import Mapping

from rich.table import Table
from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static

from tui.ui.keys import COMMANDS, key_table, keys_of, shown
from tui.ui.status_line import Part


def hint_groups(keymap: Mapping[str, str]) -> list[list[Part]]:
    """A hint for each command that has a short title. Help and quit come first: a narrow screen drops the last ones."""
    wanted = [command for command in COMMANDS if command.title]
    wanted.sort(key=lambda command: command.id not in ("help", "leave"))
    hints = []
    for command in wanted:
        keys = keys_of(command, keymap)
        if keys:
            hints.append([(shown(keys[0]), "key"), (f" {command.title}", "dim")])
    return hints


WORDS = (
    ("running", "the service said so at the last reading, and that is not long ago"),
    ("passed, failed", "not running, and what became of the last build; so are aborted and timed out"),
    ("idle", "not running; the last build may have passed or failed. A build shorter than the interval may be missed"),
    ("was running, was passed", "stale: the last good answer is older than three intervals; its age stands beside it"),
    ("no answer", "the last reading brought no status; e says why and what to do"),
    ("unread", "never read yet"),
    ("paused", "not asked, because you said so"),
    ("5m, 5m+", "for so long; with a plus it may have begun before the first reading"),
    ("age", "shown once an answer is older than one and a half intervals"),
)


def help_content(keymap: Mapping[str, str]) -> list[Widget]:
    """The tables of the help dialog, with the user's own keys."""
    content: list[Widget] = []
    for group, rows in key_table(keymap):
        content.append(Static(Text(group, "bold")))
        content.append(Static(_table([(keys, f"{text}  [{name}]") for keys, text, name in rows], 16)))
    content.append(Static(Text("Words", "bold")))
    content.append(Static(_table(list(WORDS), 22)))
    content.append(
        Static(
            Text('The names in brackets are for [keys] in settings.toml: refresh = "f5" changes the keys of an action.')
        )
    )
    return content


def _table(rows: list[tuple[str, str]], width: int) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=width)
    table.add_column(ratio=1)
    for left, right in rows:
        table.add_row(Text(f"  {left}"), Text(right))
    return table
