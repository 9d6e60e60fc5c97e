"""JSON of event kinds: the known kinds, and counts of stored events of unknown kinds."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from typing import Any

from recsys.data.event_kind_weights import EventWeights
from recsys.data.event_kinds import TABLE, find
from recsys.store.store import Store


class KindCounts:
    """How many events of each kind a store holds; each is counted once per process."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._last = 0  # id of the last event that is counted
        self._lock = threading.Lock()

    def unknown(self, store: Store, weights: EventWeights) -> list[dict[str, object]]:
        """Return the kinds that nothing names, with counts; nothing is read where none came."""
        if not weights.unknown(dict.fromkeys(store.kinds(), 1)):
            return []
        with self._lock:
            last = store.last_event_id()
            if last > self._last:
                self._counts.update(store.kind_counts(self._last))
                self._last = last
            return weights.unknown_kinds(self._counts)


def known_kinds(weights: EventWeights) -> list[dict[str, Any]]:
    """Return a row per kind of the table and the settings, then those that withdraw acts."""
    rows = [_row(weights, kind.name, kind.synonyms) for kind in TABLE]
    rows += [_row(weights, name, ()) for name in weights.kinds if find(name) is None]
    for kind in TABLE:
        if weights.of_kind(kind.name):
            rows.append(_row(weights, f"un{kind.name}", kind.withdrawn_by))
    return rows


def _row(weights: EventWeights, name: str, synonyms: Iterable[str]) -> dict[str, Any]:
    meaning = weights.meanings[name]
    return {
        "event": name,
        "weight": meaning.weight,
        "act": bool(meaning.weight) or meaning.rates,
        "explicit": meaning.explicit,
        "synonyms": list(synonyms),
        "withdraws": meaning.withdraws or None,
    }
