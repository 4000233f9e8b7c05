"""Calls for one job, used if the lists lack it: its name, and the number of its last build."""

from collections.abc import Sequence
from typing import NamedTuple

from tui.codearts.extra_call import CallKind, ExtraCall, not_understood, result_of
from tui.core.job import JobId
from tui.core.reading import Failure


class JobInfo(NamedTuple):
    """A job's name and last build. There is no project: the call's project ID is that of a build project."""

    name: str
    last_build_status: str = ""
    is_disabled: bool | None = None


class LastBuild(NamedTuple):
    """The number of the last build. The status `Finished` says nothing about success."""

    number: int
    status_as_sent: str = ""
    is_running: bool | None = None


def job_info_call(job: JobId) -> ExtraCall[JobInfo]:
    return ExtraCall(CallKind.JOB_INFO, f"/v1/job/{job}/info", lambda body, secrets: parse_job_info(body, secrets, job))


def running_status_call(job: JobId) -> ExtraCall[LastBuild]:
    return ExtraCall(CallKind.RUNNING_STATUS, f"/v1/job/{job}/running-status", parse_running_status)


def parse_job_info(body: bytes, secrets: Sequence[str], job: JobId) -> JobInfo | Failure:
    """An answer about another job, or without a name, is a failure."""
    result = result_of(body, secrets)
    if isinstance(result, Failure):
        return result
    if result.text("id", limit=100) not in ("", job):
        return not_understood("it is about another job")
    if not (name := result.text("job_name", limit=200)):
        return not_understood("there is no name in it")
    return JobInfo(name, result.text("last_build_status", limit=60), result.flag("disabled"))


def parse_running_status(body: bytes, secrets: Sequence[str] = ()) -> LastBuild | Failure:
    """Does not check the ID: in the vendor's own example it is not the requested one."""
    result = result_of(body, secrets)
    if isinstance(result, Failure):
        return result
    if (number := result.build_number("last_build_no")) is None:
        return not_understood("there is no build number in it")
    return LastBuild(number, result.text("last_build_status", limit=60), result.flag("is_running"))
