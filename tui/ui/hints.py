"""The last line: key hints from the live key map, the ones that fit."""

from collections.abc import Mapping

from tui.ui.keys import COMMANDS, keys_of, shown
from tui.ui.lines import Part


def hint_groups(keymap: Mapping[str, str]) -> list[list[Part]]:
    """One group a hint: the first key of each command that has a short title; help and quit come early enough."""
    wanted = [command for command in COMMANDS if command.title]
    wanted.sort(key=lambda command: command.id not in ("help", "leave"))
    hints = []
    for command in wanted:
        keys = keys_of(command, keymap)
        if keys:
            hints.append([(shown(keys[0]), "key"), (f" {command.title}", "dim")])
    return hints
