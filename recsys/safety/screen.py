"""Screen: looks at items before they are stored, and notes in their metadata what is doubtful.

Nothing is refused and nothing dropped. What was looked at before and has not changed keeps what was
noted then, so that a file may be read again and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from recsys.data.prints import Seen
from recsys.data.schema import Item
from recsys.data.store import Store
from recsys.safety import prints
from recsys.safety.doubt import Doubt, Scorer, by_words
from recsys.safety.flags import COPY, KEY, Flag, read_flags
from recsys.text.language import detect

REVIEWED = "reviewed"  # metadata by which a person says that an item is not to be flagged
BURST = 5  # equal texts within an hour, of whomever
FLOOD = 30  # items of one author within an hour
LINKS, LINK_SHARE, REPEATED = 3, 0.5, 0.5  # of a text that is hardly more than links or one word
SURE = 0.8  # certainty from which a detected language is noted
COMPARED = 3  # items that a text is compared with at most


@dataclass(frozen=True, slots=True)
class Screened:
    """Items with what is noted of them, and the prints to store with them."""

    items: list[Item]
    prints: Mapping[str, Sequence[int]]  # by item id; of items that were looked at


@dataclass(frozen=True, slots=True)
class Look:
    """An item as it is compared."""

    item: Item
    content: str
    bands: tuple[int, ...]
    text_now: int | None  # print of the text in its half hour; None without a text or a time
    text_before: int | None
    author_now: int | None  # print of the author in that half hour; None without either
    author_before: int | None

    @property
    def stored(self) -> list[int]:
        """The prints by which later items find this one."""
        own = (self.text_now, self.author_now)
        return [*self.bands, *(one for one in own if one is not None)]

    @property
    def wanted(self) -> list[int]:
        """The prints that are looked up for this one."""
        before = (self.text_before, self.author_before)
        return [*self.stored, *(one for one in before if one is not None)]


@dataclass(slots=True)
class Crowd:
    """Who carries which print: in the store, and earlier in the same batch."""

    stored: Mapping[int, Seen]
    batch: dict[int, Seen] = field(default_factory=dict)

    def count(self, *wanted: int | None) -> int:
        """Return how many items carry one of some prints."""
        return sum(
            seen[one].count for one in wanted if one is not None
            for seen in (self.stored, self.batch) if one in seen
        )  # fmt: skip

    def first(self, wanted: Iterable[int]) -> list[str]:
        """Return the first carrier of each print, those of the store before those of the batch."""
        return list(dict.fromkeys(
            seen[one].first for seen in (self.stored, self.batch) for one in wanted if one in seen
        ))  # fmt: skip

    def add(self, look: Look) -> None:
        """Count an item that later ones of the batch may be like."""
        for one in look.stored:
            seen = self.batch.get(one)
            self.batch[one] = Seen(1, look.item.item_id) if seen is None else replace(
                seen, count=seen.count + 1
            )  # fmt: skip


def screen(
    store: Store, items: Sequence[Item], scorer: Scorer = by_words
) -> Screened:
    """Return the items with language and flags noted; reads the store and writes nothing.

    Of an item that comes twice, the last form counts.
    """
    items = list({item.item_id: item for item in items}.values())
    known = store.items_known([item.item_id for item in items])
    kept = {item.item_id: kept for item in items
            if (kept := _as_before(item, known.get(item.item_id)))}  # fmt: skip
    looks = [_look(item) for item in items if item.item_id not in kept]
    wanted = {one for look in looks for one in look.wanted}
    edited = [look.item.item_id for look in looks if look.item.item_id in known]
    crowd = Crowd(store.prints_seen(wanted, edited))
    firsts = {name for look in looks for name in crowd.first(look.bands)[:COMPARED]}
    earlier = store.items_known(firsts) if firsts else {}
    others = {name: _content(item) for name, item in earlier.items()}
    origin = {name: _origin(item) for name, item in earlier.items()}
    doubts = scorer([_words(look.item) for look in looks]) if looks else []
    noted = dict(kept)
    for look, told in zip(looks, doubts, strict=True):
        flags = [*_of_crowd(look, crowd, others, origin), *_of_form(look), *map(_flag, told)]
        noted[look.item.item_id] = _noted(look.item, flags)
        others[look.item.item_id] = look.content
        origin[look.item.item_id] = next((f.of for f in flags if f.of), look.item.item_id)
        crowd.add(look)
    return Screened(
        [noted[item.item_id] for item in items], {one.item.item_id: one.stored for one in looks}
    )


def _as_before(item: Item, known: Item | None) -> Item | None:
    """Return the stored form of an item of which only our own notes are missing, else None."""
    if known is None or "language" not in known.metadata and KEY not in known.metadata:
        return known if known == item else None
    ours = {name: known.metadata[name] for name in ("language", KEY)
            if name in known.metadata and name not in item.metadata}  # fmt: skip
    return known if replace(item, metadata={**item.metadata, **ours}) == known else None


def _look(item: Item) -> Look:
    text, moment = _content(item), item.created_at
    said: tuple[int | None, int | None] = (None, None)
    author = said
    if moment is not None and text:  # a catalogue without dates was not posted within an hour
        said = prints.of_moment("text", text, moment)
    if moment is not None and item.author_id:
        author = prints.of_moment("author", item.author_id, moment)
    return Look(item, text, tuple(prints.bands(text)), *said, *author)


def _content(item: Item) -> str:
    return prints.content(item.title, item.text)


def _words(item: Item) -> str:
    return f"{item.title}\n{item.text}"


def _origin(item: Item) -> str:
    return next((flag.of for flag in read_flags(item.metadata) if flag.of), item.item_id)


def _of_crowd(
    look: Look, crowd: Crowd, others: Mapping[str, str], origin: Mapping[str, str]
) -> list[Flag]:
    found = []
    for name in crowd.first(look.bands)[:COMPARED]:
        share = prints.alike(look.content, others.get(name, ""))
        if share >= prints.ALIKE:
            of = origin.get(name, name)
            why = "the same text as" if share == 1 else "nearly the same text as"
            found.append(Flag(COPY, round(share, 3), f"{why} {of}", of))
            break
    same = 1 + crowd.count(look.text_now, look.text_before)
    if same >= BURST:
        why = f"{same} items of the same text within an hour"
        found.append(Flag("spam", _grown(same, BURST), why))
    posted = 1 + crowd.count(look.author_now, look.author_before)
    if posted > FLOOD:
        why = f"{posted} items of this author within an hour"
        found.append(Flag("flood", _grown(posted, FLOOD), why))
    return found


def _grown(count: int, least: int) -> float:
    """Return .5 at the least count that is flagged, towards 1 the more there are."""
    return round(1 - 0.5 * least / max(count, least), 3)


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


def _flag(doubt: Doubt) -> Flag:
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
