"""Label linking: words to labels and items, by exact, alias, fuzzy and vector match."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import Literal

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from recsys import request_cpu_budget
from recsys.array_types import Floats
from recsys.dialogue.commands import MOST_OPTIONS, Target, TargetKind
from recsys.dialogue.comparable_fields import years_of
from recsys.dialogue.label_keys import aliases, key_of, stem
from recsys.dialogue.linked import LEAD, LIKELY, SHORTEST, Linked
from recsys.dialogue.message_text import is_han, plain
from recsys.dialogue.periods import moments_of
from recsys.dialogue.title_linking import TitleIndex
from recsys.help.question_answering import shared_vectors
from recsys.serving.live_state import LiveState
from recsys.text.language.english_word_share import listed

MOST_LABELS = 20_000  # that are compared; of each kind the first
MOST_VECTORS = 5_000  # labels that are compared by word vectors
SURE_OF_LABEL = 83.0  # similarity from which one label is meant: one edit of a word of six letters
SURE_OF_WORDS = 95.0  # the same by a word that English has: "baking" is not "banking"
GROWTH = 1.1  # factor of labels and items after which they are encoded anew
LEAST_COSINE = 0.35  # of word vectors from which a label is offered
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
_SPELT: tuple[Literal["category", "tag", "author"], ...] = ("category", "tag", "author")
_NEAR_KINDS: tuple[TargetKind, ...] = ("category", "tag", "topic", "entity")
_SAME = OSA.normalized_similarity  # 1 without any edit; a transposition is one edit
_IN_LANGUAGE = re.compile(r"^(?:in |written in )?(.+?)(?: language| only|的)?$")


class LabelIndex:
    """Labels and titles of a live state; read anew when labels or items have come."""

    def __init__(
        self, live: LiveState, authors: Callable[[str], Sequence[tuple[str, str]]] | None = None
    ) -> None:
        """`authors`: (id, display name) of the authors of a name; None: names are not known."""
        self.live, self._authors = live, authors
        self._read_of: Counter[TargetKind] = Counter()  # labels that were read, by kind
        self._by_key: dict[str, list[Target]] = {}
        self._keys: list[str] = []
        self._by_stem: dict[str, list[str]] = {}  # keys
        self._near: tuple[list[Target], Floats] = ([], np.zeros((0, 1), np.float32))
        self._encoded_at = 0  # labels and items when vectors were made
        self.titles = TitleIndex(live)

    def known(self, words: str) -> bool:
        """Whether a label is called so, in whatever form."""
        self._read()
        key = key_of(words)
        return key in self._by_key or any(one in self._by_key for one in aliases().get(key, ()))

    def link(
        self, words: str, kinds: Sequence[TargetKind] = KINDS, labels_only: bool = False
    ) -> Linked:
        """Return what words are about: years, a language, a label, or words that items hold.

        `labels_only`: the texts of items are not searched, and nothing near is offered.
        """
        years = years_of(words)
        if years is not None:
            return Linked(Target(words, "years", f"{years[0]}-{years[1]}", words))
        if (moments := moments_of(words, datetime.now(UTC).replace(microsecond=0))) is not None:
            first, last = (one.isoformat() for one in moments)
            return Linked(Target(words, "dates", f"{first}/{last}", words))
        if (language := self._language(words)) is not None:
            return Linked(language)
        self._read()
        key = key_of(words)
        for one in (key, *aliases().get(key, ())):
            if found := self._best(self._by_key.get(one, ()), kinds):
                return Linked(replace(found, words=words))
        if author := self._author(words):
            return Linked(author)
        near = self._fuzzy(key, kinds)
        sure = SURE_OF_WORDS if not is_han(key) and listed(key.split()).all() else SURE_OF_LABEL
        if near and near[0][1] >= sure and (len(near) == 1 or near[0][1] - near[1][1] >= LEAD):
            return Linked(replace(near[0][0], words=words))
        if near and near[0][1] >= sure:
            options = _distinct([replace(one, words=words) for one, _ in near])
            if len(options) == 1:
                return Linked(options[0])
            return Linked(options=tuple(options[:MOST_OPTIONS]), ambiguous=True)
        if labels_only:
            return Linked()
        if held := self._held(words, key):
            return Linked(Target(words, "words", held))
        alike = self._by_stem_of(words, key, kinds)
        if len(alike) == 1:
            return Linked(alike[0])
        nearest = [*alike, *(replace(one, words=words) for one, _ in near)]
        nearest = _distinct([*nearest, *self._by_vector(words, kinds)])
        return Linked(options=tuple(nearest[:MOST_OPTIONS]), ambiguous=len(alike) > 1)

    def other_form(self, words: str) -> Target | None:
        """Return the one label of which words are another form; None: there is none."""
        self._read()
        key = key_of(words)
        found = [self._best(self._by_key[one], KINDS) for one in self._by_stem.get(stem(key), ())]
        targets = [replace(one, words=words) for one in found if one is not None]
        return targets[0] if len(targets) == 1 and not is_han(key) else None

    def most(self) -> tuple[Target, ...]:
        """Return some labels that there are: categories, then tags, then topics."""
        self._read()
        named = [one for key in self._keys for one in self._by_key[key]]
        kinds = ("category", "tag", "topic")
        found = [one for kind in kinds for one in named if one.kind == kind]
        return tuple(_distinct(found)[:MOST_OPTIONS])

    def _held(self, words: str, key: str) -> str:
        """Return words, or their other number, as most items hold them; empty: none does."""
        forms = [words] if is_han(words) else dict.fromkeys((words, key, f"{key}s"))
        counts = {one: len(self.live.phrases.rows([one])) for one in forms}
        best = max(counts, key=lambda one: counts[one])
        return best if counts[best] else ""

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
            kept = _distinct([one for one, _ in found])
            found = [(one, LIKELY) for one in kept]
        return found[:MOST_OPTIONS]

    def _by_stem_of(self, words: str, key: str, kinds: Sequence[TargetKind]) -> list[Target]:
        """Return labels, or else words of items, that are other forms of the same words."""
        found = [self._best(self._by_key[one], kinds) for one in self._by_stem.get(stem(key), ())]
        targets = [replace(one, words=words) for one in found if one is not None]
        if targets or is_han(key):
            return targets
        held = self.titles.other_form(key)
        return [Target(words, "words", held, held)] if held else []

    def _by_vector(self, words: str, kinds: Sequence[TargetKind]) -> Iterator[Target]:
        """Yield labels and words of titles near words by the vectors of the package.

        The vectors are of English words. The texts of authors' ids say nothing and are left out.
        """
        if is_han(words):
            return
        targets, vectors = self._encoded()
        if not targets:
            return
        cosines = vectors @ _unit(shared_vectors().encode([words]))[0]
        for place in np.argsort(-cosines)[: 4 * MOST_OPTIONS].tolist():
            one = targets[place]
            if cosines[place] >= LEAST_COSINE and one.kind in (*kinds, "words"):
                yield replace(one, words=words)

    def _encoded(self) -> tuple[list[Target], Floats]:
        """Return what may be near, and its vectors; made anew when a tenth more has come."""
        mark = len(self._keys) + self.live.size
        if mark > GROWTH * self._encoded_at or not self._encoded_at:
            with request_cpu_budget.shared_work():
                named = [self._best(self._by_key[one], _NEAR_KINDS) for one in self._keys]
                targets = [one for one in named if one is not None][:MOST_VECTORS]
                known = {one.called.casefold() for one in targets}
                words = [one for one in self.titles.frequent_words() if one not in known]
                targets += [Target(one, "words", one, one) for one in words]
                texts = [one.called for one in targets]
                made = shared_vectors().encode(texts) if texts else np.zeros((0, 1), np.float32)
                self._near, self._encoded_at = (targets, _unit(made)), mark
        return self._near

    def _read(self) -> None:
        """Add the labels that have come since the last reading."""
        for kind, target in _labels(self.live, self._read_of):
            self._read_of[kind] += 1
            key = key_of(target.called)
            if not key:
                continue
            if key not in self._by_key:
                self._keys.append(key)
                self._by_stem.setdefault(stem(key), []).append(key)
            self._by_key.setdefault(key, []).append(target)


def _labels(
    live: LiveState, after: Mapping[TargetKind, int]
) -> Iterator[tuple[TargetKind, Target]]:
    """Yield labels and their kinds, of each kind those after the first so many."""
    for kind in _SPELT:
        first = after.get(kind, 0)
        if first < min(live.label_count(kind), MOST_LABELS):
            for name in islice(live.spelt(kind), first, MOST_LABELS):
                yield kind, Target(name, kind, name, name)
    topics = live.model.topics
    if topics is not None and not after.get("topic"):
        named = [(topics.name(row), one) for row, one in enumerate(topics.ids)]
        named += [(topics.parent_name(row), one) for row, one in enumerate(topics.parent_ids)]
        for name, number in named:
            yield "topic", Target(name, "topic", str(number), name)
    for code in range(after.get("entity", 0), min(len(live.mentions), MOST_LABELS)):
        name = live.mentions.mention(code).name
        yield "entity", Target(name, "entity", name, name)


def _distinct(targets: Sequence[Target]) -> list[Target]:
    """Return targets without those that are called as one before."""
    return list({one.called.casefold(): one for one in reversed(targets)}.values())[::-1]


def _unit(vectors: Floats) -> Floats:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-9), np.float32)
