"""Backup of a home and its store to one folder, and restore.

    DEST/manifest.json     format, schema, and SHA-256 and size of every file below
    DEST/manifest.sha256   SHA-256 of the manifest, in the form of sha256sum
    DEST/store.db          the store as SQLite, whichever database it came from
    DEST/home/…            bundles, encoders, tone models and all else of the home

The store is copied as of one moment, while others write; then the files, until a look finds none
changed. Left out: unfinished nights (`runs`), rejected rows (`rejects`), locks and logs.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Connection, Integer, func, insert, make_url, select, text

from recsys.errors import DataError
from recsys.store.database import Database
from recsys.store.partitions.append import note_identities
from recsys.store.schema import SCHEMA, events, items, metadata, schema_version, users
from recsys.store.store import Store

FORMAT = 1  # of backups; later ones are refused
MANIFEST, SUM, STORE, HOME = "manifest.json", "manifest.sha256", "store.db", "home"
_LEFT_OUT = ("runs", "rejects")  # folders of the home
_LEFT_OUT_ENDS = (".lock", ".log", ".part", ".words", "-wal", "-shm", "-journal")
_RESTORING = ".restoring"  # folder of a restore in the home, until it is complete
_ROUNDS = 20  # looks at files that change while they are copied
_BATCH = 5_000  # rows
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Backup:
    """Contents of a backup, from its manifest."""

    folder: str
    created: float  # Unix seconds
    schema: int
    events: int
    bundle: str  # version in service; empty without one
    files: int
    bytes: int


def back_up(home: Path, store_url: str, to: Path, message: Tell = lambda _: None) -> Backup:
    """Write a backup into a folder that does not exist yet; it appears when it is complete.

    DataError when the folder exists, lies in the home, or there is no store; StoreError as of
    Store. A PostgreSQL store of an earlier schema is upgraded, as by every command.
    """
    to = to.absolute()
    if to.exists():
        raise DataError(f"{to} exists: name a folder that does not exist yet")
    if to.resolve().is_relative_to(home.resolve()):
        raise DataError(f"{to} lies in the home {home}: a backup belongs outside of it")
    to.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{to.name}.part-", dir=to.parent))
    try:
        created = time.time()
        message("copying the store")
        copy_store(store_url, aside / STORE)
        _copy_home(home, _sqlite_file(store_url), aside / HOME, message)
        seen = _look(aside / STORE)
        message("computing checksums")
        paths = sorted(path for path in aside.rglob("*") if path.is_file())
        files = {
            path.relative_to(aside).as_posix(): {"sha256": _sum(path), "bytes": path.stat().st_size}
            for path in paths
        }
        pointer = aside / HOME / "bundles" / "current"
        manifest = {
            "format": FORMAT,
            "created": created,
            **seen,
            "bundle": pointer.read_text().strip() if pointer.exists() else "",
            "files": files,
        }
        (aside / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
        (aside / SUM).write_text(f"{_sum(aside / MANIFEST)}  {MANIFEST}\n")
        for path in (*paths, aside / MANIFEST, aside / SUM):
            _sync(path)
        os.rename(aside, to)
        _sync(to.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return _described(to, manifest)


def restore(source: Path, home: Path, store_url: str, message: Tell = lambda _: None) -> Backup:
    """Put a backup into an empty home and an empty store, either of the two databases.

    Every checksum is compared before anything is written. DataError when the backup is damaged or
    of a later format, or when home or store hold anything. A SQLite store of an earlier schema is
    upgraded when it is next opened, one that goes to PostgreSQL at once.
    """
    message("comparing checksums")
    manifest = verified(source)
    file = _sqlite_file(store_url)
    _check_empty(home, store_url, file)
    aside = home / _RESTORING
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        message("copying files")
        for name in manifest["files"]:
            target = aside / PurePosixPath(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / PurePosixPath(name), target)
        message("restoring the store")
        if file is None:
            _fill(store_url, aside / STORE)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_name(f"{file.name}.part")  # on the file system of the store
            shutil.move(aside / STORE, part)
            os.replace(part, file)
        for path in sorted((aside / HOME).iterdir() if (aside / HOME).is_dir() else ()):
            os.rename(path, home / path.name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return _described(source, manifest)


def verified(source: Path) -> dict[str, Any]:
    """Return the manifest of a backup whose files are all as they were written, else DataError.

    Files are those inside of the folder: a link that leads out of it is refused.
    """
    if not (source / MANIFEST).is_file():
        raise DataError(f"{source} is no backup: it has no {MANIFEST}")
    try:
        expected = (source / SUM).read_text().split()[:1]
        if expected != [_sum(source / MANIFEST)]:
            raise ValueError
        manifest: dict[str, Any] = json.loads((source / MANIFEST).read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(source / MANIFEST) from error
    if not _is_manifest(manifest):
        raise DataError(
            f"{source / MANIFEST} is not as `recsys backup` writes it: nothing restored"
        )
    if manifest["format"] > FORMAT:
        raise DataError(
            f"{source} has backup format {manifest['format']}, this program knows {FORMAT} and"
            " earlier: restore with the recsys that made it or a newer one"
        )
    if manifest["schema"] > SCHEMA:
        raise DataError(
            f"{source} holds a store of schema {manifest['schema']}, this program knows {SCHEMA}"
            " and earlier: restore with the recsys that made it or a newer one"
        )
    for name, known in manifest["files"].items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise _damaged(source / MANIFEST)
        found = source / path
        if not found.resolve().is_relative_to(source.resolve()):
            raise DataError(f"{found} leads out of the backup: nothing was restored")
        if not found.is_file() or found.stat().st_size != known["bytes"]:
            raise _damaged(found)
        if _sum(found) != known["sha256"]:
            raise _damaged(found)
    return manifest


def _is_manifest(found: object) -> bool:
    """Whether JSON has the fields of a manifest; a sum says only that nobody changed it since."""
    if not isinstance(found, dict) or not isinstance(found.get("files"), dict):
        return False
    numbers = all(type(found.get(name)) is int for name in ("format", "schema", "events"))
    files = all(
        isinstance(one, dict)
        and type(one.get("bytes")) is int
        and isinstance(one.get("sha256"), str)
        for one in found["files"].values()
    )
    created = type(found.get("created")) in (int, float)
    named = isinstance(found.get("bundle"), str) and STORE in found["files"]
    return numbers and files and created and named


def _damaged(path: Path) -> DataError:
    return DataError(
        f"{path} is missing or was changed after the backup was made (its checksum differs):"
        " nothing was restored; take another copy of this backup, or another backup"
    )


def _described(folder: Path, manifest: Mapping[str, Any]) -> Backup:
    sizes = [file["bytes"] for file in manifest["files"].values()]
    known = {name: manifest[name] for name in ("created", "schema", "events", "bundle")}
    return Backup(folder=str(folder), files=len(sizes), bytes=sum(sizes), **known)


def _sqlite_file(url: str) -> Path | None:
    """Return the file of a SQLite store, None for PostgreSQL."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    if not parsed.database or parsed.database == ":memory:":
        raise DataError(f"{url}: a store in memory cannot be backed up or restored")
    return Path(parsed.database).absolute()


def copy_store(url: str, to: Path) -> None:
    """Copy a store, as of one moment, into a SQLite file of the same schema."""
    file = _sqlite_file(url)
    if file is None:
        with Store.open(url) as store, Store.open(f"sqlite:///{to}") as copy:
            with store.db.snapshot() as source, copy.db.write() as target:
                _copy_rows(source, target)
                _set_next_ids(target, _next_ids(source))
    elif not file.exists():
        raise DataError(f"there is no store at {file}: check RECSYS_HOME and RECSYS_STORE")
    else:
        db = Database.open(url)
        try:
            with db.read() as connection, closing(sqlite3.connect(to)) as copy_file:
                driver = connection.connection.driver_connection
                assert isinstance(driver, sqlite3.Connection)
                driver.backup(copy_file)
        finally:
            db.close()
    with closing(sqlite3.connect(to)) as copy_file:  # one file, without a log beside it
        copy_file.execute("PRAGMA journal_mode = DELETE")


def _fill(url: str, backup: Path) -> None:
    """Fill an empty PostgreSQL store from a backup's SQLite file, upgraded where needed."""
    with Store.open(f"sqlite:///{backup}") as source, Store.open(url) as store:
        with source.db.snapshot() as rows, store.db.write() as target:
            _copy_rows(rows, target)
            note_identities(target)
            _set_next_ids(target, _next_ids(rows))


def _copy_rows(source: Connection, target: Connection) -> None:
    """Copy all rows of all tables but the one of the schema's number."""
    for table in metadata.sorted_tables:
        if table is schema_version:
            continue
        target.execute(table.delete())
        found = source.execute(select(table).execution_options(yield_per=_BATCH))
        for rows in found.mappings().partitions(_BATCH):
            target.execute(insert(table), [dict(row) for row in rows])


def _next_ids(connection: Connection) -> dict[str, int]:
    """Return the last number that each table gave, those of erased rows included.

    Readers of a log go on after the last number that they saw: it must not be given again.
    """
    found = {}
    for table in metadata.sorted_tables:
        if "id" not in table.c or not isinstance(table.c.id.type, Integer):
            continue
        last = connection.execute(select(func.max(table.c.id))).scalar() or 0
        if connection.dialect.name == "sqlite":
            query = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
            given = connection.execute(query, {"name": table.name}).scalar()
        else:
            query = text(
                "SELECT last_value FROM pg_sequences WHERE schemaname = current_schema()"
                " AND sequencename = :name"
            )
            given = connection.execute(query, {"name": f"{table.name}_id_seq"}).scalar()
        found[table.name] = max(last, given or 0)
    return found


def _set_next_ids(connection: Connection, last: Mapping[str, int]) -> None:
    for table in metadata.sorted_tables:
        number = last.get(table.name, 0)
        if not number:
            continue
        values = {"name": table.name, "number": number}
        if connection.dialect.name != "sqlite":
            query = "SELECT setval(pg_get_serial_sequence(:name, 'id'), :number)"
            connection.execute(text(query), values)
        elif table.dialect_options["sqlite"]["autoincrement"]:
            connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
            query = "INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"
            connection.execute(text(query), values)


def _look(file: Path) -> dict[str, int]:
    """Return schema and number of events of a copied store, without changing it."""
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as copy:
        tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master")}
        schema = "1"  # made before schemas had numbers of their own
        if schema_version.name in tables:
            (schema,) = copy.execute(f"SELECT version_num FROM {schema_version.name}").fetchone()
        (count,) = copy.execute(f"SELECT count(*) FROM {events.name}").fetchone()
    return {"schema": int(schema), "events": int(count)}


State = dict[str, tuple[int, int, int]]


def _state(home: Path, store: Path | None) -> State:
    """Return inode, size and time of each file of a home that a backup holds."""
    found: State = {}
    for folder, below, names in os.walk(home):
        at = Path(folder)
        if at == home:
            below[:] = [name for name in below if name not in _LEFT_OUT]
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in names:
            path = at / name
            if name.startswith(".") or name.endswith(_LEFT_OUT_ENDS) or path == store:
                continue
            try:
                seen = path.stat()
            except FileNotFoundError:
                continue
            found[path.relative_to(home).as_posix()] = (
                seen.st_ino,
                seen.st_size,
                seen.st_mtime_ns,
            )
    return found


def _copy_home(home: Path, store: Path | None, to: Path, message: Tell) -> None:
    """Copy the files of a home, and again those that change meanwhile, until none does."""
    home = home.absolute()
    copied: State = {}
    for _ in range(_ROUNDS):
        found = _state(home, store)
        if found == copied:
            return
        for name in copied.keys() - found.keys():
            (to / name).unlink(missing_ok=True)
        changed = [name for name, seen in found.items() if copied.get(name) != seen]
        message(f"copying {len(changed)} files of the home")
        for name in changed:
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copy2(home / name, to / name)
            except FileNotFoundError:
                found.pop(name)
        copied = found
    raise DataError(f"the files of {home} changed with every look: back up when no night publishes")


def _check_empty(home: Path, url: str, file: Path | None) -> None:
    held = [path.name for path in home.iterdir()] if home.is_dir() else []
    held = sorted(name for name in held if name != _RESTORING and not name.endswith(".lock"))
    if held:
        raise DataError(
            f"{home} is not empty (it holds {', '.join(held[:5])}): restore into an empty home,"
            " or move this one aside first"
        )
    if file is not None:
        if file.exists():
            raise DataError(f"the store {file} exists: move it aside first")
        return
    with Store.open(url) as store, store.db.read() as connection:
        for table in (users, items, events):
            if connection.execute(select(table.c.id).limit(1)).first():
                raise DataError(
                    f"the PostgreSQL store holds {table.name}: restore into an empty database"
                )


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
