"""What the simulated service says beside the status: lists, records, failing steps, logs; and how that can go wrong."""

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
from tui.demo.answers import Answer, gateway_error, service_error, web_page
from tui.demo.builds import Build, builds
from tui.demo.jobs import DemoJob

WALL = timezone(timedelta(hours=8))
"""The wall clock that the service's windows mean."""
LAG = 60.0
"""Seconds by which lagging records are behind."""
LOG_LINES = 1000
"""Lines that the newer call for a log has at once."""
HANGS = 120.0
"""Seconds until a hung call is answered."""
_STILL_READABLE = ("throttled now and then", "slow", "flapping (503)")
"""The jobs with a fault that have builds; to these calls there are none of the others."""
_WORDS = {"SUCCESS": "blue", "FAILURE": "red", "ABORTED": "aborted", "timeout": "timeout"}
_BLANK = {"error": None, "status": "success"}
_NO_JOB = service_error(422, "DEVCB.00031006", "The job does not exist.")
_BAD_PARAMETER = service_error(400, "CB.00060200", "Invalid param")
_FORM = "%Y-%m-%d %H:%M:%S"


class ExtrasMode(StrEnum):
    """How these calls are answered; the status call never changes with it."""

    GOOD = "good"
    EMPTY_LISTS = "empty lists with a total"
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
    """Now: seconds since the service started, and the wall clock."""

    at: float
    wall: datetime

    def date(self, at: float) -> datetime:
        return self.wall + timedelta(seconds=at - self.at)

    def epoch(self, at: float) -> int:
        """In milliseconds."""
        return round(self.date(at).timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class _Question:
    """One call: what its path and its query name."""

    now: Instant
    parts: Mapping[str, str]
    query: Mapping[str, str]

    def number(self, name: str, default: int, most: int) -> int:
        """Raises ValueError."""
        number = int(self.query.get(name, default))
        if not 0 <= number <= most:
            raise ValueError
        return number


class Extras:
    """Answers the calls beside the status call, true to when the jobs run."""

    def __init__(self, jobs: Iterable[DemoJob]) -> None:
        self.mode = ExtrasMode.GOOD
        self._jobs: dict[str, DemoJob] = {
            demo.job.id: demo for demo in jobs if demo.fault is None or demo.job.label in _STILL_READABLE
        }
        self._routes: list[tuple[re.Pattern[str], Callable[[_Question], Answer]]] = [
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
        """What answers a path, given the query and the time; None where it is no such call."""
        for pattern, answer in self._routes:
            if match := pattern.fullmatch(path):
                return lambda query, now: self._answer(
                    answer, _Question(now, match.groupdict(), dict(parse_qsl(query)))
                )
        return None

    def project_of(self, job: JobId) -> tuple[str, str]:
        """The CodeArts project's ID and name."""
        return _project(self._jobs[job])

    def _answer(self, answer: Callable[[_Question], Answer], question: _Question) -> Answer:
        if instead := _INSTEAD.get(self.mode):
            return instead
        if (job := question.parts.get("job")) is not None and job not in self._jobs:
            return _NO_JOB
        try:
            found = answer(question)
        except ValueError:
            return _BAD_PARAMETER
        if self.mode is ExtrasMode.NUMBERS_AS_TEXT and isinstance(found.body, Mapping):
            return replace(found, body={**found.body, "result": _as_texts(found.body["result"])})
        return found

    def _job_list(self, question: _Question) -> Answer:
        return self._page(question, list(self._jobs.values()), "job_list")

    def _project_list(self, question: _Question) -> Answer:
        wanted = question.parts["project"]
        jobs = [demo for demo in self._jobs.values() if _project(demo)[0] == wanted]
        return self._page(question, jobs, "job_list") if jobs else _NO_JOB

    def _page(self, question: _Question, jobs: list[DemoJob], name: str) -> Answer:
        index, size = question.number("page_index", 0, 10**9), question.number("page_size", 10, 100)
        shown = jobs[index * size : (index + 1) * size] if question.query else jobs
        if self.mode is ExtrasMode.EMPTY_LISTS:
            shown = []
        entries = [self._entry(demo, question.now) for demo in shown]
        if self.mode is ExtrasMode.BARE_LISTS:
            return Answer(200, {"jobs": entries, "total": len(jobs)})
        return _success({"total": len(jobs), name: entries})

    def _entry(self, demo: DemoJob, now: Instant) -> dict[str, object]:
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

    def _projects(self, question: _Question) -> Answer:
        page, size = question.number("page_no", 1, 10**9), question.number("page_size", 10, 100)
        found = dict(_project(demo) for demo in self._jobs.values())
        shown = [] if self.mode is ExtrasMode.EMPTY_LISTS else list(found.items())[(page - 1) * size : page * size]
        projects = [{"identifier": project, "name": name, "is_creator": False} for project, name in shown]
        return _success({"total": len(found), "project_info_list": projects})

    def _info(self, question: _Question) -> Answer:
        demo = self._jobs[question.parts["job"]]
        entry = self._entry(demo, question.now)
        names = ("last_build_status", "last_build_time", "disabled", "source_code", "is_view")
        kept = {name: entry[name] for name in names if name in entry}
        return _success({"id": self._same(demo.job.id), "job_name": demo.job.label, **kept})

    def _running_status(self, question: _Question) -> Answer:
        last = next(builds(self._jobs[question.parts["job"]], question.now.at), None)
        if not last:
            return service_error(403, "CB.00031059", "The job was never built.")
        is_over = last.is_over(question.now.at)
        return _success(
            {
                "last_job_id": question.parts["job"],
                "last_build_no": str(last.number),
                "last_build_status": "Finished" if is_over else "Running",
                "is_running": not is_over,
            }
        )

    def _records(self, question: _Question) -> Answer:
        start, end = (_date(question.query[name]) for name in ("start_time", "end_time") if name in question.query)
        if end - start > timedelta(days=31):
            return service_error(400, "CB.00031105", "The time range is longer than 31 days.")
        index, size = question.number("page_index", 0, 10**9), question.number("page_size", 10, 100)
        seen = self._seen(question.now)
        demo = self._jobs[question.parts["job"]]
        there = [build for build in islice(builds(demo, seen), 1000) if start <= question.now.date(build.began) <= end]
        shown = [] if self.mode is ExtrasMode.EMPTY_LISTS else there[index * size : (index + 1) * size]
        pages = -(-len(there) // size) if size else 0
        return _success(
            {
                "health_score": "80",
                "page_index": str(index),
                "total_page": str(pages),
                "total_record": str(len(there)),
                "job_build_states": [self._record(build, seen, question) for build in shown],
            }
        )

    def _record(self, build: Build, seen: float, question: _Question) -> dict[str, object]:
        is_over = build.is_over(seen)
        told: dict[str, object] = {
            "number": build.number,
            "start_time": question.now.epoch(build.began),
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

    def _record_info(self, question: _Question) -> Answer:
        build = self._build(question)
        if not build:
            return _NO_JOB
        seen = self._seen(question.now)
        is_over = build.is_over(seen)
        began, ended = (question.now.date(at).isoformat(timespec="milliseconds") for at in (build.began, build.ends))
        return _success(
            {
                "codeci_job_id": self._same(question.parts["job"]),
                "devcloud_project_id": _project(self._jobs[question.parts["job"]])[0],
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

    def _analysis(self, question: _Question) -> Answer:
        build = self._build(question)
        if not build:
            return _NO_JOB
        nodes: list[object] = []
        if build.state == "FAILURE" and build.is_over(question.now.at):
            code, message, help_text = build.error
            error = {"error_code": code, "error_message": message, "faq": help_text}
            step = build.steps[build.failed_step]
            nodes = [{"node_id": "n1", "step": step, "analyzed_success": True, "error_info": error}]
        return _success({"job_name": self._jobs[question.parts["job"]].job.label, "error_nodes": nodes})

    def _log(self, question: _Question) -> Answer:
        build = self._build(question)
        if not build:
            return _NO_JOB
        lines = _lines(build, question.now)
        start, newest_first = question.number("start_offset", 0, 10**9), question.query.get("sort") == "DESC"
        shown = lines[-LOG_LINES:] if newest_first else lines[start : start + LOG_LINES]
        end = len(lines) if newest_first else start + len(shown)
        has_more = end < len(lines) or not build.is_over(question.now.at)
        result = {"has_more": has_more, "start_offset": str(end - len(shown)), "end_offset": str(end)}
        return _success({**result, "log": "".join(shown), "location": ""})

    def _log_v3(self, question: _Question) -> Answer:
        build = self._build(question)
        if not build:
            return service_error(500, "CB.00030004", "The build has no log.")
        text = "".join(_lines(build, question.now))
        offset, length = question.number("offset", 0, 2**31 - 1), question.number("length", 1_000_000, 10**9)
        content = text[offset : offset + length]
        end = offset + len(content)
        has_more = end < len(text) or not build.is_over(question.now.at)
        return _success({"has_more_data": has_more, "offset": end, "current_offset": offset, "content": content})

    def _build(self, question: _Question) -> Build | None:
        number, known = int(question.parts["build"]), builds(self._jobs[question.parts["job"]], question.now.at)
        return next((build for build in islice(known, 1000) if build.number == number), None)

    def _seen(self, now: Instant) -> float:
        """Up to when the records know what happened."""
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
    """To the millisecond, as the documented lines have it."""
    return f"{moment.astimezone(WALL):%Y/%m/%d %H:%M:%S.%f}"[:-3]


def _date(text: str) -> datetime:
    """Raises ValueError."""
    return datetime.strptime(text, _FORM).replace(tzinfo=WALL).astimezone(UTC)


def _as_texts(value: object) -> object:
    """Every number and every true or false inside as a text."""
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
