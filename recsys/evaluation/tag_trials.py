"""Tags that near items agree on, against those that the items of a catalogue have themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.serving.live_state import LiveState
from recsys.writing.agreed_tags import agreed_tags


@dataclass(frozen=True, slots=True)
class TagFigures:
    """Figures over titles of items that have tags, each held out."""

    titles: int
    answered: float  # share of titles with a suggestion
    precision: float  # of the suggestions, the share that are tags of the item
    suggested: int  # suggestions
    most_common: float  # precision of the most common tag for every title


def tag_figures(
    live: LiveState,
    most: int = 3,
    sample: int = 1_000,
    least: int = 4,
    longest: int = 8,
    seed: int = 0,
) -> TagFigures:
    """Return how many suggestions for the titles of items are tags of these items.

    A sample of the model's items with tags and titles of `least` to `longest` words (of Han titles:
    twice as many signs), drawn by the seed; the item itself does not count as near.
    """
    rows = [row for row in range(len(live.model)) if len(live.tags_of(row))]
    rows = [row for row in rows if least <= _words(_title(live, row)) <= longest]
    if len(rows) > sample:
        drawn = np.random.default_rng(seed).choice(len(rows), sample, replace=False)
        rows = [rows[at] for at in sorted(drawn.tolist())]
    names = list(live.spelt("tag"))
    common = names[int(np.bincount(live.model.catalogue.tags).argmax())] if rows else ""
    answered = right = suggested = usual = 0
    for row in rows:
        own = {names[code] for code in np.asarray(live.tags_of(row)).tolist()}
        found = agreed_tags(live, _title(live, row), most, without=live.item_id(row))
        answered += bool(found)
        suggested += len(found)
        right += len(own.intersection(found))
        usual += common in own
    count = max(len(rows), 1)
    return TagFigures(
        len(rows), answered / count, right / max(suggested, 1), suggested, usual / count
    )


def _title(live: LiveState, row: int) -> str:
    return str(live.document(row).get("title") or "")


def _words(title: str) -> int:
    han = sum("\u3400" <= sign <= "\u9fff" for sign in title)
    return han // 2 if 2 * han > len(title) else len(title.split())
