"""The short way through a plain text: what it reads, `tomllib` reads the same."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui.core.job import Job, JobId
from tui.storage import job_entries
from tui.storage.screen_state import ScreenState, save_state
from tui.storage.toml_document import Document, read_simple, same
from tui.ui.themes import bundled_themes

MOMENT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
JOBS = [
    Job(JobId("a" * 32), "nightly", ("slow", "red"), "prod", "https://h/x", MOMENT),
    Job(JobId("B" * 32), "ünï 深"),
    Job(JobId("3" * 32)),
]
WRITTEN = job_entries.add(Document.read(""), JOBS).text
PLAIN = """reverse = false
events_read = 1764000000.25
details_width = 0
folded = []

[ui]
theme = "dusk"
text-alpha = 0.95

[polling]
"""
TEXT = f"{PLAIN}\n{WRITTEN}"
PIECES = (
    *"\"'\\#=[]{}.,\n\r\t \x00\x1f\x7f\x85\u2028é",
    *(
        "\n[[jobs]]\n",
        "[jobs]",
        "jobs = []",
        "\nid = 1",
        'label = "x"\n',
        "version = 1",
        '"""',
        "\n[ui]\n",
        "\n[version]\n",
        "\nui = 1\n",
        "[]",
        "0",
        "0.5",
        "1.",
        "+1",
        "1_0",
        "inf",
        "true",
    ),
    *("2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01 00:00:00+23:59", "2026-01-01T00:00:60Z"),
)


def by_the_standard(text: str) -> dict[str, object] | None:
    try:
        return tomllib.loads(text)
    except ValueError:
        return None


def test_what_the_program_writes_is_read_the_short_way() -> None:
    assert same(read_simple(WRITTEN), tomllib.loads(WRITTEN))
    assert len(Document.read(WRITTEN).entries) == 3


def test_so_are_the_state_of_the_screen_and_the_themes_that_come_with_the_program(tmp_path: Path) -> None:
    state = tmp_path / "screen.toml"
    save_state(state, ScreenState(theme="dusk", sort="job", events_read=1764000000.25))
    for file in (state, *bundled_themes().iterdir()):
        text = file.read_text()
        assert same(read_simple(text), tomllib.loads(text)), file.name


@pytest.mark.parametrize("text", ["", "version = 1\n", PLAIN, TEXT, "# only this", 'version = 1\n\n[[jobs]]\nid = "x"'])
def test_short_texts_are_read_as_tomllib_reads_them(text: str) -> None:
    assert same(read_simple(text), tomllib.loads(text))


@given(st.integers(0, len(TEXT)), st.integers(0, 12), st.lists(st.sampled_from(PIECES), max_size=4))
@example(TEXT.index("added") + 8, 20, ["2026-02-30T00:00:00Z"])
@example(TEXT.index("added") + 8, 20, ["2026-01-01T00:00:00+05:99"])
@example(TEXT.index("[polling]"), 0, ["[ui]\n"])
@example(TEXT.index("folded"), 0, ["ui = 1\n"])
@example(TEXT.index("label"), 0, ['label = "twice"\n'])
def test_any_other_text_is_read_as_the_standard_has_it_or_not_at_all(at: int, gone: int, new: list[str]) -> None:
    text = TEXT[:at] + "".join(new) + TEXT[at + gone :]
    found = read_simple(text)
    assert found is None or same(found, by_the_standard(text)), text


@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_of_text_at_random_as_well(text: str) -> None:
    found = read_simple(text)
    assert found is None or same(found, by_the_standard(text))
