"""The dialog to add jobs: one field for any number of IDs or addresses, with a preview of what would be added."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from tui.core.job import LABEL_LONGEST, Job, JobId, split_tags, unfit
from tui.core.paste import Preview, parse_paste, preview
from tui.core.text import clean
from tui.ui.dialogs import FLAT_BELOW, Dialog, LineInput, Save
from tui.ui.short_names import cut_middle

LINES_SHOWN = 200
"""Lines of the preview; the rest is only counted."""
CELLS_SHOWN = 52
"""Cells of what was pasted; longer ones lose their middle, since both ends of an address matter."""
WHAT_TO_TYPE = "job IDs or addresses of build tasks, as many as you like"
TAGS_LONGEST = 1000
"""Characters of the field for tags."""


class PasteInput(LineInput):
    """An input that posts a paste of several lines as a message; a plain one would keep the first line only."""

    @dataclass
    class Pasted(Message):
        text: str

    def _on_paste(self, event: events.Paste) -> None:
        text = _lines_ended(event.text)
        if "\n" in text.strip() or len(text) > 500:
            event.prevent_default()
            event.stop()
            self.post_message(self.Pasted(text))


def _lines_ended(pasted: str) -> str:
    """The text with `\n` line ends: terminals paste carriage returns."""
    return pasted.replace("\r\n", "\n").replace("\r", "\n")


class AddDialog(Dialog[tuple[Job, ...]]):
    """Asks for jobs: any text with their IDs or addresses. The answer is the jobs that were added, at least one."""

    KEYS = ("enter: add", "tab: label and tags", "pgdn: scroll", "esc: close")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "scroll(-5)", show=False),
        Binding("pagedown", "scroll(5)", show=False),
        Binding("ctrl+u", "clear", show=False, priority=True),
    ]

    def __init__(
        self,
        watched: Container[JobId],
        now: datetime,
        pasted: str,
        profiles: Mapping[str, str],
        save: Save[tuple[Job, ...]],
        find_key: str,
    ) -> None:
        """`profiles` maps names to regions, the default one first. With several there is a field to choose one.
        `find_key` finds jobs by their names."""
        super().__init__("Add jobs")
        self._find_key = find_key
        self.add_class("takes-pastes")
        self._profiles = dict(profiles)
        self._watched = watched
        self._save = save
        self._now = now
        self._pasted = _lines_ended(pasted)
        self._preview = Preview((), (), (), (), ())
        self._suggested = self._suggested_label = ""

    def body(self) -> ComposeResult:
        yield PasteInput(placeholder=WHAT_TO_TYPE, id="ids")
        with VerticalScroll(id="preview", can_focus=False):
            yield Static(id="findings")
        yield LineInput(placeholder="label (optional, for one job)", id="label", max_length=LABEL_LONGEST)
        yield LineInput(placeholder="tags (optional, separated by spaces)", id="tags", max_length=TAGS_LONGEST)
        if len(self._profiles) > 1:
            names = [name for name in self._profiles if name]
            yield LineInput(
                placeholder=f"profile: {', '.join(names)}",
                id="profile",
                suggester=SuggestFromList(names),
                max_length=60,
            )

        yield Static(classes="verdict")

    def on_mount(self) -> None:
        self._look()

    def on_resize(self) -> None:
        """Shrink the preview so that all else fits."""
        lines = 2 if self.app.size.height >= FLAT_BELOW else 1
        for pane in self.query("#preview"):  # a resize may come before it is mounted
            pane.styles.max_height = max(2, self.room - lines * len(self.query(Input)) - 1)

    @property
    def left_out(self) -> str:
        """Says how much of what was pasted is no job to add; empty if all is."""
        kinds = ((self._preview.ambiguous, "ambiguous"), (self._preview.refused, "refused"))
        numbers = " and ".join(f"{len(found)} {what}" for found, what in kinds if found)
        return f"; {numbers} left out" if numbers else ""

    def take_rest(self, text: str) -> None:
        """Take the rest of the paste that opened the dialog: it may begin in the middle of a line."""
        self._pasted += _lines_ended(text)
        if self.query("#ids"):
            self._look()

    @on(PasteInput.Pasted)
    def take_paste(self, event: PasteInput.Pasted) -> None:
        self._pasted = f"{self._pasted}\n{event.text}".strip("\n")
        self._look()

    def action_clear(self) -> None:
        self._pasted = ""
        self.query_one("#ids", Input).value = ""
        self._look()

    def action_scroll(self, lines: int) -> None:
        self.query_one("#preview").scroll_relative(y=lines, animate=False)

    @on(Input.Changed, "#ids")
    def _look(self) -> None:
        self.forget_verdict()
        typed = self.query_one("#ids", LineInput)
        text = f"{self._pasted}\n{typed.value}" if self._pasted and typed.value else self._pasted or typed.value
        paste = parse_paste(text)
        self._preview = preview(paste, self._watched)
        lines = self._pasted.count("\n") + 1
        typed.show_hint(
            f"{lines} {'line' if lines == 1 else 'lines'} pasted; ctrl+u: clear" if self._pasted else WHAT_TO_TYPE
        )
        self._suggest_label()
        self._suggest_profile()
        shown, is_cut = self.query_one("#findings", Static), paste.truncated
        shown.update(findings(self._preview, bool(text.strip()), is_cut, self._find_key))

    def _suggest_label(self) -> None:
        """Fill in the label found beside a single ID. Labels of several jobs are only in the preview."""
        new, field = self._preview.new, self.query_one("#label", Input)
        field.disabled = len(new) > 1
        if field.value == self._suggested_label:
            field.value = self._suggested_label = new[0].label if len(new) == 1 else ""

    def _suggest_profile(self) -> None:
        """Fill in the profile of the region in a pasted address; the user can change it."""
        if len(self._profiles) < 2:
            return
        regions = {found.region for found in self._preview.new if found.region}
        fitting = [name for name, region in self._profiles.items() if region in regions]
        field = self.query_one("#profile", Input)
        if fitting and field.value in ("", self._suggested):
            field.value = self._suggested = fitting[0]

    @on(Input.Submitted)
    def add(self) -> None:
        new = self._preview.new
        profile = self.query_one("#profile", Input).value.strip() if len(self._profiles) > 1 else ""
        if not new:
            self.refuse("There is nothing to add: no new job ID is in it.")
            return
        if profile and profile not in self._profiles:
            self.refuse(f"There is no profile {profile!r}; there are {', '.join(filter(None, self._profiles))}.")
            self.query_one("#profile").focus()
            return
        typed = self.query_one("#label", Input).value.strip()
        tags = split_tags(self.query_one("#tags", Input).value)
        named = "" if profile == next(iter(self._profiles)) else profile
        if problem := unfit(typed, tags):
            self.refuse(problem)
            return
        jobs = tuple(
            Job(found.job, typed if len(new) == 1 else found.label, tags, named, found.address, self._now)
            for found in new
            if found.job is not None
        )
        self.save(jobs, self._save)


def findings(found: Preview, anything: bool, truncated: bool, find_key: str) -> Text:
    """The preview: the number of each kind, then each finding with its reason."""
    if not anything:
        return Text("The ID is at the end of the address of the build task's page.", "dim")
    text = Text()
    text.append(f"{len(found.new)} new", "bold")
    for number, what in (
        (len(found.known), "already watched"),
        (len(found.repeated), "repeated"),
        (len(found.ambiguous), "ambiguous"),
        (len(found.refused), "refused"),
    ):
        if number:
            text.append(f", {number} {what}")
    if truncated:
        text.append("; the rest of so long a text is left out")
    lines = list(_lines(found))
    if not lines:
        text.append("\nThere is no job ID in this: 32 letters and digits, at the end of the address of a job's page.")
        text.append(f" Press esc, then {find_key}, to find jobs by name.")
    for line in lines[:LINES_SHOWN]:
        text.append("\n")
        text.append_text(line)
    if len(lines) > LINES_SHOWN:
        text.append(f"\nand {len(lines) - LINES_SHOWN} more")
    return text


def _lines(found: Preview) -> Iterator[Text]:
    """A line for each finding: refused and ambiguous ones first, then new ones, then the rest."""
    for word, group in (
        ("refused", found.refused),
        ("ambiguous", found.ambiguous),
        ("new", found.new),
        ("watched", found.known),
        ("repeated", found.repeated),
    ):
        for one in group:
            line = Text(f"{word:<10}")
            line.append(str(one.job) if one.job else cut_middle(one.text, CELLS_SHOWN), "bold" if word == "new" else "")
            if one.label:
                line.append(f"  {clean(one.label)}")
            if why := one.reason or one.warning:
                line.append(f"\n{'':10}{why}", "italic")
            yield line
