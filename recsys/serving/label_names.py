"""Display names and values of the label codes of a live state."""

from __future__ import annotations

from recsys.data.records import Item
from recsys.serving.live_state import LiveState


def name_of(live: LiveState, kind: str, code: int) -> str:
    """Return what to call a category, author, language or tag, or the topic of a row."""
    if kind == "topic" and live.model.topics is not None:
        return live.model.topics.name(code)
    known = live.model.catalogue.names[kind]
    if code < len(known):
        return known[code]
    own = (text for item in live.posted for text in _labels(kind, item))
    return next(text for text in own if live.code(kind, text) == code)


def value_of(live: LiveState, kind: str, code: int) -> str:
    """Return what filters and controls call it: a topic's id, any other label itself."""
    if kind == "topic" and live.model.topics is not None:
        return str(live.model.topics.ids[code])
    return name_of(live, kind, code)


def _labels(kind: str, item: Item) -> tuple[str, ...]:
    if kind == "tag":
        return item.tags
    language = str(item.metadata.get("language", ""))
    return ({"category": item.category, "author": item.author_id, "language": language}[kind],)
