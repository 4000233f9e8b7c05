"""What a run of the program learns from others of a log-in that was refused, and tells them."""

from datetime import UTC, datetime

import pytest

from tui.codearts.auth.refused_logins import Login, LoginMemory, Refusal

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
LOGIN = Login("me", b"old")
REST = 600.0


class Store:
    """Of each log-in it knows that it was refused `ago` seconds before."""

    def __init__(self, ago: float = 0.0) -> None:
        self.ago = ago
        self.told: list[str] = []

    async def refused(self, whose: str, content: bytes) -> tuple[datetime, float] | None:
        return NOON, self.ago

    async def keep(self, whose: str, content: bytes) -> None:
        self.told.append(f"{whose} refused {content.decode()}")

    async def forget(self, whose: str, content: bytes) -> None:
        self.told.append(f"{whose} accepted {content.decode()}")


@pytest.mark.parametrize(("ago", "rests"), [(0.0, True), (599.0, True), (600.0, False)])
async def test_a_log_in_that_was_refused_rests_for_a_while(ago: float, rests: bool) -> None:
    refusal = await LoginMemory(Store(ago), REST).recall(LOGIN)
    assert refusal == (Refusal(NOON, ago) if rests else None)


async def test_what_others_know_of_a_log_in_is_learned_before_it_is_first_sent() -> None:
    """Afterwards the run itself knows better: the user may have asked for the log-in."""
    memory = LoginMemory(Store(), REST)
    another = LOGIN._replace(content=b"new")
    assert [bool(await memory.recall(one)) for one in (LOGIN, LOGIN, another, another)] == [True, False, True, False]


async def test_others_are_told_once_what_became_of_a_log_in() -> None:
    """One that is accepted may have been refused before: the password was set back."""
    store = Store()
    memory = LoginMemory(store, REST)
    for _ in range(3):
        await memory.on_accepted(LOGIN)
    await memory.on_refused(LOGIN)
    for _ in range(3):
        await memory.on_accepted(LOGIN)
    assert store.told == ["me accepted old", "me refused old", "me accepted old"]


async def test_without_a_home_folder_nothing_is_learned_or_told() -> None:
    memory = LoginMemory(None, REST)
    await memory.on_refused(LOGIN)
    await memory.on_accepted(LOGIN)
    assert await memory.recall(LOGIN) is None
