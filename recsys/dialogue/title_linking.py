"""Title linking: words to the items of titles, and the words that titles hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from recsys import request_cpu_budget
from recsys.dialogue.commands import MOST_OPTIONS, Target
from recsys.dialogue.comparable_fields import TITLE_YEAR
from recsys.dialogue.label_keys import key_of, stem, stem_of_word
from recsys.dialogue.linked import LEAD, LIKELY, SHORTEST, Linked
from recsys.dialogue.message_text import is_han, plain
from recsys.ranking.nonpersonal_lists import near_by_words
from recsys.ranking.query import Filters
from recsys.serving.live_state import LiveState
from recsys.text.language.english_word_share import listed
from recsys.text.language.stop_words import STOP_WORDS

MOST_TITLES = 30_000  # items up to which all titles are compared; above, those near by their words
NEAR_TITLES = 50  # items that are near by their words
MOST_WORDS = 2_000  # of titles that are offered
SURE = 85.0  # similarity, 0 to 100, from which one title is meant
SPELT, SPELT_TWICE = 6, 9  # letters of a word in which one edit is corrected, and two
_NOUNS = frozenset(
    "article post story film movie book video piece one item thread about on by from of".split()
)
_SAME = OSA.normalized_similarity  # 1 without any edit; a transposition is one edit


class TitleIndex:
    """Titles of a live state and their words; read anew when items have come."""

    def __init__(self, live: LiveState) -> None:
        self.live = live
        self._by_key: dict[str, list[int]] = {}  # rows
        self._keys: list[str] = []
        self._rows_read = 0
        self._word_counts: Counter[str] = Counter()  # titles that hold a word
        self._words_by_stem: dict[str, list[str]] = {}

    def link(self, words: str) -> Linked:
        """Return the item of a title; of several nearly as good, the person has to choose."""
        key = key_of(words)
        if self.live.row(words) >= 0:
            return Linked(self._item(self.live.row(words), words))
        found = self._near(key, words)
        if not found:
            return Linked()
        best = found[0][1]
        if best >= SURE and (len(found) == 1 or best - found[1][1] >= LEAD or best >= 99.9):
            return Linked(self._item(found[0][0], words))
        if len(found) == 1 and best >= LIKELY and self._begins(found[0][0], key):
            return Linked(self._item(found[0][0], words))
        options = tuple(self._item(row, words) for row, score in found[:MOST_OPTIONS])
        return Linked(options=options, ambiguous=best >= LIKELY)

    def _item(self, row: int, words: str) -> Target:
        known = self.live.document(row)
        title = str(known.get("title") or known.get("text") or known["item_id"])
        return Target(words, "item", self.live.item_id(row), title[:60])

    def _near(self, key: str, words: str) -> list[tuple[int, float]]:
        """Return rows by the likeness of their titles, 0 to 100, the best first."""
        open_ = self.live.listed()
        if self.live.size <= MOST_TITLES:
            self._read()
            rows_of, keys = self._by_key, self._keys
            exact = [row for row in rows_of.get(key, ()) if open_[row]]
            if exact:
                return [(self._most_popular(exact), 100.0)]
            near = process.extract(
                key, keys, scorer=_SAME, score_cutoff=LIKELY / 100, limit=2 * MOST_OPTIONS
            )
            found = []
            for one, score, _ in near:
                rows = [row for row in rows_of[one] if open_[row]]
                found += [(self._most_popular(rows), 100 * score)] if rows else []
            if found or len(key) < SHORTEST:
                return found
        rows = [
            self.live.row(one.item_id)
            for one in near_by_words(self.live, words, NEAR_TITLES, Filters())
        ]
        rows += [
            row for row in self.live.phrases.rows([words])[:NEAR_TITLES].tolist() if open_[row]
        ]
        scored = [(row, self._likeness(key, row)) for row in dict.fromkeys(rows)]
        scored = [one for one in scored if one[1] >= LIKELY - 10]
        return sorted(scored, key=lambda one: -one[1])[: 2 * MOST_OPTIONS]

    def _likeness(self, key: str, row: int) -> float:
        title = self._title_key(row)
        whole = 100 * float(_SAME(key, title))
        if len(key) >= SHORTEST and key in title:  # a part of a longer title
            return max(whole, LIKELY)
        parts = key.split()
        words = {stem_of_word(one) for one in parts if one not in _NOUNS}
        held = {stem_of_word(one) for one in title.split()}
        if words and len(parts) > 1 and words <= held:
            return max(whole, LIKELY)  # "the Tesla recall article"
        return whole

    def _begins(self, row: int, key: str) -> bool:
        """Whether a title begins with a key, or holds all of its words, of which it has several."""
        title = self._title_key(row)
        return len(key) >= SHORTEST and (title.startswith(key) or " " in key)

    def _title_key(self, row: int) -> str:
        return key_of(TITLE_YEAR.sub("", str(self.live.document(row).get("title") or "")))

    def _most_popular(self, rows: Sequence[int]) -> int:
        levels = self.live.counters.level[-1, list(rows)]
        return int(rows[int(np.argmax(levels))])

    def _read(self) -> None:
        """Read the titles of items that have come; of a catalogue above MOST_TITLES, none."""
        if not self._rows_read < self.live.size <= MOST_TITLES:
            return
        with request_cpu_budget.shared_work():
            for row in range(self._rows_read, self.live.size):
                title = TITLE_YEAR.sub("", str(self.live.document(row).get("title") or "")[:200])
                words = plain(title)
                key = key_of(words)
                if not key:
                    continue
                if key not in self._by_key:
                    self._keys.append(key)
                self._by_key.setdefault(key, []).append(row)
                for word in {one for one in words.split() if one.isascii() and one.isalpha()}:
                    if word not in self._word_counts:
                        self._words_by_stem.setdefault(stem(word), []).append(word)
                    self._word_counts[word] += 1
            self._rows_read = self.live.size

    def spelt(self, words: str) -> str:
        """Return words with those that neither English nor a title has as a title spells them."""
        if is_han(words):
            return words
        self._read()
        return " ".join(map(self._spelt_word, words.split(" ")))

    def _spelt_word(self, word: str) -> str:
        edits = (len(word) >= SPELT) + (len(word) >= SPELT_TWICE)
        known = self._word_counts
        if not edits or not word.isalpha() or word in known or bool(listed([word])[0]):
            return word
        near = process.extractOne(word, known.keys(), scorer=OSA.distance, score_cutoff=edits)
        return str(near[0]) if near is not None else word

    def other_form(self, key: str) -> str:
        """Return the most frequent word of titles that is another form of a key; empty: none."""
        self._read()
        parts = [self._words_by_stem.get(stem_of_word(one)) for one in key.split()]
        if len(parts) != 1 or not parts[0]:
            return ""
        return max(parts[0], key=lambda one: self._word_counts[one])

    def frequent_words(self) -> list[str]:
        """Return the words that stand in several titles, the most frequent first."""
        self._read()
        kept = [
            word
            for word, count in self._word_counts.most_common(4 * MOST_WORDS)
            if count > 1 and len(word) >= SHORTEST and word not in STOP_WORDS
        ]
        return kept[:MOST_WORDS]
