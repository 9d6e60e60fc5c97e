"""DuplicateIndex: items with matching text fingerprints (copies, bursts of a text, floods of an
author).
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from recsys.data.records import Item
from recsys.safety import minhash
from recsys.safety.flags import COPY, KEY, Flag, read_flags
from recsys.safety.text_analysis import TextAnalysis
from recsys.store.text_fingerprints import Seen

BURST = 5  # equal texts within an hour, of whomever
AUTHOR_BURST = 30  # items of one author within an hour
COMPARED = 3  # items that a text is compared with at most
SAME_TIME = 3_600.0  # seconds within which two dates are one
NOTES = frozenset({KEY, "language", "reviewed", "hidden"})  # metadata that tell no editions apart
WITHIN = "within an hour"  # ends the reason of what can be found only when an item is new
NEW = 1 << 62  # number of an item that has none yet


@dataclass(frozen=True, slots=True)
class Look:
    """An item as it is compared."""

    item: Item
    before: Item | None  # as the store has it
    number: int  # by which it arrived
    content: str
    bands: tuple[int, ...]
    text_now: int | None  # print of the text in its half hour; None without a text or a time
    text_before: int | None
    author_now: int | None  # print of the author in that half hour; None without either
    author_before: int | None
    kept: tuple[int, ...] = ()  # prints of the author at the arrival, of an item known before

    @classmethod
    def at(
        cls,
        item: Item,
        before: Item | None,
        number: int,
        arrival: float | None = None,
        carried: Collection[int] = (),
        analysis: TextAnalysis | None = None,
    ) -> Look:
        """Look at an item.

        `arrival`: Unix seconds by which a new item counts for its author, whatever date it tells;
        None for a file, whose items count by their dates. `carried`: the prints of the item's last
        form. A change of an item is no arrival: the item counts for as long as before.
        `analysis`: of its words, where they are analysed already.
        """
        text = content(item) if analysis is None else analysis.content
        bands = tuple(minhash.bands(text)) if analysis is None else analysis.bands
        moment = item.created_at
        text_authors: tuple[int | None, int | None] = (None, None)
        author = text_authors
        if moment is not None and text:  # a catalogue without dates was not posted within an hour
            text_authors = minhash.of_moment("text", text, moment)
        kept: tuple[int, ...] = ()
        if before is not None and carried and item.author_id:
            own = minhash.of_moment("author", item.author_id, arrival or time.time())
            kept = tuple(one for one in own if one in carried)
        if before is None and arrival is not None:
            moment = arrival
        elif before is not None and arrival is not None:
            moment = None  # what it still counts for is among the prints that are kept
        if moment is not None and item.author_id:
            author = minhash.of_moment("author", item.author_id, moment)
        return cls(item, before, number, text, bands, *text_authors, *author, kept)

    @property
    def stored(self) -> list[int]:
        """The prints by which later items find this one."""
        own = (self.text_now, self.author_now)
        return [*self.bands, *(one for one in own if one is not None), *self.kept]

    @property
    def signatures(self) -> list[int]:
        """The prints that are looked up for this one."""
        before = (self.text_before, self.author_before)
        return [*self.stored, *(one for one in before if one is not None)]


@dataclass(slots=True)
class DuplicateIndex:
    """Who carries which print: in the store, and earlier in the same batch."""

    stored: Mapping[int, Seen]
    batch: dict[int, Seen] = field(default_factory=dict)

    def count(self, *signatures: int | None) -> int:
        """Return how many items carry one of some prints."""
        return sum(
            seen[one].count
            for one in signatures
            if one is not None
            for seen in (self.stored, self.batch)
            if one in seen
        )

    def earlier(self, look: Look) -> list[str]:
        """Return items that may be like one and arrived before it, a few of them."""
        found = [
            seen[one] for seen in (self.stored, self.batch) for one in look.bands if one in seen
        ]
        names = dict.fromkeys(seen.first for seen in found if seen.number < look.number)
        return list(names)[:COMPARED]

    def add(self, look: Look) -> None:
        """Count an item that later ones of the batch may be like."""
        for one in look.stored:
            seen = self.batch.get(one)
            if seen is None:
                self.batch[one] = Seen(1, look.item.item_id, look.number)
            else:
                seen.count += 1


def of_duplicates(
    look: Look,
    duplicate_index: DuplicateIndex,
    others: Mapping[str, Item],
    origin: Mapping[str, str],
) -> list[Flag]:
    """Return what the others tell about an item.

    `others`: items, and `origin` what each is a copy of (else itself), by id.
    """
    return [*_copied(look, duplicate_index, others, origin), *_crowded(look, duplicate_index)]


def _copied(
    look: Look,
    duplicate_index: DuplicateIndex,
    others: Mapping[str, Item],
    origin: Mapping[str, str],
) -> list[Flag]:
    for name in duplicate_index.earlier(look):
        other = others.get(name)
        share = 0.0 if other is None else minhash.similarity(look.content, content(other))
        if other is not None and share >= minhash.ALIKE and not is_edition(look.item, other):
            of = origin.get(name, name)
            why = "the same text as" if share == 1 else "nearly the same text as"
            return [Flag(COPY, round(share, 3), f"{why} {of}", of)]
    return []


def _crowded(look: Look, duplicate_index: DuplicateIndex) -> list[Flag]:
    if look.before is not None:  # what came after it since says nothing against it
        same = content(look.before) == look.content
        return [
            flag
            for flag in read_flags(look.before.metadata)
            if flag.why.endswith(WITHIN) and (same or flag.kind == "flood")
        ]
    found = []
    same_text = 1 + duplicate_index.count(look.text_now, look.text_before)
    if same_text >= BURST:
        why = f"{same_text} items of the same text {WITHIN}"
        found.append(Flag("spam", _grown(same_text, BURST), why))
    posted = 1 + duplicate_index.count(look.author_now, look.author_before)
    if posted > AUTHOR_BURST:
        why = f"{posted} items of this author {WITHIN}"
        found.append(Flag("flood", _grown(posted, AUTHOR_BURST), why))
    return found


def _grown(count: int, least: int) -> float:
    """Return .5 at the least count that is flagged, towards 1 the more there are."""
    return round(1 - 0.5 * least / max(count, least), 3)


def is_edition(item: Item, other: Item) -> bool:
    """Return whether two items of like words are different works: editions, episodes, dates.

    A title, or a text too short to compare, makes no copy of an item that differs in its date, its
    address or another field that both have. Of long equal texts this holds within one author's
    work only: a text that stands again under another name is a copy.
    """
    dated = _differs(item.created_at, other.created_at, SAME_TIME)
    placed = bool(item.url and other.url) and _address(item.url) != _address(other.url)
    differs = any(item.metadata[key] != other.metadata[key] for key in _own_fields(item, other))
    if not (_substantial(item) and _substantial(other)):
        return dated or placed or differs
    same_author = bool(item.author_id) and item.author_id == other.author_id
    return same_author and dated and (placed or differs)


def _substantial(item: Item) -> bool:
    return len(minhash.shingles(minhash.content(item.text))) >= minhash.LEAST


def _differs(one: float | None, other: float | None, least: float) -> bool:
    return one is not None and other is not None and abs(one - other) > least


def _address(url: str) -> str:
    """Return an address without its scheme, `www.`, fragment and last slash."""
    bare = url.strip().split("#", 1)[0].rstrip("/")
    bare = bare.split("://", 1)[-1]
    return bare.removeprefix("www.")


def _own_fields(item: Item, other: Item) -> set[str]:
    return (item.metadata.keys() & other.metadata.keys()) - NOTES


def content(item: Item) -> str:
    """Return what is compared of an item's words."""
    return minhash.content(item.title, item.text)
