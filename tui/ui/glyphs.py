"""The marks before a status: neutral-width characters only, and their ASCII twins for terminals without UTF-8."""

from typing import NamedTuple

from tui.core.condition import Condition


class Glyphs(NamedTuple):
    """Each mark is one cell wide in every terminal, East Asian ones included."""

    condition: dict[Condition, str]
    cursor: str
    mark: str
    ascending: str
    descending: str
    rule: str
    ellipsis: str


UNICODE = Glyphs(
    {
        Condition.FAILING: "✗",
        Condition.STALE: "◌",
        Condition.RUNNING: "▸",
        Condition.IDLE: "◦",
        Condition.UNREAD: "-",
        Condition.PAUSED: "=",
    },
    cursor="›",
    mark="+",
    ascending="▴",
    descending="▾",
    rule="│",
    ellipsis="…",
)
ASCII = Glyphs(
    {
        Condition.FAILING: "x",
        Condition.STALE: "~",
        Condition.RUNNING: "*",
        Condition.IDLE: "o",
        Condition.UNREAD: "-",
        Condition.PAUSED: "=",
    },
    cursor=">",
    mark="+",
    ascending="^",
    descending="v",
    rule="|",
    ellipsis="~",
)
