"""SVG charts: bars with intervals, and lines, bands and whiskers over a numeric axis.

Colours come from the classes of the style sheet of the page; there is no text but numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # a worker that draws a chart needs no statistics
    from recsys.ranking_metrics import Interval

WIDTH, NAMES, FIGURES, ROW = 560, 100, 70, 26
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 10, 24  # margins of a plot
WIDEST = 36.0  # a column
TICKS = 5  # on an axis, about


def bars(rows: Sequence[tuple[str, Interval]], metric: str) -> str:
    """Return one bar per row with its interval; the bar of `default` has its own colour."""
    most = max((one.high for _, one in rows), default=0.0) or 1.0
    span = WIDTH - NAMES - FIGURES
    height = ROW * len(rows) + 26
    parts = [_gridline(NAMES + span * at / 4, most * at / 4, height) for at in range(5)]
    for place, (name, one) in enumerate(rows):
        parts.append(_bar(name, one, place * ROW, span / most))
    label = escape(f"{metric} of each model", quote=True)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">'
        f"{''.join(parts)}</svg>"
    )


def _gridline(x: float, value: float, height: int) -> str:
    return (
        f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height - 20}"/>'
        f'<text class="soft" x="{x:.1f}" y="{height - 5}" text-anchor="middle">{value:.3g}</text>'
    )


def _bar(name: str, one: Interval, top: int, scale: float) -> str:
    middle, kind = top + ROW / 2, "ours" if name == "default" else "bar"
    low, high = NAMES + one.low * scale, NAMES + one.high * scale
    result = f"{name}: {one.mean:.4f}, 95 % interval {one.low:.4f} to {one.high:.4f}"
    return (
        f"<g><title>{escape(result)}</title>"
        f'<text x="{NAMES - 8}" y="{middle + 4:.1f}" text-anchor="end">{escape(name)}</text>'
        f'<rect class="{kind}" x="{NAMES}" y="{top + 4}" width="{one.mean * scale:.1f}" '
        f'height="{ROW - 8}" rx="2"/>'
        f'<line class="span" x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}"/>'
        f'<text x="{high + 6:.1f}" y="{middle + 4:.1f}">{one.mean:.4f}</text></g>'
    )


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of a layer; `low` and `high` are the ends of its whisker, or of the band there."""

    x: float
    y: float | None  # None: a gap in the line
    title: str = ""  # shown on hover, read aloud
    low: float | None = None
    high: float | None = None
    kind: str = ""  # further class of the mark
    link: str = ""  # where a click leads


@dataclass(frozen=True, slots=True)
class Layer:
    """Points that are drawn in one way, in the colour of a class of the style sheet."""

    form: Literal["line", "dots", "band", "columns"]
    colour: str
    marks: Sequence[Mark]


def plot(
    layers: Sequence[Layer],
    label: str,
    x_text: Callable[[float], str],
    y_text: Callable[[float], str] = "{:.3g}".format,
    *,
    x_ticks: Sequence[float] = (),
    y_range: tuple[float, float] | None = None,
    size: tuple[int, int] = (600, 220),
    counts: bool = False,
) -> str:
    """Return layers over two numeric axes as SVG; empty text where there is no point.

    `label`: what it shows, read aloud. `y_range`: by default from 0, or less, to the most.
    `counts`: no label of the y axis is a fraction. Every other label of the x axis has the class
    `alternate`, to be left out where there is little room.
    """
    marks = [mark for layer in layers for mark in layer.marks]
    if not any(mark.y is not None for mark in marks):
        return ""
    columns = max((len(one.marks) for one in layers if one.form == "columns"), default=0)
    frame = _Frame.of(marks, y_range, size, columns)
    parts = [*_y_axis(frame, y_text, 1.0 if counts else 0.0), *_x_axis(frame, x_ticks, x_text)]
    for layer in layers:
        parts.extend(_DRAWN[layer.form](frame, layer))
    width, height = size
    role = "group" if any(mark.link for mark in marks) else "img"  # links inside stay reachable
    return (
        f'<svg class="plot" viewBox="0 0 {width} {height}" role="{role}"'
        f' aria-label="{escape(label, quote=True)}">{"".join(parts)}</svg>'
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where values lie on the drawing."""

    first: float
    last: float
    low: float
    high: float
    width: int
    height: int

    @classmethod
    def of(
        cls,
        marks: Sequence[Mark],
        y_range: tuple[float, float] | None,
        size: tuple[int, int],
        columns: int,
    ) -> _Frame:
        """Return the frame of some marks; `columns`: how many stand side by side, half of one is
        left free at either end.
        """
        xs = [mark.x for mark in marks]
        ys = [y for m in marks for y in (m.y, m.low, m.high) if y is not None and math.isfinite(y)]
        low, high = y_range or (min(0.0, *ys, 0.0), max(*ys, 0.0))
        if high <= low:
            high = low + 1.0
        first, last = min(xs), max(xs)
        if last <= first:
            return cls(first - 0.5, first + 0.5, low, high, *size)
        room = 0.5 * (last - first) / max(columns - 1, 1) if columns else 0.0
        return cls(first - room, last + room, low, high, *size)

    def x(self, value: float) -> float:
        span = self.width - LEFT - RIGHT
        return LEFT + span * (value - self.first) / (self.last - self.first)

    def y(self, value: float) -> float:
        span = self.height - TOP - BOTTOM
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.height - BOTTOM - span * share


def ticks(low: float, high: float, count: int = TICKS, least: float = 0.0) -> list[float]:
    """Return round values between two, about `count`, at least `least` apart."""
    if not high > low:
        return [low]
    rough = max((high - low) / count, least)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * unit for unit in (1, 2, 5, 10) if power * unit >= rough)
    start = math.ceil(low / step - 1e-9)
    return [place * step for place in range(start, math.floor(high / step + 1e-9) + 1)]


def _y_axis(frame: _Frame, text: Callable[[float], str], least: float) -> Iterator[str]:
    for value in ticks(frame.low, frame.high, 4, least):
        y = frame.y(value)
        yield (
            f'<line class="axis" x1="{LEFT}" x2="{frame.width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="soft" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">'
            f"{escape(text(value))}</text>"
        )


def _x_axis(frame: _Frame, given: Sequence[float], text: Callable[[float], str]) -> Iterator[str]:
    values = given or ticks(frame.first, frame.last)
    for place, value in enumerate(values):
        kind = " alternate" if place % 2 else ""
        yield (
            f'<text class="soft{kind}" x="{frame.x(value):.1f}" y="{frame.height - 6}"'
            f' text-anchor="middle">{escape(text(value))}</text>'
        )


def _line(frame: _Frame, layer: Layer) -> Iterator[str]:
    parts, pen = [], "M"
    for mark in layer.marks:
        if mark.y is None or not math.isfinite(mark.y):
            pen = "M"
            continue
        parts.append(f"{pen}{frame.x(mark.x):.1f} {frame.y(mark.y):.1f}")
        pen = "L"
    yield f'<path class="line {layer.colour}" d="{"".join(parts)}"/>'


def _band(frame: _Frame, layer: Layer) -> Iterator[str]:
    known = [m for m in layer.marks if m.low is not None and m.high is not None]
    if not known:
        return
    above = [f"{frame.x(m.x):.1f} {frame.y(m.high or 0.0):.1f}" for m in known]
    below = [f"{frame.x(m.x):.1f} {frame.y(m.low or 0.0):.1f}" for m in reversed(known)]
    yield f'<path class="band {layer.colour}" d="M{"L".join(above + below)}Z"/>'


def _dots(frame: _Frame, layer: Layer) -> Iterator[str]:
    for mark in layer.marks:
        if mark.y is None or not math.isfinite(mark.y):
            continue
        x, y = frame.x(mark.x), frame.y(mark.y)
        whisker = ""
        if mark.low is not None and mark.high is not None:
            low, high = frame.y(mark.low), frame.y(mark.high)
            whisker = (
                f'<line class="span" x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>'
            )
        dot = f'<circle class="dot {layer.colour} {mark.kind}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
        yield _linked(f"<g><title>{escape(mark.title)}</title>{whisker}{dot}</g>", mark)


def _columns(frame: _Frame, layer: Layer) -> Iterator[str]:
    span = frame.width - LEFT - RIGHT
    width = min(max(1.0, 0.8 * span / max(len(layer.marks), 1)), WIDEST)
    for mark in layer.marks:
        if mark.y is None or not math.isfinite(mark.y):
            continue
        x, top, foot = frame.x(mark.x) - width / 2, frame.y(mark.y), frame.y(max(frame.low, 0.0))
        yield (
            f"<g><title>{escape(mark.title)}</title>"
            f'<rect class="{layer.colour} {mark.kind}" x="{x:.1f}"'
            f' y="{min(top, foot):.1f}" width="{width:.1f}" height="{abs(foot - top):.1f}"/></g>'
        )


def _linked(drawn: str, mark: Mark) -> str:
    if not mark.link:
        return drawn
    link, name = escape(mark.link, quote=True), escape(mark.title, quote=True)
    return f'<a href="{link}" aria-label="{name}">{drawn}</a>'


_DRAWN: dict[str, Callable[[_Frame, Layer], Iterator[str]]] = {
    "line": _line,
    "band": _band,
    "dots": _dots,
    "columns": _columns,
}
