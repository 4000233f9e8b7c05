"""Open and close the details, and their place: right of the table, below it, or instead of it."""

from typing import TYPE_CHECKING, NamedTuple

from tui.storage.screen_state import ScreenState
from tui.ui.actions import Actions
from tui.ui.base_screen import BROAD

if TYPE_CHECKING:
    from tui.ui.details import DetailsPane

AROUND_ROWS = 3
"""Lines of the screen besides table and details: header, heads of the columns, hints."""
ROWS_LEFT = 6
"""Rows of the table that stay above the details."""
COLUMNS_LEFT = 46
"""Cells of the table that stay beside the details."""
LEAST_WIDTH, LEAST_HEIGHT = 36, 6
STEP_WIDTH, STEP_HEIGHT = 4, 2
"""Cells by which a key changes the size."""


class DetailsPlace(NamedTuple):
    """The size of the details in cells; None for all the room there is."""

    width: int | None
    height: int | None

    @property
    def alone(self) -> bool:
        """Whether they replace the table, because the screen has no room for both."""
        return self.width is None and self.height is None

    @property
    def below(self) -> bool:
        return self.height is not None


def place_of(look: ScreenState, columns: int, rows: int) -> DetailsPlace:
    """Where the details are on a screen of this size."""
    if look.details_below and rows >= AROUND_ROWS + ROWS_LEFT + LEAST_HEIGHT:
        wanted = look.details_height or (rows - AROUND_ROWS) * 2 // 5
        return DetailsPlace(None, max(LEAST_HEIGHT, min(wanted, rows - AROUND_ROWS - ROWS_LEFT)))
    if columns >= BROAD:
        wanted = look.details_width or max(52, min(84, columns * 2 // 5))
        return DetailsPlace(max(LEAST_WIDTH, min(wanted, columns - COLUMNS_LEFT)), None)
    return DetailsPlace(None, None)


def resized(look: ScreenState, place: DetailsPlace, steps: int) -> ScreenState:
    """The look with larger details, or with smaller ones where `steps` is negative."""
    if place.height is not None:
        return look._replace(details_height=max(LEAST_HEIGHT, place.height + steps * STEP_HEIGHT))
    if place.width is not None:
        return look._replace(details_width=max(LEAST_WIDTH, place.width + steps * STEP_WIDTH))
    return look


class DetailsActions(Actions):
    """Owns the details pane. The pane is created on first use, not before the first frame."""

    _pane: "DetailsPane | None" = None

    @property
    def is_open(self) -> bool:
        return self.screen.has_class("-details")

    def toggle_or_fold(self) -> None:
        """Show or hide the details; on the line of a group, fold or unfold that."""
        self.table.bring_cursor()
        if self.table.group and not self.alone:
            self.screen.look.fold(self.state.groups.folded_after(self.table.group))
        else:
            self.toggle()

    def toggle(self) -> None:
        self.screen.drop_notice()  # it may be about the details
        self.screen.toggle_class("-details")
        self.arrange()
        if not self.place.alone:
            self.screen.look.save(self.state.look._replace(details=self.is_open))

    def close(self) -> bool:
        """Close the details. Returns whether they were open."""
        if not self.is_open:
            return False
        self.toggle()
        return True

    def arrange(self) -> None:
        """Give table and details the places that look and size of the screen ask for."""
        if self.is_open:  # first the pane: it brings the styles of the classes, which are not looked at again
            self.pane().set_size(*self.place)
        self.screen.set_class(self.is_open and self.place.below, "-below")
        self.screen.show_rows()
        if not self.screen.filter.is_typing:
            self.screen.focus_table()
        self.screen.show_keys()
        self.show()

    @property
    def alone(self) -> bool:
        """Whether the details replace the table because the screen is too narrow for both."""
        return self.is_open and self.place.alone

    @property
    def pane_alone(self) -> "DetailsPane | None":
        """The pane if it replaces the table."""
        return self.pane() if self.alone else None

    @property
    def pane_in_use(self) -> "DetailsPane | None":
        """The pane if it has the focus, and more than is in view."""
        pane = self._pane
        return pane if pane and self.screen.focused is pane and pane.max_scroll_y else None

    @property
    def place(self) -> DetailsPlace:
        return place_of(self.state.look, *self.screen.app.size)

    def below(self) -> None:
        """Move the details below the table, or back; open them there if they are closed."""
        is_open = self.is_open
        look = self.state.look
        self.state.look = look._replace(details_below=not look.details_below if is_open else True, details=True)
        self.screen.set_class(True, "-details")
        self.arrange()
        self.screen.look.save(self.state.look)
        if self.state.look.details_below and not self.place.below:
            self.say("There is no room below the table: the screen has too few lines.")

    def resize(self, steps: int) -> None:
        """Make the details larger by `steps` steps, or smaller where it is negative."""
        if not self.is_open:
            self.say(f"No details are open. Press {self.screen.key('details')} to open them.")
        elif self.alone:
            self.say(f"Only the details are shown. Press {self.screen.key('details_below')} to show the table, too.")
        else:
            self.screen.look.save(resized(self.state.look, self.place, steps))
            self.arrange()

    def show(self) -> None:
        """Show the job under the cursor in the details pane, or the group, if the pane is open."""
        if not self.is_open:
            return
        from tui.ui.details import WHOLE, fields, group_fields

        glyphs = self.deps.glyphs
        if self.table.cursor:
            subject = self.screen.subject(self.table.cursor)
            self.pane().show(fields(subject, glyphs))
            self.live.facts.look_again(subject.row.state)
        elif self.table.group:
            self.pane().show(group_fields(self.state.groups, self.table.group, self.state.row, glyphs))
        else:  # the text in place of rows is not seen where the details are in place of the table
            why = self.state.empty_text(self.screen.key) if self.alone else ""
            self.pane().show([(WHOLE, why, "")] if why else ())

    def focus_moved(self) -> None:
        """The user has moved the focus. If the keys that move scroll the details now, say so."""
        self.screen.drop_notice()
        if self._pane and self.screen.focused is self._pane:  # which may be so new that its length is not known yet
            self._pane.call_after_refresh(self._explain_focus, self._pane)

    def _explain_focus(self, pane: "DetailsPane") -> None:
        if self.screen.focused is not pane:
            return
        if pane.max_scroll_y and not self.alone:
            self.say("The arrows scroll the details now. Press tab to return to the jobs.")
            return
        self.screen.focus_table()
        scrolls = f"Press {self.screen.key('page_down')} to scroll the details."
        self.say(scrolls if pane.max_scroll_y else "All of the details is in view.")

    def pane(self) -> "DetailsPane":
        if self._pane is None:
            from tui.ui.details import DetailsPane

            self._pane = DetailsPane()
            self.screen.query_one("#body").mount(self._pane)
        return self._pane
