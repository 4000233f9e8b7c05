"""Names that are cut can still be told apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.ui.short_names import ColumnNames, ShortNames, cut_middle, squeezed_apart, told_apart

AREAS, REGIONS, KINDS = (
    ("billing", "ledger", "fraud", "refund", "invoice"),
    ("eu", "us", "cn", "ap"),
    ("nightly", "release"),
)
ALIKE = [f"payments-platform-{area}-{region}-{kind}-build" for area in AREAS for region in REGIONS for kind in KINDS]


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
        "pa…api-cn-north-4-dev…",
        "pa…ledger-ap-southeast-3-dev…",
        "pa…ledger-ap-southeast-3-prod…",
        "web",
    ]
    late = [f"{'x' * 30}{number}{'y' * 30}" for number in (7, 8)]
    assert list(told_apart(late, 34).values()) == [f"xx…7{'y' * 30}", f"xx…8{'y' * 30}"]


def test_a_short_shared_beginning_stays_whole_where_the_shared_end_is_cut() -> None:
    end = "candidate-of-the-nightly-build"
    names = [f"release-of-{area}-{end}" for area in AREAS]
    assert list(told_apart(names, 22).values()) == [f"release-of-{area}…" for area in AREAS]


def test_wide_names_that_share_two_characters_are_cut_where_they_differ() -> None:
    names = [f"支付{area}服务每夜构建生产环境" for area in ("账单", "账本", "退款")]
    assert list(told_apart(names, 12).values()) == ["支付账单…", "支付账本…", "支付退款…"]


def test_where_there_is_no_room_for_all_in_which_names_differ_they_show_the_beginning_of_it() -> None:
    short = told_apart(ALIKE, 9)
    assert set(short.values()) == {"…billing…", "…ledger-…", "…fraud-e…", "…fraud-u…", "…fraud-c…", "…fraud-a…"} | {
        "…refund-…",
        "…invoice…",
    }


@pytest.mark.parametrize(("cells", "area"), [(14, "ckout"), (13, "kout"), (12, "out")])
def test_names_that_differ_in_more_than_has_room_show_where_they_differ_and_not_what_all_share(
    cells: int, area: str
) -> None:
    """`paymen…y-build` and `payme…y-build` were told apart by where they were cut, and named no job."""
    names = [f"payments-platform-checkout-{region}-{kind}-build" for region in REGIONS for kind in KINDS]
    short = told_apart([*names, *ALIKE], cells)
    assert [short[name] for name in names] == [f"…{area}-{region}-{kind[:3]}…" for region in REGIONS for kind in KINDS]
    assert len(set(short.values())) == len(names) + len(ALIKE)


def test_no_ellipsis_stands_where_a_name_loses_nothing() -> None:
    others = ["a", "ab", "b-ab", "eu", "eu-nightly-payments", "payments-nightly-b", "platform", "x2-gateway-platform"]
    names = [f"release-gateway-build-x1-{end}-" for end in (*others, "payments-x1", "payments-x2-payments")]
    short = told_apart(names, 12)
    assert short["release-gateway-build-x1-payments-x1-"] == "…yments-x1-"
    assert short["release-gateway-build-x1-payments-x2-payments-"] == "…yments-x2-…"


@pytest.mark.parametrize("cells", range(11, 17))
def test_names_that_are_squeezed_behind_a_flag_can_still_be_told_apart(cells: int) -> None:
    short = told_apart(ALIKE, cells)
    squeezed = squeezed_apart(short, cells - 2)
    assert max(map(len, squeezed.values())) <= cells - 2
    assert len(set(squeezed.values())) >= len(set(told_apart(ALIKE, cells - 2).values()))


@given(st.lists(st.text(st.characters(exclude_categories=["C", "M"]), min_size=1, max_size=30)), st.integers(1, 30))
def test_a_short_name_fits_its_column(names: list[str], cells: int) -> None:
    short = told_apart(names, cells)
    assert short.keys() == set(names)
    assert all(cell_len(text) <= cells for text in short.values())
    assert all(short[name] == name for name in names if cell_len(name) <= cells)


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (38, ["payments-plat…billing-us-release-build", "payments-plat…fraud-eu-nightly-build"]),
        (32, ["payment…billing-us-release-build", "payment…fraud-eu-nightly-build"]),
        (26, ["p…billing-us-release-build", "p…fraud-eu-nightly-build"]),
        (24, ["paym…billing-us-release…", "paym…fraud-eu-nightly…"]),
        (14, ["…billing-us-r…", "…fraud-eu-nig…"]),
    ],
)
def test_names_that_share_beginning_and_end_are_cut_there_and_keep_all_that_differs(
    cells: int, shown: list[str]
) -> None:
    short = told_apart([*ALIKE, "web", "payments-api release of the week"], cells)
    assert [
        short["payments-platform-billing-us-release-build"],
        short["payments-platform-fraud-eu-nightly-build"],
    ] == shown
    assert len(set(short.values())) == len(ALIKE) + 2


def test_a_name_that_stands_alone_is_not_taken_for_another_one() -> None:
    """`…fronten…` was the preview: beside `…frontend` it differs, but alone in the header it is the other job."""
    names = ShortNames(["web-frontend", "web-frontend preview", "web-checkout"])
    assert names.cut("web-frontend", 9) == "…frontend"
    assert names.cut("web-frontend preview", 9) == "web-…view"
    assert names.cut("web-frontend preview", 9, "~") == "web-~view"
    assert ShortNames([f"web-{area}-nightly" for area in AREAS]).cut("web-fraud-nightly", 9) == "…fraud…"
    assert ShortNames(ALIKE).cut(ALIKE[0], 9) == "…billing…"  # where no text is of one job alone


def test_a_text_follows_a_name_only_where_that_can_be_told_apart_in_the_cells_left() -> None:
    names = ["web", "aaaa1bbbb1cccc", "aaaa2bbbb1cccc", "aaaa1bbbb2cccc", "aaaa2bbbb2cccc"]
    column = ColumnNames("…", names, 12, 6)
    assert column.before_texts.keys() == {"web", "aaaa1bbbb1cccc", "aaaa1bbbb2cccc"}
    assert len(set(column.short.values())) == len(names)


def test_a_column_is_drawn_anew_where_any_of_its_names_looks_different() -> None:
    column = ColumnNames("…", ALIKE, 20, 14)
    assert not column.differ_from(ColumnNames("…", ALIKE, 20, 14))
    assert column.differ_from(ColumnNames("…", ALIKE, 21, 14))
    assert column.differ_from(ColumnNames("…", ALIKE, 20, 13))


def test_a_column_in_which_names_are_cut_lacks_those_it_was_not_made_with() -> None:
    assert ColumnNames("…", ALIKE, 20).lack("web")
    assert not ColumnNames("…", ALIKE, 20).lack(ALIKE[0])
    assert not ColumnNames("…", ALIKE).lack("web")
