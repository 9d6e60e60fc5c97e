"""`recsys backup DEST`: consistent copy of store and home, made while the service runs.

recsys backup /srv/backups/2026-11-29 --json
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import click
from sqlalchemy import make_url

from recsys.errors import RecsysError
from recsys.store.backup import back_up
from recsys.store.outbox import Notice, Outbox
from recsys.store.store import Store

from ..cli import run
from ..command_audit import record
from ..environment import load_settings


@click.command(name="backup")
@click.argument("dest", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(dest: Path, as_json: bool) -> None:
    """Copy store, bundles, encoders and tone models into the new folder DEST."""
    settings = load_settings()
    try:
        made = back_up(
            settings.home, settings.store_url, dest, lambda words: click.echo(words, err=True)
        )
    except (RecsysError, OSError) as error:
        _give_notice(settings.store_url, dest, error)
        raise
    record(settings.store_url, "backup", made.folder)
    if as_json:
        print(json.dumps(asdict(made), ensure_ascii=False))
    else:
        size = f"{made.files} files, {made.bytes / 1e6:.1f} MB"
        bundle = f"bundle {made.bundle}" if made.bundle else "no bundle"
        print(f"backed up {made.events} events and {bundle} to {made.folder}: {size}")


def _give_notice(store_url: str, dest: Path, error: Exception) -> None:
    """Add a notice of a backup that failed, where there is a store that takes it."""
    data = {"folder": str(dest), "error": str(error)[:500] or repr(error)}
    key = f"backup:{time.time():.3f}:{dest}"
    url = make_url(store_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return
    try:
        with Store.open(store_url) as store:
            Outbox(store.db).add(Notice("backup_failed", data, key, "backups"))
    except RecsysError:
        pass  # the error of the backup itself is what counts


if __name__ == "__main__":
    run(command)
