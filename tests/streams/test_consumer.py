"""The consumer over files that grow, on both databases: exactly once, rejects, fences, erasure."""

import json
import logging
import threading
import time

import pytest
from sqlalchemy import text

from recsys.data.event_kind_weights import EventWeights
from recsys.data.records import Event
from recsys.errors import StoreError, StreamError
from recsys.store.backup import copy_store
from recsys.store.erasure import erase
from recsys.store.exposures import Exposures
from recsys.store.store import Store
from recsys.store.stream_positions import Partition, StalePosition, StreamPositions
from recsys.store.stream_rejects import StreamRejects
from recsys.streams.consumer import Consumer
from recsys.streams.event_parser import EventParser
from recsys.streams.event_quality_warnings import StreamChecks
from recsys.streams.folder_source import FolderSource

NOON = 1_700_000_000.0
LIST = "0123456789abcdef" * 2


@pytest.fixture
def url(store_url):
    return store_url


@pytest.fixture
def store(url):
    with Store.open(url, bulk=True) as store:  # as the command does
        yield store


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def act(user, item, at=None, **more):
    return {
        "user_id": user,
        "item_id": item,
        "event": "like",
        **({} if at is None else {"timestamp": NOON + at}),
        **more,
    }


def add(inbox, *rows, name="a.jsonl"):
    with (inbox / name).open("ab") as file:
        for row in rows:
            file.write((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n")


def consume(store, inbox, **options):
    source = options.pop("source", None) or FolderSource(inbox)
    work = Consumer(store, source, EventParser(), wait=0.01, **options)
    return work.run(threading.Event(), once=True)


def items(store, user):
    return [event.item_id for event in store.history(user)]


def test_each_line_is_stored_once_and_reading_goes_on_where_it_ended(store, inbox):
    add(inbox, act("ann", "1", 5), act("ann", "2"), act("ann", "2"))
    assert consume(store, inbox).new == 3  # two equal acts without a time are two acts
    assert consume(store, inbox).read == 0
    add(inbox, act("ann", "3", 7))
    add(inbox, act("bob", "4", 7), name="b.jsonl")
    with (inbox / "a.jsonl").open("ab") as file:
        file.write(b'{"user_id": "ann", "item')
    assert consume(store, inbox).new == 2  # the half-written line waits
    with (inbox / "a.jsonl").open("ab") as file:
        file.write(b'_id": "9"}\n')
    assert consume(store, inbox).new == 1
    assert sorted(items(store, "ann")) == ["1", "2", "2", "3", "9"]
    found = {one.topic: one.position for one in StreamPositions(store.db).all()}
    assert found == {p.name: str(p.stat().st_size) for p in sorted(inbox.iterdir())}


def test_lines_that_are_read_again_are_known(store, inbox):
    add(inbox, act("ann", "1", 5), act("ann", "2"), act("ann", "2"))
    consume(store, inbox)
    source = FolderSource(inbox).name
    StreamPositions(store.db).seek(source, Partition("a.jsonl", 0), "0", "test")
    counts = consume(store, inbox)
    assert (counts.new, counts.duplicates) == (0, 3)


def test_an_event_without_a_time_happened_when_it_was_sent(store, inbox):
    add(inbox, act("ann", "1"))
    consume(store, inbox)
    (event,) = store.history("ann")
    assert event.moment == pytest.approx((inbox / "a.jsonl").stat().st_mtime, abs=0.001)


def test_what_holds_no_event_is_kept_whole_with_its_reason(store, inbox):
    bad = [
        b"\xff\xfe",
        b"nonsense",
        b"[1]",
        b'{"user_id": "ann"}',
        json.dumps(act("x" * 600, "1")).encode(),
        json.dumps(act("ann", "1", recommendation_id="no list")).encode(),
        b'{"a":' * 5_000,
        json.dumps(act("ann", "1", text="x" * 2_000_000)).encode(),
    ]
    add(inbox, act("ann", "1", 5), *bad, b"", act("ann", "2", 6))
    counts = consume(store, inbox)
    assert (counts.read, counts.new, counts.rejected, counts.empty) == (11, 2, len(bad), 1)
    found = list(StreamRejects(store.db).all())
    assert [one.body for one in found] == bad
    assert found[3].why == "item_id is missing" and "not JSON" in found[1].reason
    assert "2000" in found[7].reason and found[0].partition == Partition("a.jsonl", 0)
    assert items(store, "ann") == ["1", "2"]


def test_too_many_rejects_end_the_consumer_and_move_nothing(store, inbox):
    add(inbox, *[b"nonsense"] * 3)
    with pytest.raises(StreamError, match=r"more than 2 messages hold no event.*not JSON"):
        consume(store, inbox, most_rejects=2)
    assert StreamRejects(store.db).count() == 0
    assert [one.position for one in StreamPositions(store.db).all()] == [""]
    assert consume(store, inbox, most_rejects=3).rejected == 3


def test_rejects_are_in_a_backup(store, url, inbox, tmp_path):
    add(inbox, b"\x00\xff", act("ann", "1", 5))
    consume(store, inbox)
    copy_store(url, tmp_path / "copy.db")
    with Store.open(f"sqlite:///{tmp_path}/copy.db") as copy:
        assert [one.body for one in StreamRejects(copy.db).all()] == [b"\x00\xff"]
        assert StreamPositions(copy.db).all() == StreamPositions(store.db).all()


def test_a_zombie_stores_nothing(store, inbox):
    add(inbox, act("ann", "1", 5), act("ann", "2", 6))
    source = FolderSource(inbox)
    zombie, taken = Consumer(store, source, EventParser()), threading.Event()
    usual = store.append_with

    def take_over_first(*arguments):
        if not taken.is_set():
            taken.set()
            raise AssertionError("the position is checked before anything is written")
        return usual(*arguments)

    source.open(zombie._claim, zombie._release)
    messages = source.read(10, 0)
    assert consume(store, inbox).new == 2  # another consumer takes the file over meanwhile
    store.append_with = take_over_first
    with pytest.raises(StalePosition, match=r"a\.jsonl\[0\] was claimed by another consumer"):
        zombie._writer.write(messages, zombie._held)
    assert store.counts()["events"] == 2
    taken.set()
    zombie._store_batch(messages)  # joins again, and goes on behind the other
    assert source.read(10, 0) == [] and store.counts()["events"] == 2


def test_two_consumers_that_take_each_others_files_do_not_go_on_for_ever(store, inbox):
    add(inbox, *[act("ann", f"{n}", n + 1) for n in range(40)])
    positions, work = (
        StreamPositions(store.db),
        Consumer(store, FolderSource(inbox), EventParser(), 1),
    )
    read = work._source.read

    def taken(limit, seconds):
        found = read(limit, seconds)
        positions.claim(work._source.name, [Partition("a.jsonl", 0)], "the other")
        return found

    work._source.read = taken
    with pytest.raises(StreamError, match="3 times in 600 s"):
        work.run(threading.Event(), once=True)


def test_an_event_that_the_store_refuses_is_rejected_and_blocks_nothing(store, inbox, monkeypatch):
    monkeypatch.setattr("recsys.streams.consumer._PAUSES", (0.01,))
    body = "BEGIN SELECT RAISE(ABORT, 'poison'); END"
    if not store.db.on_sqlite:
        body = "EXECUTE FUNCTION refuse()"
    with store.db.write() as connection:
        if not store.db.on_sqlite:
            connection.execute(
                text(
                    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                    " $$ BEGIN RAISE EXCEPTION 'poison'; END $$"
                )
            )
        connection.execute(
            text(
                f"CREATE TRIGGER poison BEFORE INSERT ON events FOR EACH ROW"
                f" WHEN (NEW.value = 13) {body}"
            )
        )
    add(inbox, act("ann", "1", 5), act("ann", "2", 6, value=13), act("ann", "3", 7))
    source = FolderSource(inbox)
    work = Consumer(store, source, EventParser(), wait=0.01)
    counts = work.run(threading.Event(), once=True)
    assert (counts.new, counts.rejected) == (2, 1) and items(store, "ann") == ["1", "3"]
    (reject,) = StreamRejects(store.db).page()
    assert "poison" in reject.reason


def test_a_store_that_is_away_stops_the_reading_for_as_long(store, url, inbox, monkeypatch, caplog):
    monkeypatch.setattr("recsys.streams.consumer._PAUSES", (0.05,))
    add(inbox, *[act("ann", f"{n}", n + 1) for n in range(30)])
    calls, stop = [], threading.Event()

    class Noted(FolderSource):
        def pause(self):
            calls.append("pause")
            super().pause()

        def resume(self):
            calls.append("resume")
            super().resume()

        def ended(self):
            stop.set()
            return super().ended()

    with Store.open(url, wait=0.1) as hasty:
        work = Consumer(hasty, Noted(inbox), EventParser(), 10, 0.01)
        thread = threading.Thread(target=work.run, args=(stop,))
        with store.db.write():
            thread.start()
            time.sleep(0.5)  # also the claim waits
        until = time.monotonic() + 20
        while not work.counts.new and time.monotonic() < until:
            time.sleep(0.001)
        with store.db.write():
            while "pause" not in calls and time.monotonic() < until and work.counts.new < 30:
                time.sleep(0.01)
        while work.counts.new < 30 and time.monotonic() < until:
            time.sleep(0.01)
        stop.set()
        thread.join()
    assert work.counts.new == 30 and len(items(store, "ann")) == 30
    assert calls.count("pause") == calls.count("resume")


def test_with_once_a_store_that_is_away_is_an_error(store, url, inbox):
    add(inbox, act("ann", "1", 5))
    with Store.open(url, wait=0.1) as hasty, store.db.write():
        with pytest.raises(StoreError):
            consume(hasty, inbox)


def test_an_erased_user_does_not_come_back_from_the_stream(store, url, inbox, tmp_path):
    add(inbox, act("ann", "1", 5), act("bob", "1", 5), b'{"user": "ann"', {"user_id": "ann"})
    add(inbox, {"person": {"id": "ann"}}, {"person": {"id": "annabel"}})
    consume(store, inbox)
    with Store.open(url) as other:
        receipt = erase(other, tmp_path / "home", "ann")
    assert receipt.removed["stream_rejects"] == 3
    assert any("topics of brokers are not ours" in one for one in receipt.kept)
    assert [one.body for one in StreamRejects(store.db).all()] == [b'{"person": {"id": "annabel"}}']
    source = FolderSource(inbox).name
    StreamPositions(store.db).seek(source, Partition("a.jsonl", 0), "0", "test")
    counts = consume(store, inbox)
    assert (counts.erased, counts.new, counts.duplicates) == (1, 0, 1)
    time.sleep(0.02)
    add(inbox, act("ann", "2"), name="later.jsonl")  # a new account of the same name
    assert consume(store, inbox).new == 1 and items(store, "ann") == ["2"]


def test_an_event_may_name_the_list_in_which_its_item_was_seen(store, inbox):
    add(inbox, act("ann", "1", 5, recommendation_id=LIST))
    consume(store, inbox)
    (came,) = Exposures(store.db).came_of([LIST])
    assert (came.item_id, came.event, came.time) == ("1", "like", NOON + 5)


def test_a_file_that_became_shorter_is_an_error_that_names_the_way_out(store, inbox):
    add(inbox, act("ann", "1", 5))
    consume(store, inbox)
    (inbox / "a.jsonl").write_bytes(b"")
    with pytest.raises(StreamError, match=r"files may only grow.*recsys streams seek"):
        consume(store, inbox)


def test_a_folder_that_is_not_there(store, inbox):
    with pytest.raises(StreamError, match="is no folder"):
        consume(store, inbox / "other")


def test_one_user_on_two_partitions_and_an_unknown_kind_are_warned_of_once(store, inbox, caplog):
    checks = StreamChecks(EventWeights())
    with caplog.at_level(logging.WARNING, "recsys.streams"):
        for number in (0, 1, 0, 1):
            checks.note([(Partition("events", number), Event("ann", "1", "frobnicate"))])
    assert checks.spread_topics == {"events"} and checks.unknown_kinds == {"frobnicate"}
    assert len(caplog.records) == 2
