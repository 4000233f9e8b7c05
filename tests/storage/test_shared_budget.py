"""The thread of the shared budget: it never holds up its caller, and remembers a limit that was named."""

import errno
import threading
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import cast

import pytest

from tests.support.threads import none_more
from tui.core.budget import Identity, Limit, Spending, Told
from tui.storage.learned import RememberedLimits
from tui.storage.shared_budget import BudgetFolder, BudgetUnusable, SharedBudget, _period

NOW = 1_780_000_000.0
CLOCK = 500.0
DAY = 86_400.0
WHO = Identity("https://build.example token 0123", "https://build.example token")
PATIENCE = 20.0


def spending(limit: Limit | None = None, calls: int = 7) -> Spending:
    return Spending(CLOCK, 2.5, ((CLOCK - 10, calls),), 5.0, -inf, -inf, limit)


def budget(folder: Path, limits: RememberedLimits | None = None, now: float = NOW) -> SharedBudget:
    def whose() -> Identity:
        return WHO

    return SharedBudget(lambda identity: BudgetFolder(folder, identity), limits, whose, lambda: CLOCK, lambda: now)


def heard(shared: SharedBudget, mine: Spending) -> Told:
    """What was heard first."""
    told = threading.Event()
    shared.when_told(told.set)
    first = shared.exchange(mine)
    assert told.wait(PATIENCE)
    return shared.exchange(mine) or first or Told()


def test_two_instances_hear_of_each_other_by_their_own_clocks(tmp_path: Path) -> None:
    one, two = budget(tmp_path / "budget"), budget(tmp_path / "budget", now=NOW + 2)
    heard(one, spending(calls=7)._replace(refused_at=CLOCK - 20, waits_until=CLOCK + 30))
    (other,) = heard(two, spending(calls=3)).others
    assert (other.is_there, other.calls) == (True, ((CLOCK - 12, 7),))
    assert (other.at, other.refused_at, other.waits_until) == (CLOCK - 2, CLOCK - 22, CLOCK + 28)
    one.end()
    two.end()


def test_a_limit_that_was_named_is_known_at_the_next_start_for_a_day(tmp_path: Path) -> None:
    limits = RememberedLimits(tmp_path / "limits.json")
    one = budget(tmp_path / "budget", limits)
    heard(one, spending(Limit(200, 300, CLOCK - 5)))
    one.end()
    later = budget(tmp_path / "budget", limits, NOW + DAY - 60)
    remembered = heard(later, spending()).remembered
    assert remembered
    assert remembered[:2] == (200, 300)
    assert 50 < remembered.ends - CLOCK < 60
    later.end()
    too_late = budget(tmp_path / "budget", limits, NOW + DAY + 60)
    assert heard(too_late, spending()).remembered is None
    too_late.end()
    assert "build.example" not in (tmp_path / "limits.json").read_text()


def test_a_limit_that_a_refusal_only_showed_is_not_written_down(tmp_path: Path) -> None:
    limits = RememberedLimits(tmp_path / "limits.json")
    one = budget(tmp_path / "budget", limits)
    heard(one, spending(Limit(200, 300, CLOCK - 5, is_named=False)))
    one.end()
    assert not (tmp_path / "limits.json").exists()


def test_a_limit_that_was_one_jobs_own_is_forgotten_again(tmp_path: Path) -> None:
    limits, own = RememberedLimits(tmp_path / "limits.json"), Limit(1, 60, CLOCK - 5)
    one = budget(tmp_path / "budget", limits)
    heard(one, spending(own))
    one.end()
    assert limits.limit(WHO.remembered, NOW)
    again = budget(tmp_path / "budget", limits)
    assert heard(again, spending()._replace(taken_back=own._replace(learned=CLOCK))).remembered is None
    again.end()
    assert limits.limit(WHO.remembered, NOW) is None


@pytest.mark.parametrize("back", [Limit(2, 60, CLOCK), Limit(1, 61, CLOCK), Limit(1, 60, CLOCK - 6)])
def test_a_limit_is_not_forgotten_because_another_one_or_a_former_one_was_taken_back(
    tmp_path: Path, back: Limit
) -> None:
    limits = RememberedLimits(tmp_path / "limits.json")
    one = budget(tmp_path / "budget", limits)
    one._round(spending(Limit(1, 60, CLOCK - 5)), WHO)
    one._round(spending()._replace(taken_back=back), WHO)
    one.end()
    assert limits.limit(WHO.remembered, NOW)


def test_another_limit_is_written_down_at_once(tmp_path: Path) -> None:
    limits = RememberedLimits(tmp_path / "limits.json")
    one = budget(tmp_path / "budget", limits)
    for calls in (200, 100):
        one._round(spending(Limit(calls, 300, CLOCK)), WHO)
        known = limits.limit(WHO.remembered, NOW)
        assert known
        assert known[:2] == (calls, 300)
    one.end()


class Folder:
    """Counts what is told there."""

    def __init__(self) -> None:
        self.told: list[Spending] = []
        self.is_closed = False
        self.came = threading.Semaphore(0)

    def exchange(self, spending: Spending) -> tuple[Spending, ...]:
        self.told.append(spending)
        self.came.release()
        return ()

    def close(self) -> None:
        self.is_closed = True


def opened(folder: Folder) -> BudgetFolder:
    return cast(BudgetFolder, folder)


def test_a_refusal_and_the_last_word_are_told_at_once_and_nothing_more_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.storage.shared_budget.ALONE", 600.0)
    monkeypatch.setattr("tui.storage.shared_budget._LAST_WORD", PATIENCE)
    folder, ready = Folder(), list[None]()
    one = SharedBudget(lambda identity: opened(folder), None, lambda: WHO, lambda: CLOCK, lambda: NOW)
    one.when_told(lambda: ready.append(None))
    for refused in (-inf, CLOCK - 2, CLOCK - 1):
        one.exchange(spending()._replace(refused_at=refused))
        assert folder.came.acquire(timeout=PATIENCE)
    one.exchange(spending(Limit(200, 300, CLOCK), calls=99))
    one.end()
    assert [told.refused_at for told in folder.told[:3]] == [-inf, NOW - 2, NOW - 1]
    assert [told.calls[0][1] for told in folder.told[3:]] == [99]
    assert folder.is_closed
    assert len(ready) == 1


def test_another_credential_has_its_own_part_at_once_also_if_the_former_had_none() -> None:
    folders, other = [Folder(), Folder()], WHO._replace(shared="another")
    made = iter(folders)

    def open_folder(identity: str) -> BudgetFolder:
        if identity == WHO.shared and folders[0].told:
            raise OSError(errno.EIO, "gone")
        return opened(next(made))

    one = SharedBudget(open_folder, None, lambda: WHO, lambda: CLOCK, lambda: NOW)
    one._round(spending(), WHO)
    one._round(spending(), other)
    assert [(len(folder.told), folder.is_closed) for folder in folders] == [(1, True), (1, False)]
    one._round(spending(), WHO)  # it cannot be opened now
    assert folders[1].is_closed
    folders.append(Folder())
    made = iter(folders[2:])
    one._round(spending(), other)
    assert len(folders[2].told) == 1


def _full(identity: str) -> BudgetFolder:
    raise OSError(errno.ENOSPC, "full")


def _open_to_others(identity: str) -> BudgetFolder:
    raise BudgetUnusable("the folder budget is not closed to others")


@pytest.mark.parametrize("open_folder", [_full, _open_to_others])
def test_where_the_folder_cannot_be_used_an_instance_is_alone(
    open_folder: Callable[[str], BudgetFolder], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    limits = RememberedLimits(tmp_path / "file" / "limits.json")  # that cannot be written either
    alone = SharedBudget(open_folder, limits, lambda: WHO, lambda: CLOCK, lambda: NOW)
    assert heard(alone, spending(Limit(200, 300, CLOCK))).others == ()
    alone.end()


def test_a_folder_that_cannot_be_used_is_tried_again_after_a_minute() -> None:
    opened, times = list[float](), [NOW]

    def fails(identity: str) -> BudgetFolder:
        opened.append(times[-1])
        raise OSError(errno.EIO, "gone")

    alone = SharedBudget(fails, None, lambda: WHO, lambda: CLOCK, lambda: times[-1])
    for later in (0, 59, 60):
        times.append(NOW + later)
        alone._round(spending(), WHO)
    assert opened == [NOW, NOW + 60]


def test_a_limit_that_is_named_all_day_is_written_down_each_hour(tmp_path: Path) -> None:
    limits, ends = RememberedLimits(tmp_path / "limits.json"), list[float]()
    one = budget(tmp_path / "budget", limits)
    for learned in (-3600, -1800, 0):
        one._round(spending(Limit(200, 300, CLOCK + learned)), WHO)
        known = limits.limit(WHO.remembered, NOW)
        assert known
        ends.append(known.ends - NOW)
    assert ends == [DAY - 3600, DAY - 3600, DAY]
    one.end()


def test_others_are_heard_sooner_while_no_limit_is_known() -> None:
    other, limit = spending(), Limit(200, 300, CLOCK)
    assert _period((other,), None) < _period((other,), limit) < _period((), limit)
    assert _period((other._replace(is_there=False),), None) == _period((), limit)


def test_a_disk_that_hangs_holds_up_neither_the_requests_nor_the_end() -> None:
    is_asked, goes_on = threading.Event(), threading.Event()

    def hangs(identity: str) -> BudgetFolder:
        is_asked.set()
        goes_on.wait(PATIENCE)
        raise OSError(errno.EIO, "gone")

    alone = SharedBudget(hangs, None, lambda: WHO, lambda: CLOCK, lambda: NOW)
    assert alone.exchange(spending()) is None
    assert is_asked.wait(PATIENCE)
    assert alone.exchange(spending()) is None
    alone.end()
    assert not goes_on.is_set()
    goes_on.set()


def test_where_no_thread_can_be_had_an_instance_is_alone_until_one_can(tmp_path: Path) -> None:
    other, mine = budget(tmp_path / "budget"), budget(tmp_path / "budget")
    heard(other, spending(calls=3))
    with pytest.MonkeyPatch.context() as patched:
        none_more(patched)
        assert mine.exchange(spending()) == Told()
    told = mine.exchange(spending())
    for _ in range(1000):
        if told and told.others:
            break
        threading.Event().wait(0.01)
        told = mine.exchange(spending())
    assert told
    assert told.others[0].calls == ((CLOCK - 10, 3),)
    mine.end()
    other.end()


def test_an_instance_ends_well_that_never_had_a_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    none_more(monkeypatch)
    mine = budget(tmp_path / "budget")
    mine.exchange(spending())
    mine.end()


def test_without_a_known_credential_nothing_is_shared() -> None:
    def never(identity: str) -> BudgetFolder:
        raise AssertionError

    nobody = SharedBudget(never, None, lambda: None, lambda: CLOCK, lambda: NOW)
    assert nobody.exchange(spending()) == Told()
    nobody.end()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "nonsense",
        '{"x": [1]}',
        '{"x": ["NaN", 1, 2]}',
        '{"x": [1e999, 300, 2]}',
        "{" * 100_000,
        '{"x":' + "[" * 100_000,
    ],
)
def test_a_file_of_limits_that_makes_no_sense_says_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "limits.json").write_text(content)
    limits = RememberedLimits(tmp_path / "limits.json")
    assert limits.limit("x", NOW) is None
    limits.keep("x", Limit(200, 300, NOW), NOW)
    assert limits.limit("x", NOW + 1) == Limit(200, 300, NOW)
