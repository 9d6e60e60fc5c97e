"""`recsys backup` and `recsys restore`: a home that serves is copied, lost, and serves again."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import api_server
import old_home
import postgres_server
import pytest
from api_world import build
from click.testing import CliRunner
from sqlalchemy import Column, Float, Integer, LargeBinary
from sqlalchemy.engine import URL

from jobs.commands.backup import command as backup_command
from jobs.commands.restore import command as restore_command
from recsys.data.records import Event, Item
from recsys.errors import DataError
from recsys.store.backup import back_up, restore
from recsys.store.erasure import erase
from recsys.store.schema import alerts, metadata, schema_version
from recsys.store.store import Store


def url_of(home: Path) -> str:
    return f"sqlite:///{home / 'store.db'}"


def small(home: Path, *users: str) -> str:
    """Fill a store with one event per user; return its URL."""
    with Store.open(url_of(home)) as store:
        store.add_items([Item("7", title="tide")])
        store.add_events([Event(user, "7", "like", timestamp=5.0) for user in users])
    return url_of(home)


def test_a_backup_under_load_serves_the_same_list(tmp_path: Path) -> None:
    home, copy, again = (tmp_path / name for name in ("home", "copy", "again"))
    home.mkdir()
    build(home)
    server = api_server.start(home)
    accepted, stop = [], threading.Event()

    def post() -> None:
        with server.client() as http:
            while not stop.is_set():
                sent = f"loader-{len(accepted)}"
                event = {"user_id": sent, "item_id": "sea-1", "event": "pinged"}
                assert http.post("/events", json=event).status_code < 300
                accepted.append(sent)

    try:
        thread = threading.Thread(target=post)
        thread.start()
        while len(accepted) < 20 and thread.is_alive():
            stop.wait(0.01)
        known = list(accepted)
        made = back_up(home, url_of(home), copy)
        while len(accepted) < len(known) + 5 and thread.is_alive():
            stop.wait(0.01)
        stop.set()
        thread.join()
    finally:
        stop.set()
        server.stop()
    assert len(accepted) >= len(known) + 5  # the server went on
    assert made.bundle and restore(copy, again, url_of(again)) == made
    with Store.open(url_of(again)) as store:
        held = {event.user_id for event in store.events_after(0, 1_000_000)}
    assert held >= set(known)
    lists = []
    for place in (home, again):
        server = api_server.start(place)
        try:
            with server.client() as http:
                found = http.get("/recommend/baker?n=5").json()["items"]
        finally:
            server.stop()
        lists.append([item["item_id"] for item in found])
    assert len(lists[0]) == 5 and lists[0] == lists[1]


def test_a_flipped_bit_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    home, copy, again = (tmp_path / name for name in ("home", "copy", "again"))
    back_up(home, small(home, "ann"), copy)
    for name in ("store.db", "manifest.json"):
        whole = (copy / name).read_bytes()
        middle = len(whole) // 2
        (copy / name).write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
        with pytest.raises(DataError, match=rf"{name} is missing or was changed"):
            restore(copy, again, url_of(again))
        assert not again.exists()
        (copy / name).write_bytes(whole)
    restore(copy, again, url_of(again))


def forged(copy: Path, change: Callable[[Any], Any]) -> None:
    """Change the manifest of a backup and seal it again, as whoever wrote it can."""
    manifest = json.loads((copy / "manifest.json").read_text())
    text = json.dumps(change(manifest))
    (copy / "manifest.json").write_text(text)
    sum = hashlib.sha256(text.encode()).hexdigest()
    (copy / "manifest.sha256").write_text(f"{sum}  manifest.json\n")


@pytest.mark.parametrize(
    "change",
    [
        lambda one: [],
        lambda one: {**one, "format": "1"},
        lambda one: {**one, "schema": None},
        lambda one: {**one, "created": "today"},
        lambda one: {**one, "files": [*one["files"]]},
        lambda one: {**one, "files": {}},
        lambda one: {**one, "files": dict.fromkeys(one["files"])},
        lambda one: {key: value for key, value in one.items() if key != "bundle"},
        lambda one: {**one, "files": {**one["files"], "../out": one["files"]["store.db"]}},
        lambda one: {**one, "files": {**one["files"], "/etc/out": one["files"]["store.db"]}},
    ],
)
def test_a_sealed_but_odd_manifest_is_refused(tmp_path: Path, change: Callable[[Any], Any]) -> None:
    home, copy, again = (tmp_path / name for name in ("home", "copy", "again"))
    back_up(home, small(home, "ann"), copy)
    forged(copy, change)
    with pytest.raises(DataError, match=r"manifest\.json is"):
        restore(copy, again, url_of(again))
    assert not again.exists()


def test_a_link_out_of_a_backup_is_not_followed(tmp_path: Path) -> None:
    home, copy, again = (tmp_path / name for name in ("home", "copy", "again"))
    back_up(home, small(home, "ann"), copy)
    secret = tmp_path / "secret"
    secret.write_text("of the machine")
    (copy / "home").mkdir(exist_ok=True)
    (copy / "home" / "link").symlink_to(secret)
    entry = {"sha256": hashlib.sha256(secret.read_bytes()).hexdigest(), "bytes": 14}
    forged(copy, lambda one: {**one, "files": {**one["files"], "home/link": entry}})
    with pytest.raises(DataError, match="leads out of the backup"):
        restore(copy, again, url_of(again))
    assert not again.exists()


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    home, copy = tmp_path / "home", tmp_path / "copy"
    back_up(home, small(home, "ann"), copy)
    with pytest.raises(DataError, match="exists"):
        back_up(home, url_of(home), copy)
    with pytest.raises(DataError, match="lies in the home"):
        back_up(home, url_of(home), home / "copy")
    with pytest.raises(DataError, match=r"not empty \(it holds store\.db\)"):
        restore(copy, home, url_of(home))
    with pytest.raises(DataError, match="there is no store"):
        back_up(tmp_path / "none", url_of(tmp_path / "none"), tmp_path / "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "home"]


def test_what_a_night_makes_again_is_left_out(tmp_path: Path) -> None:
    home, copy = tmp_path / "home", tmp_path / "copy"
    url = small(home, "ann")
    left_out = ["runs/1/fit/a.npy", "rejects/a.csv", "night.log", "embeddings/night/static.words"]
    for name in [*left_out, "encoders/a.json"]:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("a")
    back_up(home, url, copy)
    held = {str(path.relative_to(copy / "home")) for path in (copy / "home").rglob("*.*")}
    assert "encoders/a.json" in held and not held & set(left_out)


def test_an_erased_user_is_in_no_later_backup(tmp_path: Path) -> None:
    home, copy = tmp_path / "home", tmp_path / "copy"
    url = small(home, "ann-whom-nobody-knows", "bob")
    with Store.open(url) as store:
        erase(store, home, "ann-whom-nobody-knows")
    back_up(home, url, copy)
    held = b"".join(path.read_bytes() for path in copy.rglob("*") if path.is_file())
    assert b"bob" in held and b"ann-whom" not in held


def test_an_older_schema_is_restored_and_upgraded(tmp_path: Path) -> None:
    home, again = old_home.unpack(tmp_path / "home"), tmp_path / "again"
    made = back_up(home, url_of(home), tmp_path / "copy")
    assert made.schema == 1 and made.events
    restore(tmp_path / "copy", again, url_of(again))
    with Store.open(url_of(again)) as store:
        assert store.counts()["events"] == made.events


def test_postgresql_to_sqlite_and_back(tmp_path: Path, postgres: URL) -> None:
    home, copy, second = (tmp_path / name for name in ("home", "copy", "second"))
    url = postgres_server.emptied(postgres)
    home.mkdir()
    with Store.open(url) as store:
        store.add_events([Event(who, "7", "like", timestamp=5.0) for who in ("ann", "bob")])
        last = store.last_event_id()
        erase(store, home, "bob")  # the last event's number must not be given again
    back_up(home, url, copy)
    with pytest.raises(DataError, match="PostgreSQL store holds users"):
        restore(copy, tmp_path / "fresh", url)
    local = tmp_path / "local"
    restore(copy, local, url_of(local))
    back_up(local, url_of(local), second)
    url = postgres_server.emptied(postgres)
    restore(second, tmp_path / "fresh", url)
    for place in (url_of(local), url):
        with Store.open(place) as store:
            assert store.counts() == {"items": 0, "events": 1, "users": 1}
            store.add_events([Event("cid", "8", "like", timestamp=6.0)])
            assert store.last_event_id() > last


def filled_everywhere(url: str) -> None:
    """Add two rows to each table but the one of the schema's number: all that a column may hold."""
    with Store.open(url) as store, store.db.write() as connection:
        for table in metadata.sorted_tables:
            for row in (1, 2) if table is not schema_version else ():
                values = {column.name: value_of(column, row) for column in table.columns}
                connection.execute(table.insert().values(values))


def value_of(column: Column[Any], row: int) -> Any:
    if row == 2 and column.nullable:
        return None
    if isinstance(column.type, Integer):
        return row if column.name != "key" else 2**62 + row
    if isinstance(column.type, Float):
        return 1.7e9 + row / 3
    if isinstance(column.type, LargeBinary):
        return bytes(range(256)) * row
    return f"{column.name} {row} 电"


def all_rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    with Store.open(url) as store, store.db.read() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(table.select())), key=repr)
            for table in metadata.sorted_tables
        }


def test_every_table_goes_to_the_other_database_and_back(tmp_path: Path, postgres: URL) -> None:
    home, copy, second, local = (tmp_path / name for name in ("home", "copy", "second", "local"))
    url = postgres_server.emptied(postgres)
    home.mkdir()
    filled_everywhere(url)
    before = all_rows(url)
    assert {"watches", "watch_counts", "alerts", "alert_evidence", "shares"} <= before.keys()
    assert min(map(len, before.values())) == 1 and len(before["silences"]) == 2
    back_up(home, url, copy)
    restore(copy, local, url_of(local))
    assert all_rows(url_of(local)) == before
    back_up(local, url_of(local), second)
    url = postgres_server.emptied(postgres)
    restore(second, tmp_path / "fresh", url)
    assert all_rows(url) == before
    with Store.open(url) as store, store.db.write() as connection:
        made = alerts.insert().values(watch=1, kind="k", state="s", began=1.0, body="{}")
        assert connection.execute(made.returning(alerts.c.id)).scalar() == 3


def test_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, copy, again = (tmp_path / name for name in ("home", "copy", "again"))
    small(home, "ann")
    monkeypatch.setenv("RECSYS_HOME", str(home))
    found = CliRunner().invoke(backup_command, [str(copy), "--json"], catch_exceptions=False)
    assert json.loads(found.stdout)["events"] == 1 and "copying the store" in found.stderr
    monkeypatch.setenv("RECSYS_HOME", str(again))
    found = CliRunner().invoke(restore_command, [str(copy)], catch_exceptions=False)
    assert found.stdout == f"restored 1 events and no bundle from {copy}\n"
