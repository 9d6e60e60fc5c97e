"""The store on a real PostgreSQL server, which the test package brings along."""

import pytest
from postgres_server import emptied, running
from store_contract import StoreContract

from recsys.data.store import Store
from recsys.errors import StoreError


@pytest.fixture(scope="module")
def server():
    with running() as url:
        yield url


@pytest.fixture
def url(server):
    return emptied(server)


class TestPostgres(StoreContract):
    pass


def test_the_plain_name_of_postgresql_works_too(url):
    with Store.open(url.replace("postgresql+psycopg://", "postgresql://")) as store:
        assert store.counts()["events"] == 0


def test_no_server_is_a_store_error():
    with pytest.raises(StoreError, match="check RECSYS_STORE"):
        Store.open("postgresql://nobody@127.0.0.1:1/none")
