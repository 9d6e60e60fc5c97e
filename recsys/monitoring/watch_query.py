"""Watch query: Boolean conditions on one text, parsed into a tree.

    (topic:17 OR entity:"Star Trek" OR "battery fire") AND tone:negative NOT category:sport

    query  = and ("OR" and)*            and = not ("AND"? not)*
    not    = ("NOT" | "-") not | part   part = "(" query ")" | field ":" value | value
    value  = word | word "*" | "a phrase"

A value without a field is looked for in the words of a text. Fields: topic (an id), entity, tag,
category, language, author, tone (negative, neutral, positive, or tone<x and tone>x with x from -1
to 1). Letter case does not matter, but for authors. There are no regular expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from recsys.errors import DataError
from recsys.monitoring.text_tokens import normalized, tokens

LONGEST = 2_000  # characters of a query
MOST_PARTS = 100  # conditions of a query
DEEPEST = 20  # levels of parentheses and negations
LEAST_PREFIX = 2  # characters before a *
FIELDS = ("topic", "entity", "tag", "category", "language", "author", "tone")
_ALIASES = {"lang": "language", "word": "words", "text": "words"}
_QUOTE = "a value cannot hold a quotation mark"
TONES = ("negative", "neutral", "positive")
_TOKEN = re.compile(
    r'(?:(?<!\s)\s+)?(?:(?P<sign>[()])|(?P<field>[A-Za-z]+)\s*(?P<op>[:<>])|"(?P<phrase>[^"]*)"'
    r'|(?P<minus>-)(?=[\w("#@])|(?P<word>[^\s()"]+))'
)
_PLAIN = re.compile(r"(?!(?:AND|OR|NOT)$)[^\s()\":<>*\-][^\s()\":<>*]*")  # means the same unquoted
_REGEX = re.compile(r"^/.*/$|\.[*+?]|\\[a-zA-Z.]|\[[^\]]*\]|\(\?|[\^|{}]|\$$")


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: a field has a value, or a text holds words."""

    field: str  # one of FIELDS, or words
    value: str  # normalized; of tone: a label, or "<0.3" and ">0.3"
    prefix: bool = False  # of words: the value begins a word

    def __str__(self) -> str:
        """Return the condition as it is written in a query."""
        if self.field == "tone" and self.value[0] in "<>":
            return f"tone{self.value}"
        quoted = self.value if _PLAIN.fullmatch(self.value) else f'"{self.value}"'
        star = "*" if self.prefix else ""
        return f"{quoted}{star}" if self.field == "words" else f"{self.field}:{quoted}"


@dataclass(frozen=True, slots=True)
class Not:
    """A part that must not hold."""

    part: Part

    def __str__(self) -> str:
        """Return the negation as it is written in a query."""
        return f"NOT {self.part}"


@dataclass(frozen=True, slots=True)
class Both:
    """Parts that must all hold (`every`), or one of which must."""

    parts: tuple[Part, ...]
    every: bool

    def __str__(self) -> str:
        """Return the parts as they are written in a query."""
        return "(" + (" AND " if self.every else " OR ").join(map(str, self.parts)) + ")"


Part = Condition | Not | Both


def parse(text: str, is_stored: bool = False) -> Part:
    """Return the tree of a query; DataError names the place and what was expected there.

    `is_stored`: the text is that of a tree which was within the limits. With its parentheses and
    ANDs it may be longer and deeper than what it was made from.
    """
    if len(text) > LONGEST and not is_stored:
        raise DataError(f"the query has {len(text)} characters, {LONGEST} are allowed")
    reader = _Reader(text, 3 * DEEPEST if is_stored else DEEPEST)
    found = reader.any_of(0)
    if reader.at < len(reader.tokens):
        raise reader.error('expected AND, OR or the end (is a "(" missing?)')
    count = sum(1 for _ in conditions(found))
    if count > MOST_PARTS:
        raise DataError(f"the query has {count} conditions, {MOST_PARTS} are allowed")
    return found


def conditions(part: Part) -> Iterator[Condition]:
    """Yield the conditions of a query, from left to right."""
    if isinstance(part, Condition):
        yield part
    elif isinstance(part, Not):
        yield from conditions(part.part)
    else:
        for one in part.parts:
            yield from conditions(one)


def fields(part: Part) -> frozenset[str]:
    """Return the fields that a query names."""
    return frozenset(one.field for one in conditions(part))


class _Reader:
    """Recursive descent over the tokens of a query."""

    def __init__(self, text: str, deepest: int) -> None:
        self.text, self.deepest = text, deepest
        self.tokens: list[re.Match[str]] = []
        self.at = place = 0
        while place < len(text.rstrip()):
            found = _TOKEN.match(text, place)
            if found is None:
                raise DataError(f"query, character {place + 1}: a quotation mark is not closed")
            self.tokens.append(found)
            place = found.end()

    def error(self, expected: str) -> DataError:
        place = self.tokens[self.at].start() if self.at < len(self.tokens) else len(self.text)
        rest = self.text[place:].strip()[:20]
        where = f"character {place + 1}, at {rest!r}" if rest else "at its end"
        return DataError(f"query, {where}: {expected}")

    def _next(self) -> re.Match[str] | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _is(self, *words: str) -> bool:
        token = self._next()
        return token is not None and (token["sign"] or token["word"]) in words

    def any_of(self, depth: int) -> Part:
        if depth > self.deepest:
            raise self.error(f"more than {self.deepest} levels of parentheses and negations")
        parts = [self._all_of(depth)]
        while self._is("OR"):
            self.at += 1
            parts.append(self._all_of(depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts), False)

    def _all_of(self, depth: int) -> Part:
        parts = [self._one(depth)]
        while self._next() is not None and not self._is("OR", ")"):
            if self._is("AND"):
                self.at += 1
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts), True)

    def _one(self, depth: int) -> Part:
        token = self._next()
        if token is None or self._is(")", "OR", "AND"):
            raise self.error("expected a word, a phrase in quotation marks, field:value or (")
        if depth > self.deepest:
            raise self.error(f"more than {self.deepest} levels of parentheses and negations")
        if token["minus"] or self._is("NOT"):
            self.at += 1
            return Not(self._one(depth + 1))
        if self._is("("):
            self.at += 1
            found = self.any_of(depth + 1)
            if not self._is(")"):
                raise self.error("expected )")
            self.at += 1
            return found
        return self._condition(token)

    def _condition(self, token: re.Match[str]) -> Condition:
        if token["field"] is None:
            found = self._words(token)
            self.at += 1
            return found
        name = token["field"].lower()
        name = _ALIASES.get(name, name)
        if name not in (*FIELDS, "words"):
            raise self.error(
                f"there is no field {name!r}; fields: {', '.join(FIELDS)};"
                " put quotation marks around words with a colon"
            )
        if token["op"] != ":" and name != "tone":
            raise self.error(f"{name} has no order: write {name}:value")
        self.at += 1
        value = self._next()
        if value is None or value["sign"] or value["field"] is not None:
            raise self.error(f"expected a value of {name}")
        if name == "words":
            condition = self._words(value)
        else:
            sign = "-" if value["minus"] else ""
            if sign:
                self.at += 1
                value = self._next() or value
            raw = sign + (value["phrase"] if value["phrase"] is not None else value["word"] or "")
            condition = self._field(name, token["op"], raw)
        self.at += 1
        return condition

    def _words(self, token: re.Match[str]) -> Condition:
        raw = token["phrase"] if token["phrase"] is not None else token["word"]
        if token["phrase"] is None and _REGEX.search(raw):
            raise self.error(
                "regular expressions are not supported: use words, word*, phrases in quotation"
                " marks, and OR"
            )
        prefix = raw.endswith("*") and token["phrase"] is None
        value = normalized(raw.rstrip("*") if prefix else raw)
        if not tokens(value):
            raise self.error(f"{raw!r} holds no letter and no digit")
        if '"' in value:
            raise self.error(_QUOTE)
        if prefix and (len(value) < LEAST_PREFIX or not _PLAIN.fullmatch(value)):
            raise self.error(f"at least {LEAST_PREFIX} letters of one word stand before *")
        return Condition("words", value, prefix)

    def _field(self, name: str, op: str, raw: str) -> Condition:
        value = raw.strip() if name == "author" else normalized(raw)
        if name == "tone":
            return Condition("tone", self._tone(op, raw.strip()))
        if not value:
            raise self.error(f"expected a value of {name}")
        if '"' in value:
            raise self.error(_QUOTE)
        if name == "topic" and not (value.isascii() and value.isdigit() and len(value) < 10):
            raise self.error("a topic is given by its id, a whole number: see GET /topics")
        if name == "topic":
            value = str(int(value))
        return Condition(name, value)

    def _tone(self, op: str, raw: str) -> str:
        if op == ":":
            if raw.lower() in TONES:
                return raw.lower()
            raise self.error(f"tone is {', '.join(TONES)}, or tone<x, tone>x")
        try:
            number = float(raw)
        except ValueError:
            number = 2.0
        if not -1.0 <= number <= 1.0:
            raise self.error(f"tone{op} takes a number from -1 to 1")
        return f"{op}{number:g}"
