"""The reference is right: its examples can be used, with the defaults that they say, and everything is named in it that
a user can set or meet."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.builders import failure, job_id
from tui.codearts.job_list_api import JobEntry
from tui.commands import find, history, render, why
from tui.core.alert_policy import ALERT_FIELDS, AlertOn, Desktop
from tui.core.filter import STATES
from tui.core.job import Job, JobId, ServiceName
from tui.core.known_runs import KnownRun
from tui.core.observed_run import Between, ObservedRun
from tui.core.reading import FailureKind
from tui.core.run import RunRecord
from tui.storage.job_entries import FIELDS
from tui.storage.profile_settings import PROFILE, IamSettings, KeySettings
from tui.storage.settings import (
    COLUMNS,
    COMMAND_FIELDS,
    USUAL_COLUMNS,
    CommandSettings,
    Settings,
    ViewSettings,
    load_settings,
)
from tui.storage.watchlist import WatchlistFile
from tui.ui.themes import DEFAULT_THEME, load_themes

TEXT = (Path(__file__).parents[1] / ".github/reference.md").read_text("utf-8")
CHAPTERS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
PROFILES, WATCHLIST, SETTINGS = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
USUAL = Settings()._asdict() | {"ui": Settings().ui._replace(theme=DEFAULT_THEME, columns=USUAL_COLUMNS)}
SECTIONS = {name: values for name, values in USUAL.items() if hasattr(values, "_fields")}
NO_DEFAULT = ("ui.mouse", "ui.address", "alerts.command")
"""Of these the comment says what holds without them."""
INTERNAL = {FailureKind.SETTINGS, FailureKind.INTERNAL}
"""Failures that say themselves what to do: the first names the setting, the second is a bug."""


def test_the_examples_can_be_used(tmp_path: Path) -> None:
    for name, text in (("profiles.toml", PROFILES), ("settings.toml", SETTINGS), ("watchlist.toml", WATCHLIST)):
        (tmp_path / name).write_text(text)
    assert list(load_settings(tmp_path / "profiles.toml").profiles) == ["prod", "lab"]
    watchlist = WatchlistFile(tmp_path / "watchlist.toml").load()
    assert (watchlist.warnings, [job.id for job in watchlist.jobs]) == ((), [JobId("901878212b1a49be9c1a1054c272762a")])
    told = load_settings(tmp_path / "settings.toml")
    assert {"keys", "views", "commands"} < {path.partition(".")[0] for path in told.given}


@pytest.mark.parametrize("section", SECTIONS)
def test_the_example_has_each_setting_with_its_default(section: str, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(SETTINGS)
    settings = load_settings(tmp_path / "settings.toml")
    told, usual = getattr(settings, section)._asdict(), SECTIONS[section]._asdict()
    assert sorted(path for path in settings.given if path.startswith(f"{section}.")) == sorted(
        f"{section}.{name}" for name in usual
    )
    with_default = [name for name in usual if f"{section}.{name}" not in NO_DEFAULT]
    assert {name: told[name] for name in with_default} == {name: usual[name] for name in with_default}


NAMED: dict[str, tuple[Iterable[str], str]] = {
    "columns": (COLUMNS, SETTINGS),
    "kinds of alerts": ([f'"{kind}"' for kind in AlertOn], SETTINGS),
    "protocols": (Desktop, SETTINGS),
    "settings of a view": (ViewSettings._fields, SETTINGS),
    "settings of a command": (CommandSettings._fields, SETTINGS),
    "settings of a profile": ((*PROFILE, *IamSettings._fields, *KeySettings._fields), CHAPTERS["Sign-in"]),
    "keys of a job": (["id", *FIELDS], WATCHLIST),
    "fields of a command": ([f"{{{name}}}" for name in COMMAND_FIELDS], SETTINGS),
    "fields of an alert": ([f"`{{{name}}}`" for name in ALERT_FIELDS], CHAPTERS["Alerts"]),
    "words of is:": ([f"`{state}`" for state in STATES], CHAPTERS["The screen"]),
    "themes": ([f"`{theme.name}`" for theme in load_themes(None).themes], CHAPTERS["Themes"]),
    "failures": ([kind for kind in FailureKind if kind not in INTERNAL], CHAPTERS["When something is wrong"]),
}


@pytest.mark.parametrize("what", NAMED)
def test_the_reference_names_all(what: str) -> None:
    names, text = NAMED[what]
    assert [name for name in names if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)] == []


JOB = Job(job_id(1))
RUN = ObservedRun(JOB.id, Between(1.0, 2.0), 3.0, Between(4.0, 5.0))
DOCUMENTS: dict[str, Mapping[str, object]] = {
    "list": render.job_document(JOB),
    "status": render.result_document(JOB, failure(), ""),
    "status --outcome": render.outcome_members(ServiceName("", "p"), RunRecord(1)),
    "history": history.document(history.JobRun(JOB, "", KnownRun(RUN, None))),
    "find": find.document(JobEntry(JOB.id), is_watched=False),
    "why": why.document(JOB.id, why.Why(1)),
}


def members(document: Mapping[str, object]) -> Iterator[str]:
    """The names of the members, also of those of objects within."""
    for name, value in document.items():
        yield name
        yield from members(value) if isinstance(value, Mapping) else ()


@pytest.mark.parametrize("command", DOCUMENTS)
def test_the_members_of_json_are_those_of_the_reference(command: str) -> None:
    (row,) = re.findall(rf"^\| `{command}` \| (.*)$", CHAPTERS["Scripts"], re.MULTILINE)
    spans = re.findall("`(.*?)`", row)
    named = {word for span in spans for word in re.findall(r"\w+", span)}
    objects = {word for span in spans if "{" in span for word in re.findall(r"\w+", span)} - {"null"}
    printed = set(members(DOCUMENTS[command]))
    assert (sorted(printed - named), sorted(objects - printed)) == ([], [])
