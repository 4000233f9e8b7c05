"""Refresh and pause jobs, arm and silence alerts, sign in."""

from collections.abc import Sequence
from math import inf

from tui.core.alert_policy import Arm, next_arm
from tui.core.errors import NO_PROFILE
from tui.core.job import JobId
from tui.ui.actions import Actions
from tui.ui.formatting import seconds


class ServiceActions(Actions):
    """Changes when the service is asked, with which credential, and which jobs alert."""

    _not_always: Sequence[JobId] = ()
    """The jobs of the last key of `alert`, if that they alert always could not be saved."""

    def refresh(self) -> None:
        self._refresh(self.targets())

    def refresh_all(self) -> None:
        self._refresh(None)

    def _refresh(self, jobs: list[JobId] | None) -> None:
        wait = self.live.pollers.refresh(jobs)
        if wait == inf:
            self.say_paused()
        else:
            states = self.state.board.states
            how_long = f": it takes {seconds(round(wait))} or so" if wait >= 1 else ""
            wanted = [job for job in (states if jobs is None else jobs) if not states[job].paused]
            signed_out = {name for name, pace in self.live.pollers.paces().items() if pace.signed_out}
            if number := sum(self.live.pollers.profile(job) not in signed_out for job in wanted):
                self.say(f"Asking about {number} {'job' if number == 1 else 'jobs'}{how_long}.")
            elif wanted:
                self.say(f"Trying the sign-in again with one job{how_long}.")

    def pause(self) -> None:
        jobs = self.targets()
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
        """Arm the jobs for one alert, then for every alert, then for none; also if for every alert was not saved."""
        jobs = self.targets()
        states = self.state.board.states
        if arm := next_arm(states[job].armed for job in jobs):
            jobs = [job for job in jobs if states[job].armed is not Arm.ALWAYS]
        if arm is Arm.ALWAYS and jobs == self._not_always:
            arm = None
        name = states[jobs[0]].name if len(jobs) == 1 else f"{len(jobs)} jobs"
        values = {job: {"alert": arm is Arm.ALWAYS} for job in jobs if (arm is Arm.ALWAYS) is not states[job].job.alert}
        said = f"alert {'on' if arm else 'off'}: {{jobs}}", "the alert of {jobs} is as before"
        if not jobs:
            return
        if values and await self.editor.edit(values, [states[job].job for job in jobs], *said):
            self._not_always = jobs
            return
        self._not_always = ()
        self.state.arm_once(jobs, arm is Arm.ONCE)
        self.screen.alerting.armed(jobs)
        self.screen.draw()
        often, again = ("once", "always") if arm is Arm.ONCE else ("always", "off")
        end = "ends" if len(jobs) == 1 else "end"
        silent = f" Silent until {until}." if (until := self.screen.silent_until()) else ""
        if arm:
            self.say(f"Alert on, {often}: when {name} {end}. Again: {again}.{silent}")
        elif self.deps.settings.alerts.bell:
            self.say(f"No alert for {name} alone; bell = true alerts of all jobs.")
        else:
            self.say(f"No alert about {name}.")

    def silence(self) -> None:
        alerting = self.screen.alerting
        held = alerting.silence()
        until = self.screen.silent_until()
        if alerting.silent_until:
            self.say(f"Silent until {until}: no alerts.")
        else:
            said = f"Quiet hours until {until}: no alerts before." if until else "Alerts are on again."
            self.say(f"{said} {held}".rstrip())
        self.screen.show_around()

    async def sign_in(self) -> None:
        from tui.ui.dialogs import SignInDialog

        name = self.live.profile_to_sign_in(self.table.cursor)
        if name not in self.live.profile_names():
            self.say(NO_PROFILE.format(name), "warning")
            return
        theirs = [job for job in self.state.board.states if self.live.pollers.profile(job) == name]
        form = self.live.service.profile(name).sign_in
        if await self.screen.ask("sign_in", SignInDialog(f"Sign in {name}".strip(), form, next(iter(theirs), None))):
            self.live.pollers.refresh(theirs)
            self.say("Signed in.")
            await self.screen.learn_ends()
