"""`recsys evaluate-people`: who to follow, who shares next, and what answers say, on held-out data.

recsys evaluate-people --follows follows.csv.gz --events events.csv.gz --json people.json
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import click

from recsys.data.header_naming import Shape
from recsys.data.item_and_event_readers import load_events, read_follows
from recsys.data.reading_report import Broken, Options, Reading, Reject
from recsys.data.record_reader import read_records
from recsys.data.records import Follow
from recsys.errors import DataError
from recsys.evaluation import spread_quality, who_to_follow

from ..cli import run
from ..command_output import check_json_file, figures_file, output, write_json
from ..environment import load_settings
from ..file_options import file_option, map_option, read_options

log = logging.getLogger("recsys")


@click.command(name="evaluate-people")
@file_option("follows", "Follows file: who to follow.")
@file_option("events", "Events file, for what users took up.")
@click.option(
    "--cascades",
    type=Path,
    help="Shares: item_id, user_id, timestamp[, split, position]; with --follows also by edges.",
)
@click.option(
    "--threads", type=Path, help="Answers: item_id, parent_id, timestamp, text[, stance, veracity]."
)
@click.option("--save", is_flag=True, help="Keep the model of stances of --threads in the home.")
@map_option
@click.option("--users", type=click.IntRange(10), default=1_500, show_default=True)
@click.option("--validation", is_flag=True, help="Hold out other edges than those of the test.")
@figures_file
def command(
    follows: tuple[Path, ...],
    events: tuple[Path, ...],
    cascades: Path | None,
    threads: Path | None,
    save: bool,
    column_names: tuple[str, ...],
    encoding: str,
    dates: str | None,
    headers: tuple[str, ...],
    users: int,
    validation: bool,
    json_file: Path | None,
) -> None:
    """Judge whom to follow, who shares next, sizes and stances, on held-out data."""
    check_json_file(json_file)
    if not follows and cascades is None and threads is None:
        raise DataError("nothing to judge: give --follows F, --cascades F or --threads F")
    if save and threads is None:
        raise DataError("--save keeps the model of stances: give --threads F")
    options = read_options(column_names, encoding, dates, headers)
    figures: dict[str, Any] = {}
    edges = _follows(follows, options)
    if cascades is not None:
        rows = spread_quality.cascades_of(_rows(cascades, ("item_id", "user_id", "timestamp")))
        pairs = [(one.user_id, one.followed_user_id) for one in edges if one.followed_user_id]
        figures["next_sharer"] = spread_quality.next_figures(rows, pairs)
        figures["size"] = spread_quality.size_figures(rows)
    elif follows:
        figures["who_to_follow"] = who_to_follow.figures(
            who_to_follow.follow_data(edges, _acts(events, options)), users, validation
        )
    if threads is not None:
        figures["threads"], model = spread_quality.thread_figures(
            _rows(threads, ("item_id", "parent_id", "text"))
        )
        if save and model is not None:
            log.info("the model of stances lies in %s", model.save(load_settings().home))
    output(json_file).print(json.dumps(figures, indent=1, allow_nan=False), soft_wrap=True)
    write_json(json_file, figures, indent=1)


def _rows(path: Path, needed: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the rows of a table with its own column names, as texts; DataError without some."""
    found: list[dict[str, str]] = []
    for line, record in read_records(path, Shape.needing(*needed)):
        if isinstance(record, Broken):
            raise DataError(f"{path}: line {line}: {record.reason}")
        found.append({name: "" if value is None else str(value) for name, value in record.items()})
    if not found:
        raise DataError(f"{path}: has no rows")
    return found


def _follows(paths: tuple[Path, ...], options: Options) -> list[Follow]:
    found: list[Follow] = []
    for path in paths:
        rows = [row for _, row in read_follows(path, reading=Reading(options))]
        rejects = [row for row in rows if isinstance(row, Reject)]
        if rejects:
            left = "1 bad row" if len(rejects) == 1 else f"{len(rejects):,} bad rows"
            log.warning("%s: %s left out; the first: %s", path, left, rejects[0])
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
