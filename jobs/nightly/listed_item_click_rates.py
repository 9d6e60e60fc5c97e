"""Click rates of the lists that were shown before a training run, for its run record."""

from __future__ import annotations

import time
from dataclasses import asdict

from recsys.store.exposures import Exposures
from recsys.store.store import Store

DAYS = 7.0  # before the night

Rates = dict[str, dict[str, dict[str, float]]]


def click_rates(store: Store) -> Rates:
    """Return shown, clicked and ctr by source, position, bundle and kind of user.

    An empty dictionary where no list was shown.
    """
    rates = Exposures(store.db).rates(time.time() - 86_400.0 * DAYS)
    return {
        by: {key: {**asdict(rate), "ctr": rate.ctr} for key, rate in found.items()}
        for by, found in rates.items()
        if found
    }
