"""HTML report of a Result: one page with inline charts and no external assets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from recsys.evaluation.evaluation_result import Result, RowResult
from recsys.evaluation.report_stylesheet import STYLE
from recsys.ranking_metrics import Interval
from recsys.svg_charts import bars

WORDS = {
    "recall": "share of the relevant items that are within the first k",
    "ndcg": "the same, with more for a place near the top; 1 is a perfect order",
    "debiased_ndcg": "nDCG in which a hit on an item that many act on weighs less",
    "swap_gap": "nDCG less that of the lists of other users of like activity; 0: not personal",
    "unexpected_hits": "hits per user that the list of trending items lacks",
    "jaccard": "mean overlap of the lists of two users; 1: the same for all",
    "distinct": "different items in 1,000 lists",
    "effective": "as many items with equal shares of the places would be as even",
    "freshness": "share of the places that items under a week old fill",
    "mrr": "one over the rank of the first hit",
    "auc": "how often a liked item had a higher score than a disliked one, mean per user",
    "auc_pooled": "the same over all opinions together",
    "coverage": "share of the catalogue that is in at least one list",
    "gini": "how unevenly items are shown: 0 all alike, 1 one item only",
    "novelty": "mean surprise of the items shown, in bits",
    "diversity": "one minus the mean likeness of the words within a list",
    "calibration": "how far the list's mix of categories is from the history's; 0 is equal",
}
ACCURACY = ("recall", "ndcg", "debiased_ndcg", "mrr", "auc", "auc_pooled")
PEOPLE = {
    "new_users": "users without training events (not in the headline)",
    "known_users": "users with training events",
    "short_histories": "fewer than 5 training events",
    "long_histories": "5 training events or more",
    "tail_items": "hits among items outside the most read fifth",
    "cold_items": "hits among items without a positive training event",
    "unread_items": "items without events of anybody but their author before the list",
    "among_unread_items": "the same, where only such items are candidates",
}


def html(result: Result, title: str) -> str:
    """Return the page."""
    sections = [
        _facts(result),
        _charts(result),
        _table("Accuracy", result, lambda name: name.split("@")[0] in ACCURACY),
        _pairs(result),
        _slices(result),
        _table("Beyond accuracy", result, lambda name: name.split("@")[0] not in ACCURACY),
        _cost(result),
        _glossary(result),
    ]
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n" + "\n".join(filter(None, sections)) + "\n</body>\n</html>\n"
    )


def _facts(result: Result) -> str:
    data = result.data
    words = (
        f"Protocol <b>{escape(result.protocol)}</b>, seed {result.seed}. "
        f"{data['users']:,} users, {data['items']:,} items, {data['events']:,} events; "
        f"{data['test_users']:,} users counted in the test. Intervals are 95 %, bootstrapped over "
        "users; settings were chosen inside the training events."
    )
    skipped = "".join(
        f"<li><b>{escape(name)}</b> skipped: {escape(why)}</li>"
        for name, why in result.skipped.items()
    )
    return f"<p>{words}</p>" + (f"<ul>{skipped}</ul>" if skipped else "")


def _charts(result: Result) -> str:
    shown = dict.fromkeys(
        [*result.deciding_metrics, *(_recall_beside(m) for m in result.deciding_metrics)]
    )
    found = []
    for metric in filter(None, shown):
        rows = [(row.name, row.metrics[metric]) for row in result.rows if metric in row.metrics]
        if rows:
            found.append(f"<figure><figcaption>{metric}</figcaption>{bars(rows, metric)}</figure>")
    return f'<div class="charts">{"".join(found)}</div>'


def _recall_beside(metric: str) -> str:
    return metric.replace("ndcg", "recall") if metric.startswith("ndcg") else ""


def _table(title: str, result: Result, accepts: Callable[[str], bool]) -> str:
    names = dict.fromkeys(name for row in result.rows for name in row.metrics if accepts(name))
    if not names:
        return ""
    best = {name: _best(result.rows, name) for name in names}
    body = [
        [escape(row.name), *(_cell(row.metrics.get(name), best[name]) for name in names)]
        for row in result.rows
    ]
    return f"<h2>{title}</h2>" + _grid(["model", *names], body)


def _best(rows: Sequence[RowResult], metric: str) -> float:
    values = [row.metrics[metric].mean for row in rows if metric in row.metrics]
    return max(values) if metric.split("@")[0] in ACCURACY and len(values) > 1 else float("nan")


def _cell(one: Interval | None, best: float) -> str:
    if one is None:
        return "–"
    mean = f"<b>{one.mean:.4f}</b>" if one.mean == best else f"{one.mean:.4f}"
    if one.low == one.high:
        return mean
    return f"{mean}<small>{one.low:.4f} … {one.high:.4f}</small>"


def _pairs(result: Result) -> str:
    found = []
    for metric in result.deciding_metrics if len(result.rows) > 1 else ():
        names = [row.name for row in result.rows if metric in row.per_user]
        body = []
        for name in names:
            pairs = result.comparisons(name, metric)
            cells = [
                ""
                if other == name
                else f'<span class="{pairs[other].better}">{pairs[other].better}</span>'
                f"<small>{pairs[other].difference.mean:+.4f}</small>"
                for other in names
            ]
            body.append([escape(name), *cells])
        if body:
            head = ["row better than column?", *map(escape, names)]
            found.append(f"<h2>Pairs, by {metric}</h2>" + _grid(head, body))
    return "".join(found)


def _slices(result: Result) -> str:
    names = dict.fromkeys(name for row in result.rows for name in row.slices)
    metrics = [
        m for m in (_recall_beside(result.deciding_metrics[0]), result.deciding_metrics[0]) if m
    ]
    body = []
    for row in result.rows:
        cells = [
            _cell(row.slices[name].metrics.get(metric), float("nan")) if name in row.slices else "–"
            for name in names
            for metric in metrics
        ]
        body.append([escape(row.name), *cells])
    head = ["model", *(f"{name.replace('_', ' ')}: {m}" for name in names for m in metrics)]
    users = {name: part.users for row in result.rows for name, part in row.slices.items()}
    notes = "".join(
        f"<li><b>{name.replace('_', ' ')}</b>: {PEOPLE.get(name, '')}; {users[name]:,} users</li>"
        for name in names
    )
    if not names:
        return ""
    return f"<h2>Slices</h2><ul>{notes}</ul>" + _grid(head, body) + _bad_slices(result)


def _bad_slices(result: Result) -> str:
    """Return where another row is better than the first; it should be the one that would serve."""
    first = result.rows[0].name
    lines = [
        f"<li><b>{part.replace('_', ' ')}</b>: {escape(other)} by {gap.mean:.4f} "
        f"({gap.low:.4f} … {gap.high:.4f})</li>"
        for part, others in result.worse_in(first).items()
        for other, gap in sorted(others.items(), key=lambda pair: -pair[1].mean)
    ]
    payload = f"<ul>{''.join(lines)}</ul>" if lines else "<p>None beyond chance.</p>"
    head = f"Slices where {escape(first)} is worse than another, by {result.deciding_metrics[0]}"
    return f"<h2>{head}</h2>{payload}"


def _cost(result: Result) -> str:
    body = [
        [
            escape(row.name),
            f"{row.fit_seconds:.1f}",
            f"{row.cpu_seconds:.1f}",
            f"{row.peak_mb:,.0f}",
            f"{row.nbytes / 1e6:,.1f}",
            f"<code>{escape(_choice_text(row.chosen))}</code>",
        ]
        for row in result.rows
    ]
    head = [
        "model",
        "fit seconds, tuning included",
        "of CPU time",
        "peak MB",
        "model MB",
        "chosen on validation",
    ]
    return "<h2>Cost and settings</h2>" + _grid(head, body)


def _choice_text(chosen: Mapping[str, object]) -> str:
    shown = {name: value for name, value in chosen.items() if name != "evidence"}
    return ", ".join(f"{name} {value}" for name, value in shown.items())


def _glossary(result: Result) -> str:
    used = dict.fromkeys(name.split("@")[0] for row in result.rows for name in row.metrics)
    entries = "".join(f"<dt>{name}</dt><dd>{WORDS[name]}</dd>" for name in used if name in WORDS)
    return f"<h2>What the figures mean</h2><dl>{entries}</dl>"


def _grid(head: Iterable[str], body: Iterable[Iterable[str]]) -> str:
    top = "".join(f"<th>{cell}</th>" for cell in head)
    rows = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>" for cells in body
    )
    return (
        f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{rows}</tbody></table></div>'
    )
