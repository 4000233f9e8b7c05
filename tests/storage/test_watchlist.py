"""The watchlist: what a text is read as, and what the stores do to it."""

import errno
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.errors import UserError
from tui.core.job import Job, JobId
from tui.storage.files import signature
from tui.storage.watchlist import (
    LIMIT,
    MemoryWatchlist,
    Watchlist,
    WatchlistBroken,
    WatchlistEdit,
    WatchlistFile,
    WatchlistStore,
)

A, B, C, D, E = (JobId(letter * 32) for letter in "abcde")
ADDED = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "watchlist.toml"


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, path: Path) -> WatchlistStore:
    return WatchlistFile(path) if request.param == "file" else MemoryWatchlist()


def ids(watchlist: Watchlist) -> list[JobId]:
    return [job.id for job in watchlist.jobs]


def read(path: Path, text: str) -> Watchlist:
    path.write_bytes(text.encode())
    return WatchlistFile(path).load()


def test_a_missing_file_is_an_empty_list(path: Path) -> None:
    assert WatchlistFile(path).load() == Watchlist()
    assert not path.exists()


def test_jobs_are_read_back_as_they_were_added(store: WatchlistStore) -> None:
    jobs = [Job(A, "payments-api nightly", ("payments", "x"), "prod", "https://example.com/a", ADDED), Job(B)]
    change = store.add(jobs)
    assert change.before == Watchlist()
    assert change.after == store.load()
    assert store.load().jobs == tuple(jobs)
    assert not store.changed()


def test_a_new_file_says_whose_it_is(path: Path) -> None:
    WatchlistFile(path).add([Job(A)])
    first, version, *_ = path.read_text().splitlines()
    assert first.startswith("# codearts-watch writes this file")
    assert version == "version = 1"


def test_jobs_that_are_there_stay_as_they_are(store: WatchlistStore) -> None:
    store.add([Job(A, "mine")])
    change = store.add([Job(A, "other"), Job(B), Job(B, "twice")])
    assert change.after.jobs == (Job(A, "mine"), Job(B))
    assert store.add([Job(A)]).after == change.after


def test_a_change_that_changes_nothing_does_not_write(path: Path) -> None:
    file = WatchlistFile(path)
    file.add([Job(A, "mine")])
    written = signature(path)
    file.add([Job(A)])
    file.remove([B])
    file.edit({A: {"label": "mine"}, B: {"label": "mine"}})
    assert signature(path) == written


def test_an_edit_leaves_what_another_hand_set_meanwhile(path: Path) -> None:
    file, other = WatchlistFile(path), WatchlistFile(path)
    file.add([Job(A, "old")])
    other.edit({A: {"tags": ("urgent",), "profile": "prod"}})
    assert file.edit({A: {"label": "new"}}).after.jobs == (Job(A, "new", ("urgent",), "prod"),)


def test_edit_sets_what_the_user_says_about_a_job(store: WatchlistStore) -> None:
    store.add([Job(A, "old", ("x",), "prod", added=ADDED), Job(B)])
    change = store.edit({A: {"label": "new", "tags": (), "profile": "test", "address": "https://example.com/"}})
    assert change.after.jobs == (Job(A, "new", (), "test", "https://example.com/", ADDED), Job(B))


def test_what_is_stored_is_clean(store: WatchlistStore) -> None:
    (job,) = store.add([Job(A, "\x1b[31m" + "x" * 200, ("\x9b", " ", "y" * 99), "\ud800")]).after.jobs
    assert job.label.startswith("\ufffd[31m")
    assert len(job.label) == 100
    assert job.tags == ("\ufffd", "y" * 39 + "…")
    assert job.profile == "\ufffd"


@pytest.mark.parametrize(
    "before", ["", "\n", "# only a comment", "x = 1\r\ny = 2", f'[[jobs]]\nid = "{A}"', "\ufeffx = 1\n"]
)
def test_every_change_is_undone_byte_for_byte_and_redone(path: Path, before: str) -> None:
    path.write_bytes(before.encode())
    file = WatchlistFile(path)
    acts: list[Callable[[], WatchlistEdit]] = [
        lambda: file.add([Job(B, "b"), Job(C)]),
        lambda: file.edit({A: {"label": "a", "tags": ("t",)}}),
        lambda: file.remove([A, B]),
    ]
    for act in acts:
        start = path.read_bytes()
        done = act()
        made = path.read_bytes()
        undone = file.undo(done)
        assert path.read_bytes() == start
        file.undo(undone)
        assert path.read_bytes() == made


def test_removing_what_was_added_leaves_the_same_bytes(path: Path) -> None:
    text = f'\ufeff# mine\r\n\r\n[[jobs]]\r\nid = "{A}"\r\n# end, no line end'
    read(path, text)
    file = WatchlistFile(path)
    file.add([Job(B, "b")])
    assert path.read_bytes().count(b"\r\n") == path.read_bytes().count(b"\n")
    file.remove([B])
    assert path.read_bytes().decode() == text


def test_undo_leaves_what_others_did_since(store: WatchlistStore) -> None:
    store.add([Job(A), Job(B, "b"), Job(C, "c"), Job(D)])
    added = store.add([Job(E)])
    edited = store.edit({A: {"label": "mine", "tags": ("x",)}})
    removed = store.remove([B, C])
    store.edit({A: {"label": "theirs"}})
    store.edit({D: {"label": "d"}})
    store.undo(removed)
    assert store.load().jobs == (Job(A, "theirs", ("x",)), Job(B, "b"), Job(C, "c"), Job(D, "d"), Job(E))
    store.undo(edited)
    assert store.load().jobs[0] == Job(A, "theirs")
    redo = store.undo(added)
    assert ids(store.load()) == [A, B, C, D]
    store.undo(redo)
    assert ids(store.load()) == [A, B, C, D, E]


def test_a_job_comes_back_before_all_others_when_none_was_before_it(path: Path) -> None:
    file, other = WatchlistFile(path), WatchlistFile(path)
    file.add([Job(A), Job(B)])
    removed = file.remove([A])
    other.add([Job(C)])
    assert file.changed()
    file.undo(removed)
    assert ids(file.load()) == [A, B, C]


def test_a_job_comes_back_with_its_comments_and_unknown_keys(path: Path) -> None:
    read(path, f'# mine\n\n# about a\n[[jobs]]\nid = "{A}"  # here\nowner = "Anna"\n\n[[jobs]]\nid = "{B}"\n')
    text = path.read_text()
    file = WatchlistFile(path)
    removed = file.remove([A])
    path.write_text(path.read_text() + "\n# theirs\n")
    file.undo(removed)
    assert path.read_text() == text + "\n# theirs\n"


def test_undo_does_not_need_the_file(path: Path) -> None:
    file = WatchlistFile(path)
    file.add([Job(A, "a")])
    removed = file.remove([A])
    path.unlink()
    assert file.undo(removed).after.jobs == (Job(A, "a"),)


def test_changed_sees_other_writers_only(path: Path) -> None:
    file = WatchlistFile(path)
    assert not file.changed()
    path.write_text("version = 1\n")
    assert file.changed()
    file.load()
    assert not file.changed()
    file.add([Job(A)])
    assert not file.changed()
    path.unlink()
    assert file.changed()
    assert file.load().jobs == ()


def test_entries_that_are_not_jobs_are_left_out_and_kept(path: Path) -> None:
    watchlist = read(path, f'[[jobs]]\nid = "short"\n[[jobs]]\nlabel = "x"\n[[jobs]]\nid = 5\n[[jobs]]\nid = "{A}"\n')
    assert ids(watchlist) == [A]
    assert len(watchlist.warnings) == 3
    assert watchlist.warnings[0] == "Job 1 has the ID short and is left out: an ID is 32 letters and digits"
    after = WatchlistFile(path).add([Job(B)]).after
    assert len(after.warnings) == 3
    assert after.text.startswith(watchlist.text)


def test_a_misspelt_key_is_named_and_stays_in_the_file(path: Path) -> None:
    one, other = f'id = "{A}"\nlabels = "web"\nnote = "mine"', f'id = "{B}"\nlabels = "shop"'
    watchlist = read(path, f"versions = 1\n[[jobs]]\n{one}\n[[jobs]]\n{other}\n")
    assert watchlist.warnings == (
        "The watchlist has versions, which means nothing here: did you mean version?",
        f"Job 1 ({A.short}) has labels, which means nothing here: did you mean label?",
    )
    assert 'labels = "web"' in WatchlistFile(path).edit({A: {"label": "shop"}}).after.text
    assert "did you mean jobs?" in read(path, f'[[job]]\nid = "{A}"\n').warnings[0]
    own = "added = 2026-11-01\nids = [4]\nkind = 1\nstatus = 2\nstage = 3\nfile = 4\nlabel_zh = 5\n"
    assert read(path, f'owner = "me"\n[[jobs]]\nid = "{A}"\n{own}').warnings == ()


def test_entries_with_the_same_id_become_one_job(path: Path) -> None:
    entries = [f'id = "{A}"\ntags = ["x"]', f'id = "{B}"', f'id = "{A}"\nlabel = "second"\ntags = ["y", "x"]']
    watchlist = read(path, "".join(f"[[jobs]]\n{entry}\n" for entry in entries))
    assert watchlist.jobs == (Job(A, "second", ("x", "y")), Job(B))
    assert len(watchlist.warnings) == 1
    file = WatchlistFile(path)
    assert file.edit({A: {"label": "", "tags": ("y",)}}).after.jobs == (Job(A, "", ("y",)), Job(B))
    assert ids(file.remove([A]).after) == [B]


def test_an_alert_stays_through_other_edits_and_goes_without_a_trace(path: Path) -> None:
    file = WatchlistFile(path)
    text = file.add([Job(A, "web")]).after.text
    armed = file.edit({A: {"alert": True}})
    assert "alert = true\n" in armed.after.text
    assert file.edit({A: {"label": "shop"}}).after.jobs == (Job(A, "shop", alert=True),)
    assert file.undo(armed).after.jobs == (Job(A, "shop"),)
    file.edit({A: {"alert": True}})
    assert file.edit({A: {"label": "web", "alert": False}}).after.text == text
    assert read(path, f'[[jobs]]\nid = "{A}"\n[[jobs]]\nid = "{A}"\nalert = true\n').jobs == (Job(A, alert=True),)


def test_ids_are_compared_exactly(path: Path) -> None:
    assert ids(read(path, f'[[jobs]]\nid = "{A}"\n[[jobs]]\nid = "{A.upper()}"\n')) == [A, A.upper()]


def test_values_of_the_wrong_type_are_ignored(path: Path) -> None:
    text = f'[[jobs]]\nid = "{A}"\nlabel = 1\nprofile = true\naddress = []\ntags = ["a", 1, ""]\n'
    text += 'added = "today"\nalert = 1\n'
    watchlist = read(path, text)
    assert watchlist.jobs == (Job(A, "", ("a",)),)
    assert len(watchlist.warnings) == 5


@pytest.mark.parametrize(
    ("written", "added"),
    [
        ("2026-11-23T12:00:00.5+02:00", ADDED),
        ("2026-11-23 10:00:00", ADDED),
        ("2026-11-23", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_added_is_a_moment_or_nothing(path: Path, written: str, added: datetime | None) -> None:
    assert read(path, f'[[jobs]]\nid = "{A}"\nadded = {written}\n').jobs[0].added == added


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [
        (b"version = 1\n[[jobs]\n", 2, 7),
        (b"version = 1\n# caf\xe9\n", 2, 6),
        (b"jobs = 3\n", 0, 0),
        (b"jobs = [1]\n", 0, 0),
        ("version = 1".encode("utf-16"), 1, 1),
        (b"#" * (LIMIT + 1), 0, 0),
    ],
    ids=["cut off", "Latin-1", "number", "numbers", "UTF-16", "large"],
)
def test_a_broken_file_is_never_written(path: Path, content: bytes, line: int, column: int) -> None:
    path.write_bytes(content)
    file = WatchlistFile(path)
    with pytest.raises(WatchlistBroken) as caught:
        file.load()
    assert (caught.value.path, caught.value.line, caught.value.column) == (path, line, column)
    assert str(path) in str(caught.value)
    assert f"line {line}, column {column}" in str(caught.value) or not line
    assert not file.changed()
    with pytest.raises(WatchlistBroken, match=r"^Not saved: .*; mend it in an editor, or move it away \("):
        file.add([Job(A)])
    assert path.read_bytes() == content


def test_a_file_that_the_system_does_not_open_is_not_called_one_to_move_away(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.symlink_to(path)
    with pytest.raises(WatchlistBroken, match=r"circle: mend the link$"):
        WatchlistFile(path).load()
    path.unlink()
    path.write_text("[[jobs")
    with pytest.raises(WatchlistBroken, match=r"mend it in an editor, or move it away to start with an empty list$"):
        WatchlistFile(path).load()
    monkeypatch.setattr("tui.storage.files.opened", Mock(side_effect=OSError(errno.EMFILE, "")))
    with pytest.raises(WatchlistBroken, match=r"raise the limit \(ulimit -n\)$"):
        WatchlistFile(path).load()


@pytest.mark.parametrize("version", ["2", '"1"', "true", "1.5"])
def test_a_newer_version_is_read_and_not_written(path: Path, version: str) -> None:
    watchlist = read(path, f'version = {version}\n[[jobs]]\nid = "{A}"\nmode = "fancy"\n')
    assert watchlist.read_only
    assert ids(watchlist) == [A]
    with pytest.raises(UserError, match="newer"):
        WatchlistFile(path).remove([A])
    assert path.read_text() == watchlist.text


def test_a_folder_or_a_pipe_is_no_watchlist(tmp_path: Path) -> None:
    with pytest.raises(WatchlistBroken, match=r"folder|regular"):
        WatchlistFile(tmp_path).load()
    with pytest.raises(WatchlistBroken, match="regular"):
        WatchlistFile(Path("/dev/null")).load()
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="not a folder"):
        WatchlistFile(tmp_path / "file" / "watchlist.toml").add([Job(A)])


def test_a_list_that_could_not_be_read_again_is_not_written(path: Path) -> None:
    path.write_bytes(b"#" * (LIMIT - 20) + b"\n")
    with pytest.raises(UserError, match="larger"):
        WatchlistFile(path).add([Job(A)])
    assert path.stat().st_size == LIMIT - 19


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_any_text_is_a_watchlist_or_broken(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(text.encode(errors="surrogatepass"))
    try:
        watchlist = WatchlistFile(path).load()
    except WatchlistBroken as broken:
        assert str(broken).isprintable()
    else:
        assert watchlist.text == text


VALUES = st.sampled_from(['"x"', f'"{A}"', "1", "nan", "[]", '["a", 2]', "{}", "2026-11-23", "07:00:00", "true"])


@given(st.lists(st.tuples(st.sampled_from(["id", "label", "tags", "profile", "address", "added", "alert"]), VALUES)))
def test_any_values_are_a_watchlist(tmp_path_factory: pytest.TempPathFactory, values: list[tuple[str, str]]) -> None:
    path = tmp_path_factory.getbasetemp() / "values.toml"
    path.write_text("".join(f"[[jobs]]\n{key} = {value}\n" + f'id = "{B}"\n' * (key != "id") for key, value in values))
    watchlist = WatchlistFile(path).load()
    assert set(ids(watchlist)) <= {A, B}
