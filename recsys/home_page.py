"""Home page: ordered rows of one user's lists without repeated items.

Each row is a list that other routes make too (personal, similar, latest), reduced to what the user
may be shown. `recsys.home_row_pages` assigns the items to pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from recsys.array_types import Mask, Rows
from recsys.home_row_pages import HomeRow
from recsys.i18n import translate
from recsys.personal_list import UserState, ranked
from recsys.ranking import nonpersonal_lists, user_controls
from recsys.ranking.history import History
from recsys.ranking.new_item_places import ReservedPlaces
from recsys.ranking.new_voices import NewVoices
from recsys.ranking.pinned_items import PinnedPlace, with_pins, without_items
from recsys.ranking.query import Filters, Query, Reason, Recommendation
from recsys.ranking.reason_templates import SENTENCES, UNNAMED, named, sentence
from recsys.ranking.request_scorer import Request
from recsys.recommender import Recommender
from recsys.serving.topic_example_titles import titles_of_unnamed
from recsys.store.user_controls import Control

KINDS = (
    "for_you",
    "because_you_liked",
    "new_in_topics",
    "rising",
    "followed",
    "something_else",
)
TITLES = {
    "for_you": "For you",
    "popular": "Popular here",  # for a user of whom nothing is known
    "because_you_liked": "Because you liked {items}",
    "new_in_topics": "New in topics you follow",
    "new_in_topics_read": "New in topics you read",
    "new_in_topic": "New in {name}",
    "rising": "Rising now",
    "followed": "From people you follow",
    "something_else": "Something else",
}
REASONS = {
    "for_you": "Chosen by what you did here",
    "new_in_topics": "You follow these topics",
    "new_in_topics_read": "You read these topics most",
    "followed": "The newest by those you follow",
    "something_else": "Outside the topics that you read most",
}
LIKED_ROWS = 2  # rows about items of the history, at most
TOPICS = 3  # of the history, where the user follows none
SHARE = 0.2  # of a history that a topic holds at least, to be one that is read
DEEPEST = 1_000  # items of a row that are looked at


class HomePage:
    """The rows of one user at one moment."""

    def __init__(
        self,
        recommender: Recommender,
        user: UserState,
        query: Query,
        reserved: ReservedPlaces | None = None,
        pins: Sequence[PinnedPlace] = (),
        voices: NewVoices | None = None,
    ) -> None:
        """`query`: of the user's personal list, with its filters; see `personal_list.query_of`.

        `pins`: of the first row; those of items that may not be shown are passed over.
        `voices`: gives places for new creators in the rows that are ranked for the user.
        """
        self.recommender, self.user, self.query = recommender, user, query
        self.reserved, self.voices = reserved, voices
        self.request: Request = recommender.request(query)
        self.mask: Mask = recommender.open(query, self.request)[: self.request.size]
        self.pins = [pin for pin in pins if self._shows(pin.item_id)]

    def rows(self, depth: int) -> list[HomeRow]:
        """Return the rows that have items, in their order, each with `depth` items at most.

        First what is ranked for the user, last what is unlike it; between these the row whose first
        items have the highest mean score for the user. Rows of equal scores stay in this order.
        """
        depth = min(depth, DEEPEST)
        middle = [
            *self._because(depth),
            self._new_in_topics(depth),
            self._rising(depth),
            self._followed(depth),
        ]
        middle = [row for row in middle if row.items]
        middle.sort(key=self._appeal, reverse=True)
        found = [self._for_you(depth), *middle, self._something_else(depth)]
        return [row for row in found if row.items]

    def row(self, key: str, depth: int) -> HomeRow | None:
        """Return the row of a key, with items or without; None for a key that no row can have."""
        kind, _, about = key.partition(":")
        depth = min(depth, DEEPEST)
        if kind == "because_you_liked":
            row = self.recommender.live.row(about)
            return self._liked(row, depth) if row >= 0 else None
        made = {
            "for_you": self._for_you,
            "new_in_topics": self._new_in_topics,
            "rising": self._rising,
            "followed": self._followed,
            "something_else": self._something_else,
        }
        return made[kind](depth) if kind in made and not about else None

    def _for_you(self, depth: int) -> HomeRow:
        query = without_items(self.query, self.pins)
        items = ranked(self.recommender, query, depth, self.reserved, self.voices)[:depth]
        items = with_pins(items, self.pins, query.language)[:depth]
        if self.user.cold:
            return self._made("for_you", TITLES["popular"], SENTENCES["popular"], items)
        return self._made("for_you", TITLES["for_you"], REASONS["for_you"], items)

    def _because(self, depth: int) -> list[HomeRow]:
        """Return rows about the latest items that the user liked, as many as have items."""
        history, found = self.request.history, list[HomeRow]()
        liked = history.rows[history.weights > 0][::-1]
        for row in liked[: 5 * LIKED_ROWS].tolist():
            if len(found) < LIKED_ROWS and self._tellable(row):
                made = self._liked(row, depth)
                found += [made] if made.items else []
        return found

    def _liked(self, row: int, depth: int) -> HomeRow:
        live, language = self.recommender.live, self.query.language
        item_id = live.item_id(row)
        items = nonpersonal_lists.similar(live, item_id, DEEPEST, self.query.filters, language)
        titles = named([self.recommender.title(row)], 0, language)
        title = translate(TITLES["because_you_liked"], language, items=titles)
        reason = items[0].reasons[0].text if items else ""
        found = self._made("because_you_liked", "", "", self._open(items, depth))
        return replace(
            found, key=f"because_you_liked:{item_id}", title=title, reason=reason, item_id=item_id
        )

    def _tellable(self, row: int) -> bool:
        """Return whether an item of the history may be named: it is not muted, and not gone."""
        muted, gone = self.request.muted, self.recommender.live.gone
        return not gone[row] and not (muted is not None and row < len(muted) and muted[row])

    def _new_in_topics(self, depth: int) -> HomeRow:
        live, language = self.recommender.live, self.query.language
        followed = [
            (c.kind, c.value)
            for c in self.user.controls
            if c.action == "boost" and c.kind in ("topic", "category", "tag")
        ]
        topics = followed or [("topic", str(id)) for id in self._topics_read()]
        found: dict[str, Recommendation] = {}
        for kind, value in topics:
            if (own := _labelled(self.query.filters, kind, value)) is None:
                continue
            for one in nonpersonal_lists.latest(live, DEEPEST, own, language):
                found.setdefault(one.item_id, one)
        items = sorted(found.values(), key=lambda one: -one.score)
        words = "new_in_topics" if followed else "new_in_topics_read"
        row = self._made("new_in_topics", TITLES[words], "", self._open(items, depth))
        name = self._name(*topics[0]) if len(topics) == 1 else ""
        if name:
            title = translate(TITLES["new_in_topic"], language, name=name)
            reason = translate(UNNAMED["topic"], language, name=name)
            return replace(row, title=title, reason=reason)
        return replace(row, reason=translate(REASONS[words], language))

    def _name(self, kind: str, value: str) -> str:
        """Return what to call a topic, category or tag; titles stand for a topic without a name."""
        live = self.recommender.live
        name = user_controls.name_of(live, Control(0, "boost", kind, value, 0.0))
        if kind != "topic" or name not in ("", value):
            return name
        titles = titles_of_unnamed(live, value)
        return named(titles[:2], 0, self.query.language) if titles else ""

    def _topics_read(self) -> list[int]:
        """Return the ids of the topics that hold most of the history, the largest share first."""
        live, history = self.recommender.live, self.request.history
        if live.model.topics is None or not len(history):
            return []
        codes, weights = live.topics[history.rows], np.maximum(history.weights, 0)
        total = np.bincount(codes[codes >= 0], weights[codes >= 0], len(live.model.topics.ids))
        order = np.argsort(-total, kind="stable")[:TOPICS]
        least = SHARE * float(weights.sum())
        return [live.model.topics.ids[at] for at in order.tolist() if total[at] >= least > 0]

    def _rising(self, depth: int) -> HomeRow:
        table, live = self.recommender.risen.now(), self.recommender.live
        items: list[Recommendation] = []
        if table is not None:
            strengths = table.strengths(table.followed(self.request.history), _every(self.mask))
            rows = np.flatnonzero(strengths > 0)
            rows = rows[np.lexsort((rows, -strengths[rows]))]
            reason = Reason("rising", 1.0, sentence("rising", language=self.query.language))
            items = [
                Recommendation(live.item_id(row), float(strengths[row]), 1, "rising", (reason,))
                for row in rows.tolist()
            ]
        items = self._open(items, depth)
        return self._made("rising", TITLES["rising"], SENTENCES["rising"], items)

    def _followed(self, depth: int) -> HomeRow:
        boosted = [c.value for c in self.user.controls if (c.action, c.kind) == ("boost", "author")]
        authors = frozenset([*self.user.follows, *boosted])
        filters, items = self.query.filters, list[Recommendation]()
        if filters.author:
            authors &= filters.author
        if authors:
            own = replace(filters, author=authors)
            items = nonpersonal_lists.latest(
                self.recommender.live, DEEPEST, own, self.query.language
            )
        items = self._open(items, depth)
        return self._made("followed", TITLES["followed"], REASONS["followed"], items)

    def _something_else(self, depth: int) -> HomeRow:
        """Return the personal list without the topics, else categories, that are read most."""
        history, filters = self.request.history, self.query.filters
        own = frozenset(self._topics_read())
        without = replace(filters, not_topic=filters.not_topic | own)
        if not own:
            names = _categories(self.recommender, history)
            without = replace(filters, not_category=filters.not_category | names)
        items: Sequence[Recommendation] = ()
        if without != filters:
            query = replace(self.query, filters=without)
            items = ranked(self.recommender, query, depth, voices=self.voices)[:depth]
        return self._made(
            "something_else", TITLES["something_else"], REASONS["something_else"], items
        )

    def _open(self, items: Iterable[Recommendation], depth: int) -> list[Recommendation]:
        """Return the first items of a list that the user may be shown."""
        found = list[Recommendation]()
        for one in items:
            if self._shows(one.item_id):
                found.append(one)
                if len(found) == depth:
                    break
        return found

    def _shows(self, item_id: str) -> bool:
        """Return whether an item may be shown to the user."""
        row = self.recommender.live.row(item_id)
        return 0 <= row < len(self.mask) and bool(self.mask[row])

    def _made(self, kind: str, title: str, reason: str, items: Sequence[Recommendation]) -> HomeRow:
        language = self.query.language
        title = translate(title, language) if title else ""
        reason = translate(reason, language) if reason else ""
        return HomeRow(kind, kind, title, reason, _SOURCES[kind], tuple(items))

    def _appeal(self, row: HomeRow) -> float:
        """Return the mean score, for the user, of the first items of a row."""
        live = self.recommender.live
        rows: Rows = np.array([live.row(one.item_id) for one in row.items[:_JUDGED]], np.int32)
        return float(self.request.scores(rows).mean())


_SOURCES = {
    "for_you": "recommend",
    "because_you_liked": "similar",
    "new_in_topics": "latest",
    "rising": "rising",
    "followed": "latest",
    "something_else": "recommend",
}
_JUDGED = 5  # items of a row by which it is ordered


def _labelled(filters: Filters, kind: str, value: str) -> Filters | None:
    """Return filters for what has a label besides; None where they admit nothing of it."""
    if kind == "topic":
        number = int(value) if value.isascii() and value.isdecimal() else -1
        if filters.topic and number not in filters.topic:
            return None
        return replace(filters, topic=frozenset({number}))
    held = filters.tags if kind == "tag" else filters.category
    if held and value not in held:
        return None
    one = frozenset({value})
    return replace(filters, tags=one) if kind == "tag" else replace(filters, category=one)


def _categories(recommender: Recommender, history: History) -> frozenset[str]:
    """Return the categories that each hold a good part of a history."""
    live, weights = recommender.live, np.maximum(history.weights, 0)
    codes = live.labels["category"][history.rows]
    known = codes >= 0
    total = np.bincount(codes[known], weights[known]) if known.any() else np.zeros(0)
    most = set(np.flatnonzero(total >= max(SHARE * float(weights.sum()), 1e-9)).tolist())
    return frozenset(one for one in live.spelt("category") if live.code("category", one) in most)


def _every(mask: Mask) -> Rows:
    return np.arange(len(mask), dtype=np.int32)
