"""What the screen knows of the pollers: which profiles send nothing, and whose credential has ended or was replaced."""

from collections.abc import Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from tests.support.builders import DAY, failure, job_id, moment
from tui.core.reading import FailureKind
from tui.polling.poller import Pace
from tui.ui.live import Live

USUAL = Pace(5, 15, 5.0, 5.0, False, None, None, False, False)


def live(paces: Mapping[str, Pace], ends: Mapping[str, datetime | None] | None = None) -> Live:
    """It asks already; every job is polled with the first profile."""

    def profile(name: str) -> Any:
        return SimpleNamespace(credential=SimpleNamespace(expires_at=(ends or {}).get(name)))

    service = SimpleNamespace(names=tuple(paces), profile=profile)
    deps: Any = SimpleNamespace(service=lambda: service, now=lambda: moment(0))
    pollers: Any = SimpleNamespace(paces=lambda: paces, profile=lambda job: service.names[0])
    made = Live(deps)
    made.pollers, made.is_asking = pollers, True
    return made


def test_a_profile_that_is_only_slowed_sends_requests_and_one_in_trouble_none() -> None:
    slowed, broken = failure(FailureKind.THROTTLED), failure(FailureKind.UNREACHABLE)
    known = live({"a": USUAL, "b": USUAL._replace(trouble=slowed), "c": USUAL._replace(trouble=broken)})
    assert known.troubles() == {"b": slowed, "c": broken}
    assert known.trouble() == slowed
    assert known.obstacles() == {"c": broken}


def test_a_profile_that_is_signed_out_comes_before_that_of_the_cursors_job() -> None:
    out = USUAL._replace(signed_out=True)
    assert live({"a": USUAL, "b": out}).profile_to_sign_in(job_id(1)) == "b"
    assert live({"a": out, "b": out}).profile_to_sign_in(job_id(1)) == "a"
    assert live({"a": USUAL, "b": USUAL}).profile_to_sign_in(None) == "a"


def test_a_credential_whose_expiry_is_known_no_more_was_replaced() -> None:
    ends: dict[str, datetime | None] = {"a": None, "b": DAY}
    known = live({"a": USUAL, "b": USUAL}, ends)
    assert not known.ends_were_lost()
    ends["b"] = None
    assert known.ends_were_lost()
    assert not known.ends_were_lost()
