"""Events of PostgreSQL by day: identities, recent events, the end of the log, retention."""

import time
from dataclasses import replace

import numpy as np
import pytest
from postgres_server import emptied
from sqlalchemy import create_engine, text

from recsys.data.event_kind_weights import EventWeights
from recsys.data.records import Event
from recsys.errors import StoreBusy
from recsys.store.day_signatures import DAY, day_name, day_of
from recsys.store.erasure import erase
from recsys.store.event_upkeep import keep_up
from recsys.store.partitions import conversion, expiry, recent, tail
from recsys.store.partitions.daily_partitions import AHEAD, BEFORE, LATER, layout, partition_name
from recsys.store.postgres_copy import LEAST
from recsys.store.store import Added, Store
from recsys.store.user_histories import UserHistories
from recsys.store.user_merges import merge_users
from recsys.store.write_lock_queue import PAUSE

NOW = time.time()
TODAY = day_of(NOW)


@pytest.fixture
def store(postgres_store):
    return postgres_store


def held(store, query, **values):
    """Return the rows of a query as tuples."""
    with store.db.read() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def acts(user, count, days=5, seed=0):
    """Return likes of a user, on items of their own, spread over the last days."""
    random = np.random.default_rng(seed)
    moments = NOW - 60 - random.random(count) * days * DAY
    return [
        Event(user, f"{user}-{at}", "like", None, "", float(moment))
        for at, moment in enumerate(moments)
    ]


def copied(store):
    """Assert that the copy and what is left out of it are all events, and return its size."""
    same = (
        'SELECT count(*) FROM recent_events r JOIN events e USING (id, "user", moment, item, kind)'
    )
    ((count,),) = held(store, "SELECT count(*) FROM recent_events")
    assert held(store, same) == [(count,)]
    ((left,),) = held(store, "SELECT coalesce(sum(older), 0) FROM recent_floors")
    assert held(store, "SELECT count(*) FROM events") == [(count + left,)]
    return count


def test_days_are_made_ahead_and_when_events_of_a_day_come(store):
    with store.db.read() as connection:
        assert layout(connection).days == tuple(range(TODAY, TODAY + AHEAD + 1))
    sent = [Event("ann", str(ago), "like", None, "", NOW - ago * DAY) for ago in range(30, -1, -1)]
    store.add_events(sent)
    with store.db.read() as connection:
        assert layout(connection).days == tuple(range(TODAY - 30, TODAY + AHEAD + 1))
    assert held(store, f"SELECT count(*) FROM {partition_name(TODAY - 7)}") == [(1,)]
    far = [replace(sent[0], timestamp=moment) for moment in (5.0, NOW - 400 * DAY)]
    assert store.add_events(far) == Added(2, 0)
    assert held(store, f"SELECT count(*) FROM {BEFORE}") == [(2,)]
    assert len(store.history("ann")) == 33


def test_an_event_whose_day_has_no_partition_is_kept_and_moves_when_it_gets_one(store):
    with store.db.write() as connection:  # as if no night had run for days
        for day in range(TODAY, TODAY + AHEAD + 1):
            connection.exec_driver_sql(f"DROP TABLE {partition_name(day)}")
        connection.exec_driver_sql(
            f"ALTER TABLE events DETACH PARTITION {BEFORE};"
            f"ALTER TABLE events ATTACH PARTITION {BEFORE} FOR VALUES FROM (MINVALUE)"
            f" TO ({TODAY * DAY!r})"
        )
    store.db.event_days.paused = float("inf")  # as where another program holds locks
    store.add_events([Event("ann", "1", "like"), Event("ann", "2", "like", None, "", NOW)])
    assert held(store, f"SELECT count(*) FROM {LATER}") == [(2,)]
    assert keep_up(store, 0, NOW)["days"] == AHEAD + 1
    assert held(store, f"SELECT count(*) FROM {LATER}") == [(0,)]
    assert [event.item_id for event in store.history("ann")] == ["2", "1"] and copied(store) == 2
    assert [event.item_id for event in store.events_after(0, 9)] == ["1", "2"]


def test_a_partition_that_cannot_be_made_stops_no_event(store, caplog):
    engine = create_engine(store.engine.url)
    with engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM events").all()  # holds locks until it ends
        begun = time.monotonic()
        assert store.add_events([Event("ann", "1", "like", None, "", NOW - 9 * DAY)]) == Added(1, 0)
        assert time.monotonic() - begun < 5
    engine.dispose()
    assert "no partition was made" in caplog.text
    assert held(store, f"SELECT count(*) FROM {BEFORE}") == [(1,)] and copied(store) == 1


def test_identities_hold_over_days(store):
    """An event that comes again finds itself, also where its moment is that of the arrival."""
    ahead = Event("ann", "1", "like", None, "", NOW + 250)
    undated = [Event("ann", "2", "view"), Event("ann", "2", "view")]
    dated = acts("bob", 50)
    assert store.add_events([ahead]) == Added(1, 0)
    assert store.add_events(undated, "file", [1, 2]) == Added(2, 0)
    assert store.add_events(dated) == Added(50, 0)
    with store.db.write() as connection:  # what came today came the day before yesterday
        connection.execute(text("UPDATE events SET moment = moment - 172800 WHERE moment > 1"))
        connection.execute(
            text("UPDATE events SET moment = moment + 172800 WHERE timestamp <> received")
        )
    assert store.add_events([ahead, ahead]) == Added(0, 2)
    assert store.add_events(undated * 2, "file", [1, 2, 3, 1]) == Added(1, 3)
    assert store.add_events(dated * 20) == Added(0, 1_000)  # by COPY
    assert store.add_events([*undated * 300], "file", range(1, 601)) == Added(597, 3)
    assert store.add_events([*undated * 300], "file", range(1, 601)) == Added(0, 600)
    assert store.add_events(undated) == Added(2, 0)  # clicks: each is one
    assert copied(store) == 653


def test_many_events_are_copied_as_few_are_inserted(store, postgres):
    """With and without values, texts and timestamps, by either form of COPY; ids in their order."""
    random = np.random.default_rng(1)
    moments = NOW - 60 - random.random(900) * 4 * DAY
    plain = [
        Event(f"u{n % 90}", f"i{n}", "rating", [None, 2.5, float("-inf")][n % 3], "", float(at))
        for n, at in enumerate(moments)
    ]
    worded = [replace(one, text="tab\t, \\N, 文") for one in plain]
    mixed = [replace(one, timestamp=None) if n % 7 == 0 else one for n, one in enumerate(plain)]
    for sent in (plain, worded, mixed):
        rows = range(len(sent))
        assert store.add_events([*sent, *sent[:100]], "file", [*rows, *rows[:100]]) == Added(
            len(sent) if sent is not mixed else 129, 100 if sent is not mixed else 871
        )
        copied(store)
    columns = '"user", item, kind, value, text, timestamp, key'
    both = (f"SELECT {columns} FROM events ORDER BY id", "SELECT count(*) FROM event_keys")
    found = [held(store, query) for query in both]
    (ids,) = zip(*held(store, "SELECT id FROM events ORDER BY id"), strict=True)
    by_id = store.events_by_id(ids)
    stored = [by_id[id] for id in ids]
    assert [one.item_id for one in stored[:900]] == [one.item_id for one in plain]
    assert [one.timestamp for one in stored[:900]] == [one.timestamp for one in plain]
    with Store.open(emptied(postgres)) as other:
        for sent in (plain, worded, mixed):
            for start in range(0, len(sent), LEAST - 1):  # too few for COPY
                some = sent[start : start + LEAST - 1]
                other.add_events(some, "file", range(start, start + len(some)))
        assert [held(other, query) for query in both] == found


def test_events_that_are_there_already_are_found_among_many_new_ones(store):
    sent = acts("ann", 3_000)
    assert store.add_events(sent[2_900:]) == Added(100, 0)
    assert store.add_events(sent) == Added(2_900, 100)  # by the temporary table
    assert copied(store) == 3_000
    ahead = [Event("bob", f"{n}", "like", None, "", NOW + 200) for n in range(3)]
    assert store.add_events(ahead) == Added(3, 0)
    with store.db.write() as connection:  # as of a clock that was ahead
        connection.execute(text("UPDATE events SET timestamp = moment WHERE item > 3000"))
    more = [*acts("bob", 900, seed=2), *ahead]
    assert store.add_events(more) == Added(900, 3)
    assert store.add_events([*more, *acts("cid", 900, seed=3)]) == Added(900, 903)
    assert copied(store) == 4_803


def test_a_clock_that_is_set_back_doubles_nothing(store, monkeypatch):
    event = Event("ann", "1", "like", None, "", NOW - 1)
    assert store.add_events([event]) == Added(1, 0)
    monkeypatch.setattr("recsys.store.event_writer.time.time", lambda: NOW - 120)
    assert store.add_events([event]) == Added(0, 1)


def test_the_latest_events_are_those_of_all_days(store, monkeypatch):
    monkeypatch.setattr(recent, "KEPT", 50)
    monkeypatch.setattr(recent, "SLACK", 20)
    sent = acts("ann", 300, 40)
    store.add_events([*sent, *acts("bob", 60, 40)])
    expected = [event.item_id for event in sorted(sent, key=lambda event: event.timestamp)]
    assert [event.item_id for event in store.history("ann")] == expected
    stamp = store.act_stamp("ann")
    assert keep_up(store, 0, NOW)["trimmed_users"] == 1
    assert copied(store) == 110 and store.act_stamp("ann") == stamp
    assert [event.item_id for event in store.history("ann", 40)] == expected[-40:]
    assert [event.item_id for event in store.history("ann")] == expected
    assert len(store.acts_after("ann")) == 300 == len(store.events_of("ann"))
    late = Event("ann", "late", "like", None, "", NOW - 39.9 * DAY)  # older than all of the copy
    store.add_events([late])
    found = [event.item_id for event in store.history("ann", 51)]
    assert found == expected[-51:] and "late" in [e.item_id for e in store.history("ann", 400)]
    assert store.act_stamp("ann")[0] == 301


def test_deletions_merges_and_erasures_reach_the_copy(store, tmp_path, monkeypatch):
    monkeypatch.setattr(recent, "KEPT", 20)
    monkeypatch.setattr(recent, "SLACK", 5)
    store.add_events([*acts("ann", 60), *acts("bob", 60, seed=1), Event("bob", "9", "view")])
    keep_up(store, 0, NOW)
    pasts = UserHistories(EventWeights())
    oldest, newest = store.events_of("ann")[0].id, store.history("ann", 1)[0].id
    assert store.delete_event(oldest) and store.delete_event(newest)
    assert copied(store) == 39 and store.act_stamp("ann")[0] == 58
    assert merge_users(store, "ann", "bob").moved["events"] == 61
    assert copied(store) == 39 and store.act_stamp("ann")[0] == 119
    assert len(store.history("ann")) == 119 and len(pasts.of(store, "ann").events) == 119
    assert store.history("bob") == []
    assert erase(store, tmp_path, "ann").removed["events"] == 119
    for table in ("events", "recent_events", "recent_floors", "event_keys"):
        assert held(store, f"SELECT count(*) FROM {table}") == [(0,)], table


def test_the_end_of_the_log_is_read_from_the_days_that_were_added_to(store):
    sent = acts("ann", 90, 90)
    store.add_events(sent)
    last = store.last_event_id()
    for at in range(5):
        store.add_events([Event("ann", f"new-{at}", "like")])
    assert [event.item_id for event in store.events_after(0, 90)] == [e.item_id for e in sent]
    assert [e.item_id for e in store.events_after(last, 9)] == [f"new-{at}" for at in range(5)]
    assert [e.item_id for e in store.events_after(last, 2)] == ["new-0", "new-1"]
    assert store.events_after(last + 5, 9) == [] == store.numbered_acts_after(last + 5, 9)
    with store.db.write() as connection:  # two days later
        tail.forget_batches(connection, NOW + 3 * DAY)
    assert held(store, "SELECT last FROM event_batches") == [(last + 5,)]
    assert [e.item_id for e in store.events_after(last, 9)] == [f"new-{at}" for at in range(5)]
    store.add_events([Event("ann", "newest", "like")])
    assert [e.item_id for e in store.events_after(last + 4, 9)] == ["new-4", "newest"]
    assert [act.id for act in store.numbered_acts_after(last + 5, 9)] == [last + 6]


def plans(store, query, **values):
    return "\n".join(line for (line,) in held(store, f"EXPLAIN {query}", **values))


def test_a_retention_drops_days_and_leaves_nothing_that_leads_there(store, monkeypatch):
    monkeypatch.setattr(recent, "KEPT", 20)
    monkeypatch.setattr(recent, "SLACK", 5)
    old = [
        Event("ann", f"old-{at}", "share", None, "words", NOW - 300 * DAY + at) for at in range(9)
    ]
    store.add_events([*acts("ann", 300, 30), *acts("bob", 15, 30, seed=1)])
    store.add_events(old)
    keep_up(store, 0, NOW)
    cut = (TODAY - 10) * DAY
    kept = [e.item_id for user in ("ann", "bob") for e in store.events_of(user) if e.moment >= cut]
    count = store.counts()["events"]
    done = keep_up(store, 10, NOW)["expired"]
    assert done["events"] == count - len(kept) and done["before"] == day_name(TODAY - 10)
    assert done["kept"] == [] and day_name(TODAY - 11) in done["partitions"]
    with store.db.read() as connection:
        assert min(layout(connection).days) == TODAY - 10
    left = [e.item_id for user in ("ann", "bob") for e in store.events_of(user)]
    assert left == kept and store.counts()["events"] == len(kept)
    copied(store)
    assert sorted(e.item_id for e in store.history("ann")) == sorted(
        item for item in kept if item.startswith("ann")
    )
    assert held(store, "SELECT count(*) FROM shares") == [(0,)]
    assert keep_up(store, 10, NOW)["expired"]["events"] == 0


def test_a_day_that_a_reader_holds_is_left_to_the_next_night(store, monkeypatch):
    monkeypatch.setattr("recsys.store.partitions.expiry._WAIT_MS", 50)
    store.add_events(acts("ann", 40, 3))
    engine = create_engine(store.engine.url)
    with engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM events").all()
        assert keep_up(store, 1, NOW)["expired"]["kept"]
    engine.dispose()
    done = keep_up(store, 1, NOW)["expired"]
    assert done["partitions"] and not done["kept"]
    assert all(event.moment >= (TODAY - 1) * DAY for event in store.history("ann"))


def test_the_removal_of_a_day_goes_on_where_it_was_interrupted(store, monkeypatch):
    """What is left out of the copy is counted once, however often the removal is tried."""
    monkeypatch.setattr(recent, "KEPT", 20)
    monkeypatch.setattr(recent, "SLACK", 5)
    monkeypatch.setattr(expiry, "_CHUNK", 10)
    monkeypatch.setattr(expiry, "_WAIT_MS", 50)
    day = TODAY - 3
    store.add_events([*acts("ann", 400, 8), *acts("bob", 15, 8, seed=1)])
    store.add_events(
        [Event("bob", f"{at}", "view", None, "", day * DAY + 50.0 * at) for at in range(60)]
    )
    keep_up(store, 0, NOW)
    assert copied(store) < 60
    ((count,),) = held(store, f"SELECT count(*) FROM {partition_name(day)}")
    store.add_events([Event("ann", "late", "like", None, "", day * DAY + 1.0)])
    leave, left = expiry._leave, iter(range(99))

    def interrupted(connection, *given):
        if next(left) == 3:
            raise KeyboardInterrupt
        leave(connection, *given)

    monkeypatch.setattr(expiry, "_leave", interrupted)
    with pytest.raises(KeyboardInterrupt):
        expiry.remove_day(store.db, day)
    engine = create_engine(store.engine.url)
    with engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM events").all()
        with pytest.raises(StoreBusy):
            expiry.remove_day(store.db, day)
    engine.dispose()
    time.sleep(PAUSE)  # writers are refused for that long
    store.add_events([Event("ann", "later", "like", None, "", day * DAY + 2.0)])
    assert expiry.remove_day(store.db, day) == count + 2
    copied(store)
    assert held(store, "SELECT count(*) FROM notes WHERE key = 'event_removal'") == [(0,)]
    assert {e.moment // DAY for e in store.history("ann", 999)} == {
        e.moment // DAY for e in store.events_of("ann")
    }
    assert not [e for e in store.history("bob", 999) if e.moment // DAY == day]


def test_the_copies_of_a_day_are_found_without_its_index_too(store, monkeypatch, caplog):
    monkeypatch.setattr(expiry, "_CREATE", "CREATE nothing")
    store.add_events(acts("ann", 90, 9))
    expired = keep_up(store, 4, NOW)["expired"]
    assert "without an index" in caplog.text and expired["events"] > 20
    copied(store)
    monkeypatch.undo()
    assert keep_up(store, 3, NOW)["expired"]["partitions"] == [day_name(TODAY - 4)]
    index = "SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass('recent_events_moment')"
    assert held(store, f"{index} AND indisvalid") == [(1,)] and copied(store) > 10


def test_a_large_store_is_converted_while_others_write(postgres, monkeypatch, caplog):
    """Interrupted after each step, it goes on there; what is written meanwhile is in it."""
    from older_stores import take_back

    url = emptied(postgres)
    with Store.open(url) as store:
        store.add_events([*acts("ann", 900, 60), Event("ann", "1", "view")])
        store.add_events([Event("bob", "2", "view")], "file", [1])
        before = [event._replace(id=0) for event in store.history("ann", 2_000)]
    engine = create_engine(url)
    with engine.begin() as connection:
        take_back(connection, 16)
    monkeypatch.setattr(conversion, "LARGE", 100)
    monkeypatch.setattr(conversion, "_CHUNK", 100)
    insert = (
        'INSERT INTO events ("user", item, kind, timestamp, moment, received, key)'
        f" SELECT 1, 1, 1, {NOW}, {NOW}, {NOW + 1}, :key"
    )
    steps = iter(range(99))
    copy = conversion.copy_below

    def interrupted(connection, end):
        at = next(steps)
        if at in (0, 3, 7):
            raise KeyboardInterrupt
        if at < 9:  # another program, of the earlier version, between two transactions
            connection.execute(text(insert), {"key": at})
        return copy(connection, end)

    monkeypatch.setattr(conversion, "copy_below", interrupted)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            Store.open(url)
    with Store.open(url) as store:
        assert held(store, f"SELECT count(*) FROM {BEFORE}") == [(902 + 6,)]
        assert copied(store) == 908
        found = [event._replace(id=0) for event in store.history("ann", 2_000)]
        assert found[:899] == before[:899] and store.act_stamp("ann")[0] == 907
        assert store.add_events([Event("bob", "2", "view")], "file", [1]) == Added(0, 1)
        assert store.add_events(acts("ann", 900, 60)) == Added(0, 900)
        assert store.add_events([Event("ann", "new", "like", None, "", NOW)]) == Added(1, 0)
        assert store.events_after(store.last_event_id() - 1, 9)[0].item_id == "new"
        assert held(store, "SELECT count(*) FROM notes WHERE key = 'events_conversion'") == [(0,)]
    engine.dispose()
