"""Event stream of a data set for trends: events, their series, and hours of the last weeks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recsys.array_types import Rows
from recsys.data.dataset import Dataset
from recsys.data.event_tables import ItemTable
from recsys.serving.catalogue import Catalogue
from recsys.text.entities.model import Entities
from recsys.trends.item_series_membership import ITEM, KINDS, Labels
from recsys.trends.series import Stream


@dataclass(frozen=True, slots=True)
class Labelled:
    """What the items of a data set count for, and how many labels of each kind there are."""

    labels: Mapping[str, Labels]
    sizes: Mapping[str, int]
    authors: Rows  # the author code of each item, -1 unknown

    @property
    def population(self) -> list[int]:
        """The sizes in the order of KINDS."""
        return [self.sizes.get(kind, 0) for kind in KINDS]


def labelled(
    catalogue: Catalogue,
    topics: Rows | None = None,
    entities: Entities | None = None,
    n_topics: int = 0,
) -> Labelled:
    """Return the labels of a catalogue's items; `topics`: the topic row of each, -1 for none."""
    labels = {
        "tag": Labels(catalogue.tag_ends, catalogue.tags),
        "category": Labels.single(catalogue.labels["category"]),
        "author": Labels.single(catalogue.labels["author"]),
    }
    sizes = {ITEM: len(catalogue), **{kind: len(catalogue.names[kind]) for kind in labels}}
    if topics is not None:
        labels["topic"] = Labels.single(topics)
        sizes["topic"] = n_topics
    if entities is not None:
        labels["entity"] = Labels(entities.ends, entities.codes)
        sizes["entity"] = len(entities)
    return Labelled(
        {kind: labels[kind] for kind in KINDS if kind in labels}, sizes, catalogue.labels["author"]
    )


def stream_of(data: Dataset, author: Rows) -> Stream:
    """Return what was done to items and their postings, in the order of time.

    Events of weight 0 (what was only shown) are no acts. `author`: the author code of each item.
    """
    done = np.flatnonzero(data.weight != 0) if data.timed else np.zeros(0, np.int64)
    acts = Stream.of_acts(data.time[done], data.item[done], data.user[done])
    return acts.with_posts(data.table.created, author).in_order()


def texts_of(table: ItemTable) -> list[str]:
    """Return the text that names are looked for in, of every item."""
    return ["\n".join(pair) for pair in zip(table.title, table.text, strict=True)]
