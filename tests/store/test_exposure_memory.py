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


def test_items_shown_to_a_user_are_read_in_parts_and_up_to_a_number_of_places(
    tmp_path: Path,
) -> None:
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        log = Exposures(store.db)
        rows = [
            Exposure(
                f"{n:032}", float(n), "b", "ann", "long", (*PLACES, Shown(f"own-{n}", 21, "words"))
            )
            for n in range(LISTS)
        ]
        log.write(rows, [])
        log.shown_items("ann", LISTS - 2.0, 10)  # what is made once
        tracemalloc.start()
        try:
            found = log.shown_items("ann", 0.0, 21_000)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        since = log.shown_items("ann", LISTS - 2.0, 21_000)
        assert log.shown_items("bob", 0.0, 21_000) == set()
    assert found == {one.item_id for one in PLACES} | {f"own-{LISTS - 1 - n}" for n in range(1_000)}
    assert since == {one.item_id for one in PLACES} | {f"own-{LISTS - 1}", f"own-{LISTS - 2}"}
    assert peak < 1_500_000  # the rows of all lists at once take more than 5 MB
