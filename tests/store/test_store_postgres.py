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

from recsys.errors import StoreError
from recsys.store.store import Store


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


def test_the_plain_name_of_postgresql_works_too(url):
    with Store.open(url.replace("postgresql+psycopg://", "postgresql://")) as store:
        assert store.counts()["events"] == 0


def test_no_server_is_a_store_error():
    with pytest.raises(StoreError, match="check RECSYS_STORE"):
        Store.open("postgresql://nobody@127.0.0.1:1/none")
