"""/fairness and /creators: exposure by creator and group, and what a creator is told."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np

from recsys.fairness.exposure_report import DAYS, REPORT

from ..handlers.ingestion import missing
from ..http.endpoint_declaration import Routes
from ..schemas.fairness import CreatorReport, ExposureReport
from .request_context import about, service

routes = Routes("fairness")

_NONE: dict[str, Any] = {
    "at": None,
    "days": DAYS,
    "lists": 0,
    "creators": 0,
    "gini": 0.0,
    "top_share": 0.0,
    "unseen": 0.0,
    "new_creators": 0,
    "new_share": 0.0,
    "groups": [],
    "worst": None,
    "popularity": None,
    "flag_errors": [],
    "tone_errors": [],
}


@routes.get(
    "/fairness", "metrics", answers=ExposureReport, unaudited="shares of groups name no user"
)
def report() -> dict[str, Any]:
    """How exposure falls on creators and groups of items, as the last night has counted it."""
    with service().link.use() as store:
        kept = store.get_note(REPORT)
    return _NONE if kept is None else _NONE | json.loads(kept)


@routes.get(
    "/creators/<id:author_id>/report",
    "profile",
    own="path.author_id",
    answers=CreatorReport,
    fails=(404,),
)
def of_creator(author_id: str) -> dict[str, Any]:
    """How often a creator's items were shown in the last 28 days, and with what uptake.

    Nothing of fewer than 20 people; no other creator is named. With a token a user reads the report
    of the creator who has their id.
    """
    from recsys.fairness.creator_report import creator_report  # here: few workers need it

    service().see_changes()
    serving, now = service().serving, time.time()
    about(author_id)
    live = serving.live
    codes = live.codes("author", author_id)
    if not codes:
        raise missing("creator")
    size = live.size
    mine = np.isin(live.labels["author"][:size], codes) & ~live.gone[:size]
    rows = np.flatnonzero(mine).tolist()
    topics = live.model.topics
    own = {
        live.item_id(row): topics.name(int(live.topics[row]))
        if topics is not None and live.topics[row] >= 0
        else ""
        for row in rows
    }
    with service().link.use() as store:
        return {"author_id": author_id, **creator_report(store.db, own, now)}
