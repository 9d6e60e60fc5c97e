"""Rules of sorted lists: "sort by price", "the newest first"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

from recsys.dialogue.commands import Command, Comparison, Find
from recsys.dialogue.english.subjects import finding
from recsys.dialogue.patterns import Rules

_ORDERS: Mapping[Comparison, str] = {
    "newer": r"newest|latest|most recent|recent|date|time|recency|year|age|new|date descending|"
    r"newest to oldest|most recent ones",
    "older": r"oldest|earliest|date ascending|oldest to newest",
    "cheaper": r"cheapest|lowest price|price|price low to high|price ascending|cheap|"
    r"least expensive",
    "dearer": r"most expensive|priciest|dearest|highest price|price high to low|price descending",
    "better_rated": r"best rated|highest rated|top rated|best reviewed|ratings?|scores?|stars|"
    r"reviews|best|highest ratings?",
    "more_known": r"most popular|popularity|popular|best known|views|likes|"
    r"most (?:liked|viewed|read)",
    "less_known": r"least (?:popular|known)|most obscure",
    "shorter": r"shortest|length|duration|quickest|length ascending",
    "longer": r"longest|length descending",
}
_KEY = "|".join(f"(?P<{name}>{words})" for name, words in _ORDERS.items())
_SUPERLATIVE = (
    r"newest|latest|most recent|oldest|earliest|cheapest|least expensive|most expensive|priciest|"
    r"best rated|highest rated|top rated|most popular|best known|least (?:popular|known)|"
    r"shortest|longest"
)
_LISTED = (
    r"(?:it|them|these|those|this|that|everything|all(?: of (?:it|them))?|"
    r"(?:the |my |this )?(?:list|results?|items?|posts?|articles?|"
    r"recommendations?|ones?|films?|movies?|books?|products?))"
)


_ONE = frozenset("one item post article film movie book video".split())


def _sorted(match: re.Match[str]) -> Sequence[Command]:
    found = match.groupdict()
    order = next(name for name in _ORDERS if found.get(name))
    return (Find(finding(found.get("x") or ""), order=order),)


def _first(match: re.Match[str]) -> Sequence[Command] | None:
    key = re.fullmatch(_KEY, match["key"])
    if key is None:
        return None
    words = "" if match["x"] in _ONE else finding(match["x"] or "")
    return (Find(words, order=cast(Comparison, key.lastgroup)),)


WHICH = (
    r"(?:whats|what is|which(?: one)?(?: of (?:these|those|them))? is) the "
    rf"(?P<key>{_SUPERLATIVE})(?: (?P<x>one|item|post|article|film|movie|book|video))?"
    r"(?: (?:here|of (?:these|those|them|all)|(?:in|on) (?:the|this) list))?"
)
SORTING = (
    rf"(?:sort|order|rank|arrange|list|show)(?: me)?(?: {_LISTED})?(?: (?:by|from|on|with))?"
    rf"(?: the)? (?:{_KEY})(?: (?:ones|items|posts|articles))?(?: (?:first|at the top|on top|up))?"
)
RULES: Rules = (
    (WHICH, _first),
    (rf"(?=sort|order|rank|arrange|.* (?:first|top|up)$|list by|show .*by){SORTING}", _sorted),
    (
        rf"(?:(?:show|give|list|put|with|i want|want)(?: me)? )?(?:the )?(?P<key>{_SUPERLATIVE})"
        r"(?: (?P<x>[\w&'-]+(?: [\w&'-]+){0,3}?))?(?: (?:ones|items|posts|articles))? "
        r"(?:first|at the top|on top)",
        _first,
    ),
    (
        rf"(?P<x>[\w&'-]+(?: [\w&'-]+){{0,3}}?),? (?:sorted|ordered|ranked) by (?:{_KEY})",
        _sorted,
    ),
)
