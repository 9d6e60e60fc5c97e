"""/experiments: definitions, states and reports of experiments on live lists."""

from __future__ import annotations

import time
from typing import Any

from recsys.bundle_store import BundleStore
from recsys.errors import DataError
from recsys.experiments.definition import AA, Experiment, as_definition, of_definition
from recsys.experiments.experiment_lifecycle import Experiments
from recsys.experiments.unit_counts import usual_counts
from recsys.store.store import Store

from ..errors import ApiError
from ..handlers.ingestion import missing
from ..http.endpoint_declaration import Routes
from ..schemas import experiments as schemas
from .request_context import service
from .watches import caller

routes = Routes("experiments")

NO_PERSON = "definitions and sums over users name no user"


@routes.get("/experiments", "metrics", answers=schemas.Experiments, unaudited=NO_PERSON)
def page() -> dict[str, Any]:
    """Experiments in every state, oldest first; but for the A/A experiment, which always runs."""
    with service().link.use() as store:
        found = Experiments(store.db).every()
    return {"experiments": list(map(experiment_json, found))}


@routes.post(
    "/experiments",
    "operate",
    body=schemas.ExperimentBody,
    answers=schemas.ExperimentWithPlan,
    status=201,
    fails=(409,),
)
def post(body: schemas.ExperimentBody) -> dict[str, Any]:
    """Create a draft: arms that override settings of lists or name a bundle, and its metrics.

    409 where it does not add up, names a bundle that is not there, or has an id that was used.
    """
    try:
        made = of_definition(body.id, _definition(body), created_by=caller())
        _check_settings(made)
        with service().link.use() as store:
            return _with_plan(store, Experiments(store.db).add(made))
    except DataError as error:
        raise ApiError(409, str(error)) from None


@routes.get(
    "/experiments/<experiment_id>",
    "metrics",
    answers=schemas.ExperimentWithPlan,
    fails=(404,),
    unaudited=NO_PERSON,
)
def one(experiment_id: str) -> dict[str, Any]:
    """An experiment with its plan: users and days that its effect needs."""
    with service().link.use() as store:
        return _with_plan(store, _found(store, experiment_id))


@routes.patch(
    "/experiments/<experiment_id>",
    "operate",
    body=schemas.ExperimentChange,
    answers=schemas.Experiment,
    fails=(404, 409),
)
def patch(experiment_id: str, body: schemas.ExperimentChange) -> dict[str, Any]:
    """Start, stop or decide an experiment, or change a draft: draft, running, stopped, decided.

    In force in every worker within two seconds. 409 for another order, for a change of what is no
    draft any more, and for experiments that cannot run together.
    """
    changes = _definition(body)
    with service().link.use() as store:
        known = Experiments(store.db)
        try:
            found = known.one(experiment_id)
            if changes:
                found = known.redefine(experiment_id, changes, _check_settings)
            if found is not None and body.state is not None:
                found = known.move(
                    experiment_id,
                    body.state,
                    decision=body.decision or "",
                    bundles=_versions(service().bundles),
                )
        except DataError as error:
            raise ApiError(409, str(error)) from None
    if found is None:
        raise missing("experiment")
    service().load_experiments()
    return experiment_json(found)


@routes.get(
    "/experiments/<experiment_id>/report",
    "metrics",
    answers=schemas.Report,
    fails=(404,),
    unaudited=NO_PERSON,
)
def report_(experiment_id: str) -> dict[str, Any]:
    """Report of an experiment so far; of `aa`: the A/A experiment of the last 14 days.

    No figure of fewer than 100 users in an arm, nor where arms have other shares than assigned.
    """
    from recsys.experiments.report import aa_report, report_of  # here: few requests need it

    now = time.time()
    with service().link.use() as store:
        if experiment_id == AA:
            state, figures = "running", aa_report(store.db, now)
        else:
            found = _found(store, experiment_id)
            state, figures = found.state, report_of(store.db, found, now)
    return {"id": experiment_id, "state": state, **figures}


def experiment_json(one: Experiment) -> dict[str, Any]:
    """Return an experiment as JSON knows it."""
    return {
        "id": one.id,
        "state": one.state,
        **as_definition(one),
        "created": one.created,
        "created_by": one.created_by,
        "started": one.started,
        "stopped": one.stopped,
        "decided": one.decided,
        "reason": one.reason,
        "decision": one.decision,
        "in_force": one.active(time.time()),
    }


def _with_plan(store: Store, one: Experiment) -> dict[str, Any]:
    from recsys.experiments.experiment_plan import plan_of  # here: few requests need it

    sizes = {info.version: info.bytes for info in service().bundles.versions()}
    named = [sizes.get(version, 0) for version in one.bundles]
    return {
        **experiment_json(one),
        "plan": plan_of(one, usual_counts(store.db)),
        "bundle_bytes": max(named) if named else None,
    }


def _definition(body: schemas.ExperimentBody | schemas.ExperimentChange) -> dict[str, Any]:
    """Return the parts of a definition that a body gives."""
    given = body.model_dump(exclude={"id", "state", "decision"}, exclude_unset=True)
    found = {name: value for name, value in given.items() if value is not None}
    for arm in found.get("arms", ()):
        own = arm.get("overrides") or {}
        arm["overrides"] = {name: value for name, value in own.items() if value is not None}
    return found


def _check_settings(one: Experiment) -> None:
    """Raise DataError for a bundle that is not there, and for a weight that is switched off."""
    if missing_ := one.bundles - _versions(service().bundles):
        raise DataError(f"experiment {one.id!r}: there is no bundle {min(missing_)!r}")
    rising = any("rising_weight" in arm.overrides for arm in one.arms)
    if rising and not service().settings.rising_weight:
        raise DataError(
            f"experiment {one.id!r} overrides rising_weight, and RECSYS_RISING_WEIGHT is 0: what"
            " rises is not followed"
        )


def _versions(bundles: BundleStore) -> frozenset[str]:
    return frozenset(info.version for info in bundles.versions())


def _found(store: Store, id: str) -> Experiment:
    found = Experiments(store.db).one(id)
    if found is None:
        raise missing("experiment")
    return found
