"""Charts of a timeline: acts with what was expected and a forecast, and the tone of texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from recsys.svg_charts import Layer, Mark, plot

_DAY = 86_400.0


def charts(found: Mapping[str, Any], text: Callable[[str], str]) -> dict[str, Markup]:
    """Return the charts of a timeline as `GET /topics/<id>/timeline` gives it; empty: no data."""
    points: Sequence[Mapping[str, Any]] = found["points"]
    ahead: Sequence[Mapping[str, Any]] = found["forecast"]
    daily = found["resolution"] == "day"
    ticks = _ticks([one["time"] for one in (*points, *ahead)], daily)

    def x_text(at: float) -> str:
        return datetime.fromtimestamp(at, UTC).strftime("%m-%d" if daily else "%m-%d %Hh")

    acts = [Mark(p["time"], p["events"], f"{x_text(p['time'])}: {p['events']}") for p in points]
    # the last stretch is not over: what is expected of it so far would look like a fall
    expected = [Mark(p["time"], p["expected"]) for p in points[:-1]]
    band = [Mark(p["time"], p["expected"], "", p["low"], p["high"]) for p in ahead]
    layers = [
        Layer("band", "soft-band", band),
        Layer("columns", "bar", acts),
        Layer("line", "expected", expected),
        Layer("line", "forecast", band),
        Layer("dots", "forecast", band if len(band) == 1 else ()),
    ]
    tones = [
        Mark(
            p["time"],
            p["tone"],
            "" if p["tone"] is None else f"{x_text(p['time'])}: {p['tone']:+.2f}",
        )
        for p in points
    ]
    tone_layers = Layer("line", "tone", tones), Layer("dots", "tone", tones)
    label = text("Acts, what was expected, and the forecast")
    return {
        "acts": Markup(plot(layers, label, x_text, "{:.12g}".format, x_ticks=ticks, counts=True))
        if any(mark.y is not None for mark in acts)
        else Markup(""),
        "tone": Markup(
            plot(
                tone_layers,
                text("Tone of what was written, from -1 to 1"),
                x_text,
                "{:+.1f}".format,
                x_ticks=ticks,
                y_range=(-1.0, 1.0),
                size=(600, 140),
            )
        ),
    }


def _ticks(times: Sequence[float], daily: bool) -> list[float]:
    if not times:
        return []
    step = 7 * _DAY if daily else _DAY / 2
    first = -(-min(times) // step) * step
    return [first + place * step for place in range(int((max(times) - first) // step) + 1)]
