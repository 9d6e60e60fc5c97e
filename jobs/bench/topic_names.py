"""Table of topic names beside titles of typical items, for a human rater.

    python -m jobs.bench.topic_names items.csv.gz --title title --text text --marks tags,category
    python -m jobs.bench.topic_names reviews.csv.gz --text text --judged verdicts.csv

Topics and names are those of a night without behaviour: tags and categories (--marks) decide which
items belong together, as titles and texts do. A judge decides two things for each topic:
whether its typical texts have one subject (coherent), and whether the name is one that an editor
would accept for it (acceptable). With --judged the file of verdicts is written with empty columns,
or, if it is there, read and counted.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import numpy as np

from recsys.data.event_tables import ItemTable
from recsys.data.ids import IdMap
from recsys.errors import DataError
from recsys.text.encoders.encoder import load_encoder
from recsys.text.item_texts import documents
from recsys.text.topics.catalogue_topics import item_topics
from recsys.text.topics.fit import TopicConfig
from recsys.text.topics.model import Topics
from recsys.text_training.encode_catalogue import encode_words

from ..cli import run
from ..environment import load_settings

SHOWN = 120  # characters of a typical text
VERDICTS = ("topic", "name", "coherent", "acceptable")


def read_items(path: Path, title: str, text: str, marks: Sequence[str], limit: int) -> ItemTable:
    """Return the distinct items of a CSV file, in its order, at most `limit` of them (0: all).

    `title` and `text` are columns, empty for none; `marks` are columns of one tag or category each,
    or of several that are separated by |. Of items with equal titles and texts the first stays.
    DataError names a column that the file does not have.
    """
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in _rows(path):
        missing = [name for name in (title, text, *marks) if name and name not in row]
        if missing:
            raise DataError(f"{path} has no column {missing[0]!r}; it has {', '.join(row)}")
        own = (one for name in marks for one in row[name].split("|") if one)
        found.setdefault((row.get(title, ""), row.get(text, "")), tuple(own))
        if len(found) == limit:
            break
    count = len(found)
    return ItemTable(
        ids=IdMap.from_ids(map(str, range(count))),
        title=[title for title, _ in found],
        text=[text for _, text in found],
        tags=list(found.values()),
        category=[""] * count,
        author=[""] * count,
        created=np.full(count, np.nan),
        url=[""] * count,
        metadata=[{} for _ in range(count)],
    )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def report(topics: Topics, texts: Sequence[str]) -> Iterator[str]:
    """Yield a paragraph for each topic: number, size, name, titles of typical items."""
    for topic, name in enumerate(topics.labels):
        lines = [f"topic {topic}, {topics.sizes[topic]} texts: {name or '(no name)'}"]
        typical = (row for row in topics.typical[topic].tolist() if row >= 0)
        lines += [f"    {' '.join(texts[row].split())[:SHOWN]}" for row in typical]
        yield "\n".join(lines)


def counted(path: Path, topics: Topics) -> str:
    """Return the counts of a file of verdicts; DataError where it is of other names.

    A verdict is `y`, `n`, or empty for a topic without a name.
    """
    verdicts = list(_rows(path))
    if [row["name"] for row in verdicts] != list(topics.labels):
        raise DataError(f"{path} judges other names: delete it, and judge again")
    coherent = [row for row in verdicts if row["coherent"] == "y"]
    named = [row for row in verdicts if row["name"]]
    accepted = sum(row["acceptable"] == "y" for row in named)
    good = sum(row["acceptable"] == "y" for row in coherent)
    return (
        f"{len(verdicts)} topics, {len(named)} named, {accepted} of these acceptable; "
        f"{len(coherent)} coherent, {good} of these with an acceptable name"
    )


@click.command(name="topic-names")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--title", default="", help="Column of titles.")
@click.option("--text", default="", help="Column of texts.")
@click.option("--marks", default="", help="Columns of tags and categories, separated by commas.")
@click.option("--limit", default=0, help="Distinct texts that are read; 0: all.")
@click.option(
    "--judged",
    "labels_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of verdicts, CSV.",
)
def command(
    path: Path, title: str, text: str, marks: str, limit: int, labels_file: Path | None
) -> None:
    """Print the names of the topics of a CSV file beside titles of typical items."""
    if not title and not text:
        raise DataError("name a column of titles or texts: --title COLUMN or --text COLUMN")
    settings = load_settings()
    table = read_items(path, title, text, [name for name in marks.split(",") if name], limit)
    encoder = load_encoder(settings.encoder, settings.device, settings.cache_folder)
    texts = documents(table)
    vectors = encode_words(texts, encoder, settings.home, "topic-names").vectors
    topics = item_topics(table, vectors, TopicConfig(seed=settings.seed))
    shown = [f"{title} {text}" for title, text in zip(table.title, table.text, strict=True)]
    print("\n\n".join(report(topics, shown)))
    if labels_file is None:
        return
    if labels_file.exists():
        print(f"\n{counted(labels_file, topics)}")
        return
    with labels_file.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(VERDICTS)
        writer.writerows((topic, name, "", "") for topic, name in enumerate(topics.labels))
    print(f"\nwrote {labels_file}: fill in y or n, and run the command again")


if __name__ == "__main__":
    run(command)
