"""Label linking: words to labels and items, by exact, alias, fuzzy and vector match."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from recsys import request_cpu_budget
from recsys.array_types import Floats
from recsys.dialogue.commands import MOST_OPTIONS, Target, TargetKind
from recsys.dialogue.item_fields import TITLE_YEAR, years_of
from recsys.dialogue.message_text import is_han, plain
from recsys.ranking.nonpersonal_lists import search
from recsys.ranking.query import Filters
from recsys.serving.live_state import LiveState
from recsys.text.language.english_word_share import listed

ALIASES = Path(__file__).with_name("data") / "label_aliases.tsv"
MOST_LABELS = 20_000  # that are compared; of each kind the first
MOST_VECTORS = 5_000  # labels that are compared by word vectors
MOST_TITLES = 30_000  # items up to which all titles are compared; above, those near by their words
NEAR_TITLES = 50  # items that are near by their words
SURE = 85.0  # similarity, 0 to 100, from which one label is meant, by words that English lacks
LEAD = 4.0  # by which it must be ahead of the next
SURE_OF_WORDS = 95.0  # the same by a word that English has: "baking" is not "banking"
LIKELY = 78.0  # similarity from which a label is offered
LEAST_COSINE = 0.5  # of word vectors from which a label is offered
SHORTEST = 4  # signs of words that are compared by edits; Han: 2
KINDS: tuple[TargetKind, ...] = ("category", "tag", "topic", "author", "entity")

_LANGUAGES = {
    "english": "en",
    "chinese": "zh",
    "german": "de",
    "french": "fr",
    "spanish": "es",
    "italian": "it",
    "japanese": "ja",
    "korean": "ko",
    "russian": "ru",
    "portuguese": "pt",
    "dutch": "nl",
    "英文": "en",
    "英语": "en",
    "中文": "zh",
    "汉语": "zh",
    "德语": "de",
    "法语": "fr",
    "西班牙语": "es",
    "日语": "ja",
    "日文": "ja",
    "韩语": "ko",
    "俄语": "ru",
}
_SAME = OSA.normalized_similarity  # 1 without any edit; a transposition is one edit
_ARTICLE = re.compile(r"^(?:the|a|an) ")
_IN_LANGUAGE = re.compile(r"^(?:in |written in )?(.+?)(?: language| only|的)?$")


@dataclass(frozen=True, slots=True)
class Linked:
    """What words were linked to; without a target, the nearest there are."""

    target: Target | None = None
    options: tuple[Target, ...] = ()  # at most MOST_OPTIONS
    ambiguous: bool = False  # several are meant equally well: the person has to choose


def key_of(text: str) -> str:
    """Return the form in which labels are compared: plain, without article and plural."""
    words = _ARTICLE.sub("", plain(text).replace("-", " ")).split()
    return " ".join(map(_singular, words))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies") and word != "movies" and word != "series":
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@cache
def _aliases() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in ALIASES.read_text("utf-8").splitlines():
        keys = tuple(dict.fromkeys(key_of(one) for one in line.split("\t")))
        for key in keys:
            found[key] = tuple(dict.fromkeys((*found.get(key, ()), *keys)))
    return found


class LabelIndex:
    """Labels and titles of a live state; read anew when labels or items have come."""

    def __init__(
        self, live: LiveState, authors: Callable[[str], Sequence[tuple[str, str]]] | None = None
    ) -> None:
        """`authors`: (id, display name) of the authors of a name; None: names are not known."""
        self.live, self._authors = live, authors
        self._mark: tuple[int, ...] = ()
        self._by_key: dict[str, list[Target]] = {}
        self._keys: list[str] = []
        self._vectors: tuple[Floats, list[str]] | None = None
        self._titles: tuple[int, dict[str, list[int]], list[str]] | None = None

    def known(self, words: str) -> bool:
        """Whether a label is called so, in whatever form."""
        self._read()
        key = key_of(words)
        return key in self._by_key or any(one in self._by_key for one in _aliases().get(key, ()))

    def link(
        self, words: str, kinds: Sequence[TargetKind] = KINDS, labels_only: bool = False
    ) -> Linked:
        """Return what words are about: years, a language, a label, or words that items hold.

        `labels_only`: the texts of items are not searched, and nothing near is offered.
        """
        years = years_of(words)
        if years is not None:
            return Linked(Target(words, "years", f"{years[0]}-{years[1]}", words))
        if (language := self._language(words)) is not None:
            return Linked(language)
        self._read()
        key = key_of(words)
        for one in (key, *_aliases().get(key, ())):
            if found := self._best(self._by_key.get(one, ()), kinds):
                return Linked(replace(found, words=words))
        if author := self._author(words):
            return Linked(author)
        near = self._fuzzy(key, kinds)
        sure = SURE_OF_WORDS if not is_han(key) and listed(key.split()).all() else SURE
        if near and near[0][1] >= sure and (len(near) == 1 or near[0][1] - near[1][1] >= LEAD):
            return Linked(replace(near[0][0], words=words))
        if near and near[0][1] >= sure:
            options = tuple(replace(one, words=words) for one, _ in near)
            return Linked(options=options[:MOST_OPTIONS], ambiguous=True)
        if labels_only:
            return Linked()
        if len(self.live.phrases.rows([words])):
            return Linked(Target(words, "words", words))
        options = tuple(replace(one, words=words) for one, _ in near)
        return Linked(options=(*options, *self._by_vector(words, kinds))[:MOST_OPTIONS])

    def item(self, words: str) -> Linked:
        """Return the item of a title; of several nearly as good, the person has to choose."""
        key = key_of(words)
        if self.live.row(words) >= 0:
            return Linked(self._item(self.live.row(words), words))
        found = self._near_titles(key, words)
        if not found:
            return Linked()
        best = found[0][1]
        if best >= SURE and (len(found) == 1 or best - found[1][1] >= LEAD or best >= 99.9):
            return Linked(self._item(found[0][0], words))
        options = tuple(self._item(row, words) for row, score in found[:MOST_OPTIONS])
        return Linked(options=options, ambiguous=best >= LIKELY)

    def _item(self, row: int, words: str) -> Target:
        known = self.live.document(row)
        title = str(known.get("title") or known.get("text") or known["item_id"])
        return Target(words, "item", self.live.item_id(row), title[:60])

    def _near_titles(self, key: str, words: str) -> list[tuple[int, float]]:
        """Return rows by the likeness of their titles, 0 to 100, the best first."""
        open_ = self.live.listed()
        if self.live.size <= MOST_TITLES:
            rows_of, keys = self._all_titles()
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
            self.live.row(one.item_id) for one in search(self.live, words, NEAR_TITLES, Filters())
        ]
        rows += [
            row for row in self.live.phrases.rows([words])[:NEAR_TITLES].tolist() if open_[row]
        ]
        scored = [(row, self._likeness(key, row)) for row in dict.fromkeys(rows)]
        scored = [one for one in scored if one[1] >= LIKELY - 10]
        return sorted(scored, key=lambda one: -one[1])[: 2 * MOST_OPTIONS]

    def _likeness(self, key: str, row: int) -> float:
        title = key_of(TITLE_YEAR.sub("", str(self.live.document(row).get("title") or "")))
        whole = 100 * float(_SAME(key, title))
        if len(key) >= SHORTEST and key in title:  # a part of a longer title
            whole = max(whole, LIKELY)
        return whole

    def _most_popular(self, rows: Sequence[int]) -> int:
        levels = self.live.counters.level[-1, list(rows)]
        return int(rows[int(np.argmax(levels))])

    def _all_titles(self) -> tuple[dict[str, list[int]], list[str]]:
        if self._titles is None or self._titles[0] != self.live.size:
            found: dict[str, list[int]] = {}
            with request_cpu_budget.shared_work():
                for row in range(self.live.size):
                    title = str(self.live.document(row).get("title") or "")[:200]
                    if title:
                        found.setdefault(key_of(TITLE_YEAR.sub("", title)), []).append(row)
            self._titles = (self.live.size, found, list(found))
        return self._titles[1], self._titles[2]

    def _language(self, words: str) -> Target | None:
        found = _IN_LANGUAGE.match(plain(words))
        code = _LANGUAGES.get(found[1]) if found else None
        if code is None or not self.live.codes("language", code):
            return None
        return Target(words, "language", code, words)

    def _author(self, words: str) -> Target | None:
        if self._authors is None:
            return None
        known = [one for one in self._authors(words) if self.live.codes("author", one[0])]
        return Target(words, "author", *known[0]) if known else None

    @staticmethod
    def _best(targets: Sequence[Target], kinds: Sequence[TargetKind]) -> Target | None:
        fit = [one for one in targets if one.kind in kinds]
        return min(fit, key=lambda one: kinds.index(one.kind)) if fit else None

    def _fuzzy(self, key: str, kinds: Sequence[TargetKind]) -> list[tuple[Target, float]]:
        if len(key) < (2 if is_han(key) else SHORTEST):
            return []
        near = process.extract(
            key, self._keys, scorer=_SAME, score_cutoff=LIKELY / 100, limit=2 * MOST_OPTIONS
        )
        found = [
            (target, 100 * score)
            for one, score, _ in near
            if (target := self._best(self._by_key[one], kinds)) is not None
        ]
        if not found and " " in key:  # "chess club": the labels of its words are offered
            words = [one for one in key.split() if len(one) >= SHORTEST]
            found = [(one, LIKELY) for word in words for one, _ in self._fuzzy(word, kinds)]
        return found[:MOST_OPTIONS]

    def _by_vector(self, words: str, kinds: Sequence[TargetKind]) -> Iterator[Target]:
        student = self.live.model.student
        if student is None or not self._keys:
            return
        if self._vectors is None:
            keys = self._keys[:MOST_VECTORS]
            made = student.encode([self._by_key[one][0].called for one in keys])
            self._vectors = (_unit(made), keys)
        vectors, keys = self._vectors
        cosines = vectors @ _unit(student.encode([words]))[0]
        for place in np.argsort(-cosines)[:MOST_OPTIONS].tolist():
            target = self._best(self._by_key[keys[place]], kinds)
            if cosines[place] >= LEAST_COSINE and target is not None:
                yield replace(target, words=words)

    def _read(self) -> None:
        live = self.live
        mark = (
            live.label_count("category"),
            live.label_count("tag"),
            live.label_count("author"),
            len(live.mentions),
        )
        if mark == self._mark:
            return
        found: dict[str, list[Target]] = {}
        for target in _labels(live):
            key = key_of(target.called)
            if key:
                found.setdefault(key, []).append(target)
        self._by_key, self._keys, self._vectors, self._mark = found, list(found), None, mark


def _labels(live: LiveState) -> Iterator[Target]:
    for kind in ("category", "tag"):
        for name, _ in zip(live.spelt(kind), range(MOST_LABELS), strict=False):
            yield Target(name, kind, name, name)
    topics = live.model.topics
    if topics is not None:
        for row, number in enumerate(topics.ids):
            if name := topics.name(row):
                yield Target(name, "topic", str(number), name)
        for row, number in enumerate(topics.parent_ids):
            if name := topics.parent_name(row):
                yield Target(name, "topic", str(number), name)
    for name, _ in zip(live.spelt("author"), range(MOST_LABELS), strict=False):
        yield Target(name, "author", name, name)
    for code in range(min(len(live.mentions), MOST_LABELS)):
        name = live.mentions.mention(code).name
        yield Target(name, "entity", name, name)


def _unit(vectors: Floats) -> Floats:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-9), np.float32)
