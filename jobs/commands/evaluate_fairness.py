"""`recsys evaluate-fairness`: what the creator floor and calibrated order cost, on dated acts.

recsys evaluate-fairness --data data/sample/movietweetings
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np

from recsys.array_types import Rows
from recsys.data.event_tables import ItemTable
from recsys.data.item_and_event_readers import load_events, load_items
from recsys.errors import DataError
from recsys.evaluation.fairness_trials import (
    Acts,
    CalibrationTrial,
    try_calibration,
    try_floor,
)
from recsys.ranking.calibrated_order import WIDENED, WIDENED_WEIGHT
from recsys.text.encoders.packaged_word_vectors import packaged_word_vectors
from recsys.text.item_texts import documents
from recsys.text.topics.catalogue_topics import item_topics
from recsys.text.topics.fit import TopicConfig
from recsys.text_training.encode_catalogue import encode_words

from ..cli import run
from ..command_output import check_json_file, figures_file, output, write_json

AGAINST = frozenset({"dislike", "view"})  # kinds of event that are no act in favour
WEIGHTS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7)
FLOOR = 0.05
CALIBRATED = 4_000  # lists that are calibrated at most, at each weight


@click.command(name="evaluate-fairness")
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Folder with events.csv.gz and items.csv.gz.",
)
@click.option("--lists", "most", type=click.IntRange(2), default=6_000, show_default=True)
@click.option("--floor", type=click.FloatRange(0.001, 0.5), default=FLOOR, show_default=True)
@click.option(
    "--topics",
    "by",
    type=click.Choice(["text", "labels"]),
    default="text",
    show_default=True,
    help="Topics that a night finds in the texts, or the category, else the first tag.",
)
@figures_file
def command(data: Path, most: int, floor: float, by: str, json_file: Path | None) -> None:
    """Replay acts with a creator floor, and with calibrated lists: shares, divergence and nDCG."""
    check_json_file(json_file)
    acts = read_acts(data, by)
    kept = try_floor(acts, floor, most)
    rows = try_calibration(acts, WEIGHTS, min(most, CALIBRATED))
    plain = rows[0]
    (wide,) = try_calibration(acts, [WIDENED_WEIGHT], min(most, CALIBRATED), WIDENED)
    figures: dict[str, Any] = {
        "data": data.name,
        "lists": len(kept.gain),
        "topics": {"by": by, "count": int(acts.topic.max()) + 1},
        "floor": {
            "share": floor,
            "hours": [round(one, 4) for one in kept.hours],
            "hours_without": [round(one, 4) for one in kept.plain_hours],
            "missed": kept.missed,
            "exceeded": kept.exceeded,
            "ndcg_lost": kept.cost,
        },
        "calibration": [_against(one, plain) for one in rows],
        "widened": {"catalogue": WIDENED} | _against(wide, plain),
    }
    output(json_file).print(json.dumps(figures, indent=1), soft_wrap=True)
    write_json(json_file, figures, indent=1)


def _against(one: CalibrationTrial, plain: CalibrationTrial) -> dict[str, float]:
    """Return the figures of calibrated lists beside those of plain ones."""
    return {
        "weight": one.weight,
        "topics": one.topics,
        "divergence": one.divergence,
        "divergence_change": one.divergence / plain.divergence - 1,
        "ndcg": one.gain,
        "ndcg_lost": 1 - one.gain / plain.gain if plain.gain else 0.0,
    }


def read_acts(folder: Path, by: str = "text") -> Acts:
    """Return the acts in favour of a folder, in the order of time; DataError without times.

    `by`: what the topics of items are, "text" or "labels".
    """
    events, known = load_events(folder / "events.csv.gz"), load_items(folder / "items.csv.gz")
    against = [place for place, kind in enumerate(events.kinds) if kind in AGAINST]
    kept = np.isfinite(events.time) & ~np.isin(events.kind, against)
    if kept.sum() < 100:
        raise DataError(f"{folder}: fewer than 100 dated acts")
    rows = known.ids.rows(events.items)
    names = [
        (known.author[row] if row >= 0 else "") or f"item {item_id}"
        for row, item_id in zip(rows.tolist(), events.items, strict=True)
    ]
    author = np.unique(names, return_inverse=True)[1].astype(np.int32)
    own = topics_of_texts(known) if by == "text" else topics_of_labels(known)
    topic = np.where(rows >= 0, own[np.maximum(rows, 0)], -1).astype(np.int32)
    return Acts(events.user[kept], events.item[kept], events.time[kept], author, topic)


def topics_of_texts(items: ItemTable) -> Rows:
    """Return the topic of each item as a night with static word vectors finds it; −1 none."""
    with TemporaryDirectory() as folder:
        words = encode_words(documents(items), packaged_word_vectors(), Path(folder), "fairness")
    return item_topics(items, words.vectors, TopicConfig()).items


def topics_of_labels(items: ItemTable) -> Rows:
    """Return a code of the category, else of the first tag, of each item; −1 none."""
    labels = [
        category or next(iter(tags), "")
        for category, tags in zip(items.category, items.tags, strict=True)
    ]
    found = np.unique(labels, return_inverse=True)[1].astype(np.int32)
    found[np.array(labels) == ""] = -1
    return np.asarray(found, np.int32)


if __name__ == "__main__":
    run(command)
