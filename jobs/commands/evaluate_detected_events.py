"""`recsys evaluate-detected-events`: labelled events in a stream of other texts.

recsys evaluate-detected-events --labelled posts.csv.gz --items other.csv.gz \\
    --start 2012-05-01 --end 2013-09-01 --again 2012-09-01 2013-01-01 --json
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from datetime import UTC, datetime
from pathlib import Path

import click

from recsys.data.item_and_event_readers import load_items
from recsys.errors import DataError
from recsys.evaluation.event_trials import YEAR, LabelledPost, run_event_trial

from ..cli import run
from ..command_output import output

HALVES = ("all", "odd", "even")
_SHOWN = ("labels", "found", "named", "others", "others_per_year", "others_per_year_without_parts")


@click.command(name="evaluate-detected-events")
@click.option(
    "--labelled",
    type=Path,
    required=True,
    help="CSV of timestamp (Unix seconds), event_label and text; .gz is read as well.",
)
@click.option("--items", type=Path, required=True, help="Items with created_at: other texts.")
@click.option("--start", type=click.DateTime(), required=True, help="Of the items' time.")
@click.option("--end", type=click.DateTime(), required=True)
@click.option(
    "--again",
    type=(click.DateTime(), click.DateTime()),
    help="Items of this time come once more 365 days later.",
)
@click.option(
    "--half",
    type=click.Choice(HALVES),
    default="all",
    show_default=True,
    help="Labels whose crc32 is odd or even; the texts of the others are left out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    labelled: Path,
    items: Path,
    start: datetime,
    end: datetime,
    again: tuple[datetime, datetime] | None,
    half: str,
    as_json: bool,
) -> None:
    """Mix labelled texts with others in the order of time, and detect events.

    Found: a detected event holds 30 % of a label's texts, these are 80 % of its own, at most a day
    after the label's twentieth text. All other detected events count as others.
    """
    posts = _labelled(labelled, half) + _others(items, start, end, again)
    result = run_event_trial(sorted(posts, key=lambda one: one.at))
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
        return
    for row in result["events"]:
        output().print(f"{row['label'] or '-'}: {row['name']} ({row['texts']})", soft_wrap=True)
    output().print("\n".join(f"{name}: {result[name]}" for name in _SHOWN))


def _labelled(path: Path, half: str) -> list[LabelledPost]:
    opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open()
    found = []
    with opened as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            try:
                post = LabelledPost(float(row["timestamp"]), row["text"], row["event_label"])
            except (KeyError, TypeError, ValueError) as error:
                raise DataError(f"{path}:{number}: no timestamp, event_label or text") from error
            odd = zlib.crc32(post.label.encode()) % 2 == 1
            if half == "all" or odd == (half == "odd"):
                found.append(post)
    return found


def _others(
    path: Path, start: datetime, end: datetime, again: tuple[datetime, datetime] | None
) -> list[LabelledPost]:
    table = load_items(path)
    spans = [(_unix(start), _unix(end), 0.0)]
    if again is not None:
        spans.append((_unix(again[0]), _unix(again[1]), YEAR))
    return [
        LabelledPost(float(at) + later, title, "")
        for first, last, later in spans
        for at, title in zip(table.created, table.title, strict=True)
        if first <= at < last
    ]


def _unix(moment: datetime) -> float:
    return moment.replace(tzinfo=UTC).timestamp()


if __name__ == "__main__":
    run(command)
