"""Experiments: definitions, states and reports; exposure of creators and groups."""

from __future__ import annotations

import json
import time
from typing import Any

from flask import Response

from recsys.experiments.definition import AA, as_definition
from recsys.experiments.experiment_lifecycle import Experiments
from recsys.experiments.report import aa_report, report_of
from recsys.fairness.exposure_report import REPORT

from ...console_session import CONSOLE
from ...errors import ApiError
from ...routes.request_context import service
from ..page_routes import routes
from ..rendering import page


@routes.get(f"{CONSOLE}/experiments", "metrics")
def experiments() -> Response:
    """Experiments, newest first, and the exposure report of the last night."""
    with service().link.use() as store:
        found = Experiments(store.db).every()
        kept = store.get_note(REPORT)
    exposure: dict[str, Any] | None = None if kept is None else json.loads(kept)
    rows = [{"one": one, "definition": as_definition(one)} for one in reversed(found)]
    return page("experiments.html", "Experiments and exposure", rows=rows, exposure=exposure)


@routes.get(f"{CONSOLE}/experiments/<experiment>", "metrics")
def report(experiment: str) -> Response:
    """What may be read of an experiment now; of aa: the A/A experiment."""
    now = time.time()
    with service().link.use() as store:
        one = None if experiment == AA else Experiments(store.db).one(experiment)
        if one is None and experiment != AA:
            raise ApiError(404, f"there is no experiment {experiment!r}")
        found = aa_report(store.db, now) if one is None else report_of(store.db, one, now)
    return page("experiment.html", "Experiment", id=experiment, one=one, report=found)
