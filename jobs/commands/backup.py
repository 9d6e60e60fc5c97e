"""`recsys backup DEST`: a consistent copy of store and home, made while the service runs.

recsys backup /srv/backups/2026-11-29 --json
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from recsys.store.backup import back_up

from ..audit_entries import record
from ..cli import run
from ..settings import Settings


@click.command(name="backup")
@click.argument("dest", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(dest: Path, as_json: bool) -> None:
    """Copy store, bundles, encoders and tone models into the new folder DEST."""
    settings = Settings.load()
    made = back_up(
        settings.home, settings.store_url, dest, lambda words: click.echo(words, err=True)
    )
    record(settings.store_url, "backup", made.folder)
    if as_json:
        print(json.dumps(asdict(made), ensure_ascii=False))
    else:
        size = f"{made.files} files, {made.bytes / 1e6:.1f} MB"
        bundle = f"bundle {made.bundle}" if made.bundle else "no bundle"
        print(f"backed up {made.events} events and {bundle} to {made.folder}: {size}")


if __name__ == "__main__":
    run(command)
