"""The folder of the shared budget: who is there, what still counts, and whom it does not believe."""

import errno
import json
import os
import signal
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from math import inf, isfinite
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.other_users import ALICE, needs_root
from tui.core.budget import BUCKET, LONGEST_WINDOW, Limit, Spending
from tui.storage import shared_budget
from tui.storage.shared_budget import SIZE, BudgetFolder, BudgetUnusable

NOW = 1_780_000_000.0
DAY = 86_400.0
WHOSE = "https://build.example key 0123"
REMOTE = "1 2 0:3 / / rw - ext4 /dev/x rw\n3 1 0:4 / {} rw - nfs4 server:/home rw\n"


def spending(at: float = NOW, calls: int = 7) -> Spending:
    limit = Limit(200, 300, at - 50)
    return Spending(
        at, 2.5, ((at - 10, calls),), 5.0, at - 20, at + 30, limit, Limit(5, 60, at - 9, is_named=False), 0.5
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "budget"


@pytest.fixture
def joined(folder: Path) -> Iterator[Callable[..., BudgetFolder]]:
    """Opens parts in the budget, and closes them in the end."""
    opened: list[BudgetFolder] = []

    def join(identity: str = WHOSE) -> BudgetFolder:
        opened.append(BudgetFolder(folder, identity))
        return opened[-1]

    yield join
    for one in opened:
        one.close()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name != "secret"]


def test_two_instances_find_each_other_and_a_third_of_another_credential_does_not(
    joined: Callable[..., BudgetFolder],
) -> None:
    one, two, other = joined(), joined(), joined("https://build.example key 4567")
    assert one.exchange(spending()) == ()
    assert two.exchange(spending(calls=3)) == (spending(),)
    assert one.exchange(spending(NOW + 1)) == (spending(calls=3),)
    assert two.exchange(spending(NOW + 1))[0].at == NOW + 1
    assert other.exchange(spending()) == ()


def test_a_killed_instance_gets_no_part_but_what_it_has_spent_counts_until_the_window_is_over(
    folder: Path, joined: Callable[..., BudgetFolder]
) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.storage.test_budget_folder import *;"
        "folder = BudgetFolder(Path(sys.argv[1]), WHOSE); folder.exchange(spending()); print('there', flush=True);"
        "sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        one = joined()
        assert [other.is_there for other in one.exchange(spending())] == [True]
        child.send_signal(signal.SIGKILL)
        child.wait()
    (gone,) = one.exchange(spending(NOW + 1))
    assert (gone.is_there, gone.calls) == (False, ((NOW - 10, 7),))
    assert one.exchange(spending(NOW + LONGEST_WINDOW + BUCKET)) == (gone,)
    assert one.exchange(spending(NOW + LONGEST_WINDOW + BUCKET + 1)) == ()
    assert len(files(folder)) == 1


def test_an_instance_that_ended_in_order_counts_alike(folder: Path, joined: Callable[..., BudgetFolder]) -> None:
    former = BudgetFolder(folder, WHOSE)
    former.exchange(spending())
    former.close()
    assert [other.is_there for other in joined().exchange(spending())] == [False]


def test_files_of_former_credentials_and_unfinished_ones_are_removed_after_a_day(
    folder: Path, joined: Callable[..., BudgetFolder]
) -> None:
    joined("another credential").exchange(spending())
    (others,) = files(folder)
    unfinished, foreign = folder / f"{'0' * 32}.{'1' * 16}.new", folder / "notes"
    for path in (unfinished, foreign):
        path.touch()
    for path, age in ((others, DAY - 1), (unfinished, DAY + 1), (foreign, DAY + 1)):
        os.utime(path, (NOW - age, NOW - age))
    joined().exchange(spending())
    assert others.exists()
    assert foreign.exists()
    assert not unfinished.exists()
    os.utime(others, (NOW - DAY - 1, NOW - DAY - 1))
    joined().exchange(spending())
    assert not others.exists()


def test_the_file_of_an_instance_that_is_just_starting_is_left_alone_for_a_day(
    folder: Path, joined: Callable[..., BudgetFolder]
) -> None:
    one = joined()
    one.exchange(spending())
    (known,) = files(folder)
    begun = known.with_name(f"{known.name[:32]}.{'1' * 16}.new")  # before its owner has locked it and written
    begun.touch()
    os.utime(begun, (NOW - DAY + 1, NOW - DAY + 1))
    assert one.others(NOW) == ()
    joined().exchange(spending())
    assert begun.exists()
    os.utime(begun, (NOW - DAY - 1, NOW - DAY - 1))
    joined().exchange(spending())
    assert not begun.exists()


def test_a_stopped_instance_gets_no_part_until_it_tells_something_again(joined: Callable[..., BudgetFolder]) -> None:
    one, stopped = joined(), joined()
    stopped.exchange(spending())
    assert one.exchange(spending(NOW + 15))[0].is_there
    assert not one.exchange(spending(NOW + 16))[0].is_there
    stopped.exchange(spending(NOW + 17))
    assert one.exchange(spending(NOW + 17))[0].is_there


@pytest.mark.parametrize("has_locks", [True, False])
def test_the_file_of_an_instance_that_is_stopped_for_days_stays(
    folder: Path, joined: Callable[..., BudgetFolder], monkeypatch: pytest.MonkeyPatch, has_locks: bool
) -> None:
    if not has_locks:
        monkeypatch.setattr("tui.storage.shared_budget.fcntl.flock", no_locks)
    stopped, later = joined(), NOW + 3 * DAY
    stopped.exchange(spending())
    (file,) = files(folder)
    os.utime(file, (NOW, NOW))
    assert [other.is_there for other in joined().exchange(spending(later))] == [False]
    stopped.exchange(spending(later + 1))
    assert joined().exchange(spending(later + 1))[-1].is_there


def test_what_a_dead_instance_told_of_the_future_is_not_kept_until_then(
    folder: Path, joined: Callable[..., BudgetFolder]
) -> None:
    former = BudgetFolder(folder, WHOSE)
    former.exchange(spending(NOW + DAY))
    former.close()
    assert joined().exchange(spending()) == ()
    assert len(files(folder)) == 1


def test_all_of_some_instances_are_heard_and_of_many_calls_the_last(joined: Callable[..., BudgetFolder]) -> None:
    calls = tuple((NOW - 100 + number, number) for number in range(70))
    for _ in range(5):
        joined().exchange(spending()._replace(calls=calls))
    assert [other.calls for other in joined().exchange(spending())] == [calls[-64:]] * 5


def test_the_files_are_closed_to_others_and_their_names_reveal_nothing(
    folder: Path, joined: Callable[..., BudgetFolder], tmp_path: Path
) -> None:
    joined().exchange(spending())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())
    elsewhere = BudgetFolder(tmp_path / "elsewhere", WHOSE)
    elsewhere.exchange(spending())
    elsewhere.close()
    names = {path.name.partition(".")[0] for path in [*files(folder), *files(tmp_path / "elsewhere")]}
    assert len(names) == 2  # each folder has a key of its own: without it nothing can be guessed from a name
    assert all(path.stat().st_size == SIZE for path in files(folder))


@pytest.mark.parametrize("mode", [0o750, 0o777, 0o1777])
def test_a_folder_that_others_may_enter_is_not_used(folder: Path, mode: int) -> None:
    folder.mkdir(parents=True)
    folder.chmod(mode)
    with pytest.raises(BudgetUnusable, match="not closed to others: run chmod 700 on it"):
        BudgetFolder(folder, WHOSE)


def test_a_link_in_place_of_the_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "trap").mkdir(mode=0o700)
    folder.parent.mkdir()
    folder.symlink_to(tmp_path / "trap")
    with pytest.raises(BudgetUnusable, match="not a folder"):
        BudgetFolder(folder, WHOSE)
    assert not list((tmp_path / "trap").iterdir())


@needs_root
def test_a_folder_of_another_user_is_not_used(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o700)
    os.chown(folder, ALICE, ALICE)
    with pytest.raises(BudgetUnusable, match="belongs to another user: run chown on it"):
        BudgetFolder(folder, WHOSE)


@pytest.mark.parametrize(
    "what", ["link", "second name", "too long", "writable", "pipe", pytest.param("another user's", marks=needs_root)]
)
def test_files_that_are_not_what_they_should_be_are_not_believed(
    folder: Path, joined: Callable[..., BudgetFolder], tmp_path: Path, what: str
) -> None:
    one, two = joined(), joined()
    one.exchange(spending())
    (file,) = files(folder)
    match what:
        case "link":
            file.rename(tmp_path / "moved")
            file.symlink_to(tmp_path / "moved")
        case "second name":
            (tmp_path / "second").hardlink_to(file)
        case "too long":
            file.write_bytes(file.read_bytes() + b" ")
        case "writable":
            file.chmod(0o622)
        case "another user's":
            os.chown(file, ALICE, ALICE)
        case _:
            file.unlink()
            os.mkfifo(file, 0o600)
    assert two.exchange(spending()) == ()


@pytest.mark.parametrize("content", [b"", b"nonsense", b"00000000 {}", b"\xff" * SIZE])
def test_a_file_that_is_not_whole_says_what_it_said_before(
    folder: Path, joined: Callable[..., BudgetFolder], content: bytes
) -> None:
    one, two = joined(), joined()
    one.exchange(spending())
    (file,) = files(folder)
    assert len(two.exchange(spending())) == 1
    with file.open("r+b") as opened:
        opened.write(content.ljust(SIZE))
    assert two.exchange(spending()) == (spending(),)
    assert joined().exchange(spending())[0].at == NOW  # of two files, the one that is whole


def test_a_file_that_was_changed_on_its_way_is_not_believed(folder: Path, joined: Callable[..., BudgetFolder]) -> None:
    joined().exchange(spending())
    (file,) = files(folder)
    with file.open("r+b") as opened:
        content = opened.read()
        opened.seek(0)
        opened.write(content.replace(b'"wanted":2.5', b'"wanted":9.5'))
    assert joined().exchange(spending()) == ()


def test_a_file_with_a_number_larger_than_any_we_write_is_not_believed(joined: Callable[..., BudgetFolder]) -> None:
    one, two = joined(), joined()
    one.exchange(spending()._replace(limit=Limit(1e308, 300, NOW)))
    assert two.exchange(spending()) == ()
    one.exchange(spending()._replace(wanted=-1))
    assert two.exchange(spending()) == ()


def test_a_file_with_true_in_place_of_a_number_is_not_believed(joined: Callable[..., BudgetFolder]) -> None:
    one, two = joined(), joined()
    one.exchange(spending()._replace(wanted=True))
    assert two.exchange(spending()) == ()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**400), 10**400) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
names = ("at", "wanted", "calls", "rate", "refused", "waits", "limit", "taken_back", "care")


@given(st.one_of(json_values, st.fixed_dictionaries(dict.fromkeys(names, json_values))))
def test_whatever_a_whole_file_says_it_is_a_spending_of_plain_numbers_or_nothing(value: object) -> None:
    text = json.dumps(value).encode()
    told = shared_budget._decode(b"%08x %s" % (zlib.crc32(text), text.ljust(SIZE - 9)))
    assert told is None or all(isfinite(number) for number in (told.at, told.wanted, told.rate, told.waits_until))


def test_an_instance_to_which_nothing_was_refused_is_believed(joined: Callable[..., BudgetFolder]) -> None:
    joined().exchange(Spending(NOW, 2.5, ((NOW - 10, 7),), 5.0, -inf, -inf, None))
    (told,) = joined().exchange(spending())
    assert (told.calls, told.refused_at, told.limit) == (((NOW - 10, 7),), 0, None)


@pytest.mark.parametrize("fault", ["none", "open to others", "a secret that is none"])
def test_a_folder_that_is_tried_again_and_again_uses_up_no_descriptors(folder: Path, fault: str) -> None:
    BudgetFolder(folder, WHOSE).close()
    if fault == "open to others":
        folder.chmod(0o755)
    if fault == "a secret that is none":
        (folder / "secret").write_bytes(b"short")
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(3):
        with suppress(BudgetUnusable), closing(BudgetFolder(folder, WHOSE)) as one:
            one.exchange(spending())
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_folders_that_are_missing_are_made_and_are_closed_to_others(tmp_path: Path) -> None:
    BudgetFolder(tmp_path / "local" / "state" / "budget", WHOSE).close()
    for folder in (tmp_path / "local" / "state", tmp_path / "local" / "state" / "budget"):
        assert folder.stat().st_mode & 0o077 == 0


def test_a_budget_whose_file_was_removed_says_so_and_can_be_opened_again(
    folder: Path, joined: Callable[..., BudgetFolder]
) -> None:
    one, two = joined(), joined()
    one.exchange(spending())
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(BudgetUnusable):
        one.exchange(spending())
    joined().exchange(spending())
    assert two.exchange(spending()) == ()  # the old key is gone with the files


def no_room(descriptor: int, content: bytes) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("write", [no_room, lambda descriptor, content: len(content) // 2])
def test_a_full_disk_leaves_nothing_behind(
    folder: Path,
    joined: Callable[..., BudgetFolder],
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[int, bytes], int],
) -> None:
    one = joined()
    monkeypatch.setattr("tui.storage.shared_budget.os.write", write)
    with pytest.raises(OSError, match="No space left"):
        one.exchange(spending())
    assert files(folder) == []


def test_two_instances_that_start_at_once_use_the_secret_of_one(
    folder: Path, joined: Callable[..., BudgetFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, linked = os.link, list[BudgetFolder]()

    def link_late(name: str, to: str, *, src_dir_fd: int, dst_dir_fd: int, follow_symlinks: bool) -> None:
        monkeypatch.setattr(os, "link", real)
        linked.append(joined())  # meanwhile the other one has made its own
        real(name, to, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(os, "link", link_late)
    one = joined()
    linked[0].exchange(spending())
    assert len(one.exchange(spending())) == 1
    assert {path.name.partition(".")[2] for path in folder.glob("secret*")} == {""}


@pytest.mark.parametrize("broken", [b"short", b"x" * 33])
def test_a_file_that_holds_no_secret_is_not_used(folder: Path, broken: bytes) -> None:
    folder.mkdir(parents=True, mode=0o700)
    (folder / "secret").touch(0o600)
    (folder / "secret").write_bytes(broken)
    with pytest.raises(BudgetUnusable, match="remove it"):
        BudgetFolder(folder, WHOSE)


def test_a_secret_that_others_could_read_or_have_written_is_not_used(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o700)
    secret = folder / "secret"
    secret.write_bytes(b"x" * 32)
    secret.chmod(0o640)
    with pytest.raises(BudgetUnusable, match="remove it"):
        BudgetFolder(folder, WHOSE)
    secret.chmod(0o600)
    BudgetFolder(folder, WHOSE).close()
    if os.geteuid() == 0:
        os.chown(secret, ALICE, ALICE)
        with pytest.raises(BudgetUnusable, match="remove it"):
            BudgetFolder(folder, WHOSE)


def no_locks(descriptor: int, how: int) -> None:
    raise OSError(errno.ENOLCK, "no locks")


def test_without_locks_an_instance_counts_for_as_long_as_it_tells_something(
    joined: Callable[..., BudgetFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.storage.shared_budget.fcntl.flock", no_locks)
    one, two = joined(), joined()
    one.exchange(spending())
    assert two.exchange(spending())[0].is_there
    assert not two.exchange(spending(NOW + 16))[0].is_there


def test_on_a_file_server_the_runtime_folder_is_used_or_a_folder_for_each_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, runtime = tmp_path / "home" / "state", tmp_path / "run"
    runtime.mkdir(mode=0o700)
    remote, environ, me = REMOTE.format(tmp_path / "home"), {"XDG_RUNTIME_DIR": str(runtime)}, os.geteuid()
    assert shared_budget.budget_folder(state, environ, "", me) == state / "budget"
    assert shared_budget.budget_folder(state, environ, remote, me) == runtime / "codearts-watch" / "budget"
    everything = REMOTE.format(tmp_path)
    assert shared_budget.budget_folder(state, environ, everything, me, "jump") == state / "budget-jump"
    monkeypatch.chdir(tmp_path)  # a relative folder would be another one in each folder that one works in
    assert shared_budget.budget_folder(state, {"XDG_RUNTIME_DIR": "run"}, remote, me, "a") == state / "budget-a"
    with monkeypatch.context() as usual:
        usual.setattr("tui.storage.shared_budget.is_closed", lambda folder: True)
        known = shared_budget.budget_folder(None, {}, "", 4242)
        assert known == Path("/run/user/4242/codearts-watch/budget")
    runtime.chmod(0o777)
    assert shared_budget.budget_folder(state, environ, remote, me, "jump/1") == state / "budget-jump-1"
    with pytest.raises(BudgetUnusable):
        shared_budget.budget_folder(None, environ, "", me)
