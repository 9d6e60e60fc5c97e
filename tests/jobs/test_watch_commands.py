"""The commands about watches, on a store that a watcher has read."""

import json
import time

import pytest
from click.testing import CliRunner

from jobs.cli import cli
from recsys.data.records import Event, Item
from recsys.errors import DataError
from recsys.monitoring.watch_worker import WatchWorker
from recsys.store.store import Store
from recsys.text.sentiment.scorer import SentimentScorer


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    runner = CliRunner()
    return lambda *words: runner.invoke(cli, ["watch", *words], catch_exceptions=False)


def test_a_digest_holds_what_came_a_moment_ago(call, tmp_path):
    now = time.time()
    assert "watch 1: " in call("add", "battery", '"battery fire" OR 电池起火').stdout
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        store.add_items([Item("a", "手机电池起火怎么办", created_at=now - 1.0)])
        store.add_events([Event("ann", "a", "comment", None, "电池起火了", now)])
        watcher = WatchWorker(store, SentimentScorer(tmp_path))
        assert watcher.run(None, store.last_change_id(), store.last_event_id())
    (one,) = json.loads(call("digest", "--json").output)
    assert (one["name"], one["texts"], one["texts_before"]) == ("battery", 2, 0)
    assert "battery: 2 texts (0 before), 0 alerts" in call("digest", "--period", "week").output
    assert "no alert" in call("alerts").output


def test_a_condition_that_nothing_meets_is_told(call, tmp_path):
    told = call("add", "ghost", "topic:0999999 OR bread")
    assert "watch 1: topic:999999 OR bread" in told.output
    assert "warning: no item has topic:999999" in told.output
    found = json.loads(call("add", "two", "topic:7", "--json").stdout)
    assert found["warnings"][0].startswith("no item has topic:7: until one has")
    assert "no item has" not in call("add", "bread", "bread AND author:ann").output
    assert "no item has topic:7" in call("test", "topic:7").output


def test_what_is_wrong_with_a_watch_is_told(call):
    with pytest.raises(DataError, match="at its end: expected a word"):
        call("add", "open", "((")
    with pytest.raises(DataError, match="there is no watch 77"):
        call("remove", "77")
    with pytest.raises(DataError, match="there is no watch bread"):
        call("remove", "bread")
    call("add", "bread", "bread OR dough")
    assert "watch 1 removed" in call("remove", "bread").output
    assert "no watch" in call("list").output
