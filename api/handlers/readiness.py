"""Readiness of a process: model, store, writes, and what needs attention."""

from __future__ import annotations

from typing import Any

from recsys.errors import StoreError

from ..runtime.app_state import AppState

_LAG = 5.0  # seconds behind the store's logs from which a warning is given


def readiness(at_hand: AppState) -> dict[str, Any]:
    """Return the state as JSON knows it: ready, degraded or unavailable, and warnings."""
    serving, age, lag = at_hand.serving_or_none, at_hand.bundle_age(), at_hand.lag()
    store = _store_answers(at_hand)
    writes = store and at_hand.link.writes
    warnings = []
    if serving is None:
        warnings.append("there is no bundle: run `recsys nightly`")
    if serving is not None and at_hand.worker.refused is not None:
        warnings.append(
            f"bundle {at_hand.worker.refused} was refused, an older one is in service: see the log"
        )
    if serving is not None and (names := serving.missing_indexes):
        warnings.append(
            f"the index {' and '.join(names)} of the bundle cannot be used, so that all items are"
            " compared, which is slower: see the log; where FAISS is missing, install the extra cpu"
        )
    if at_hand.creator_floor.unmet:
        warnings.append(
            f"the creator floor of {at_hand.creator_floor.share:.0%} was not met in the last hour:"
            " no item of a new creator could be shown in most lists"
        )
    if at_hand.second.refused:
        warnings.append(
            f"bundle {at_hand.second.refused} of an experiment cannot be opened: no user is in the"
            " arm that names it; see the log"
        )
    if not store:
        warnings.append("the store cannot be reached: lists are not personal, writes are refused")
    elif not writes:
        warnings.append("the store takes no writes: they are refused, lists are served")
    if age is not None and age > 3600.0 * at_hand.settings.stale_hours:
        warnings.append("the bundle is stale")
    if lag is not None and lag > _LAG:
        warnings.append("the store's logs are read with a delay")
    status = "unavailable" if serving is None else "ready" if writes else "degraded"
    return {
        "status": status,
        "model_version": serving.version if serving else None,
        "bundle_age_hours": None if age is None else round(age / 3600.0, 3),
        "store": store,
        "writes": writes,
        "second_bundle": at_hand.second.as_json(),
        "lag_seconds": None if lag is None else round(lag, 3),
        "warnings": warnings,
    }


def _store_answers(at_hand: AppState) -> bool:
    try:
        with at_hand.link.use() as store:
            store.last_change_id()
        return True
    except StoreError:
        return False
