"""`recsys evaluate-profiles`: accuracy of user profiles on held-out weeks and events.

recsys evaluate-profiles --items items.csv.gz --events events.csv.gz --json profiles.json
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from recsys.data.dataset import Dataset
from recsys.data.event_tables import ItemTable
from recsys.data.item_and_event_readers import load_events, load_items
from recsys.errors import DataError
from recsys.evaluation.return_and_community_quality import community_figures, returning_figures

from ..cli import run
from ..command_output import check_json_file, figures_file, output, write_json
from ..environment import load_settings
from ..file_options import file_option, map_option, read_options
from ..seed_option import seed_option


@click.command(name="evaluate-profiles")
@file_option("items", "Items file.")
@file_option("events", "Events file.")
@map_option
@seed_option
@figures_file
def command(
    items: tuple[Path, ...],
    events: tuple[Path, ...],
    column_names: tuple[str, ...],
    encoding: str,
    dates: str | None,
    headers: tuple[str, ...],
    seed: int,
    json_file: Path | None,
) -> None:
    """Judge the likelihood to return on the last week, and communities on held-out likes."""
    check_json_file(json_file)
    if not events:
        raise DataError("nothing to judge: give --events F")
    options = read_options(column_names, encoding, dates, headers)
    table = load_items(items, options=options) if items else ItemTable.empty()
    weights = load_settings().weights
    data = Dataset.build(load_events(events, options=options), table, weights=weights)
    figures = {
        "seed": seed,
        "returning": returning_figures(data, seed),
        "communities": community_figures(data, seed),
    }
    output(json_file).print(json.dumps(figures, indent=1, allow_nan=False), soft_wrap=True)
    write_json(json_file, figures, indent=1)


if __name__ == "__main__":
    run(command)
