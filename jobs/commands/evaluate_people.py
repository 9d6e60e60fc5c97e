"""`recsys evaluate-people`: who to follow, who shares next, and what answers say, on held-out data.

recsys evaluate-people --follows follows.csv.gz --events events.csv.gz --json people.json
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import click

from recsys.data.file_readers import load_events, read_follows
from recsys.data.record_parsers import Options, Reading, Reject
from recsys.data.records import Follow
from recsys.errors import DataError
from recsys.evaluation import who_to_follow

from ..cli import run
from ..command_output import check_json_file, output, write_json
from .ingest_files import file_option, map_option, read_options

log = logging.getLogger("recsys")


@click.command(name="evaluate-people")
@file_option("follows", "Follows file: who to follow.")
@file_option("events", "Events file, for what users took up.")
@map_option
@click.option("--users", type=click.IntRange(10), default=1_500, show_default=True)
@click.option("--validation", is_flag=True, help="Hold out other edges than those of the test.")
@click.option("--json", "json_file", type=Path, help="Write the figures to this file; - is stdout.")
def command(
    follows: tuple[Path, ...],
    events: tuple[Path, ...],
    column_names: tuple[str, ...],
    encoding: str,
    users: int,
    validation: bool,
    json_file: Path | None,
) -> None:
    """Judge suggestions of whom to follow on held-out follows."""
    check_json_file(json_file)
    if not follows:
        raise DataError("nothing to judge: give --follows F")
    options = read_options(column_names, encoding)
    figures: dict[str, Any] = {}
    edges = _follows(follows, options)
    figures["who_to_follow"] = who_to_follow.figures(
        who_to_follow.follow_data(edges, _acts(events, options)), users, validation
    )
    output(json_file).print(json.dumps(figures, indent=1, allow_nan=False), soft_wrap=True)
    write_json(json_file, figures, indent=1)


def _follows(paths: tuple[Path, ...], options: Options) -> list[Follow]:
    found: list[Follow] = []
    for path in paths:
        rows = [row for _, row in read_follows(path, reading=Reading(options))]
        rejects = [row for row in rows if isinstance(row, Reject)]
        if rejects:
            log.warning("%s: %d bad rows left out; first: %s", path, len(rejects), rejects[0])
        found += [row for row in rows if isinstance(row, Follow)]
    return found


def _acts(events: tuple[Path, ...], options: Options) -> list[tuple[str, str]]:
    if not events:
        return []
    table = load_events(events, options=options)
    return [
        (table.users[user], table.items[item])
        for user, item in zip(table.user.tolist(), table.item.tolist(), strict=True)
    ]


if __name__ == "__main__":
    run(command)
