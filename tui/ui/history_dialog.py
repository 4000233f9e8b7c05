"""All runs of one job, newest first; the older ones are read from the history file a page at a time."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from textual import on, work

from tui.core.errors import UserError, own_shortage
from tui.core.job_runs import in_order
from tui.core.observed_run import ObservedRun
from tui.core.run import RunRecord
from tui.terminal.capabilities import Glyphs
from tui.threads import NoThread, in_own_thread
from tui.ui.list_dialog import CursorList, LineList, ListDialog, ListLine
from tui.ui.row import look_of
from tui.ui.run_lines import TOLD, condition_of_run, record_of, run_line, time_cells
from tui.ui.typed_keys import COMMAND

PageReader = Callable[[float], Sequence[ObservedRun]]
"""Returns runs that began before this moment (epoch seconds), oldest first; none if there are no more. Raises
UserError. May take long."""
NEAR = 20
"""So many lines before the end of the list older runs are read."""
KEYS = ("enter: log", "esc: close")
EMPTY = "No run of this job was seen yet."


class HistoryDialog(ListDialog):
    """Lists the runs of a job. A run that is chosen shows its log, over this dialog."""

    def __init__(
        self,
        title: str,
        runs: Sequence[ObservedRun],
        undated: Sequence[ObservedRun],
        read_page: PageReader | None,
        records: Mapping[int, RunRecord],
        show_log: Callable[[ObservedRun], Awaitable[None]],
        now: Callable[[], datetime],
        glyphs: Glyphs,
    ) -> None:
        """`runs` are the known ones, oldest first; `undated` those of which the service does not say when they were.
        `records` are the service's, by number."""
        super().__init__(title, self._shown, EMPTY, KEYS, glyphs.ellipsis, now)
        self._show_log = show_log
        self._dated, self._undated = list(runs), undated
        self._runs: list[ObservedRun] = []
        self._read_page = read_page
        self._records = records
        self._glyphs = glyphs
        self._is_reading = False
        self._before = runs[0].start.by if runs else now().timestamp()
        """All runs of the file that began since then are known."""
        self._note = ""
        """Why older runs could not be read."""

    def on_mount(self) -> None:
        self._read_on()

    @on(CursorList.Moved)
    def read_ahead(self) -> None:
        if self.list.cursor >= len(self.list.rows) - NEAR:
            self._read_on()

    def _read_on(self) -> None:
        if self._read_page and not self._is_reading:
            self._is_reading = True
            self.read_older(self._read_page)

    @work
    async def read_older(self, read_page: PageReader) -> None:
        try:
            page = await in_own_thread("past runs", read_page, self._before)
        except UserError as error:
            page, self._note = (), str(error)
        except (NoThread, MemoryError) as error:
            page, self._note = (), f"The history cannot be read: {own_shortage(error)}."
        self._is_reading = False
        if page:
            self._before = page[0].start.by
        else:
            self._read_page = None
        known = {run.start.by for run in self._dated}  # a clock set back has put later runs before earlier ones
        self._dated[:0] = [run for run in page if run.start.by not in known]
        self.show()

    @on(LineList.Chosen)
    @work(group=COMMAND)
    async def open_log(self) -> None:
        """Show the log of the run under the cursor."""
        if self.list.cursor < len(self._runs):
            await self._show_log(self._runs[-1 - self.list.cursor])

    def show(self) -> None:
        self._runs = in_order(self._dated, self._undated)
        self.KEYS = (KEYS[0], f"{TOLD}: not seen here", *KEYS[1:]) if any(run.is_told for run in self._runs) else KEYS
        super().show()

    def _shown(self, today: datetime) -> Sequence[ListLine]:
        cells = time_cells(self._runs, today, self._glyphs, self._records)
        lines = [self._line(run, today, cells) for run in reversed(self._runs)]
        end = "reading older runs" if self._read_page else self._note
        if end and (lines or self._note):
            lines.append(ListLine("", ((end, "dim"),)))
        return lines

    def _line(self, run: ObservedRun, today: datetime, cells: tuple[int, int]) -> ListLine:
        text = run_line(run, today, self._glyphs, record_of(run, self._records), cells)
        return ListLine("", ((text, look_of(condition_of_run(run))),))
