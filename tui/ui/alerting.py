"""The alerts of the screen: from what happens on the board to bell, desktop notification and the user's command."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from math import inf
from typing import TYPE_CHECKING

from tui.core.alert_policy import AlertActions, AlertOn, AlertPolicy, Desktop, Happening, sentence
from tui.core.board import Board, JobState, states_on_both
from tui.core.job import JobId
from tui.core.reading import Moment
from tui.storage.settings import AlertSettings

if TYPE_CHECKING:
    from tui.alerts import Alerts
    from tui.terminal.notifications import Outside

OUTAGE_AFTER = 30.0
"""Seconds for which a whole profile must have given no answer: shorter ones need no alert."""
MOST_WAITING = 4
"""Notifications that may wait for the terminal to be looked at; further ones are dropped."""


class Alerting:
    """Rings, notifies and runs the user's command when something happens. Belongs to one event loop. Nothing here waits
    for a program, a file or the terminal."""

    def __init__(
        self,
        settings: AlertSettings,
        now: Callable[[], Moment],
        write: Callable[[str], None],
        say: Callable[[str], None],
        disarm: Callable[[frozenset[JobId]], None],
        profile_of: Callable[[JobId], str],
        is_asked: Callable[[JobId], bool],
        environ: Mapping[str, str],
    ) -> None:
        """`write` sends a sequence to the terminal between two frames; `say` shows a warning; `disarm` is called with
        the jobs that were armed once and had their alert; `is_asked` returns whether the outcome of a job's run will be
        asked for."""
        self._settings = settings
        self._now, self._write, self._say, self._disarm = now, write, say, disarm
        self._profile_of, self._is_asked = profile_of, is_asked
        self._environ = environ
        self._policy = AlertPolicy()
        self._command: Alerts | None = None
        self._stops: dict[JobId, float] = {}
        """When the stop was seen of each job whose outcome is still to be learned."""
        self._outages: dict[str, float] = {}
        """Since when each profile has given no answer; infinite once there was an alert about it."""
        self._silent: set[JobId] = set()
        """The jobs whose silence had an alert, or needs none."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._alarm: asyncio.TimerHandle | None = None

    # What happens

    def seen(self, before: Board, after: Board, jobs: Iterable[JobId]) -> None:
        """Take what these jobs' readings changed."""
        from tui.core.transitions import happening, happenings_of, has_become_late  # the first frame needs none of it

        now, policy = self._now().at, self._policy
        for was, known in states_on_both(before, after, jobs):
            if was is not known:
                self._take_all(happenings_of(was, known, now, self._is_asked(known.job.id)))
                if AlertOn.LONGER_THAN_USUAL in self._settings.on and has_become_late(was, known):
                    self._happened(happening(known, AlertOn.LONGER_THAN_USUAL, now))
        if self._policy is not policy:
            self._tick()

    def learned(self, state: JobState) -> None:
        """Take what the service told of the job's last run."""
        from tui.core.transitions import end_of_run

        job = state.job.id
        if (seen_at := self._stops.get(job)) is None or state.last_run is None:
            return
        what = end_of_run(state, seen_at)
        if not what.is_outcome_pending:
            del self._stops[job]
        self._happened(what)
        self._tick()

    def tick(self, board: Board, troubled: Iterable[str]) -> None:
        """Call it each second. `troubled` are the profiles that give no answer at all."""
        now = self._now().at
        self._outages = {profile: self._outages.get(profile, now) for profile in troubled}
        lasting = {profile for profile, since in self._outages.items() if now - since >= OUTAGE_AFTER}
        if lasting:
            from tui.core.transitions import happening, is_silence_news

            self._outages |= dict.fromkeys(lasting, inf)
            theirs = [state for job, state in board.states.items() if self._profile_of(job) in lasting]
            self._take_all(happening(state, AlertOn.NO_ANSWER, now) for state in theirs if is_silence_news(state))
        self._silent = {job for job in self._silent if self._is_silent(board.states.get(job))}
        self._tick()

    def _is_silent(self, state: JobState | None) -> bool:
        return state is not None and (state.failure is not None or self._profile_of(state.job.id) in self._outages)

    # What the user does

    def use(self, settings: AlertSettings) -> "Alerts | None":
        """Follow these settings from now on. Returns the former command's runs, which may go on; None if unchanged."""
        before, self._settings = self._settings, settings
        if settings.command == before.command:
            return None
        former, self._command = self._command, None
        return former

    def armed(self, jobs: Iterable[JobId]) -> None:
        """Let the next alert about these jobs come however soon after the last one: the user has just armed them."""
        self._policy = self._policy.forget(jobs)

    @property
    def silent_until(self) -> Moment | None:
        """Until when the user has silenced all alerts; None if they are not silenced."""
        now = self._now()
        left = self._policy.silent_until - now.at
        return Moment(self._policy.silent_until, now.wall + timedelta(seconds=left)) if left > 0 else None

    @property
    def without_alerts_until(self) -> datetime | None:
        """Until when there are none, by the local clock: silenced, or in quiet hours. None if there are alerts."""
        now = self._now().wall.astimezone()
        ends = [silenced.wall.astimezone()] if (silenced := self.silent_until) else []
        if quiet_end := self._settings.rules.quiet_until(now.time()):
            today = datetime.combine(now.date(), quiet_end).astimezone()
            ends.append(today if today > now else today + timedelta(days=1))
        return max(ends, default=None)

    def silence(self) -> str:
        """Silence all alerts for an hour, or end the silence. Returns what was held back meanwhile."""
        held = tuple(self._policy.held.values())
        is_over = self.silent_until is not None
        self._policy = self._policy.silence(self._now().at)
        return sentence(held, "Held back") if is_over and held else ""

    async def close(self, seconds: float = 0.0) -> None:
        """End what is under way; the user's command has this many seconds to end by itself."""
        if self._alarm:
            self._alarm.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._command:
            await self._command.finish(seconds)

    # What comes of it

    def _take_all(self, happenings: Iterable[Happening]) -> None:
        for what in happenings:
            if what.kind is AlertOn.STOPPED and what.is_outcome_pending:
                self._stops[what.job] = what.at
            if what.kind is not AlertOn.NO_ANSWER:
                self._happened(what)
            elif what.job not in self._silent:
                self._silent.add(what.job)
                self._happened(what)

    def _happened(self, what: Happening) -> None:
        now = self._now()
        rules = self._settings.rules
        self._policy, actions = self._policy.happened(what, rules, now.at, now.wall.astimezone().time())
        self._do(actions)

    def _tick(self) -> None:
        now = self._now()
        self._policy, actions = self._policy.tick(self._settings.rules, now.at, now.wall.astimezone().time())
        self._do(actions)
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None
        if self._policy.notify_at is not None:
            self._alarm = asyncio.get_running_loop().call_later(self._policy.notify_at - now.at, self._tick)

    def _do(self, actions: AlertActions) -> None:
        if actions.bell:
            self._write("\a")
        if actions.disarm:
            self._disarm(actions.disarm)
        if actions.text and self._settings.desktop != Desktop.NONE and len(self._tasks) < MOST_WAITING:
            task = asyncio.get_running_loop().create_task(self._show(actions.text))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if actions.happenings and self._settings.command:
            self._run_command(actions.happenings)

    async def _show(self, text: str) -> None:
        """Look at what is between this program and the user's screen, and send what gets through."""
        from tui.terminal.notifications import desktop_route, look_outside

        seen: Outside = await look_outside(self._environ)
        if sent := desktop_route(self._settings.desktop, seen, text).sent:
            self._write(sent)

    def _run_command(self, happenings: tuple[Happening, ...]) -> None:
        from tui.alerts import Alerts

        self._command = self._command or Alerts(self._settings.command, self._say)
        self._command.tell_all(happenings, self._profile_of)
