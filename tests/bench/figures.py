"""Measured values, and the table of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """The same thing measured several times."""

    values: tuple[float, ...]

    @property
    def middle(self) -> float:
        return median(self.values)

    def __str__(self) -> str:
        if len(self.values) == 1:
            return number(self.middle)
        return f"{number(self.middle)} ({number(min(self.values))}–{number(max(self.values))})"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. The target is a bound on the ratio to the floor, on the value, or none."""

    what: str
    unit: str
    product: Figure
    floor: Figure | None = None
    ratio_most: float | None = None
    most: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Of the medians; of figures that were taken in turn the median of each pair's, which a machine that changes
        its speed meanwhile disturbs less."""
        if not self.floor or self.floor.middle <= 0:
            return None
        ours, least = self.product.values, self.floor.values
        if len(ours) == len(least) and min(least) > 0:
            return median(a / b for a, b in zip(ours, least, strict=True))
        return self.product.middle / self.floor.middle

    @property
    def target(self) -> str:
        if self.ratio_most is not None:
            return f"≤ {self.ratio_most:g} ×"
        return f"≤ {self.most:g}" if self.most is not None else "–"

    @property
    def verdict(self) -> str:
        reached = []
        if self.ratio_most is not None and self.ratio is not None:
            reached.append(self.ratio <= self.ratio_most)
        if self.most is not None:
            reached.append(self.product.middle <= self.most)
        return ("reached" if all(reached) else "NOT reached") if reached else "–"

    @property
    def cells(self) -> tuple[str, ...]:
        ratio = f"{self.ratio:.2f}" if self.ratio is not None else "–"
        what = f"{self.what}, {self.unit}"
        return what, self.target, str(self.floor or "–"), str(self.product), ratio, self.verdict, self.note


HEADS = ("what", "target", "floor", "product", "ratio", "verdict", "note")


def number(value: float) -> str:
    """About three digits."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """In Markdown, aligned, with the heads."""
    lines = [HEADS, *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEADS))]
    ruled = [HEADS, tuple("-" * width for width in widths), *rows]
    padded = (" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in ruled)
    return "\n".join(f"| {line} |" for line in padded)
