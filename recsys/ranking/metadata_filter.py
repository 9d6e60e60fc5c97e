"""Metadata filter: comparisons of item metadata fields, parsed from `paywall==false,price<20`.

Terms are joined by commas, and all must hold. A term is a field, one of == != < <= > >= and a
value; `==` and `!=` take several values joined by `|`. A value in quotes is text; otherwise true
and false are truth, digits a number, an ISO 8601 date or time a moment, and all else text. Text is
compared without case. An item that does not have the field fails every comparison of it.
"""

from __future__ import annotations

import math
import operator
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys import request_cpu_budget
from recsys.array_types import Mask, Rows
from recsys.data.parsing import parse_time, shown
from recsys.errors import DataError
from recsys.serving.live_state import LiveState
from recsys.serving.metadata_columns import Column, folded

_KINDS: Mapping[str, str] = {"number": "a number", "truth": "true or false", "time": "a time"}
MAX_LENGTH = 1_000  # characters of the whole text
MAX_TERMS = 20
MAX_VALUES = 50  # of one term
_LAST = 253_402_300_800.0  # the year 10000
_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_TOKEN = re.compile(
    r"""\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<sign>[=!<>]=|[<>=,|])|"""
    r"""(?P<bare>[^\s"'=!<>,|](?:[^"'=!<>,|]*[^\s"'=!<>,|])?))\s*"""
)
_NUMBER = re.compile(r"[+-]?(?:\d{1,300}(?:\.\d{0,300})?|\.\d{1,300})(?:[eE][+-]?\d{1,3})?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ].{0,40})?")

_OPERAND = r"""\s*(?:"[^"]*"|'[^']*'|[^\s"'=!<>,|](?:[^"'=!<>,|]*[^\s"'=!<>,|])?)\s*"""
_TERM = rf"{_OPERAND}(?:[=!]={_OPERAND}(?:\|{_OPERAND})*|[<>]=?{_OPERAND})"
PATTERN = rf"^(?:\s*|{_TERM}(?:,{_TERM})*)$"  # documents the grammar; `parse` reads it


@dataclass(frozen=True, slots=True)
class Value:
    """A value to compare with; `kind` says which of an item's forms it is compared with."""

    kind: str  # text, number, truth or time
    text: str = ""  # without case
    number: float = 0.0  # of a number; 1 or 0 of truth; Unix seconds of a time


@dataclass(frozen=True, slots=True)
class Comparison:
    """One term: the field's value must stand in this relation to (any of) the values."""

    field: str
    sign: str  # == != < <= > >=
    values: tuple[Value, ...]

    def __str__(self) -> str:
        return f"{self.field}{self.sign}{'|'.join(value.text for value in self.values)}"


def parse(text: str) -> tuple[Comparison, ...]:
    """Return the comparisons of a text, in its order; DataError says what is wrong and where.

    Takes time in proportion to the text's length. An empty text gives none.
    """
    if len(text) > MAX_LENGTH:
        raise DataError(f"where has {len(text)} characters, {MAX_LENGTH} are allowed")
    tokens, found, place = _tokens(text), [], 0
    while place < len(tokens):
        one, place = _term(tokens, place)
        found.append(one)
        if len(found) > MAX_TERMS:
            raise DataError(f"where has more than {MAX_TERMS} terms")
        if place < len(tokens):
            if tokens[place][1] != ",":
                raise _wrong(tokens, place, "a comma")
            place += 1
            if place == len(tokens):
                raise _wrong(tokens, place, "a term after the comma")
    return tuple(found)


Token = tuple[str, str]  # kind (quoted, bare, sign) and text


def _tokens(text: str) -> list[Token]:
    found, place = [], 0
    text = text.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise DataError(f"where: {text[place : place + 20]!r} cannot be read: is a quote open?")
        kind = str(match.lastgroup)
        quoted = kind in ("double", "single")
        found.append(("quoted" if quoted else kind, match[kind]))
        place = match.end()
    return found


def _term(tokens: list[Token], place: int) -> tuple[Comparison, int]:
    name = _operand(tokens, place, "the name of a field").strip()
    if place + 1 >= len(tokens) or tokens[place + 1][1] not in _OPERATORS:
        raise _wrong(tokens, place + 1, "one of == != < <= > >=")
    sign, place = tokens[place + 1][1], place + 2
    values = []
    while True:
        _operand(tokens, place, "a value")
        values.append(_value(*tokens[place]))
        place += 1
        if place >= len(tokens) or tokens[place] != ("sign", "|"):
            break
        place += 1
    if len(values) > MAX_VALUES:
        raise DataError(f"where: {name} has {len(values)} values, {MAX_VALUES} are allowed")
    if sign not in ("==", "!="):
        if len(values) > 1:
            raise DataError(f"where: {name}{sign} takes one value")
        if values[0].kind == "truth":
            raise DataError(f"where: {name}{sign}: true and false have no order, use == or !=")
    return Comparison(unicodedata.normalize("NFC", name), sign, tuple(values)), place


def _operand(tokens: list[Token], place: int, what: str) -> str:
    if place >= len(tokens) or tokens[place][0] == "sign":
        raise _wrong(tokens, place, what)
    return tokens[place][1]


def _wrong(tokens: list[Token], place: int, expected: str) -> DataError:
    before = "".join(text for _, text in tokens[:place])[-30:]
    there = f"{tokens[place][1]!r}" if place < len(tokens) else "the end"
    return DataError(f"where: after {before!r}, {expected} is expected, not {there}")


def _value(kind: str, text: str) -> Value:
    if kind == "quoted":
        return Value("text", folded(text))
    if text.lower() in ("true", "false"):
        return Value("truth", text.lower(), float(text.lower() == "true"))
    if _NUMBER.fullmatch(text) and math.isfinite(float(text)):
        return Value("number", folded(text), float(text))
    if _MOMENT.fullmatch(text):
        try:
            moment = parse_time(text, "time", _LAST)
        except DataError:
            moment = None
        if moment is not None:
            return Value("time", folded(text), moment)
    return Value("text", folded(text))


def unknown(live: LiveState, comparisons: tuple[Comparison, ...]) -> tuple[str, list[str]] | None:
    """Return the first field that no item has, and the nearest names there are; None: all known."""
    names = live.metadata.names() if comparisons else []
    for one in comparisons:
        if one.field not in names:
            by_case = [name for name in names if name.casefold() == one.field.casefold()]
            return one.field, by_case or get_close_matches(one.field, names, 3, 0.5)
    return None


def doubts(live: LiveState, comparisons: tuple[Comparison, ...]) -> list[str]:
    """Return what a caller may not expect: values of another kind, fields of another letter case.

    Both leave items out of a list without a word.
    """
    names = live.metadata.names() if comparisons else []
    found = []
    for one in comparisons:
        kind = one.values[0].kind
        ordered = one.sign not in ("==", "!=")
        odd = live.metadata.odd(one.field, kind) if kind in _KINDS else []
        if odd and (ordered or kind == "truth"):
            more = f" and {len(odd) - 1:,} more" if len(odd) > 1 else ""
            found.append(
                f"where: {shown(odd[0])}{more} of {one.field!r} cannot be read as {_KINDS[kind]}:"
                " such items do not match"
            )
        if others := [
            name for name in names if name != one.field and name.casefold() == one.field.casefold()
        ]:
            found.append(
                f"where: {one.field!r} is one field and {others[0]!r} another: items that have"
                " only the other one do not match"
            )
    return found


def passing(live: LiveState, comparisons: tuple[Comparison, ...], size: int) -> Mask:
    """Return which of the first `size` rows pass all comparisons, a new array."""
    mask = np.ones(size, bool)
    for one in comparisons:
        mask &= live.metadata.mask(one, size, partial(_rows, one))
        request_cpu_budget.check(f"where: {one.field}")
    return mask


def _rows(one: Comparison, columns: Mapping[str, Column]) -> Rows:
    column = columns.get(one.field)
    if column is None:
        return np.zeros(0, np.int32)
    rows, codes = column.entries()
    sign = "==" if one.sign == "!=" else one.sign
    table = np.zeros(len(column.values), bool)
    for value in one.values:
        table |= _holds(column, sign, value)
    found: Rows = rows[table[codes]]
    return np.setdiff1d(rows, found) if one.sign == "!=" else found


def _holds(column: Column, sign: str, value: Value) -> NDArray[np.bool_]:
    """Return which distinct values stand in a relation to another one; NaN stands in none."""
    compare = _OPERATORS[sign]
    if value.kind == "text":
        own = value.text
        return np.array([bool(compare(text, own)) for text in column.texts()], bool)
    views = {"number": column.numbers, "truth": column.flags, "time": column.times}
    return np.asarray(compare(views[value.kind](), value.number), bool)
