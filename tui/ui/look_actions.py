"""The keys that change what is seen: details, errors, problems, sorting, the filter."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual import on, work

from tui.core.condition import PROBLEMS, Condition
from tui.core.filter import parse_filter
from tui.core.job import JobId
from tui.storage.screen_state import ScreenState
from tui.ui.board_view import BoardView
from tui.ui.columns import SORTS
from tui.ui.job_table import JobTable
from tui.ui.sizes import BROAD

if TYPE_CHECKING:
    from textual.widgets import Input


class LookActions(BoardView):
    """What is seen, and of what."""

    _before_filter: JobId | None = None
    """Where the cursor was when the filter was opened: it comes back whenever that job is shown."""

    def action_details(self) -> None:
        self.toggle_class("-details")
        self._place_details()
        if self.app.size.width >= BROAD:
            self.keep_state(self.screen_state._replace(details=self.has_class("-details")))

    def close_details(self) -> bool:
        if not self.has_class("-details"):
            return False
        self.action_details()
        return True

    def _place_details(self) -> None:
        alone = self.details_alone
        self.query_one("#list").display = not alone
        if not self.typing:
            self.set_focus(None if alone else self.table)
        self.show_details()

    @property
    def details_alone(self) -> bool:
        """Whether the details stand in place of the table: the screen is too narrow for both."""
        return self.has_class("-details") and self.app.size.width < BROAD

    def on_resize(self) -> None:
        self.call_after_refresh(self._place_details)

    @work
    async def action_error(self) -> None:
        job = self.table.cursor
        if not job or not self.table.order:
            return
        if not self.board.states[job].failure:
            self._go_to(self._after_cursor(1), Condition.FAILING)
            return
        from tui.ui.details import Fields, error_fields, report
        from tui.ui.dialogs import ReadDialog

        subject = self.subject(job)
        answer = await self.ask(
            "error",
            ReadDialog("Why there is no answer", [Fields(list(error_fields(subject)))], [("y", "copies the report")]),
        )
        if answer == "y":
            await self.copy_text(report(subject), "the report")

    def action_next_problem(self) -> None:
        self._go_to(self._after_cursor(1))

    def action_previous_problem(self) -> None:
        self._go_to(self._after_cursor(-1))

    def _after_cursor(self, step: int) -> Iterable[JobId]:
        """The shown jobs from the cursor on, once around, without the cursor's own."""
        order = self.table.order
        start = order.index(self.table.cursor) if self.table.cursor in order else 0
        return (order[(start + step * by) % len(order)] for by in range(1, len(order)))

    def _go_to(self, jobs: Iterable[JobId], only: Condition | None = None) -> None:
        for job in jobs:
            row = self.row_of(job)
            if row.condition is only or (not only and (row.condition in PROBLEMS or row.changed_lately)):
                self.table.move_to(job)
                return
        self.say("No other job is failing." if only else "No other job fails, is stale or has just changed.")

    def action_only_problems(self) -> None:
        self._look(self.screen_state._replace(problems_only=not self.screen_state.problems_only))

    def _look(self, state: ScreenState) -> None:
        self.keep_state(state)
        self.apply_look()

    @work
    async def action_profile(self) -> None:
        from tui.ui.dialogs import ChoiceDialog

        names = self.service.names
        if len(names) < 2:
            self.say("There is one profile only; more are made in settings.toml.")
            return
        choices = [("", "all profiles"), *((name, name) for name in names if name)]
        chosen = await self.ask("profile", ChoiceDialog("Show", choices, self.screen_state.profile))
        if chosen is not None:
            self._look(self.screen_state._replace(profile=chosen))

    @work
    async def action_sort(self) -> None:
        from tui.ui.dialogs import ChoiceDialog

        titles = {"list": "the watchlist's order"} | {column.key: column.title for column in self.every_column}
        chosen = await self.ask(
            "sort", ChoiceDialog("Sort by", [(key, titles[key]) for key in SORTS], self.screen_state.sort or "list")
        )
        if chosen:
            self.sort_by(chosen)

    @on(JobTable.HeadClicked)
    def sort_by_head(self, event: JobTable.HeadClicked) -> None:
        if event.column == self.screen_state.sort:
            self.action_reverse()
        else:
            self.sort_by(event.column)

    def sort_by(self, key: str) -> None:
        self._look(self.screen_state._replace(sort="" if key == "list" else key, reverse=False))

    def action_reverse(self) -> None:
        self._look(self.screen_state._replace(reverse=not self.screen_state.reverse))

    def action_wide(self) -> None:
        self._look(self.screen_state._replace(wide=not self.screen_state.wide))

    def action_filter(self) -> None:
        self._before_filter = self.table.cursor
        line = self.filter_input()
        line.display = True
        self.set_focus(line)

    def on_input_changed(self, event: "Input.Changed") -> None:
        """Filter as it is typed."""
        if event.value != self.screen_state.filter:
            self.screen_state = self.screen_state._replace(filter=event.value)
            self.apply_look()
            self.table.move_to(self._before_filter)

    def on_input_submitted(self, event: "Input.Submitted") -> None:
        """Keep the filter."""
        problem = parse_filter(event.value).problem
        if problem:
            self.say(problem, "warning")
        self.keep_state(self.screen_state)
        self.set_focus(None if self.details_alone else self.table)
        self.apply_look()

    def drop_filter(self) -> None:
        where = self._before_filter if self.typing else None
        self.filter_input().value = ""
        self.set_focus(None if self.details_alone else self.table)
        self._look(self.screen_state._replace(filter=""))
        self.table.move_to(where)
