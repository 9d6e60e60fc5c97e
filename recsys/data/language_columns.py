"""LanguageColumns: titles, texts and labels of items in columns per language (`title_en`).

Where a file has no column for the title itself, the first column of the language columns that is
filled is the title of a row. The columns themselves stay metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from recsys.data.header_naming import column_meant
from recsys.data.id_normalization import is_null
from recsys.data.language_tagged_fields import is_certain, without_language

_COLUMNS = ("title", "text", "tags", "category", "url")


class LanguageColumns:
    """Fills the columns of item records from those that name a language, and notes which."""

    def __init__(self) -> None:
        self.read: dict[str, tuple[str, ...]] = {}  # column -> names in the file

    def fill(self, record: dict[str, Any], given: Mapping[str, str]) -> None:
        """Set each column of `_COLUMNS` that a record lacks and has by language, in place.

        `given`: what --map says; where it says that no column is the title, none is made.
        """
        for column, names in _by_language(tuple(record)).items():
            if column in given:
                continue
            record[column] = next((record[name] for name in names if not is_null(record[name])), "")
            self.read.setdefault(column, names)

    def sentence(self) -> str:
        """Return which columns were read for which, as a user should know; empty for none."""
        if not self.read:
            return ""
        parts = "; ".join(f"{', '.join(names)} as {column}" for column, names in self.read.items())
        way = " ".join(f"--map {column}={names[-1]}" for column, names in self.read.items())
        return f"of several languages the first that is filled was read: {parts}; {way} chooses one"


@lru_cache(maxsize=1024)
def _by_language(names: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Return the names that hold a column in some language, by column; only missing columns."""
    found: dict[str, dict[str, str]] = {}
    for name in names:
        base, tag = without_language(name)
        column = base if base in _COLUMNS else column_meant("items", base) if base else ""
        if column in _COLUMNS and column not in names:
            found.setdefault(column, {})[name] = tag
    return {
        column: tuple(tags) for column, tags in found.items() if any(map(is_certain, tags.values()))
    }
