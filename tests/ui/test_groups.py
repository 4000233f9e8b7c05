"""Rows in groups: which lines there are, what a group's line says, and that everything else goes on working."""

import re
from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region

from tests.core.test_past_events import run
from tests.support.builders import failure, job_id, moment, state
from tests.support.screen_harness import screen
from tui.core.alert_policy import Arm
from tui.core.board import JobState
from tui.core.condition import Condition
from tui.core.job import TAG_LONGEST, Job, JobId, ServiceName
from tui.core.reading import Failure, Status
from tui.core.run import FailedStep, Outcome, RunRecord
from tui.storage.screen_state import ScreenState
from tui.terminal.capabilities import UNICODE
from tui.ui.columns import attention
from tui.ui.details import BLANK, WHOLE, group_fields
from tui.ui.groups import GroupLine, Groups, GroupTexts, group_of, job_of
from tui.ui.job_table import JobTable
from tui.ui.row import Row

A, B, C, D = (job_id(number) for number in range(1, 5))
WATCHED = [Job(A, "api", ("web", "slow")), Job(B, "ui", ("web",)), Job(C, "etl", ("data",)), Job(D, "old")]


@dataclass
class Table:
    """Some jobs and their groups."""

    by: str
    states: dict[JobId, JobState]
    groups: Groups = field(default_factory=lambda: Groups(tuple))

    def __post_init__(self) -> None:
        self.groups.by = self.by
        self.arrange()

    def arrange(self) -> None:
        self.groups.arrange(tuple(self.states), self.row, "main")

    def row(self, job: JobId) -> Row:
        return Row(self.states[job], moment(10), 15)

    @property
    def shown(self) -> list[str]:
        """The lines as text: `-name` for a group, else the job's name."""
        return [
            self.states[job].name if (job := job_of(line)) else f"-{self.groups.head(group_of(line)).name}"
            for line in self.groups.lines
        ]


def table(by: str, *jobs: Job) -> Table:
    return Table(by, {job.id: state((Status.IDLE, 1), job=job) for job in jobs or WATCHED})


def test_a_job_with_two_tags_is_under_each_and_one_without_comes_last() -> None:
    assert table("tag").shown == ["-data", "etl", "-slow", "api", "-web", "api", "ui", "-no tag", "old"]


def test_tags_that_look_alike_are_one_group_and_numbers_are_in_their_natural_order() -> None:
    jobs = [Job(A, "a", ("re\u0301d-10",)), Job(B, "b", ("r\u00e9d-10",)), Job(C, "c", ("r\u00e9d-9",))]
    assert table("tag", *jobs).shown == ["-réd-9", "c", "-réd-10", "a", "b"]


def test_projects_are_named_once_the_service_has_said_which() -> None:
    grouped = table("project", WATCHED[0], WATCHED[1])
    assert grouped.shown == ["-project not known", "api", "ui"]
    grouped.states[A] = grouped.states[A]._replace(service_name=ServiceName("", "0123", "Payments"))
    assert grouped.groups.follow([A], grouped.row)
    grouped.arrange()
    assert grouped.shown == ["-Payments", "api", "-project not known", "ui"]


def test_profiles_and_states_are_groups_the_worst_state_first() -> None:
    jobs = [Job(A, "ours"), Job(B, "theirs", profile="lab")]
    assert table("profile", *jobs).shown == ["-lab", "theirs", "-main", "ours"]
    by_state = table("state")
    by_state.states[C] = state((failure(), 1), job=WATCHED[2])
    assert by_state.groups.follow([C], by_state.row)
    by_state.arrange()
    assert by_state.shown == ["-no answer", "etl", "-idle", "api", "ui", "old"]


def test_counts_follow_each_reading_without_arranging_anew() -> None:
    grouped = table("tag")
    assert grouped.groups.head("tag:web").counts == ((Condition.IDLE, 2),)
    grouped.states[A] = state((Status.RUNNING, 1), job=WATCHED[0])
    assert not grouped.groups.follow([A], grouped.row)
    assert grouped.groups.head("tag:web").counts == ((Condition.RUNNING, 1), (Condition.IDLE, 1))
    assert grouped.groups.head("tag:slow").counts == ((Condition.RUNNING, 1),)


def test_folded_groups_have_one_line_and_say_which_job_they_hide() -> None:
    grouped = table("tag")
    grouped.groups.set_folded(["tag:web", "tag:gone"])
    assert grouped.shown == ["-data", "etl", "-slow", "api", "-web", "-no tag", "old"]
    assert grouped.groups.hides(A) == ""
    assert grouped.groups.hides(B) == "tag:web"
    assert grouped.groups.hides(GroupLine("tag:web", A)) == "tag:web"
    assert grouped.groups.hides(GroupLine("tag:web")) == ""
    every = grouped.groups.folded_after_all()
    grouped.groups.set_folded(every)
    assert grouped.shown == ["-data", "-slow", "-web", "-no tag"]
    assert grouped.groups.folded_after_all() == ("tag:gone",)


def said(texts: GroupTexts, key: str, room: int = 60) -> str:
    return " ".join(text for text, _ in texts.cells(key, room)).rstrip()


def test_counts_stay_in_their_place_until_the_user_folds_a_group_or_groups_by_something_else() -> None:
    grouped = Table("tag", {A: state((Status.RUNNING, 1), job=WATCHED[0]), B: state((Status.IDLE, 1), job=WATCHED[1])})
    texts = GroupTexts(grouped.groups, UNICODE)
    texts.widen()
    before = said(texts, "tag:web")
    assert before == " ▿ ▸ web (2)   1 running  1 idle"
    grouped.states[A] = state((Status.IDLE, 1), job=WATCHED[0])
    grouped.groups.follow([A], grouped.row)
    texts.widen()
    assert said(texts, "tag:web") == " ▿ ◦ web (2)              2 idle"
    grouped.groups.set_folded(["tag:slow"])
    texts.widen()
    assert said(texts, "tag:web") == " ▿ ◦ web (2)   2 idle"


def test_no_count_of_a_group_is_cut_and_a_long_name_leaves_room_for_them() -> None:
    of_each = (Status.RUNNING, Status.IDLE, failure())
    jobs = [Job(job_id(number), f"job {number}", ("payments-of-the-third-region",)) for number in range(1, 13)]
    grouped = Table("tag", {job.id: state((of_each[at % 3], 1), job=job) for at, job in enumerate(jobs)})
    texts = GroupTexts(grouped.groups, UNICODE)
    texts.widen()
    key = group_of(grouped.groups.lines[0])
    for room in range(46, 90):
        line = said(texts, key, room)
        assert len(line) <= room + 1, room
        assert set(re.findall(r"\d+", line)) <= {"12", "4"}, line


def test_of_the_ways_to_say_the_counts_of_a_group_it_has_the_longest_that_fits() -> None:
    outcomes: tuple[Status | Failure, ...] = (Status.RUNNING, Status.IDLE, failure())
    jobs = [Job(job_id(number), f"job {number}", ("web",)) for number in range(3)]
    grouped = Table("tag", {job.id: state((one, 1), job=job) for job, one in zip(jobs, outcomes, strict=True)})
    texts = GroupTexts(grouped.groups, UNICODE)
    texts.widen()
    said_in = [said(texts, "tag:web", room) for room in range(17, 60)]
    ways = [
        f" ▿ ? web (3) {counts}" for counts in (" 1 no answer  1 running  1 idle", " 1?  1▸  1◦", " 1?  1▸ …", " 1? …")
    ]
    assert said_in == [next(way for way in ways if len(way) <= 1 + room) for room in range(17, 60)]
    assert set(said_in) == set(ways)


@pytest.mark.parametrize(("new", "look"), [((), "failed"), ((A,), "failed"), ((B,), "error")])
def test_failed_is_reversed_in_a_folded_group_unless_its_only_news_are_no_failures(
    new: tuple[JobId, ...], look: str
) -> None:
    failed = RunRecord(7, Outcome.FAILED, "failure", moment(0).wall, moment(1).wall, is_finished=True)
    states = {job.id: state((Status.IDLE, 10), job=job) for job in WATCHED[:2]}
    states[A] = states[A].learn(failed, FailedStep("Sign"))
    grouped = Table("tag", states, Groups(lambda: new))
    grouped.groups.set_folded(["tag:web"])
    texts = GroupTexts(grouped.groups, UNICODE)
    texts.widen()
    assert dict(texts.cells("tag:web", 60))[" 1 failed"] == look


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        (Condition.FAILED, Condition.NO_ANSWER),
        (Condition.NO_ANSWER, Condition.ABORTED),
        (Condition.ABORTED, Condition.RUNNING),
        (Condition.RUNNING, Condition.PASSED),
    ],
)
def test_the_mark_of_a_group_is_that_of_the_job_which_attention_puts_first(worse: Condition, better: Condition) -> None:
    states = {}
    for job, one in zip(WATCHED, (better, worse), strict=False):
        known = state((Status.RUNNING if one is Condition.RUNNING else Status.IDLE, 1), job=job)
        if one is Condition.NO_ANSWER:
            known = state((failure(), 1), job=job)
        elif one is not Condition.RUNNING:
            known = known.learn(RunRecord(7, Outcome(one), "", moment(0).wall, moment(1).wall, is_finished=True), None)
        states[job.id] = known
    grouped = Table("tag", states)
    first = min(states, key=lambda job: attention(grouped.row(job)))
    assert grouped.row(first).condition is worse
    texts = GroupTexts(grouped.groups, UNICODE)
    texts.widen()
    assert said(texts, "tag:web").split()[1] == UNICODE.condition[worse]


def test_one_job_is_not_called_jobs_in_the_details_of_its_group() -> None:
    grouped = table("tag")
    one, two = (list(group_fields(grouped.groups, key, grouped.row, UNICODE)) for key in ("tag:data", "tag:web"))
    assert (one[1][1], two[1][1]) == ("1 job: 1 idle", "2 jobs: 2 idle")


TAGS = st.lists(st.sampled_from(["web", "Web", "", "x", "10", "9"]), max_size=3).map(tuple)


@given(st.lists(TAGS, max_size=12), st.sampled_from(["", "tag", "project", "profile", "state"]))
def test_every_job_has_a_line_and_no_line_is_there_twice(tags: list[tuple[str, ...]], by: str) -> None:
    jobs = [Job(job_id(number), f"job {number}", these) for number, these in enumerate(tags, 1)]
    grouped = Table(by, {job.id: state((Status.IDLE, 1), job=job) for job in jobs})
    lines = grouped.groups.lines
    assert len(set(lines)) == len(lines)
    assert {job for line in lines if (job := job_of(line))} == grouped.states.keys()
    heads = [line for line in lines if not job_of(line)]
    jobs_in_groups = sum(grouped.groups.head(line.group).jobs for line in heads if isinstance(line, GroupLine))
    assert jobs_in_groups == (len(lines) - len(heads) if by else 0)


async def test_groups_on_the_screen_fold_take_marks_and_survive_a_restart() -> None:
    async with screen(WATCHED, {B: Status.RUNNING, C: failure()}, size=(100, 24)) as shown:
        await shown.press("z", "down", "enter")
        assert [line[2:].split("  ")[0] for line in shown.lines if "▿" in line] == [
            "▿ ? data (1)", "▿ ◦ slow (1)", "▿ ▸ web (2)", "▿ ◦ no tag (1)",
        ]  # fmt: skip
        assert [job_of(line) for line in shown.board.table.order] == [None, C, None, A, None, A, B, None, D]
        assert "1 running  1 idle" in shown.lines[6]
        assert shown.cursor == A  # it stayed on its job
        await shown.press("left")
        assert shown.board.table.group == "tag:slow"
        await shown.press("left", "down", "down", "space")  # the job under its second tag
        assert shown.board.table.marks == {A}
        await shown.press("escape", "up", "up", "space")
        assert shown.board.table.marks == {A, B}  # the line of a group stands for its jobs
        await shown.press("escape", "up", "up", "enter", "l")
        assert shown.board.table.group == "tag:slow"
        assert "The cursor is on a group" in shown.said
        await shown.press("minus")
        assert sum("▹" in line for line in shown.lines) == 4
        assert list(shown.saved[-1].folded) == ["tag:", "tag:data", "tag:slow", "tag:web"]
        await shown.press("e")  # a problem is found in a folded group, too
        assert shown.cursor == C
        await shown.press("left", "left", "n")
        assert shown.cursor == C
        assert list(shown.saved[-1].folded) == ["tag:", "tag:slow", "tag:web"]
        await shown.press("slash", *"is:run", "enter")
        assert "web (1)" in shown.text
        assert "data" not in shown.text
    async with screen(WATCHED, state=shown.saved[-1]._replace(filter="")) as again:
        assert "▹ ◦ slow (1)" in again.text
        assert "▿ ◦ data (1)" in again.text


async def test_a_change_inside_groups_draws_its_rows_and_the_counts_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with screen(WATCHED, {C: Status.RUNNING}, size=(100, 24), state=ScreenState(group="tag")) as shown:
        table = shown.board.table
        drawn: list[int] = []

        def refresh(*regions: Region, **_: bool) -> JobTable:
            drawn.extend(region.y for region in regions)
            return table

        monkeypatch.setattr(table, "refresh", refresh)
        await shown.ask_all()
        assert drawn == []
        shown.reader.outcomes[A] = Status.RUNNING
        await shown.ask_all()
        await shown.until(lambda: sorted(set(drawn)) == [3, 4, 5, 6])  # slow, api; web, api


async def test_the_counts_of_all_groups_stand_below_each_other_and_stay_there_when_one_is_zero() -> None:
    look = ScreenState(group="tag", folded=("tag:", "tag:data", "tag:slow", "tag:web"))
    async with screen(WATCHED, {A: Status.RUNNING, B: failure(), C: failure()}, state=look) as shown:
        assert shown.lines[2:6] == [
            "› ▹ ? data (1)    1 no answer",
            "  ▹ ▸ slow (1)                 1 running",
            "  ▹ ? web (2)     1 no answer  1 running",
            "  ▹ ◦ no tag (1)                          1 idle",
        ]
        shown.reader.outcomes.update({B: Status.IDLE, C: Status.IDLE})
        await shown.ask_all()
        await shown.until(lambda: shown.lines[4].endswith("web (2)                  1 running  1 idle"))
        await shown.press("minus", "minus")  # the groups are laid out anew
        await shown.until(lambda: shown.lines[4].endswith("web (2)     1 running  1 idle"))


async def test_groups_by_state_do_not_say_their_number_twice() -> None:
    async with screen(WATCHED, {A: Status.RUNNING}, state=ScreenState(group="state")) as shown:
        assert [line[2:] for line in shown.lines if "▿" in line] == ["▿ ▸ running (1)", "▿ ◦ idle (3)"]


async def test_counts_have_marks_where_words_have_no_room_and_what_has_none_at_all_is_left_out_whole() -> None:
    jobs = [Job(job_id(number), f"job {number}", ("a-tag-of-eighteen",)) for number in range(1, 31)]
    outcomes = {job_id(1): failure()} | {job_id(number): Status.RUNNING for number in range(2, 14)}
    for columns, said in ((80, " 1 no answer  12 running  17 idle"), (56, " 1?  12▸  17◦"), (40, " 1?  12▸ …")):
        async with screen(jobs, outcomes, (columns, 24), state=ScreenState(group="tag")) as shown:
            line = next(line for line in shown.lines if "a-tag" in line)
            assert line.rstrip(" ▁▂▃▄▅▆▇█") == f"› ▿ ? a-tag-of-eighteen (30) {said}"


async def test_a_name_of_a_group_that_fills_the_line_leaves_no_room_for_counts_alone() -> None:
    async with screen([Job(A, "api", ("x" * TAG_LONGEST,))], size=(40, 24), state=ScreenState(group="tag")) as shown:
        assert shown.lines[2].startswith(f"› ▿ ◦ {'x' * 30}")


async def test_a_folded_group_has_the_mark_of_a_change_in_it_until_that_was_seen() -> None:
    look = ScreenState(group="tag", folded=("tag:web",))
    async with screen(WATCHED, {B: Status.RUNNING}, size=(100, 24), state=look) as shown:
        await shown.press("home")  # on the first group
        shown.reader.outcomes[B] = Status.IDLE
        await shown.ask_all()
        await shown.until(lambda: any(line.startswith(" ✱▹ ◦ web (2)") for line in shown.lines))
        await shown.press("n", "home")  # unfolds the group, and goes to the job
        assert any(line.startswith("  ▿ ◦ web (2)") for line in shown.lines)


async def test_a_folded_group_with_an_old_failure_looks_new_only_by_its_mark() -> None:
    look = ScreenState(group="tag", folded=("tag:web",))
    async with screen(WATCHED, {B: Status.RUNNING}, size=(100, 24), state=look) as shown:
        failed = RunRecord(7, Outcome.FAILED, "failure", moment(0).wall, moment(1).wall, is_finished=True)
        shown.board.learned(A, failed, None)  # its end was not seen
        shown.reader.outcomes[B] = Status.IDLE
        await shown.ask_all()
        await shown.until(lambda: any(line.startswith(" ✱▹ ● web (2)     1 failed") for line in shown.lines))
        lines = (shown.board.table.render_line(number) for number in range(10))
        web = next(line for line in lines if line.text.startswith(" ✱▹ ● web"))
        assert not any(segment.style and segment.style.reverse for segment in web)


async def test_the_details_of_a_group_name_what_gives_no_answer_and_follow_the_cursor() -> None:
    look = ScreenState(group="tag", details=True)
    async with screen(WATCHED, {A: Status.RUNNING, B: failure()}, size=(140, 24), state=look) as shown:
        shown.board.table.move_to(GroupLine("tag:web"))
        await shown.until(lambda: "2 jobs: 1 no answer, 1 running" in shown.text)
        assert "no answer  ui  The service has an error." in shown.text
        shown.board.table.move_to(GroupLine("tag:data"))
        await shown.until(lambda: "1 job: 1 idle" in shown.text)


def test_the_details_of_a_group_name_what_failed_and_where_what_is_late_and_what_ends_next() -> None:
    jobs = [Job(job_id(number), f"job {number}", ("web",)) for number in range(1, 15)]
    failed = RunRecord(7, Outcome.FAILED, "failure", moment(0).wall, moment(1).wall, is_finished=True)
    states = {job.id: state((Status.IDLE, 10), job=job).learn(failed, FailedStep("Sign")) for job in jobs[:10]}
    for job, began in zip(jobs[10:], (-100.0, -400.0, -770.0, 0.0), strict=True):
        ended = tuple(run(job.id, -5000.0, -4400.0, Outcome.PASSED) for _ in range(20 if began else 0))
        known = state((Status.RUNNING, 10), job=job)
        states[job.id] = known._replace(runs=ended, current_run=run(job.id, began))
    table = Table("tag", states)
    assert [field[:2] for field in group_fields(table.groups, "tag:web", table.row, UNICODE)] == [
        (WHOLE, "web"),
        (WHOLE, "14 jobs: 10 failed, 4 running"),
        BLANK[:2],
        ("failed", "job 1  #7 · step Sign"),
        *(("", f"job {number}  #7 · step Sign") for number in range(2, 9)),
        ("", "and 2 more"),
        BLANK[:2],
        ("late", "job 13  13m"),
        BLANK[:2],
        ("ends next", "job 12  ≈3m"),
        ("", "job 11  ≈8m15s"),
    ]


async def test_a_problem_is_named_that_the_lines_of_the_groups_leave_no_room_for() -> None:
    jobs = [Job(job_id(number), f"job {number:02}", (f"tag {number:02}",)) for number in range(1, 14)]
    async with screen(jobs, {job_id(13): failure()}, state=ScreenState(details=False, group="tag")) as shown:
        assert "out of view: ? job 13" in shown.lines[1]
        await shown.press("G")
        assert "out of view" not in shown.text
        await shown.press("-")
        assert "job 13" not in shown.text
        assert "State" in shown.lines[1]  # the heads: there is room for all groups


@pytest.mark.parametrize("edge", ["first", "last"])
async def test_what_is_clicked_at_the_edge_of_the_screen_stays_there_for_the_next_click(edge: str) -> None:
    watched = [Job(job_id(number), "", ("abc"[number % 3],)) for number in range(1, 91)]
    async with screen(watched, state=ScreenState(group="tag", sort="list")) as shown:
        table, group = shown.board.table, GroupLine("tag:b")
        top = table.order.index(group) - (0 if edge == "first" else table.page - 1)
        table.scroll_to(y=top, animate=False, immediate=True)
        await shown.settle()
        at = table.order.index(group) - top
        for is_folded in (True, False):
            await shown.pilot.click("JobTable", offset=(10, 1 + at))
            await shown.settle()
            assert (group.group in shown.board.state.groups.folded) is is_folded


async def test_after_the_jobs_are_grouped_otherwise_one_sees_what_stands_around_the_cursor() -> None:
    watched = [Job(job_id(number), f"job {number:03}", (f"tag-{3 * number % 7}",)) for number in range(1, 101)]
    async with screen(watched, size=(80, 24)) as shown:
        await shown.press("z", "t", "enter", "minus", *["down"] * 5, "z", "n", "enter")
        assert shown.board.table.scroll_offset.y == 0  # the group has no line any more: all begins at the top
        assert shown.cursor == shown.board.table.order[0]
        await shown.press("z", "t", "enter", "minus", "z", "n", "enter", "z", "t", "enter")
        assert shown.board.table.scroll_offset.y == 0  # the cursor was on the first line, and job 1 is far down now
        assert shown.board.table.cursor_line == shown.board.table.order[0]
        await shown.press("minus", "z", "n", "enter")
        await shown.press(*["down"] * 12, "z", "t", "enter")
        assert shown.board.table.group == "tag:tag-4"  # the folded group that the job is in
        await shown.press(
            "z", "n", "enter", *["down"] * 5, "z", "t", "enter", "minus", "z", "n", "enter", *["down"] * 5
        )
        assert shown.cursor == job_id(6)
        await shown.press("z", "t", "enter")
        assert shown.cursor == job_id(6)
        row = next(at for at, line in enumerate(shown.lines) if line.startswith("›"))
        assert 6 <= row <= 18


async def test_a_folded_group_has_the_flag_of_the_jobs_in_it() -> None:
    watched = [*WATCHED[:3], Job(D, "old", ("data",))]
    async with screen(watched, dict.fromkeys((A, B, C, D), Status.RUNNING), state=ScreenState(group="tag")) as shown:
        flags = partial(re.findall, r"[⚐⚑] ?\w+")
        await shown.press("b")  # on the line of the group data
        assert flags(shown.text) == ["⚐ etl", "⚐ old"]
        await shown.press("left")
        assert flags(shown.text) == ["⚐ data"]
        await shown.press("b")
        assert flags(shown.text) == ["⚑ data"]
        await shown.press("b")
        assert flags(shown.text) == []
        await shown.press("b", "minus")
        assert flags(shown.text) == ["⚐ data"]
        counts = [line.index("2 running") for line in shown.lines if "(2)" in line]
        assert len(counts) == len(set(counts)) + 1  # those of data and web stand below each other
        shown.reader.outcomes = dict.fromkeys((A, B, C, D), Status.IDLE)
        await shown.ask_all()
        shown.clock.ahead = 60
        shown.board.tick()
        await shown.until(lambda: flags(shown.text) == [])  # both had their alert


def test_a_folded_group_has_the_mark_of_the_longest_for_which_a_job_in_it_is_armed() -> None:
    once = state((Status.IDLE, 1), job=WATCHED[0])._replace(is_armed_once=True)
    always = state((Status.IDLE, 1), job=WATCHED[1]._replace(alert=True))
    grouped = Table("tag", {A: once, B: always})
    assert grouped.groups.head("tag:web").armed is None
    grouped.groups.set_folded(["tag:web"])
    assert grouped.groups.head("tag:web").armed is Arm.ALWAYS
