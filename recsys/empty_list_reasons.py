"""Notices: reasons why a list is empty or shorter than requested, in the user's language."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from recsys.data.unrecorded_items import NEEDED
from recsys.i18n import translate
from recsys.ranking.filters import allowed
from recsys.ranking.query import Filters, Query
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState

NOTHING = "There are no items yet"
UNRECORDED = (
    "Items known from events alone: {count}; where they may be listed, each needs {people} "
    "different people"
)
NO_MATCH = "No item matches these filters"
NO_WHERE = "No item matches where={where}"
FEW_MATCH = "Only {count} of {all} items match these filters"
MUTED = "You muted {count} of {all} items; GET /users/<user>/profile lists your controls"
SEEN = "You have already seen or used {count} of {all} items"
SEEN_ALL = "You have already seen or used all {all} items; repeat=1 lists some of them again"
OWN = "{count} of {all} items are your own posts; own=1 lists them too"
COPIES = "Of copies of the same item only one is listed"
LIMITS = "exclude=, impressions= or caps leave out the rest"
END = "This is the end of the list"


def personal(
    recommender: Recommender, query: Query, first: bool, chosen: str = "", seen_too: bool = False
) -> str:
    """Return why a personal list has no more items; `first`: on its first page.

    `chosen`: what the items are of which the list was made, where the caller's filters do not say
    it. `seen_too`: the list holds what the user has seen as well.
    """
    live, language = recommender.live, query.language
    found = chosen or plain(live, query.filters, query.now, language)
    if not matching(live, query.filters, query.now):
        return found
    request = recommender.request(query)
    size = request.size
    there = allowed(live, query.filters, _now(query.now))[:size]
    count = int(there.sum())
    parts = [found] if not query.filters.empty else []
    seen = np.zeros(size, bool)
    seen[request.seen[request.seen < size]] = True
    if request.repeats is not None:
        seen[request.repeats.rows] = False
    if seen_too:
        seen[:] = False
    out = request.muted if request.muted is not None else np.zeros(size, bool)
    own = recommender.own(query, size) if query.author else np.zeros(size, bool)
    left = [
        (int((there & mask).sum()), key)
        for key, mask in ((SEEN, seen), (MUTED, out[:size]), (OWN, own))
    ]
    for some, key in sorted(left, key=lambda one: -one[0]):
        if some:
            whole = key == SEEN and some == count and query.filters.empty and not query.repeat
            parts.append(translate(SEEN_ALL if whole else key, language, count=some, all=count))
    if live.marks.free and (there & (live.marks.group[:size] >= 0)).any():
        parts.append(translate(COPIES, language))
    if query.exclude or query.author_cap is not None or query.category_cap is not None:
        parts.append(translate(LIMITS, language))
    if not parts or not first:
        parts.append(translate(END, language))
    return joined(parts, language)


def plain(live: LiveState, filters: Filters, now: float | None, language: str) -> str:
    """Return why a list that is the same for everybody has no more items."""
    whole = int(live.listed().sum())
    if not whole:
        waiting = int((~live.listing.recorded[: live.size]).sum())
        key = UNRECORDED if waiting else NOTHING
        return translate(key, language, count=waiting, people=NEEDED)
    if filters.empty:
        return translate(END, language)
    if count := matching(live, filters, now):
        return translate(FEW_MATCH, language, count=count, all=whole)
    without, alone = replace(filters, where=()), Filters(where=filters.where)
    if filters.where and (matching(live, without, now) or not matching(live, alone, now)):
        return translate(NO_WHERE, language, where=",".join(map(str, filters.where)))
    return translate(NO_MATCH, language)


def matching(live: LiveState, filters: Filters, now: float | None) -> int:
    """Return how many items filters admit; `now`: None for the clock."""
    return int(allowed(live, filters, _now(now)).sum())


def _now(now: float | None) -> float:
    return time.time() if now is None else now


def joined(parts: list[str], language: str) -> str:
    """Return sentences as one."""
    found = parts[-1]
    for part in reversed(parts[:-1]):
        found = translate("{first}; {rest}", language, first=part, rest=found)
    return found
