"""Digest: items posted while a user was away, in sections, one reason each; or why there is none.

    made = digest(recommender, user, seen, since, now)
    made.sections, made.why_not

Items are those of the user's list (their controls hold) that were created since a moment, one per
author, in the languages that the user reads, without what exposures show as seen and what the user
acted on.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from recsys.array_types import Floats
from recsys.i18n import SOURCE, counted, translate
from recsys.personal_list import ListRequest, UserState, query_of
from recsys.ranking.candidates import candidates
from recsys.ranking.filters import capped
from recsys.ranking.gbdt_rerank import best_places
from recsys.ranking.query import Filters, Query, Recommendation
from recsys.recommender import Recommender
from recsys.serving.item_popularity_from_events import DAY, HALF_LIVES
from recsys.writing.notification_texts import notification_texts

DAYS = 7.0  # that a digest looks back where nothing else is said
MOST = 10  # items
PERSONAL = 0.5  # weight of the user's score beside recent uptake; see RESULTS.md, "Digests"
LEAST = 3  # items below which there is no digest
_KNOWN = 5  # items with a language that a user acted on, from which no other language is listed
_LIVES = (HALF_LIVES.index(DAY), HALF_LIVES.index(10 * DAY))  # of recent uptake
_ONE_ACT = 0.5  # added to the uptake, so that its logarithm is finite
_POOL = 1_000  # best items by score that are compared
Section = Literal["followed", "topics", "trending", "new"]
WhyNot = Literal["", "nothing_new", "too_few"]
_SECTIONS: tuple[Section, ...] = ("followed", "topics", "trending", "new")
_TRENDING = frozenset(("trending", "rising"))
_GENERAL = frozenset(("popular", "fresh", "explore", ""))


@dataclass(frozen=True, slots=True)
class DigestItem:
    """An item that the user has missed."""

    item_id: str
    title: str
    reason: str

    @property
    def notification(self) -> dict[str, str]:
        """Texts of a notification about the item, short, medium and long."""
        return notification_texts(self.title, self.reason)


@dataclass(frozen=True, slots=True)
class DigestSection:
    """Items of one kind, the best first, under a sentence."""

    kind: Section
    text: str
    items: tuple[DigestItem, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """What a user has missed between two moments, Unix seconds."""

    since: float
    until: float
    sections: tuple[DigestSection, ...]
    why_not: WhyNot  # empty: there is a digest

    @property
    def text(self) -> str:
        """The digest as lines: each section's sentence, then titles with reasons."""
        lines: list[str] = []
        for section in self.sections:
            lines.append(section.text)
            lines += (f"- {one.title}: {one.reason}" for one in section.items)
        return "\n".join(lines)

    @property
    def sections_json(self) -> list[dict[str, Any]]:
        """The sections as JSON knows them, each item with the texts of a notification."""
        return [
            {
                "kind": section.kind,
                "text": section.text,
                "items": [
                    {
                        "item_id": one.item_id,
                        "title": one.title,
                        "reason": one.reason,
                        "notification": one.notification,
                    }
                    for one in section.items
                ],
            }
            for section in self.sections
        ]

    @property
    def item_ids(self) -> list[str]:
        """The items of all sections, in order."""
        return [one.item_id for section in self.sections for one in section.items]


def digest(
    recommender: Recommender,
    user: UserState,
    seen: Collection[str],
    since: float,
    now: float,
    most: int = MOST,
    language: str = SOURCE,
    repeat_categories: frozenset[str] = frozenset(),
) -> Digest:
    """Return the digest of a user; the engine is to be held meanwhile. `seen`: item ids."""
    request = ListRequest(
        exclude=frozenset(seen),
        filters=Filters(max_age=max(now - since, 0.0), language=_languages(recommender, user)),
        author_cap=1,
        language=language,
        now=now,
    )
    kept = _best(recommender, query_of(user, request, repeat_categories), most)
    by_section: dict[Section, list[DigestItem]] = {name: [] for name in _SECTIONS}
    for one in kept:
        by_section[_section(recommender, user, one)].append(_item(recommender, one, language))
    if len(kept) < LEAST:
        return Digest(since, now, (), "too_few" if kept else "nothing_new")
    sections = tuple(
        DigestSection(name, _sentence(name, len(items), language), tuple(items))
        for name, items in by_section.items()
        if items
    )
    return Digest(since, now, sections, "")


def _best(recommender: Recommender, query: Query, most: int) -> list[Recommendation]:
    """Return the best items of a query, by their score and by how much they are taken up of late.

    Both in standard deviations among the items that may be shown; see DESIGN.md, decision 299.
    """
    live, request = recommender.live, recommender.request(query)
    mask = recommender.open(query, request)[: request.size]
    scored = recommender.corrected(request, mask, *candidates(request, mask, _POOL))
    uptakes = [np.log(live.counters.mass(life, scored.rows) + _ONE_ACT) for life in _LIVES]
    values = PERSONAL * _standardised(scored.scores) + _standardised(np.mean(uptakes, axis=0))
    rows = scored.rows[best_places(scored.rows, values, len(scored.rows))]
    rows = rows[capped(rows, [(live.labels["author"], 1)])]
    if live.marks.free:  # of copies, the best one is enough
        rows = rows[capped(rows, [(live.marks.group, 1)])]
    return recommender.with_reasons(replace(query, n=most), scored, rows[:most])


def _standardised(values: Floats) -> Floats:
    spread = float(values.std()) if len(values) else 0.0
    centred = values - values.mean() if len(values) else values
    return np.asarray(centred / spread if spread > 0 else centred, np.float32)


def _languages(recommender: Recommender, user: UserState) -> frozenset[str]:
    """Return the languages of what a user acted on; empty: all, since too little is known."""
    live = recommender.live
    named = dict(enumerate(live.spelt("language")))
    rows = [row for one in user.history if (row := live.row(one.item_id)) >= 0]
    codes = live.labels["language"][rows].tolist() if rows else []
    known = [name for code in codes if (name := named.get(code, ""))]
    return frozenset(known) if len(known) >= _KNOWN else frozenset()


def _section(recommender: Recommender, user: UserState, one: Recommendation) -> Section:
    live = recommender.live
    author = live.document(live.row(one.item_id)).get("author_id")
    if author and author in user.follows:
        return "followed"
    if one.source in _TRENDING:
        return "trending"
    return "new" if one.source in _GENERAL or user.cold else "topics"


def _item(recommender: Recommender, one: Recommendation, language: str) -> DigestItem:
    row = recommender.live.row(one.item_id)
    reason = one.reasons[0].text if one.reasons else translate("It is new", language)
    return DigestItem(one.item_id, recommender.title(row), reason)


def _sentence(name: Section, count: int, language: str) -> str:
    if name == "followed":
        return counted(
            "{count} item by somebody whom you follow",
            "{count} items by those whom you follow",
            count,
            language,
        )
    if name == "topics":
        return counted("{count} item for you", "{count} items for you", count, language)
    if name == "trending":
        return counted(
            "{count} item that many take up", "{count} items that many take up", count, language
        )
    return counted("{count} new item", "{count} new items", count, language)
