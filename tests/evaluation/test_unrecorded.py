"""evaluate follows the service: what it would not list is no candidate of any row."""

from __future__ import annotations

import numpy as np
import pytest
from tables import events, items, pairs, timed

from recsys.data.event_tables import ItemTable
from recsys.tuning.evaluation_protocols import Rules, Split, make_split
from recsys.tuning.evaluation_queries import build_queries

PEOPLE = [f"u{n}" for n in range(10)]


def world() -> list[tuple[str, str, float]]:
    """Everybody reads the page, then two books of three; the page is what most users take up."""
    rows, time = [], 0.0
    for step in range(3):
        for n, user in enumerate(PEOPLE):
            time += 1.0
            item = "page:/about" if step == n % 3 else f"book-{(step + n) % 3}"
            rows.append((user, item, time))
    return rows


def candidates(split: Split) -> set[str]:
    data = split.dataset()
    open_ = ~build_queries(split, data).forbidden().all(axis=0)
    return {data.items[row] for row in np.flatnonzero(open_).tolist()}


BOOKS = ["book-0", "book-1", "book-2"]


@pytest.mark.parametrize("protocol", ["time", "leave-last-out"])
def test_beside_an_item_feed_pages_take_no_part(protocol: str) -> None:
    split = make_split(timed(*world()), items(BOOKS), Rules(protocol, share=0.4))
    assert split.unrecorded is not None and not split.unrecorded.listed
    assert (split.unrecorded.items, split.unrecorded.events) == (1, 10)
    assert candidates(split) <= set(BOOKS)
    relevant = {split.train.items[row] for row in split.cases.relevant.items.tolist()}
    assert relevant <= set(BOOKS) and split.n_events == 20
    assert candidates(split.validation()) <= set(BOOKS)


def test_without_an_item_feed_three_people_make_an_item() -> None:
    rows = world()
    rows[0] = ("u0", "typo", 0.5)
    split = make_split(timed(*rows), ItemTable.empty(), Rules("time", share=0.4))
    assert split.unrecorded is not None and split.unrecorded.listed
    assert split.n_events == 30
    counts = {
        name: len({u for u, i in pairs(split.train) if i == name}) for name in split.train.items
    }
    assert counts["typo"] == 1 and min(counts["page:/about"], counts["book-1"]) >= 3
    assert "typo" not in candidates(split) and {"page:/about", "book-1"} <= candidates(split)
    assert "typo" in set(split.dataset().items)  # it is in the training events all the same
    whole = make_split(timed(*world()), ItemTable.empty(), Rules("time", share=0.1))
    assert whole.unlisted is None  # every item has its users: nothing changes


def test_the_setting_goes_before_the_count() -> None:
    off = make_split(timed(*world()), items(["book-0"]), Rules("time", share=0.4, unrecorded="off"))
    assert {off.train.items[row] for row in set(off.train.item.tolist())} == {"book-0"}
    on = make_split(timed(*world()), items(BOOKS), Rules("time", share=0.4, unrecorded="on"))
    assert candidates(on) == {*BOOKS, "page:/about"}


def test_a_given_test_is_cut_by_the_same_rule() -> None:
    train = events(*((user, book) for user in PEOPLE for book in BOOKS[:2]), ("u0", "page:/about"))
    test = events(("u1", "book-2"), ("u1", "page:/about"))
    split = make_split(train, items(BOOKS), Rules("given"), test)
    relevant = [split.train.items[row] for row in split.cases.relevant.items.tolist()]
    assert relevant == ["book-2"]
