"""Formats of values on pages: moments, durations, numbers, shares, sizes and links."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

NONE = "–"


def url(path: str, **parameters: object) -> str:
    """Return a link; parameters that are None or empty are left out."""
    kept = {name: value for name, value in parameters.items() if value not in (None, "", (), [])}
    return f"{path}?{urlencode(kept, doseq=True)}" if kept else path


def moment(seconds: float | None) -> str | Markup:
    """Return a moment in UTC to the minute, marked up so that a script can localise it."""
    if seconds is None or not math.isfinite(seconds):
        return NONE
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return NONE
    text = at.strftime("%Y-%m-%d %H:%M")
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        at.isoformat(timespec="seconds"), text, text
    )


def day(seconds: float | None) -> str:
    """Return a day in UTC."""
    if seconds is None:
        return NONE
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def input_moment(seconds: float | None) -> str:
    """Return a moment as an input of HTML takes it, UTC."""
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M")


def duration(seconds: float | None, unit: Callable[[str], str] = str) -> str:
    """Return a duration with its two largest units: 3 h 5 min. `unit`: its symbol in a language."""
    if seconds is None:
        return NONE
    if seconds < 10:
        return f"{seconds:.1f} {unit('s')}"
    whole = int(seconds)
    parts: list[str] = []
    for symbol, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if whole >= size or parts:
            parts.append(f"{whole // size} {unit(symbol)}")
            whole %= size
    return " ".join(parts[:2])


def number(value: float | None, digits: int = 0) -> str:
    """Return a number with separators of thousands."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NONE
    return _unsigned_zero(f"{value:,.{digits}f}")


def figure(value: Any, digits: int = 4) -> str:
    """Return a metric: four decimals."""
    return NONE if value is None else _unsigned_zero(f"{float(value):.{digits}f}")


def signed(value: float | None, digits: int = 3) -> str:
    """Return a part of a sum with its sign; what rounds to zero has none."""
    return NONE if value is None else _unsigned_zero(f"{value:+.{digits}f}")


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share in per cent."""
    if value is None or not math.isfinite(value):
        return NONE
    return f"{_unsigned_zero(f'{100 * value:.{digits}f}')} %"


def _unsigned_zero(text: str) -> str:
    """Return a number without a sign where it was rounded to zero."""
    return text.lstrip("+-") if not text.strip("+-0.,") else text


def signed_percent(value: float | None) -> str:
    """Return a change in per cent, with its sign."""
    return NONE if value is None else f"{signed(100 * value, 1)} %"


def size(value: float | None) -> str:
    """Return a number of bytes as MB."""
    return NONE if value is None else f"{value / 1e6:,.1f} MB"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "moment": moment,
    "day": day,
    "input_moment": input_moment,
    "duration": duration,
    "number": number,
    "figure": figure,
    "signed": signed,
    "percent": percent,
    "signed_percent": signed_percent,
    "size": size,
}
