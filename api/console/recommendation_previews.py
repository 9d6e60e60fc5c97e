"""Lists for the console: those of the service, with all reasons, and not counted as shown."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from recsys.personal_list import UserState

from ..handlers.personal_list import Recommend
from ..runtime.app_state import AppState
from ..schemas.lists import SteerParameters

FIELDS = ["title", "text", "category", "author_id", "created_at", "topics"]


def preview(
    service: AppState,
    state: UserState,
    language: str,
    n: int,
    as_of: float | None = None,
    **steer: Any,
) -> dict[str, Any]:
    """Return a list as `GET /recommend?explain=1` does, for nobody's eyes but the console's.

    `as_of`: items that were created later are left out. `steer`: parameters of the list.
    """
    given: dict[str, Any] = {"n": n, "explain": True, "fields": FIELDS, **steer}
    if as_of is not None:
        given["min_age"] = max(time.time() - as_of, 0.0)
    parameters = SteerParameters.model_validate(given)
    made = Recommend(service, language).made(state, parameters, "", preview=True)
    for entry in made.answer["items"]:
        entry["parts"] = parts(entry["reasons"])
        entry["name"] = name_of(entry.get("item") or {}, entry["item_id"])
    return made.answer


def name_of(item: Mapping[str, Any], item_id: str) -> str:
    """Return what to call an item: its title, else the start of its text, else its id."""
    text = str(item.get("title") or item.get("text") or item_id)
    return text if len(text) <= 90 else text[:89] + "…"


def parts(reasons: Sequence[Mapping[str, Any]]) -> list[tuple[str, float]]:
    """Return the share of each kind of reason, the largest first: the bar of an entry."""
    found: dict[str, float] = {}
    for one in reasons:
        kind = str(one["kind"])
        found[kind] = found.get(kind, 0.0) + max(float(one["share"]), 0.0)
    ordered = sorted(found.items(), key=lambda pair: -pair[1])
    return [(kind, share) for kind, share in ordered if share > 0.001]


def moves(before: Sequence[str], after: Sequence[str]) -> dict[str, int | None]:
    """Return how many places each item of `after` has gained; None: it was not there before."""
    places = {item_id: place for place, item_id in enumerate(before)}
    return {
        item_id: places[item_id] - place if item_id in places else None
        for place, item_id in enumerate(after)
    }


def jaccard(one: Sequence[str], other: Sequence[str]) -> float:
    """Return the overlap of two lists as sets; 1 for two empty ones."""
    union = set(one) | set(other)
    return len(set(one) & set(other)) / len(union) if union else 1.0


def rank_biased_overlap(one: Sequence[str], other: Sequence[str], p: float = 0.9) -> float:
    """Return the rank-biased overlap of two lists, 0 to 1 (Webber, Moffat and Zobel 2010).

    Extrapolated from the depth of the shorter one: the overlap there is taken to go on.
    """
    depth = min(len(one), len(other))
    if not depth:
        return 1.0 if len(one) == len(other) else 0.0
    total, share = 0.0, 0.0
    for d in range(1, depth + 1):
        share = len(set(one[:d]) & set(other[:d])) / d
        total += share * p ** (d - 1)
    return (1 - p) * total + share * p**depth
