"""Charts of a watch: texts by day, and the corrected share of negative texts with its interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from recsys.svg_charts import Layer, Mark, plot

SIZE = (600, 200)


def charts(points: Sequence[Mapping[str, Any]], text: Callable[[str], str]) -> dict[str, Markup]:
    """Return the charts of the points of a timeline."""
    shares = []
    for point in points:
        share = (point["shares"] or {}).get("negative")
        if share is None:
            shares.append(Mark(point["time"], None))
            continue
        title = (
            f"{_day(point['time'])}: {share['share']:.0%} ({share['low']:.0%}–{share['high']:.0%})"
        )
        shares.append(Mark(point["time"], share["share"], title, share["low"], share["high"]))
    layers = [Layer("line", "negative", shares), Layer("dots", "negative", shares)]
    label = text("Corrected share of negative texts by day, with its interval of 90 %")
    drawn = plot(
        layers,
        label,
        _day,
        "{:.0%}".format,
        x_ticks=_ticks(points),
        y_range=(0.0, 1.0),
        size=SIZE,
    )
    return {"texts": days(points, text), "negative": Markup(drawn)}


def days(points: Sequence[Mapping[str, Any]], text: Callable[[str], str]) -> Markup:
    """Return the texts of each day; empty where there is none."""
    marks = [
        Mark(one["time"], float(one["texts"]), f"{_day(one['time'])}: {one['texts']}")
        for one in points
    ]
    if not any(mark.y for mark in marks):
        return Markup("")
    ticks = _ticks(points)
    layers = [Layer("columns", "bar", marks)]
    return Markup(
        plot(
            layers,
            text("Texts by day"),
            _day,
            "{:.12g}".format,
            x_ticks=ticks,
            size=SIZE,
            counts=True,
        )
    )


def _ticks(points: Sequence[Mapping[str, Any]]) -> list[float]:
    return [float(one["time"]) for one in points[:: max(len(points) // 5, 1)]]


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%m-%d")
