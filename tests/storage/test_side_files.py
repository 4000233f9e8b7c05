"""Files that the program puts beside the user's own, on hosts with other users: no way into other files."""

import asyncio
import os
import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.builders import job_id
from tests.support.other_users import ALICE, BOB, EVE, TEAM, as_user, give, needs_root, public_folder
from tests.support.scripts import mode, names
from tui.core.budget import Limit
from tui.core.errors import UserError
from tui.core.job import Job, ServiceName
from tui.storage import job_entries
from tui.storage.files import FileError, is_closed, leads_safely, read_text
from tui.storage.learned import KeptNames, KeptRefusals, KeptUnits, RememberedLimits
from tui.storage.screen_state import ScreenState, load_state, save_state
from tui.storage.settings import Settings, load_settings
from tui.storage.shared_budget import BudgetFolder, BudgetUnusable
from tui.storage.toml_document import Document
from tui.storage.watchlist import WatchlistFile

ONE, TWO, THREE = (Job(job_id(number)) for number in (1, 2, 3))


@pytest.fixture
def shared() -> Iterator[Path]:
    """A watchlist of Alice's in a folder of the team's."""
    with public_folder() as top:
        folder = top / "team"
        folder.mkdir()
        give(folder, ALICE, TEAM, 0o2775)
        path = folder / "watchlist.toml"
        path.write_text(f'[[jobs]]\nid = "{ONE.id}"\n\n[[jobs]]\nid = "{TWO.id}"\n')
        give(path, ALICE, TEAM, 0o664)
        yield path


@needs_root
def test_a_list_that_is_new_in_a_teams_folder_can_be_shared_at_once(shared: Path) -> None:
    shared.unlink()
    as_user(ALICE, lambda: WatchlistFile(shared).add([ONE]), TEAM)
    shared.chmod(0o664)
    as_user(BOB, lambda: WatchlistFile(shared).add([TWO]), TEAM)
    assert ONE.id in shared.read_text()
    assert TWO.id in shared.read_text()


def test_a_backup_is_not_written_through_a_link(tmp_path: Path) -> None:
    precious = tmp_path / "bashrc"
    precious.write_text("precious")
    file = WatchlistFile(tmp_path / "watchlist.toml")
    file.add([ONE, TWO])
    before = file.load().text
    backup = tmp_path / "watchlist.toml.bak"
    backup.symlink_to(precious)
    WatchlistFile(file.path).remove([ONE.id])
    file.load()
    assert precious.read_text() == "precious"
    assert not backup.is_symlink()
    assert backup.read_text() == before


def test_a_screen_state_is_not_written_through_a_link(tmp_path: Path) -> None:
    precious, path = tmp_path / "bashrc", tmp_path / "screen.toml"
    precious.write_text("precious")
    path.symlink_to(precious)
    save_state(path, ScreenState(theme="dusk"))
    assert precious.read_text() == "precious"
    assert load_state(path).theme == "dusk"


def test_a_link_at_the_name_of_the_next_temporary_file_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, precious = tmp_path / "watchlist.toml", tmp_path / "bashrc"
    precious.write_text("precious")
    monkeypatch.setattr(os, "urandom", bytes)  # so that the name can be guessed
    link = tmp_path / f".{path.name}.{os.getpid()}.00000000.tmp"
    link.symlink_to(precious)
    with pytest.raises(UserError, match="Not saved"):
        WatchlistFile(path).add([ONE])
    assert precious.read_text() == "precious"
    assert not path.exists()


def invented_files_say(folder: Path) -> tuple[object, ...]:
    """What is read of each file that the program invents; what is in none of them where it is not believed."""
    now = datetime(2026, 7, 1, tzinfo=UTC)
    limits = RememberedLimits(folder / "limits.json")
    return (
        load_state(folder / "screen.toml").filter,
        KeptNames(folder / "names.json").names,
        limits.limit("me", now.timestamp()),
        KeptUnits(folder / "units.json").calibration("service").build_time.unit,
        asyncio.run(KeptRefusals(folder / "refused.json", lambda: now).refused("me", b"login")),
    )


@pytest.mark.parametrize(("owner", "bits"), [(-1, 0o666), pytest.param(EVE, 0o644, marks=needs_root)])
def test_what_another_user_may_have_written_is_not_believed(tmp_path: Path, owner: int, bits: int) -> None:
    now = datetime(2026, 7, 1, tzinfo=UTC)
    save_state(tmp_path / "screen.toml", ScreenState(filter="web"))
    names = KeptNames(tmp_path / "names.json")
    names.learn((), {job_id(1): ServiceName("pay")}, now)
    asyncio.run(names.save())
    RememberedLimits(tmp_path / "limits.json").keep("me", Limit(5, 60, now.timestamp()), now.timestamp())
    asyncio.run(KeptRefusals(tmp_path / "refused.json", lambda: now).keep("me", b"login"))
    (tmp_path / "units.json").write_text('{"service": {"build_time": "SECONDS"}}')
    assert all(invented_files_say(tmp_path))
    for file in tmp_path.iterdir():
        os.chown(file, owner, -1)
        file.chmod(bits)
    assert not any(invented_files_say(tmp_path))


def test_a_folder_in_the_place_of_a_file_takes_no_descriptors(tmp_path: Path) -> None:
    def next_one() -> int:
        descriptor = os.open(os.devnull, os.O_RDONLY)
        os.close(descriptor)
        return descriptor

    budget = tmp_path / "budget"
    (budget / "secret").mkdir(parents=True)
    budget.chmod(0o700)
    before = next_one()
    for _ in range(3):
        with pytest.raises(FileError, match="it is a folder: name a file"):
            read_text(tmp_path, 100)
        with pytest.raises((OSError, BudgetUnusable)):
            BudgetFolder(budget, "me")
    assert next_one() == before


@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe"])
def test_a_lock_that_is_no_file_is_named(tmp_path: Path, kind: str) -> None:
    lock = tmp_path / "watchlist.toml.lock"
    if kind == "pipe":
        os.mkfifo(lock)
    else:
        lock.symlink_to(tmp_path / "elsewhere")
    if kind == "link":
        (tmp_path / "elsewhere").touch()
    with pytest.raises(UserError, match=r"Not saved: watchlist.toml.lock: it is .*: remove it"):
        WatchlistFile(tmp_path / "watchlist.toml").add([ONE])
    assert (tmp_path / "elsewhere").exists() == (kind == "link")


def test_a_lock_that_is_another_file_too_keeps_that_files_mode(tmp_path: Path) -> None:
    precious = tmp_path / "key"
    precious.touch(0o600)
    (tmp_path / "watchlist.toml.lock").hardlink_to(precious)
    path = tmp_path / "watchlist.toml"
    path.touch()
    path.chmod(0o666)
    WatchlistFile(path).add([ONE])
    assert mode(precious) == 0o600


@pytest.mark.parametrize("bits", [0o777, 0o2777, 0o757])
def test_nothing_is_put_into_a_folder_that_everybody_can_write(tmp_path: Path, bits: int) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    file = WatchlistFile(folder / "watchlist.toml")
    file.add([ONE, TWO])
    file.path.with_name("watchlist.toml.lock").unlink()
    folder.chmod(bits)
    for save in (lambda: file.add([THREE]), lambda: save_state(folder / "screen.toml", ScreenState())):
        with pytest.raises(
            UserError, match=r"Not saved: .*: everybody may write into this folder: use another, or run"
        ):
            save()
    file.path.write_text(f'[[jobs]]\nid = "{ONE.id}"\n')  # another hand takes a job out
    file.load()
    assert names(folder) == {"watchlist.toml"}


@pytest.mark.parametrize(("bits", "is_safe"), [(0o755, True), (0o1777, True), (0o777, False), (0o707, False)])
def test_a_folder_is_safe_if_nobody_else_can_replace_it_or_what_leads_there(
    tmp_path: Path, bits: int, is_safe: bool
) -> None:
    (tmp_path / "real/inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    assert leads_safely(tmp_path / "link/inner")
    (tmp_path / "real").chmod(bits)
    for way in ("real", "real/inner", "link/inner"):
        assert leads_safely(tmp_path / way) is is_safe, way


@needs_root
def test_a_folder_or_link_of_another_user_is_not_safe() -> None:
    with public_folder() as top:
        (top / "real/inner").mkdir(parents=True)
        (top / "link").symlink_to("real")
        assert leads_safely(top / "link/inner")
        assert is_closed(top / "real/inner")
        os.chown(top / "link", EVE, EVE, follow_symlinks=False)
        assert not leads_safely(top / "link/inner")
        assert leads_safely(top / "real/inner")
        os.chown(top / "real", EVE, EVE)
        assert not leads_safely(top / "real/inner")
        assert not is_closed(top / "real")


def test_a_folder_is_closed_if_it_is_there_and_no_link_and_nobody_else_may_write_into_it(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    assert not is_closed(folder)
    folder.mkdir(mode=0o755)
    (tmp_path / "link").symlink_to(folder)
    assert is_closed(folder)
    assert not is_closed(tmp_path / "link")
    (tmp_path / "file").touch(mode=0o600)
    assert not is_closed(tmp_path / "file")
    for bits in (0o775, 0o757, 0o1777):
        folder.chmod(bits)
        assert not is_closed(folder)


def test_a_sticky_folder_is_a_place_for_a_list(tmp_path: Path) -> None:
    folder = tmp_path / "sticky"
    folder.mkdir()
    folder.chmod(0o1777)
    WatchlistFile(folder / "watchlist.toml").add([ONE])
    assert len(WatchlistFile(folder / "watchlist.toml").load().jobs) == 1


def test_no_folder_is_made_behind_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "list.toml").symlink_to(tmp_path / "unmounted" / "here" / "list.toml")
    (tmp_path / "lists").symlink_to(tmp_path / "unmounted" / "lists")
    for name in ("list.toml", "lists/list.toml", "lists/new/list.toml"):
        with pytest.raises(UserError, match=r"mend the (link|path)"):
            WatchlistFile(tmp_path / name).add([ONE])
    with pytest.raises(UserError, match=r"mend the (link|path)"):
        save_state(tmp_path / "lists" / "screen.toml", ScreenState())
    assert names(tmp_path) == {"list.toml", "lists"}


@pytest.mark.parametrize("name", ["list.toml", "lists/list.toml"])
def test_what_is_behind_a_link_that_leads_nowhere_is_not_taken_for_nothing(tmp_path: Path, name: str) -> None:
    """No jobs and the usual settings would be shown while the disk with the user's own is not mounted."""
    (tmp_path / "list.toml").symlink_to(tmp_path / "unmounted" / "list.toml")
    (tmp_path / "lists").symlink_to(tmp_path / "unmounted")
    for load in (lambda: WatchlistFile(tmp_path / name).load(), lambda: load_settings(tmp_path / name)):
        with pytest.raises(UserError, match="mend the link"):
            load()
    (tmp_path / "unmounted").mkdir()
    assert not WatchlistFile(tmp_path / name).load().jobs
    assert load_settings(tmp_path / name) == Settings()


def test_a_link_that_is_put_there_during_a_save_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, precious = tmp_path / "watchlist.toml", tmp_path / "bashrc"
    precious.write_text("precious")
    file = WatchlistFile(path)
    file.add([ONE])
    add = job_entries.add

    def add_while_another_hand_puts_a_link(document: Document, jobs: Sequence[Job]) -> Document:
        path.unlink()
        path.symlink_to(precious)
        return add(document, jobs)

    monkeypatch.setattr(job_entries, "add", add_while_another_hand_puts_a_link)
    with pytest.raises(UserError, match="Not saved: it has become a link: try again"):
        file.add([TWO])
    assert precious.read_text() == "precious"


@needs_root
def test_two_users_of_a_group_share_a_list(shared: Path) -> None:
    def add(job: Job) -> None:
        WatchlistFile(shared).add([job])

    assert as_user(ALICE, lambda: add(THREE), TEAM) == "None"
    assert as_user(BOB, lambda: add(Job(job_id(4))), TEAM) == "None"
    assert as_user(ALICE, lambda: WatchlistFile(shared).remove([ONE.id]), TEAM).startswith("WatchlistEdit")
    assert [job.id for job in WatchlistFile(shared).load().jobs] == [TWO.id, THREE.id, job_id(4)]
    lock = shared.with_name("watchlist.toml.lock")
    for path, bits in ((shared, 0o664), (lock, 0o660)):
        assert (path.stat().st_gid, mode(path)) == (TEAM, bits)


@needs_root
def test_a_list_keeps_its_group_also_in_a_folder_that_does_not_give_it(shared: Path) -> None:
    shared.parent.chmod(0o775)
    assert as_user(BOB, lambda: WatchlistFile(shared).remove([ONE.id]).after.jobs[0].id, TEAM) == TWO.id
    for path in (shared, shared.with_name("watchlist.toml.bak")):
        assert (path.stat().st_gid, mode(path)) == (TEAM, 0o664)


@needs_root
def test_a_group_that_cannot_be_kept_leaves_no_rights_to_another(shared: Path) -> None:
    give(shared, BOB, TEAM, 0o664)
    give(shared.parent, BOB, BOB, 0o755)
    assert as_user(BOB, lambda: len(WatchlistFile(shared).add([THREE]).after.jobs)) == "3"
    assert (shared.stat().st_uid, shared.stat().st_gid, mode(shared)) == (BOB, BOB, 0o604)


@needs_root
def test_what_root_saves_stays_the_users(shared: Path) -> None:
    WatchlistFile(shared).remove([ONE.id])
    for path in shared.parent.iterdir():
        assert (path.stat().st_uid, path.stat().st_gid) == (ALICE, TEAM), path
    assert as_user(ALICE, lambda: len(WatchlistFile(shared).add([ONE]).after.jobs), TEAM) == "2"


@needs_root
def test_the_file_that_refuses_is_named(shared: Path) -> None:
    def add() -> object:
        return WatchlistFile(shared).add([THREE])

    lock = shared.with_name("watchlist.toml.lock")
    lock.touch()
    give(lock, EVE, EVE, 0o600)
    assert as_user(BOB, add, TEAM).startswith(f"UserError: Not saved: {lock.name}: permission denied")
    lock.unlink()
    shared.chmod(0o644)
    assert as_user(BOB, add, TEAM).startswith("UserError: Not saved: permission denied")
    shared.chmod(0o664)
    shared.parent.chmod(0o755)
    for there in (True, False):
        assert lock.exists() == there
        assert as_user(BOB, add, TEAM).startswith(f"UserError: Not saved: {shared.parent}: permission denied")
        lock.unlink(missing_ok=True)


@needs_root
def test_a_file_that_may_not_be_replaced_is_the_one_that_refused(shared: Path) -> None:
    """In a sticky folder, where only its owner may put another one in its place."""
    shared.parent.chmod(0o3775)
    said = as_user(BOB, lambda: WatchlistFile(shared).add([THREE]), TEAM)
    assert said.startswith(
        f"UserError: Not saved: permission denied: check who owns the file and its folder ({shared})"
    )
    assert names(shared.parent) == {"watchlist.toml", "watchlist.toml.lock"}


@needs_root
def test_a_member_of_the_group_reaches_nothing_else_through_a_backup(shared: Path) -> None:
    """Bob only watches, and Eve, who shares the list, wants to write into Bob's files."""
    bashrc = shared.parents[1] / "bashrc"
    bashrc.write_text("precious")
    give(bashrc, BOB, BOB, 0o644)

    def follow() -> str:
        watching = WatchlistFile(shared)
        watching.load()
        as_of_eve = '[[jobs]]\nid = "' + TWO.id + '"\n'
        shared.write_text(as_of_eve)
        return str(len(watching.load().jobs))

    as_user(EVE, lambda: shared.with_name("watchlist.toml.bak").symlink_to(bashrc), TEAM)
    assert as_user(BOB, follow, TEAM) == "1"
    assert bashrc.read_text() == "precious"
    assert stat.S_ISREG(shared.with_name("watchlist.toml.bak").lstat().st_mode)
