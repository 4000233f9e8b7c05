"""The command: from arguments to steps, one line each, as they come."""

import argparse
import os
from collections.abc import AsyncIterator, Iterator, MutableMapping

from tui.checks.network import network_steps, where
from tui.checks.sign_in import credential_steps, job_step
from tui.checks.step import Step, Verdict, advice, exit_code, fails, works
from tui.checks.terminal import size_of_terminal, terminal_steps
from tui.core.problem import Problem
from tui.core.text import clean
from tui.files import Files, files_of, screen_findings
from tui.headless.codes import ExitCode
from tui.headless.output import Output
from tui.parts import Plan, plan
from tui.profiles.profile import Profile
from tui.ui.terminal import unicode_ok


async def check(arguments: argparse.Namespace, environ: MutableMapping[str, str], output: Output) -> int:
    """0 only if all that is needed works, 2 for the settings, 3 when not signed in, 1 for all else."""
    has_unicode = unicode_ok(environ, getattr(output.data, "encoding", None))
    steps = []
    async for step in _steps(arguments, environ, has_unicode):
        steps.append(step)
        output.line(step.line(has_unicode))
    return exit_code(steps)


async def _steps(
    arguments: argparse.Namespace, environ: MutableMapping[str, str], has_unicode: bool
) -> AsyncIterator[Step]:
    """What needs a profile is left out where there is none."""
    at = "settings"
    try:
        planned = plan(files_of(arguments), arguments, environ)
        yield _settings(planned)
        for step in _screen(planned.files):
            yield step
        at = "profile"
        profile = planned.build(planned.in_charge)
    except Problem as problem:
        yield fails(at, str(problem), ExitCode.USAGE)
    else:
        planned.hide(environ)
        yield works("profile", _profile(planned, profile))
        async for step in _other_profiles(planned):
            yield step
        try:
            async for step in _asking(profile, planned, environ):
                yield step
        finally:
            await profile.reader.close()
    for step in terminal_steps(environ, has_unicode, size_of_terminal()):
        yield step


async def _asking(profile: Profile, planned: Plan, environ: MutableMapping[str, str]) -> AsyncIterator[Step]:
    """Ends where nothing more can be learned."""
    async for step in network_steps(profile, environ):
        yield step
        if step.verdict is Verdict.FAILS:
            return
    async for step in credential_steps(profile):
        yield step
        if step.verdict is Verdict.FAILS:
            return
    try:
        jobs = planned.files.watchlist.load().jobs
    except Problem:  # said before
        return
    yield await job_step(profile, tuple(job for job in jobs if (job.profile or planned.in_charge) == profile.name))


def _screen(files: Files) -> Iterator[Step]:
    """What the screen reads besides, as it reads it."""
    findings = list(screen_findings(files))
    for finding in findings:
        made = fails(finding.name, finding.text, ExitCode.USAGE)
        yield made if finding.is_refused else advice(finding.name, finding.text)
    well = {"keys": "each has one meaning", "theme": "found", "watchlist": clean(str(files.watchlist.path))}
    for name in (name for name in well if name not in {finding.name for finding in findings}):
        yield works(name, well[name])


async def _other_profiles(planned: Plan) -> AsyncIterator[Step]:
    """Those that the screen could not be opened with; what they answer is left to `--profile`."""
    for name in planned.wanted:
        if name == planned.in_charge:
            continue
        try:
            await planned.build(name).reader.close()
        except Problem as problem:
            yield fails("profile", f"{clean(name, 60)}: {problem}", ExitCode.USAGE)


def _settings(planned: Plan) -> Step:
    file = planned.files.settings_file
    path = clean(str(file)) if file else "home folder"
    return works("settings", f"{path} is read" if file and file.exists() else f"there is no {path}: defaults")


def _profile(planned: Plan, profile: Profile) -> str:
    name = f"{profile.name} ({planned.why}): " if profile.name else ""
    others = [name for name in planned.wanted if name != profile.name]
    more = f"; check the others with --profile {' or '.join(others)}" if others else ""
    return f"{name}{where(profile.endpoint, profile.service.place.iam)}{more}"


def run_check(arguments: argparse.Namespace) -> int:
    from tui.headless.run import run

    return run(check(arguments, os.environ, Output.standard()))
