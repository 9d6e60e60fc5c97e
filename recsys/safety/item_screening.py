"""Screening of items before they are stored; flags are written to their metadata.

Nothing is refused and nothing dropped. What was looked at before and has not changed keeps what was
noted then, so that a file may be read again and changes nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from recsys import request_cpu_budget
from recsys.data.partial_updates import Row
from recsys.data.records import Item
from recsys.safety.duplicates import NEW, DuplicateIndex, Look, of_duplicates
from recsys.safety.flags import KEY, Flag, read_flags
from recsys.safety.text_analysis import Analyser, TextAnalysis, Words, analyse, joined
from recsys.safety.text_rules import Scorer, by_words
from recsys.store.store import Store
from recsys.text.language.detect import detect

REVIEWED = "reviewed"  # metadata by which a user says that an item is not to be flagged


@dataclass(frozen=True, slots=True)
class Screened:
    """Items with what is noted of them, and the prints to store with them."""

    items: list[Item]
    fingerprints: Mapping[str, Sequence[int]]  # by item id; of items that were looked at


def screen(
    store: Store,
    items: Sequence[Item],
    scorer: Scorer = by_words,
    again: bool = False,
    arrival: float | None = None,
    analyser: Analyser | None = None,
) -> Screened:
    """Return the items with language and flags noted; reads the store and writes nothing.

    Of an item that comes twice, the last form counts. `again`: also look at what has not changed.
    `arrival`: when the items came, in Unix seconds; None: by their own dates, as in a file. A flood
    of an author goes by it, so that the dates that a sender tells hide none. `analyser`: analyses
    the texts, elsewhere perhaps; None: it is done here, with `scorer`.
    """
    items = list({item.item_id: item for item in items}.values())
    known = store.items_known([item.item_id for item in items])
    noted = (
        {}
        if again
        else {
            item.item_id: kept
            for item in items
            if (kept := _as_before(item, known.get(item.item_id)))
        }
    )
    new = [item for item in items if item.item_id not in noted]
    read = analyser or functools.partial(analyse, scorer=scorer)
    analyses = dict(
        zip([item.item_id for item in new], read([_words(one) for one in new]), strict=True)
    )
    looks = _looks(store, new, known, arrival, analyses)
    signatures = {one for look in looks for one in look.signatures}
    duplicates = DuplicateIndex(
        store.fingerprints_seen(signatures, [look.item.item_id for look in looks if look.before])
    )
    firsts = {name for look in looks for name in duplicates.earlier(look)}
    earlier = store.items_known(firsts) if firsts else {}
    others = dict(earlier)
    origin = {name: _origin(item) for name, item in earlier.items()}
    for look in looks:
        analysis = analyses[look.item.item_id]
        flags = [*of_duplicates(look, duplicates, others, origin), *analysis.flags]
        item = noted[look.item.item_id] = _noted(look.item, flags, analysis.language)
        others[item.item_id] = item
        origin[item.item_id] = next((flag.of for flag in flags if flag.of), item.item_id)
        duplicates.add(look)
        request_cpu_budget.check(f"the comparison with other items, {look.item.item_id}")
    return Screened(
        [noted[item.item_id] for item in items], {one.item.item_id: one.stored for one in looks}
    )


def _looks(
    store: Store,
    items: Sequence[Item],
    known: Mapping[str, Item],
    arrival: float | None,
    analyses: Mapping[str, TextAnalysis],
) -> list[Look]:
    """Look at items, those that arrived first first."""
    old = [item.item_id for item in items if item.item_id in known]
    numbers = store.item_numbers(old) if old else {}
    carried = store.fingerprints_carried(old) if old else {}
    found = [
        Look.at(
            item,
            known.get(item.item_id),
            numbers.get(item.item_id, NEW + place),
            arrival,
            carried.get(item.item_id, ()),
            analyses[item.item_id],
        )
        for place, item in enumerate(items)
    ]
    return sorted(found, key=lambda look: look.number)


def _as_before(item: Item, known: Item | None) -> Item | None:
    """Return the stored form of an item of which only our own notes are missing, else None."""
    if known is None or "language" not in known.metadata and KEY not in known.metadata:
        return known if known == item else None
    ours = {
        name: known.metadata[name]
        for name in ("language", KEY)
        if name in known.metadata and name not in item.metadata
    }
    return known if replace(item, metadata={**item.metadata, **ours}) == known else None


def forget_detected(known: Item, row: Row[Item]) -> Item:
    """Return a stored item without the language that was detected in words which a row replaces.

    A language that was given stays: it is not the one that the words are detected to be in.
    """
    if "language" in row.names or not {"title", "text"} & row.names:
        return known
    new = replace(
        known,
        title=row.value.title if "title" in row.names else known.title,
        text=row.value.text if "text" in row.names else known.text,
    )
    before = known.metadata.get("language")
    words = _words(known)
    if _words(new) == words or not before or detect(joined(words)).code != before:
        return known
    return replace(known, metadata={k: v for k, v in known.metadata.items() if k != "language"})


def _words(item: Item) -> Words:
    return item.title, item.text


def _origin(item: Item) -> str:
    return next((flag.of for flag in read_flags(item.metadata) if flag.of), item.item_id)


def _noted(item: Item, flags: Sequence[Flag], language: str) -> Item:
    metadata = dict(item.metadata)
    if read_flags(metadata):
        del metadata[KEY]  # noted earlier, of an earlier form
    if flags and metadata.get(REVIEWED) is not True:
        metadata[KEY] = [flag.document() for flag in flags]
    if language and not metadata.get("language"):
        metadata["language"] = language
    return replace(item, metadata=metadata) if metadata != item.metadata else item
