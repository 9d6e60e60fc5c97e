"""The upgrade of older stores: what does not depend on the database, and SQLite's own cases."""

import json
import sqlite3
import subprocess
import sys

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from migration_contract import MigrationContract

from recsys.errors import StoreError
from recsys.store import migrations
from recsys.store.schema import SCHEMA
from recsys.store.store import Store


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/store.db"


class TestSqlite(MigrationContract):
    dialect = "sqlite"

    def test_an_old_store_that_cannot_be_written_is_named(self, old, tmp_path, monkeypatch):
        monkeypatch.setattr("recsys.store.database.BUSY", 0.1)
        with sqlite3.connect(tmp_path / "store.db") as other:
            other.execute("PRAGMA journal_mode = WAL")
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="locked"):
                Store.open(old)


def test_revisions_are_one_chain_numbered_from_one():
    config = Config()
    config.set_main_option("script_location", str(migrations.FOLDER))
    found = [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()]
    assert found[::-1] == [migrations.revision(number) for number in range(1, SCHEMA + 1)]


def test_a_store_that_is_up_to_date_is_opened_while_another_process_writes(url, tmp_path):
    Store.open(url).close()
    other = sqlite3.connect(tmp_path / "store.db")
    other.execute("BEGIN IMMEDIATE")
    with Store.open(url) as store:
        assert store.counts()["events"] == 0
    other.close()


def test_alembic_is_not_imported_for_a_new_store_nor_for_one_that_is_up_to_date(url):
    program = (
        "import json, sys; import recsys.api.app; from recsys.store.store import Store\n"
        "for _ in range(2): Store.open(sys.argv[1]).close()\n"
        "print(json.dumps('alembic' in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True)
    assert json.loads(done.stdout) is False, done.stderr
