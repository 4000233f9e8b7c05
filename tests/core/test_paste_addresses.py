"""Which part of an address is the job's ID, and what an address is that names none."""

import pytest

from tui.core.paste import Found, Verdict, parse_paste, preview

JOB = "901878212b1a49be9c1a1054c272762a"
OTHER = "0c3d1f2e4b5a69788796a5b4c3d2e1f0"
PROJECT = "a" * 32
UUID = "550e8400-e29b-41d4-a716-446655440000"
CONSOLE = "https://devcloud.cn-north-4.huaweicloud.com"
HISTORY = f"{CONSOLE}/cicd/project/{PROJECT}/codeci/detail/history/{JOB}"


def only(text: str) -> Found:
    (found,) = parse_paste(text).found
    return found


@pytest.mark.parametrize(
    "path",
    [
        f"/cicd/project/{PROJECT}/codeci/detail/history/{JOB}",
        f"/cicd/project/{PROJECT}/codeci/detail/history/{JOB}/127?ticket=ST-1#top",
        f"/codeci/DETAIL/History/{JOB}/{OTHER}",
        f"/#/project/{PROJECT}/codeci/detail/history/{JOB}?v=1",
        f"#/codeci/detail/history/{JOB}",
        f"/#!/codeci/detail/history/{JOB}",
        f"/codeci/detail%2Fhistory%2f{JOB}",
        f"/cicd/%23/codeci/detail/history/{JOB}",
        f"/codeci/v1/job/{JOB}/config",
        f"/v3/jobs/{JOB}/status",
        f"/cicd/project/{PROJECT}/codeci/detail/{JOB}",
        f"/cicd/projects/{PROJECT}/codeci/{JOB}/12/",
        f"/codeci/{JOB}?project_id={PROJECT}",
    ],
)
def test_an_address_names_its_job(path: str) -> None:
    found = only(f"see [the build]({CONSOLE}{path}), please.")
    assert found.job == JOB
    assert found.region == "cn-north-4"
    assert "ticket" not in found.address + found.text


def test_a_path_without_a_scheme_is_read_like_an_address() -> None:
    found = only(f"GET /v3/jobs/{JOB}/status 200")
    assert (found.job, found.address, found.region) == (JOB, "", "")
    found = only(HISTORY.removeprefix("https://"))
    assert (found.job, found.address, found.region) == (JOB, "", "cn-north-4")


def test_slashes_escaped_as_in_json_are_slashes() -> None:
    assert only('{"url":"' + HISTORY.replace("/", "\\/") + '"}').address == HISTORY


def test_the_address_is_kept_without_query_and_user() -> None:
    found = only(HISTORY.replace("https://", "HTTPS://me:pw@") + "/7?ticket=ST-1&v=1#/tab?code=2")
    assert found.address == f"{HISTORY}/7#/tab"
    assert found.text == f"{HISTORY}/7#/tab?…"[:200]
    assert only(f"{HISTORY}%3Fticket=1").address == HISTORY
    assert only(f"{HISTORY}#id_token=1").address == HISTORY


def test_only_web_addresses_are_kept() -> None:
    assert only(f"ftp://example.com/jobs/{JOB}").address == ""
    assert only(f"http://127.0.0.1:8080/jobs/{JOB}").address == f"http://127.0.0.1:8080/jobs/{JOB}"


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("devcloud.ap-southeast-3.huaweicloud.com", "ap-southeast-3"),
        ("devcloud.huaweicloud.com", ""),
        ("cloudbuild-ext.cn-north-4.myhuaweicloud.com", ""),
    ],
)
def test_the_region_is_read_from_the_consoles_host_only(host: str, region: str) -> None:
    assert only(f"https://{host}/jobs/{JOB}").region == region


@pytest.mark.parametrize(
    ("address", "says"),
    [
        (f"{CONSOLE}/cicd/project/{PROJECT}/pipeline/detail/{JOB}/{OTHER}?v=1", "pipeline's address"),
        (f"{CONSOLE}/cicd/project/{PROJECT}/pipeline/history/{JOB}", "pipeline's address"),
        (f"{CONSOLE}/cicd/project/{PROJECT}/home", "project's ID"),
        (f"{CONSOLE}/cicd/project/{JOB}", "project's ID"),
        (f"{CONSOLE}/codeci/record/{UUID}", "36-character"),
        (f"{CONSOLE}/cicd/home", "names no job"),
    ],
)
def test_an_address_of_something_else_is_refused_and_says_what_it_is(address: str, says: str) -> None:
    found = only(f"look: {address} .")
    assert (found.verdict, found.job, found.address) == (Verdict.REFUSED, None, "")
    assert says in found.reason
    assert found.reason.endswith("the address of its build history page.")


def test_more_than_one_candidate_is_ambiguous_and_names_them() -> None:
    found = only(f"{CONSOLE}/codeci/{OTHER}/{JOB}")
    assert (found.verdict, found.job) == (Verdict.AMBIGUOUS, None)
    assert "0c3d1f2e…, 90187821…" in found.reason
    assert only(f"{CONSOLE}/jobs/{OTHER}/jobs/{JOB}").verdict is Verdict.AMBIGUOUS
    assert "0c3d1f2e…, 90187821…" in only(f"{CONSOLE}/codeci/{OTHER}/{JOB}/settings").reason


def test_the_same_candidate_twice_is_one() -> None:
    assert only(f"{CONSOLE}/codeci/{JOB}/of/{JOB}").job == JOB


def test_a_candidate_in_an_unknown_place_is_ambiguous() -> None:
    found = only(f"{CONSOLE}/codeci/{JOB}/settings")
    assert found.verdict is Verdict.AMBIGUOUS
    assert "90187821…" in found.reason


def test_an_address_longer_than_any_browser_shows_is_ignored() -> None:
    assert parse_paste(f"{CONSOLE}/{'x/' * 2000}jobs/{JOB}").found == ()


def test_a_repeat_gives_its_address_to_the_first() -> None:
    (new,) = preview(parse_paste(f"[{JOB}]({HISTORY})"), ()).new
    assert (new.text, new.address, new.region) == (JOB, HISTORY, "cn-north-4")
