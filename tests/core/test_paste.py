"""Jobs, labels and warnings in pasted text of any kind, and the preview of them."""

import random
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.long_run import by_length
from tui.core import paste
from tui.core.job import JobId
from tui.core.paste import Found, Verdict, parse_paste, preview

JOB = "901878212b1a49be9c1a1054c272762a"
OTHER = "0c3d1f2e4b5a69788796a5b4c3d2e1f0"
PROJECT = "a" * 32
UUID = "550e8400-e29b-41d4-a716-446655440000"
CONSOLE = "https://devcloud.cn-north-4.huaweicloud.com"
HISTORY = f"{CONSOLE}/cicd/project/{PROJECT}/codeci/detail/history/{JOB}"


def jobs(text: str) -> list[str]:
    return [found.job for found in parse_paste(text).found if found.job]


def only(text: str) -> Found:
    (found,) = parse_paste(text).found
    return found


@pytest.mark.parametrize(
    "text",
    [
        JOB,
        f"  {JOB}\r\n",
        f'"{JOB}"',
        f"`{JOB}`",
        f"**{JOB}**",
        f"_{JOB}_",
        f"- {JOB}",
        f"-{JOB}",
        f"#{JOB}",
        f"It failed again: {JOB}.",
        f"{JOB}?!",
        f"{JOB}: the nightly build",
        f"name,{JOB},2026-11-23",
        f"name;{JOB};1",
        f"| payments | {JOB} |",
        f"\x1b[32m{JOB}\x1b[0m",
        f"任务{JOB}失败，请看",
        f"see\N{EM DASH}{JOB}\N{EM DASH}now",
        f'{{"id":"{JOB}"}}',
        rf"then\n{JOB}\nnext",
    ],
)
def test_an_id_among_other_text_is_a_job(text: str) -> None:
    assert jobs(text) == [JOB]
    assert only(text).text == JOB


@pytest.mark.parametrize("text", ["x" * 32, f"  {'x' * 32}.\n", f'"{"x" * 32}"'])
def test_an_id_of_letters_only_is_taken_when_it_is_the_whole_paste(text: str) -> None:
    assert jobs(text) == ["x" * 32]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ordinary words, and/or 2026/11/23; see https://support.huaweicloud.com/usermanual-codeci/index.html",
        f"the word {'x' * 32} has no digit",
        f"and/or words/{'x' * 32}",
        f"one short: {JOB[:-1]}",
        f"one long: {JOB}0",
        f"commit {'0a' * 20} is no job",
        f"sha256:{'0a' * 32}",
        f"{JOB}.tar.gz is a file",
        f"cache_{JOB} is a directory",
        f"prefix-{JOB} too",
        f"mail@{JOB} too",
        f"/var/cache/{JOB}/file.o is a path",
        f"https://example.com/{JOB}.css and more",
        f"https://example.com/login?ticket={JOB} and more",
        f"https://example.com/#access_token={JOB} and more",
        f"https://{JOB}/page and more",
        f"X-Auth-Token: {JOB}",
        f"jsessionid={JOB}",
        f'"md5": "{JOB}"',
        f"https://example.com/session/{JOB}",
    ],
)
def test_what_only_contains_something_alike_is_ignored(text: str) -> None:
    assert parse_paste(text).found == ()


def test_several_ids_on_a_line_are_several_jobs() -> None:
    assert jobs(f"{JOB} {OTHER}, {JOB};{OTHER}") == [JOB, OTHER, JOB, OTHER]


def test_findings_tell_their_line() -> None:
    text = f"one\r\ntwo {JOB}\rthree\n\n{HISTORY} {OTHER}"
    assert [found.line for found in parse_paste(text).found] == [2, 5, 5]
    assert only(f"\n\n{'x' * 32}").line == 3


@pytest.mark.parametrize(
    "label",
    ["job_id: ", "jobId=", '"job_id": "', "codeci_job_id ", "--job-id=", "job ", "<job_id>", "jobs/"],
)
def test_what_is_labelled_as_a_jobs_is_a_job_even_of_letters_only(label: str) -> None:
    assert jobs(f"log {label}{'z' * 32}") == ["z" * 32]


@pytest.mark.parametrize(
    ("label", "owner"),
    [
        ("project/", "project"),
        ("project ", "project"),
        ("project_id: ", "project"),
        ("projectId=", "project"),
        ('"project_id": "', "project"),
        ('"project_id" : "', "project"),
        ("devcloud_project_id ", "project"),
        ("X-Project-Id: ", "project"),
        ("the project ID is ", "project"),
        ("项目ID：", "project"),
        ("<project_id>", "project"),
        ("pipeline ", "pipeline"),
        ("pipeline/", "pipeline"),
        ("pipeline_id=", "pipeline"),
        ("pipelineRunId: ", "pipeline"),
        ("流水线 ", "pipeline"),
        ("X-Request-Id: ", "request"),
    ],
)
def test_what_is_labelled_as_something_elses_id_is_refused(label: str, owner: str) -> None:
    found = only(f"log {label}{JOB}")
    assert found.verdict is Verdict.REFUSED
    assert f"{owner}'s" in found.reason


def test_a_label_reaches_one_id_on_its_own_line() -> None:
    text = f"project_id: {OTHER}, job {JOB}\nthis is the project\n{JOB}\nmy-project: {JOB}"
    assert jobs(text) == [JOB, JOB, JOB]


@pytest.mark.parametrize("text", [UUID, f"record {UUID}, done", f'"build_project_id": "{UUID}"', f"/records/{UUID}"])
def test_a_uuid_is_refused(text: str) -> None:
    assert only(text).verdict is Verdict.REFUSED
    assert "36-character" in only(text).reason


@pytest.mark.parametrize(
    ("word", "says"),
    [
        (JOB[:-1], "has 31 characters"),
        (JOB + "0", "has 33 characters"),
        ("0a" * 20, "has 40 characters"),
        (f"{JOB[:8]}-{JOB[9:]}", "has hyphens"),
    ],
)
def test_a_paste_that_is_nearly_an_id_says_what_is_wrong(word: str, says: str) -> None:
    found = only(f' "{word}"\n')
    assert (found.verdict, found.text) == (Verdict.REFUSED, word)
    assert says in found.reason


@pytest.mark.parametrize("word", ["short", "x" * 19, "0a" * 32])
def test_a_whole_paste_of_another_length_is_nothing(word: str) -> None:
    assert parse_paste(word).found == ()


def test_upper_case_is_kept_with_a_warning() -> None:
    found = only(JOB.upper())
    assert found.job == JOB.upper()
    assert found.warning
    assert only(JOB).warning == ""


def test_jobs_above_the_limit_are_left_out_and_counted() -> None:
    text = "\n".join(f"{number:032x}" for number in range(12))
    assert [len(parse_paste(text, 10).found), parse_paste(text, 10).truncated] == [10, True]
    assert [len(parse_paste(text, 12).found), parse_paste(text, 12).truncated] == [12, False]


@pytest.mark.parametrize(
    "part", ["a", "a ", JOB[1:] + " ", f"{JOB}-", "0a/", "-", "\n", "\0", "\x1b[", "项目", "https://a"]
)
def test_a_big_hostile_text_holds_nothing(part: str) -> None:
    assert parse_paste(part * (500_000 // len(part))).found == ()


def test_a_preview_sorts_against_the_watchlist_and_the_paste_itself() -> None:
    sorted_out = preview(parse_paste(f"{JOB} {OTHER} {JOB}\n{OTHER} {UUID}\nhttps://a.b/{JOB}/{OTHER}"), {JobId(OTHER)})
    assert [found.job for found in sorted_out.new] == [JOB]
    assert [found.job for found in sorted_out.known] == [OTHER]
    assert [found.job for found in sorted_out.repeated] == [JOB, OTHER]
    assert [found.text for found in sorted_out.refused] == [UUID]
    assert len(sorted_out.ambiguous) == 1


def test_a_page_of_five_hundred_lines_is_sorted_exactly() -> None:
    chance = random.Random(7)
    wanted = [f"{chance.getrandbits(128):032x}" for _ in range(50)]
    shapes = ["{}", "- {}: nightly, please look", '"{}",payments,2026', CONSOLE + "/codeci/detail/history/{}/12?v=1"]
    lines = [shapes[number % 4].format(job) for number, job in enumerate(wanted + wanted[:3])]
    lines += [f"{CONSOLE}/cicd/project/{PROJECT}/home", f"{CONSOLE}/cicd/project/{OTHER}/members"]
    lines += [f"{CONSOLE}/cicd/project/{PROJECT}/pipeline/detail/{JOB}/{OTHER}?v=1", f"record {UUID}"]
    lines += [f"{number} words and/or https://example.com/page?x={number}, as people write." for number in range(443)]
    place = {job: lines.index(shapes[number % 4].format(job)) for number, job in enumerate(wanted)}
    sorted_out = preview(parse_paste("\n".join(lines)), ())
    assert {found.job: found.line - 1 for found in sorted_out.new} == place
    assert [found.job for found in sorted_out.repeated] == wanted[:3]
    assert len(sorted_out.refused) == 4
    assert (sorted_out.known, sorted_out.ambiguous, len(lines)) == ((), (), 500)


IDS = st.text("0123456789abcdefghijklmnopqrstuvwxyz", min_size=32, max_size=32)
PIECES = st.sampled_from(
    [
        JOB,
        JOB.upper(),
        UUID,
        HISTORY,
        CONSOLE,
        "https://",
        "project",
        "pipeline/",
        "job_id=",
        "detail/history/",
        "%2F",
        "?",
        "#",
        "/",
        "\n",
        " ",
        "\x1b[1m",
        "\x00",
        "\u202e",
        "�",
        "é",
        "：",
        '"',
        "\\/",
        "@",
        ":",
    ]
)


@given(st.one_of(st.text(st.characters(codec=None)), st.lists(PIECES | IDS, max_size=12).map("".join)))
@settings(max_examples=by_length(40, 300))
def test_no_text_raises_and_every_job_stands_in_it(text: str) -> None:
    for found in parse_paste(text).found:
        assert (found.job is not None) == (found.verdict is Verdict.JOB) == (not found.reason)
        assert found.job is None or (JobId(found.job) == found.job and found.job in text)
        assert found.text
        assert len(found.text) <= 200
        assert not any(unicodedata.category(character).startswith("C") for character in found.text + found.address)
        assert not found.address or found.address.startswith(("https://", "http://"))


@given(IDS)
@settings(max_examples=by_length(25, 100))
def test_an_id_alone_is_exactly_that_job(text: str) -> None:
    assert parse_paste(text).found == (Found(text, Verdict.JOB, JobId(text)),)


WORDS = st.sampled_from(["The", "build", "is", "red,", "nobody", "(not", "Ana)", "knows;", "2026/11/23", "12:30", "…"])


NAMES_NOTHING = IDS.filter(lambda text: not text.isalpha() and not text.endswith(paste._NO_IDS))
"""IDs behind which another ID is no checksum, and so on: `…md5` would call it one."""


@given(st.lists(st.tuples(st.lists(WORDS, max_size=4), NAMES_NOTHING)), st.randoms())
@settings(max_examples=by_length(25, 100))
def test_ids_in_prose_are_found_exactly(parts: list[tuple[list[str], str]], chance: random.Random) -> None:
    words = [
        word for before, job in parts for word in (*before, chance.choice(["{}", "({})", "{},", '"{}"']).format(job))
    ]
    text = "".join(word + chance.choice(" \n\t") for word in words)
    assert jobs(text) == [job for _, job in parts]
