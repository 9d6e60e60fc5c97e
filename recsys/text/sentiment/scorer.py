"""SentimentScorer: sentiment model with lexicons for other languages, and a cache of scores.

The model that `recsys train-tone` left in the home serves, else the one that comes with the
package. A language for which there is a lexicon is read by it, where it knows a word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from recsys.array_types import Floats
from recsys.data.event_tables import EventTable
from recsys.text.language.detect import detect
from recsys.text.sentiment.lexicon import Lexicon, read_lexicon
from recsys.text.sentiment.model import LABELS, SHIPPED, SentimentModel, load_sentiment_model, score

FOLDER, MODEL, LEXICON = "tone", "tone.npz", "lexicon.csv"
KEPT = 100_000  # texts whose scores are remembered


@dataclass(frozen=True)
class SentimentScorer:
    """Reads texts by what lies in a home; nothing is read before the first text."""

    home: Path
    model_file: Path | None = None  # instead of the one in the home
    _kept: dict[int, float] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def model(self) -> SentimentModel:
        """The tone model in use; without a model of Chinese of its own, with the shipped one."""
        own = self.model_file or self.home / FOLDER / MODEL
        if not self.model_file and not own.exists():
            return load_sentiment_model()
        found = load_sentiment_model(own)
        return found if found.chinese else replace(found, chinese=load_sentiment_model().chinese)

    @cached_property
    def lexicons(self) -> Mapping[str, Lexicon]:
        """Lexicons by language."""
        path = self.home / FOLDER / LEXICON
        return read_lexicon(path) if path.exists() else {}

    @property
    def fingerprint(self) -> bytes:
        """32 bytes that change with whatever texts are read by."""
        own = self.model_file or self.home / FOLDER / MODEL
        digest = hashlib.sha256()
        model = own if self.model_file or own.exists() else SHIPPED
        for path in (model, self.home / FOLDER / LEXICON):
            digest.update(path.read_bytes() if path.exists() else b"none")
        return digest.digest()

    def check(self) -> None:
        """Read what lies in the home, if anything; DataError when it cannot be used."""
        if (self.home / FOLDER).is_dir():
            _ = self.model, self.lexicons

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Return (n, 3) in the order of LABELS; always finite, rows add to 1."""
        found = self.model.probabilities(texts)
        for row, text in enumerate(texts) if self.lexicons else ():
            lexicon = self.lexicons.get(detect(text).code)
            result = lexicon.score(text) if lexicon is not None else None
            if result is not None:
                found[row] = _chances(result)
        return found

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return the tone of each text, -1 to 1; texts met lately are not read again."""
        if not any(texts):
            return np.zeros(len(texts), np.float32)
        keys = list(map(hash, texts))  # numbers only: what users wrote is not held in memory
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._kept}
        read = score(self.probabilities(list(new.values()))).tolist() if new else []
        fresh = dict(zip(new, read, strict=True))
        found = [fresh[key] if key in fresh else self._kept.get(key, 0.0) for key in keys]
        if len(self._kept) + len(fresh) > KEPT:
            self._kept.clear()
        self._kept.update(fresh)
        return np.array(found, np.float32)


def with_sentiment(events: EventTable, sentiment_scorer: SentimentScorer) -> EventTable:
    """Return the events with the tone of their comments; 0 where nothing was written."""
    if not events.comments:
        return events
    found = np.zeros(len(events), np.float32)
    found[list(events.comments)] = sentiment_scorer.scores(list(events.comments.values()))
    return replace(events, sentiment=found)


def _chances(valence: float) -> Floats:
    """Return probabilities of the labels for a lexicon's score."""
    found = np.zeros(len(LABELS), np.float32)
    side = abs(valence) ** 0.5  # one clear word is enough for its side
    found[2 if valence > 0 else 0], found[1] = side, 1 - side
    return found
