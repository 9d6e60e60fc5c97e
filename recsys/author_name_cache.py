"""AuthorDisplayNames: display names of the authors whom the reasons of a list can name."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import replace

from recsys.personal_list import UserState
from recsys.serving.label_names import name_of
from recsys.serving.live_state import LiveState
from recsys.store.store import Store

KEPT_SECONDS = 10.0  # that a name, or that there is none, is kept
MOST_KEPT = 100_000  # ids


class AuthorDisplayNames:
    """Names by id, kept for a few seconds; one per process, for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, str] = {}  # empty: there is no name
        self._until = 0.0  # monotonic seconds

    def named(self, store: Store, live: LiveState, state: UserState) -> UserState:
        """Return a user's state with the names of the authors of its history and its controls.

        An author without a display name is left out. StoreError when the store is unreachable.
        """
        ids = {one.value for one in state.controls if one.kind in ("author", "user")}
        ids |= _authors(live, (one.item_id for one in state.history))
        found = tuple(sorted(self._names(store, ids).items()))
        if not found:
            return state
        return replace(state, names=(*state.names, *found), mark=(state.mark, found))

    def forget(self) -> None:
        """Drop all names: the next list reads them anew."""
        with self._lock:
            self._kept.clear()

    def _names(self, store: Store, ids: set[str]) -> dict[str, str]:
        with self._lock:
            now = time.monotonic()
            if now >= self._until or len(self._kept) > MOST_KEPT:
                self._kept, self._until = {}, now + KEPT_SECONDS
            kept = self._kept
            missing = ids - kept.keys()
        if missing:
            read = store.names_of(missing)
            with self._lock:
                kept.update((id, read.get(id, "")) for id in missing)
        return {id: name for id in ids if (name := kept.get(id, ""))}


def _authors(live: LiveState, item_ids: Iterable[str]) -> set[str]:
    """Return the ids of the authors of some items; unknown items are left out."""
    if not live.label_count("author"):
        return set()
    rows, base = live.ids.rows(list(item_ids)), len(live.model)
    known = [row for row in rows if 0 <= row < base]
    codes = set(live.labels["author"][known].tolist()) if known else set()
    found = {name_of(live, "author", code) for code in codes if code >= 0}
    return found | {live.posted[row - base].author_id for row in rows if row >= base} - {""}
