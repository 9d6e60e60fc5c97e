"""`recsys evaluate-watches`: false alarms and injected bursts of negative share.

recsys evaluate-watches --items posts.csv.gz --labels valence.csv --model held.npz \
    --start 2012-07-01 --end 2013-01-01
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Times
from recsys.data.item_and_event_readers import load_items
from recsys.data.labeled_texts import read_labels
from recsys.errors import DataError
from recsys.evaluation.watch_trials import WARM_UP, Pool, WatchTrial, run_trial
from recsys.store.watches import LEVELS
from recsys.text.sentiment.model import load_sentiment_model

from ..cli import run
from ..seed_option import seed_option

CATEGORIES, WORDS, GROUPS = 40, 30, 30  # watches of each sort
FREQUENT = 10  # of the most frequent words, which are left out
LEAST_LETTERS = 5  # of a word
HELD = 5  # texts whose crc32 is a multiple of it are held out
GROUP_SEED = 7


@click.command(name="evaluate-watches")
@click.option("--items", type=Path, required=True, help="Items with category and created_at.")
@click.option("--labels", type=Path, required=True, help="Texts with label or valence.")
@click.option("--source", default="tweets", show_default=True, help="Source of the labels' file.")
@click.option("--model", type=Path, help="Tone model that has not seen every fifth text.")
@click.option("--start", type=click.DateTime(), required=True)
@click.option("--end", type=click.DateTime(), required=True)
@click.option("--bursts", type=click.IntRange(0), default=30, show_default=True)
@click.option("--floods", type=click.IntRange(0), default=30, show_default=True)
@click.option("--level", type=click.Choice(LEVELS), default="normal", show_default=True)
@seed_option
def command(
    items: Path,
    labels: Path,
    source: str,
    model: Path | None,
    start: datetime,
    end: datetime,
    bursts: int,
    floods: int,
    level: str,
    seed: int,
) -> None:
    """Replay posts with tones drawn from labelled texts; inject bursts, and floods, in runs apart.

    Of the labels every fifth text by crc32 is drawn: train the model without these.
    """
    first, last = (one.replace(tzinfo=UTC).timestamp() for one in (start, end))
    time, watches = _watches(items, first, last)
    pool = _pool(labels, source, model)
    for n_bursts, n_floods in dict.fromkeys(((0, 0), (bursts, 0), (0, floods))):
        trial = WatchTrial(first, last, n_bursts, n_floods, level, seed)
        print(json.dumps(run_trial(time, watches, pool, trial)), flush=True)


def _pool(path: Path, source: str, model: Path | None) -> Pool:
    found = read_labels(path)
    kept = [
        at
        for at, (text, own) in enumerate(zip(found.texts, found.sources, strict=True))
        if own == source and zlib.crc32(text.encode()) % HELD == 0
    ]
    if not kept:
        raise DataError(f"{path}: no text of the source {source!r} is held out")
    texts = [found.texts[at] for at in kept]
    return Pool(found.classes[kept], load_sentiment_model(model).probabilities(texts))


def _watches(path: Path, start: float, end: float) -> tuple[Times, dict[int, NDArray[np.int64]]]:
    """Return the times of posts, and the places of those of each watch.

    Watches are the most frequent categories, frequent words of titles, and groups of categories.
    """
    table = load_items(path)
    created = table.created
    rows = np.flatnonzero((created >= start - WARM_UP) & (created < end))
    rows = rows[np.argsort(created[rows], kind="stable")]
    categories = [table.category[row] for row in rows.tolist()]
    titles = [table.title[row].lower() for row in rows.tolist()]
    names = [name for name, _ in Counter(categories).most_common()]
    words = Counter(
        word for title in titles for word in set(title.split()) if len(word) >= LEAST_LETTERS
    )
    chosen: list[list[int]] = []
    for name in names[:CATEGORIES]:
        chosen.append([at for at, own in enumerate(categories) if own == name])
    for word, _ in words.most_common(FREQUENT + WORDS)[FREQUENT:]:
        chosen.append([at for at, title in enumerate(titles) if word in title])
    rng = np.random.default_rng(GROUP_SEED)
    for _ in range(GROUPS):
        some = set(rng.choice(names, min(len(names), int(rng.integers(5, 40))), replace=False))
        chosen.append([at for at, own in enumerate(categories) if own in some])
    return created[rows], {at + 1: np.array(one, np.int64) for at, one in enumerate(chosen)}


if __name__ == "__main__":
    run(command)
