"""A view that is saved changes its own lines of settings.toml, and no others."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.errors import UserError
from tui.storage.files import FileError
from tui.storage.settings import LIMIT, ViewSettings, load_settings, save_view
from tui.storage.toml_document import parse, with_table

VIEW = ViewSettings("payments", "tag:payments !is:idle", "status", group="tag")
MINE = """\
# mine
[polling]
idle = 30   # slow

# of the team
[views.1]
name = "old"   # to be renamed
reverse = true

# after it
[keys]
remove = "Z"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.toml"


def test_a_new_view_is_appended_and_a_file_is_made_where_there_is_none(file: Path) -> None:
    save_view(file, "3", VIEW)
    assert file.read_text() == (
        '[views.3]\nname = "payments"\nfilter = "tag:payments !is:idle"\nsort = "status"\ngroup = "tag"\n'
    )
    assert file.stat().st_mode & 0o777 == 0o600
    save_view(file, "1", ViewSettings("all"))
    assert load_settings(file).views == {"1": ViewSettings("all"), "3": VIEW}


def test_a_view_that_is_there_changes_and_comments_stay(file: Path) -> None:
    file.write_text(MINE)
    save_view(file, "1", VIEW)
    assert file.read_text() == MINE.replace(
        'name = "old"   # to be renamed\nreverse = true\n',
        'name = "payments"   # to be renamed\nfilter = "tag:payments !is:idle"\nsort = "status"\ngroup = "tag"\n',
    )


def test_lines_around_a_table_stay_where_they_are(file: Path) -> None:
    file.write_text("[keys]\nremove = 'Z'\n\n")
    save_view(file, "1", ViewSettings("a"))
    assert file.read_text() == "[keys]\nremove = 'Z'\n\n[views.1]\nname = \"a\"\n"
    file.write_text("  [views.1]\nname = 'x'\n  # of the keys\n  [keys]\n")
    save_view(file, "1", ViewSettings("a", "web"))
    assert file.read_text() == '  [views.1]\nname = "a"\nfilter = "web"\n  # of the keys\n  [keys]\n'


def test_a_key_of_a_newer_version_stays() -> None:
    made = with_table("[views.1]\nname = 'a'\nwrap = false\n", ("views", "1"), VIEW._asdict())
    assert made is not None
    assert "wrap = false\n" in made


def test_a_view_that_is_saved_as_it_was_leaves_the_file_untouched(file: Path) -> None:
    save_view(file, "1", VIEW)
    before = file.stat()
    save_view(file, "1", VIEW)
    assert file.stat().st_ino == before.st_ino


def test_a_view_is_not_saved_into_a_file_that_would_be_refused_then(file: Path) -> None:
    text = f"# {'€' * (LIMIT // 3 - 5)}\n"
    file.write_text(text)
    with pytest.raises(UserError, match="it would be larger than 1 MiB"):
        save_view(file, "1", VIEW)
    assert file.read_text() == text
    file.write_text("# mine\n")
    file.chmod(0o666)
    with pytest.raises(UserError, match="others may write it"):
        save_view(file, "1", VIEW)
    assert file.read_text() == "# mine\n"


INLINE = ['views = {1 = {name = "x"}}\n', '[views]\n1.name = "x"\n', '[views]\n1 = {name = "x"}\n']


@pytest.mark.parametrize("text", INLINE)
def test_a_form_that_would_lose_something_is_refused_and_the_file_stays(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(UserError, match="unusual way: change it by hand"):
        save_view(file, "1", VIEW)
    assert file.read_text() == text


@pytest.mark.parametrize("text", ["[views.1\n", 'x = "', "views = 1\n"])
def test_a_broken_file_is_left_alone(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(UserError, match="Not saved"):
        save_view(file, "1", VIEW)
    assert file.read_text() == text


HEADERS = ["[views.1]", "[views.2]", "[ \"views\" . '1' ] # x", "[views.1.deeper]", "[keys]", "[[jobs]]"]
LINES = st.sampled_from(
    [*HEADERS, "", "# note", 'a = """', '"""', 'name = "x" # y', "reverse = true", "b = [", "]", "filter = '#'"]
)


@given(st.lists(LINES, max_size=8).map(lambda lines: "\n".join([*lines, ""])))
def test_whatever_is_written_says_what_was_meant_and_keeps_every_other_line(text: str) -> None:
    try:
        made = with_table(text, ("views", "1"), VIEW._asdict())
    except FileError:
        return
    if made is not None:
        kept = [line for line in text.splitlines() if not line.startswith(("name", "reverse", "filter"))]
        assert [line for line in made.splitlines() if line in kept][: len(kept)] == kept
        views = parse(made)["views"]
        assert isinstance(views, dict)
        assert views["1"].items() >= {key: value for key, value in VIEW._asdict().items() if value}.items()
