"""`recsys evaluate-trends`: detection of injected bursts and accuracy of daily forecasts.

recsys evaluate-trends --items items.csv --events events.csv.gz --json trends.json
recsys evaluate-trends --items posts.csv.gz --days 480     # postings alone, the last 480 days
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
import numpy as np

from recsys.data.dataset import Dataset
from recsys.data.event_tables import ItemTable
from recsys.data.item_and_event_readers import load_events, load_items
from recsys.data.reading_report import Options
from recsys.data.table_builder import EventColumns
from recsys.errors import DataError
from recsys.evaluation.burst_trials import WARM_UP, BurstInjection, run_trial
from recsys.evaluation.forecast_backtest import forecast_figures
from recsys.serving.catalogue import Catalogue
from recsys.text.entities.model import fit_entities
from recsys.training.trend_streams import Labelled, labelled, stream_of, texts_of
from recsys.trends.seasonality import DAY
from recsys.trends.series import HOUR, Stream, count, hours_of

from ..cli import run
from ..command_output import check_json_file, figures_file, output, write_json
from ..file_options import file_option, map_option, read_options
from ..seed_option import seed_option

LEAST_DAYS = WARM_UP + 14


@click.command(name="evaluate-trends")
@file_option("items", "Items file; dated items count as acts of their authors.")
@file_option("events", "Events file.")
@map_option
@click.option("--days", type=click.IntRange(LEAST_DAYS), help="The last days only.")
@click.option("--per-week", type=float, default=10.0, show_default=True, help="Bursts injected.")
@seed_option
@figures_file
def command(
    items: tuple[Path, ...],
    events: tuple[Path, ...],
    column_names: tuple[str, ...],
    encoding: str,
    dates: str | None,
    headers: tuple[str, ...],
    days: int | None,
    per_week: float,
    seed: int,
    json_file: Path | None,
) -> None:
    """Judge bursts by artificial ones, and forecasts against a week before."""
    if not items and not events:
        raise DataError("nothing to judge: give --items F, --events F or both")
    check_json_file(json_file)
    stream, marked = _read(items, events, read_options(column_names, encoding, dates, headers))
    if days is not None:
        stream = stream.between(stream.time.max(initial=0) - days * DAY * HOUR, np.inf)
    figures = {"seed": seed, "acts": len(stream), **_judged(stream, marked, per_week, seed)}
    output(json_file).print(json.dumps(figures, indent=1, allow_nan=False), soft_wrap=True)
    write_json(json_file, figures, indent=1)


def _read(
    items: Sequence[Path], events: Sequence[Path], options: Options
) -> tuple[Stream, Labelled]:
    table = load_items(items, options=options) if items else ItemTable.empty()
    acts = load_events(events, options=options) if events else EventColumns().table(np.inf)
    data = Dataset.build(acts, table)
    catalogue = Catalogue.from_table(data.table, data.created())
    names = fit_entities(texts_of(data.table), data.table.url)
    return stream_of(data, catalogue.labels["author"]), labelled(catalogue, None, names)


def _judged(stream: Stream, marked: Labelled, per_week: float, seed: int) -> dict[str, object]:
    hours = hours_of(stream.time) if len(stream) else np.zeros(1, np.int64)
    first, length = int(hours.min()), int(np.ptp(hours)) // DAY * DAY
    if length < LEAST_DAYS * DAY:
        raise DataError(f"the stream spans {length // DAY} days, {LEAST_DAYS} are needed")
    series = count(stream, marked.labels, first, length, marked.population)
    found: dict[str, object] = {"forecast": forecast_figures(series)}
    for name, settle in (("settled", True), ("as_it_was", False)):
        trial = BurstInjection(per_week, settle=settle, seed=seed)
        found[name] = {**asdict(trial), **run_trial(stream, marked.labels, marked.sizes, trial)}
    return found


if __name__ == "__main__":
    run(command)
