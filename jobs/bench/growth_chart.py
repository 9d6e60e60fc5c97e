"""SVG chart of time and memory against the number of events, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT, LEFT, TOP, GAP = 860, 330, 64, 48, 90
INSIDE = (WIDTH - 2 * LEFT - GAP + 30) / 2, HEIGHT - TOP - 56
STYLE = """
svg { background: #fff; font: 13px system-ui, sans-serif; } text { fill: #1c2330; }
.soft { fill: #667085; } .axis { stroke: #d9dee7; } .line { stroke: #2f6fb5; stroke-width: 2;
fill: none; } .dot { fill: #2f6fb5; } .even { stroke: #c2571a; stroke-dasharray: 5 4; fill: none; }
"""
Point = tuple[float, float]


def growth(runs: Sequence[Mapping[str, Any]], title: str) -> str:
    """Return the chart of runs that have `events`, `cpu_seconds` and `peak_mb`."""
    panels = [
        _panel([(float(run["events"]), float(run[key])) for run in runs], name, place)
        for place, (key, name) in enumerate(
            (("cpu_seconds", "CPU seconds"), ("peak_mb", "peak memory, MB"))
        )
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f'<text x="{LEFT}" y="20" font-weight="600">{escape(title)}</text>{"".join(panels)}</svg>\n'
    )


def _panel(points: Sequence[Point], name: str, place: int) -> str:
    left = LEFT + place * (INSIDE[0] + GAP)
    across, up = _decades([x for x, _ in points]), _decades([y for _, y in points])

    def at(point: Point) -> str:
        x = left + INSIDE[0] * _share(point[0], across)
        return f"{x:.1f},{TOP + INSIDE[1] * (1 - _share(point[1], up)):.1f}"

    grid = [
        _rule(at((10.0**d, 10.0 ** up[0])), at((10.0**d, 10.0 ** up[1])), _described(d), True)
        for d in range(across[0], across[1] + 1)
    ]
    grid += [
        _rule(at((10.0 ** across[0], 10.0**d)), at((10.0 ** across[1], 10.0**d)), _described(d))
        for d in range(up[0], up[1] + 1)
    ]
    dots = [
        f'<circle class="dot" cx="{x}" cy="{y}" r="4"/><text x="{x}" '
        f'y="{float(y) - 10:.1f}" text-anchor="middle">{value:,.0f}</text>'
        for (_, value), (x, y) in ((p, at(p).split(",")) for p in points)
    ]
    return (
        f'<text class="soft" x="{left}" y="{TOP - 8}">{escape(name)}; events across; dashed: in '
        f"proportion</text>{''.join(grid)}"
        f'<polyline class="even" points="{" ".join(map(at, _even(points, across, up)))}"/>'
        f'<polyline class="line" points="{" ".join(map(at, points))}"/>{"".join(dots)}'
    )


def _even(points: Sequence[Point], across: tuple[int, int], up: tuple[int, int]) -> list[Point]:
    """Return both ends of the line through the first point that grows as events do."""
    x, y = points[0]
    factor = min(10.0 ** across[1] / x, 10.0 ** up[1] / y)
    return [(x, y), (x * factor, y * factor)]


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def _share(value: float, decades: tuple[int, int]) -> float:
    return (math.log10(value) - decades[0]) / (decades[1] - decades[0])


def _described(decade: int) -> str:
    return f"{10**decade:,}" if decade >= 0 else f"{10.0**decade:g}"


def _rule(start: str, end: str, label: str, below: bool = False) -> str:
    (x1, y1), (x2, y2) = start.split(","), end.split(",")
    x, y = (float(x1), float(y1) + 18) if below else (float(x1) - 6, float(y1) + 4)
    anchor = "middle" if below else "end"
    return (
        f'<line class="axis" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
        f'<text class="soft" x="{x}" y="{y}" text-anchor="{anchor}">{label}</text>'
    )
