"""The store on SQLite, and what can happen to its file."""

import sqlite3

import pytest
from archive_contract import ArchiveContract
from audit_contract import AuditContract
from dialogue_contract import DialogueContract
from outbox_contract import OutboxContract
from store_contract import StoreContract

from recsys.data.records import Event, Item
from recsys.errors import StoreError
from recsys.store.schema import users
from recsys.store.store import Store


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/new/folder/store.db"


class TestSqlite(StoreContract):
    pass


class TestAudit(AuditContract):
    pass


class TestOutbox(OutboxContract):
    pass


class TestArchive(ArchiveContract):
    pass


class TestDialogues(DialogueContract):
    pass


class TestSqliteInBulk(StoreContract):
    @pytest.fixture
    def store(self, url):
        with Store.open(url, bulk=True) as store:
            yield store


def test_a_bulk_load_forgets_numbers_when_another_process_erased_a_user(url):
    with Store.open(url, bulk=True) as bulk, Store.open(url) as other:
        bulk.add_events([Event("ann", "1", "like", None, "", 1.0)])
        other.delete_user("ann")
        bulk.add_events([Event("ann", "2", "like", None, "", 2.0)])
        assert [event.item_id for event in other.history("ann")] == ["2"]


def test_a_bulk_load_forgets_numbers_of_a_transaction_that_was_undone(url):
    with Store.open(url, bulk=True) as bulk:
        bulk.counts()
        with pytest.raises(StoreError), bulk.db.write() as connection:
            bulk.db.numbers(connection, users.c.user_id, ["bob"])
            connection.exec_driver_sql("no statement at all")
        bulk.add_events([Event("eve", "1", "like", None, "", 1.0)])
        bulk.add_events([Event("bob", "2", "like", None, "", 2.0)])
        assert [event.item_id for event in bulk.history("bob")] == ["2"]
        assert [event.item_id for event in bulk.history("eve")] == ["1"]


def events(n):
    return [Event(f"u{k % 50}", f"i{k}", "comment", None, "words " * 20, 5.0) for k in range(n)]


def test_a_full_disk_is_a_store_error_and_keeps_what_was_stored(url):
    with Store.open(url) as store:
        store.add_events(events(1000))
    with Store.open(url) as store:
        with store.db.read() as connection:  # the pool hands the same connection out again
            used = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {used + 20}")
        with pytest.raises(StoreError, match="full: free some space and run it again"):
            store.add_events(events(30_000))
    with Store.open(url) as store:
        assert store.counts()["events"] == 1000
        assert store.add_events(events(2000)).new == 1000


def test_no_word_of_a_deleted_user_is_left_in_the_files(url, tmp_path):
    with Store.open(url) as store:
        secret = [Event("secret-user", "1", "comment", None, "secret-words", 5.0)]
        store.add_events(secret + events(500))
        store.delete_user("secret-user")
        data = b"".join(path.read_bytes() for path in (tmp_path / "new/folder").iterdir())
    assert b"secret" not in data and b"words" in data


def test_a_deleted_item_leaves_no_words_in_the_files(url, tmp_path):
    with Store.open(url) as store:
        store.add_items([Item("1", "secret title", "secret text"), Item("2", "open")])
        store.delete_item("1")
        data = b"".join(path.read_bytes() for path in (tmp_path / "new/folder").iterdir())
    assert b"secret" not in data and b"open" in data


@pytest.mark.parametrize("wrong", ["mysql://x/y", "nonsense", "sqlite:////proc/none/store.db"])
def test_what_cannot_be_opened_is_a_store_error(wrong):
    with pytest.raises(StoreError):
        Store.open(wrong)


def test_a_file_that_is_no_database_is_a_store_error(tmp_path):
    (tmp_path / "x.db").write_text("not a database, and long enough to be taken for one " * 10)
    with pytest.raises(StoreError, match="not a database"):
        Store.open(f"sqlite:///{tmp_path}/x.db")


def test_other_tables_in_the_same_database_are_written_whole_or_not_at_all(url):
    with Store.open(url) as store:
        with store.engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE other (id INTEGER PRIMARY KEY)")
        with pytest.raises(RuntimeError), store.engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO other VALUES (1)")
            raise RuntimeError
        with store.engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM other").scalar() == 0


def test_the_log_is_ahead_of_the_file_and_written_through(url, tmp_path):
    with Store.open(url) as store, store.db.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
    with sqlite3.connect(tmp_path / "new/folder/store.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
