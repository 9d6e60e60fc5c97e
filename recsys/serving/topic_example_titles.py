"""Example titles of a topic, shown where it has no name."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys.array_types import Rows
from recsys.serving.live_state import LiveState

TITLES = 3  # of a topic
LONGEST = 60  # characters of a title


def typical_rows(live: LiveState, topics: Rows) -> Iterator[int]:
    """Yield the rows of items that stand for some topics, in turn, the most typical first.

    `topics`: rows of topics. Items that may not be listed now are left out.
    """
    known, listed = live.model.topics, live.listed()
    if known is None:
        return
    for row in known.typical[topics].T.ravel().tolist():
        if row >= 0:
            newest = live.versions.get(row, row)
            if newest < len(listed) and listed[newest]:
                yield newest


def titles_of(live: LiveState, topics: Rows, n: int = TITLES) -> list[str]:
    """Return up to `n` distinct titles of items that stand for some topics, by their rows."""
    found: dict[str, None] = {}
    for row in typical_rows(live, topics):
        if len(found) == n:
            break
        item = live.document(row)
        text = str(item.get("title") or item.get("text") or "")
        if text:
            found[text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"] = None
    return list(found)


def titles_of_unnamed(live: LiveState, value: str) -> list[str]:
    """Return the titles that stand for a topic or a group of topics, by its id as text.

    Empty where it has a name, and for an id that no topic has.
    """
    topics = live.model.topics
    if topics is None or not (value.isascii() and value.isdecimal()):
        return []
    number = int(value)
    if number in topics.ids:
        named = topics.name(topics.ids.index(number))
    elif number in topics.parent_ids:
        named = topics.parent_name(topics.parent_ids.index(number))
    else:
        return []
    return [] if named else titles_of(live, topics.rows[number])


def titles_by_row(live: LiveState, row: int) -> list[str]:
    """Return the titles that stand for a topic by its row; empty where it has a name.

    They are kept until an item comes, changes, goes, or leaves the lists.
    """
    topics = live.model.topics
    if topics is None or row < 0 or topics.name(row):
        return []
    live.listed()  # as of now
    version, none = live.listing.version, (-1, list[str]())
    seen, known = live.topic_titles.get(row, none)
    if seen != version:
        known = titles_of(live, np.array([row], np.int32))
        live.topic_titles[row] = version, known
    return list(known)
