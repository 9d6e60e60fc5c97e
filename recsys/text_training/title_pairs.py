"""Title pairs: the texts of a catalogue with the titles that their authors gave them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.array_types import Mask
from recsys.data.event_tables import ItemTable
from recsys.grounding.grounded import sentences
from recsys.writing.extracted_titles_and_tags import read_text

EVERY = 5  # texts whose crc32 is a multiple of it are unseen
LEAST, MOST = 3, 60  # sentences of a text that needs a title
SHORTEST_TITLE, LONGEST_TITLE = 8, 140  # characters
MOST_KNOWN, MOST_UNSEEN = 20_000, 400  # pairs that are learned from and judged by; the newest


@dataclass(frozen=True, slots=True)
class TitlePair:
    """A text without markup, mail addresses and telephone numbers, and its title."""

    text: str
    title: str


@dataclass(frozen=True, slots=True)
class TitlePairs:
    """Pairs to learn from, and pairs of other texts to judge by."""

    known: tuple[TitlePair, ...]
    unseen: tuple[TitlePair, ...]

    @property
    def fingerprint(self) -> str:
        """A number of the pairs and their order, in hexadecimal."""
        found = 0
        for one in (*self.known, *self.unseen):
            found = zlib.crc32(f"{one.text}\0{one.title}\n".encode(), found)
        return f"{found:08x}"


def title_pairs(items: ItemTable, now: float) -> TitlePairs:
    """Return the pairs of a catalogue, the newest items first.

    Items count whose text has LEAST to MOST sentences and that are public at `now` (Unix seconds):
    drafts and what has expired teach nothing. Of items with the same text the newest counts.
    """
    known: dict[str, TitlePair] = {}
    unseen: dict[str, TitlePair] = {}
    public = _public(items, now)
    for row in _newest_first(items):
        if len(known) >= MOST_KNOWN and len(unseen) >= MOST_UNSEEN:
            break
        if not public[row]:
            continue
        title = " ".join(items.title[row].split())
        if not SHORTEST_TITLE <= len(title) <= LONGEST_TITLE:
            continue
        text = read_text(items.text[row])
        is_unseen = zlib.crc32(text.encode()) % EVERY == 0
        part, most = (unseen, MOST_UNSEEN) if is_unseen else (known, MOST_KNOWN)
        if len(part) < most and text not in part and LEAST <= len(sentences(text)) <= MOST:
            part[text] = TitlePair(text, title)
    return TitlePairs(tuple(known.values()), tuple(unseen.values()))


def _newest_first(items: ItemTable) -> Sequence[int]:
    dates = [-one if one == one else float("inf") for one in items.created.tolist()]
    return sorted(range(len(items)), key=lambda row: (dates[row], -row))


def _public(items: ItemTable, now: float) -> Mask:
    """Return which items are public at a moment, (n,)."""
    open_ = items.opens <= now
    if items.expires_at is not None:
        open_ &= ~(items.expires_at <= now)
    return np.asarray(open_, bool)
