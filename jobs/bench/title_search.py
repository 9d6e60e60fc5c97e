"""How high a search places an item for the words of its title.

python -m jobs.bench.title_search FOLDER --weight 0 --weight 0.7

FOLDER holds a saved model (`model.save`) or the home of a service. Queries are whole titles without
a year, two of their words (of at least four letters; in Chinese of two signs), and titles with two
letters exchanged. The label share tells what else is found: how many of the first ten other items
have the category of the item, or its first tag.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from recsys.bundle_store import BundleStore
from recsys.ranking import nonpersonal_lists
from recsys.ranking.query import Filters
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model

from ..cli import run

SHOWN = 20
PLACES = (1, 5, SHOWN)
LEAST_LETTERS = 4
_HAN = re.compile(r"[\u3400-\u9fff]+")
_YEAR = re.compile(r"\s*\(\d{4}\)$")


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--queries", type=click.IntRange(1), default=300, show_default=True)
@click.option("--weight", "weights", type=click.FloatRange(0, 1), multiple=True, default=[0.7])
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def command(folder: Path, queries: int, weights: Sequence[float], seed: int) -> None:
    """Print the share of items found at place 1, up to 5 and up to 20, and the label share."""
    live = LiveState(BundleStore(folder).load_current(Model.from_raw))
    usual = nonpersonal_lists.TITLES
    try:
        for weight in weights:
            nonpersonal_lists.TITLES = weight
            print(json.dumps({"weight": weight, **figures(live, queries, seed)}))
    finally:
        nonpersonal_lists.TITLES = usual


def figures(live: LiveState, count: int, seed: int) -> dict[str, Any]:
    """Return the figures of `count` items with a title, drawn with a seed."""
    draw = random.Random(seed)
    titled = [row for row in range(live.size) if live.document(row).get("title")]
    rows = draw.sample(titled, min(count, len(titled)))
    titles = {row: _YEAR.sub("", str(live.document(row)["title"])) for row in rows}
    return {
        "items": len(rows),
        "title": _shares(live, titles),
        "two words": _shares(live, {row: _two_words(t, draw) for row, t in titles.items()}),
        "misspelt": _shares(live, {row: _misspelt(t, draw) for row, t in titles.items()}),
        "label share": _label_share(live, titles),
    }


def _shares(live: LiveState, queries: dict[int, str]) -> list[float]:
    """Return the share of queries whose item is found up to each of PLACES; empty ones left out."""
    found = []
    for row, query in queries.items():
        if query:
            ids = _found(live, query, SHOWN)
            own = str(live.document(row)["item_id"])
            found.append(ids.index(own) + 1 if own in ids else SHOWN + 1)
    return [round(float(np.mean(np.array(found) <= place)), 3) for place in PLACES]


def _label_share(live: LiveState, queries: dict[int, str]) -> float:
    shares = []
    for row, query in queries.items():
        if label := next(iter(_labels(live, row)), ""):
            own = str(live.document(row)["item_id"])
            others = [one for one in _found(live, query, 11) if one != own][:10]
            held = [label in _labels(live, live.row(one)) for one in others] or [False]
            shares.append(np.mean(held))
    return round(float(np.mean(shares)), 4) if shares else 0.0


def _labels(live: LiveState, row: int) -> list[str]:
    """Return the category and the tags of an item."""
    item = live.document(row)
    tags = item.get("tags")
    found = [item.get("category"), *(tags if isinstance(tags, (list, tuple)) else ())]
    return [str(one) for one in found if one]


def _found(live: LiveState, query: str, n: int) -> list[str]:
    return [one.item_id for one in nonpersonal_lists.near_by_words(live, query, n, Filters())]


def _two_words(title: str, draw: random.Random) -> str:
    words = [word for word in title.split() if len(word) >= LEAST_LETTERS]
    if runs := _HAN.findall(title):  # Chinese has no blanks: pairs of signs stand for words
        words = [run[at : at + 2] for run in runs for at in range(0, len(run) - 1, 2)]
    return " ".join(draw.sample(words, min(2, len(words))))


def _misspelt(title: str, draw: random.Random) -> str:
    """Return a title with two neighbouring letters exchanged; empty for a very short one."""
    if len(title) < LEAST_LETTERS + 2:
        return ""
    at = draw.randrange(1, len(title) - 2)
    return title[:at] + title[at + 1] + title[at] + title[at + 2 :]


if __name__ == "__main__":
    run(command)
