"""Rows in groups by tag, project, profile or state: the lines of the table, and what a group's line says. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len

from tui.core.alert_policy import Arm
from tui.core.condition import Condition
from tui.core.job import TAG_LONGEST, JobId
from tui.core.text import clean, natural_key, normal
from tui.terminal.capabilities import Glyphs
from tui.ui.columns import GRAVITY
from tui.ui.row import Row, look_of

GROUPINGS = ("tag", "project", "profile", "state")
"""What rows can be grouped by."""
_NONE = {"tag": "no tag", "project": "project not known", "profile": "default profile", "state": ""}
"""The name of the group of those that have none."""
_LONGEST = 120
"""Characters of a group's key."""


class GroupLine(NamedTuple):
    """A line of a grouped table: a job within a group, or the group's own line, which has no job."""

    group: str
    """The group's key, such as `tag:web`; unlike the name it stays the same between two starts."""
    job: JobId | None = None


Line = JobId | GroupLine
"""A line of the table. Without groups each line is a job."""


def job_of(line: Line | None) -> JobId | None:
    return line.job if isinstance(line, GroupLine) else line


def group_of(line: Line | None) -> str:
    """The group that the line belongs to; empty without groups."""
    return line.group if isinstance(line, GroupLine) else ""


@lru_cache(maxsize=4096)
def _keyed(by: str, names: tuple[str, ...]) -> Mapping[str, str]:
    """The names as they are compared and shown, by their keys. Kept, since many jobs have the same."""
    keyed: dict[str, str] = {}
    for name in names or ("",):
        shown = normal(clean(name, TAG_LONGEST) if by == "tag" else name)
        keyed.setdefault(f"{by}:{shown}"[:_LONGEST], shown)
    return keyed


class GroupHead(NamedTuple):
    """What the line of a group says."""

    name: str
    folded: bool
    jobs: int
    counts: tuple[tuple[Condition, int], ...]
    """How many jobs are in each condition, worst first; none is zero."""
    is_new: bool
    """Whether the group is folded, and hides a change that was not seen yet."""
    has_failed: bool
    """Whether a build that failed is among these changes."""
    armed: Arm | None
    """Whether the group is folded, and hides an armed job: the longest for which one of them is armed."""


def count_columns(
    counts: Mapping[Condition, int], largest: Mapping[Condition, int], labels: Mapping[Condition, str]
) -> Iterator[tuple[str, Condition]]:
    """Yields a text for each label that any group has, with its first condition: this group's count, or blanks if that
    is zero. So the counts of all groups stand below each other.

    `largest` has the largest count of each condition in one group. Conditions with the same label are counted together.
    """
    columns: dict[str, list[Condition]] = {}
    for condition in largest:
        columns.setdefault(labels[condition], []).append(condition)
    for label, conditions in columns.items():
        digits = len(str(sum(largest[one] for one in conditions)))
        number = sum(counts.get(one, 0) for one in conditions)
        text = f"{number or '':>{digits}}{label}"
        yield text if number else " " * cell_len(text), conditions[0]


class _Group(NamedTuple):
    name: str
    order: tuple[float, str]
    jobs: list[JobId]


class Groups:
    """The lines of the table. A job with two tags has a line in two groups; folded groups have their own line only."""

    def __init__(self, unseen: Callable[[], Iterable[JobId]]) -> None:
        """`unseen` returns the jobs that changed and were not seen since."""
        self._unseen = unseen
        self.by = ""
        """What rows are grouped by; empty for no groups."""
        self.folded: frozenset[str] = frozenset()
        self.every: tuple[Line, ...] = ()
        """The lines as if no group were folded."""
        self.lines: tuple[Line, ...] = ()
        self._default_profile = ""
        self._groups: dict[str, _Group] = {}
        self._keys: dict[JobId, tuple[str, ...]] = {}
        self._conditions: dict[JobId, Condition] = {}
        self._arms: dict[JobId, Arm | None] = {}
        self._counts: dict[str, Counter[Condition]] = {}

    def arrange(self, order: tuple[JobId, ...], row_of: Callable[[JobId], Row], default_profile: str) -> None:
        """Make the lines for these jobs, in this order within each group."""
        if not self.by:
            self.every = self.lines = order
            return
        self._default_profile = default_profile
        self._groups, self._keys, self._conditions, self._arms = {}, {}, {}, {}
        for job in order:
            row = row_of(job)
            self._conditions[job], self._arms[job] = row.condition, row.state.armed
            named = self._named(row)
            self._keys[job] = tuple(named)
            for key, name in named.items():
                group = self._groups.get(key) or self._groups.setdefault(key, self._new_group(name, row.condition))
                group.jobs.append(job)
        ordered = sorted(self._groups.items(), key=lambda item: (item[1].order[0], natural_key(item[1].order[1])))
        self._groups = dict(ordered)
        self._counts = {
            key: Counter(self._conditions[job] for job in group.jobs) for key, group in self._groups.items()
        }
        self.every = tuple(self._all_lines())
        self._fold()

    def _new_group(self, name: str, condition: Condition) -> _Group:
        if self.by == "state":
            return _Group(name, (GRAVITY[condition], name), [])
        return _Group(name or _NONE[self.by], (0 if name else 1, name), [])

    def _named(self, row: Row) -> Mapping[str, str]:
        """The keys and names of the groups that the job is in."""
        state = row.state
        match self.by:
            case "tag":
                return _keyed("tag", state.job.given_tags)
            case "project":
                return _keyed("project", (state.service_name.project or state.service_name.project_id,))
            case "profile":
                return _keyed("profile", (state.job.profile or self._default_profile,))
            case _:
                return _keyed("state", (str(row.condition),))

    def follow(self, jobs: Iterable[JobId], row_of: Callable[[JobId], Row]) -> bool:
        """Update the counts for these jobs. Returns whether one of them belongs to other groups now."""
        if not self.by:
            return False
        for job in jobs:
            if job not in self._keys:
                continue
            row = row_of(job)
            if tuple(self._named(row)) != self._keys[job]:
                return True
            before, self._conditions[job] = self._conditions[job], row.condition
            self._arms[job] = row.state.armed
            for key in self._keys[job]:
                self._counts[key][before] -= 1
                self._counts[key][row.condition] += 1
        return False

    def _all_lines(self) -> Iterator[Line]:
        for key, group in self._groups.items():
            yield GroupLine(key)
            yield from (GroupLine(key, job) for job in group.jobs)

    def _fold(self) -> None:
        self.lines = tuple(line for line in self.every if not self._is_folded(line)) if self.folded else self.every

    def _is_folded(self, line: Line) -> bool:
        return isinstance(line, GroupLine) and line.job is not None and line.group in self.folded

    def set_folded(self, folded: Iterable[str]) -> None:
        self.folded = frozenset(folded)
        self._fold()

    def head(self, key: str) -> GroupHead:
        group, counts = self._groups[key], self._counts[key]
        shown = tuple((condition, counts[condition]) for condition in Condition if counts[condition])
        is_folded = key in self.folded
        new = [job for job in self._unseen() if key in self._keys.get(job, ())] if is_folded else []
        has_failed = any(self._conditions[job] is Condition.FAILED for job in new)
        return GroupHead(group.name, is_folded, len(group.jobs), shown, bool(new), has_failed, self._armed_in(key))

    def _armed_in(self, key: str) -> Arm | None:
        arms = {self._arms[job] for job in self._groups[key].jobs} if key in self.folded else ()
        return next((arm for arm in (Arm.ALWAYS, Arm.ONCE) if arm in arms), None)

    def names(self) -> Iterator[tuple[str, int, Arm | None]]:
        """The name of each group, how many jobs are in it, and how long one is armed that is folded away."""
        return ((group.name, len(group.jobs), self._armed_in(key)) for key, group in self._groups.items())

    def largest_counts(self) -> Mapping[Condition, int]:
        """The largest count of each condition in one group, worst first; none is zero.

        Empty for groups by state: their names and numbers of jobs say the same.
        """
        if self.by == "state":
            return {}
        largest = {one: max((counts[one] for counts in self._counts.values()), default=0) for one in Condition}
        return {one: count for one, count in largest.items() if count}

    def jobs_that_are(self, condition: Condition, key: str) -> list[JobId]:
        """The jobs of the group that are in this condition."""
        return [job for job in self.jobs_in(key) if self._conditions[job] is condition]

    def jobs_in(self, key: str) -> tuple[JobId, ...]:
        return tuple(self._groups[key].jobs) if key in self._groups else ()

    def folded_after(self, key: str, fold: bool | None = None) -> tuple[str, ...]:
        """The folded groups after this one was folded (True), unfolded (False), or whichever it was not (None)."""
        fold = key not in self.folded if fold is None else fold
        return tuple(sorted(self.folded | {key} if fold else self.folded - {key}))

    @property
    def are_all_folded(self) -> bool:
        return self._groups.keys() <= self.folded

    def folded_after_all(self) -> tuple[str, ...]:
        """The folded groups after all were folded; after all were unfolded, if all are folded."""
        keys = self._groups.keys()
        return tuple(sorted(self.folded - keys if self.are_all_folded else self.folded | keys))

    def hides(self, line: Line | None) -> str:
        """The folded group to open so that this line, or a line of this job, is seen; empty if none needs to be."""
        job = job_of(line)
        if job is None or not self.by:
            return ""
        keys = (line.group,) if isinstance(line, GroupLine) else self._keys.get(job, ())
        return keys[0] if keys and self.folded.issuperset(keys) else ""


class GroupTexts:
    """The texts in the lines of the groups, with their looks.

    Counts stand below each other and stay in place: the room for names and counts only grows. It begins anew with
    `forget`, and when the user changes the grouping or folds a group.
    """

    def __init__(self, groups: Groups, glyphs: Glyphs) -> None:
        self._groups = groups
        self._glyphs = glyphs
        self.forget()

    def forget(self) -> None:
        self._measured: tuple[str, frozenset[str]] | None = None
        """The grouping and the folded groups for which the next two were found."""
        self._widest = 0
        """Cells of the longest name of a group with its number of jobs."""
        self._largest: Mapping[Condition, int] = {}
        """The largest count of each condition in a group."""

    def widen(self) -> None:
        """Make room for what the groups say now."""
        measured = (self._groups.by, self._groups.folded)
        if self._measured != measured:
            self.forget()
            self._measured = measured
        if not self._groups.by:
            return
        named = (cell_len(self._flagged(name, arm)) + len(f" ({jobs})") for name, jobs, arm in self._groups.names())
        self._widest = max((self._widest, *named))
        before, now = self._largest, self._groups.largest_counts()
        largest = {one: max(before.get(one, 0), now.get(one, 0)) for one in Condition}
        self._largest = {one: count for one, count in largest.items() if count}

    def cells(self, key: str, room: int) -> tuple[tuple[str, str], ...]:
        """The mark before the line of a group, then fold mark, mark of the worst condition, name, and how many jobs are
        in which one; together in `room` cells.

        Names have a third of the line at most; after a longer one the counts begin further right.
        """
        head, glyphs = self._groups.head(key), self._glyphs
        worst, _ = head.counts[0]
        fold, mark = glyphs.folded if head.folded else glyphs.unfolded, glyphs.condition[worst]
        room -= len(f"{fold} {mark} ")
        names = min(self._widest, room // 3)
        name = self._flagged(head.name, head.armed)
        jobs = f"({head.jobs})".ljust(names - cell_len(name) - 1)
        named = ((fold, ""), (mark, _count_look(worst, head)), (name, "strong"), (jobs, "dim"))
        counts = self._counts(head, room - names)
        room -= _cells_with_gaps(named[2:])
        if _cells_with_gaps(counts) - 1 > room:  # no number is cut: it would be another one
            while counts and _cells_with_gaps(counts) + 1 > room:
                counts.pop()
            counts.append((glyphs.ellipsis, "dim"))
        return ((glyphs.new if head.is_new else "", "accent"), *named, *counts)

    def _flagged(self, name: str, arm: Arm | None) -> str:
        return f"{self._glyphs.armed[arm]} {name}" if arm else name

    def _counts(self, head: GroupHead, room: int) -> list[tuple[str, str]]:
        """The counts of a group in words; where these may not fit into the line of some group, with the rows' marks."""
        words = {one: f" {one}" for one in self._largest}
        columns = list(count_columns(dict(head.counts), self._largest, words))
        if sum(cell_len(text) + 2 for text, _ in columns) > room:
            columns = list(count_columns(dict(head.counts), self._largest, self._glyphs.condition))
        while columns and columns[-1][0].isspace():
            columns.pop()
        return [(f" {text}", "" if text.isspace() else _count_look(one, head)) for text, one in columns]


def _count_look(condition: Condition, head: GroupHead) -> str:
    """The look of a count. In a line with news `failed` is reversed; if no failure is among the news, it is not."""
    is_old = head.is_new and not head.has_failed
    return "error" if is_old and condition is Condition.FAILED else look_of(condition)


def _cells_with_gaps(parts: Iterable[tuple[str, str]]) -> int:
    """Cells of these texts with one blank after each."""
    return sum(cell_len(text) + 1 for text, _ in parts)
