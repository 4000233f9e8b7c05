"""Names that are cut can still be told apart."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.ui.formatting import cut_middle, told_apart


def test_a_name_loses_its_middle() -> None:
    assert cut_middle("payments-fraud-model-training", 15) == "payment…raining"
    assert cut_middle("web", 15) == "web"


def test_a_wide_name_loses_its_middle_and_no_last_letter_stands_alone_behind() -> None:
    assert told_apart(["支付平台每日构建任务-main"], 12) == {"支付平台每日构建任务-main": "支付平…-main"}
    assert cut_middle("支付平台每日构建任务-main", 12) == "支付平…-main"
    assert cut_middle("支付平台每日构建任务-main", 12, head=11) == "支付平台每…"


def test_emoji_of_two_code_points_take_the_cells_that_the_screen_gives_them() -> None:
    for cells in range(1, 20):
        for head in (None, cells - 1):
            assert cell_len(cut_middle("\u26a0\ufe0f" * 12, cells, head=head)) in (cells - 1, cells)


def test_forty_names_of_forty_characters_differ_in_35_cells_wherever_they_differ() -> None:
    for at in (0, 10, 18, 20, 22, 36):
        stem = "platform-service-release-candidate-build"
        names = [f"{stem[:at]}{number:02}{stem[at + 2 :]}" for number in range(40)]
        short = told_apart(names, 35)
        assert len(set(short.values())) == 40
        assert max(map(len, short.values())) == 35


def test_names_lose_their_middle_where_that_tells_them_apart_and_else_another_part() -> None:
    common = "payments-ledger-ap-southeast-3"
    names = ["payments-api-cn-north-4-dev-nightly", f"{common}-dev-nightly", f"{common}-prod-nightly", "web"]
    assert list(told_apart(names, 30).values()) == [
        "payments-api-cn…-4-dev-nightly",
        "payments-ledger…-3-dev-nightly",
        "payments-ledger…3-prod-nightly",
        "web",
    ]
    late = [f"{'x' * 30}{number}{'y' * 30}" for number in (7, 8)]
    assert list(told_apart(late, 34).values()) == [f"{'x' * 30}7yy…", f"{'x' * 30}8yy…"]


@given(st.lists(st.text(st.characters(exclude_categories=["C", "M"]), min_size=1, max_size=30)), st.integers(1, 30))
def test_a_short_name_fits_its_column(names: list[str], cells: int) -> None:
    short = told_apart(names, cells)
    assert short.keys() == set(names)
    assert all(cell_len(text) <= cells for text in short.values())
    assert all(short[name] == name for name in names if cell_len(name) <= cells)
