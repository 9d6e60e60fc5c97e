"""Runs of jobs, and one run: steps, CPU time, choices with their evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from flask import Response
from pydantic import Field

from recsys.store.job_runs import Run

from ...console_session import CONSOLE
from ...errors import ApiError
from ...routes.request_context import service
from ...schemas.field_types import RowId, Strict
from .. import night_charts
from ..browser_preferences import language
from ..page_routes import routes
from ..rendering import page
from ..translations import translated

PAGE = 50
CHARTED = 90  # nights in the charts
EVIDENCE = 25  # alternatives that a run shows
_NOT_SHOWN = ("cpu_seconds", "tuning", "baselines", "evidence")


class RunsQuery(Strict):
    """Where the page begins."""

    before: RowId | None = Field(None, description="runs of numbers below this one")
    n: Annotated[int, Field(ge=1, le=200)] = PAGE


@routes.get(f"{CONSOLE}/runs", "metrics", query=RunsQuery)
def runs(query: RunsQuery) -> Response:
    """Runs, newest first, and accuracy and CPU time over the latest nights."""
    with service().link.use() as store:
        found = store.runs(query.n + 1, query.before)
        charted = found if query.before is None else store.runs(CHARTED)
        if len(charted) < CHARTED:
            charted = store.runs(CHARTED)
    nights = [run for run in charted if run.kind == "nightly"][:CHARTED]
    shown = found[: query.n]
    return page(
        "runs.html",
        "Runs",
        runs=shown,
        accuracy=night_charts.accuracy,
        cpu=night_charts.cpu,
        chart=night_charts.accuracy_chart(nights, _("nDCG@20 of each night")),
        cpu_chart=night_charts.cpu_chart(nights, _("CPU minutes of each night")),
        older=shown[-1].id if len(found) > query.n else None,
        first=query.before is None,
    )


@routes.get(f"{CONSOLE}/runs/<int:run>", "metrics")
def run(run: int) -> Response:
    """One run: its steps with times, what was chosen and why, and the verdict of the gate."""
    with service().link.use() as store:
        found = store.run(run) if run < 2**63 else None
    if found is None:
        raise ApiError(404, f"there is no run {run}")
    details = {step.name: step.detail for step in found.steps}
    return page(
        "run.html",
        "Run",
        run=found,
        cpu=night_charts.cpu(found),
        steps=[_step(found, place) for place in range(len(found.steps))],
        gate=found.detail.get("gate") or details.get("gate") or {},
        tune=details.get("tune") or found.detail.get("tune") or {},
        baselines=details.get("baselines") or {},
        evidence=_evidence(found),
        details={name: _plain(detail) for name, detail in details.items()},
        clicks=(details.get("publish") or {}).get("clicks") or {},
    )


def _(key: str) -> str:
    return translated(key, language())


def _step(run: Run, place: int) -> dict[str, Any]:
    step = run.steps[place]
    longest = max((one.seconds for one in run.steps), default=0.0) or 1.0
    return {
        "name": step.name,
        "seconds": step.seconds,
        "cpu": step.detail.get("cpu_seconds"),
        "share": step.seconds / longest,
        "at": step.at,
    }


def _plain(detail: Mapping[str, Any]) -> dict[str, str]:
    """Return the details of a step in words, without what other parts of the page show."""
    found = {}
    for name, value in detail.items():
        if name in _NOT_SHOWN or value in (None, "", [], {}):
            continue
        if isinstance(value, Mapping):
            text = ", ".join(f"{key} {_short(each)}" for key, each in list(value.items())[:8])
        elif isinstance(value, list):
            text = "; ".join(_short(each) for each in value[:8])
        else:
            text = _short(value)
        found[name] = text[:600]
    return found


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)[:200]


def _evidence(run: Run) -> dict[str, list[dict[str, Any]]]:
    """Return what tuning has compared, from the bundle of a run: alternatives by value, and notes.

    Both empty where the bundle is no longer kept.
    """
    version = str(run.detail.get("version") or "")
    known = {info.version: info for info in service().bundles.versions()} if version else {}
    manifest = known[version].manifest if version in known else {}
    rows = (manifest.get("choice") or {}).get("evidence") or []
    valued = [row for row in rows if isinstance(row.get("value"), int | float)]
    best = max((float(row["value"]) for row in valued), default=0.0) or 1.0
    valued.sort(key=lambda row: -float(row["value"]))
    alternatives = [
        {
            "name": str(row.get("design") or row.get("engine") or "–"),
            "value": float(row["value"]),
            "share": float(row["value"]) / best,
            "more": _notes(row, ("design", "engine", "value")),
        }
        for row in valued[:EVIDENCE]
    ]
    others = [{"text": _notes(row, ())} for row in rows if row not in valued]
    return {"alternatives": alternatives, "others": others[:EVIDENCE]}


def _notes(row: Mapping[str, Any], but: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {_short(value)}" for name, value in row.items() if name not in but)
