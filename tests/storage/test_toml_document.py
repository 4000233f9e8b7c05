"""Texts that outlive changes: whatever an operation does, only what it is about may look different."""

import json
import tomllib
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.job import Job, JobId
from tui.storage import job_entries
from tui.storage.files import FileError
from tui.storage.job_entries import read_jobs
from tui.storage.toml_document import Document, Table, parse, same

A, B, C, D = (JobId(letter * 32) for letter in "abcd")

TEXT = f"""\
# mine
version = 1
team = "payments"

# the nightly one
[[jobs]]
id = "{A}"   # do not touch
label = "nightly"
retries = 3
# label = "old"

# --- second half ---

[[jobs]]
id = "{B}"
tags = [
  "slow",  # very
  "red",
]
[jobs.notes]
label = "not a label"

[other]
x = nan
"""


def ids(document: Document) -> list[JobId]:
    return [job.id for job in read_jobs(document.entries)[0]]


def test_adding_appends_an_entry() -> None:
    made = job_entries.add(Document.read(TEXT), [Job(C, 'say "hi"', ("a", "b"))])
    assert made.text == TEXT + f'\n[[jobs]]\nid = "{C}"\nlabel = "say \\"hi\\""\ntags = ["a", "b"]\n'


def test_removing_takes_an_entry_and_the_comments_that_belong_to_it() -> None:
    made = job_entries.remove(Document.read(TEXT), [A])
    start, end = TEXT.index("\n# the nightly"), TEXT.index("\n# --- second")
    assert made.text == TEXT[:start] + TEXT[end:]


def test_removing_takes_the_tables_below_an_entry_and_no_others() -> None:
    made = job_entries.remove(Document.read(TEXT), [B])
    start, end = TEXT.index(f'\n[[jobs]]\nid = "{B}"'), TEXT.index("\n[other]")
    assert made.text == TEXT[:start] + TEXT[end:]


def test_editing_touches_only_the_line_of_the_key() -> None:
    made = job_entries.edit(Document.read(TEXT), {A: {"label": "weekly", "tags": ()}})
    assert made.text == TEXT.replace('"nightly"', '"weekly"')


def test_editing_leaves_the_comment_behind_the_value() -> None:
    text = f'[[jobs]]\nid = "{A}"\nlabel = "a # b"  # ask first\ntags = [\n  "x",  # why\n] # theirs\n'
    made = job_entries.edit(Document.read(text), {A: {"label": "c", "tags": ("y",)}})
    assert made.text == f'[[jobs]]\nid = "{A}"\nlabel = "c"  # ask first\ntags = ["y"] # theirs\n'


def test_a_list_written_inline_is_taken_apart_so_that_later_comments_stay() -> None:
    made = job_entries.add(Document.read(f'jobs = [{{id = "{A}"}}]\nversion = 1\n'), [Job(B)])
    noted = Document.read(made.text.replace(f'id = "{B}"', f'id = "{B}" # mine'))
    assert "# mine" in job_entries.remove(noted, [A]).text


def test_editing_replaces_a_value_of_many_lines() -> None:
    made = job_entries.edit(Document.read(TEXT), {B: {"label": "", "tags": ("fast",)}})
    start = TEXT.index("tags = [")
    assert made.text == TEXT[:start] + 'tags = ["fast"]' + TEXT[TEXT.index("\n[jobs.notes]") :]


def test_a_new_key_goes_to_its_place_and_an_empty_one_goes_away() -> None:
    made = job_entries.edit(Document.read(TEXT), {A: {"label": "", "tags": ("x",), "profile": "prod"}})
    lines = made.text.splitlines()
    assert lines[6:10] == [f'id = "{A}"   # do not touch', 'tags = ["x"]', 'profile = "prod"', "retries = 3"]


def test_a_table_below_an_entry_keeps_its_own_keys() -> None:
    made = job_entries.edit(Document.read(TEXT), {B: {"label": "mine"}})
    assert made.text == TEXT.replace(f'id = "{B}"\n', f'id = "{B}"\nlabel = "mine"\n')


def test_an_edit_that_changes_nothing_is_the_same_document() -> None:
    document = Document.read(TEXT)
    assert job_entries.edit(document, {A: {"label": "nightly"}, D: {"label": "nightly"}}) is document


@pytest.mark.parametrize(
    "text",
    [
        f'jobs = [{{id = "{A}", x = 1}}]\nversion = 1\n',
        f'note = """\n[[jobs]]\n"""\n[[jobs]]\nid = "{A}"\nx = 1\n',
        f'[["j\\u006fbs"]]\nid = "{A}"\nx = 1\n[o]\nt = 07:32:00\nn = nan\n',
    ],
    ids=["inline", "header in a string", "escaped key"],
)
def test_where_lines_do_not_tell_the_content_is_kept_all_the_same(text: str) -> None:
    document = Document.read(text)
    made = job_entries.add(document, [Job(B)])
    assert ids(made) == [A, B]
    assert made.entries[0] == {"id": A, "x": 1}
    assert same(made.other, document.other)
    assert same(job_entries.remove(made, [B]).entries, document.entries)


def test_the_comment_at_the_top_stays_when_the_first_job_goes() -> None:
    made = job_entries.remove(Document.read(f'# our list\n[[jobs]]\nid = "{A}"\n'), [A])
    assert made.text == "# our list\n"


FRAGMENTS = [
    "",
    " ",
    "# note",
    "x = 1",
    'note = """',
    '"""',
    "list = [",
    "]",
    "[other]",
    "[[rows]]",
    "[jobs.sub]",
    "[[jobs.runs]]",
    'label = "one"',
    "label = '''",
    "'''",
    'tags = ["a"]',
    "[[jobs]]",
    ' [[ "jobs" ]] # here',
    f'[[jobs]]\nid = "{A}"',
    f'[[jobs]]\nid = "{B}"\nlabel = "b"',
    f'\n[[jobs]]\nid = "{B}"\ntags = ["t"]',
]


@st.composite
def documents(draw: st.DrawFn) -> Document:
    end = draw(st.sampled_from(["\n", "\r\n"]))
    lines = draw(st.lists(st.sampled_from(FRAGMENTS), max_size=12))
    while lines:
        text = draw(st.sampled_from(["", "\ufeff"])) + end.join(lines).replace("\n", end).replace("\r\r", "\r")
        try:
            return Document.read(text + draw(st.sampled_from(["", end])))
        except FileError:
            lines.pop()
    return Document.read("")


@given(documents())
def test_add_then_remove_keeps_what_was_there(document: Document) -> None:
    added = job_entries.add(document, [Job(C, "c"), Job(D)])
    assert ids(added) == [*ids(document), C, D]
    back = job_entries.remove(added, [C, D])
    if document.text and document.text in added.text:
        assert back.text == document.text
    else:
        assert same(back.entries, document.entries)
        assert not document.text or same(back.other, document.other)


@given(documents(), st.sets(st.sampled_from([A, B, C])))
def test_remove_keeps_all_others(document: Document, gone: set[JobId]) -> None:
    made = job_entries.remove(document, gone)
    assert same(made.entries, [entry for entry in document.entries if entry.get("id") not in gone])
    assert same(made.other, document.other)


@given(documents(), st.sampled_from(["", "new", "\x9b\u202e"]), st.lists(st.sampled_from(["x", "y"]), unique=True))
def test_an_edited_job_reads_back_as_edited(document: Document, label: str, tags: list[str]) -> None:
    made = job_entries.edit(
        document, {B: {"label": label, "tags": tuple(tags), "profile": "p", "address": "https://example.com/"}}
    )
    assert ids(made) == ids(document)
    assert same(made.other, document.other)
    for job in read_jobs(made.entries)[0]:
        if job.id == B:
            assert (job.label, job.tags, job.profile) == (
                label.translate({0x9B: 0xFFFD, 0x202E: 0xFFFD}),
                tuple(tags),
                "p",
            )
    assert job_entries.undo(made, document.text, made.text).text == document.text


@given(documents(), documents(), st.sets(st.sampled_from([A, B])))
def test_undoing_a_removal_in_any_other_text_brings_the_jobs_back(
    document: Document, other: Document, gone: set[JobId]
) -> None:
    made = job_entries.remove(document, gone)
    back = job_entries.undo(other, document.text, made.text)
    if other.text != made.text:
        assert set(ids(back)) == set(ids(other)) | (gone & set(ids(document)))


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a = 1\nb = = 2\n", 2, 5),
        ("a = 1\nb = [", 2, 6),
        ("a = " + "9" * 5000, 0, 0),
        ("a = " + "[" * 100_000, 0, 0),
        (".".join("a" * 20_000) + " = 1", 0, 0),
    ],
    ids=["wrong", "cut off", "huge number", "deep", "deep key"],
)
def test_what_does_not_parse_says_where(text: str, line: int, column: int) -> None:
    with pytest.raises(FileError) as caught:
        parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.reason
    assert "at line" not in caught.value.reason


def test_a_date_is_written_in_utc_to_the_second() -> None:
    added = datetime.fromisoformat("2026-11-23T12:00:00.123456+02:00")
    made = job_entries.add(Document.read(""), [Job(A, added=added)])
    assert "added = 2026-11-23T10:00:00Z\n" in made.text


def test_same_tells_types_apart() -> None:
    assert same({"a": [float("nan")]}, {"a": [float("nan")]})
    assert not same([1], [True])
    assert not same([1], [1.0])
    assert not same({"a": 1}, {"b": 1})


@pytest.mark.parametrize("part", ["a", '"a"', "'a'", r'"\""', '"."', "'\"'", '""'])
@pytest.mark.parametrize("dot", [".", " . "])
@pytest.mark.parametrize(
    "place", ["{} = 1\n", "[{}]\n", "[[jobs]]\nx = {{ y = 1, {} = 2 }}\n", 'z = """\n"\\"""" # "\n{} = 1\n']
)
def test_a_deep_key_is_refused_however_it_is_written(part: str, dot: str, place: str) -> None:
    with pytest.raises(FileError, match="it nests too deep"):
        parse(place.format(dot.join([part] * 17)))
    assert parse(place.format(dot.join([part] * 16)))


DOTS = '"a"' + ".'a'" * 100


@pytest.mark.parametrize(
    "text",
    [
        f"# {DOTS}\na = 1",
        f"a = '''\n{DOTS} = 1'''",
        f'a = """\n{DOTS} = 1\\"""""',
        f"a = {json.dumps(DOTS)}",
        f'a = "{".a" * 100}"',
        "a = [" + "1.5, " * 100 + "]",
        "\n".join(f"a.b{number} = 1.5" for number in range(100)),
    ],
    ids=["comment", "literal lines", "lines", "escapes", "text", "numbers", "many keys"],
)
def test_what_only_looks_like_a_deep_key_is_read(text: str) -> None:
    assert parse(text) == tomllib.loads(text)


@given(st.text("a.\"'\\\n# =[]", max_size=60), st.integers(0, 40))
def test_whether_a_key_is_deep_is_seen_as_the_parser_sees_it(text: str, depth: int) -> None:
    """What the parser accepts with short keys is accepted, whatever stands in texts and comments."""
    whole = text + "\n" + ".".join(["'b'"] * depth) + " = 1"
    try:
        found = tomllib.loads(whole)
    except ValueError:
        return
    if deepest(found) <= 16:
        assert parse(whole) == found


def deepest(value: object) -> int:
    return 1 + max(map(deepest, value.values()), default=0) if isinstance(value, dict) else 0


def test_a_job_that_is_there_often_has_the_tags_of_all() -> None:
    """Of 20,000 entries; what is done for each must not grow with those before."""
    entries: list[Table] = [{"id": str(A), "tags": [f"t{number}", "every"]} for number in range(20_000)]
    (job,), warnings = read_jobs(entries)
    assert job.tags[:3] == ("t0", "every", "t1")
    assert len(job.tags) == 20_001
    assert len(warnings) == 19_999


def test_a_value_of_very_many_lines_can_be_changed() -> None:
    text = f'[[jobs]]\nid = "{A}"\nlabel = """\n' + "#\n" * 100_000 + '"""\ntags = ["kept"]\n'
    made = job_entries.edit(Document.read(text), {A: {"label": "short"}})
    assert [(entry["label"], entry["tags"]) for entry in made.entries] == [("short", ["kept"])]
