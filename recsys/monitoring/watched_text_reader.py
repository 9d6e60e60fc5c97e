"""WatchedTextReader: watched texts of items and comments, with topics and entities of a model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from recsys.array_types import Floats
from recsys.data.records import Item
from recsys.monitoring import text_tokens
from recsys.monitoring.watched_text import COMMENT, ITEM, WatchedText
from recsys.serving.live_state import LiveState
from recsys.store.store import StoredEvent
from recsys.text.language.detect import detect
from recsys.text.sentiment.scorer import SentimentScorer

LONGEST = 8_000  # characters of a text that are read
AHEAD = 0.0  # seconds: what is dated later counts as of now


class WatchedTextReader:
    """Reads texts by what one live state knows of items; without one: no topics, no entities."""

    def __init__(self, live: LiveState | None, scorer: SentimentScorer, secret: str) -> None:
        self.live, self.scorer = live, scorer
        self._key = hashlib.sha256(secret.encode()).digest()[:32]

    def author(self, name: str) -> int:
        """Return the number of an author or user: a keyed hash of 62 bits; -1 without a name."""
        if not name:
            return -1
        raw = name.encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(raw, digest_size=8, key=self._key).digest()
        return int.from_bytes(digest, "big") >> 2

    def tones(self, texts: Sequence[WatchedText]) -> None:
        """Read the tone of many texts at once."""
        missing = [one for one in texts if one._probabilities is None]
        if missing:
            found = self.scorer.probabilities([one.text for one in missing])
            for one, row in zip(missing, found, strict=True):
                one._probabilities = row

    def item(self, number: int, item: Item, arrived: float, now: float) -> WatchedText | None:
        """Return the text of an item; None where it has neither title nor text."""
        written = f"{item.title}\n{item.text}".strip()[:LONGEST]
        if not written:
            return None
        at = arrived if item.created_at is None else item.created_at
        labels = self._labels(item.item_id)
        labels |= {
            "tag": frozenset(map(text_tokens.normalized, item.tags)),
            "category": _one(text_tokens.normalized(item.category)),
            "author": _one(item.author_id),
            "language": _language(str(item.metadata.get("language", "")), written),
        }
        author = self.author(item.author_id)
        return self._text(ITEM, number, min(at, now), author, written, written, labels)

    def comment(self, event: StoredEvent, item: Item | None, now: float) -> WatchedText | None:
        """Return the text of a comment; None without a word."""
        written = event.text.strip()[:LONGEST]
        if not written:
            return None
        title = item.title if item is not None else ""
        labels = self._labels(event.item_id, written)
        labels |= {
            "tag": frozenset(map(text_tokens.normalized, item.tags if item else ())),
            "category": _one(text_tokens.normalized(item.category if item else "")),
            "author": _one(event.user_id),
            "language": _language("", written),
        }
        searched = f"{written}\n{title}"
        author = self.author(event.user_id)
        at = min(event.moment, now)
        return self._text(COMMENT, event.id, at, author, written, searched, labels)

    def _text(
        self,
        source: int,
        ref: int,
        at: float,
        author: int,
        written: str,
        searched: str,
        labels: dict[str, frozenset[str]],
    ) -> WatchedText:
        plain = text_tokens.normalized(searched)
        tokens, spaced = text_tokens.tokens(plain), text_tokens.spaced(plain)
        return WatchedText(source, ref, at, author, written, spaced, tokens, labels, self._tone)

    def _tone(self, text: str) -> Floats:
        return np.asarray(self.scorer.probabilities([text])[0], np.float32)

    def _labels(self, item_id: str, own: str = "") -> dict[str, frozenset[str]]:
        live = self.live
        row = -1 if live is None else live.row(item_id)
        topics, entities = set[str](), set[str]()
        if live is not None and row >= 0:
            known = live.model.topics
            place = int(live.topics[row])
            if known is not None and place >= 0:
                topics = {str(known.ids[place]), str(known.parent_ids[int(known.parents[place])])}
            codes = live.mentions.of_row(row, len(live.model))
            entities = {live.mentions.mention(int(code)).name for code in codes}
        if own and live is not None and live.mentions.entities is not None:
            entities |= {one.name for one in live.mentions.entities.read(own, "")}
        named = frozenset(map(text_tokens.normalized, entities))
        return {"topic": frozenset(topics), "entity": named, "item": frozenset({item_id})}


def _one(value: str) -> frozenset[str]:
    return frozenset({value}) if value else frozenset()


def _language(given: str, text: str) -> frozenset[str]:
    return _one((given or detect(text).code).lower().replace("_", "-"))
