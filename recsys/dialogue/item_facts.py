"""Item facts: the author, date, length, popularity, price, rating and subject of an item."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from recsys.dialogue.answer_statements import Statement, Value
from recsys.dialogue.commands import Shown
from recsys.dialogue.comparable_fields import (
    LENGTHS,
    PRICES,
    RATINGS,
    TITLE_YEAR,
    YEARS,
    ItemFields,
)
from recsys.dialogue.facts import Fact
from recsys.serving.live_state import LiveState
from recsys.text.clean import clean

LONGEST_EXCERPT = 240  # characters of a text that are quoted
MOST_LABELS = 5
_UNKNOWN: Mapping[Shown, str] = {
    "author": "Who made {title} is not known here.",
    "date": "When {title} was made is not known here.",
    "length": "The length of {title} is not known here.",
    "popularity": "How popular {title} is is not known here.",
    "price": "The price of {title} is not known here.",
    "rating": "The rating of {title} is not known here.",
    "subject": "Of {title} no more than its title is known here.",
}
_WORD = re.compile(r"[^\W_\u3400-\u9fff]+|[\u3400-\u9fff]")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s|(?<=[。！？])")
# Units that the names of fields tell; a number of another field is told with the field's name
_MINUTES = ("duration_minutes", "runtime_minutes", "minutes", "reading_minutes")
_PAGES = ("pages", "page_count")
_WORDS = ("word_count", "words", "wordcount")


class ItemFacts:
    """Says what is known of a field of an item."""

    def __init__(
        self,
        live: LiveState,
        fields: ItemFields,
        author_name: Callable[[str], str] | None = None,
    ) -> None:
        """`author_name`: the display name of an author's id, empty where there is none."""
        self._live, self._fields, self._author_name = live, fields, author_name

    def of(self, what: Shown, row: int, title: Fact) -> Statement:
        """Return the statement about a field of an item; it says so where nothing is known."""
        made: Mapping[str, Callable[[int, Fact], Statement | None]] = {
            "author": self._author,
            "date": self._date,
            "length": self._length,
            "popularity": self._popularity,
            "price": lambda row, title: self._number(PRICES, row, title),
            "rating": lambda row, title: self._number(RATINGS, row, title),
            "subject": self._subject,
        }
        return made[what](row, title) or Statement(_UNKNOWN[what], {"title": title})

    def called(self, author_id: str) -> str:
        """Return how an author is called: by their display name, else by their id."""
        name = self._author_name(author_id) if self._author_name is not None else ""
        return name or author_id

    def _author(self, row: int, title: Fact) -> Statement | None:
        id = str(self._live.document(row).get("author_id") or "")
        if not id:
            return None
        author = Fact("name", self.called(id), title.item_id)
        if author.value == id and id.isdecimal():
            template = "{title} is by the author {author}, whose name is not known here."
            return Statement(template, {"title": title, "author": author})
        return Statement("{title} is by {author}.", {"title": title, "author": author})

    def _date(self, row: int, title: Fact) -> Statement | None:
        year = self._value(YEARS, row)
        found = TITLE_YEAR.search(str(self._live.document(row).get("title") or ""))
        created = float(self._live.created[row])
        if year is not None:
            date = str(int(year[1]))
        elif found is not None:
            date = found[1]
        elif np.isfinite(created):
            date = datetime.fromtimestamp(created, UTC).date().isoformat()
        else:
            return None
        fact = Fact("date", date, title.item_id)
        return Statement("{title} is from {date}.", {"title": title, "date": fact})

    def _length(self, row: int, title: Fact) -> Statement | None:
        known = self._value(LENGTHS, row)
        if known is not None:
            name, number = known
            count = Fact("number", _figure(number), title.item_id)
            if name in _MINUTES:
                return Statement("{title}: {count} minutes.", {"title": title, "count": count})
            if name in _PAGES:
                return Statement("{title}: {count} pages.", {"title": title, "count": count})
            if name not in _WORDS:
                return self._number(LENGTHS, row, title)
        else:
            words = len(_WORD.findall(clean(str(self._live.document(row).get("text") or ""))))
            if not words:
                return None
            count = Fact("number", str(words), title.item_id)
        return Statement("{title}: {count} words.", {"title": title, "count": count})

    def _popularity(self, row: int, title: Fact) -> Statement | None:
        levels = self._live.counters.level[-1, : self._live.size]
        if not levels[row]:
            return None
        values: dict[str, Value] = {
            "title": title,
            "place": Fact("number", str(1 + int((levels > levels[row]).sum())), title.item_id),
            "count": Fact("number", str(len(levels))),
        }
        return Statement("By popularity {title} is number {place} of {count}.", values)

    def _subject(self, row: int, title: Fact) -> Statement | None:
        known = self._live.document(row)
        values: dict[str, Value] = {"title": title}
        excerpt = _excerpt(clean(str(known.get("text") or "")))
        if excerpt:
            values["text"] = Fact("text", excerpt, title.item_id)
            return Statement("{title}: {text}", values)
        tags = known.get("tags")
        labels = [known.get("category"), *(tags if isinstance(tags, list | tuple) else ())]
        named = tuple(Fact("name", str(one), title.item_id) for one in labels if one)
        if not named:
            return None
        values["labels"] = named[:MOST_LABELS]
        return Statement("{title} has no text; it is filed under {labels}.", values)

    def _number(self, names: Sequence[str], row: int, title: Fact) -> Statement | None:
        known = self._value(names, row)
        if known is None:
            return None
        values: dict[str, Value] = {
            "title": title,
            "field": Fact("name", known[0].replace("_", " ")),
            "number": Fact("number", _figure(known[1]), title.item_id),
        }
        return Statement("{title}: {field} {number}.", values)

    def _value(self, names: Sequence[str], row: int) -> tuple[str, float] | None:
        """Return the first field that an item has, and its value."""
        for name in names:
            found = self._live.metadata.numbers(name, self._live.size)
            if found is not None and np.isfinite(found[row]):
                return name, float(found[row])
        return None


def _figure(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _excerpt(text: str) -> str:
    """Return the first sentences of a text, as far as they fit; of a long one its beginning."""
    if len(text) <= LONGEST_EXCERPT:
        return text
    kept = ""
    for one in _SENTENCE_END.split(text[:LONGEST_EXCERPT])[:-1]:
        kept = f"{kept} {one}".strip()
    return kept or text[:LONGEST_EXCERPT].rsplit(" ", 1)[0] + "…"
