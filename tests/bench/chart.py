"""A chart as SVG, by hand: values against the number of jobs, both axes with a grid, the lower one logarithmic."""

from collections.abc import Mapping, Sequence
from math import ceil, log10
from xml.sax.saxutils import escape

from tests.bench.figures import Figure, number

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 60, 36, 70, 50
INKS = ("#1f6feb", "#d1663a", "#6e7781")
Points = Sequence[tuple[int, Figure]]


def chart(title: str, unit: str, lines: Mapping[str, Points]) -> str:
    """One line a title, its dots the medians, its bars from least to most."""
    sizes = sorted({jobs for points in lines.values() for jobs, _ in points})
    low, high = log10(min(sizes)), log10(max(sizes))
    top = _round_up(max(max(figure.values) for points in lines.values() for _, figure in points))

    def x(jobs: int) -> float:
        return LEFT + (log10(jobs) - low) / ((high - low) or 1) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)

    parts = [_text(LEFT, 24, title, 'font-size="16" font-weight="bold"')]
    for step in range(6):
        value = top * step / 5
        parts.append(_line(LEFT, y(value), WIDTH - RIGHT, y(value), 'stroke="#d0d7de"'))
        parts.append(_text(LEFT - 8, y(value) + 4, number(value), 'text-anchor="end"'))
    for jobs in sizes:
        parts.append(_line(x(jobs), TOP, x(jobs), HEIGHT - BOTTOM, 'stroke="#eaeef2"'))
        parts.append(_text(x(jobs), HEIGHT - BOTTOM + 18, f"{jobs:,}", 'text-anchor="middle"'))
    parts.append(_text(WIDTH / 2, HEIGHT - 10, "jobs on the list", 'text-anchor="middle"'))
    parts.append(_text(LEFT - 8, TOP - 10, unit, 'text-anchor="end"'))
    for place, (name, points) in enumerate(lines.items()):
        ink = INKS[place % len(INKS)]
        middle = " ".join(f"{x(jobs):.1f},{y(figure.middle):.1f}" for jobs, figure in points)
        parts.append(f'<polyline points="{middle}" fill="none" stroke="{ink}" stroke-width="2"/>')
        for jobs, figure in points:
            parts.append(f'<circle cx="{x(jobs):.1f}" cy="{y(figure.middle):.1f}" r="3.5" fill="{ink}"/>')
            bar = (x(jobs), y(min(figure.values)), x(jobs), y(max(figure.values)))
            parts.append(_line(*bar, f'stroke="{ink}"'))
        parts.append(_line(LEFT + place * 220, 46, LEFT + place * 220 + 18, 46, f'stroke="{ink}" stroke-width="3"'))
        parts.append(_text(LEFT + place * 220 + 24, 50, name))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12" fill="#1f2328">\n<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _round_up(value: float) -> float:
    """To 1, 2 or 5 and noughts."""
    unit: float = 10.0 ** (ceil(log10(value)) - 1) if value > 0 else 1.0
    return next(unit * step for step in (1, 2, 5, 10) if unit * step >= value)


def _line(x1: float, y1: float, x2: float, y2: float, look: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {look}/>'


def _text(x: float, y: float, text: str, look: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(text)}</text>'
