"""Application of rows of the store's logs to a live state."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from recsys.data.account_mix_anomalies import AccountMix
from recsys.data.event_kind_weights import EventWeights
from recsys.data.rating_scale import RatingScale
from recsys.safety.comment_dampening import CommentDampener
from recsys.serving.live_event import LiveEvent
from recsys.serving.live_state import LiveState
from recsys.store.events import StoredEvent
from recsys.store.items import ItemChange
from recsys.store.store import Store
from recsys.text.sentiment.scorer import SentimentScorer

WITHDRAWN = 100_000  # withdrawals since the night that are remembered


def acts_of(
    events: Sequence[StoredEvent],
    sentiment_scorer: SentimentScorer | None,
    comment_dampener: CommentDampener,
    account_mix: AccountMix | None = None,
) -> list[LiveEvent]:
    """Return events as acts; `sentiment_scorer` scores comments, None: that counts for
    nothing.

    `comment_dampener` remembers the last hour's comments: what bots repeat counts less.
    `account_mix` knows which accounts are older than the night; None: all are new.
    """
    sentiments = (
        sentiment_scorer.scores([e.text for e in events]).tolist()
        if sentiment_scorer
        else [0.0] * len(events)
    )
    return [
        LiveEvent(
            e.item_id,
            e.event,
            e.value,
            e.moment,
            sentiment,
            e.user_id,
            comment_dampener.share(e.user_id, e.text, e.moment),
            first_act=None if account_mix is None else account_mix.first_act(e.user),
        )
        for e, sentiment in zip(events, sentiments, strict=True)
    ]


def with_returning(
    events: Sequence[StoredEvent],
    acts: Sequence[LiveEvent],
    live: LiveState,
    last: int,
    known: Callable[[str, str], Sequence[StoredEvent]],
) -> list[LiveEvent]:
    """Return acts, those of users who had acted on the item before the night marked so.

    Only items without a record that need more users are looked up: `known(user, item)` gives what
    a user did to an item. `last`: the id of the last event of the night.
    """
    return [
        act._replace(returning=True)
        if act.actor is not None
        and live.listing.counts_users(live.row(act.item_id))
        and any(
            one.id <= last and live.weights.heeds(one.event, one.value)
            for one in known(event.user_id, event.item_id)
        )
        else act
        for event, act in zip(events, acts, strict=True)
    ]


def taken_back(
    event: StoredEvent, kind: str, known: Sequence[StoredEvent], weights: EventWeights
) -> list[StoredEvent]:
    """Return the acts of a kind that an event withdraws, which nothing withdrew before it.

    `known`: what the same user did to the same item. Only what arrived before the event is
    returned: it was counted. What arrives later and happened earlier is not to be counted at all.
    """
    meanings = weights.meanings
    earlier = [one for one in known if one.id < event.id]
    ends = [_place(one) for one in earlier if meanings[one.event].withdraws == kind]
    last = max(ends, default=(-math.inf, 0))
    return [
        one
        for one in earlier
        if meanings[one.event].name == kind and last < _place(one) < _place(event)
    ]


class Withdrawals:
    """What was withdrawn since the night, for one reader of the store's log of events."""

    def __init__(
        self, live: LiveState, sentiment_scorer: SentimentScorer | None, night_event: int
    ) -> None:
        self.live = live
        self.sentiment_scorer = sentiment_scorer  # None: the tone of comments counts for nothing
        self.night_event = night_event  # id of the last event that the night knew
        self._latest: dict[tuple[str, str, str], float] = {}  # user, item, kind: when at last

    def apply(
        self, store: Store, events: Sequence[StoredEvent], acts: Sequence[LiveEvent]
    ) -> tuple[Sequence[StoredEvent], list[LiveEvent]]:
        """Return events and acts, those that withdraw with what they take back.

        What happened before a withdrawal since the night and arrives after it is left out.
        """
        meanings = self.live.weights.meanings
        if not self._latest and not any(meanings[one.event].withdraws for one in events):
            return events, list(acts)
        found = []
        for event, act in zip(events, acts, strict=True):
            meaning = meanings[event.event]
            key = (event.user_id, event.item_id, meaning.withdraws or meaning.name)
            if meaning.withdraws:
                act = act._replace(withdrawn=self._taken_back(store, event, meaning.withdraws))
                self._latest[key] = max(event.moment, self._latest.pop(key, event.moment))
                if len(self._latest) > WITHDRAWN:
                    del self._latest[next(iter(self._latest))]
            if meaning.withdraws or event.moment >= self._latest.get(key, event.moment):
                found.append((event, act))
        return [event for event, _ in found], [act for _, act in found]

    def _taken_back(self, store: Store, event: StoredEvent, kind: str) -> tuple[LiveEvent, ...]:
        known = store.events_between(event.user_id, event.item_id)
        live = self.live
        back = taken_back(event, kind, known, live.weights)
        if not back:
            return ()
        acts = acts_of(back, self.sentiment_scorer, CommentDampener())
        withdrawn = [one for one in back if one.text or one.value is not None]
        if old := [one for one in withdrawn if one.id <= self.night_event]:
            before = all_events(store, event.user_id, self.night_event)
            scale = live.model.rating_scale
            counted = counted_weights(old, before, self.sentiment_scorer, live.weights, scale)
            both = zip(acts, back, strict=True)
            acts = [act._replace(counted=counted.get(one.id)) for act, one in both]
        return tuple(acts)


def all_events(store: Store, user_id: str, last: int) -> list[StoredEvent]:
    """Return all events of a user up to an id, by id."""
    found: list[StoredEvent] = []
    while page := store.events_of(user_id, found[-1].id if found else 0):
        found += [one for one in page if one.id <= last]
        if len(found) == 0 or page[-1].id > last:
            break
    return found


def counted_weights(
    old: Sequence[StoredEvent],
    before: Sequence[StoredEvent],
    sentiment_scorer: SentimentScorer | None,
    weights: EventWeights,
    scale: RatingScale,
) -> dict[int, float]:
    """Return the weights that a night gave some events of one user, by event id.

    `before`: all events of the user that the night knew, `scale`: that of the night. A rating is
    weighed by the user's mean. Of the shares of repeated comments, those of this user's own
    comments are known; a text that other users repeat counts whole here.
    """
    comment_dampener = CommentDampener()
    shares = {
        one.id: comment_dampener.share(one.user_id, one.text, one.moment)
        for one in sorted(before, key=lambda one: one.moment)
    }
    ratings = [
        float(one.value)
        for one in before
        if one.value is not None and weights.rates(one.event, one.value)
    ]
    sentiments = (
        sentiment_scorer.scores([one.text for one in old]).tolist()
        if sentiment_scorer
        else [0.0] * len(old)
    )
    found = {}
    for one, sentiment in zip(old, sentiments, strict=True):
        weight = weights.of_event(one.event, one.value)
        if one.value is not None and weights.rates(one.event, one.value):
            weight = weights.of_rating(one.value, sum(ratings), len(ratings), scale)
        found[one.id] = shares.get(one.id, 1.0) * weights.with_sentiment(
            one.event, weight, sentiment
        )
    return found


def _place(event: StoredEvent) -> tuple[float, int]:
    return event.moment, event.id


def apply_change(live: LiveState, change: ItemChange) -> None:
    """Make an item live as it is now, or take it out of sight."""
    if change.state == "live" and change.item is not None:
        live.add_item(change.item, change.recorded)
    else:
        live.remove_item(change.item_id)
