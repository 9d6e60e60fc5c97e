"""Entities: hashtags, mentions, domains, names and fixed phrases in a catalogue's texts.

A night learns the names and who stands with whom; a text that comes later is read
within a tenth of a millisecond and may bring marks (#, @, links) nobody has seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recsys.array_types import Rows
from recsys.data.ids import IdMap
from recsys.text.entities.cooccurrence import Relations, fit_relations
from recsys.text.entities.gazetteer import Entry
from recsys.text.entities.markup import Mention, Pieces, marks, pieces
from recsys.text.entities.matcher import Matcher
from recsys.text.entities.phrases import PhraseConfig, find_phrases

LEAST_MARKS = 2  # items that a hashtag, mention or domain must stand in to be kept by the night
MOST_PER_ITEM = 64
PHRASE_TEXTS = 100_000  # texts, evenly over all, in which phrases are counted
PHRASES = PhraseConfig()


@dataclass(frozen=True)
class Entities:
    """Names by code, the items that have them, and which names stand together."""

    names: IdMap  # as they are shown
    kinds: Rows  # (n,): index into kind_names
    kind_names: tuple[str, ...]
    ends: NDArray[np.int64]  # (n_items + 1,)
    codes: Rows  # of items, item after item, ascending within an item
    aliases: IdMap  # other spellings that the gazetteer gave
    alias_codes: Rows
    relations: Relations

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def matcher(self) -> Matcher:
        """What finds these names in a text."""
        surfaces = [
            *((name, code) for code, name in enumerate(self.names)),
            *zip(self.aliases, self.alias_codes.tolist(), strict=True),
        ]
        return Matcher.of(surfaces, [self.kind(code) for code in range(len(self))])

    def kind(self, code: int) -> str:
        """Return what kind of name a code stands for."""
        return self.kind_names[int(self.kinds[code])]

    def of_item(self, row: int) -> Rows:
        """Return the codes of an item, a view."""
        return self.codes[self.ends[row] : self.ends[row + 1]]

    def read(self, text: str, url: str = "") -> list[Mention]:
        """Return what a text names, each once: known names, and marks that nobody knew before."""
        found = [self.mention(code) for code in self.matcher.codes(pieces(text), text)]
        for mark in marks(text, url):
            known = self.matcher.known(mark.key)
            found.append(mark if known is None else self.mention(known))
        return list(dict.fromkeys(found))[:MOST_PER_ITEM]

    def mention(self, code: int) -> Mention:
        """Return a known name."""
        return Mention(self.names[code], self.kind(code))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save; `from_arrays` reads them back."""
        found: dict[str, NDArray[Any]] = {
            "kinds": self.kinds,
            "kind_names": np.array(self.kind_names, np.str_),
            "ends": self.ends,
            "codes": self.codes,
            "alias_codes": self.alias_codes,
            "relations/ends": self.relations.ends,
            "relations/others": self.relations.others,
            "relations/counts": self.relations.counts,
            "relations/lift": self.relations.lift,
        }
        found |= {f"names/{key}": value for key, value in self.names.arrays().items()}
        return found | {f"aliases/{k}": value for k, value in self.aliases.arrays().items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Entities:
        """Rebuild from what `arrays` returned; the arrays may be read-only and mapped."""

        def ids(prefix: str) -> IdMap:
            parts = ("blob", "ends", "hashes", "order")
            return IdMap.from_arrays({part: arrays[f"{prefix}/{part}"] for part in parts})

        columns = ("ends", "others", "counts", "lift")
        return cls(
            ids("names"),
            arrays["kinds"],
            tuple(map(str, arrays["kind_names"])),
            arrays["ends"],
            arrays["codes"],
            ids("aliases"),
            arrays["alias_codes"],
            Relations(*(arrays[f"relations/{column}"] for column in columns)),
        )


def fit_entities(
    texts: Sequence[str],
    urls: Sequence[str] = (),
    gazetteer: Sequence[Entry] = (),
    config: PhraseConfig = PHRASES,
) -> Entities:
    """Return what some items' texts (and addresses) name.

    The gazetteer's names come first and are kept even where no text has them; they win over names
    found by form and frequency that are spelled alike. Phrases are counted in `PHRASE_TEXTS` of the
    texts, and looked up in all.
    """
    marked = [marks(t, u) for t, u in zip(texts, urls or [""] * len(texts), strict=True)]
    step = max(-(-len(texts) // PHRASE_TEXTS), 1)
    cut = [pieces(text) for text in texts[::step]]
    known = _names(gazetteer, marked, find_phrases(cut, config))
    names = list(known.values())
    aliases = _aliases(gazetteer, known)
    codes = {key: code for code, key in enumerate(known)}
    surfaces = [(mention.name, code) for code, mention in enumerate(names)]
    surfaces += [(alias, codes[key]) for alias, key in aliases.items()]
    matcher = Matcher.of(surfaces, [mention.kind for mention in names])
    # not all at once, for memory's sake
    every: Iterable[Pieces] = cut if step == 1 else map(pieces, texts)
    held = [_held(matcher, *parts) for parts in zip(texts, every, marked, strict=True)]
    return _without_unused(names, len(gazetteer), aliases, codes, held)


def _names(
    gazetteer: Sequence[Entry], marked: Sequence[Sequence[Mention]], phrases: Sequence[Mention]
) -> dict[str, Mention]:
    """Return the distinct names by key: the gazetteer's, then marks, then phrases."""
    counts = Counter(mention.key for found in marked for mention in found)
    spelled: dict[str, Counter[Mention]] = {}
    for mention in (m for found in marked for m in found if counts[m.key] >= LEAST_MARKS):
        spelled.setdefault(mention.key, Counter())[mention] += 1
    listed = [Mention(entry.name, entry.kind) for entry in gazetteer]
    listed += [shapes.most_common(1)[0][0] for shapes in spelled.values()]
    found: dict[str, Mention] = {}
    for mention in [*listed, *phrases]:
        found.setdefault(mention.key, mention)
    return found


def _aliases(gazetteer: Sequence[Entry], known: Mapping[str, Mention]) -> dict[str, str]:
    """Return other spellings and the key of the name each stands for; a name itself is none."""
    return {
        alias: entry.name.casefold()
        for entry in gazetteer
        for alias in entry.aliases
        if alias.casefold() not in known
    }


def _held(matcher: Matcher, text: str, cut: Pieces, marked: Sequence[Mention]) -> list[int]:
    by_mark = (matcher.known(mention.key) for mention in marked)
    found = {*matcher.codes(cut, text), *(code for code in by_mark if code is not None)}
    return sorted(found)[:MOST_PER_ITEM]


def _without_unused(
    names: Sequence[Mention],
    n_listed: int,
    aliases: Mapping[str, str],
    codes: Mapping[str, int],
    held: Sequence[Sequence[int]],
) -> Entities:
    ends = np.concatenate([[0], np.cumsum([len(one) for one in held])]).astype(np.int64)
    flat = np.fromiter((code for one in held for code in one), np.int64, int(ends[-1]))
    used = np.bincount(flat, minlength=len(names)) > 0
    used[:n_listed] = True
    place = np.cumsum(used) - 1
    kept = [mention for mention, is_used in zip(names, used, strict=True) if is_used]
    kinds = tuple(dict.fromkeys(mention.kind for mention in kept))
    columns = place[flat].astype(np.int32)
    ones = np.ones(len(columns), np.float64)
    matrix = csr_array((ones, columns, ends), shape=(len(held), len(kept)))
    shown = [mention.name for mention in kept]
    return Entities(
        IdMap.from_ids(shown),
        np.array([kinds.index(m.kind) for m in kept], np.int32),
        kinds,
        ends,
        columns,
        IdMap.from_ids(aliases),
        np.array([place[codes[key]] for key in aliases.values()], np.int32),
        fit_relations(matrix, shown),
    )
