"""Follow suggestions: users and authors whom somebody may want to follow, with reasons.

    suggestions = FollowSuggestions(store, graph, popular, recommender, user, "en")
    suggestions.best(10)

Scores come from the follow graph near the user (recsys.social_network.follow_scores), from what
both took up lately, and, the more the fewer edges the user has, from the authors of the items in
their own list. Reasons tell counts from three accounts on, and no act of anybody.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from recsys.i18n import counted, translate
from recsys.personal_list import ListRequest, UserState, query_of, ranked
from recsys.ranking.query import Recommendation
from recsys.recommender import Recommender
from recsys.serving.follow_graph import FollowGraph, Numbers
from recsys.social_network.follow_scores import DEFAULT, Candidates, candidates, likeness
from recsys.social_network.popular_accounts import Popular, PopularAccounts
from recsys.store.store import Store

LEAST_COUNTED = 3  # accounts from which their count is shown
MANY = 10  # followers from which an account is called followed by many
_LISTED = 60  # items of the user's own list whose authors are candidates
_CANDIDATES = 200
_OWN_ACTS = 200  # latest acts of the user that are compared with those of others
_EDGES = 10.0  # edges of the user at which the own list and popularity count half
_POPULAR = 0.2  # of an account that is popular, beside an author of listed items
_LIKE = 0.05  # likeness from which it is a reason

FOLLOWS_YOU = "They follow you"
FOLLOWED_BY = "{count} accounts that you follow follow them"
SAME_FOLLOWEES = "You follow {count} of the same accounts"
NEAR = "Close to accounts that you follow"
ALIKE = "They take up what you take up"
TOPIC = "They write about {name}"
LISTED = "They wrote what suits you"
POPULAR = "Followed by many here"


@dataclass(frozen=True, slots=True)
class SuggestionReason:
    """Why an account is suggested."""

    kind: str  # mutual, followed_by_followees, same_followees, network, taste, topic, list, popular
    text: str
    count: int | None = None
    label: str = ""  # of a topic: its number


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An account that a user may want to follow: a user, or an author who is no user."""

    user_id: str
    author_id: str
    name: str
    score: float
    reasons: tuple[SuggestionReason, ...]


@dataclass(slots=True)
class _Found:
    """What speaks for one account, by id."""

    score: float = 0.0
    user: int = 0  # number; 0: no user of this id is known by the graph
    author: int = 0
    likeness: float = 0.0
    topics: list[int] = field(default_factory=list)  # rows of topics of listed items
    listed: bool = False
    popular: float = 0.0  # followers that count


class FollowSuggestions:
    """The suggestions of one user at one moment; the engine is to be held while `best` runs."""

    def __init__(
        self,
        store: Store,
        graph: FollowGraph | None,
        popular: PopularAccounts,
        recommender: Recommender | None,
        user: UserState,
        language: str,
    ) -> None:
        """`graph` None: it is not read yet. `recommender` None: without the user's own list."""
        self._store, self._graph, self._popular = store, graph, popular
        self._recommender, self._user, self._language = recommender, user, language
        self._number = store.user_number(user.user_id or "")
        edges = 0
        if graph is not None and self._number:
            edges = int(graph.degrees(np.array([self._number], np.int32))[0])
            edges += len(graph.authors_of(self._number))
        self.edges = edges  # follows by and of the user

    def best(self, n: int, users: bool = True, authors: bool = True) -> list[Suggestion]:
        """Return the best n accounts, best first; fewer where fewer are known."""
        found: dict[str, _Found] = {}
        closed = self._closed()
        if self._graph is not None:
            self._from_graph(self._graph, found, len(closed.difference(self._user.follows)))
        if self._recommender is not None:
            self._from_list(self._recommender, found)
        names = [id for id in found if id not in closed]
        order = sorted(names, key=lambda id: (-found[id].score, id))
        if users and authors:
            order = order[:n]
        known = self._store.known_user_ids(order)
        shown = [id for id in order if (users if id in known else authors)][:n]
        called = self._store.names_of(shown)
        return [
            Suggestion(
                id if id in known else "",
                "" if id in known else id,
                called.get(id, ""),
                round(found[id].score, 6),
                self._reasons(found[id]),
            )
            for id in shown
        ]

    def _closed(self) -> set[str]:
        """Return ids that are never suggested: followed, muted, blocked, dismissed, the user."""
        return {self._user.user_id or "", "", *self._user.follows} | {
            one.value
            for one in self._user.controls
            if one.kind in ("user", "author") and one.action in ("mute", "block", "dismiss")
        }

    def _from_graph(self, graph: FollowGraph, found: dict[str, _Found], closed: int) -> None:
        """Add accounts near the user; `closed`: how many others than followees may not be shown."""
        near = Candidates(*(np.zeros(0, kind) for kind in (np.int32, float, np.int32, float)))
        if self._number:
            near = candidates(graph, self._number, (), (), _CANDIDATES + closed)
        own = self._own_items()
        alike = self._likeness(graph, own, near.users)
        scores = near.user_scores * (1 + DEFAULT.taste_weight * alike)
        popular = self._popular.of(graph)
        (popular_users, _), (popular_authors, _) = popular
        names = self._store.user_ids([*near.users.tolist(), *popular_users.tolist()])
        for place, number in enumerate(near.users.tolist()):
            if number in names:
                found[names[number]] = _Found(
                    float(scores[place]), number, likeness=float(alike[place])
                )
        authors = self._store.author_ids([*near.authors.tolist(), *popular_authors.tolist()])
        for place, number in enumerate(near.authors.tolist()):
            if number in authors:
                one = found.setdefault(authors[number], _Found())
                one.author = number
                one.score += float(near.author_scores[place])
        self._add_popular(graph, found, own, popular, (names, authors))

    def _add_popular(
        self,
        graph: FollowGraph,
        found: dict[str, _Found],
        own: Numbers,
        popular: Popular,
        ids: tuple[Mapping[int, str], Mapping[int, str]],
    ) -> None:
        """Add popular accounts; `ids`: of users and of authors, by number."""
        (users, counts), (authors, readers) = popular
        alike = self._likeness(graph, own, users)
        most = math.log1p(max(counts.max(initial=0), readers.max(initial=0)))
        weight = _POPULAR / (1 + self.edges / _EDGES) / max(most, 1e-9)
        for numbers, amounts, likes, names, of_users in (
            (users, counts, alike, ids[0], True),
            (
                authors,
                readers,
                np.zeros(len(authors)),
                ids[1],
                False,
            ),
        ):
            for number, amount, like in zip(
                numbers.tolist(), amounts.tolist(), likes.tolist(), strict=True
            ):
                if number not in names:
                    continue
                one = found.setdefault(names[number], _Found())
                one.popular = max(one.popular, amount)
                one.likeness = max(one.likeness, like)
                one.score += weight * math.log1p(amount) * (1 + DEFAULT.taste_weight * like)
                if of_users:
                    one.user = number
                else:
                    one.author = number

    def _own_items(self) -> Numbers:
        if not self._number:
            return np.zeros(0, np.int32)
        acts = self._store.latest_acts([self._number], _OWN_ACTS)
        return np.unique(np.array([one.item for one in acts], np.int32))

    def _likeness(
        self, graph: FollowGraph, own: Numbers, users: Numbers
    ) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        acts, counts = graph.acts_of(users)
        return likeness(own, acts["item"], counts)

    def _from_list(self, recommender: Recommender, found: dict[str, _Found]) -> None:
        """Add the authors of the items in the user's own list; the first items count most."""
        query = replace(query_of(self._user, ListRequest(language=self._language)), reasons=False)
        amounts: dict[str, float] = {}
        for one in ranked(recommender, query, _LISTED)[:_LISTED]:
            author, topic = self._author_of(recommender, one)
            if not author:
                continue
            amounts[author] = amounts.get(author, 0.0) + 1 / math.log2(one.rank + 2)
            entry = found.setdefault(author, _Found())
            entry.listed = True
            if topic >= 0 and topic not in entry.topics:
                entry.topics.append(topic)
        weight = 1 / (1 + self.edges / _EDGES) / max([*amounts.values(), 1e-9])
        for author, amount in amounts.items():
            found[author].score += weight * amount

    @staticmethod
    def _author_of(recommender: Recommender, one: Recommendation) -> tuple[str, int]:
        live = recommender.live
        row = live.row(one.item_id)
        if row < 0:
            return "", -1
        topic = int(live.topics[row]) if row < len(live.topics) else -1
        return str(live.document(row).get("author_id", "")), topic

    def _reasons(self, one: _Found) -> tuple[SuggestionReason, ...]:
        """Return what speaks for an account, the strongest first; at most three."""
        found_reasons: list[SuggestionReason] = []
        if self._graph is not None and self._number and (one.user or one.author):
            found_reasons += self._network_reasons(self._graph, one)
        topics = None if self._recommender is None else self._recommender.live.model.topics
        for row in one.topics[:1] if topics is not None else ():
            name = topics.name(row) if topics is not None and row < len(topics.ids) else ""
            if name and topics is not None:
                text = translate(TOPIC, self._language, name=name)
                found_reasons.append(SuggestionReason("topic", text, label=str(topics.ids[row])))
        if one.likeness >= _LIKE:
            found_reasons.append(SuggestionReason("taste", translate(ALIKE, self._language)))
        if one.listed and not any(each.kind == "topic" for each in found_reasons):
            found_reasons.append(SuggestionReason("list", translate(LISTED, self._language)))
        if one.popular >= MANY:
            found_reasons.append(SuggestionReason("popular", translate(POPULAR, self._language)))
        if not found_reasons:
            found_reasons.append(SuggestionReason("network", translate(NEAR, self._language)))
        return tuple(found_reasons[:3])

    def _network_reasons(self, graph: FollowGraph, one: _Found) -> list[SuggestionReason]:
        own = graph.following(self._number)
        found_reasons = []
        followers = graph.followers(one.user) if one.user else graph.readers_of(one.author)
        if one.user and _holds(graph.following(one.user), self._number):
            found_reasons.append(SuggestionReason("mutual", translate(FOLLOWS_YOU, self._language)))
        by = _common(own, followers)
        if by >= LEAST_COUNTED:
            found_reasons.append(self._counted("followed_by_followees", FOLLOWED_BY, by))
        same = _common(own, graph.following(one.user)) if one.user else 0
        if same >= LEAST_COUNTED:
            found_reasons.append(self._counted("same_followees", SAME_FOLLOWEES, same))
        if not found_reasons and (by or same):
            found_reasons.append(SuggestionReason("network", translate(NEAR, self._language)))
        return found_reasons

    def _counted(self, kind: str, key: str, count: int) -> SuggestionReason:
        return SuggestionReason(kind, counted(key, key, count, self._language), count)


def _common(own: Numbers, others: Numbers) -> int:
    """Return how many numbers two ascending arrays have in common."""
    if len(own) > len(others):
        own, others = others, own
    if not len(own):
        return 0
    places = np.minimum(np.searchsorted(others, own), len(others) - 1)
    return int((others[places] == own).sum())


def _holds(numbers: Numbers, one: int) -> bool:
    place = int(np.searchsorted(numbers, one))
    return place < len(numbers) and int(numbers[place]) == one


def as_json(one: Suggestion) -> Mapping[str, object]:
    """Return a suggestion as JSON knows it; absent ids are null."""
    return {
        "user_id": one.user_id or None,
        "author_id": one.author_id or None,
        "name": one.name,
        "score": one.score,
        "reasons": [
            {
                "kind": each.kind,
                "text": each.text,
                **({"count": each.count} if each.count is not None else {}),
                **({"topic_id": int(each.label)} if each.label else {}),
            }
            for each in one.reasons
        ],
    }
