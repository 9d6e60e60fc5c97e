"""Gazetteer: entity names supplied by a platform in a file of `name,kind,alias|alias`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from recsys.errors import DataError
from recsys.text.clean import clean
from recsys.text.entities.markup import LONGEST_NAME

DEFAULT_KIND = "name"


@dataclass(frozen=True, slots=True)
class Entry:
    """One name, what kind of thing it names, and how else it is written."""

    name: str
    kind: str = DEFAULT_KIND
    aliases: tuple[str, ...] = ()


def read_gazetteer(path: Path) -> list[Entry]:
    """Return the entries of a file in UTF-8, in order; a name given twice keeps its first kind.

    Blank lines and lines that begin with # are passed over. DataError names file and line.
    """
    found: dict[str, Entry] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.reader(file), start=1):
                if row and any(cell.strip() for cell in row) and not row[0].startswith("#"):
                    entry = _entry(row, f"{path}:{number}")
                    before = found.get(entry.name.casefold())
                    found[entry.name.casefold()] = (
                        entry
                        if before is None
                        else Entry(before.name, before.kind, (*before.aliases, *entry.aliases))
                    )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"gazetteer {path} cannot be read: {error}") from error
    return list(found.values())


def _entry(row: list[str], place: str) -> Entry:
    if len(row) > 3:
        raise DataError(f"{place}: {len(row)} columns; a line is name,kind,alias|alias")
    cells = [clean(cell) for cell in [*row, "", ""]]
    name, kind = cells[0], cells[1].lower() or DEFAULT_KIND
    aliases = tuple(dict.fromkeys(a for a in map(clean, cells[2].split("|")) if a))
    for each in (name, *aliases):
        if not each or len(each) > LONGEST_NAME:
            raise DataError(f"{place}: {each[:60]!r} is not a name of 1 to {LONGEST_NAME} signs")
    return Entry(name, kind[:LONGEST_NAME], aliases)
