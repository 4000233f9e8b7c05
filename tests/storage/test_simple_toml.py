"""The short way through a watchlist's text: what it reads, `tomllib` reads the same."""

import tomllib
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui.core.job import Job, JobId
from tui.storage import job_entries
from tui.storage.toml_document import Document, read_simple, same

MOMENT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
JOBS = [
    Job(JobId("a" * 32), "nightly", ("slow", "red"), "prod", "https://h/x", MOMENT),
    Job(JobId("B" * 32), "ünï 深"),
    Job(JobId("3" * 32)),
]
WRITTEN = job_entries.add(Document.read(""), JOBS).text
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
        "0",
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


@pytest.mark.parametrize("text", ["", "version = 1\n", "# only this", 'version = 1\n\n[[jobs]]\nid = "x"'])
def test_short_texts_too(text: str) -> None:
    assert same(read_simple(text), tomllib.loads(text))


@given(st.integers(0, len(WRITTEN)), st.integers(0, 12), st.lists(st.sampled_from(PIECES), max_size=4))
@example(WRITTEN.index("added") + 8, 20, ["2026-02-30T00:00:00Z"])
@example(WRITTEN.index("label"), 0, ['label = "twice"\n'])
def test_any_other_text_is_read_as_the_standard_has_it_or_not_at_all(at: int, gone: int, new: list[str]) -> None:
    text = WRITTEN[:at] + "".join(new) + WRITTEN[at + gone :]
    found = read_simple(text)
    assert found is None or same(found, by_the_standard(text)), text


@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_of_text_at_random_as_well(text: str) -> None:
    found = read_simple(text)
    assert found is None or same(found, by_the_standard(text))
