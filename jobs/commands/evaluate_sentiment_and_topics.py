"""`recsys evaluate-text`: accuracy of sentiment and topics on labelled texts.

recsys evaluate-text --labels valence.csv --source tweets --items posts.csv.gz --json text.json
recsys evaluate-text --items posts.csv.gz --throughput 100000
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from recsys.data.event_tables import ItemTable
from recsys.data.item_and_event_readers import load_items
from recsys.data.labeled_texts import read_labels
from recsys.errors import DataError
from recsys.evaluation.sentiment_and_topic_quality import (
    sentiment_by_folds,
    sentiment_from_elsewhere,
    topic_figures,
)
from recsys.evaluation.text_throughput import throughput as timed
from recsys.settings import Settings
from recsys.text.clean import document
from recsys.text.encoders.embedding_cache import CachedEncoder
from recsys.text.encoders.encoder import load_encoder
from recsys.text.encoders.packaged_word_vectors import packaged_word_vectors
from recsys.text.topics.fit import TopicConfig

from ..cli import run
from ..command_output import check_json_file, figures_file, output, write_json
from ..environment import load_settings
from ..file_options import file_option, map_option, read_options
from ..seed_option import seed_option


@click.command(name="evaluate-text")
@click.option("--labels", type=Path, help="Labelled texts: text, label or valence, source.")
@click.option(
    "--source",
    default="",
    help="Judge the tone of this source's texts: tweets, …; "
    "else of all, and of each taught by the others.",
)
@file_option("items", "Items file; its column category is the truth for topics.")
@map_option
@click.option("--topics", type=click.IntRange(1), help="How many; else as many as categories.")
@click.option("--throughput", type=click.IntRange(1), help="Time so many texts of the items file.")
@click.option(
    "--encoder",
    default="static",
    show_default=True,
    help="Of the topics' vectors; another than static also joins the tone model.",
)
@seed_option
@figures_file
def command(
    labels: Path | None,
    source: str,
    items: tuple[Path, ...],
    column_names: tuple[str, ...],
    encoding: str,
    dates: str | None,
    headers: tuple[str, ...],
    topics: int | None,
    throughput: int | None,
    encoder: str,
    seed: int,
    json_file: Path | None,
) -> None:
    """Judge tone by five folds and from other sources, topics against categories, and speed."""
    if labels is None and not items:
        raise DataError("nothing to judge: give --labels F, --items F or both")
    if throughput and not items:
        raise DataError("--throughput needs texts: give --items F")
    check_json_file(json_file)
    settings = load_settings()
    figures: dict[str, object] = {}
    options = read_options(column_names, encoding, dates, headers)
    table = load_items(items, options=options) if items else None
    if table is not None and throughput:
        figures["throughput"] = _throughput(settings, table, throughput)
    elif table is not None:
        figures["topics"] = _topics(settings, table, topics, encoder, seed)
    if labels:
        figures["tone"] = _tone(settings, labels, source, encoder, seed)
    result = {"seed": seed, **figures}
    output(json_file).print(json.dumps(result, indent=1, allow_nan=False), soft_wrap=True)
    write_json(json_file, result, indent=1)


def _throughput(settings: Settings, table: ItemTable, count: int) -> dict[str, object]:
    student = packaged_word_vectors()
    with TemporaryDirectory() as folder:
        return timed(table, count, student, settings.sentiment_scorer.model, Path(folder))


def _tone(settings: Settings, labels: Path, source: str, name: str, seed: int) -> dict[str, object]:
    labelled, student = read_labels(labels), packaged_word_vectors()
    if name != "static":
        encoder = _kept(settings, name, "tone")
        found = sentiment_by_folds(labelled, student, source, seed=seed, encoder=encoder)
        return {"source": source, "five_folds": found, "beside": encoder.name}
    figures: dict[str, object] = {
        "source": source,
        "five_folds": sentiment_by_folds(labelled, student, source, seed=seed),
    }
    known = sorted(set(labelled.sources))
    if len(known) > 1:
        judged = [source] if source else known
        figures["taught_by_others"] = {
            one: sentiment_from_elsewhere(labelled, student, one) for one in judged
        }
    return figures


def _kept(settings: Settings, name: str, what: str) -> CachedEncoder:
    """Return an encoder that keeps its vectors for the next evaluation of the same texts."""
    encoder = load_encoder(name, settings.device, settings.cache_folder)
    return CachedEncoder(encoder, settings.home / "evaluated" / what)


def _topics(
    settings: Settings, items: ItemTable, n_topics: int | None, name: str, seed: int
) -> dict[str, object]:
    texts = [document(*pair) for pair in zip(items.title, items.text, strict=True)]
    vectors = _kept(settings, name, "topics").encode(texts)
    topic_count = n_topics or len(set(items.category))
    return topic_figures(texts, vectors, items.category, TopicConfig(topic_count, seed=seed))


if __name__ == "__main__":
    run(command)
