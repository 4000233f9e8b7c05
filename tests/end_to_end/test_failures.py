"""What cannot be read says why, each in its own words, and one job's trouble stays its own."""

import re
from pathlib import Path

import pytest

from tests.support.contract_server import ContractServer, Reply, Script, refusal
from tests.support.long_run import by_length
from tests.support.program import Home, numbered, row

OWN: dict[str, tuple[Script, str]] = {
    "bad-request": (refusal(400, "CB.00060200", "Invalid param"), "A parameter is invalid"),
    "bad-id": (refusal(400, "CB.00060201", "The task ID is invalid."), "The job ID is invalid"),
    "only-this-one": (refusal(401, "APIGW.0303", "app not found"), "The app's authentication was refused"),
    "forbidden": (refusal(403, "APIGW.0306", "API access denied."), "Access to the API is denied"),
    "elsewhere": (refusal(403, "APIGW.0802", "forbidden in the current region"), "This IAM user is barred from this"),
    "unknown-path": (refusal(404, "CB.00060214", "The URL is not found."), "The address is unknown to the service"),
    "deleted": (refusal(422, "CB.00031006", "The job does not exist"), "There is no such job"),
    "broken": (refusal(500, "CB.00060101", "Internal error."), "The service has an internal error"),
    "gateway": (Reply(502, "<html><title>502 Bad Gateway</title></html>"), "The gateway in front of the service"),
    "in-a-200": (Reply(200, {"error": {"code": "DEV.CB.032011", "reason": "bad"}, "status": "error"}), "The job ID is"),
    "no-result": (Reply(200, {"result": "true"}), "The result is the text"),
    "cut-off": ("close", "The connection was closed"),
}


def test_every_failure_has_its_own_words_and_leaves_the_others_alone(tmp_path: Path) -> None:
    labels, answers = numbered(len(OWN) + 1, script=True)
    names = dict(zip(labels, [*OWN, "well"], strict=True))
    with ContractServer(answers | {job: OWN[name][0] for job, name in names.items() if name in OWN}) as server:
        home = Home(tmp_path, server.url)
        home.watch(names)
        with home.start(rows=24, columns=160) as terminal:
            text = terminal.wait_for(lambda shown: all(words in row(shown, name) for name, (_, words) in OWN.items()))
            for name in OWN:
                assert re.search(r"\? no answer .*\((HTTP \d{3}.*)\)|\? no answer .*closed", row(text, name)), text
            text = terminal.wait_for(rf"(?s)^ *1 running +{len(OWN)} no answer.*▸ running .*well")
            assert "Not asking" not in text

            terminal.press("e")
            terminal.wait_for(
                r"(?s)Why there is no answer.*A parameter is invalid.*CB\.00060200.*Invalid param.*HTTP +400"
            )
            terminal.wait_for(r"(?s)request ID +[0-9a-f]{32}.*esc: close")
            terminal.press("escape")
            terminal.gone("Why there is no answer")
            well = next(job for job, name in names.items() if name == "well")
            asked = len(server.asked_for(well))
            server.wait_for(lambda _: len(server.asked_for(well)) > asked)


def test_one_job_whose_sign_in_is_refused_does_not_sign_out_the_others(tmp_path: Path) -> None:
    labels, answers = numbered(4, script=True)
    odd, *others = labels
    with ContractServer(answers | {odd: refusal(401, "APIGW.0301", "Incorrect IAM authentication")}) as server:
        home = Home(tmp_path, server.url)
        home.watch(labels)
        with home.start(columns=120) as terminal:
            terminal.wait_for(r"\? no answer .*job 001 +The sign-in was refused \(HTTP 401, APIGW.0301\)")
            text = terminal.wait_for("3 running")
            assert "Not asking" not in text
            asked = {job: len(server.asked_for(job)) for job in others}
            server.wait_for(lambda _: all(len(server.asked_for(job)) > asked[job] + 1 for job in others))


def test_a_missing_or_refused_token_is_one_banner_and_a_new_token_file_mends_it(tmp_path: Path) -> None:
    labels, answers = numbered(6, script=True)
    with ContractServer(answers) as server:
        home = Home(tmp_path, server.url)
        home.watch(labels)
        home.token.unlink()
        with home.start() as terminal:
            terminal.wait_for("(?s)Not asking: .*Could not ask about any of the 6 jobs")
            assert server.requests == []
            home.sign_in(server.token)
            terminal.wait_for("6 running")
            terminal.gone("Not asking")
            server.token = "the-next-token"
            text = terminal.wait_for("Not asking")
            assert len(re.findall("Not asking:", text)) == 1
            assert "APIGW.0301" in text
            terminal.wait_for("◌ was running")
            asked = len(server.requests)
            home.sign_in("the-next-token")
            terminal.gone("Not asking")
            terminal.wait_for("6 running")
            shown = [request.headers["x-auth-token"] for request in server.requests[asked:]]
            mended = shown.index("the-next-token")  # some may have been under way
            assert set(shown[mended:]) == {"the-next-token"}
            assert b"the-next-token" not in terminal.raw


@pytest.mark.parametrize("http_status", by_length([429], [429, 200]))
def test_throttling_slows_everything_down_and_says_so_until_it_is_over(tmp_path: Path, http_status: int) -> None:
    labels, answers = numbered(3, script=True)
    code = "APIGW.0308" if http_status == 429 else "CB.00060211"
    throttled = Reply(http_status, {"error_code": code, "error_msg": "too many requests"}, {"Retry-After": "2"})
    with ContractServer(dict.fromkeys(answers, throttled)) as server:
        home = Home(tmp_path, server.url)
        home.watch(labels)
        with home.start(columns=120) as terminal:
            text = terminal.wait_for(rf"The service asks for fewer requests: .*\({code}\)")
            assert "Not asking" not in text
            terminal.wait_for(r"\? no answer +job 001")
            server.answers |= answers
            terminal.wait_for("3 running")
            terminal.gone("asks for fewer")
            terminal.wait_for(r"every \d+ s, (idle \d+ s|slowed by the service)")
