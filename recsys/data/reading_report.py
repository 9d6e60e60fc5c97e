"""Reading report: options for the reading of a file, what was found out, and rejected rows."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from recsys.data.header_naming import Naming
from recsys.data.item_lists import ItemList
from recsys.data.language_columns import LanguageColumns
from recsys.data.publication_state import PublicationStates
from recsys.data.written_ratings import WrittenRatings
from recsys.errors import DataError

BLANK, HEADER, RULES = "blank lines", "repeated headers", "ruled lines"
Record = dict[str, Any]
Rows = Iterator[tuple[int, "Record | Broken"]]


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that breaks a rule: where it is, what is wrong with it, and the row itself."""

    file: str
    line: int  # the line where the row begins; in Parquet and .json the row, from 1
    column: str  # empty when the row as a whole is wrong
    reason: str
    raw: str  # the row as JSON, or the line as it came

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: "
        return place + (f"{self.column} {self.reason}" if self.column else self.reason)


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that is no record at all: a line that is not JSON, a row with a cell too many."""

    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller says about files that they do not say themselves."""

    names: Mapping[str, str] = field(default_factory=dict)  # column -> name in the file
    encoding: str = ""  # empty: UTF-8, UTF-16 or GB 18030, as the bytes show
    dates: str = ""  # DAY_FIRST or MONTH_FIRST; empty: as the first rows show
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # kind of file -> names

    def __post_init__(self) -> None:
        try:
            codecs.lookup(self.encoding or "utf-8").incrementaldecoder  # noqa: B018
        except LookupError:
            raise DataError(
                f"encoding {self.encoding!r} is not known: gb18030, big5, cp1252, utf-16, …"
            ) from None


@dataclass(slots=True)
class Reading:
    """What is found out about a file while it is read."""

    options: Options = field(default_factory=Options)
    form: list[str] = field(default_factory=list)  # what differs from UTF-8 and commas
    columns: list[str] = field(default_factory=list)  # in the order of the file
    renamed: dict[str, str] = field(default_factory=dict)  # name in the file -> column
    unused: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # become metadata
    skipped: Counter[str] = field(default_factory=Counter)  # BLANK, HEADER, RULES -> rows
    states: PublicationStates = field(default_factory=PublicationStates)  # of items
    ratings: WrittenRatings = field(default_factory=WrittenRatings)  # of events
    anonymous: int = 0  # rows of events whose user is an anonymous id
    languages: LanguageColumns = field(default_factory=LanguageColumns)  # of items
    item_lists: dict[str, list[int]] = field(default_factory=dict)  # name -> rows, events
    continued: int = 0  # rows of items that were joined to the row before

    def add(self, naming: Naming) -> None:
        """Note what the names of a header, or of one JSON object, stand for."""
        self.renamed.update(naming.renamed)
        for into, names in (
            (self.columns, naming.columns),
            (self.unused, naming.unused),
            (self.kept, naming.kept),
        ):
            new = (name for name in dict.fromkeys(names) if name not in self.item_lists)
            into.extend(name for name in new if name not in into)

    def add_item_list(self, found: ItemList) -> None:
        """Note an event about the items of a list."""
        self.item_lists.setdefault(found.name, [0, 0])
        self.item_lists[found.name][0] += 1
        self.item_lists[found.name][1] += len(found.entries)

    def add_time(self, column: str, unit: str) -> None:
        """Note in which form, worth telling, a column holds times; empty for none."""
        if unit and (words := f"{column} in {unit}") not in self.form:
            self.form.append(words)
