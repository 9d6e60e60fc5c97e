"""Reasons: readable parts of a score, computed from the score itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter

from recsys.i18n import counted, translate
from recsys.ranking.query import Reason

# One sentence per kind, the key of its translations; {items} are titles, {name} names a label.
SENTENCES: Mapping[str, str] = {
    "because_you": "Because of {items} in your history",
    "steered": "You asked for more of {name}",
    "followed": "You follow {name}",
    "followees": "People you follow took this up",
    "network": "People around those you follow took this up",
    "regular": "You take this regularly",
    "again": "You took this before",
    "interests": "It matches the interests you stated",
    "search": "Its words match your search",
    "trending": "It is trending now",
    "rising": "More people than usual turn to it, or to what it is about",
    "popular": "It is popular here",
    "liked": "It is well liked",
    "fresh": "It is new",
    "newest": "It is newer than many items here",
    "context": "It suits readers like you at this time",
    "new_item": "It is new here, and its text suits your history",
    "little_known": "Few people know it yet, and its text suits your history",
    "pinned": "It is pinned here",
    "new_voice": "It is by somebody who is new here",
    "flagged": "It was marked as doubtful",
}
LIKED = "Because you liked {items}"
DISLIKED = "Because you did not like {items}"
# Where a label carries what a history gives; "" is no label.
BY: Mapping[str, str] = {
    "topic": "Because of your interest in {name}, as in {items}",
    "author": "By {name}, whom you read: {items}",
}
# Where what speaks for an item may not be named.
UNNAMED: Mapping[str, str] = {
    "": "Because of your history",
    "topic": "Because of your interest in {name}",
    "author": "By {name}, whom you read",
}
# Where a part speaks against an item, which only explanations tell.
AGAINST: Mapping[str, str] = {
    "because_you": "{items} in your history speaks against it",
    "interests": "It is far from the interests you stated",
    "search": "Its words are far from your search",
    "followees": "What those whom you follow took up speaks against it",
    "network": "What people around those you follow took up speaks against it",
    "regular": "You took this a short while ago, or long ago",
    "again": "You took this a short while ago, or long ago",
    "trending": "It is not trending now",
    "popular": "It is less popular than others",
    "liked": "It is less liked than others",
    "fresh": "It is not new, and your history speaks for others",
    "newest": "It is older than many items here",
    "context": "It suits readers like you less at this time",
}
UNNAMED_AGAINST = "Your history speaks against it"
# Where a part speaks for an item and is no reason to users, which only explanations tell.
QUIET: Mapping[str, str] = {
    "because_you": "What your history says of it",
    "search": "Its words beside your search",
    "fresh": "How long it has been here",
    "newest": "How long it has been here",
    "trending": "How much it is taken up now",
    "popular": "How much it has been taken up",
    "liked": "How well it is liked",
}
LIKE = "It is like {items}"
MORE_LIKE = "You asked for more like {items}"
LESS_OF, LESS_LIKE = "You asked for less of {name}", "You asked for less like {items}"


LEAST = 1e-6  # of what speaks for an item; less is the rounding of a sum, no reason
TOLD = 0.05  # share of what speaks for an item from which a list tells a reason
_VALUE = attrgetter("value")


def followees_sentence(count: int, language: str = "en") -> str:
    """Return the sentence for an item that so many followees took up; 0: without the number."""
    if not count:
        return sentence("followees", language=language)
    one, more = "Somebody you follow took this up", "{count} people you follow took this up"
    return counted(one, more, count, language)


@lru_cache(maxsize=1024)  # most kinds have one sentence in a language
def sentence(kind: str, title: str = "", language: str = "en", name: str = "") -> str:
    """Return the sentence for a reason; an unknown language falls back to English."""
    items = named([title], 0, language) if title else ""
    return translate(SENTENCES[kind], language, items=items, name=name)


def control_reason(one: Reason, titles: Sequence[str], language: str) -> str:
    """Return the sentence for what a user asked to see more or less of.

    `titles`: of the item that a control is about, or of those that stand for a topic without a
    name; none for any other label.
    """
    if titles:
        key = MORE_LIKE if one.value > 0 else LESS_LIKE
        return translate(key, language, items=named(titles[:2], 0, language))
    return translate(SENTENCES["steered"] if one.value > 0 else LESS_OF, language, name=one.label)


def named(titles: Sequence[str], more: int, language: str = "en") -> str:
    """Return one or two titles as a phrase, and how many more there are like them."""
    return joined([quoted(title, language) for title in titles], more, language)


def quoted(title: str, language: str = "en") -> str:
    """Return a title as it stands in a sentence."""
    return translate("“{title}”", language, title=title)


def joined(quotes: Sequence[str], more: int, language: str = "en") -> str:
    """Return one or two quoted titles as a phrase, and how many more there are like them."""
    first, *rest = quotes
    if not rest:
        if not more:
            return first
        return counted(
            "{first} and {count} more like it",
            "{first} and {count} more like it",
            more,
            language,
            first=first,
        )
    if not more:
        return translate("{first} and {second}", language, first=first, second=rest[0])
    key = "{first}, {second} and {count} more like them"
    return counted(key, key, more, language, first=first, second=rest[0])


def shared(
    parts: Sequence[Reason],
    most: int,
    least: float = LEAST,
    text: Callable[[Reason], str] | None = None,
) -> tuple[Reason, ...]:
    """Return the `most` largest positive parts that carry at least `least`, largest first.

    From a `least` of TOLD on, parts that are `quiet` count in the sum and are not returned. A share
    is a part over the sum of all positive parts, so the shares of all of them add to 1. `text`:
    gives their sentences; None: they stay without.
    """
    speaking = [part for part in parts if part.value > 0]
    speaking.sort(key=_VALUE, reverse=True)  # stable: equal parts stay in their order
    total, told = sum([part.value for part in speaking]), least >= TOLD
    kept = [p for p in speaking if p.value >= least * total and not (told and p.quiet)][:most]
    return tuple(
        [
            part.worth(
                part.value / total,
                tuple([(item, value / total) for item, value in part.items]),
                "" if text is None else text(part),
            )
            for part in kept
        ]
    )
