"""`recsys evaluate`: offline evaluation of the service's lists against baselines.

    recsys evaluate --items items.csv --events events.csv.gz --protocol time --models all \\
        --positive "rating>=7" --json result.json --html report.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from recsys.data.dataset import Dataset
from recsys.data.event_tables import EventTable, ItemTable
from recsys.data.item_and_event_readers import load_events, load_follows, load_items
from recsys.data.reading_report import Options
from recsys.errors import DataError
from recsys.evaluation.baseline_registry import FitContext
from recsys.evaluation.evaluate import row_names, run
from recsys.evaluation.evaluation_result import Result
from recsys.evaluation.html_report import html
from recsys.evaluation.item_numbering_slices import SHARED, share_at_one_time
from recsys.evaluation.protocol_runners import WITHOUT_FOLLOWS
from recsys.safety.comment_dampening import dampened
from recsys.settings import Settings
from recsys.store.store import Store
from recsys.text.encoders.encoder import Encoder
from recsys.text.encoders.transformer import pick_device
from recsys.text.item_texts import documents
from recsys.text.sentiment.scorer import with_sentiment
from recsys.text_training.encode_catalogue import encode_words
from recsys.training.model_builder import TextVectors
from recsys.tuning.evaluation_protocols import PROTOCOLS, Rules, make_split
from recsys.tuning.relevant_events import Positive

from ..cli import run as run_command
from ..command_output import check_json_file, figures_file, output, write_json
from ..environment import load_settings
from ..file_options import file_option, map_option, read_options
from ..ingested_event_summary import unknown_kind_lines
from ..nightly.steps.finetune_encoder import evaluated_encoder
from ..progress import job_progress
from ..seed_option import seed_option

log = logging.getLogger("recsys")
DEEPEST = 1000


@click.command(name="evaluate")
@file_option("items", "Items file; without it, items are those of the events.")
@file_option("events", "Events file; without any file, the store is read.")
@file_option("test-events", "The test of protocol given.")
@file_option("follows", "Follows file: row default with and without its terms of follows.")
@map_option
@click.option(
    "--protocol", default="time", show_default=True, help=f"One of {', '.join(PROTOCOLS)}."
)
@click.option("--k", "ks", default="5,10,20", show_default=True, help="Depths of the lists.")
@click.option(
    "--models",
    default="default,popular,trending",
    show_default=True,
    help="Rows of the table: default, all, or names with commas between.",
)
@click.option("--positive", help='Which test events are positives, as in "rating>=7" or "like".')
@click.option("--test-share", type=float, default=0.1, show_default=True, help="Share of the test.")
@click.option(
    "--test-users",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Ask so many users with training events, drawn by the seed; 0: all. Not in replay.",
)
@click.option("--group", default="", help="Rank inside the items of one value: category, …")
@click.option(
    "--slice-order",
    default="",
    help="Item column: figures where the test item is greater than the item before, and not.",
)
@seed_option
@figures_file
@click.option("--html", "html_file", type=Path, help="Write a report with charts to this file.")
def command(
    items: tuple[Path, ...],
    events: tuple[Path, ...],
    test_events: tuple[Path, ...],
    follows: tuple[Path, ...],
    column_names: tuple[str, ...],
    encoding: str,
    dates: str | None,
    headers: tuple[str, ...],
    protocol: str,
    ks: str,
    models: str,
    positive: str | None,
    test_share: float,
    test_users: int,
    group: str,
    slice_order: str,
    seed: int,
    json_file: Path | None,
    html_file: Path | None,
) -> None:
    """Ask models what they would have recommended, and compare with what people took up.

    Every model ranks the whole catalogue. Settings are chosen inside the training events.
    """
    admitted = Positive.parse(positive) if positive else None
    settings = load_settings()
    rules = Rules(
        protocol,
        test_share,
        admitted,
        group,
        seed,
        settings.weights,
        settings.unrecorded_items,
        slice_order,
    )
    if test_users and protocol == "replay":
        raise DataError("--test-users: a replay asks before every event; there --test-share counts")
    names, depths = row_names(models, protocol), parse_depths(ks)
    check_json_file(json_file)
    if html_file and not html_file.absolute().parent.is_dir():
        raise DataError(f"{html_file}: its folder does not exist")
    options = read_options(column_names, encoding, dates, headers)
    event_table, item_table = tables(settings, events, items, options)
    shared = share_at_one_time(event_table)
    if shared > SHARED:
        log.warning(
            "%.0f %% of neighbouring events of users have the same time: their order in the file"
            " may be that of a number of the items (--slice-order COLUMN shows it)",
            100 * shared,
        )
    test = (
        with_comment_sentiment(settings, load_events(test_events, options=options))
        if test_events
        else None
    )
    split = make_split(event_table, item_table, rules, test)
    if follows:
        split = split.with_follows(load_follows(follows, options=options))
    without = split.unrecorded
    if without is not None and without.items and (split.unlisted is not None or not without.listed):
        log.info("%s", without.sentence)
    with job_progress("evaluate") as progress:
        means = replace(means_of(settings, seed, log.info), test_users=test_users)
        result = run(split, names, depths, means, progress)
    report(result, depths, output(json_file))
    write_json(json_file, result.to_json(), indent=1)
    if html_file:
        source = ", ".join(one.name for one in events) or "the store"
        html_file.write_text(html(result, f"Evaluation on {source}"), encoding="utf-8")


def parse_depths(text: str) -> tuple[int, ...]:
    """Read "5,10,20"."""
    try:
        found = sorted({int(part) for part in text.split(",")})
    except ValueError:
        found = []
    if not found or found[0] < 1 or found[-1] > DEEPEST:
        raise DataError(f"k {text!r} is not whole numbers from 1 to {DEEPEST}, as in 5,10,20")
    return tuple(found)


def tables(
    settings: Settings,
    events: Sequence[Path],
    items: Sequence[Path],
    options: Options | None = None,
) -> tuple[EventTable, ItemTable]:
    """Read the files, or the store where none is named."""
    if items and not events:
        raise DataError(f"--items {items[0]} needs --events F beside it")
    if events:
        known = load_items(items, options=options) if items else ItemTable.empty()
        found = load_events(events, options=options), known
        _check_kinds(settings, found[0])
        return with_comment_sentiment(settings, found[0]), found[1]
    with Store.open(settings.store_url) as store:
        event_table, item_table = store.event_table(), store.item_table()
        follows = store.follow_table(event_table, item_table.author)
        found = replace(event_table, follows=follows), item_table
    if not len(found[0]):
        raise DataError("the store holds no event: run `recsys ingest` first, or give --events F")
    _check_kinds(settings, found[0])
    return with_comment_sentiment(settings, found[0]), found[1]


def _check_kinds(settings: Settings, events: EventTable) -> None:
    """Raise where most events have unknown kinds; log which kinds of the others weigh nothing."""
    counts = events.kind_counts()
    settings.weights.check_kinds(counts)
    for line in unknown_kind_lines(settings.weights.unknown_kinds(counts)):
        log.warning("%s", line)


def with_comment_sentiment(settings: Settings, events: EventTable) -> EventTable:
    """Return the events with the tone of their comments, where heeded, and how far they count."""
    return dampened(
        with_sentiment(events, settings.sentiment_scorer) if settings.tone_strength else events
    )


def means_of(settings: Settings, seed: int, note: Callable[[str], None]) -> FitContext:
    """Return what the rows may use, as a night would."""
    from recsys.tuning.engine_catalogue import candidates  # implicit

    device = pick_device(settings.device)
    known: dict[str, Encoder] = {}

    def words(data: Dataset) -> TextVectors:
        texts = documents(data.table)
        if not any(texts):
            return TextVectors.none(len(texts))
        encoder = evaluated_encoder(settings, data, device, note, known)
        read = np.isin(np.arange(len(texts)), data.item)
        found = encode_words(texts, encoder, settings.home, "evaluate", read)
        return TextVectors(found.vectors, found.student.compact())

    directed = settings.direction == "auto"
    engines = candidates(settings.engines) if settings.engines else None
    return FitContext(seed, settings.tune_minutes, device, words, note, directed, engines)


def report(result: Result, depths: tuple[int, ...], console: Console) -> None:
    """Print the table: the deepest list, or 20 where that is among the depths."""
    k = 20 if 20 in depths else depths[-1]
    data = result.data
    console.print(
        f"{result.protocol}: {data['users']:,} users, {data['items']:,} items, "
        f"{data['events']:,} events; {data['test_users']:,} users in the test"
    )
    console.print(result_table(result, k))
    console.print(personal_table(result, k))
    if result.linked_taste is not None:
        console.print(result.linked_taste.sentence)
        console.print(follow_table(result, k))
    if any("step_up" in row.slices for row in result.rows):
        console.print(step_table(result, k))
    first = result.rows[0].name if result.rows else ""
    for part, others in result.worse_in(first).items():
        best = max(others, key=lambda other: others[other].mean)
        console.print(
            f"{part.replace('_', ' ')}: {best} is better than {first}, by {others[best].mean:.4f}"
        )
    for name, why in result.skipped.items():
        console.print(f"{name} skipped: {why}")


def result_table(result: Result, k: int) -> Table:
    """Return the main figures, at most 100 columns wide."""
    has_auc = any("auc" in row.metrics for row in result.rows)
    columns = [f"recall@{k}", f"ndcg@{k}", "auc" if has_auc else f"mrr@{k}"]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model")
    for name in (*columns, "better than", "fit s", "peak MB"):
        table.add_column(name, justify="left" if name == "better than" else "right")
    for row in result.rows:
        cells = []
        for name in columns:
            one = row.metrics.get(name)
            half = (one.high - one.low) / 2 if one else 0.0
            cells.append(f"{one.mean:.4f} ±{half:.4f}" if one else "–")
        pairs = result.comparisons(row.name, result.deciding_metrics[0])
        beaten = sum(one.better == "yes" for one in pairs.values())
        payload = f"{beaten} of {len(pairs)}" if pairs else "–"
        table.add_row(row.name, *cells, payload, f"{row.fit_seconds:.1f}", f"{row.peak_mb:,.0f}")
    return table


PERSONAL = {  # metric -> column; intervals are in the files of --json and --html
    "debiased_ndcg@{k}": "debiased ndcg@{k}",
    "swap_gap@20": "swap gap",
    "jaccard@10": "jaccard@10",
    "distinct@10": "distinct@10",
    "effective@10": "effective@10",
    "unexpected_hits@20": "unexpected",
    "calibration": "calibration",
    "freshness": "fresh",
}


def personal_table(result: Result, k: int) -> Table:
    """Return how personal the lists are, at most 100 columns wide."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 0, 0, 1))
    table.add_column("model")
    for title in PERSONAL.values():
        table.add_column(title.format(k=k), justify="right")
    for row in result.rows:
        cells = []
        for metric in PERSONAL:
            names = (metric.format(k=k), f"{metric}@{k}", f"{metric}@10")
            one = next((row.metrics[name] for name in names if name in row.metrics), None)
            whole = metric.startswith(("distinct", "effective"))
            cells.append("–" if one is None else f"{one.mean:,.0f}" if whole else f"{one.mean:.4f}")
        table.add_row(row.name, *cells)
    return table


def follow_table(result: Result, k: int) -> Table:
    """Return what the terms of follows change, by length of the history."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("history")
    titles = ("users", f"recall@{k}", "without", f"ndcg@{k}", "without", "change of ndcg, 95 %")
    for title in titles:
        table.add_column(title, justify="right")
    by_name = {row.name: row for row in result.rows}
    gains = result.follow_gains()
    for name, metrics in gains.items():
        rows = [by_name["default"], by_name[WITHOUT_FOLLOWS]]
        parts = [row if name == "all" else row.slices[name] for row in rows]
        users = len(parts[0].per_user[f"ndcg@{k}"])
        cells = [
            f"{part.metrics[metric].mean:.4f}"
            for metric in (f"recall@{k}", f"ndcg@{k}")
            for part in parts
        ]
        share = metrics[f"ndcg@{k}"]["share"]
        change = f"{share['mean']:+.1%} ({share['low']:+.1%} to {share['high']:+.1%})"
        length = name.removeprefix("history_").replace("_up", " or more").replace("_", " to ")
        table.add_row(length, f"{users:,}", *cells, change)
    return table


def step_table(result: Result, k: int) -> Table:
    """Return the accuracy of steps up and steps down, at most 100 columns wide."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model")
    for way in ("up", "down"):
        for title in (f"{way}: users", f"recall@{k}", f"ndcg@{k}"):
            table.add_column(title, justify="right")
    for row in result.rows:
        cells = []
        for way in ("step_up", "step_down"):
            part = row.slices.get(way)
            cells.append(f"{part.users:,}" if part else "–")
            for metric in (f"recall@{k}", f"ndcg@{k}"):
                cells.append(f"{part.metrics[metric].mean:.4f}" if part else "–")
        table.add_row(row.name, *cells)
    return table


if __name__ == "__main__":
    run_command(command)
