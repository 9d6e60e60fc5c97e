"""NewItemRates: click rates of new items in one worker, for exploration by Thompson sampling."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping

from recsys.errors import StoreError
from recsys.exploration import FRESH, rates_of_new
from recsys.ranking import nonpersonal_lists
from recsys.ranking.query import Filters
from recsys.store.exposure_reader import shown_lists

from .served_model import ServedModel
from .store_connection import StoreLink

PAUSE = 120.0  # seconds between readings
UNUSED = 3_600.0  # seconds after the last request from which nothing is read
DAYS = 7.0
MOST = 100_000  # lists that are read


class NewItemRates:
    """Beta parameters of the click rates of the newest items; read only while they are used."""

    def __init__(self, link: StoreLink) -> None:
        self._link = link
        self._rates: Mapping[str, tuple[float, float]] = {}
        self._used = -UNUSED  # monotonic seconds
        self._due = 0.0

    def wanted(self) -> Mapping[str, tuple[float, float]]:
        """Return what is known, (clicks, misses) by item id, and note that it is used."""
        self._used = time.monotonic()
        return self._rates

    def refresh(self, serving: ServedModel) -> None:
        """Read the exposure log when that is due; while the store is away the old rates stay."""
        now = time.monotonic()
        if now < self._due or now - self._used > UNUSED:
            return
        self._due = now + PAUSE
        live = serving.live
        newest = nonpersonal_lists.latest(live, 4 * FRESH, Filters())
        topics = {one.item_id: int(live.topics[live.row(one.item_id)]) for one in newest}
        shown = {item_id: [0, 0] for item_id in topics}
        try:
            with self._link.use(patient=True) as store:
                lists = shown_lists(store.db, time.time() - DAYS * 86_400.0, with_users=False)
                for one in itertools.islice(lists, MOST):
                    for item_id in one.items:
                        if item_id in shown:
                            shown[item_id][0] += 1
                            shown[item_id][1] += item_id in one.clicked
        except StoreError:
            return
        counts = {item_id: (count, clicked) for item_id, (count, clicked) in shown.items()}
        self._rates = rates_of_new(counts, topics)
