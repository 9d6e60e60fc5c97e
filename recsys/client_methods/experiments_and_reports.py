"""Experiments, pins and reports for operators: methods of the client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .service_requests import Json, ServiceRequests, quoted


class ExperimentsAndReports(ServiceRequests):
    """Experiments, pins, the audit log, and reports on exposure and abuse."""

    def audit(self, **filters: Any) -> Json:
        """Return entries of the audit log: actor=, subject=, route=, since=, until=, n=."""
        return self._get("/audit", filters)

    def pins(self) -> list[Json]:
        """Return the pins of operators, oldest first."""
        found: list[Json] = self._get("/pins", {})["pins"]
        return found

    def add_pin(
        self, item_id: str, position: int, start: float | None = None, end: float | None = None
    ) -> Json:
        """Pin an item at a position of personal lists; times in Unix seconds, None: no limit."""
        body = {"item_id": item_id, "position": position, "start": start, "end": end}
        return self._send("POST", "/pins", body, again=False)

    def remove_pin(self, pin_id: int) -> Json:
        """Remove a pin."""
        return self._send("DELETE", f"/pins/{pin_id}", None, again=True)

    def experiments(self) -> list[Json]:
        """Return the experiments, oldest first."""
        found: list[Json] = self._get("/experiments", {})["experiments"]
        return found

    def add_experiment(
        self, id: str, arms: Iterable[Mapping[str, Any]], primary: str, **more: Any
    ) -> Json:
        """Make a draft; `more`: guardrails=[…], effect=, layer=, range=, holdout=, start=, end=."""
        metrics = {"primary": primary}
        metrics |= {name: more.pop(name) for name in ("guardrails", "effect") if name in more}
        body = {"id": id, "arms": list(arms), "metrics": metrics, **more}
        return self._send("POST", "/experiments", body, again=False)

    def experiment(self, experiment_id: str) -> Json:
        """Return an experiment with its plan."""
        return self._get(f"/experiments/{quoted(experiment_id)}", {})

    def change_experiment(self, experiment_id: str, **changes: Any) -> Json:
        """Start, stop or decide an experiment: state="running", …; or change a draft."""
        return self._send("PATCH", f"/experiments/{quoted(experiment_id)}", changes, again=False)

    def experiment_report(self, experiment_id: str) -> Json:
        """Return what may be read of an experiment now; "aa": of the A/A experiment."""
        return self._get(f"/experiments/{quoted(experiment_id)}/report", {})

    def fairness(self) -> Json:
        """Return how exposure fell on creators and groups, as the last night has counted it."""
        return self._get("/fairness", {})

    def creator_report(self, author_id: str) -> Json:
        """Return how often a creator's items were shown, and with what uptake."""
        return self._get(f"/creators/{quoted(author_id)}/report", {})

    def suspects(self, n: int = 10, after: str | None = None) -> Json:
        """Return a page of suspicious groups of accounts, the latest first."""
        return self._get("/suspects", {"n": n, "after": after})
