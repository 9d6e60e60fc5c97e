"""`recsys restore SOURCE`: restores a backup into an empty home and an empty store.

RECSYS_HOME=/srv/recsys recsys restore /srv/backups/2026-11-29
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from recsys.store.backup import restore

from ..cli import run
from ..command_audit import record
from ..environment import load_settings


@click.command(name="restore")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(source: Path, as_json: bool) -> None:
    """Put the backup SOURCE into the home and the store of the settings, which must be empty.

    Every checksum is compared first. Erase again the users who were erased after the backup was
    made.
    """
    settings = load_settings()
    found = restore(
        source, settings.home, settings.store_url, lambda words: click.echo(words, err=True)
    )
    record(settings.store_url, "restore", found.folder)
    if as_json:
        print(json.dumps(asdict(found), ensure_ascii=False))
    else:
        bundle = f"bundle {found.bundle}" if found.bundle else "no bundle"
        print(f"restored {found.events} events and {bundle} from {found.folder}")


if __name__ == "__main__":
    run(command)
