"""The filter language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import job_id
from tui.core.condition import Condition
from tui.core.filter import FilterSubject, parse_filter, said_while_typed, what_it_may_mean
from tui.core.job import Job, JobId

JOB = Job(job_id(0xABC), "Payments API nightly", ("payments", "nightly"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pay", ""),
        ("pay is:", "is: running, idle, failed, passed, aborted, timed-out, no-answer, stale, slow, changed, problem"),
        ("!is:p", "is: passed, problem, paused"),
        ("ｉｓ：fai", "is: failed"),
        ("is:failed", ""),
        ("is:failed pay", ""),
        ("is:error", ""),
        ("is:xyz", "is:xyz is unknown; known states: running, "),
        ("is:failure", "is:failure is unknown; did you mean is:failed?"),
        ("since:9z", "since:9z is no time; write "),
    ],
)
def test_while_it_is_typed_it_says_what_it_may_become_and_what_of_it_is_not_understood(text: str, said: str) -> None:
    assert said_while_typed(text).startswith(said)
    assert bool(said_while_typed(text)) is bool(said)


@pytest.mark.parametrize(
    ("text", "condition", "shown"),
    [
        ("", Condition.IDLE, True),
        ("pay", Condition.IDLE, True),
        ("web", Condition.IDLE, False),
        ("!web", Condition.IDLE, True),
        ("!pay", Condition.IDLE, False),
        ("is:running", Condition.RUNNING, True),
        ("is:running", Condition.IDLE, False),
        ("is:r", Condition.RUNNING, True),
        ("!is:idle", Condition.IDLE, False),
        ("is:no-answer", Condition.NO_ANSWER, True),
        ("is:no", Condition.NO_ANSWER, True),
        ("is:error", Condition.NO_ANSWER, True),
        ("is:failing", Condition.NO_ANSWER, True),
        ("is:failing", Condition.FAILED, False),
        ("is:fail", Condition.NO_ANSWER, False),
        ("is:fail", Condition.FAILED, True),
        ("is:failed", Condition.NO_ANSWER, False),
        ("is:problem", Condition.STALE, True),
        ("is:", Condition.IDLE, True),
        ("tag:night", Condition.IDLE, True),
        ("tag:web", Condition.IDLE, False),
        ("tag:", Condition.IDLE, True),
        ("/^payments.*y$/", Condition.IDLE, True),
        ("pay is:running tag:pay", Condition.RUNNING, True),
        ("pay is:running tag:pay", Condition.IDLE, False),
        ("0abc", Condition.IDLE, True),
        ("/api nightly/", Condition.IDLE, True),
        ("/api  nightly/", Condition.IDLE, False),
        ("!/api nightly/", Condition.IDLE, False),
        ("pay /i n/ is:idle", Condition.IDLE, True),
        ("/(?-i:API) (?-i:n)/", Condition.IDLE, True),
        ("/(?-i:api)/", Condition.IDLE, False),
        (r"/^\w+.*\s*.*(?:night)+ly$/", Condition.IDLE, True),
        ("pay/", Condition.IDLE, False),
        ("is：idle", Condition.IDLE, True),
        ("ｉｓ：ｉｄｌｅ", Condition.RUNNING, False),
        ("！is:idle", Condition.IDLE, False),
        ("ｔａｇ：ｎｉｇｈｔ", Condition.IDLE, True),
        ("／api nightly／\u3000ｐａｙ", Condition.IDLE, True),
        ("ＡＰＩ", Condition.IDLE, True),
        ("IS:idle TAG:night", Condition.IDLE, True),
    ],
)
def test_every_term_of_a_filter_must_match(text: str, condition: Condition, shown: bool) -> None:
    assert parse_filter(text).matches(FilterSubject(JOB, condition)) is shown


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("Straße", "/Straße/"),
        ("Straße", "strasse"),
        ("ﬁnal", "/ﬁnal/"),
        ("İstanbul", "/İstanbul/"),
        ("cafe\u0301", "/caf\u00e9$/"),
        ("caf\u00e9", "cafe\u0301"),
        ("می\u200cشود", "می\u200cشود"),
        ("می\u200cشود", "/^میشود$/"),
        ("ＡＰＩ", "api"),
        ("每日 构建", "/日 构/"),
    ],
)
def test_a_text_is_found_as_it_is_written(label: str, text: str) -> None:
    assert parse_filter(text).matches(FilterSubject(Job(job_id(1), label), Condition.IDLE))
    assert not parse_filter(f"!{text}").matches(FilterSubject(Job(job_id(1), label), Condition.IDLE))


@pytest.mark.parametrize("text", ["1", "19", "a1", "Fab", "ad", "19f", "ｆａｂ"])
def test_two_or_three_characters_do_not_find_or_hide_a_job_by_its_id(text: str) -> None:
    job = FilterSubject(Job(JobId("19fab3a1ad" + "0" * 22), "web"), Condition.IDLE)
    assert not parse_filter(text).matches(job)
    assert parse_filter(f"!{text}").matches(job)


@pytest.mark.parametrize("text", ["19fa", "19FAB3", "3a1a", "19fab3a1ad" + "0" * 22, "/^19/"])
def test_a_longer_part_of_an_id_finds_the_job(text: str) -> None:
    job = FilterSubject(Job(JobId("19fab3a1ad" + "0" * 22), "web"), Condition.IDLE)
    assert parse_filter(text).matches(job)
    assert not parse_filter(f"!{text}").matches(job)


def test_a_filter_by_state_is_known_also_in_full_width() -> None:
    assert parse_filter("ｉｓ：idle").by_condition
    assert not parse_filter("this:that /is: x/").by_condition


@pytest.mark.parametrize("text", ["is:slow", "is:problem", "!is:stale is:slow"])
def test_a_run_that_takes_longer_than_usual_is_found(text: str) -> None:
    assert parse_filter(text).matches(FilterSubject(JOB, Condition.RUNNING, late=True))
    assert not parse_filter(text).matches(FilterSubject(JOB, Condition.RUNNING, late=False))
    assert not parse_filter("!is:slow").matches(FilterSubject(JOB, Condition.RUNNING, late=True))


NESTED = "(" * 5000 + ")" * 5000
ENDLESS = [
    "/([0-9a-z]+)+:/",
    "/(a|a)*b/",
    "/(x+x+)+y/",
    "/(a?){30}b/",
    "/(?:aa?)+b/",
    "/.*.*.*.*x/",
    r"/\d+\d+\d+\d+!/",
    r"/.*\w*.*\w*x/",
    "/(.*)(?:.*)(?P<z>.*)x/",
    "/.{1,}.{1,}.{1,}x/",
    "/.*a?.*a?.*x/",
    "/.*a.*a.*a.*a.*ab/",
    f"/{'a?' * 20}{'a' * 20}/",
]
LIKELY = (
    r"/v?\d+\.?\d*/",
    "/^team-.*-api-.*-(prod|stage)$/",
    "/.*foo.*bar.*/",
    r"/^(?!web)\w+-\w+$/",
    "/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/",
    r"/\d+\.\d+\.\d+-\w+/",
    "/(foo)?bar/",
)


@pytest.mark.parametrize(
    "text", ["is:purple", "/(/", "!is:purple", "/a{9999999999}/", f"/{NESTED}/", *ENDLESS], ids=lambda text: text[:20]
)
def test_what_is_not_understood_is_named_and_hides_nothing(text: str) -> None:
    parsed = parse_filter(text)
    assert parsed.problem
    assert parsed.matches(FilterSubject(JOB, Condition.IDLE))


@pytest.mark.parametrize("text", LIKELY)
def test_a_pattern_that_is_likely_and_quick_is_no_problem(text: str) -> None:
    assert not parse_filter(text).problem


@given(st.text())
def test_any_text_is_a_filter(text: str) -> None:
    assert parse_filter(text).matches(FilterSubject(JOB, Condition.IDLE)) in (True, False)


@pytest.mark.parametrize(
    ("text", "ago", "shown"),
    [
        ("since:1h", 3600.0, True),
        ("since:1h", 3601.0, False),
        ("since:90s", 80.0, True),
        ("SINCE:2D", 100_000.0, True),
        ("since:30m", None, False),
        ("!since:30m", None, True),
        ("since:3", 10_000.0, True),
        ("since:", 10_000.0, True),
    ],
)
def test_a_filter_by_the_time_of_the_last_change(text: str, ago: float | None, shown: bool) -> None:
    parsed = parse_filter(text)
    assert parsed.by_condition
    assert parsed.matches(FilterSubject(JOB, Condition.IDLE, changed_ago=ago)) is shown


def test_changed_is_what_was_not_seen_yet() -> None:
    assert parse_filter("is:changed").matches(FilterSubject(JOB, Condition.PASSED, changed=True))
    assert not parse_filter("is:changed").matches(FilterSubject(JOB, Condition.PASSED))


def test_a_time_that_is_none_says_how_to_write_one() -> None:
    assert parse_filter("since:yesterday").problem == (
        "since:yesterday is no time; write since:30m, since:1h or since:2d"
    )


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("failed", "For the state type is:failed."),
        ("web Fail", "For the state type is:failed."),
        ("no answer", "For the state type is:no-answer."),
        ("error", "For the state type is:no-answer."),
        ("state:failed", "For the state type is:failed."),
        ("after:1h", "There are is:, since: and tag:, but no after:."),
        ("ru", ""),
        ("payments", ""),
        ("is:failed is:running", ""),
        ("https://host/page", ""),
        ("/failed/", ""),
    ],
)
def test_a_filter_that_finds_nothing_may_have_meant_a_state_or_another_term(text: str, meant: str) -> None:
    assert what_it_may_mean(text) == meant


@pytest.mark.parametrize(("text", "shown"), [("is:armed", True), ("is:arm", True), ("!is:armed", False)])
def test_an_armed_job_is_found(text: str, shown: bool) -> None:
    assert parse_filter(text).matches(FilterSubject(JOB, Condition.PASSED, armed=True)) is shown
    assert parse_filter(text).matches(FilterSubject(JOB, Condition.PASSED)) is not shown
