"""Handler of user profiles: interests, habits and communities derived from a history, to JSON."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from recsys.data.records import User
from recsys.explain import user_profile
from recsys.explain.filter_bubble import DAYS, bubble
from recsys.explain.user_profile import CommunityMembership, Interest
from recsys.follow_community import FollowCommunity
from recsys.follow_influence import FollowInfluence
from recsys.i18n import translate
from recsys.ranking import user_controls
from recsys.ranking.history import History, interactions
from recsys.ranking.reason_templates import named
from recsys.serving.label_names import name_of, value_of
from recsys.serving.live_state import LiveState
from recsys.serving.topic_example_titles import titles_by_row
from recsys.store.store import Store, StoredEvent
from recsys.store.user_controls import Control, blocks_by_others
from recsys.text.sentiment import model as sentiment

from ..errors import ApiError
from ..runtime.app_state import AppState
from .account_names import account_names
from .ingestion import missing
from .user_controls_export_erasure import controls_json

_EVENTS = 2_000  # latest events that a profile is made from
_LISTS = 500  # latest lists that the bubble meter reads
_TEXTS = 200  # latest comments whose tone is read
_BELIEFS = 3  # interests that are put into words
_KINDS = {"topics": "topic", "authors": "author", "categories": "category", "tags": "tag"}
_FEATURES = {
    "away": "days since you were here",
    "days": "days on which you were here",
    "events": "what you did here",
    "span": "how long you have been coming",
    "week": "days on which you were here in the last week",
    "month": "days on which you were here in the last four weeks",
    "overdue": "how long this pause is for you",
}
_TONES = {
    "negative": "What you write is mostly critical",
    "neutral": "What you write is mostly neutral",
    "positive": "What you write is mostly friendly",
}
_TRENDS = {"rising": "You like {name} more and more", "fading": "You like {name} less than you did"}


class Portrayal:
    """One user at one moment, for one answer."""

    def __init__(
        self,
        service: AppState,
        user: User,
        events: Sequence[StoredEvent],
        controls: Sequence[Control],
        language: str,
        zone: ZoneInfo,
    ) -> None:
        self.serving, self.user, self.events = service.serving, user, events
        self._service = service
        self._names: Mapping[str, str] = {}  # display names of the authors in the document, by id
        self.sentiment_scorer, self.language, self.zone = service.sentiment_scorer, language, zone
        live = self.live = self.serving.live
        done = interactions(list(events), service.comment_scorer)
        kept = user_controls.without_forgotten(live, done, controls)
        self.history = History.resolve(kept, live)
        self.hidden = user_controls.muted(live, controls, live.size)
        moments = [e.moment for e in events]
        self.times = np.array(moments, np.float64)

    def returning(self) -> dict[str, Any] | None:
        """Return how likely the user returns within a week; None where nothing is known."""
        return self._back()

    def document(self, inferences: bool = False) -> dict[str, Any]:
        """Return the profile as JSON knows it, less the controls.

        `inferences`: with what is inferred of the user's future.
        """
        found = {
            name: user_profile.interests(self.live, self.history, kind)
            for name, kind in _KINDS.items()
        }
        authors = (value_of(self.live, one.kind, one.code) for one in found["authors"])
        self._names = account_names(self._service, authors)
        communities = user_profile.belonging(self.live, self.history)
        tone, back = self._tone(), self._back() if inferences else None
        return {
            "user": self.user.user_id,
            "model_version": self.serving.version,
            "known": {
                "name": self.user.name,
                "interests": list(self.user.interests),
                "language": self.user.language,
            },
            "interests": {
                name: [self._interest(one) for one in own] for name, own in found.items()
            },
            "activity": self._activity(),
            "tone": tone,
            "communities": [self._community(one) for one in communities],
            "returning": back,
            "beliefs": [
                *self._likes(found),
                *self._belongs(communities),
                *self._returns(back),
                *self._writes(tone),
            ],
        }

    def _interest(self, one: Interest) -> dict[str, Any]:
        return {
            "value": value_of(self.live, one.kind, one.code),
            "name": self._name(one),
            "titles": titles_by_row(self.live, one.code) if one.kind == "topic" else [],
            "share": one.share,
            "usual": one.usual,
            "trend": one.trend,
            "events": one.events,
            "disliked": one.disliked,
            "because": self._items(one.because),
        }

    def _name(self, one: Interest) -> str:
        """Return what to call an interest: the display name of an author who has one."""
        name = name_of(self.live, one.kind, one.code)
        return self._names.get(name, name) if one.kind == "author" else name

    def _items(self, rows: Sequence[int]) -> list[dict[str, str]]:
        title = self.serving.recommender.title
        return [
            {"item_id": self.live.item_id(row), "title": title(row)}
            for row in rows
            if self.hidden is None or not self.hidden[row]
        ]

    def _activity(self) -> dict[str, Any]:
        kinds = Counter(event.event for event in self.events)
        found = asdict(user_profile.activity(self.times, self.zone))
        return {
            **found,
            "zone": self.zone.key,
            "hours": list(found["hours"]),
            "weekdays": list(found["weekdays"]),
            "kinds": dict(kinds.most_common()),
        }

    def _tone(self) -> dict[str, Any] | None:
        texts = [event.text for event in self.events if event.text][-_TEXTS:]
        if not texts:
            return None
        chances = self.sentiment_scorer.probabilities(texts)
        labels = Counter(sentiment.labels(chances))
        return {
            "texts": len(texts),
            "score": float(sentiment.score(chances).mean()),
            "labels": {label: labels[label] for label in sentiment.LABELS},
        }

    def _community(self, one: CommunityMembership) -> dict[str, Any]:
        return {
            "community": one.community,
            "share": one.share,
            "readers": one.readers,
            "typical": self._items(one.typical),
            "because": self._items(one.because),
        }

    def _back(self) -> dict[str, Any] | None:
        """Return the likelihood to return; None without a model or an event."""
        model, now = self.live.model.returning, self.live.counters.newest
        known = self.times[self.times <= now]
        if model is None or not len(known):
            return None
        parts = sorted(model.parts(known, now).items(), key=lambda part: -abs(part[1]))
        because = [
            {"feature": name, "text": translate(_FEATURES[name], self.language), "log_odds": value}
            for name, value in parts
        ]
        return {
            "days": 7,
            "chance": model.chance(known, now),
            "as_of": now,
            "because": because,
            "measured": dict(model.measured),
        }

    def _belief(self, key: str, because: Sequence[int] = (), **values: object) -> dict[str, Any]:
        return {"text": translate(key, self.language, **values), "because": self._items(because)}

    def _likes(self, found: dict[str, list[Interest]]) -> list[dict[str, Any]]:
        """Return what is liked beyond the usual, best first, then what is disliked."""
        every = [one for name in ("topics", "categories", "authors") for one in found[name]]
        every = [one for one in every if self._name(one)]
        liked = [one for one in every if one.events >= user_profile.LEAST and one.share > one.usual]
        liked.sort(key=lambda one: -one.share * np.log(one.share / max(one.usual, 1e-6)))
        beliefs = [
            self._belief(
                _TRENDS.get(one.trend, "You like {name}"),
                one.because,
                name=self._name(one),
            )
            for one in liked[:_BELIEFS]
        ]
        against = [one for one in every if one.disliked > 0.2 and not one.events]
        return beliefs + [
            self._belief("You do not like {name}", one.because, name=self._name(one))
            for one in against[:1]
        ]

    def _belongs(self, communities: Sequence[CommunityMembership]) -> list[dict[str, Any]]:
        if not communities or not (typical := self._items(communities[0].typical)):
            return []
        items = named([one["title"] for one in typical[:2]], 0, self.language)
        key = "Your taste is that of those who like {items}"
        return [self._belief(key, communities[0].because, items=items)]

    def _returns(self, back: dict[str, Any] | None) -> list[dict[str, Any]]:
        if back is None:
            return []
        chance = back["chance"]
        how = "will probably" if chance >= 0.6 else "may" if chance >= 0.25 else "will hardly"
        return [self._belief(f"You {how} be back within a week")]

    def _writes(self, tone: dict[str, Any] | None) -> list[dict[str, Any]]:
        if tone is None or tone["texts"] < user_profile.LEAST:
            return []
        return [self._belief(_TONES[max(tone["labels"], key=lambda k: tone["labels"][k])])]


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder
        message = f"the time zone {name} is not known here; names are as in Europe/Berlin"
        raise ApiError(409, message) from None


def inferences_of(service: AppState, user_id: str) -> dict[str, Any]:
    """Return what is inferred of a user's future; 404 for an unknown user."""
    with service.link.use() as store:
        user, controls = store.user(user_id), store.controls_of(user_id)
        events = store.history(user_id, _EVENTS, service.settings.weights.unheeded(store.kinds()))
    if user is None:
        raise missing("user")
    found = Portrayal(service, user, events, controls, "en", ZoneInfo("UTC"))
    return {"returning": found.returning()}


def _bubble(service: AppState, portrayal: Portrayal, user_id: str) -> dict[str, float] | None:
    """Return how many topics a user is shown, takes up and could have; None with too few items."""
    since = time.time() - DAYS * 86_400.0
    person = service.pseudonyms.of(user_id)
    with service.link.use():
        seen = service.link.exposures().shown_to(person, since, _LISTS)
    live = portrayal.live
    rows = np.array(live.ids.rows([item_id for item_id, _ in seen]), np.int32)
    found = bubble(live, portrayal.history, rows)
    return None if found is None else asdict(found)


def profile(
    service: AppState, user_id: str, language: str, zone: str, inferences: bool = False
) -> dict[str, Any]:
    """Return a user's profile as JSON knows it; 404 when nothing is known of such a user.

    `inferences`: with what is inferred of the user's future, their return.
    409 for a time zone that this machine does not know.
    """
    clocks = _zone(zone)
    service.see_changes()
    with service.link.use() as store:
        user, controls = store.user(user_id), store.controls_of(user_id)
        unseen = blocks_by_others(store.ties_of(user_id).blocked_by)
        events = store.history(user_id, _EVENTS, service.settings.weights.unheeded(store.kinds()))
        follows = store.follows_of(user_id)
        network = _follow_network(service, store, user_id)
    if user is None:
        raise missing("user")
    every = [*controls, *unseen]
    portrayal = Portrayal(service, user, events, every, language, clocks)
    found = portrayal.document(inferences) | {"bubble": _bubble(service, portrayal, user_id)}
    listed = controls_json(service, controls)
    names = account_names(service, (one.author_id or one.followed_user_id for one in follows))
    named_follows = [
        {**asdict(one), "name": names.get(one.author_id or one.followed_user_id, "")}
        for one in follows
    ]
    return {**found, **network, "follows": named_follows, "controls": listed}


def _follow_network(service: AppState, store: Store, user_id: str) -> dict[str, Any]:
    """Return the community of follows, and the user's influence in it, as JSON knows them.

    The community is None where it is not known or too small.
    """
    answer: dict[str, Any] = {"follow_community": None, "follow_influence": []}
    graph, serving = service.follow_graph(), service.serving_or_none
    number = store.user_number(user_id)
    if graph is None or serving is None or not number:
        return answer
    live = serving.live
    least = max(user_profile.FEWEST, service.settings.min_people)
    unseen = graph.blocked(number) | store.muted_users(user_id)
    moved = FollowInfluence.of(graph, store, live, number, unseen, least)
    answer["follow_influence"] = [
        {
            "value": value_of(live, moved.kind, one.topic),
            "name": name_of(live, moved.kind, one.topic),
            "score": round(one.score, 4),
            "after": one.after,
            "before": one.before,
            "followers": one.followers,
        }
        for one in moved.found
    ]
    found = FollowCommunity.of(graph, store, live, number, unseen, least)
    return answer if found is None else {**answer, "follow_community": _community(live, found)}


def _community(live: LiveState, found: FollowCommunity) -> dict[str, Any]:
    return {
        "users": found.users,
        "topics": [
            {
                "value": value_of(live, found.kind, code),
                "name": name_of(live, found.kind, code),
                "users": users,
            }
            for code, users in found.labels
        ],
    }
