"""Notices when the user edits the settings or a theme while the screen is open."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from tui.core.errors import UserError
from tui.core.text import as_sentence
from tui.storage.files import Signature, may_be_there, signature
from tui.storage.settings import LIVE, Settings, SettingsUnread, load_settings
from tui.threads import DiskThread
from tui.ui.actions.look import check_views
from tui.ui.keys import check_keys
from tui.ui.screen_deps import ScreenDeps


def screen_checks(settings: Settings) -> Iterator[tuple[str, Callable[[], None]]]:
    """What the screen reads of the settings, and what raises UserError if it cannot be used with that."""
    if settings.keys:  # those of the program differ from each other: that takes 1 ms, and a test checks it
        yield "keys", partial(check_keys, settings.keys)
    yield "views", partial(check_views, settings.views)
    if settings.commands:
        from tui.ui.own_commands import check_commands

        yield "commands", partial(check_commands, settings.commands, settings.keys)


def check_screen_settings(settings: Settings) -> None:
    """Raises UserError if the screen cannot be used with these."""
    for _, check in screen_checks(settings):
        check()


UNREAD: Signature = ()
"""No file has this signature: whatever is there counts as changed."""


class EditedFiles:
    """Tells which files the user has edited: compares their signatures with those of the last check. A missing path
    never changes."""

    warning = ""
    """Which of the edited settings are not in effect, and why; empty if all are."""

    def __init__(self, deps: ScreenDeps) -> None:
        self._started = deps.settings
        self._settings_file = deps.settings_file
        self._themes = deps.themes
        self._seen_settings = self._settings_now()
        self._seen_themes = self._themes_now()

    def settings_edited(self) -> bool:
        """Whether the settings file has changed since the last call, or could not be read then. One that may not be
        looked at now has not."""
        before, now = self._seen_settings, self._settings_now()
        if now is None and self._settings_file and may_be_there(self._settings_file):
            return before == UNREAD
        self._seen_settings = now
        return now != before

    async def read_settings(self, disk: DiskThread) -> Settings | None:
        """The edited settings; None if they cannot be used. Sets `warning`."""
        if not self._settings_file:
            return None
        try:
            settings = await disk.run(load_settings, self._settings_file)
            check_screen_settings(settings)
        except UserError as problem:
            if isinstance(problem, SettingsUnread):
                self._seen_settings = UNREAD  # read again at the next look, though nothing changes
            self.warning = f"{as_sentence(str(problem))} The settings stay as they were."
            return None
        waiting = waiting_for_restart(self._started, settings)
        self.warning = f"Edited, but in effect only after a restart: {', '.join(waiting)}." if waiting else ""
        return settings

    def themes_edited(self) -> bool:
        """Whether a theme file was edited, added or removed since the last call."""
        before, self._seen_themes = self._seen_themes, self._themes_now()
        return self._seen_themes != before

    def _settings_now(self) -> Signature:
        return signature(self._settings_file) if self._settings_file else None

    def _themes_now(self) -> dict[str, Signature]:
        try:
            return {file.name: signature(file) for file in self._themes.glob("*.toml")} if self._themes else {}
        except OSError:
            return {}


def waiting_for_restart(started: Settings, now: Settings) -> tuple[str, ...]:
    """Paths of the changed settings that need a restart, such as `polling.idle`."""
    before, after = dict(_values(started)), dict(_values(now))
    changed = [path for path in {**before, **after} if before.get(path) != after.get(path)]
    return tuple(path for path in changed if not path.startswith(LIVE))


def _values(settings: Settings) -> Iterator[tuple[str, object]]:
    for section, content in settings._asdict().items():
        if section == "given":
            continue
        values: Mapping[str, object] = content if isinstance(content, Mapping) else {}
        if hasattr(content, "_asdict"):
            values = content._asdict()
        elif not isinstance(content, Mapping):
            yield section, content
        yield from ((f"{section}.{name}", value) for name, value in values.items())
