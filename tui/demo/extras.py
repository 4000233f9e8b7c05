"""The simulated extra calls: lists, records, failing steps and logs, and the ways in which they can fail."""

import re
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from itertools import islice
from random import Random
from typing import NamedTuple
from urllib.parse import parse_qsl

from tui.core.job import JobId
from tui.demo.jobs import Build, DemoJob, builds
from tui.demo.web import Answer, gateway_error, service_error, web_page

WALL = timezone(timedelta(hours=8))
"""The time zone of the service's windows."""
LAG = 60.0
"""Seconds by which lagging records and lists are late."""
LYING = 0.1
"""The share of the jobs that lying lists say the opposite of."""
LOG_LINES = 1000
"""Lines that one answer of the newer log call has."""
HANGS = 120.0
"""Seconds until a hanging call is answered."""
_STILL_READABLE = ("throttled now and then", "slow", "flapping (503)")
"""The jobs with a fault that have builds; the extra calls know no other job with a fault."""
_WORDS = {"SUCCESS": "blue", "FAILURE": "red", "ABORTED": "aborted", "timeout": "timeout"}
_BLANK = {"error": None, "status": "success"}
_NO_JOB = service_error(422, "DEVCB.00031006", "The job does not exist.")
_BAD_PARAMETER = service_error(400, "CB.00060200", "Invalid param")
_FORM = "%Y-%m-%d %H:%M:%S"


class ExtrasMode(StrEnum):
    """How extra calls are answered; the status call does not depend on it."""

    GOOD = "good"
    EMPTY_LISTS = "empty lists with a total"
    NO_JOBS = "lists without jobs"
    LAGGING_LISTS = "lists a minute late"
    LYING_LISTS = "lists that lie about every tenth job"
    SHIFTING_LISTS = "lists that repeat and drop jobs"
    FILTER_IGNORED = "lists without the filter"
    BARE_LISTS = "lists without an envelope"
    NUMBERS_AS_TEXT = "numbers as texts"
    UNKNOWN_WORDS = "unknown words"
    OTHER_BUILD = "records of another build"
    LAGGING = "lagging records"
    SECONDS = "durations in seconds"
    MINUTES = "durations in minutes"
    WRONG_UNIT = "durations in no unit"
    REFUSED = "refused"
    THROTTLED = "throttled"
    FAILING = "server error"
    HANGING = "hanging"
    NONSENSE = "nonsense"
    WEB_PAGE = "web page"


_INSTEAD = {
    ExtrasMode.REFUSED: gateway_error(403, "0306", "API access denied."),
    ExtrasMode.THROTTLED: service_error(429, "CB.00060211", "Too many requests."),
    ExtrasMode.FAILING: service_error(500, "CB.00060101", "Internal error."),
    ExtrasMode.HANGING: replace(service_error(500, "CB.00060101", "Internal error."), delay=HANGS),
    ExtrasMode.NONSENSE: Answer(200, '["what", "is", "this"'),
    ExtrasMode.WEB_PAGE: web_page(200, "Sign in", "Sign in to the console to go on."),
}
_UNITS = {ExtrasMode.SECONDS: 1.0, ExtrasMode.MINUTES: 1 / 60, ExtrasMode.WRONG_UNIT: 7.0}


class Instant(NamedTuple):
    """One instant: seconds since the service started, and the wall clock."""

    at: float
    wall: datetime

    def date(self, at: float) -> datetime:
        return self.wall + timedelta(seconds=at - self.at)

    def epoch(self, at: float) -> int:
        """In milliseconds."""
        return round(self.date(at).timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class _Request:
    """One call: the parameters in its path and its query."""

    now: Instant
    parts: Mapping[str, str]
    query: Mapping[str, str]

    def number(self, name: str, default: int, most: int) -> int:
        """Returns a number of the query. Raises ValueError."""
        number = int(self.query.get(name, default))
        if not 0 <= number <= most:
            raise ValueError
        return number


class DemoExtras:
    """Serves the extra calls, consistently with the status call."""

    def __init__(self, jobs: Iterable[DemoJob]) -> None:
        self.mode = ExtrasMode.GOOD
        self._jobs: dict[str, DemoJob] = {
            demo.job.id: demo for demo in jobs if demo.fault is None or demo.job.label in _STILL_READABLE
        }
        self._routes: list[tuple[re.Pattern[str], Callable[[_Request], Answer]]] = [
            (re.compile(path), answer)
            for path, answer in (
                ("/v1/job/list", self._job_list),
                (r"/v1/job/(?P<project>\w{32})/list", self._project_list),
                ("/v1/domain/project/related-page", self._projects),
                (r"/v1/job/(?P<job>\w+)/info", self._info),
                (r"/v1/job/(?P<job>\w+)/running-status", self._running_status),
                (r"/v1/record/(?P<job>\w+)/list", self._records),
                (r"/v1/record/(?P<job>\w+)/(?P<build>\d{1,9})/record-info", self._record_info),
                (r"/v1/log/(?P<job>\w+)/(?P<build>\d{1,9})/analysis", self._analysis),
                (r"/v1/log/(?P<job>\w+)/(?P<build>\d{1,9})/real-time-log", self._log),
                (r"/v3/jobs/(?P<job>\w+)/(?P<build>\d{1,9})/real-time-log", self._log_v3),
            )
        ]

    def route(self, path: str) -> Callable[[str, Instant], Answer] | None:
        """The function that answers this path, from the query and the time; None if it is no extra call."""
        for pattern, answer in self._routes:
            if match := pattern.fullmatch(path):
                return lambda query, now: self._answer(answer, _Request(now, match.groupdict(), dict(parse_qsl(query))))
        return None

    def project_of(self, job: JobId) -> tuple[str, str]:
        """The CodeArts project's ID and name."""
        return _project(self._jobs[job])

    def _answer(self, answer: Callable[[_Request], Answer], request: _Request) -> Answer:
        if instead := _INSTEAD.get(self.mode):
            return instead
        if (job := request.parts.get("job")) is not None and job not in self._jobs:
            return _NO_JOB
        try:
            found = answer(request)
        except ValueError:
            return _BAD_PARAMETER
        if self.mode is ExtrasMode.NUMBERS_AS_TEXT and isinstance(found.body, Mapping):
            return replace(found, body={**found.body, "result": _as_texts(found.body["result"])})
        return found

    def _job_list(self, request: _Request) -> Answer:
        return self._page(request, list(self._jobs.values()), "job_list")

    def _project_list(self, request: _Request) -> Answer:
        wanted = request.parts["project"]
        jobs = [demo for demo in self._jobs.values() if _project(demo)[0] == wanted]
        return self._page(request, jobs, "job_list") if jobs else _NO_JOB

    def _page(self, request: _Request, jobs: list[DemoJob], name: str) -> Answer:
        index, size = request.number("page_index", 0, 10**9), request.number("page_size", 10, 100)
        if self.mode is ExtrasMode.NO_JOBS:
            jobs = []
        wanted = request.query.get("build_status")
        if wanted and self.mode is not ExtrasMode.FILTER_IGNORED:
            jobs = [demo for demo in jobs if self._entry(demo, request.now)["last_build_status"] == wanted]
        shift = 0 if self.mode is not ExtrasMode.SHIFTING_LISTS else round(request.now.at) % 7 - 3
        start = max(0, index * size + shift)
        shown = jobs[start : start + size] if request.query else jobs
        if self.mode is ExtrasMode.EMPTY_LISTS:
            shown = []
        entries = [self._entry(demo, request.now) for demo in shown]
        if self.mode is ExtrasMode.BARE_LISTS:
            return Answer(200, {"jobs": entries, "total": len(jobs)})
        return _success({"total": len(jobs), name: entries})

    def _entry(self, demo: DemoJob, now: Instant) -> dict[str, object]:
        if self.mode is ExtrasMode.LAGGING_LISTS:
            now = Instant(now.at - LAG, now.wall - timedelta(seconds=LAG))
        last = next(builds(demo, now.at), None)
        project_id, project = _project(demo)
        entry: dict[str, object] = {
            "id": demo.job.id,
            "job_name": demo.job.label,
            "project_id": project_id,
            "project_name": project,
            "job_creator": "lin",
            "is_finished": not last or last.is_over(now.at),
            "last_build_status": "none",
            "disabled": False,
            "is_view": True,
            "source_code": "codehub",
        }
        if not last:
            return entry
        is_over = last.is_over(now.at)
        if self.mode is ExtrasMode.LYING_LISTS and Random(demo.job.id).random() < LYING:
            is_over = not is_over
            entry["is_finished"] = is_over
        return {
            **entry,
            "last_build_status": self._word(_WORDS[last.state]) if is_over else "building",
            "last_job_running_status": "Finished" if is_over else "Running",
            "last_build_time": now.epoch(last.began),
            "last_build_user": last.executor,
            "build_time": self._time(last.duration) if is_over else 0,
            "build_number": str(last.number),
            "trigger_type": last.trigger,
            "code_branch": last.branch,
            "commit_id": last.commit,
        }

    def _projects(self, request: _Request) -> Answer:
        page, size = request.number("page_no", 1, 10**9), request.number("page_size", 10, 100)
        found = dict(_project(demo) for demo in self._jobs.values())
        shown = [] if self.mode is ExtrasMode.EMPTY_LISTS else list(found.items())[(page - 1) * size : page * size]
        projects = [{"identifier": project, "name": name, "is_creator": False} for project, name in shown]
        return _success({"total": len(found), "project_info_list": projects})

    def _info(self, request: _Request) -> Answer:
        demo = self._jobs[request.parts["job"]]
        entry = self._entry(demo, request.now)
        names = ("last_build_status", "last_build_time", "disabled", "source_code", "is_view")
        kept = {name: entry[name] for name in names if name in entry}
        return _success({"id": self._same(demo.job.id), "job_name": demo.job.label, **kept})

    def _running_status(self, request: _Request) -> Answer:
        last = next(builds(self._jobs[request.parts["job"]], request.now.at), None)
        if not last:
            return service_error(403, "CB.00031059", "The job was never built.")
        is_over = last.is_over(request.now.at)
        return _success(
            {
                "last_job_id": request.parts["job"],
                "last_build_no": str(last.number),
                "last_build_status": "Finished" if is_over else "Running",
                "is_running": not is_over,
            }
        )

    def _records(self, request: _Request) -> Answer:
        start, end = (_date(request.query[name]) for name in ("start_time", "end_time") if name in request.query)
        if end - start > timedelta(days=31):
            return service_error(400, "CB.00031105", "The time range is longer than 31 days.")
        index, size = request.number("page_index", 0, 10**9), request.number("page_size", 10, 100)
        seen = self._seen(request.now)
        demo = self._jobs[request.parts["job"]]
        there = [build for build in islice(builds(demo, seen), 1000) if start <= request.now.date(build.began) <= end]
        shown = [] if self.mode is ExtrasMode.EMPTY_LISTS else there[index * size : (index + 1) * size]
        pages = -(-len(there) // size) if size else 0
        return _success(
            {
                "health_score": "80",
                "page_index": str(index),
                "total_page": str(pages),
                "total_record": str(len(there)),
                "job_build_states": [self._record(build, seen, request) for build in shown],
            }
        )

    def _record(self, build: Build, seen: float, request: _Request) -> dict[str, object]:
        is_over = build.is_over(seen)
        told: dict[str, object] = {
            "number": build.number,
            "start_time": request.now.epoch(build.began),
            "build_time": self._time(build.duration) if is_over else 0,
            "cost_time": self._time(build.duration) if is_over else 0,
            "job_running_status": "Finished" if is_over else "Running",
            "state": self._word(build.state) if is_over else "",
            "trigger_type": build.trigger,
            "executor": build.executor,
            "nickname": build.executor,
            "code_branch": build.branch,
            "commit_id": build.commit,
            "build_type": "branch",
        }
        return {**told, "job_id": _OTHER} if self.mode is ExtrasMode.OTHER_BUILD else told

    def _record_info(self, request: _Request) -> Answer:
        build = self._build(request)
        if not build:
            return _NO_JOB
        seen = self._seen(request.now)
        is_over = build.is_over(seen)
        began, ended = (request.now.date(at).isoformat(timespec="milliseconds") for at in (build.began, build.ends))
        return _success(
            {
                "codeci_job_id": self._same(request.parts["job"]),
                "devcloud_project_id": _project(self._jobs[request.parts["job"]])[0],
                "build_no": build.number,
                "branch": build.branch,
                "commit": build.commit,
                "trigger_type": build.trigger,
                "status": self._word(build.state) if is_over else "RUNNING",
                "create_time": began,
                "start_time": began,
                "finish_time": ended if is_over else None,
                "duration": round(build.duration * 1000) if is_over else 0,
            }
        )

    def _analysis(self, request: _Request) -> Answer:
        build = self._build(request)
        if not build:
            return _NO_JOB
        nodes: list[object] = []
        if build.state == "FAILURE" and build.is_over(request.now.at):
            code, message, help_text = build.error
            error = {"error_code": code, "error_message": message, "faq": help_text}
            step = build.steps[build.failed_step]
            nodes = [{"node_id": "n1", "step": step, "analyzed_success": True, "error_info": error}]
        return _success({"job_name": self._jobs[request.parts["job"]].job.label, "error_nodes": nodes})

    def _log(self, request: _Request) -> Answer:
        build = self._build(request)
        if not build:
            return _NO_JOB
        lines = _lines(build, request.now)
        start, newest_first = request.number("start_offset", 0, 10**9), request.query.get("sort") == "DESC"
        shown = lines[-LOG_LINES:] if newest_first else lines[start : start + LOG_LINES]
        end = len(lines) if newest_first else start + len(shown)
        has_more = end < len(lines) or not build.is_over(request.now.at)
        result = {"has_more": has_more, "start_offset": str(end - len(shown)), "end_offset": str(end)}
        return _success({**result, "log": "".join(shown), "location": ""})

    def _log_v3(self, request: _Request) -> Answer:
        build = self._build(request)
        if not build:
            return service_error(500, "CB.00030004", "The build has no log.")
        text = "".join(_lines(build, request.now))
        offset, length = request.number("offset", 0, 2**31 - 1), request.number("length", 1_000_000, 10**9)
        content = text[offset : offset + length]
        end = offset + len(content)
        has_more = end < len(text) or not build.is_over(request.now.at)
        return _success({"has_more_data": has_more, "offset": end, "current_offset": offset, "content": content})

    def _build(self, request: _Request) -> Build | None:
        number, known = int(request.parts["build"]), builds(self._jobs[request.parts["job"]], request.now.at)
        return next((build for build in islice(known, 1000) if build.number == number), None)

    def _seen(self, now: Instant) -> float:
        """The time up to which the records are complete."""
        return now.at - LAG if self.mode is ExtrasMode.LAGGING else now.at

    def _word(self, word: str) -> str:
        return f"ODD_{word}" if self.mode is ExtrasMode.UNKNOWN_WORDS else word

    def _time(self, seconds: float) -> int:
        return round(seconds * _UNITS.get(self.mode, 1000.0))

    def _same(self, job: str) -> str:
        return _OTHER if self.mode is ExtrasMode.OTHER_BUILD else job


_OTHER = "0" * 32


def _success(result: Mapping[str, object]) -> Answer:
    return Answer(200, {"result": result, **_BLANK})


def _project(demo: DemoJob) -> tuple[str, str]:
    tag = demo.job.tags[0] if demo.job.tags else "other"
    return "".join(Random(f"project {tag}").choices(string.digits + "abcdef", k=32)), f"{tag.capitalize()} team"


def _lines(build: Build, now: Instant) -> list[str]:
    return [
        f"[{_clock(now.date(when))} GMT+08:00] [{level}] [{step}] {text}\n"
        for when, level, step, text in build.log(now.at)
    ]


def _clock(moment: datetime) -> str:
    """To the millisecond, as in the documented log lines."""
    return f"{moment.astimezone(WALL):%Y/%m/%d %H:%M:%S.%f}"[:-3]


def _date(text: str) -> datetime:
    """Returns the moment of a date in the query. Raises ValueError."""
    return datetime.strptime(text, _FORM).replace(tzinfo=WALL).astimezone(UTC)


def _as_texts(value: object) -> object:
    """`value` with every number and boolean in it as a text."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case dict():
            return {name: _as_texts(member) for name, member in value.items()}
        case list():
            return [_as_texts(member) for member in value]
    return value
