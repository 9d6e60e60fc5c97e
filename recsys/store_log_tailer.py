"""LogTailer: applies the store's logs since training to a live state."""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from recsys.data.manifest_number_bounds import SECONDS
from recsys.errors import BundleError
from recsys.safety.comment_dampening import CommentDampener
from recsys.serving.live_event import LiveEvent
from recsys.serving.live_state import LiveState
from recsys.serving.live_state_updates import Withdrawals, acts_of, apply_change, with_returning
from recsys.store.store import ItemChange, Store, StoredEvent
from recsys.text.sentiment.scorer import SentimentScorer

Row = TypeVar("Row")
EventReader = Callable[[Store, int, int], Sequence[StoredEvent]]
log = logging.getLogger("recsys.api")

_CHUNK = 2_000  # rows of a log read at once
_STRIDE = 200  # rows applied at once at most
_IDS = 2**63  # ids of rows lie below it
_HOLD = 0.01  # seconds that rows are applied before a request that waits may go on
_REST = 0.001  # seconds in which it may


class LogTailer:
    """One reader of the two logs, for one live state; `follow` may be called by any thread."""

    def __init__(
        self,
        live: LiveState,
        manifest: Mapping[str, Any],
        sentiment_scorer: SentimentScorer | None = None,
    ) -> None:
        self.live = live
        self.sentiment_scorer = sentiment_scorer  # None: the tone of comments counts for nothing
        self.comment_dampener = CommentDampener()
        self.ranking = threading.Lock()  # held while lists are ranked, and while rows are applied
        self.last_event = _number(manifest, "last_event_id")
        self.last_change = _number(manifest, "last_change_id")
        self._night = self.last_event  # the last event that the bundle knows
        self.cutoff = _cutoff(manifest) or live.model.cutoff
        self.items = 0  # moves whenever an item came, changed or went
        self.stamp: int | None = None  # the store's change stamp at the last look
        self.looked = 0.0  # monotonic seconds of the last look
        self.withdrawals = Withdrawals(live, sentiment_scorer, self.last_event)
        self._lock = threading.Lock()

    def follow(
        self,
        store: Store,
        stamp: int | None = None,
        events: bool = True,
        read: EventReader = Store.events_after,
    ) -> int:
        """Read on to the end of both logs; return how many rows were new.

        `read`: reads events; see recsys.store.shared_log_tail.
        """
        with self._lock:
            count = self._items(store)
            if events:
                count += self._events(store, read)
                self.stamp = stamp
            self.looked = time.monotonic()
        return count

    def _items(self, store: Store) -> int:
        count = 0
        while changes := store.item_changes_after(self.last_change, _CHUNK):
            self._apply(changes, self._apply_changes)
            self.last_change = changes[-1].id
            self.items += 1
            count += len(changes)
            if len(changes) < _CHUNK:
                break
        return count

    def _apply(self, rows: Sequence[Row], apply: Callable[[Sequence[Row]], None]) -> None:
        """Apply rows, as many at once as take about `_HOLD`; a posted item takes a millisecond."""
        start, stride = 0, _STRIDE // 25
        while start < len(rows):
            begun = time.monotonic()
            with self.ranking:
                apply(rows[start : start + stride])
            took = time.monotonic() - begun
            start += stride
            if start < len(rows):
                time.sleep(_REST)
                stride = max(1, min(_STRIDE, int(stride * _HOLD / max(took, 1e-6))))

    def _apply_changes(self, changes: Sequence[ItemChange]) -> None:
        for change in changes:
            self._apply_change(change)

    def _apply_change(self, change: ItemChange) -> None:
        try:
            apply_change(self.live, change)
        except Exception:  # one bad row must not stop the feed for all others
            log.exception("an item change was passed over", extra={"change": change.id})

    def _events(self, store: Store, read: EventReader) -> int:
        count = 0
        while events := read(store, self.last_event, _CHUNK):
            self._apply(events, functools.partial(self._apply_events, store))
            self.last_event = events[-1].id
            count += len(events)
            if len(events) < _CHUNK:
                break
        return count

    def _apply_events(self, store: Store, events: Sequence[StoredEvent]) -> None:
        try:
            acts = acts_of(
                events, self.sentiment_scorer, self.comment_dampener, self.live.account_mix
            )
        except Exception:  # what cannot be read counts whole and has no tone
            log.exception("comments were passed over", extra={"event": events[0].id})
            acts = [
                LiveEvent(e.item_id, e.event, e.value, e.moment, 0.0, e.user_id) for e in events
            ]
        events, acts = self.withdrawals.apply(store, events, acts)
        acts = with_returning(events, acts, self.live, self._night, store.events_between)
        try:
            self.live.add_events(acts)
        except Exception:  # nothing of them is counted yet: see LiveState.add_events
            log.exception("events are counted one by one", extra={"event": events[0].id})
            for event, act in zip(events, acts, strict=True):
                self._apply_event(event.id, act)

    def _apply_event(self, number: int, act: LiveEvent) -> None:
        try:
            self.live.add_events([act])
        except Exception:  # one bad row must not stop the feed for all others
            log.exception("an event was passed over", extra={"event": number})


def _cutoff(manifest: Mapping[str, Any]) -> float:
    """Return the time of the last event that the night knew, Unix seconds; 0 where none is told."""
    try:
        return SECONDS.check("cutoff", manifest.get("cutoff", 0.0))
    except (TypeError, ValueError) as error:
        raise BundleError(f"the manifest of bundle {manifest.get('version')}: {error}") from error


def _number(manifest: Mapping[str, Any], name: str) -> int:
    """Return a log position that the night left in the manifest; 0, the start, when it did not."""
    value = manifest.get(name)
    return value if isinstance(value, int) and 0 <= value < _IDS else 0
