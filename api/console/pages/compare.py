"""Compare: the lists of one user under two bundles, or two configurations, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from flask import Response
from pydantic import Field

from ...console_session import CONSOLE
from ...routes.request_context import about, service
from ...schemas.field_types import Id, Label, Moment, Share, Strict
from .. import recommendation_previews
from ..browser_preferences import language
from ..counterfactual_history import WhatIf
from ..other_bundle_lists import list_of_bundle
from ..page_routes import routes
from ..rendering import page
from .users import at_hand_list, unknown

TOPICS = 12  # that are compared

Weight = Annotated[float, Field(ge=0, le=100)]


class CompareQuery(Strict):
    """A user, and two sides: each a bundle and what is set otherwise."""

    user: Id | None = None
    as_of: Moment = None
    n: Annotated[int, Field(ge=1, le=100)] = 20
    a_bundle: Label | None = None
    a_personal: Share | None = None
    a_diversity: Share | None = None
    a_rising_weight: Weight | None = None
    a_flag_weight: Weight | None = None
    b_bundle: Label | None = None
    b_personal: Share | None = None
    b_diversity: Share | None = None
    b_rising_weight: Weight | None = None
    b_flag_weight: Weight | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One of two lists."""

    bundle: str  # version
    steer: dict[str, float]  # parameters of the list
    overrides: dict[str, float]  # settings


@routes.get(f"{CONSOLE}/compare", "profile", query=CompareQuery)
def compare(query: CompareQuery) -> Response:
    """Two lists of one user: moves, parts of the scores, overlap and topics."""
    at_hand = service()
    versions = at_hand.bundles.versions()
    current = at_hand.serving.version
    values: dict[str, Any] = {"versions": versions, "current": current, "query": query}
    if query.user is None:
        return page("compare.html", "Compare lists", result=None, **values)
    user_id = about(query.user)
    with at_hand.link.use() as store:
        if store.user(user_id) is None:
            return unknown(user_id)
    sides = [_side(query, name, current) for name in ("a", "b")]
    lists = [_made(one, user_id, query) for one in sides]
    return page(
        "compare.html", "Compare lists", result=_compared(lists), sides=sides, lists=lists, **values
    )


def _side(query: CompareQuery, name: str, current: str) -> Side:
    def given(*fields: str) -> dict[str, float]:
        values = {field: getattr(query, f"{name}_{field}") for field in fields}
        return {field: value for field, value in values.items() if value is not None}

    bundle = getattr(query, f"{name}_bundle") or current
    return Side(bundle, given("personal", "diversity"), given("rising_weight", "flag_weight"))


def _made(side: Side, user_id: str, query: CompareQuery) -> dict[str, Any]:
    """Return the list of a side: of the bundle in service here, else of a process of its own."""
    what_if, at_hand = WhatIf((), query.as_of), service()
    if side.bundle == at_hand.serving.version and not side.overrides:
        return at_hand_list(user_id, what_if, language(), query.n, **side.steer)
    return list_of_bundle(
        at_hand,
        side.bundle,
        user_id,
        what_if,
        language(),
        query.n,
        side.steer,
        side.overrides,
    )


def _compared(lists: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Return what two lists have in common; None where one of them could not be made."""
    if any("error" in one for one in lists):
        return None
    a, b = ([entry["item_id"] for entry in one["items"]] for one in lists)
    return {
        "jaccard": recommendation_previews.jaccard(a, b),
        "rbo": recommendation_previews.rank_biased_overlap(a, b),
        "common": len(set(a) & set(b)),
        "moves": recommendation_previews.moves(a, b),
        "only_a": set(a) - set(b),
        "topics": _topics(lists),
    }


def _topics(lists: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the share of each topic in two lists, the largest difference first."""
    counts: list[Counter[int]] = [Counter(), Counter()]
    names: dict[int, str] = {}
    for place, one in enumerate(lists):
        for entry in one["items"]:
            for topic in (entry.get("item") or {}).get("topics") or []:
                counts[place][topic["id"]] += 1
                names[topic["id"]] = topic["name"] or ", ".join(topic["titles"][:2])
    sizes = [max(len(one["items"]), 1) for one in lists]
    rows: list[dict[str, Any]] = [
        {"name": names[id], "a": counts[0][id] / sizes[0], "b": counts[1][id] / sizes[1]}
        for id in names
    ]
    return sorted(rows, key=lambda row: -max(row["a"], row["b"]))[:TOPICS]
