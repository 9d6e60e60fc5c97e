"""Charts of nights: the outcome of the latest ones, accuracy with intervals, and CPU time."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from markupsafe import Markup

from recsys.store.job_runs import Run
from recsys.svg_charts import Layer, Mark, plot

from ..console_session import CONSOLE
from . import formats

KINDS = {"published": "good", "refused": "warn", "failed": "bad", "killed": "bad"}
_CELL, _GAP, _TALL = 20, 6, 26


def accuracy(run: Run) -> tuple[float, float, float] | None:
    """Return nDCG@20 of a night and the ends of its interval; None where none was measured.

    The interval is that of the paired difference to the bundle before, around that bundle's mean;
    of a first night to the better of popular and trending.
    """
    gate: dict[str, Any] = run.detail.get("gate") or {}
    today, before = gate.get("today"), gate.get("yesterday")
    baselines: dict[str, Any] = gate.get("baselines") or {}
    if today is None or not (gate.get("people") or baselines.get("people")):
        return None
    if before is not None:
        return float(today), before * (1 + gate["low"]), before * (1 + gate["high"])
    base = baselines.get("value")
    if base is not None and baselines.get("low") is not None:
        return float(today), base + baselines["low"], base + baselines["high"]
    return float(today), float(today), float(today)


def cpu(run: Run) -> float | None:
    """Return the CPU seconds of a night; None of one that did not note them."""
    if (known := run.detail.get("cpu_seconds")) is not None:
        return float(known)
    steps = [step.detail.get("cpu_seconds") for step in run.steps]
    return float(sum(one for one in steps if one)) if any(steps) else None


def strip(nights: Sequence[Run]) -> Markup:
    """Return a cell per night, the newest on the right, with the colour of its outcome."""
    parts = []
    for place, run in enumerate(reversed(nights)):
        kind = KINDS.get(run.status, "soft-cell")
        title = f"#{run.id} {run.status} {formats.day(run.started)}"
        tall = _TALL if kind == "good" else _TALL - 8  # shape besides colour
        parts.append(
            f'<a href="{CONSOLE}/runs/{run.id}" aria-label="{escape(title, quote=True)}">'
            f"<title>{escape(title)}</title>"
            f'<rect class="cell {kind}" x="{place * (_CELL + _GAP)}" y="{_TALL - tall}"'
            f' width="{_CELL}" height="{tall}" rx="3"/></a>'
        )
    width = max(len(nights), 1) * (_CELL + _GAP)
    return Markup(f'<svg class="strip" viewBox="0 0 {width} {_TALL}" width="{width}">') + Markup(
        "".join(parts) + "</svg>"
    )


def accuracy_chart(nights: Sequence[Run], label: str) -> Markup:
    """Return nDCG@20 over nights with intervals, the published ones as filled marks."""
    marks = []
    for run in reversed(nights):
        found = accuracy(run)
        if found is None:
            continue
        mean, low, high = found
        title = f"#{run.id} {formats.day(run.started)}: {mean:.4f} ({low:.4f}–{high:.4f})"
        kind = "" if run.status == "published" else "hollow"
        marks.append(Mark(run.started, mean, title, low, high, kind))
    layers = [Layer("line", "ours", marks), Layer("dots", "ours", marks)]
    ends = [end for mark in marks for end in (mark.y, mark.low, mark.high) if end is not None]
    room = 0.15 * (max(ends) - min(ends)) + 0.002 if ends else 0.0
    span = (max(min(ends) - room, 0.0), max(ends) + room) if ends else None
    text = "{:.3f}".format
    return Markup(plot(layers, label, formats.day, text, x_ticks=_days(marks), y_range=span))


def cpu_chart(nights: Sequence[Run], label: str) -> Markup:
    """Return the CPU minutes of nights."""
    marks = [
        Mark(run.started, seconds / 60, f"#{run.id}: {formats.duration(seconds)}")
        for run in reversed(nights)
        if (seconds := cpu(run)) is not None
    ]
    layers = [Layer("columns", "bar", marks)]
    return Markup(plot(layers, label, formats.day, "{:.3g}".format, x_ticks=_days(marks)))


def _days(marks: Sequence[Mark]) -> list[float]:
    if not marks:
        return []
    first, last = marks[0].x, marks[-1].x
    if last - first < 86_400:
        return [first]
    return [first + (last - first) * part / 4 for part in range(5)]
