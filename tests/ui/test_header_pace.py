"""What the header says: the counts, what ends next and what is doubtful, the pace and why it is slower than usual."""

from collections import Counter
from dataclasses import replace
from textwrap import wrap
from typing import Any

import pytest

from tests.support.builders import failure, moment, row, state, summarise
from tests.support.screen_harness import PROFILE
from tui.codearts.endpoints import Endpoint
from tui.core.condition import Condition, Summary
from tui.core.reading import Failure, FailureKind, Status
from tui.polling.poller import Pace
from tui.ui.header import HeaderState, ProfileState, banner, counts_of, header_lines, header_parts, profile_state
from tui.ui.row import time
from tui.ui.short_names import ShortNames

USUAL = Pace(5, 15, 5.0, 5.0, False, None, None, False, False)


def pace_of(*paces: Pace) -> str:
    profiles = tuple(ProfileState(f"p{number}", "here", pace) for number, pace in enumerate(paces))
    parts = header_parts(HeaderState(profiles, Summary(Counter(), 0, 0, 0, None), 100.0, 0, False, 0, "i"))
    return "".join(text for part in parts for text, _ in part)


@pytest.mark.parametrize(
    ("region", "where"), [("cn-north-4", "cn-north-4"), ("", "build.example:8443")], ids=["region", "host"]
)
def test_the_header_names_the_region_and_the_host_only_where_no_region_is_known(region: str, where: str) -> None:
    profile = replace(PROFILE, endpoint=Endpoint("https://build.example:8443", region))
    shown = profile_state(profile, USUAL, moment(0), is_known=True)
    parts = header_parts(GLANCE._replace(profiles=(shown,), width=160))
    line = "".join(text for part in parts for text, _ in part)
    assert [word for word in ("cn-north-4", "build.example:8443", "https:") if word in line] == [where]


@pytest.mark.parametrize(
    ("pace", "words"),
    [
        (USUAL, "every 5 s, idle 15 s"),
        (USUAL._replace(running=20, idle=57, stretched=True), "each within 63 s: 0 jobs at 5 req/s"),
        (
            USUAL._replace(idle=900, stretched=True, by_lists=True),  # 500 jobs at 5 req/s explain no 17 minutes
            "each within 17 m, sooner where a list shows a change",
        ),
        (USUAL._replace(probing=30.0), "one job every 30 s"),
        (USUAL._replace(seldom=300.0), "every 5 m"),
        (USUAL._replace(rate=2.5, stretched=True), "each within 17 s, slowed by the service to 2.5 req/s"),
        (USUAL._replace(rate=2.5), "every 5 s, idle 15 s"),  # it is slowed, and it is fast enough for these jobs
        (
            USUAL._replace(idle=57, stretched=True, shared_by=3),
            "each within 63 s: 0 jobs at 5 req/s, budget shared by 3",
        ),
        (
            USUAL._replace(rate=0.2, idle=57, stretched=True, shared_by=2),
            "each within 63 s, slowed by the service to 0.2 req/s, budget shared by 2",
        ),
        (
            USUAL._replace(rate=0.5, idle=57, stretched=True, probing=None),
            "each within 63 s, slowed by the service to 0.5 req/s",
        ),
        (USUAL._replace(rate=0.5, waiting_until=101.0), "throttled, 0.5 req/s"),
        (USUAL._replace(rate=0.5, waiting_until=99.0), "every 5 s, idle 15 s"),
    ],
)
def test_the_pace_in_words(pace: Pace, words: str) -> None:
    assert words in pace_of(pace)


def test_a_profile_that_is_slowed_is_not_hidden_by_another_that_is_slower_anyway() -> None:
    slow = USUAL._replace(idle=300, stretched=True)
    assert "each within 22 s, slowed by the service to 1 req/s" in pace_of(
        slow, USUAL._replace(idle=20, rate=1.0, stretched=True)
    )
    assert "slowed" not in pace_of(slow, USUAL)


def test_of_several_profiles_the_pace_is_a_promise_that_all_keep() -> None:
    words = pace_of(USUAL, USUAL._replace(idle=40))
    assert "each within 40 s" in words
    assert "idle 40 s" not in words


@pytest.mark.parametrize(("idle", "words"), [(20, "all answers under 30 s old"), (100, "all answers under 2 m old")])
def test_while_all_is_fresh_the_header_names_the_age_up_to_which_it_is(idle: float, words: str) -> None:
    profile = ProfileState("", "here", USUAL._replace(idle=idle))
    summary = Summary(Counter({Condition.IDLE: 2}), 0, 0, 0, None)
    parts = header_parts(HeaderState((profile,), summary, 100.0, 2, False, 0, "i"))
    assert words in "".join(text for part in parts for text, _ in part)


SEVEN = Counter(
    {
        Condition.RUNNING: 12,
        Condition.FAILED: 2,
        Condition.TIMED_OUT: 1,
        Condition.PASSED: 140,
        Condition.IDLE: 31,
        Condition.NO_ANSWER: 4,
        Condition.UNREAD: 10,
    }
)


def line(width: int, summary: Summary, pace: Pace = USUAL, is_long: bool = False) -> str:
    profile = ProfileState("", "cn-north-4", pace)
    header = HeaderState((profile,), summary, 100.0, 200, False, 0, "i", width=width, is_long=is_long)
    return " " + " │ ".join("".join(text for text, _ in part) for part in header_parts(header))


def test_where_the_counts_have_no_room_in_words_these_stand_closer_and_then_all_have_marks() -> None:
    summary = Summary(SEVEN, 3, 0, 0, 500.0)
    slow = USUAL._replace(rate=0.5, idle=400, stretched=True)
    words = "12 running  2 failed  1 timed out  140 passed  31 idle  4 no answer  10 unread"
    assert line(120, summary, slow) == f" {words} │ each within 8 m, slowed by the service"
    assert line(80, summary, slow) == f" {words}"
    assert line(79, summary, slow) == f" {words}"
    assert line(78, summary, slow) == line(73, summary, slow) == f" {words.replace('  ', ' ')}"
    assert line(72, summary, slow) == " 12▸  2●  1○  140✓  31◦  4?  10- │ within 8 m, slowed by the service"
    assert line(50, summary, slow) == " 12▸  2●  1○  140✓  31◦  4?  10- │ slowed"


@pytest.mark.parametrize("width", [60, 80, 119])
def test_the_counts_of_a_long_list_leave_room_in_their_line_whatever_is_in_it(width: int) -> None:
    slow = USUAL._replace(rate=0.5, idle=400, stretched=True)
    few = Summary(Counter({Condition.RUNNING: 4, Condition.PASSED: 31}), 0, 0, 0, None)
    assert line(width, few, is_long=True).startswith(" 4▸  31✓ │ ")
    assert line(width, Summary(SEVEN, 3, 0, 0, 500.0), slow, is_long=True).startswith(
        " 12▸  2●  1○  140✓  31◦  4?  10- "
    )
    assert line(120, few, is_long=True).startswith(" 4 running  31 passed │ ")


def test_what_ends_next_has_room_beside_the_counts_and_changes_of_a_low_screen() -> None:
    counts = {Condition.RUNNING: 5, Condition.FAILED: 8, Condition.PASSED: 17, Condition.STALE: 6}
    low = GLANCE._replace(
        summary=Summary(Counter(counts), 6, 6, 0, 70.0),
        changed=10,
        ends=(("web-browser-tests webkit", "≈3m"),),
        out_of_view=(("web-browser-tests webkit", Condition.STALE),),
        is_long=True,
        width=60,
    )
    shown = [" │ ".join("".join(text for text, _ in part) for part in header_parts(low))]
    assert shown == ["5▸  8●  17✓  6◌  ✱ 10 changed │ ends ≈3m: web-bro…webkit"]


@pytest.mark.parametrize(
    ("aborted", "silent", "when", "words"),
    [
        (0, "", "≈15s", "demo  12▸  2●  10✓  3◦  13?  8✱ │ ends ≈15s: infra-t…m plan"),
        (0, "", "≈2m30s", "demo 12▸ 2● 10✓ 3◦ 13? 8✱ │ ends ≈2m30s: infra-t…m plan"),
        (2, "", "any moment", "demo 12▸ 2● 2○ 10✓ 3◦ 13? 8✱ │ ends any moment: infr…plan"),
        (0, "19:57", "≈15s", "demo  12▸  2●  10✓  3◦  13?  8✱  silent until 19:57"),
    ],
)
def test_where_counts_fill_a_low_screen_changes_go_by_their_mark_for_what_ends_next(
    aborted: int, silent: str, when: str, words: str
) -> None:
    counts = {Condition.RUNNING: 12, Condition.FAILED: 2, Condition.PASSED: 10, Condition.IDLE: 3}
    counts |= {Condition.ABORTED: aborted}
    low = GLANCE._replace(
        summary=Summary(Counter({**counts, Condition.NO_ANSWER: 13}), 0, 0, 13, None),
        changed=8,
        silent=silent,
        ends=(("infra-terraform plan", when),),
        out_of_view=(("bad request", Condition.NO_ANSWER),) * 13,
        is_demo=True,
        is_long=True,
        width=60,
    )
    assert " │ ".join("".join(text for text, _ in part) for part in header_parts(low)) == words


def test_changes_go_by_their_mark_where_that_gives_what_ends_next_a_name_that_can_be_told_apart() -> None:
    names = tuple(f"payments-platform-billing-{region}-nightly" for region in ("eu", "us"))
    counts = {Condition.RUNNING: 10, Condition.FAILED: 4, Condition.PASSED: 7, Condition.IDLE: 5}
    low = GLANCE._replace(
        summary=Summary(Counter({**counts, Condition.NO_ANSWER: 14}), 0, 0, 14, None),
        changed=11,
        ends=((names[0], "≈30s"),),
        names=ShortNames(names),
        is_long=True,
        width=60,
    )
    shown = " │ ".join("".join(text for text, _ in part) for part in header_parts(low))
    assert shown == "10▸  4●  7✓  5◦  14?  11✱ │ ends ≈30s: pay…eu-nightly"


@pytest.mark.parametrize(
    ("is_long", "width", "news", "said"),
    [
        (True, 60, {"view": "view tomorrow"}, "9▸ 2● 5✓ 3◦ 72? 409- 6✱ 69 of 500 shown view tomorrow"),
        (True, 60, {"marked": 12, "view": "view today"}, "9▸  2●  5✓  3◦  72?  409-  6✱  69 of 500 shown  12 marked"),
        (True, 60, {"view": "view what keeps me awake"}, "9▸  2●  5✓  3◦  72?  409-  6✱  69 of 500 shown"),
        (True, 46, {"marked": 12, "view": "view today"}, "9▸ 2● 5✓ 3◦ 72? 409- 6✱ 69 of 500 shown"),
        (False, 60, {"view": "view what keeps me awake"}, "9▸  2●  5✓  3◦  72?  409-  ✱ 6 changed  69 of 500 shown"),
    ],
)
def test_that_rows_are_hidden_is_said_before_the_name_of_the_view_and_what_ends_next(
    is_long: bool, width: int, news: dict[str, Any], said: str
) -> None:
    counts = {Condition.RUNNING: 9, Condition.FAILED: 2, Condition.PASSED: 5, Condition.IDLE: 3}
    counts |= {Condition.NO_ANSWER: 72, Condition.UNREAD: 409}
    filtered = GLANCE._replace(
        summary=Summary(Counter(counts), 0, 0, 72, None),
        shown=69,
        narrowed=True,
        changed=6,
        ends=(("payments-fraud-model training", "≈32m"),),
        is_long=is_long,
        width=width,
    )
    counted, *_ = header_parts(filtered._replace(**news))
    assert "".join(text for text, _ in counted) == said


@pytest.mark.parametrize(
    ("width", "said"),
    [(29, "out of view: 2● 3✱ 13?"), (28, "scroll: 2● 3✱ 13?"), (23, "scroll: 2● …"), (18, "")],
)
@pytest.mark.parametrize("hides", [False, True])
def test_what_is_out_of_view_is_never_a_bare_number(width: int, said: str, hides: bool) -> None:
    """`18 out of view` was taken for the rows of the list that do not fit. No scrolling shows what a filter or a folded
    group hides."""
    said = said.replace("scroll", "hidden") if hides else said
    hidden = [("job", Condition.FAILED)] * 2 + [("job", None)] * 3 + [("job", Condition.NO_ANSWER)] * 13
    low = GLANCE._replace(
        summary=Summary(Counter({Condition.RUNNING: 40}), 0, 0, 0, None),
        changed=0,
        ends=(),
        out_of_view=tuple(hidden),
        hides=hides,
        is_long=True,
        width=width,
    )
    shown = ["".join(text for text, _ in part) for part in header_parts(low)]
    assert [text for text in shown if any(word in text for word in ("view", "scroll", "hid"))] == (
        [said] if said else []
    )


def test_two_states_with_one_mark_are_one_count_where_words_have_no_room() -> None:
    counts = Counter({Condition.RUNNING: 12, Condition.TIMED_OUT: 1, Condition.ABORTED: 2, Condition.PASSED: 9})
    assert line(20, Summary(counts, 0, 0, 0, 500.0)) == " 12▸  3○  9✓"


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (80, "nothing changed since 06:14"),
        (60, "no change since 06:14"),
        (54, ""),
        (120, "nothing changed since 06:14"),
    ],
)
def test_a_quiet_screen_says_since_when_nothing_changed_where_it_has_room(width: int, said: str) -> None:
    counts = Counter({Condition.RUNNING: 4, Condition.ABORTED: 1, Condition.PASSED: 31})
    quiet = GLANCE._replace(summary=Summary(counts, 0, 0, 0, None), changed=0, quiet_since="06:14", width=width)
    first, second = header_lines(quiet)
    assert first[1:] == ([[(said, "dim")]] if said else [])
    assert not any("since" in text for part in second for text, _ in part)


@pytest.mark.parametrize("width", range(40, 200, 7))
def test_the_header_never_leaves_out_a_count_and_never_is_too_long(width: int) -> None:
    shown = line(width, Summary(SEVEN, 3, 0, 0, 500.0))
    assert len(shown) <= width
    assert all(str(number) in shown for number in SEVEN.values())


def test_no_count_is_cut_where_not_even_the_marks_have_room() -> None:
    counts = Counter(dict.fromkeys((*SEVEN, Condition.STALE, Condition.PAUSED), 2000))
    for width in range(40, 70):
        found = line(width, Summary(counts, 0, 0, 0, None))
        assert len(found) <= width
        assert found.split()[-1][:-1] in ("2000", "4000", "")


def test_that_none_runs_is_said_only_where_that_is_known() -> None:
    known, unknown = (Condition.PASSED, Condition.IDLE), (Condition.STALE, Condition.NO_ANSWER, Condition.UNREAD)
    for one in known:
        assert (Condition.RUNNING, 0) in counts_of(Summary(Counter({one: 1, Condition.STALE: 5}), 5, 5, 0, 90.0))
    for one in (*unknown, Condition.PAUSED):
        stale = 6 if one is Condition.STALE else 0
        assert counts_of(Summary(Counter({one: 6}), stale, stale, 0, None)) == [(one, 6)]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_silence_is_shown_before_all_but_the_counts(width: int) -> None:
    profile = ProfileState("", "cn-north-4", USUAL._replace(rate=0.5, idle=400, stretched=True))
    summary = Summary(SEVEN, 3, 0, 0, 500.0)
    header = HeaderState((profile,), summary, 100.0, 200, True, 3, "i", width=width, silent="17:45")
    assert "silent until 17:45" in "".join(text for part in header_parts(header) for text, _ in part)


def test_what_changed_is_said_before_all_other_news() -> None:
    header = GLANCE._replace(width=70, silent="17:45", is_long=False, out_of_view=(), ends=())
    shown = "".join(text for part in header_parts(header) for text, _ in part)
    assert shown.index("3 changed") < shown.index("silent until 17:45")


@pytest.mark.parametrize(
    ("lasts", "words", "look"),
    [(7200.0, "token 2h00m", "dim"), (59.0, "token 45s", "ageing"), (0.0, "token ended", "error")],
)
def test_the_header_says_when_the_sign_in_ends(lasts: float, words: str, look: str) -> None:
    profile = ProfileState("", "cn-north-4", USUAL, lasts=lasts)
    summary = Summary(Counter({Condition.IDLE: 2}), 0, 0, 0, None)
    parts = header_parts(HeaderState((profile,), summary, 100.0, 2, False, 0, "i", width=200))
    assert [(words, look)] in parts


def test_when_a_sign_in_ends_that_has_failed_is_not_said() -> None:
    profile = ProfileState("", "cn-north-4", USUAL._replace(signed_out=True), lasts=59.0)
    parts = header_parts(GLANCE._replace(profiles=(profile,), out_of_view=(), ends=(), width=200))
    assert "token" not in "".join(text for part in parts for text, _ in part)


@pytest.mark.parametrize("summary", ["The token has ended.", "The token has ended (HTTP 401, CB.00060101)."])
def test_the_banner_names_the_code_of_a_refused_sign_in_once(summary: str) -> None:
    trouble = failure(FailureKind.SIGN_IN, summary)
    text, _ = banner(GLANCE._replace(profiles=(ProfileState("", "", USUAL._replace(trouble=trouble)),)))
    assert text.count("CB.00060101") == 1


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (FailureKind.THROTTLED, "The service asks for fewer requests: 0.5 a second now. (CB.1)"),
        (FailureKind.FORBIDDEN, "No job can be read: It is so."),
        (FailureKind.GATEWAY_ERROR, "No answers: It is so."),
    ],
)
def test_the_banner_says_what_of_all_jobs_goes_wrong(kind: FailureKind, words: str) -> None:
    pace = USUAL._replace(rate=0.5, trouble=failure(kind, "It is so.")._replace(code="CB.1"))
    assert banner(GLANCE._replace(profiles=(ProfileState("", "", pace),)))[0] == words


GLANCE = HeaderState(
    (ProfileState("", "cn-north-4", USUAL),),
    Summary(SEVEN, 0, 0, 0, None),
    100.0,
    200,
    False,
    0,
    "i",
    changed=3,
    ends=(("mobile-android", "any moment"), ("payments-api nightly", "≈3m")),
    out_of_view=(
        ("mobile-ios", Condition.FAILED),
        ("payments-fraud-model training", None),
        ("legacy-billing", Condition.NO_ANSWER),
        ("data-events", Condition.STALE),
    ),
)


WORDS = "12 running  2 failed  1 timed out  140 passed  31 idle  4 no answer  10 unread"
ALL = "out of view: ● mobile-ios  ✱ payments-fraud-model training  ? legacy-billing  ◌ data-events"
CUT = "out of view: ● mobile-ios  ✱ payment…aining  ? legacy-billing  +1◌"


@pytest.mark.parametrize(
    ("width", "first", "second"),
    [
        (180, WORDS, f"ends any moment: mobile-android, ≈3m: payments-api nightly │ {ALL} │ cn-north-4"),
        (120, WORDS, f"ends any moment: mobile-android │ {CUT}"),
        (80, WORDS, "ends any moment: mobile-android │ out of view: 1● 1✱ 1? 1◌"),
        (
            60,
            "12▸  2●  1○  140✓  31◦  4?  10-",
            "ends any moment: mobile-android │ cn-north-4",
        ),
    ],
)
def test_the_second_line_names_what_ends_next_and_what_is_out_of_view(width: int, first: str, second: str) -> None:
    lines = header_lines(GLANCE._replace(width=width))
    shown = [" │ ".join("".join(text for text, _ in part) for part in parts) for parts in lines]
    assert shown == [first, f"✱ 3 changed │ {second}"]


def test_a_name_that_has_no_room_is_cut_in_the_middle_and_the_others_are_counted() -> None:
    long = GLANCE._replace(width=80, changed=0, ends=(("payments-fraud-model training of the third region", "≈32m"),))
    _, second = header_lines(long)
    assert ["".join(text for text, _ in part) for part in second[:2]] == [
        "ends ≈32m: payment…region",
        "out of view: ● mobile-ios  +1✱ +1? +1◌",
    ]


def test_names_that_share_beginning_and_end_are_cut_where_the_table_cuts_them() -> None:
    names = tuple(f"payments-platform-{area}-{region}-build" for area in ("fraud", "ledger") for region in ("eu", "us"))
    header = GLANCE._replace(width=100, changed=0, names=ShortNames(names))
    header = header._replace(ends=((names[0], "≈32m"),), out_of_view=((names[2], Condition.FAILED), (names[3], None)))
    _, second = header_lines(header)
    assert ["".join(text for text, _ in part) for part in second[:2]] == [
        "ends ≈32m: pay…fraud-eu…",
        "out of view: ● paym…ledger-eu-build  ✱ paym…ledger-us-build",
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_word_of_ours_follows_the_name_of_the_job_that_ends_next(width: int) -> None:
    ends = (("throttled now and then", "any moment"),)
    _, second = header_lines(GLANCE._replace(width=width, changed=0, ends=ends, out_of_view=()))
    said = "".join(text for text, _ in second[0])
    assert said.startswith("ends any moment: throt")
    assert said.endswith("then")


@pytest.mark.parametrize(("width", "since"), [(180, " since 12:41"), (80, " since 12:41"), (79, "")])
def test_the_header_says_since_when_there_were_changes_where_it_has_room(width: int, since: str) -> None:
    _, second = header_lines(GLANCE._replace(out_of_view=(), changed_since="12:41", width=width))
    assert second[0] == [(f"✱ 3 changed{since}", "accent")]


@pytest.mark.parametrize(
    ("width", "since"),
    [
        (180, "changes since 12:41"),
        (101, "changes since 12:41"),
        (100, "✱ since 12:41"),
        (95, "✱ since 12:41"),
        (94, ""),
    ],
)
def test_while_jobs_are_out_of_view_the_first_line_says_since_when_there_were_changes(width: int, since: str) -> None:
    first, second = header_lines(GLANCE._replace(width=width, changed_since="12:41"))
    assert first[1:] == ([[(since, "accent")]] if since else [])
    assert second[0] == [("✱ 3 changed", "accent")]


@pytest.mark.parametrize("width", [80, 100, 120])
def test_how_old_the_oldest_answer_is_has_room_beside_the_next_end(width: int) -> None:
    old = GLANCE._replace(
        out_of_view=(),
        changed_since="12:41",
        width=width,
        summary=Summary(SEVEN, 3, 3, 0, 90.0),
        ends=(("x" * 24, "≈3m"),),
    )
    shown = ["".join(text for text, _ in part) for part in header_lines(old)[1]]
    assert shown[0] == "✱ 3 changed since 12:41"
    assert shown[1] == f"ends ≈3m: {'x' * 24}"
    assert shown[2] in ("oldest answer 1m15s", "up to 1m15s old")


def test_what_is_only_ageing_takes_no_room_from_the_next_end() -> None:
    ageing = GLANCE._replace(width=80, out_of_view=(), summary=Summary(SEVEN, 3, 0, 0, 50.0), ends=(("x" * 40, "≈3m"),))
    shown = ["".join(text for text, _ in part) for part in header_lines(ageing)[1]]
    assert shown[1] == f"ends ≈3m: {'x' * 40}"


@pytest.mark.parametrize("width", [80, 100, 120])
def test_how_old_the_oldest_answer_is_has_room_beside_what_is_out_of_view(width: int) -> None:
    _, second = header_lines(GLANCE._replace(width=width, summary=Summary(SEVEN, 3, 3, 0, 90.0), ends=()))
    shown = ["".join(text for text, _ in part) for part in second]
    assert shown[1].startswith("out of view: ● mobile-ios")
    assert shown[2] in ("oldest answer 1m15s", "up to 1m15s old")


@pytest.mark.parametrize(
    ("kind", "look"),
    [
        (FailureKind.SERVER_ERROR, "warning"),
        (FailureKind.UNREACHABLE, "warning"),
        (FailureKind.THROTTLED, "warning"),
        (FailureKind.FORBIDDEN, "error"),
        (FailureKind.SIGN_IN, "error"),
    ],
)
def test_the_banner_is_red_only_where_somebody_has_to_do_something(kind: FailureKind, look: str) -> None:
    profile = ProfileState("", "cn-north-4", USUAL._replace(trouble=failure(kind)))
    text, its_look = banner(GLANCE._replace(profiles=(profile,)))
    assert text
    assert its_look == look


def test_the_banner_of_a_sign_in_that_iam_limits_says_once_when_it_is_asked_again() -> None:
    told = Failure(
        FailureKind.NO_TOKEN, "IAM takes no more sign-ins for now (HTTP 429). It is asked again at 12:01:00."
    )
    profile = ProfileState("", "cn-north-4", USUAL._replace(trouble=told))
    assert banner(GLANCE._replace(profiles=(profile,), width=80))[0] == f"No answers: {told.summary}"


def test_of_several_profiles_the_banner_names_the_one_without_a_name_by_its_place() -> None:
    profiles = (
        ProfileState("", "cn-north-4", USUAL._replace(trouble=failure())),
        ProfileState("uat", "eu-west-101", USUAL._replace(trouble=failure())),
    )
    text, _ = banner(GLANCE._replace(profiles=profiles))
    assert [line.partition(": ")[0] for line in text.splitlines()] == ["cn-north-4", "uat"]


@pytest.mark.parametrize(("width", "lines"), [(60, 2), (80, 2), (120, 1)])
def test_the_banner_of_one_trouble_takes_few_lines(width: int, lines: int) -> None:
    trouble = failure(summary="The gateway in front of the service has an error (HTTP 502, APIGW.0205).")
    profile = ProfileState("", "cn-north-4", USUAL._replace(trouble=trouble, probing=30.0))
    text, _ = banner(GLANCE._replace(profiles=(profile,), width=width))
    assert len(wrap(text, width - 2)) == lines
    assert ("Still asking, one job at a time." in text) == (width >= 80)


def test_the_banner_does_not_say_that_one_job_at_a_time_is_asked_while_others_are() -> None:
    profile = ProfileState("", "cn-north-4", USUAL._replace(trouble=failure()))
    text, _ = banner(GLANCE._replace(profiles=(profile,), width=120))
    assert text.startswith("No answers: ")
    assert "one job" not in text


def test_the_counts_of_a_demo_have_words_on_80_columns_also_where_builds_were_aborted_and_timed_out() -> None:
    counts = Counter({Condition.RUNNING: 10, Condition.FAILED: 2, Condition.TIMED_OUT: 1, Condition.ABORTED: 1})
    counts |= Counter({Condition.PASSED: 10, Condition.IDLE: 3, Condition.NO_ANSWER: 13})
    demo = GLANCE._replace(summary=Summary(counts, 0, 0, 13, None), is_demo=True, width=80)
    (first,), _ = header_lines(demo)
    words = "demo 10 running 2 failed 1 timed out 1 aborted 10 passed 3 idle 13 no answer"
    assert "".join(text for text, _ in first) == words


def test_without_room_for_words_counts_go_by_the_marks_of_the_rows() -> None:
    both = Summary(Counter({Condition.NO_ANSWER: 4, Condition.STALE: 1}), 3, 3, 0, 10.0)  # two of the four are old, too
    in_words, in_marks = (header_parts(GLANCE._replace(summary=both, width=width))[0] for width in (120, 20))
    assert [text for text, _ in in_words[:3:2]] == ["4 no answer", "1 stale"]
    assert [text for text, _ in in_marks[:3:2]] == ["4?", "1◌"]


def test_the_first_name_is_whole_where_none_stands_beside_it() -> None:
    alone = GLANCE._replace(
        width=80, changed=0, out_of_view=(), ends=(("web-browser-tests webkit", "≈3m"), ("x", "≈4m"))
    )
    _, second = header_lines(alone)
    assert ["".join(text for text, _ in part) for part in second[:1]] == ["ends ≈3m: web-browser-tests webkit"]


def test_while_all_is_paused_nothing_is_said_of_what_is_out_of_view() -> None:
    _, second = header_lines(GLANCE._replace(width=200, paused="Paused since 12:00:00."))
    assert "out of view" not in "".join(text for part in second for text, _ in part)


@pytest.mark.parametrize("age", [50, 70, 105, 170, 200, 3000, 9000])
def test_the_oldest_age_is_said_in_the_words_of_its_row(age: int) -> None:
    known = state((Status.IDLE, 100))
    summary = summarise([known], 100 + age, lambda _: 15.0)
    parts = header_parts(GLANCE._replace(summary=summary, now=100 + age, out_of_view=(), ends=()))
    said = ["".join(text for text, _ in part) for part in parts]
    assert f"oldest answer {time(row(known, 100 + age), 20).removesuffix(' old')}" in said


def test_the_header_counts_the_profiles_where_there_are_two() -> None:
    both = (ProfileState("p1", "cn-north-4", USUAL), ProfileState("p2", "ap-1", USUAL))
    parts = header_parts(GLANCE._replace(profiles=both, out_of_view=(), ends=(), width=200))
    assert [("2 profiles", "dim")] in parts


def test_a_narrow_line_has_as_many_whole_counts_as_fit() -> None:
    three = Summary(Counter({Condition.RUNNING: 12, Condition.FAILED: 2, Condition.PASSED: 9}), 0, 0, 0, None)
    assert [line(width, three) for width in (12, 11, 10)] == [" 12▸  2●  9✓", " 12▸  2● …", " 12▸  2● …"]


def test_a_banner_without_lines_has_no_look() -> None:
    assert banner(GLANCE) == ("", "")


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_the_demo_says_that_it_is_one_however_narrow_the_screen_is(width: int) -> None:
    demo = GLANCE._replace(is_demo=True, width=width)
    for first in (header_parts(demo)[0], header_lines(demo)[0][0]):
        assert first[0] == ("demo", "accent")


@pytest.mark.parametrize(("stale", "long"), [(0, "2 answers late, oldest 3m"), (1, "oldest answer 3m")])
def test_what_is_oldest_is_named_in_each_wording(stale: int, long: str) -> None:
    counts = Counter({Condition.IDLE: 9, **({Condition.STALE: stale} if stale else {})})
    late = GLANCE._replace(summary=Summary(counts, 2, stale, 0, 200.0), now=1000, out_of_view=(), ends=(), changed=0)
    for width, said in ((200, long), (46 if stale else 44, "oldest answer 3m"), (44 if stale else 36, "up to 3m old")):
        parts = header_parts(late._replace(width=width))
        assert (said, "stale" if stale else "ageing") in [one for part in parts for one in part], width


@pytest.mark.parametrize(("idle", "others"), [(105, ""), (160, ", other calls included")])
def test_jobs_and_rate_explain_the_pace_or_what_else_is_asked_is_named(idle: float, others: str) -> None:
    pace = USUAL._replace(idle=idle, stretched=True)
    summary = Summary(Counter({Condition.IDLE: 500}), 0, 0, 0, None)
    assert f"{500} jobs at 5 req/s{others}" in line(200, summary, pace).split(" │ ")[-1].split(": ")


@pytest.mark.parametrize(("unread", "said"), [(2, "1 of 4 read so far"), (0, "all answers under 22 s old")])
def test_jobs_that_cannot_be_read_are_none_that_will_soon_be_read(unread: int, said: str) -> None:
    counts = Counter({Condition.IDLE: 1, Condition.NO_ANSWER: 3 - unread, Condition.UNREAD: unread})
    assert f" │ {said} │ " in line(120, Summary(counts, 0, 0, 3, None))
    counts[Condition.PAUSED] = 1  # is not going to be read
    assert f" │ {said} │ " in line(120, Summary(counts, 0, 0, 3, None))


def test_where_no_job_gave_an_answer_nothing_is_said_of_how_old_answers_are() -> None:
    assert "answers" not in line(120, Summary(Counter({Condition.NO_ANSWER: 3}), 0, 0, 3, None))
