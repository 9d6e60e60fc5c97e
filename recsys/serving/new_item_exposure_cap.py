"""ExposureShare: limit on the share of an hour's lists that show one new item, or one author's new
items.

New items earn exposure by a share of the lists, so that no burst of posts or of votes can place
them more often. Counts are those of one worker and clock hour. Each worker stays within the share
of its own lists, so that all of them together stay within the share of all lists.
"""

from __future__ import annotations

import threading
from collections.abc import Collection

import numpy as np

from recsys.array_types import Mask, Rows
from recsys.serving.live_state import LiveState

SHARE = 0.02  # of the lists of an hour, for one item or one author
LEAST = 1  # lists an hour and worker, so that a site with few requests shows new items at all
HOUR_SECONDS = 3_600.0
OF_ONE = 5  # lists of the holder of a token that count in an hour
MAX_KEYS = 50_000  # items and authors that are counted in an hour; some 8 MB

_Keys = list[tuple[int, int]]


class ExposureShare:
    """Counts the lists of an hour and the items that mechanisms for new items placed in them.

    An item or author is within its share while it would be in at most max(LEAST, share × lists)
    lists of the hour, the list under way included. Items and authors are known by their ids, so
    that neither a new version of an item nor a new bundle begins anew. The counts hold for one hour
    of the clock and are dropped at the next; a clock that goes back stays in the later hour.
    Of the holder of a token the first OF_ONE lists count: who asks for a hundred thousand lists
    would open as many places to an item of their own in the lists of others.
    """

    def __init__(self, share: float = SHARE, max_keys: int = MAX_KEYS) -> None:
        self.share, self.max_keys = share, max_keys
        self.lists = 0  # answered in this hour
        self._hour = -np.inf
        self._counts: dict[int, int] = {}  # lists of this hour by item and by author
        self._of: dict[int, int] = {}  # and by holder of a token
        self._lock = threading.Lock()

    def allowed(
        self, live: LiveState, rows: Rows, now: float, flooded: Collection[int] = ()
    ) -> Mask:
        """Return which rows a mechanism for new items may place in the next list, (n,).

        None that is flagged, whose first acts are in excess of the platform's usual mix of
        accounts, or that is in `flooded`: rows that many acts of few users make loud. `now`: Unix
        seconds.
        """
        found = undoubted(live, rows)
        if flooded:
            found &= ~np.isin(rows, np.fromiter(flooded, np.int32))
        some = np.flatnonzero(found)
        keys = _keys(live, rows[some])
        with self._lock:
            self._turn(now)
            most = max(LEAST, int(self.share * (self.lists + 1))) if self.share > 0 else 0
            full = len(self._counts) >= self.max_keys
            counts = self._counts
            for place, own in zip(some.tolist(), keys, strict=True):
                within = all(counts.get(key, most if full else 0) < most for key in own if key)
                found[place] = within
        return found

    def record(self, live: LiveState, rows: Rows, now: float, holder: str | None = None) -> None:
        """Count one answered list with the rows that were placed in it as new ones, often none.

        `holder`: of the token that it was asked with; None: a key, or nobody.
        An author with several of them counts once. Between `allowed` and `record` no other list may
        be ranked if the share is to hold to the last list.
        """
        keys = {key for own in _keys(live, rows) for key in own if key}
        with self._lock:
            self._turn(now)
            if holder is not None and not self._counts_for(hash(holder)):
                return
            self.lists += 1
            for key in keys:
                self._counts[key] = self._counts.get(key, 0) + 1

    def _counts_for(self, holder: int) -> bool:
        lists = self._of.get(holder, 0)
        if lists >= OF_ONE or (not lists and len(self._of) >= self.max_keys):
            return False
        self._of[holder] = lists + 1
        return True

    def _turn(self, now: float) -> None:
        hour = now // HOUR_SECONDS
        if hour > self._hour:
            self._hour, self.lists = hour, 0
            self._counts.clear()
            self._of.clear()


def undoubted(live: LiveState, rows: Rows) -> Mask:
    """Return which rows carry no flag and no excess of first acts, (n,)."""
    found = np.asarray(live.marks.score[rows] == 0)
    if live.unique_users is not None:
        known = rows < len(live.account_mix.excess)
        found[known] &= ~live.account_mix.excess[rows[known]].any(axis=1)
        if since := live.unique_users.excess:
            found &= ~np.isin(rows, np.fromiter(since, np.int32, len(since)))
    return np.asarray(found)


def _keys(live: LiveState, rows: Rows) -> _Keys:
    """Return a number for each item and for its author, 0: none is known."""
    found, base = [], len(live.model)
    names = live.model.catalogue.names["author"]
    for row in rows.tolist():
        code = int(live.labels["author"][row])
        known = code < len(names)
        author = "" if code < 0 else names[code] if known else live.posted[row - base].author_id
        found.append((hash(("item", live.item_id(row))), hash(("author", author)) if author else 0))
    return found
