"""The store on a real PostgreSQL server, which the test package brings along."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from archive_contract import ArchiveContract
from audit_contract import AuditContract
from dialogue_contract import DialogueContract
from migration_contract import MigrationContract
from outbox_contract import OutboxContract
from postgres_server import emptied
from sqlalchemy import create_engine, literal_column, make_url, select, text
from store_contract import StoreContract

from recsys.data.records import Event
from recsys.errors import StoreError
from recsys.store import event_queries
from recsys.store.database import Database
from recsys.store.erasure import erase
from recsys.store.postgres_small_reads import MOST
from recsys.store.prepared_reads import Read
from recsys.store.schema import users
from recsys.store.store import Added, Store
from recsys.store.user_merges import merge_users


@pytest.fixture
def url(postgres):
    return emptied(postgres)


class TestPostgres(StoreContract):
    pass


class TestAudit(AuditContract):
    pass


class TestOutbox(OutboxContract):
    pass


class TestArchive(ArchiveContract):
    pass


class TestDialogues(DialogueContract):
    pass


class TestMigrations(MigrationContract):
    dialect = "postgresql"

    def test_an_account_that_may_only_read_opens_a_store_that_is_up_to_date(self, url):
        Store.open(url).close()
        reader = make_url(url).set(username="reader", password="secret")
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("DROP ROLE IF EXISTS reader"))
            connection.execute(text("CREATE ROLE reader LOGIN PASSWORD 'secret'"))
            connection.execute(text("GRANT USAGE ON SCHEMA public TO reader"))
            connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"))
        with Store.open(reader.render_as_string(hide_password=False)) as store:
            assert store.counts()["events"] == 0
        with engine.begin() as connection:
            connection.execute(text("DROP OWNED BY reader"))
            connection.execute(text("DROP ROLE reader"))
        engine.dispose()


def test_many_events_are_copied_as_they_are_in_their_order(url):
    """From 500 rows on COPY is used, in whose text form some signs have a meaning."""
    odd = ["\\N", "a\tb", "line\nfeed\r", "back\\slash", "\\.", "", "电影", "'\"", "x" * 9_000]
    sent = [
        Event(f"u{n % 7}", f"i{n % 50}", "comment", n / 3, odd[n % len(odd)], 1e9 + n)
        for n in range(1_200)
    ]
    with Store.open(url, bulk=True) as store:
        assert store.add_events(sent[:600]) == Added(600, 0)
        assert store.add_events(sent) == Added(600, 600)
        found = store.events_after(0, 2_000)
    assert [(e.user_id, e.item_id, e.value, e.text, e.timestamp) for e in found] == [
        (e.user_id, e.item_id, e.value, e.text, e.timestamp) for e in sent
    ]


def test_without_the_right_to_temporary_tables_events_are_inserted(url):
    sent = [Event("ann", f"i{n}", "like", None, "", 1e9 + n) for n in range(600)]
    Store.open(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in (
            "CREATE ROLE writer LOGIN PASSWORD 'secret'",
            "GRANT USAGE ON SCHEMA public TO writer",
            "GRANT ALL ON ALL TABLES IN SCHEMA public TO writer",
            "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO writer",
            "REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC",
        ):
            connection.execute(text(statement))
    writer = make_url(url).set(username="writer", password="secret")
    try:
        with Store.open(writer.render_as_string(hide_password=False)) as store:
            assert store.add_events(sent) == Added(600, 0)
    finally:
        with engine.begin() as connection:
            connection.execute(text("GRANT TEMPORARY ON DATABASE postgres TO PUBLIC"))
            connection.execute(text("DROP OWNED BY writer"))
            connection.execute(text("DROP ROLE writer"))
        engine.dispose()


def test_the_plain_name_of_postgresql_works_too(url):
    with Store.open(url.replace("postgresql+psycopg://", "postgresql://")) as store:
        assert store.counts()["events"] == 0


def test_no_server_is_a_store_error():
    with pytest.raises(StoreError, match="check RECSYS_STORE"):
        Store.open("postgresql://nobody@127.0.0.1:1/none")


def test_a_bulk_load_remembers_users_until_one_is_erased_or_merged(url, tmp_path):
    with Store.open(url, bulk=True) as bulk, Store.open(url) as other:
        bulk.add_events([Event("ann", "1", "view"), Event("bob", "1", "view")])
        bulk.add_events([Event("ann", "2", "view")])
        with bulk.db.write() as connection:
            assert bulk.db.known.of(connection, users.c.user_id).keys() == {"ann", "bob"}
        erase(other, tmp_path, "ann")
        bulk.add_events([Event("ann", "3", "view"), Event("bob", "3", "view")])
        assert [e.item_id for e in other.history("ann")] == ["3"]
        merge_users(other, "ann", "bob")
        bulk.add_events([Event("bob", "4", "view")])
        assert [e.item_id for e in other.history("ann")] == ["1", "3", "3"]
        assert [e.item_id for e in other.history("bob")] == ["4"]


def test_small_reads_outlive_a_restart_and_share_the_pool_when_there_are_many(url):
    """Connections that the server ended are replaced; an error is that of any other read."""
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    with Store.open(url) as store:
        store.add_events([Event("ann", f"{at}", "view", None, "", 5.0 + at) for at in range(30)])
        readers = store.db.postgres_readers
        assert readers is not None
        assert [e.item_id for e in store.history("ann", 2)] == ["28", "29"]
        engine = create_engine(url)
        with engine.connect() as connection:
            connection.execute(text(end)).all()
        assert len(store.history("ann")) == 30 and store.act_stamp("ann")[0] == 30
        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(lambda n: len(store.history("ann", 1 + n % 30)), range(600)))
        assert found == [1 + n % 30 for n in range(600)]
        assert 0 < len(readers._idle) <= MOST == len(readers._idle) + len(readers._places)
        taken = [readers._places.pop() for _ in range(len(readers._places))]
        idle, readers._idle = readers._idle, []
        assert readers.rows(event_queries.KINDS) is None and store.kinds() == ["view"]
        readers._idle += idle
        readers._places += taken
        wrong = Read(select(literal_column("1 / 0")))
        with pytest.raises(StoreError, match="division by zero"):
            store.db.rows(wrong)
        assert store.kinds() == ["view"]
        store.close()
        assert readers._idle == [] and len(readers._places) == MOST
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE kinds RENAME TO sorts"))
        with pytest.raises(StoreError, match="kinds"):
            store.kinds()
        engine.dispose()
    gone = make_url(url).set(database="none")
    with pytest.raises(StoreError, match="none"):
        Database.open(gone.render_as_string(hide_password=False)).rows(event_queries.KINDS)
