"""What stands in place of rows claims nothing of jobs that were not read, or are not shown."""

from dataclasses import replace

import pytest

from tests.support.builders import failure, job_id, moment, reading
from tests.support.screen_harness import PROFILE, screen
from tui.codearts.auth.credentials import FixedToken
from tui.core.board import Board
from tui.core.job import Job
from tui.core.reading import Failure, FailureKind, Status
from tui.storage.screen_state import ScreenState
from tui.ui.board_state import BoardState

FINE = "no build failed, none is stale or takes longer than usual. "


@pytest.mark.parametrize(
    ("read", "paused", "text"),
    [
        ({}, (), "No problems are known.\n\n3 unread: what they do is not known. "),
        (
            {1: Status.IDLE},
            (),
            f"No problems are known.\n\n2 unread: what they do is not known. All others answer, {FINE}",
        ),
        (
            {1: Status.IDLE, 2: Status.RUNNING},
            (3,),
            f"No problems are known.\n\n1 paused: what they do is not known. All others answer, {FINE}",
        ),
        ({1: Status.IDLE}, (1, 3), "No problems are known.\n\n1 unread, 2 paused: what they do is not known. "),
        ({1: Status.IDLE, 2: Status.RUNNING, 3: Status.IDLE}, (), f"No problems.\n\nEvery job answers, {FINE}"),
    ],
)
def test_no_problems_names_what_is_not_known(read: dict[int, Status], paused: tuple[int, ...], text: str) -> None:
    assert shown("", read, paused) == f"{text}Press ! to show all jobs."


def test_no_problems_in_one_profile_says_nothing_of_the_others() -> None:
    read: dict[int, Status | Failure] = {1: Status.IDLE, 2: Status.IDLE, 3: failure()}
    assert (
        shown("one", read) == f"No problems in the profile 'one'.\n\nEvery job answers, {FINE}Press ! to show all jobs."
    )
    assert shown("", read) == shown("two", read) == ""
    assert shown("empty", read).startswith("No job of the profile 'empty'.")


def shown(profile: str, read: dict[int, Status] | dict[int, Status | Failure], paused: tuple[int, ...] = ()) -> str:
    """The text where only problems are shown, of this profile. The third job is of profile two."""
    jobs = [Job(job_id(number), profile="two" if number == 3 else "") for number in (1, 2, 3)]
    look = ScreenState(problems_only=True, profile=profile)
    names = ["one", "two", "empty"]
    state = BoardState(Board().watch(jobs), look, moment(0), {}, lambda _: 15.0, lambda: names)
    state.set_look(look)
    state.record([reading(job_id(number), outcome, 0) for number, outcome in read.items()], lambda _: 15.0)
    state.pause(map(job_id, paused), moment(0))
    state.show_all(moment(1))
    return state.empty_text({"only_problems": "!", "profile": "F"}.__getitem__)


@pytest.mark.parametrize("size", [(60, 15), (60, 10), (40, 8)])
@pytest.mark.parametrize("jobs", [0, 1])
async def test_a_long_text_in_place_of_rows_leaves_the_keys_in_the_last_line(size: tuple[int, int], jobs: int) -> None:
    said = "file /home/me/project/secrets/token.txt: There is no such file: check its name, or write it."
    missing = Failure(FailureKind.NO_CREDENTIAL, said)
    profile = replace(PROFILE, credential=FixedToken("none", missing))
    async with screen(jobs, {job_id(one + 1): missing for one in range(jobs)}, size=size, profile=profile) as shown:
        await shown.until(lambda: "Could not ask" in shown.text if jobs else "You are not signed in" in shown.text)
        assert "i sign in" in shown.lines[-1]
