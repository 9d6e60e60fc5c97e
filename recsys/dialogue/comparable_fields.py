"""Fields by which items are compared: length, year, popularity, price, rating and tone."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Mask, Rows
from recsys.dialogue.commands import Comparison
from recsys.serving.live_state import LiveState

Values = NDArray[np.float64]
Tones = Callable[[Sequence[str]], NDArray[np.floating]]

LENGTHS = (
    "duration",
    "duration_seconds",
    "duration_minutes",
    "length",
    "runtime",
    "runtime_minutes",
    "minutes",
    "reading_time",
    "read_time",
    "reading_minutes",
    "pages",
    "page_count",
    "word_count",
    "words",
    "wordcount",
)
# minutes of one unit of a field; what a person reads in a minute is that of most measurements,
# about 200 English words or 330 Han signs, which both have about 1,000 bytes
IN_MINUTES: Mapping[str, float] = {
    "duration_minutes": 1.0,
    "runtime_minutes": 1.0,
    "runtime": 1.0,
    "minutes": 1.0,
    "reading_time": 1.0,
    "read_time": 1.0,
    "reading_minutes": 1.0,
    "duration_seconds": 1 / 60,
    "duration": 1 / 60,
    "length": 1 / 60,
    "word_count": 1 / 200,
    "words": 1 / 200,
    "wordcount": 1 / 200,
}
BYTES_A_MINUTE = 1_000.0
YEARS = ("year", "release_year", "published_year", "publication_year", "released")
PRICES = ("price", "cost", "amount")
RATINGS = ("rating", "score", "average_rating", "rating_average", "vote_average", "stars")
TITLE_YEAR = re.compile(r"\((1[89]\d\d|20\d\d)\)\s*$")
SAMPLED = 200  # items by which it is decided whether titles hold years, or texts have a length
MOSTLY = 0.5  # share of them that must
LEAST_TEXT = 200  # bytes of the median document from which lengths of texts are compared
LEAST_KNOWN = 0.05  # share of items that must have a field
COUNT_MARGIN = 0.05  # difference of tone that counts


@dataclass(frozen=True, slots=True)
class Order:
    """A comparison as a field and a direction: -1 means less of it than the reference."""

    field: str
    sign: int


ORDERS: Mapping[Comparison, Order] = {
    "shorter": Order("length", -1),
    "longer": Order("length", 1),
    "newer": Order("year", 1),
    "older": Order("year", -1),
    "more_known": Order("popularity", 1),
    "less_known": Order("popularity", -1),
    "cheaper": Order("price", -1),
    "dearer": Order("price", 1),
    "better_rated": Order("rating", 1),
    "lighter": Order("tone", 1),
    "darker": Order("tone", -1),
}


class ItemFields:
    """Values of the fields of a live state's items, kept until items come."""

    def __init__(self, live: LiveState, tones: Tones) -> None:
        """`tones`: tone of texts, -1 to 1."""
        self.live, self._tones = live, tones
        self._kept: dict[str, tuple[int, Values | None]] = {}
        self._title_years: Values = np.zeros(0)

    def known(self) -> tuple[str, ...]:
        """Return the fields by which items can be compared."""
        names = ("length", "year", "popularity", "price", "rating")
        return (*(name for name in names if self.values(name) is not None), "tone")

    def values(self, name: str) -> Values | None:
        """Return (size,) the values of a field but tone, NaN: unknown; None: not comparable.

        "minutes": the length where it is known in minutes, or those it takes to read a text.
        """
        live = self.live
        if name == "popularity":
            return np.asarray(live.counters.level[-1, : live.size], np.float64)
        kept = self._kept.get(name)
        if kept is None or kept[0] != live.size:
            kept = self._kept[name] = (live.size, self._made(name))
        return kept[1]

    def _made(self, name: str) -> Values | None:
        if name == "length":
            return self._lengths()
        if name == "minutes":
            return self._minutes()
        if name == "year":
            return self._years()
        return self._numbers(PRICES if name == "price" else RATINGS)

    def holds(self, than: Comparison, reference: Rows, size: int) -> Mask | None:
        """Return which of the first `size` rows are, say, shorter than the median of the reference.

        None where items cannot be compared so, or nothing is known of the reference; tone is
        compared by `tone_holds`.
        """
        order = ORDERS[than]
        values = self.values(order.field)
        if values is None:
            return None
        own = values[reference[reference < len(values)]]
        own = own[np.isfinite(own)]
        if not len(own):
            all_known = values[np.isfinite(values)]
            own = all_known[:: max(len(all_known) // 10_000, 1)]
        bound = float(np.median(own))
        with np.errstate(invalid="ignore"):
            found = values > bound if order.sign > 0 else values < bound
        return np.asarray(found[:size], bool)

    def sorts(self, than: Comparison) -> bool:
        """Whether lists can be sorted by a comparison: some item has its field; tones are none."""
        values = self.values(ORDERS[than].field) if ORDERS[than].field != "tone" else None
        return values is not None and bool(np.isfinite(values).any())

    def sorted_rows(self, than: Comparison, rows: Rows) -> Rows:
        """Return rows sorted, for instance the cheapest first; those without the field last.

        Rows of equal values keep their order; all do where nothing can be sorted so.
        """
        if not self.sorts(than):
            return rows
        values = self.values(ORDERS[than].field)
        assert values is not None
        keys = -ORDERS[than].sign * values[rows]
        order = np.argsort(np.where(np.isfinite(keys), keys, np.inf), kind="stable")
        return np.asarray(rows[order], np.int32)

    def tones(self, rows: Rows) -> NDArray[np.floating]:
        """Return (n,) the tones of items by title and text."""
        return self._tones([self._text(row) for row in rows.tolist()])

    def tone_holds(self, sign: int, reference: Rows, rows: Rows) -> Mask:
        """Return which rows are lighter (sign 1) or darker (-1) than the reference.

        Without a reference: lighter or darker than neutral.
        """
        own = self.tones(rows)
        bound = float(np.median(self.tones(reference))) if len(reference) else 0.0
        return np.asarray(sign * (own - bound) > COUNT_MARGIN, bool)

    def _text(self, row: int) -> str:
        known = self.live.document(row)
        return f"{known.get('title') or ''}. {str(known.get('text') or '')[:1000]}"

    def _numbers(self, names: Sequence[str]) -> Values | None:
        for name in names:
            found = self.live.metadata.numbers(name, self.live.size)
            if found is not None and np.isfinite(found).mean() >= LEAST_KNOWN:
                return found
        return None

    def _lengths(self) -> Values | None:
        found = self._numbers(LENGTHS)
        if found is not None:
            return found
        catalogue, live = self.live.model.catalogue, self.live
        sizes = np.diff(catalogue.document_ends).astype(np.float64)
        texts = [str(live.document(row).get("text") or "") for row in self._sample()]
        if not texts or float(np.median([len(one.encode()) for one in texts])) < LEAST_TEXT:
            return None
        later = [float(len(item.text.encode()) + len(item.title)) for item in live.posted]
        return np.concatenate([sizes, np.array(later, np.float64)])[: live.size]

    def _minutes(self) -> Values | None:
        """Return minutes by the field that most items have; without one, to read their texts."""
        known: tuple[float, str] = (0.0, "")
        for name in IN_MINUTES:
            found = self.live.metadata.numbers(name, self.live.size)
            share = 0.0 if found is None else float(np.isfinite(found).mean())
            known = max(known, (share, name), key=lambda one: one[0])
        if known[0] >= LEAST_KNOWN:
            values = self.live.metadata.numbers(known[1], self.live.size)
            return None if values is None else values * IN_MINUTES[known[1]]
        if self._numbers(LENGTHS) is not None:  # pages
            return None
        sizes = self.values("length")
        return None if sizes is None else sizes / BYTES_A_MINUTE

    def _years(self) -> Values:
        found = self._numbers(YEARS)
        if found is not None:
            return found
        live = self.live
        titles = [str(live.document(row).get("title") or "") for row in self._sample()]
        if titles and np.mean([bool(TITLE_YEAR.search(one)) for one in titles]) >= MOSTLY:
            return self._years_of_titles()
        created = live.created[: live.size]
        return np.asarray(1970 + created / (365.2425 * 86_400), np.float64)

    def _years_of_titles(self) -> Values:
        """Return (size,) years; of items that have come since the last call, titles are read."""
        before = len(self._title_years)
        found = np.full(self.live.size - before, np.nan)
        for place in range(len(found)):
            title = str(self.live.document(before + place).get("title") or "")
            if match := TITLE_YEAR.search(title):
                found[place] = float(match[1])
        self._title_years = np.concatenate([self._title_years, found])
        return self._title_years

    def _sample(self) -> list[int]:
        size = self.live.size
        return list(range(0, size, max(size // SAMPLED, 1)))


_DECADE = re.compile(
    r"^(?:the )?(?:early |late |mid )?(?:(?:19|20)?(\d)0s|((?:19|20)\d)0s|(twenties|"
    r"thirties|forties|fifties|sixties|seventies|eighties|nineties|noughties))$"
)
_YEAR = re.compile(r"^(?:the )?(?:year )?((?:18|19|20)\d\d)年?$")
_SINCE = re.compile(
    r"^(?:after|since|newer than|from) ((?:18|19|20)\d\d)(?: on(?:wards)?)?$|"
    r"^((?:18|19|20)\d\d)年?(?:以后|之后|以来)$"
)
_BEFORE = re.compile(
    r"^(?:before|until|older than) ((?:18|19|20)\d\d)$|^((?:18|19|20)\d\d)年?(?:以前|之前)$"
)
_HAN_DECADE = re.compile(r"^(?:(?:19|20)?(\d)0|([一二三四五六七八九零])十|(两千|千禧))年代?$")
_WORDS = {
    "twenties": 2,
    "thirties": 3,
    "forties": 4,
    "fifties": 5,
    "sixties": 6,
    "seventies": 7,
    "eighties": 8,
    "nineties": 9,
    "noughties": 0,
}
_SIGNS = {sign: number for number, sign in enumerate("零一二三四五六七八九")}
_CALENDAR_YEARS = {"this year": 0, "last year": 1, "since last year": 1, "今年": 0, "去年": 1}
FIRST, LAST = 1000, 9999


def years_of(words: str) -> tuple[int, int] | None:
    """Return the first and the last year of words such as "the 90s", "1994" or "90年代"."""
    words = words.strip()
    if words in _CALENDAR_YEARS:
        year = time.gmtime().tm_year - _CALENDAR_YEARS[words]
        return year, LAST if words.startswith("since") else year
    if found := _YEAR.match(words):
        return int(found[1]), int(found[1])
    if found := _SINCE.match(words):
        return int(found[1] or found[2]), LAST
    if found := _BEFORE.match(words):
        return FIRST, int(found[1] or found[2]) - 1
    if found := re.match(r"^(?:the )?((?:18|19|20)\d)0(?:s|年代)$", words):
        return int(found[1]) * 10, int(found[1]) * 10 + 9
    tens = None
    if found := _DECADE.match(words):
        tens = _WORDS[found[3]] if found[3] else int(found[1] or found[2][-1])
    elif found := _HAN_DECADE.match(words):
        tens = 0 if found[3] else _SIGNS[found[2]] if found[2] else int(found[1])
    if tens is None:
        return None
    now = time.gmtime().tm_year
    first = 2000 + 10 * tens
    first = first if first <= now else first - 100
    return first, first + 9
