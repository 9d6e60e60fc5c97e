"""IdCache: the same answers as the map, however often and however many."""

import pytest

from recsys.data.ids import IdMap
from recsys.serving import id_cache
from recsys.serving.id_cache import IdCache


def test_what_was_met_is_answered_as_before(monkeypatch):
    monkeypatch.setattr(id_cache, "KEPT", 3)
    names = [f"item {n} 海" for n in range(10)]
    met = IdCache(IdMap.from_ids(names))
    for _ in range(2):
        assert [met.row(name) for name in names] == list(range(10))
        assert [met.name(row) for row in range(10)] == names
    assert met.row("never heard of") == -1
    with pytest.raises(IndexError):
        met.name(10)


def test_many_are_looked_up_as_one_by_one(monkeypatch):
    monkeypatch.setattr(id_cache, "KEPT", 4)
    names = [f"item {n} 海" for n in range(10)]
    met = IdCache(IdMap.from_ids(names))
    met.move("item 3 海", 12)
    met.move("posted", 11)
    queried = ["item 3 海", *names, "never heard of", "posted", "item 7 海", "never heard of"]
    for _ in range(2):
        assert met.rows(queried) == [12, 0, 1, 2, 12, 4, 5, 6, 7, 8, 9, -1, 11, 7, -1]
        assert [met.row(name) for name in queried] == met.rows(queried)
    assert IdCache(IdMap.from_ids([])).rows(["a", "b"]) == [-1, -1] and met.rows([]) == []
