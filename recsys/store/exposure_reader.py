"""Reading of the exposure log in the order of time: lists with what came of them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from recsys.store.database import Database
from recsys.store.exposures import NOT_CLICKS
from recsys.store.schema import exposures as _lists
from recsys.store.schema import outcomes as _outcomes

PAGE = 2_000  # lists that are read at once
REFUSALS = ("hide", "dislike", "report")
_WHOLE = ("propensity", "slot_kind", "team")


@dataclass(frozen=True, slots=True)
class ShownList:
    """A shown list; users are pseudonyms, and a session's is empty."""

    id: str
    time: float
    person: str
    bundle: str
    arms: Mapping[str, str]  # by experiment
    items: tuple[str, ...]  # ids, in the order of the places
    positions: tuple[int, ...]  # from 1
    sources: tuple[str, ...]
    clicked: frozenset[str] = frozenset()  # items of the list that something came of
    refused: frozenset[str] = frozenset()  # items of the list that were hidden, disliked, reported
    # per place, where `whole` lists are read; of places that older versions logged, None
    propensities: tuple[float | None, ...] = ()
    slot_kinds: tuple[str | None, ...] = ()
    teams: tuple[str | None, ...] = ()


def shown_lists(
    db: Database,
    since: float,
    until: float = math.inf,
    whole: bool = False,
    page: int = PAGE,
    with_users: bool = True,
) -> Iterator[ShownList]:
    """Yield the lists from a moment on, before another, in the order of time.

    `whole`: with propensities, kinds and teams of the places. `with_users`: without those of
    sessions. Each page is read by itself, so that no transaction stays open.
    """
    names = ["recommendation_id", "time", "person", "bundle", "arm", "items"]
    names += _WHOLE if whole else []
    columns = [_lists.c[name].label(f"c_{name}") for name in names]
    last = (since, "")
    while True:
        time, id = last
        later = (_lists.c.time == time) & (_lists.c.recommendation_id > id)
        query = sa.select(*columns).where(_lists.c.time >= time, (_lists.c.time > time) | later)
        if until < math.inf:
            query = query.where(_lists.c.time < until)
        if with_users:
            query = query.where(_lists.c.person != "")
        query = query.order_by(_lists.c.time, _lists.c.recommendation_id).limit(page)
        with db.read() as connection:
            rows = connection.execute(query).all()
            acts = _acts(db, connection, [row.c_recommendation_id for row in rows])
        for row in rows:
            yield _shown(row, acts.get(row.c_recommendation_id, ()), whole)
        if len(rows) < page:
            return
        last = (rows[-1].c_time, rows[-1].c_recommendation_id)


def _acts(
    db: Database, connection: sa.Connection, lists: Sequence[str]
) -> dict[str, list[tuple[str, str]]]:
    """Return (item, kind of event) of what came of some lists, by their ids."""
    if not lists:
        return {}
    query = sa.select(_outcomes.c.recommendation_id, _outcomes.c.item_id, _outcomes.c.event)
    found: dict[str, list[tuple[str, str]]] = {}
    query = query.where(db.among(_outcomes.c.recommendation_id, lists))
    for id, item, event in connection.execute(query):
        found.setdefault(id, []).append((item, event))
    return found


def _shown(row: sa.Row[Any], acts: Sequence[tuple[str, str]], whole: bool) -> ShownList:
    entries = json.loads(row.c_items)
    items = tuple(entry[0] for entry in entries)
    held = frozenset(items) if acts else frozenset()
    clicked = frozenset(item for item, event in acts if event not in NOT_CLICKS and item in held)
    refused = frozenset(item for item, event in acts if event in REFUSALS and item in held)
    more: dict[str, tuple[Any, ...]] = {}
    if whole:
        propensities, kinds, teams = (
            (None,) * len(entries) if text is None else tuple(json.loads(text))
            for text in (row.c_propensity, row.c_slot_kind, row.c_team)
        )
        more = {"propensities": propensities, "slot_kinds": kinds, "teams": teams}
    return ShownList(
        row.c_recommendation_id,
        float(row.c_time),
        row.c_person,
        row.c_bundle,
        json.loads(row.c_arm) if row.c_arm else {},
        items,
        tuple(entry[1] for entry in entries),
        tuple(entry[2] for entry in entries),
        clicked,
        refused,
        **more,
    )
