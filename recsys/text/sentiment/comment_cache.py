"""Cache of comment sentiment scores, so that a training run scores new comments only.

A file of numbers: hashes of the words, keyed by the model that read them, and tones. It holds those
of the last night's comments and no others; an erasure removes it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.data.event_tables import EventTable
from recsys.store.erasure import HEARD
from recsys.text.encoders.embedding_cache import DAMAGE
from recsys.text.sentiment.scorer import SentimentScorer


def with_comment_sentiment(events: EventTable, sentiment_scorer: SentimentScorer) -> EventTable:
    """Return what `with_sentiment` does, reading only comments that the file in the home does not
    know.
    """
    if not events.comments:
        return events
    path, key = sentiment_scorer.home / HEARD, sentiment_scorer.fingerprint
    texts = list(events.comments.values())
    hashes, first, back = np.unique(_hashes(texts, key), return_index=True, return_inverse=True)
    known, result = _read(path, key)
    place = np.minimum(np.searchsorted(known, hashes), max(len(known) - 1, 0))
    held = known[place] == hashes if len(known) else np.zeros(len(hashes), bool)
    found = np.zeros(len(hashes), np.float32)
    found[held] = result[place[held]]
    found[~held] = sentiment_scorer.scores([texts[at] for at in first[~held].tolist()])
    _write(path, key, hashes, found)
    sentiment = np.zeros(len(events), np.float32)
    sentiment[list(events.comments)] = found[back]
    return replace(events, sentiment=sentiment)


def _hashes(texts: Sequence[str], key: bytes) -> NDArray[np.uint64]:
    digests = (
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8, key=key).digest()
        for text in texts
    )
    return np.frombuffer(b"".join(digests), np.uint64)


def _read(path: Path, key: bytes) -> tuple[NDArray[np.uint64], Floats]:
    try:
        with np.load(path, allow_pickle=False) as file:
            hashes, sentiment = file["hashes"], file["tone"]
            if (
                file["key"].tobytes() == key
                and hashes.shape == sentiment.shape
                and (sentiment**2 <= 1).all()
            ):
                return hashes, sentiment
    except DAMAGE:  # missing or damaged: all is read again
        pass
    return np.zeros(0, np.uint64), np.zeros(0, np.float32)


def _write(path: Path, key: bytes, hashes: NDArray[np.uint64], sentiment: Floats) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".part")
    with aside.open("wb") as file:
        np.savez(file, key=np.frombuffer(key, np.uint8), hashes=hashes, tone=sentiment)
    os.replace(aside, path)
