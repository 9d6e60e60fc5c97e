"""The folder of a saved model: `bundles/`, and the histories in a file of their own beside it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from recsys.bundle import RawBundle, write_bundle
from recsys.bundle_store import BundleStore
from recsys.errors import DataError
from recsys.store.backup import copy_store

HISTORIES = "store.db"  # file of a saved model: events, items and users


def check_folder(folder: Path, own: Path, written: set[Path]) -> None:
    """Raise DataError where a model must not be saved into a folder.

    `own`: the folder that the model was opened from; `written`: those that it wrote histories to.
    """
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file: save into a folder")
    if folder == own:
        return
    others = [one.name for one in folder.iterdir()] if folder.is_dir() else []
    if others and not (folder / "bundles").is_dir():
        raise DataError(
            f"{folder} holds {others[0]} and no bundles: save into an empty or a new folder"
        )
    if (folder / HISTORIES).exists() and folder not in written:
        with closing(sqlite3.connect(folder / HISTORIES)) as file:
            try:
                in_use = file.execute("SELECT COUNT(*) FROM runs").fetchone()[0]
            except sqlite3.Error:
                in_use = 1
        if in_use:
            raise DataError(f"{folder} is the home of a service: save into another folder")


def copy_histories(source: Path, folder: Path) -> None:
    """Copy the histories of one folder into another as of one moment; whole or not at all."""
    aside = folder / f".{HISTORIES}"
    aside.unlink(missing_ok=True)
    copy_store(f"sqlite:///{source / HISTORIES}", aside)
    aside.replace(folder / HISTORIES)


def remove_histories(folder: Path) -> None:
    """Remove the histories of a folder with their journal files, where there are any."""
    for name in (HISTORIES, f"{HISTORIES}-wal", f"{HISTORIES}-shm"):
        (folder / name).unlink(missing_ok=True)


def publish_copy(raw: RawBundle, folder: Path) -> None:
    """Publish the contents of a bundle in another folder, as a version of its own."""
    named = {name for name in raw.manifest["files"] if not name.endswith(".npy")}
    blobs = {name: raw.blob(name) for name in named}
    out = ("files", "checksum", "format", "format_minor", "version")
    manifest = {name: value for name, value in raw.manifest.items() if name not in out}

    def write(aside: Path) -> None:
        write_bundle(aside, raw.arrays, blobs, manifest)

    BundleStore(folder).publish(write)
