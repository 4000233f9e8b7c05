"""Refresh and pause jobs, arm and silence alerts, sign in; close what is open, quit, run the user's own commands, and
explain keys that do nothing.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from math import inf
from typing import TYPE_CHECKING

from tui.core.alert_policy import Arm, next_arm
from tui.core.job import JobId
from tui.ui.actions import Actions
from tui.ui.formatting import seconds
from tui.ui.keys import RESERVED, canonical_key, keys_in, meanings, shown

if TYPE_CHECKING:
    from tui.ui.board_screen import BoardScreen
    from tui.ui.own_commands import CommandRunner


class ProgramActions(Actions):
    """Actions of the program itself."""

    _runner: "CommandRunner | None" = None

    def __init__(self, screen: "BoardScreen", suspended: Callable[[], AbstractAsyncContextManager[None]]) -> None:
        """`suspended` frees the terminal for another program."""
        super().__init__(screen)
        self._suspended = suspended
        self._hinted: set[str] = set()
        """The keys and other subjects that `hint_once` has explained already."""

    def take_other_key(self, name: str) -> None:
        """Handle a key that has no command here: run the user's own command, or say once that the key does nothing."""
        key = canonical_key(name)
        if self.screen.filter.is_typing or key in meanings(self.deps.settings.keys):
            return
        if own := {key: name for name, one in self.deps.settings.commands.items() for key in keys_in(one.key)}.get(key):
            self.own(own)
        elif key not in RESERVED:
            text = f"{shown(key)} does nothing here. Press {self.screen.key('help')} for the keys."
            self.hint_once(key, text)

    def own(self, name: str) -> None:
        """Run this command of the user's own on the job under the cursor."""
        from tui.ui.own_commands import CommandRunner

        command = self.deps.settings.commands.get(name)
        if command is None or self.screen.brings_cursor() or not (job := self.screen.the_job()):
            return
        self._runner = self._runner or CommandRunner(self.say, self._suspended)
        self.screen.run_worker(self._runner.run(name, command, self.state.board.states[job]), group="own")

    def hint_once(self, about: str, text: str) -> None:
        """Say this, unless it was said before: a key that does nothing here needs no second explanation."""
        if about not in self._hinted:
            self._hinted.add(about)
            self.say(text)

    def back(self) -> None:
        """Close the filter line, the digest or the details; if none is open, clear the filter, then the marks."""
        if self.screen.filter.is_typing:
            self.screen.filter.drop()
        elif self.screen.happened.may_close:
            self.screen.happened.close_digest()
            self.screen.show_around()
        elif self.state.look.filter and not self.screen.details.alone:
            self.screen.filter.drop()
        elif not self.screen.details.close():
            self.table.drop_marks()
            self.screen.show_around()

    def leave(self) -> None:
        """Close the details; if none are open, quit."""
        if not self.screen.details.close():
            self.screen.app.exit()


class ServiceActions(Actions):
    """Changes when the service is asked, with which credential, and which jobs alert."""

    def refresh(self) -> None:
        self._refresh(self.screen.targets())

    def refresh_all(self) -> None:
        self._refresh(None)

    def _refresh(self, jobs: list[JobId] | None) -> None:
        wait = self.live.pollers.refresh(jobs)
        if wait == inf:
            self.say_paused()
        else:
            states = self.state.board.states
            how_long = f", about {seconds(round(wait))}" if wait >= 1 else ""
            wanted = [job for job in (states if jobs is None else jobs) if not states[job].paused]
            signed_out = {name for name, pace in self.live.pollers.paces().items() if pace.signed_out}
            if number := sum(self.live.pollers.profile(job) not in signed_out for job in wanted):
                self.say(f"Asking about {number} {'job' if number == 1 else 'jobs'}{how_long}.")
            elif wanted:
                self.say(f"Trying the sign-in again with one job{how_long}.")

    def pause(self) -> None:
        jobs = self.screen.targets()
        if going := [job for job in jobs if not self.state.board.states[job].paused]:
            self.live.pollers.pause(going)
            self.state.pause(going, self.deps.now())
        else:
            self.live.pollers.resume(jobs)
            self.state.pause(jobs, None)
        self.screen.draw()

    def pause_all(self) -> None:
        self.live.pollers.paused = not self.live.pollers.paused
        self.screen.show_all()

    async def alert(self) -> None:
        """Arm the jobs for one alert, then for every alert, then for none."""
        jobs = self.screen.targets()
        states = self.state.board.states
        if arm := next_arm(states[job].armed for job in jobs):
            jobs = [job for job in jobs if states[job].armed is not Arm.ALWAYS]
        name = states[jobs[0]].name if len(jobs) == 1 else f"{len(jobs)} jobs"
        values = {job: {"alert": arm is Arm.ALWAYS} for job in jobs if (arm is Arm.ALWAYS) is not states[job].job.alert}
        if not jobs or (values and await self.editor.edit(values, f"alert {'on' if arm else 'off'}: {name}")):
            return
        self.state.arm_once(jobs, arm is Arm.ONCE)
        self.screen.alerting.armed(jobs)
        self.screen.draw()
        again = {Arm.ONCE: ", once. Again: always.", Arm.ALWAYS: ", always. Again: off."}
        end = "ends" if len(jobs) == 1 else "end"
        self.say(f"Alert when {name} {end}{again[arm]}" if arm else f"No alert about {name}.")

    def silence(self) -> None:
        held = self.screen.alerting.silence()
        until = self.screen.silent_until()
        self.say(f"Silent until {until}: no alerts." if until else f"Alerts are on again. {held}".rstrip())
        self.screen.show_around()

    async def sign_in(self) -> None:
        from tui.ui.dialogs import SignInDialog

        name = self.live.profile_to_sign_in(self.table.cursor)
        if name not in self.live.profile_names():
            self.say(f"The settings have no profile {name!r}: add it there, or change the job's profile.", "warning")
            return
        theirs = [job for job in self.state.board.states if self.live.pollers.profile(job) == name]
        form = self.live.service.profile(name).sign_in
        if await self.screen.ask("sign_in", SignInDialog(f"Sign in {name}".strip(), form, next(iter(theirs), None))):
            self.live.pollers.refresh(theirs)
            self.say("Signed in.")
            await self.screen.learn_ends()
