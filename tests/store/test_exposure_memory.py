"""Click rates: the memory that they take does not grow with the log of shown lists."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from recsys.store.exposures import Exposure, Exposures, Shown
from recsys.store.store import Store

LISTS = 4_000
PLACES = tuple(Shown(f"item-{place}", place, "words") for place in range(1, 21))


def test_rates_of_many_lists_take_as_little_memory_as_those_of_few(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        log = Exposures(store.db)
        log.write(
            [Exposure(f"{n:032}", float(n), "b", "p", "long", PLACES) for n in range(LISTS)], []
        )
        log.rates(0.0, 10)  # what is made once
        tracemalloc.start()
        try:
            whole = log.rates(0.0)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert whole["position"]["20"].shown == LISTS
    assert peak < 2_500_000  # the rows of all lists at once take 5.4 MB
