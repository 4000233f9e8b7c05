"""Views: keys that show a filter, an order and groups under a name."""

from pathlib import Path

import pytest

from tests.support.builders import job_id
from tests.support.screen_harness import jobs, screen
from tests.support.user_home import settings_problem
from tui.core.errors import UserError
from tui.core.reading import Status
from tui.storage.screen_state import ScreenState
from tui.storage.settings import ViewSettings, load_settings, save_view
from tui.ui.actions.look import check_views, first_free, number_of, shown_by, view_of

EVEN = ViewSettings("even ones", "tag:even", "job", True, "tag")


def test_the_view_of_a_look_shows_that_look_again_and_leaves_the_rest_alone() -> None:
    look = ScreenState("dusk", "age", True, "web", "lab", True, True, True, "tag", ("tag:web",), columns=("job", "id"))
    assert shown_by(view_of(look, "mine"), look) == look
    assert shown_by(ViewSettings(), look) == ScreenState("dusk", details=True, wide=True, folded=("tag:web",))
    views = {"2": EVEN, "5": view_of(look, "mine")}
    assert number_of(look, views) == "5"
    assert number_of(look._replace(filter="web "), views) == ""
    assert first_free(views) == "1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("views = 1\n", "views must be a table"),
        ("[views]\n1 = 1\n", "views.1 must be a table: write [views.1]"),
        ("[views.0]\n", "there can be no views.0: 0 always shows everything; take one from 1 to 9"),
        ("[views.mine]\n", "there can be no views.mine: a view has the number of its key"),
        ("[views.1]\nfiltr = 'x'\n", "there is no setting views.1.filtr; did you mean views.1.filter?"),
        ("[views.1]\nfilter = 'is:green'\n", "views.1.filter: is:green is unknown"),
        ("[views.1]\nname = '%s'\n" % ("x" * 31), "views.1.name has 31 characters, and 30 is the most"),
        ("[views.1]\nfilter = '%s'\n" % ("x" * 5000), "views.1.filter has 5000 characters, and 200 is the most"),
        ("[views.1]\nprofile = 'lab'\n", "views.1.profile names 'lab', and there is no such profile"),
    ],
)
def test_wrong_views_are_refused_with_what_to_do(tmp_path: Path, text: str, said: str) -> None:
    assert said in settings_problem(tmp_path / "settings.toml", text)


def test_views_come_by_number_and_have_a_name(tmp_path: Path) -> None:
    longest = "x" * 30
    (tmp_path / "settings.toml").write_text(f"[views.9]\nproblems = true\n[views.1]\nname = '{longest}'\n")
    views = load_settings(tmp_path / "settings.toml").views
    assert list(views.items()) == [("1", ViewSettings(longest)), ("9", ViewSettings("view 9", problems=True))]


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (ViewSettings(sort="stat"), "views.1.sort in the settings: there is no 'stat'; did you mean state?"),
        (ViewSettings(group="x"), "there is no 'x'; there are tag, project, profile, state."),
    ],
)
def test_what_no_row_can_be_sorted_or_grouped_by_is_refused(view: ViewSettings, said: str) -> None:
    with pytest.raises(UserError) as raised:
        check_views({"1": view})
    assert said in str(raised.value)


async def test_views_are_shown_saved_and_picked_up_when_they_are_edited(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("# mine\n")

    def save(number: str, view: ViewSettings) -> None:
        save_view(file, number, view)

    async with screen(jobs(6), settings_file=file, save_view=save, views={"2": EVEN}, size=(100, 24)) as shown:
        await shown.press("2")
        assert "3 of 6 shown  view 2 even ones" in shown.lines[0]
        assert "even (3)" in shown.text
        assert shown.saved[-1].group == "tag"
        await shown.press("0")
        assert "view" not in shown.lines[0]
        assert shown.board.table.order[0] == job_id(1)
        await shown.press("0")
        assert shown.said == "Already shown: everything."
        await shown.press("3")
        assert "There is no view 3. Press V" in shown.said
        await shown.press("slash", *"003", "enter", "V", "9", "escape", "V", "3", *"third", "enter")
        await shown.until(lambda: "Saved as view 3" in shown.said)
        assert file.read_text() == '# mine\n\n[views.3]\nname = "third"\nfilter = "003"\n'
        assert "view 3 third" in shown.lines[0]
        file.write_text('[views.3]\nname = "other"\nfilter = "004"\n')  # it is on the screen, so it changes at once
        await shown.until(lambda: "view 3 other" in shown.lines[0])
        assert list(shown.board.table.order) == [job_id(4)]
        assert shown.board.filter.line
        assert shown.board.filter.line.value == "004"
        await shown.press("2")
        assert "There is no view 2" in shown.said  # the file does not have it


@pytest.mark.parametrize("dialog", ["number", "name"])
async def test_a_view_that_another_program_saves_meanwhile_is_not_replaced_unasked(tmp_path: Path, dialog: str) -> None:
    file = tmp_path / "settings.toml"
    file.touch()

    def save(number: str, view: ViewSettings) -> None:
        save_view(file, number, view)

    async with screen(jobs(6), settings_file=file, save_view=save, size=(100, 24)) as shown:
        await shown.press("slash", *"003", "enter", "V", *("1" if dialog == "name" else ""))
        file.write_text(theirs := '[views.1]\nname = "theirs"\nfilter = "004"\n')
        await shown.until(lambda: "1" in shown.board.deps.settings.views)
        await shown.press(*("1" if dialog == "number" else ""), *"mine", "enter")
        await shown.until(lambda: "theirs" in shown.text)
        assert "View 1 is 'theirs' now" in " ".join(shown.text.replace("│", " ").split())
        assert file.read_text() == theirs
        await shown.press("enter")
        await shown.until(lambda: "Saved as view 1" in shown.said)
        assert file.read_text() == '[views.1]\nname = "mine"\nfilter = "003"\n'


async def test_without_a_settings_file_a_view_is_kept_until_the_end() -> None:
    async with screen(jobs(2), {job_id(2): Status.RUNNING}, size=(100, 24)) as shown:
        await shown.press("exclamation_mark", "V")
        assert "enter: choose, 1 to 9: choose at once, esc: close" in shown.text
        await shown.press("enter", "enter")
        assert "no settings file here" in shown.said
        await shown.press("0", "1")
        assert "view 1 │" in shown.lines[0]


async def test_who_saves_over_a_view_is_told_before_it_is_gone() -> None:
    async with screen(jobs(6), views={"2": EVEN}, size=(100, 24)) as shown:
        await shown.press("V", "2")
        await shown.until(lambda: "Replace view 2: its name" in shown.text)
        await shown.press("escape", "V", "3")
        await shown.until(lambda: "Name of view 3" in shown.text)
