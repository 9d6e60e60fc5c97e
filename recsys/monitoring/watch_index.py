"""WatchIndex: inverted index of the conditions of watches, from keys of a text to watches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from recsys.monitoring.watch_query import Part
from recsys.monitoring.watched_text import TONES, WatchedText, cover, matches


class WatchIndex:
    """Finds the watches that a text belongs to without comparing it with each of them."""

    def __init__(self, queries: Mapping[int, Part]) -> None:
        self.queries = dict(queries)
        self.always: list[int] = []  # watches without a key
        self._by_key: dict[tuple[str, str], list[int]] = {}
        for watch, part in self.queries.items():
            keys = cover(part)
            if keys is None:
                self.always.append(watch)
            for key in keys or ():
                self._by_key.setdefault(key, []).append(watch)
        self._fields = {name for name, _ in self._by_key}
        self._prefixes = sorted({len(text) for name, text in self._by_key if name == "prefix"})

    def find(self, text: WatchedText) -> list[int]:
        """Return the watches whose query holds for a text, ascending."""
        some = set(self.always)
        for key in self._keys(text):
            some.update(self._by_key.get(key, ()))
        return sorted(watch for watch in some if matches(self.queries[watch], text))

    def _keys(self, text: WatchedText) -> Iterable[tuple[str, str]]:
        if "words" in self._fields:
            for token in text.tokens:
                yield "words", token
        for length in self._prefixes:
            for start in {token[:length] for token in text.tokens if len(token) >= length}:
                yield "prefix", start
        for name, values in text.labels.items():
            if name in self._fields:
                for value in values:
                    yield name, value.split("-")[0] if name == "language" else value
        if "tone" in self._fields:
            yield "tone", TONES[text.label]
