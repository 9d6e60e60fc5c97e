"""Screen: looks at items before they are stored, and notes in their metadata what is doubtful.

Nothing is refused and nothing dropped. What was looked at before and has not changed keeps what was
noted then, so that a file may be read again and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from recsys.data.partial_rows import Row
from recsys.data.records import Item
from recsys.safety import minhash as prints
from recsys.safety.duplicates import NEW, DuplicateIndex, Look, of_crowd
from recsys.safety.flags import KEY, Flag, read_flags
from recsys.safety.text_rules import Scorer, TextFlag, by_words
from recsys.store.store import Store
from recsys.text.language.detect import detect

REVIEWED = "reviewed"  # metadata by which a person says that an item is not to be flagged
LINKS, LINK_SHARE, REPEATED = 3, 0.5, 0.5  # of a text that is hardly more than links or one word
SURE = 0.8  # certainty from which a detected language is noted


@dataclass(frozen=True, slots=True)
class Screened:
    """Items with what is noted of them, and the prints to store with them."""

    items: list[Item]
    prints: Mapping[str, Sequence[int]]  # by item id; of items that were looked at


def screen(
    store: Store,
    items: Sequence[Item],
    scorer: Scorer = by_words,
    again: bool = False,
    arrival: float | None = None,
) -> Screened:
    """Return the items with language and flags noted; reads the store and writes nothing.

    Of an item that comes twice, the last form counts. `again`: also look at what has not changed.
    `arrival`: when the items came, in Unix seconds; None: by their own dates, as in a file. A flood
    of an author goes by it, so that the dates that a sender tells hide none.
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
    looks = _looks(store, [item for item in items if item.item_id not in noted], known, arrival)
    wanted = {one for look in looks for one in look.wanted}
    crowd = DuplicateIndex(
        store.prints_seen(wanted, [look.item.item_id for look in looks if look.before])
    )
    firsts = {name for look in looks for name in crowd.earlier(look)}
    earlier = store.items_known(firsts) if firsts else {}
    others = dict(earlier)
    origin = {name: _origin(item) for name, item in earlier.items()}
    doubts = scorer([_words(look.item) for look in looks]) if looks else []
    for look, told in zip(looks, doubts, strict=True):
        flags = [*of_crowd(look, crowd, others, origin), *_of_form(look), *map(_flag, told)]
        item = noted[look.item.item_id] = _noted(look.item, flags)
        others[item.item_id] = item
        origin[item.item_id] = next((flag.of for flag in flags if flag.of), item.item_id)
        crowd.add(look)
    return Screened(
        [noted[item.item_id] for item in items], {one.item.item_id: one.stored for one in looks}
    )


def _looks(
    store: Store, items: Sequence[Item], known: Mapping[str, Item], arrival: float | None
) -> list[Look]:
    """Look at items, those that arrived first first."""
    old = [item.item_id for item in items if item.item_id in known]
    numbers = store.item_numbers(old) if old else {}
    carried = store.prints_carried(old) if old else {}
    found = [
        Look.at(
            item,
            known.get(item.item_id),
            numbers.get(item.item_id, NEW + place),
            arrival,
            carried.get(item.item_id, ()),
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

    A language that was told stays: it is not the one that the words are detected to be in.
    """
    if "language" in row.names or not {"title", "text"} & row.names:
        return known
    new = replace(
        known,
        title=row.value.title if "title" in row.names else known.title,
        text=row.value.text if "text" in row.names else known.text,
    )
    before = known.metadata.get("language")
    if _words(new) == _words(known) or not before or detect(_words(known)).code != before:
        return known
    return replace(known, metadata={k: v for k, v in known.metadata.items() if k != "language"})


def _words(item: Item) -> str:
    return f"{item.title}\n{item.text}"


def _origin(item: Item) -> str:
    return next((flag.of for flag in read_flags(item.metadata) if flag.of), item.item_id)


def _of_form(look: Look) -> list[Flag]:
    """Return what the form of a text tells: links and little else, or one word again and again."""
    text = _words(look.item)[: prints.LONGEST_READ]
    links = [word for word in text.split() if word.startswith(("http://", "https://", "www."))]
    if len(links) >= LINKS and sum(map(len, links)) > LINK_SHARE * len(text.strip()):
        return [Flag("spam", 0.6, f"{len(links)} links and little else")]
    share = prints.repeated(look.content.split()[:2_000])
    if share > REPEATED:
        return [Flag("spam", round(share, 3), f"{share:.0%} of its words are one word")]
    return []


def _flag(doubt: TextFlag) -> Flag:
    return Flag(doubt.kind, doubt.score, doubt.why)


def _noted(item: Item, flags: Sequence[Flag]) -> Item:
    metadata = dict(item.metadata)
    if read_flags(metadata):
        del metadata[KEY]  # noted earlier, of an earlier form
    if flags and metadata.get(REVIEWED) is not True:
        metadata[KEY] = [flag.document() for flag in flags]
    if not metadata.get("language"):
        language = detect(_words(item))
        if language.code and language.sure >= SURE:
            metadata["language"] = language.code
    return replace(item, metadata=metadata) if metadata != item.metadata else item
