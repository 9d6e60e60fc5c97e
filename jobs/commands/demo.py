"""`recsys demo`: from the sample data to printed recommendations for three kinds of users.

recsys demo
recsys serve        # then opens the same home
"""

from __future__ import annotations

import csv
import gzip
import json
import math
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from recsys.data.event_tables import EventTable
from recsys.errors import BundleError, DataError
from recsys.settings import Settings
from recsys.store.store import Store

from ..cli import run
from ..command_output import output
from ..environment import load_settings
from ..local_recommender import LocalService, open_bundle, open_service
from .ingest_files import ingest
from .recommend import documents, print_order, recommendation_table

SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "movietweetings"
CREDIT = "Sample data: MovieTweetings, (c) 2013 Simon Dooms, MIT licence (data/README.md)."
DAY = 86_400.0
SHIFT = "demo_shift_days"  # note of the store
LONG = 60  # events of the user with a long history; more would not fit one mind
SHOWN = 5  # latest events that are printed
N = 10


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to recommend to."""

    user: str
    kind: str


@click.command(name="demo")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """Ingest the sample data, run a night, and print what three people would be shown.

    All times are moved by one whole number of days, so that the newest event lies in the last 24
    hours of the first run. A second run reuses what is there. Everything stays in the default
    home: `recsys serve` opens it.
    """
    settings = load_settings()
    files = {"items": SAMPLE / "items.csv.gz", "events": SAMPLE / "events.csv.gz"}
    if not files["items"].exists():
        raise DataError(f"{SAMPLE} is missing: run the demo in a checkout of the project")
    with tempfile.TemporaryDirectory(prefix="recsys-demo-") as folder:
        shifted = Path(folder) / "events.csv"
        write_shifted(files["events"], shifted, shift_days(settings, files["events"]) * DAY)
        ingest({**files, "events": shifted}, settings)
    if not up_to_date(settings):
        _night(settings)
    with open_service(settings) as engine:
        people = list(choose_users(engine.store.event_table()))
        if as_json:
            found = [documents(engine, p.user, engine.recommend(p.user, N)) for p in people]
            print(json.dumps(found, ensure_ascii=False))
            return
        console = output()
        for person in people:
            show(console, engine, person)
    console.print(CREDIT, style="dim")
    console.print(
        f"\nServe it:  recsys serve   (in this folder: .venv/bin/recsys serve, or make serve)\n"
        f"then:      curl 'http://{settings.host}:{settings.port}/recommend/{people[0].user}?n=5'"
    )


def shift_days(settings: Settings, events: Path, now: float | None = None) -> int:
    """Return how many days the sample's times are moved, the same at each run in a store.

    Chosen at the first run: so many that the newest event lies in the last 24 hours. 0 in a store
    that holds the sample as it is, from a version that did not move it.
    """
    with Store.open(settings.store_url) as store:
        if (known := store.get_note(SHIFT)) is not None:
            return int(known)
        newest, user = max((float(row["timestamp"]), row["user_id"]) for row in _rows(events))
        unmoved = any(event.timestamp == newest for event in store.history(user))
        clock = time.time() if now is None else now
        days = 0 if unmoved else max(math.floor((clock - newest) / DAY), 0)
        store.add_note(SHIFT, str(days))
        return int(store.get_note(SHIFT) or days)


def write_shifted(source: Path, target: Path, seconds: float) -> None:
    """Write a copy of a file of events with so many seconds added to every timestamp."""
    with target.open("w", newline="", encoding="utf-8") as file:
        rows = iter(_rows(source))
        first = next(rows)
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        for row in (first, *rows):
            writer.writerow({**row, "timestamp": int(float(row["timestamp"]) + seconds)})


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def up_to_date(settings: Settings) -> bool:
    """Say whether the current bundle has seen everything that the store holds."""
    try:
        raw, _ = open_bundle(settings.home)
    except BundleError:
        return False
    with Store.open(settings.store_url) as store:
        now = store.last_event_id(), store.last_change_id()
    return (raw.manifest.get("last_event_id"), raw.manifest.get("last_change_id")) == now


def _night(settings: Settings) -> None:
    from .nightly import run_night  # loads torch: a second demo does not need it

    result = run_night(settings)
    if result["status"] != "published":
        click.echo(
            f"the gate refused the night, the previous bundle stays: {result['gate']['reason']}",
            err=True,
        )


def choose_users(events: EventTable) -> Iterator[Person]:
    """Name a person with a long history, one with exactly two events, and one never seen.

    Among several, the one who was here last.
    """
    counts = np.bincount(events.user, minlength=len(events.users))
    last_seen = np.zeros(len(counts), np.int64)
    last_seen[events.user] = np.arange(len(events))
    longest = int(counts[counts <= LONG].max(initial=0))
    for length, kind in ((longest, "a long history"), (2, "two events")):
        chosen = np.flatnonzero(counts == length)
        if len(chosen):
            yield Person(events.users[int(chosen[np.argmax(last_seen[chosen])])], kind)
    yield Person("nobody-yet", "never seen before")


def show(console: Console, engine: LocalService, person: Person) -> None:
    """Print a person's history and list."""
    history = engine.history(person.user)
    console.rule(f"[bold]user {person.user}[/bold]: {person.kind}, {len(history)} events")
    if history:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("latest in the history", "event", "value"):
            table.add_column(name, max_width=60, no_wrap=True)
        for each in reversed(history[-SHOWN:]):
            value = "" if each.value is None else f"{each.value:g}"
            table.add_row(engine.title(each.item_id), each.event, value)
        console.print(table)
        console.print()
    console.print(recommendation_table(engine, engine.recommend(person.user, N)))
    print_order(console, engine.query(person.user))
    console.print()


if __name__ == "__main__":
    run(command)
