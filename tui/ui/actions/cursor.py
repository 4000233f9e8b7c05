"""Move the cursor, go from problem to problem, and mark jobs."""

from collections.abc import Collection, Iterable, Sequence

from tui.core.condition import Condition
from tui.core.job import JobId
from tui.core.past_events import Digest
from tui.ui.actions import Actions
from tui.ui.groups import GroupLine, Line, job_of
from tui.ui.happened import way_through


class CursorActions(Actions):
    """Changes where the cursor is, and which jobs are marked. In the details the keys that move scroll them."""

    def move(self, lines: int) -> None:
        if pane := self.screen.details.pane_in_use:
            pane.scroll_relative(y=lines, animate=False)
        else:
            self.table.move_by(lines)

    def page(self, pages: float) -> None:
        if pane := self.screen.details.pane_in_use or self.screen.details.pane_alone:
            pane.scroll_relative(y=pages * pane.size.height, animate=False)
        else:
            self.table.move_by(round(pages * self.table.page))

    def first(self) -> None:
        if pane := self.screen.details.pane_in_use:
            pane.scroll_home(animate=False)
        else:
            self.table.move_by(-len(self.table.order))

    def last(self) -> None:
        if pane := self.screen.details.pane_in_use:
            pane.scroll_end(animate=False)
        else:
            self.table.move_by(len(self.table.order))

    def sideways(self, cells: int) -> None:
        """Fold or unfold the group under the cursor; on a job scroll sideways, or go to its group."""
        if self.table.group:
            self.screen.look.fold(self.state.groups.folded_after(self.table.group, fold=cells < 0))
            return
        line = self.table.cursor_line
        if isinstance(line, GroupLine) and cells < 0 and not self.table.wide:
            self.table.move_to(GroupLine(line.group))
            return
        self.table.scroll_relative(x=cells, animate=False, immediate=True)
        if not self.table.wide:
            key = self.screen.key("wide")
            text = f"There are no columns to scroll to. Press {key} for all in full width."
            self.screen.program.hint_once("sideways", text)

    def walk(self, step: int) -> None:
        """Go to the next job of the digest while that is shown, then or else to the next problem."""
        happened = self.screen.happened
        digest = happened.digest(self.state.shown.states.values()) if happened.may_close else None
        if digest is None:
            self.go_to_first(self.table.after_cursor(step))
            return
        cursor = None if self.table.is_parked else self.table.cursor
        following = happened.go_on(step, cursor, lambda: self._way(digest), self.state.order)
        if following:
            self.go_to(following)
        else:
            self.say("No other job of the digest is shown.")

    def _way(self, digest: Digest) -> Sequence[JobId]:
        rows = [(job, self.state.row(job)) for job in self.state.order]
        marked = [job for job, row in rows if row.is_new and row.condition is Condition.FAILED]
        return way_through(digest, marked, [job for job, row in rows if row.is_problem or row.is_new])

    def go_to_first(self, lines: Iterable[Line], only: Collection[Condition] = ()) -> None:
        """Go to the first of these lines whose condition is in `only`; if that is empty, to a problem or a change."""
        for line in lines:
            if (job := job_of(line)) is None:
                continue
            row = self.state.row(job)
            if row.condition in only or (not only and (row.is_problem or row.is_new)):
                self.go_to(line)
                return
        which = "has failed or gives no answer" if only else "is a problem or has just changed"
        self.say(f"No other job {'that is shown ' if self.state.is_narrowed else ''}{which}.")

    def go_to(self, line: Line | None) -> None:
        """Put the cursor on this line, or on this job; a folded group around it is unfolded."""
        if group := self.state.groups.hides(line):
            self.screen.look.fold(self.state.groups.folded_after(group, fold=False))
        self.table.move_to(line)

    def mark(self) -> None:
        self.table.toggle_mark()
        self.screen.show_around()

    def mark_range(self) -> None:
        self.table.toggle_range()
        self.screen.show_around()

    def mark_all(self) -> None:
        self.table.toggle_all_marks()
        self.screen.show_around()
