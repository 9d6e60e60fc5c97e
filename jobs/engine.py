"""The engine as the service runs it, for commands: bundle, store, and what happened since."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys.bundle import RawBundle
from recsys.bundle_store import BundleStore
from recsys.data.pasts import Past, Pasts
from recsys.data.store import Store
from recsys.ranking.history import interactions
from recsys.ranking.query import Interaction, Query, Recommendation
from recsys.recommender import Recommender
from recsys.safety.chatter import Chatter
from recsys.state.following import acts_of, apply_change, with_returning
from recsys.state.live import LiveState
from recsys.state.model import Model
from recsys.state.watch import Watch
from recsys.text.tones import Tones

from .settings import Settings

_CHUNK = 2_000  # rows of a log read at once


@dataclass(frozen=True, slots=True)
class Engine:
    """A recommender over the current bundle, brought up to date from the store."""

    store: Store
    recommender: Recommender
    tones: Tones | None  # None: the tone of comments counts for nothing
    repeat_categories: frozenset[str] = frozenset()  # whose items lists may hold again

    def history(self, user: str) -> tuple[Interaction, ...]:
        """Return what a person did, oldest first, as the service reads it."""
        return interactions(self._past(user).events, self.tones)

    def _past(self, user: str) -> Past:
        return Pasts(self.recommender.live.weights).of(self.store, user)

    def recommend(self, user: str, n: int, explain: bool = False) -> list[Recommendation]:
        """Return what `GET /recommend/<user>` would."""
        known = self.store.user(user)
        interests = known.interests if known is not None else ()
        past = self._past(user)
        query = Query(
            history=interactions(past.events, self.tones),
            taken=past.taken,
            follows=self.store.followed(user),
            author=user,
            repeat_categories=self.repeat_categories,
            n=n,
            explain=explain,
            interests=tuple(interests),
            controls=tuple(self.store.controls_of(user)),
        )
        return self.recommender.recommend(query)

    def title(self, item_id: str) -> str:
        """Return what to call an item."""
        live = self.recommender.live
        row = live.row(item_id)
        return self.recommender.title(row) if row >= 0 else item_id


def open_bundle(home: Path) -> tuple[RawBundle, Model]:
    """Return the newest bundle that this version of the code can read, and its model."""
    return BundleStore(home).load_current(lambda raw: (raw, Model.from_raw(raw)))


@contextmanager
def open_engine(settings: Settings) -> Iterator[Engine]:
    """Open the current bundle and the store; BundleError says what to run when there is none."""
    raw, model = open_bundle(settings.home)
    live = LiveState(model, settings.weights, settings.flag_weight, settings.unrecorded_items)
    with Store.open(settings.store_url) as store:
        tones = settings.tones if settings.tone_strength else None
        _follow(live, store, tones, raw.manifest)
        watch = Watch(live)
        watch.trends(time.time())
        recommender = Recommender(live, watch=watch, rising=settings.rising_weight)
        yield Engine(store, recommender, tones, settings.repeat_categories)


def _follow(
    live: LiveState, store: Store, tones: Tones | None, manifest: Mapping[str, Any]
) -> None:
    """Read both logs of the store from where the night left them."""
    event, change = int(manifest.get("last_event_id", 0)), int(manifest.get("last_change_id", 0))
    chatter = Chatter()
    while changes := store.item_changes_after(change, _CHUNK):
        for each in changes:
            apply_change(live, each)
        change = changes[-1].id
    night = event
    while events := store.events_after(event, _CHUNK):
        acts = acts_of(events, tones, chatter)
        live.add_events(with_returning(events, acts, live, night, store.events_between))
        event = events[-1].id
