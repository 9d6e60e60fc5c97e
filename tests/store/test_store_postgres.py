"""The store on a real PostgreSQL server, which the test package brings along."""

import pytest
from archive_contract import ArchiveContract
from audit_contract import AuditContract
from dialogue_contract import DialogueContract
from migration_contract import MigrationContract
from outbox_contract import OutboxContract
from postgres_server import emptied, running
from sqlalchemy import create_engine, make_url, text
from store_contract import StoreContract

from recsys.data.records import Event
from recsys.errors import StoreError
from recsys.store.store import Added, Store


@pytest.fixture(scope="module")
def server():
    with running() as url:
        yield url


@pytest.fixture
def url(server):
    return emptied(server)


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
