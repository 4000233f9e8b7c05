"""Hostile answers, pastes and files by the thousand: no exception, no invented status, nothing a terminal acts on."""

import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest

from tests.support.credential_fakes import TOKEN
from tests.support.hostile_texts import JOB, body, control_characters, escaped, text, value
from tests.support.long_run import HOURS, by_length
from tui.codearts.error_codes import advise
from tui.codearts.iam_api import interpret_token
from tui.codearts.status_api import interpret, request_id
from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.core.paste import parse_paste
from tui.core.reading import Failure, Status
from tui.storage.screen_state import load_state
from tui.storage.settings import load_settings
from tui.storage.watchlist import WatchlistFile

SEED = Random().randrange(1 << 32) if HOURS else 2026
CODES = (*[200] * 8, 201, 204, 301, 400, 401, 403, 404, 418, 422, 429, 431, 500, 502, 503, 504, 999)
BODIES, PASTES, WATCHLISTS = by_length((2000, 8000, 400), (20_000, 20_000, 5000), (1_000_000, 1_000_000, 250_000))


T = TypeVar("T")


def outcome(work: Callable[[], T]) -> T | UserError:
    """What the work returns, or the error that it raises for the user to read."""
    try:
        return work()
    except UserError as error:
        return error


def headers(dice: Random) -> dict[str, str]:
    names = ("Retry-After", "Date", "location", "X-Request-Id", "content-type", "content-encoding", "x-subject-token")
    return {one: text(dice, 3) for one in dice.sample(names, dice.randint(0, 3))}


def shown(failure: Failure) -> str:
    """All its texts, and what is said about it."""
    return "".join((failure.summary, failure.code, failure.message, advise(failure).meaning, advise(failure).action))


def test_hostile_answers_are_failures_in_plain_words() -> None:
    dice = Random(SEED)
    statuses = 0
    for number in range(BODIES):
        content, found, code = body(dice), headers(dice), dice.choice(CODES)
        if dice.random() < 0.1:
            content = content.replace(b"error", TOKEN.encode())
        outcome = interpret(code, found, content, (TOKEN,))
        if isinstance(outcome, Status):
            statuses += 1
            assert (code, outcome is Status.RUNNING) == (200, b"true" in content), (SEED, number)
            continue
        said = shown(outcome) + request_id(found, content, (TOKEN,))
        assert not control_characters(said), (SEED, number)
        assert len(said) < 10_000, (SEED, number)
        assert TOKEN[:16] not in said, (SEED, number)
        assert outcome.retry_after is None or 0 <= outcome.retry_after <= 3600, (SEED, number)
    assert BODIES / 1000 < statuses < BODIES / 20


def test_hostile_answers_of_iam_are_failures_in_plain_words() -> None:
    dice = Random(SEED)
    for number in range(BODIES // 10):
        outcome = interpret_token(dice.choice(CODES), headers(dice), body(dice), (TOKEN,))
        if isinstance(outcome, Failure):
            assert not control_characters(shown(outcome)), (SEED, number)


def test_hostile_pastes_are_jobs_that_stand_in_them_or_nothing() -> None:
    dice = Random(SEED)
    jobs = 0
    for number in range(PASTES):
        pasted = text(dice, 14)
        if dice.random() < 0.5:
            pasted = f"{text(dice, 3)}{dice.choice((JOB, JOB.upper(), JOB[:-1]))}{pasted}"
        for found in parse_paste(pasted).found:
            jobs += found.job is not None
            assert found.job is None or found.job in pasted, (SEED, number)
            said = found.text + found.reason + found.warning + found.address + found.region
            assert not control_characters(said), (SEED, number)
            assert len(said) < 6000, (SEED, number)
    assert jobs > PASTES / 20


def toml_value(dice: Random) -> str:
    """A value of TOML, or nearly one."""
    match dice.randrange(5):
        case 0:
            return dice.choice(
                ("nan", "-inf", "1e400", "0x7f", "9" * 30, "true", "1979-05-27", "07:32:00", "{}", "[[]]")
            )
        case 1:
            return text(dice, 2)
        case 2:
            return f"[{toml_value(dice)}, {toml_value(dice)}]"
    return f'"{escaped(text(dice))}"'


def watchlist(dice: Random) -> bytes:
    lines = [f"version = {toml_value(dice)}"] if dice.random() < 0.1 else ["version = 1"]
    for number in range(dice.randint(0, 3)):
        lines.append(dice.choice(("[[jobs]]",) * 15 + ("[jobs]", "[[jobs", "# [[jobs]]", "jobs = []")))
        given = f'"{number}{JOB[1:]}"' if dice.random() < 0.7 else toml_value(dice)
        lines.append(f"id = {given}")
        keys = dice.sample(("label", "tags", "profile", "address", "added", "note"), dice.randint(0, 3))
        lines += [f"{key} = {toml_value(dice)}" for key in keys]
    whole = "\n".join(lines).encode(errors="surrogatepass")
    match dice.randrange(12):
        case 0:
            return whole[: dice.randint(0, len(whole))]
        case 1:
            return whole + text(dice).encode(errors="surrogatepass")
        case 2:
            return whole.decode(errors="replace").encode(dice.choice(("utf-16", "utf-8-sig", "gb18030")))
    return whole


def test_hostile_watchlists_are_jobs_or_a_problem_and_never_lost(tmp_path: Path) -> None:
    dice = Random(SEED)
    path = tmp_path / "watchlist.toml"
    usable = 0
    for number in range(WATCHLISTS):
        content = watchlist(dice)
        path.write_bytes(content)
        found = outcome(WatchlistFile(path).load)
        if isinstance(found, UserError):
            assert not control_characters(str(found)), (SEED, number)
            with pytest.raises(UserError):
                WatchlistFile(path).add([Job(JobId(JOB))])
            assert path.read_bytes() == content, (SEED, number)
            continue
        usable += 1
        said = "".join((job.label + job.profile + job.address + "".join(job.tags)) for job in found.jobs)
        assert not control_characters(said + "".join(found.warnings)), (SEED, number)
        if number % 10 == 0 and not found.read_only:
            WatchlistFile(path).add([Job(JobId("f" * 32), given_label=text(dice))])
            kept = tomllib.loads(path.read_text(encoding="utf-8-sig"))["jobs"]
            assert {job.id for job in found.jobs} < {str(entry.get("id")) for entry in kept}, (SEED, number)
    assert usable > WATCHLISTS / 4


def test_hostile_settings_and_states_are_a_problem_or_ignored(tmp_path: Path) -> None:
    dice = Random(SEED)
    path = tmp_path / "settings.toml"
    for number in range(WATCHLISTS // 5):
        table = dice.choice(("polling", "ui", "keys", "profiles.x", text(dice, 1)))
        key = dice.choice(("running", "theme", "refresh", "region", "token_command", text(dice, 1)))
        path.write_bytes(f"[{table}]\n{key} = {toml_value(dice)}\n".encode(errors="surrogatepass"))
        load_state(path)
        loaded = outcome(partial(load_settings, path))
        assert not isinstance(loaded, UserError) or not control_characters(str(loaded)), (SEED, number)


def test_the_corpus_is_hostile() -> None:
    dice = Random(SEED)
    made = "".join(text(dice) for _ in range(2000))
    assert {"\x1b", "\x9b", "\x00", "\u202e", "\ud800", "\u200b"} <= control_characters(made)
    assert any(isinstance(value(dice), dict) for _ in range(100))
