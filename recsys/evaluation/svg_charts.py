"""SVG charts and the style sheet of the HTML report."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from recsys.ranking_metrics import Interval

STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --soft: #667085; --line: #d9dee7;
  --bar: #2f6fb5; --ours: #c2571a; --page: #ffffff; --yes: #1c7c3c; --no: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #9aa4b5; --line: #323a48;
  --bar: #6aa6e8; --ours: #f08b4b; --page: #14181f; --yes: #5cc27d; --no: #f2827a; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
  max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .35rem .7rem; border-bottom: 1px solid var(--line); text-align: right;
  vertical-align: top; } th:first-child, td:first-child { text-align: left; }
thead th { color: var(--soft); font-weight: 600; } small { display: block; color: var(--soft); }
td small { white-space: nowrap; font-size: .75rem; } .wide { overflow-x: auto; }
code { font-size: .8rem; white-space: normal; } td code { display: block; text-align: left; }
.charts { display: flex; flex-wrap: wrap; gap: 1.5rem; } figure { margin: 0; flex: 1 1 30rem; }
figcaption { font-weight: 600; margin-bottom: .3rem; } svg { width: 100%; height: auto; }
svg text { font: 13px system-ui, sans-serif; fill: var(--ink); } .soft { fill: var(--soft); }
.axis { stroke: var(--line); } .bar { fill: var(--bar); } .ours { fill: var(--ours); }
.span { stroke: var(--ink); stroke-width: 1.5; } .yes { color: var(--yes); font-weight: 600; }
.no { color: var(--no); font-weight: 600; } .undecided { color: var(--soft); }
dt { font-weight: 600; } dd { margin: 0 0 .4rem 0; color: var(--soft); }
"""
WIDTH, NAMES, FIGURES, ROW = 560, 100, 70, 26


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
