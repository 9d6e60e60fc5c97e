"""WatchedText: what watches are compared with, of an item or a comment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from recsys.array_types import Floats
from recsys.monitoring import text_tokens
from recsys.monitoring.watch_query import Both, Condition, Not, Part

ITEM, COMMENT = 0, 1  # sources
SOURCES = ("item", "comment")
TONES = ("negative", "neutral", "positive")
Tone = Callable[[str], Floats]  # probabilities of TONES for a text


@dataclass(slots=True)
class WatchedText:
    """One text with its labels; words of a comment are its own and the title of its item."""

    source: int  # ITEM or COMMENT
    ref: int  # number of the item, id of the event
    at: float  # Unix seconds
    author: int  # any number per person; -1: unknown, each a person of its own
    text: str  # as it was written, for its tone
    spaced: str  # see text_tokens.spaced
    tokens: set[str]
    labels: dict[str, frozenset[str]]  # by field: topic, entity, tag, category, language, author
    tone: Tone
    _probabilities: Floats | None = field(default=None, repr=False)

    @property
    def probabilities(self) -> Floats:
        """Probabilities of TONES, (3,); read when first needed."""
        if self._probabilities is None:
            self._probabilities = self.tone(self.text)
        return self._probabilities

    @property
    def label(self) -> int:
        """Row of the likeliest of TONES."""
        return int(self.probabilities.argmax())

    @property
    def script(self) -> int:
        """0, or 1 for a text with Han signs: it is read by another classifier."""
        return int(text_tokens.is_han(self.text))


def matches(part: Part, text: WatchedText) -> bool:
    """Whether a query holds for a text."""
    if isinstance(part, Condition):
        return _holds(part, text)
    if isinstance(part, Not):
        return not matches(part.part, text)
    if part.every:
        return all(matches(one, text) for one in part.parts)
    return any(matches(one, text) for one in part.parts)


def _holds(condition: Condition, text: WatchedText) -> bool:
    name, value = condition.field, condition.value
    if name == "words":
        if condition.prefix:
            return any(token.startswith(value) for token in text.tokens)
        return phrase(value) in text.spaced
    if name == "tone":
        if value[0] in "<>":
            score = float(text.probabilities[2] - text.probabilities[0])
            return score < float(value[1:]) if value[0] == "<" else score > float(value[1:])
        return TONES[text.label] == value
    if name == "language":
        return any(own == value or own.startswith(f"{value}-") for own in text.labels[name])
    return value in text.labels[name]


def phrase(value: str) -> str:
    """Return normalized words as they are looked for in `WatchedText.spaced`.

    A Han sign has no border: words are not written apart.
    """
    parts = text_tokens.words(value)
    left, right = ("" if text_tokens.is_han(one) else " " for one in (parts[0], parts[-1]))
    return left + " ".join(parts) + right


Key = tuple[str, str]  # field (or prefix), value
# what is rarer in texts comes first: an AND is looked up by its rarest part
_RARITY = ("words", "entity", "author", "tag", "topic", "prefix", "category", "language", "tone")


def cover(part: Part) -> frozenset[Key] | None:
    """Return keys one of which every matching text has; None where there are no such keys.

    A query that only excludes has none, and is compared with every text.
    """
    if isinstance(part, Condition):
        return _key(part)
    if isinstance(part, Not):
        return None
    found = [cover(one) for one in part.parts]
    if not part.every:
        known = [one for one in found if one is not None]
        return frozenset().union(*known) if len(known) == len(found) else None
    return min((one for one in found if one is not None), key=_cost, default=None)


def _key(condition: Condition) -> frozenset[Key] | None:
    if condition.prefix:
        return frozenset({("prefix", condition.value)})
    if condition.field == "words":
        found = text_tokens.tokens(condition.value)
        return frozenset({("words", max(found, key=lambda one: (len(one), one)))})
    if condition.field == "tone" and condition.value[0] in "<>":
        return None
    if condition.field == "language":
        return frozenset({("language", condition.value.split("-")[0])})
    return frozenset({(condition.field, condition.value)})


def _cost(keys: frozenset[Key]) -> tuple[int, int]:
    return max((_RARITY.index(name) for name, _ in keys), default=0), len(keys)


def conditions_of(part: Both | Condition | Not) -> str:
    """Return a query in its one form, as it is stored."""
    text = str(part)
    return text[1:-1] if isinstance(part, Both) else text
