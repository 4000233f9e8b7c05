"""Hostile texts wherever the screen shows one: each cell holds a plain character, and nothing is obeyed."""

import json
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from textual import events

from tests.support.builders import job_id
from tests.support.hostile_texts import FRAGMENTS, TIMES, control_characters, text
from tests.support.long_run import by_length
from tests.support.screen_harness import PROFILE, Screen, screen
from tui.codearts.status_api import interpret
from tui.core.job import Job, JobId
from tui.core.reading import Failure, Status
from tui.core.text import clean
from tui.storage.screen_state import ScreenState

ROWS = 60
SIZE = (200, 50)
WORST = tuple(one for one in FRAGMENTS if control_characters(one) or "[" in one)


def refusal(dice: Random) -> Status | Failure:
    """A failure as hostile as the service can make it."""
    said = json.dumps({"error_code": text(dice), "error_msg": text(dice)}).encode(errors="surrogatepass")
    return interpret(dice.choice((400, 404, 500)), {"x-request-id": text(dice)}, said, ())


def check(shown: Screen, place: str) -> None:
    """Every cell of the screen, and nothing that a click would do: the app knows of no such action."""
    assert not control_characters("".join(shown.lines)), place
    for strip in shown.app.screen._compositor.render_strips():
        assert strip.cell_length == sum(segment.cell_length for segment in strip)
        for segment in strip:
            assert not segment.control, place
            if segment.style:
                assert not segment.style.link, place
                assert not any("quit" in str(value) for value in segment.style.meta.values()), place
    assert shown.app.is_running
    assert not shown.app.crash


@pytest.mark.parametrize("seed", range(TIMES))
async def test_what_others_say_is_plain_wherever_it_is_shown(seed: int) -> None:
    dice = Random(seed)
    watched = [Job(job_id(n), text(dice), (text(dice), text(dice)), text(dice, 1)) for n in range(1, ROWS)]
    outcomes: dict[JobId, Status | Failure] = {job.id: refusal(dice) for job in watched}
    profile = replace(PROFILE, name=clean(text(dice)))
    names = (f"a{clean(text(dice, 2))}", f"b{clean(text(dice, 2))}")
    given: dict[str, Any] = {"profile": profile, "names": names, "environ": {"TMUX": text(dice)}}
    async with screen(watched, outcomes, SIZE, notices=(text(dice), text(dice)), **given) as shown:
        check(shown, "table")
        await shown.press("d")
        for _ in range(by_length(2, 6)):
            await shown.press("down")
            check(shown, "details")
        await shown.press("d", "w")
        check(shown, "wide")
        for key in ("e", "L", "t", "F", "o", "s", "colon", "question_mark"):
            await shown.press(key)
            check(shown, key)
            await shown.press("escape")
        for _ in range(by_length(2, 6)):
            shown.board.say(text(dice), "error")
            await shown.pilot.pause()
            check(shown, "notice")
        await shown.press("x", "u")
        check(shown, "removed and undone")


@pytest.mark.parametrize("place", by_length(["slash"], ["slash", "a", "L", "table"]))
async def test_what_is_pasted_is_plain_wherever_it_is_shown(place: str) -> None:
    async with screen(3, size=SIZE) as shown:
        for fragment in ("".join(WORST), " ".join(WORST[::2]), "\n".join(WORST), *WORST[:: len(WORST) // 3]):
            if place != "table":
                await shown.press(place)
            shown.app.post_message(events.Paste(fragment))
            await shown.settle()
            check(shown, repr(fragment))
            await shown.press("escape", "escape")
            assert len(shown.board.state.board.states) == 3


async def test_what_was_kept_on_disk_is_plain() -> None:
    hostile = clean("".join(WORST))
    async with screen(3, size=SIZE, state=ScreenState(theme=hostile, filter=hostile, sort=hostile)) as shown:
        check(shown, "state")
