"""What the archive of events must do; inherited by the tests of each database."""

import time

import numpy as np
import pytest
from sqlalchemy import case, update

from recsys.data.records import Event, Item
from recsys.errors import ObjectStoreError
from recsys.store import archived_event_table
from recsys.store.day_signatures import DAY, day_of, signature_of, signatures
from recsys.store.erasure import erase
from recsys.store.event_parquet import decode_day
from recsys.store.schema import events, users
from recsys.store.store import Store
from recsys.store.user_merges import merge_users

TODAY = day_of(time.time())
NOW = TODAY * DAY + 50_000.0
COLUMNS = ("user", "item", "kind", "value", "time", "numbers")


def arrive(store, day, *some):
    """Add events that arrive on a day, in the order given."""
    last = store.last_event_id()
    store.add_events(some)
    at = day * DAY + 3_600.0
    undated = case((events.c.timestamp.is_(None), at), else_=events.c.moment)
    with store.db.write() as connection:
        new = update(events).where(events.c.id > last)
        connection.execute(new.values(received=at, moment=undated))


def acts(day, users, kind="like", text="", value=None):
    start, item = day * DAY, lambda user: f"item-{(user * 7 + day) % 11}"
    return [
        Event(f"user-{user}", item(user), kind, value, text, start + 60.0 * user) for user in users
    ]


def night(store, now=NOW):
    """Return how a night read the archive; its table is that of the store."""
    table, used = store.archived_event_table(now)
    whole = store.event_table()
    for name in COLUMNS:
        found, right = getattr(table, name), getattr(whole, name)
        assert found.dtype == right.dtype
        np.testing.assert_array_equal(found, right)
    assert list(table.users) == list(whole.users) and list(table.items) == list(whole.items)
    assert (table.kinds, table.comments) == (whole.kinds, whole.comments)
    return used


def files(store):
    """Return the content of each file by key."""
    objects = store.archive._objects
    return {key: objects.get(key).data for key in store.archive.keys()}


def number_of(store, user):
    with store.db.read() as connection:
        return connection.execute(users.select().where(users.c.user_id == user)).one().id


def holding(store, number):
    """Return the keys of the files that hold a user."""
    return [key for key, data in files(store).items() if number in decode_day(data).user]


class ArchiveContract:
    """Subclasses give the fixture `url`, of an empty database."""

    @pytest.fixture
    def store(self, url, tmp_path):
        with Store.open(url, archive=(tmp_path / "archive").as_uri()) as store:
            store.add_items([Item("item-1", title="one"), Item("item-2", title="two")])
            for day in (TODAY - 3, TODAY - 2, TODAY - 1):
                arrive(store, day, *acts(day, range(20)))
            arrive(
                store,
                TODAY - 1,
                Event("user-3", "item-5", "comment", None, "spoken words", (TODAY - 9) * DAY),
                Event("user-4", "item-5", "rating", 4.5),
                Event("user-5", "item-6", "view"),
            )
            arrive(store, TODAY, *acts(TODAY, range(5)))
            yield store

    def test_a_night_writes_the_days_that_are_over_and_the_next_one_reads_them(self, store):
        first = night(store)
        assert (first.days_read, first.days_written, first.events_from_store) == (0, 3, 68)
        assert len(files(store)) == 3
        following = night(store)
        assert (following.days_read, following.events_read) == (3, 63)
        assert (following.days_written, following.events_from_store) == (0, 5)
        arrive(store, TODAY, *acts(TODAY, range(5, 9)))
        assert night(store, NOW + DAY).days_written == 1
        assert night(store, NOW + DAY).events_from_store == 0

    def test_no_word_and_no_id_is_in_the_files(self, store):
        night(store)
        for data in files(store).values():
            assert b"spoken" not in data and b"user-" not in data and b"item-" not in data

    def test_an_empty_store_has_an_empty_archive(self, url, tmp_path):
        with Store.open(url, archive=(tmp_path / "none").as_uri()) as store:
            assert night(store).days_written == 0 and files(store) == {}

    def test_late_events_are_of_the_day_on_which_they_arrive(self, store):
        night(store)
        before = files(store)
        arrive(store, TODAY, *acts(TODAY - 300, range(9)))
        assert night(store).days_written == 0 and files(store) == before

    def test_a_clock_that_goes_back_over_midnight_opens_the_day_again(self, store):
        night(store)
        arrive(store, TODAY - 1, *acts(TODAY, range(30, 34)))  # of a clock that was put back
        used = night(store)
        assert (used.days_read, used.days_written) == (2, 1) and len(files(store)) == 3
        assert night(store).days_read == 3

    def test_a_clock_that_is_ahead_leaves_days_open(self, store):
        arrive(store, TODAY + 2, *acts(TODAY, range(40, 44)))
        assert night(store).days_written == 3
        assert night(store, NOW + 3 * DAY).days_written == 2

    def test_hidden_items_are_left_out_of_archived_days(self, store):
        before = len(store.event_table())
        night(store)
        assert store.hide_item("item-1")
        assert night(store).days_read == 3 and len(store.event_table()) < before

    def test_an_erasure_removes_the_files_of_the_users_days(self, store, tmp_path):
        night(store)
        number = number_of(store, "user-5")
        arrive(store, TODAY - 5, *acts(TODAY - 5, [90]))
        night(store)
        receipt = erase(store, tmp_path, "user-5")
        place = next(one for one in receipt.places if one.place == "archive")
        assert place.removed == {"archive_files": 3} and "next night" in place.how
        assert len(files(store)) == 1 and holding(store, number) == []
        assert night(store).days_written == 3 and holding(store, number) == []

    def test_without_an_archive_the_receipt_does_not_name_one(self, store, tmp_path):
        store.archive = None
        assert "archive" not in [one.place for one in erase(store, tmp_path, "user-5").places]

    def test_an_erasure_while_a_night_writes_leaves_nothing(self, store, tmp_path, monkeypatch):
        number, write = number_of(store, "user-5"), store.archive.write

        def erased_before(day, rows):
            if day == TODAY - 2:  # between reading the store and writing the file
                erase(store, tmp_path, "user-5")
            write(day, rows)

        monkeypatch.setattr(store.archive, "write", erased_before)
        store.archived_event_table(NOW)
        assert holding(store, number) == []
        monkeypatch.undo()
        night(store)
        assert holding(store, number) == [] and len(files(store)) == 3

    def test_a_night_killed_after_a_stale_write_is_mended_by_the_next(self, store, tmp_path):
        number = number_of(store, "user-5")
        with store.db.snapshot() as connection:
            found = signatures(connection)
        stale = store.event_table()
        night(store)
        kept = files(store)
        erase(store, tmp_path, "user-5")
        for key, data in kept.items():
            store.archive._objects.put(key, data)  # as a night that had read before would
        assert len(holding(store, number)) == 3 and len(found) == 4 and len(stale) == 68
        night(store)
        assert holding(store, number) == []

    def test_a_merge_removes_the_files_of_the_old_id(self, store):
        night(store)
        number = number_of(store, "user-7")
        assert merge_users(store, "user-8", "user-7") is not None
        assert holding(store, number) == []
        assert night(store).days_written == 3 and holding(store, number) == []

    def test_a_deleted_event_is_in_no_file(self, store):
        night(store)
        with store.db.read() as connection:
            found = connection.execute(events.select().order_by(events.c.id)).first()
        assert store.delete_event(found.id)
        assert not any(found.id in decode_day(data).id for data in files(store).values())
        assert night(store).days_written == 1

    def test_an_archive_that_is_away_is_told_and_mended(self, store, tmp_path, monkeypatch):
        night(store)
        number = number_of(store, "user-5")

        def away(*_):
            raise ObjectStoreError("s3://bundles/a: 503")

        monkeypatch.setattr(store.archive, "keys", away)
        receipt = erase(store, tmp_path, "user-5")
        place = next(one for one in receipt.places if one.place == "archive")
        assert place.removed == {"archive_files": 0} and "503" in place.how
        used = night(store)
        assert used.problem == "s3://bundles/a: 503" and used.days_read == 0
        monkeypatch.undo()
        assert len(holding(store, number)) == 3
        night(store)
        assert holding(store, number) == []

    def test_a_disk_that_fills_lets_the_night_go_on(self, store, monkeypatch):
        write = store.archive.write

        def full(day, rows):
            if day != TODAY - 3:
                raise ObjectStoreError("file:///archive: No space left on device")
            write(day, rows)

        monkeypatch.setattr(store.archive, "write", full)
        used = night(store)
        assert "No space left" in used.problem and used.days_written <= 1
        monkeypatch.undo()
        assert night(store).problem == "" and len(files(store)) == 3

    @pytest.mark.parametrize(
        "damage",
        ["half", "flip"]
        + [pytest.param(one, marks=pytest.mark.exhaustive) for one in ("empty", "text", "another")],
    )
    def test_a_file_that_is_not_as_it_should_be_is_written_anew(self, store, damage):
        night(store)
        keys = sorted(files(store))
        data = files(store)[keys[0]]
        place = len(data) // 3
        store.archive._objects.put(
            keys[0],
            {
                "half": data[: len(data) // 2],
                "flip": data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :],
                "empty": b"",
                "text": b"PAR1 no file PAR1",
                "another": files(store)[keys[1]],
            }[damage],
        )
        used = night(store)
        assert (used.days_read, used.days_written) == (2, 1)
        assert files(store)[keys[0]] == data

    def test_a_day_that_is_there_twice_is_read_once(self, store):
        night(store)
        key, data = next(iter(files(store).items()))
        twice = key.rpartition("/")[0] + "/" + "0" * 24 + ".parquet"
        store.archive._objects.put(twice, data)
        store.archive._objects.put("events/day=2001-01-01/" + "0" * 24 + ".parquet", data)
        assert night(store).days_read == 3
        assert sorted(files(store)) == sorted(key for key in files(store) if "0" * 24 not in key)

    def test_what_a_file_cannot_say_is_not_archived(self, store):
        with store.db.write() as connection:
            one = events.c.id == 1
            connection.execute(update(events).where(one).values(moment=events.c.moment + 1.0))
        assert night(store).days_written == 2

    def test_the_signature_of_columns_is_that_of_the_database(self, store):
        with store.db.snapshot() as connection:
            found = signatures(connection)
        night(store)
        for key, data in files(store).items():
            day = store.archive.keys()[key]
            assert signature_of(decode_day(data)) == found[day]
            assert found[day].text in key
        assert archived_event_table.ArchiveUse(1, 2, 3, 4).problem == ""
