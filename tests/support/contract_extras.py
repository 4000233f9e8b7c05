"""The truth about some jobs, and what a second service, which is not our demo, says of it by the vendor's pages."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from tests.support.contract_server import ContractServer, Reply, Request, Script, refusal
from tui.core.run import Outcome

PROJECT = "b7d1e2f3a4958677889900aabbccddee"
_COLOURS = {"SUCCESS": "blue", "FAILURE": "red", "SCHEDULE_FAILURE": "red", "ABORTED": "aborted", "timeout": "timeout"}


class TrueJob(NamedTuple):
    """One job and its last build."""

    id: str
    name: str
    state: str
    """The word of its record; empty for a build that runs, and for none."""
    number: int = 0
    """0 for a job that was never built."""
    began: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC)
    seconds: float = 90.0
    step: str = ""
    code: str = ""
    message: str = ""
    log: str = ""
    faq: str | None = None
    branch: str = "main"
    by: str = "lin"

    @property
    def ended(self) -> datetime:
        return self.began + timedelta(seconds=self.seconds)


TRUTHS = [
    TrueJob(f"{1:032x}", "payments-api", "SUCCESS", 11, log="ok\n"),
    TrueJob(
        f"{2:032x}",
        "mobile-ios",
        "FAILURE",
        12,
        step="Sign ipa",
        code="CB.2017",
        message="expired",
        log="bad\n",
        faq="Renew it.",
    ),
    TrueJob(f"{3:032x}", "web", "SCHEDULE_FAILURE", 13),
    TrueJob(f"{4:032x}", "ledger", "ABORTED", 14),
    TrueJob(f"{5:032x}", "fraud", "timeout", 15),
    TrueJob(f"{6:032x}", "events", "UNSTABLE", 16),
    TrueJob(f"{7:032x}", "search", "", 17),
    TrueJob(f"{8:032x}", "legacy", ""),
]
OUTCOMES = {
    "payments-api": Outcome.PASSED,
    "mobile-ios": Outcome.FAILED,
    "web": Outcome.FAILED,
    "ledger": Outcome.ABORTED,
    "fraud": Outcome.TIMED_OUT,
    "events": Outcome.UNKNOWN,
}


HARM: dict[str, Script] = {
    "refused": refusal(403, "CB.00020001"),
    "no such path": refusal(404, "APIGW.0101"),
    "nonsense": Reply(200, "\x00\x1b[2Jnot json"),
    "web page": Reply(200, "<html><title>log in</title>", {"Content-Type": "text/html"}),
    "empty list with a total": Reply(200, {"result": {"total": 7, "job_list": []}, "status": "success"}),
    "failing": refusal(500, "CB.00030000"),
    "hang": "hang",
    "close": "close",
}
"""What may become of every extra call."""


def one_after_the_other() -> Callable[[Request], Reply | str]:
    """All kinds of harm in turn, so that the calls of one kind and those of different kinds meet different ones."""
    turns = itertools.cycle(HARM.values())

    def next_harm(request: Request) -> Reply | str:
        harm = next(turns)
        return harm if isinstance(harm, Reply | str) else "close"

    return next_harm


def tell(server: ContractServer, truths: list[TrueJob]) -> None:
    """Makes the server say all of it, by all calls."""
    entries = [_entry(truth) for truth in truths]
    server.extras["/v1/job/list"] = _good({"total": len(entries), "job_list": entries})
    server.extras[f"/v1/job/{PROJECT}/list"] = Reply(200, {"total": len(entries), "jobs": entries})
    server.extras["/v1/domain/project/related-page"] = _good(
        {"total": 1, "project_info_list": [{"identifier": PROJECT, "name": "Payments"}]}
    )
    for truth in truths:
        _tell_one(server, truth)


def _tell_one(server: ContractServer, truth: TrueJob) -> None:
    build = f"{truth.id}/{truth.number}"
    states = [build_state(truth)] if truth.number else []
    server.extras[f"/v1/record/{truth.id}/list"] = _good({"total_record": str(len(states)), "job_build_states": states})
    server.extras[f"/v1/job/{truth.id}/info"] = _good({"id": truth.id, "job_name": truth.name})
    if not truth.number:
        server.extras[f"/v1/job/{truth.id}/running-status"] = refusal(403, "CB.00031059")
        return
    last = {"last_job_id": "1", "last_build_no": str(truth.number), "last_build_status": "Finished"}
    server.extras[f"/v1/job/{truth.id}/running-status"] = _good({**last, "is_running": not truth.state})
    server.extras[f"/v1/record/{build}/record-info"] = _good(_exact(truth))
    error = {"error_code": truth.code, "error_message": truth.message, "faq": truth.faq}
    nodes = [{"node_id": "n", "step": truth.step, "error_info": error}] if truth.step else []
    server.extras[f"/v1/log/{build}/analysis"] = _good({"jobName": truth.name, "error_nodes": nodes})
    more = {"has_more": False, "start_offset": "0", "end_offset": str(len(truth.log))}
    server.extras[f"/v1/log/{build}/real-time-log"] = _good({**more, "log": truth.log})
    older = {"has_more_data": False, "offset": len(truth.log), "current_offset": 0, "content": truth.log}
    server.extras[f"/v3/jobs/{build}/real-time-log"] = Reply(200, {"result": older})


def _entry(truth: TrueJob) -> dict[str, object]:
    is_running = bool(truth.number) and not truth.state
    colour = "building" if is_running else _COLOURS.get(truth.state, truth.state.lower() or "none")
    entry = {"id": truth.id, "job_name": truth.name, "project_id": PROJECT, "project_name": "Payments"}
    number = str(truth.number) if truth.number else None
    return {**entry, "is_finished": not is_running, "last_build_status": colour, "build_number": number}


def build_state(truth: TrueJob) -> dict[str, object]:
    times = {"start_time": round(truth.began.timestamp() * 1000), "build_time": round(truth.seconds), "cost_time": 0}
    running = "Finished" if truth.state else "Running"
    who = {"trigger_type": "MANUAL", "executor": truth.by, "code_branch": truth.branch}
    return {"number": truth.number, "job_running_status": running, "state": truth.state, **times, **who}


def _exact(truth: TrueJob) -> dict[str, object]:
    who = {"codeci_job_id": truth.id, "build_no": truth.number, "status": truth.state or "RUNNING"}
    began, ended = (f"{moment:%Y-%m-%dT%H:%M:%S.000+00:00}" for moment in (truth.began, truth.ended))
    is_over = bool(truth.state)
    return {**who, "start_time": began, "finish_time": ended if is_over else None, "duration": truth.seconds * 1000}


def _good(result: object) -> Reply:
    return Reply(200, {"result": result, "error": None, "status": "success"})
