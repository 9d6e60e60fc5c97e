"""What opening an older store must do; inherited by the tests of each database."""

import re
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from older_stores import take_back
from sqlalchemy import create_engine, inspect, text

from recsys.data.records import Event, Item
from recsys.errors import StoreError
from recsys.store import migrations
from recsys.store.api_keys import Keys
from recsys.store.database import Database
from recsys.store.exposures import Exposure, Exposures, Shown
from recsys.store.partitions.auxiliary_tables import partitioned
from recsys.store.schema import SCHEMA, VERSION_TABLE, metadata
from recsys.store.store import Store
from recsys.store.watches import Watches

PARTITION = re.compile(r"events_(before|default|\d{8})")  # which days have one is another matter
FIXTURES = Path(__file__).parent.parent / "fixtures"
OLD_ROWS = [
    "INSERT INTO users (user_id, known, name) VALUES ('ann', 1, 'Ann')",
    "INSERT INTO items (item_id, known, title) VALUES ('a', 1, 'A title')",
    "INSERT INTO kinds (name) VALUES ('like')",
    'INSERT INTO events ("user", item, kind, value, text, timestamp, moment, received, key)'
    " VALUES (1, 1, 1, NULL, '', 5.0, 5.0, 6.0, 77)",
    "INSERT INTO item_changes (item, at) VALUES (1, 5.0)",
    "INSERT INTO notes (key, value) VALUES ('schema', '1')",
    "INSERT INTO exposures (recommendation_id, time, bundle, person, kind, items)"
    " VALUES ('r', 5.0, 'b', 'p', 'long', '[[\"a\", 1, \"words\", 0.9]]')",
    "INSERT INTO runs (kind, status, started, detail) VALUES ('nightly', 'published', 7.0, '{}')",
    'INSERT INTO controls ("user", action, kind, value, at)'
    " VALUES (1, 'mute', 'tag', 'noise', 6.0)",
]
ADD_COLUMN = '''"""Test."""
import sqlalchemy as sa
from alembic import op
revision = "{number:04d}"
down_revision = "{before:04d}"
def upgrade():
    op.add_column("users", sa.Column("colour", sa.Text, nullable=False, server_default="none"))
    op.execute("UPDATE users SET colour = 'red'")
    {more}
'''


def tables(url):
    """Return what the database says of its tables, for comparison."""
    engine = create_engine(url)
    inspector = inspect(engine)
    found = {}
    for name in inspector.get_table_names():
        if PARTITION.fullmatch(name):
            continue
        columns = [
            (c["name"], str(c["type"]), c["nullable"], c["default"])
            for c in inspector.get_columns(name)
        ]
        keys = inspector.get_pk_constraint(name)["constrained_columns"]
        unique = sorted(tuple(u["column_names"]) for u in inspector.get_unique_constraints(name))
        indexes = sorted(
            (i["name"], tuple(i["column_names"]))
            for i in inspector.get_indexes(name)
            if not i.get("duplicates_constraint")
        )
        found[name] = (columns, keys, unique, indexes)
    engine.dispose()
    return found


def described(object, name, kind, reflected, compared):
    """Whether to compare an object: partitions, keys and indexes of `events` are left out."""
    if kind == "table":
        return not (reflected and PARTITION.fullmatch(name))
    return kind not in ("index", "unique_constraint") or object.table.name != "events"


class MigrationContract:
    """Subclasses give the fixture `url`, of an empty database, and the name of the `dialect`."""

    dialect = ""

    @pytest.fixture
    def old(self, url):
        """Give the address of a store as commit 2c9a487 made it, with rows."""
        engine = create_engine(url)
        script = (FIXTURES / f"store_2c9a487_{self.dialect}.sql").read_text().split("\n", 1)[1]
        with engine.begin() as connection:
            for statement in [*script.split(";\n"), *OLD_ROWS]:
                if statement.strip():
                    connection.execute(text(statement))
        engine.dispose()
        return url

    @pytest.fixture
    def scripts(self, tmp_path):
        """Give a copy of the migrations that revisions can be added to."""
        return Path(shutil.copytree(migrations.FOLDER, tmp_path / "scripts %"))

    @staticmethod
    def add(scripts, more="pass"):
        text = ADD_COLUMN.format(number=SCHEMA + 1, before=SCHEMA, more=more)
        (scripts / "versions" / "next.py").write_text(text)

    @staticmethod
    def users(url):
        engine = create_engine(url)
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT * FROM users")).mappings().all()
            number = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
        engine.dispose()
        return [dict(row) for row in rows], number

    def test_an_old_store_is_upgraded_without_loss(self, old):
        for _ in range(2):
            with Store.open(old) as store:
                assert store.counts() == {"items": 1, "events": 1, "users": 1}
                (event,) = store.history("ann")
                assert (event.item_id, event.event, event.timestamp) == ("a", "like", 5.0)
                (run,) = store.runs()
                assert run.status == "published" and store.controls_of("ann")
                (shown,) = Exposures(store.db).shown_lists("p")
                assert not shown.arms and shown.items == (Shown("a", 1, "words", 0.9, None),)
        assert self.users(old)[1] == f"{SCHEMA:04d}"

    def test_an_old_store_ends_with_the_tables_of_a_new_one(self, old, url):
        Store.open(old).close()
        upgraded = tables(old)
        engine = create_engine(old)
        with engine.begin() as connection:
            every, options = [metadata], {}
            if self.dialect == "postgresql":
                every, options = [metadata, partitioned], {"include_object": described}
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, every) == []
            for one in every:
                one.drop_all(connection)
        engine.dispose()
        Store.open(url).close()
        assert tables(url) == upgraded

    def test_a_store_of_schema_10_gets_watches_and_the_shares_that_it_holds(self, url):
        kinds = ["share", "转发", "like", "forward"]
        acts = [Event(f"u{at}", "1", kind, None, "", 5.0 + at) for at, kind in enumerate(kinds)]
        with Store.open(url) as store:
            store.add_items([Item("1", "one", author_id="w")])
            store.add_events(acts)
        new = tables(url)
        engine = create_engine(url)
        with engine.begin() as connection:
            take_back(connection, 10)
        engine.dispose()
        assert "shares" not in tables(url) and "watches" not in tables(url)
        with Store.open(url) as store:
            assert store.item("1") == Item("1", "one", author_id="w")
            numbers = [store.user_number(one.user_id) for one in acts]
            held = [(one.user, one.shared_from, one.moment) for one in store.shares_of("1", 9)]
            assert held == [(numbers[0], 0, 5.0), (numbers[1], 0, 6.0), (numbers[3], 0, 8.0)]
            store.add_events([replace(acts[1], shared_from="u0")])  # told of again, with its source
            assert store.shares_of("1", 9)[1] == (numbers[1], numbers[0], 6.0)
            values = {"name": "w", "query": "one", "level": "normal"}
            values |= {"least_people": 10, "digest": "none"}
            made = Watches(store.db).add(values, 1, 1)
            assert Watches(store.db).every() == [made] and made.group == ""
        assert tables(url) == new

    def test_tables_that_an_old_store_never_made_are_made(self, old):
        engine = create_engine(old)
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE exposures"))
            connection.execute(text("DROP TABLE api_keys"))
        engine.dispose()
        with Store.open(old) as store:
            Keys(store.db).create("test", "read")
            Exposures(store.db).write([Exposure("r", 1.0, "b", "p", "cold", ())], [])
            assert len(Keys(store.db).list()) == 1

    def test_processes_that_open_an_old_store_at_once_upgrade_it_once(self, old):
        errors, barrier = [], threading.Barrier(4)

        def opened():
            barrier.wait()
            try:
                with Store.open(old) as store:
                    assert store.counts()["events"] == 1
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=opened) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors
        assert self.users(old)[1] == f"{SCHEMA:04d}"

    def test_a_newer_store_is_refused_with_both_numbers_and_a_way_out(self, url):
        Store.open(url).close()
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0999'"))
        engine.dispose()
        sentence = rf"schema 999, this program knows {SCHEMA} .*: install the newer recsys"
        with pytest.raises(StoreError, match=sentence):
            Store.open(url)

    def test_programs_before_alembic_see_the_number_of_an_upgraded_store(self, old):
        with Store.open(old) as store:
            assert store.get_note("schema") == str(SCHEMA)

    def test_a_later_revision_runs_on_top(self, old, scripts):
        Store.open(old).close()
        self.add(scripts)
        db = Database.open(old)
        with db.write() as connection:
            migrations.run_revisions(connection, scripts)
        db.close()
        ((row,), number) = self.users(old)
        assert (row["user_id"], row["colour"], number) == ("ann", "red", f"{SCHEMA + 1:04d}")

    def test_a_revision_that_fails_changes_nothing(self, old, scripts):
        Store.open(old).close()
        self.add(scripts, more='op.execute("INSERT INTO nowhere VALUES (1)")')
        db = Database.open(old)
        with pytest.raises(StoreError, match="nowhere"), db.write() as connection:
            migrations.run_revisions(connection, scripts)
        db.close()
        ((row,), number) = self.users(old)
        assert "colour" not in row and number == f"{SCHEMA:04d}"
