"""Notices in nonpersonal lists that are empty or shorter than requested."""

from __future__ import annotations

from recsys.empty_list_reasons import LIMITS, joined, matching, plain
from recsys.i18n import translate
from recsys.ranking.query import Filters
from recsys.serving.live_state import LiveState

from ..schemas.lists import PageParameters

_EMPTY = {
    "search": "No item has words close to these",
    "similar": "Nothing is known yet that is like this item",
    "trending": "Nothing was taken up lately",
    "popular": "Nothing was taken up yet",
}


def of_list(
    name: str, live: LiveState, given: PageParameters, filters: Filters, language: str, found: int
) -> str:
    """Return why a list that is the same for everybody is short; `found`: items up to its end."""
    if not found and name in _EMPTY and (filters.empty or matching(live, filters, None)):
        return translate(_EMPTY[name], language)
    parts = [plain(live, filters, None, language)]
    if given.exclude:
        parts.append(translate(LIMITS, language))
    return joined(parts, language)
