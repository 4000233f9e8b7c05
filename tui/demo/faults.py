"""Everything that can go wrong with one job: a fault turns the good answer into what is sent instead."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tui.demo.answers import DROPPED, Answer, gateway_error, service_error, status_answer, web_page

SLOWNESS = 3.0
"""Seconds that the slow job takes."""
GOOD_SPELL, BAD_SPELL = 60.0, 90.0
"""Seconds: long enough for a status to age and become stale, and to be seen fresh again."""
THROTTLED_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Asked:
    """One question about a job."""

    at: float
    """Seconds since the service started."""
    draw: float
    """From 0 up to 1: the dice for this question."""
    is_running: bool


Fault = Callable[[Asked], Answer]


def always(answer: Answer) -> Fault:
    return lambda _: answer


def now_and_then_throttled(asked: Asked) -> Answer:
    if asked.draw >= THROTTLED_SHARE:
        return status_answer(asked.is_running)
    reason = "policy app over ratelimit,limit:20,time:1 second"  # above what a client asks: no reason to slow down
    return gateway_error(429, "0308", f"The throttling threshold has been reached: {reason}")


def slow(asked: Asked) -> Answer:
    return replace(status_answer(asked.is_running), delay=SLOWNESS)


def flapping(asked: Asked) -> Answer:
    if asked.at % (GOOD_SPELL + BAD_SPELL) < GOOD_SPELL:
        return status_answer(asked.is_running)
    return gateway_error(503, "0613", "The IAM service is unavailable.")


_NESTED = {"error": {"code": "DEV.CB.032011", "reason": "The task ID is invalid."}, "status": "error"}

FAULTS: dict[str, Fault] = {
    "bad request": always(service_error(400, "CB.00060200", "Invalid param")),
    "invalid job ID": always(service_error(400, "CB.00060201", "The task ID is invalid.")),
    "app refused": always(gateway_error(401, "0303", "Incorrect app authentication information: app not found")),
    "forbidden": always(gateway_error(403, "0306", "API access denied.")),
    "wrong region": always(gateway_error(403, "0802", "The IAM user is forbidden in the current region.")),
    "not found (404)": always(service_error(404, "CB.00060214", "The URL is not found or is illegal.")),
    "not found (422)": always(service_error(422, "CB.00031006", "The job does not exist.")),
    "throttled now and then": now_and_then_throttled,
    "server error (500)": always(service_error(500, "CB.00060101", "Internal error.")),
    "proxy page (502)": always(web_page(502, "502 Bad Gateway", "The proxy got no valid answer.")),
    "gateway time-out (504)": always(gateway_error(504, "0201", "Backend timeout.")),
    "error inside a 200": always(Answer(200, _NESTED)),
    "web page inside a 200": always(web_page(200, "Sign in", "Sign in to the console to go on.")),
    "slow": slow,
    "connection closed": always(DROPPED),
    "flapping (503)": flapping,
}
"""By the label of the job that shows it."""
