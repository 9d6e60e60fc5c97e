"""JSON of topics, and of the topics of an item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from recsys.array_types import Mask, Rows
from recsys.i18n import SOURCE
from recsys.serving.live_state import LiveState
from recsys.serving.topic_example_titles import titles_by_row, titles_of_unnamed, typical_rows
from recsys.text.topics.model import Topics

UPPER, LOWER = 1, 2  # levels


def of_row(live: LiveState, row: int) -> list[dict[str, Any]]:
    """Return the topics of an item: one, or none where nothing is known of it."""
    topics, at = live.model.topics, int(live.topics[row]) if row >= 0 else -1
    return [] if topics is None or at < 0 else [_named(live, topics, at)]


@dataclass(frozen=True)
class Overview:
    """All topics of a live state; items posted, changed and gone since the night are counted."""

    live: LiveState
    topics: Topics
    language: str = SOURCE  # of descriptions

    @classmethod
    def of(cls, live: LiveState, language: str = SOURCE) -> Overview | None:
        """Return the topics of a live state; None where its bundle has none."""
        return None if live.model.topics is None else cls(live, live.model.topics, language)

    @cached_property
    def _listed(self) -> Mask:
        return self.live.listed().copy()

    @cached_property
    def _about(self) -> Rows:
        """The topic row of each item that may be shown, -1 for all others."""
        listed = self._listed
        return np.where(listed, self.live.topics[: len(listed)], -1).astype(np.int32)

    @cached_property
    def _sizes(self) -> Rows:
        counts = np.bincount(self._about[self._about >= 0], minlength=len(self.topics))
        return counts.astype(np.int32)

    def ordered(self, level: int, parent: int | None = None) -> list[int]:
        """Return the ids of one level, those of the most items first; of one parent if given."""
        topics = self.topics
        if level == UPPER:
            ids, rows = topics.parent_ids, list(range(0 if parent else len(topics.parent_ids)))
        else:
            ids, rows = topics.ids, list(range(len(topics)))
        if level == LOWER and parent is not None:
            rows = topics.rows[parent].tolist() if parent in topics.parent_ids else []
        return [ids[row] for row in sorted(rows, key=lambda row: -self._size(level, row))]

    def _size(self, level: int, row: int) -> int:
        below = self.topics.parents == row
        return int(self._sizes[below].sum() if level == UPPER else self._sizes[row])

    def document(self, id: int, n_items: int) -> dict[str, Any] | None:
        """Return a topic of either level with `n_items` of its items; None for an unknown id."""
        if id in self.topics.parent_ids:
            return self._upper(self.topics.parent_ids.index(id), n_items)
        if id in self.topics.ids:
            return self._lower(self.topics.ids.index(id), n_items)
        return None

    def _lower(self, row: int, n_items: int) -> dict[str, Any]:
        from recsys.writing.topic_and_event_descriptions import (
            topic_description,  # here: few workers need it
        )

        topics, near = self.topics, self.topics.neighbours[row].tolist()
        items = self._items(np.array([row], np.int32), n_items)
        words, size = list(topics.names[row]), self._size(LOWER, row)
        titles = [one["title"] for one in items]
        return {
            **_named(self.live, topics, row),
            "level": LOWER,
            "words": words,
            "description": asdict(topic_description(topics.name(row), size, titles, self.language)),
            "size": size,
            "parent": _named_above(self.live, topics, int(topics.parents[row])),
            "topics": [],
            "neighbours": [_named(self.live, topics, at) for at in near],
            "items": items,
        }

    def _upper(self, row: int, n_items: int) -> dict[str, Any]:
        from recsys.writing.topic_and_event_descriptions import (
            group_description,  # here: few workers need it
        )

        topics = self.topics
        below: Rows = np.flatnonzero(topics.parents == row).astype(np.int32)
        below = below[np.argsort(-self._sizes[below], kind="stable")]
        names, size = [topics.name(at) for at in below.tolist()], self._size(UPPER, row)
        named = [one for one in names if one]
        description = group_description(named, len(below), size, self.language)
        return {
            **_named_above(self.live, topics, row),
            "level": UPPER,
            "words": list(topics.parent_names[row]),
            "description": asdict(description),
            "size": size,
            "parent": None,
            "topics": [_named(self.live, topics, at) for at in below.tolist()],
            "neighbours": [],
            "items": self._items(below, n_items),
        }

    def _items(self, rows: Rows, n: int) -> list[dict[str, str]]:
        shown: dict[int, None] = {}
        for row in self._candidates(rows):
            if len(shown) == n:
                break
            if row < len(self._listed) and self._listed[row]:
                shown[row] = None
        return [{"item_id": self.live.item_id(row), "title": self._title(row)} for row in shown]

    def _candidates(self, rows: Rows) -> Iterator[int]:
        """Yield items that stand for some topics, in turn, then all others, the newest first."""
        yield from typical_rows(self.live, rows)
        yield from np.flatnonzero(np.isin(self._about, rows))[::-1].tolist()

    def _title(self, row: int) -> str:
        known = self.live.document(row)
        return str(known.get("title") or known.get("text") or known["item_id"])[:200]


def _named(live: LiveState, topics: Topics, row: int) -> dict[str, Any]:
    titles = titles_by_row(live, row)
    return {"id": topics.ids[row], "name": topics.name(row), "titles": titles}


def _named_above(live: LiveState, topics: Topics, row: int) -> dict[str, Any]:
    id = topics.parent_ids[row]
    titles = titles_of_unnamed(live, str(id))
    return {"id": id, "name": topics.parent_name(row), "titles": titles}
