"""Flag: screening flag of an item with its evidence, kept in the item's public metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

KEY = "flags"  # of an item's metadata
COPY = "duplicate"  # the kind of a copy; `of` names the item that it is like
KINDS = (COPY, "spam", "flood", "insult", "threat", "scam", "rumour")


@dataclass(frozen=True, slots=True)
class Flag:
    """One reason to show an item lower."""

    kind: str  # one of KINDS, or a kind of a safety model
    score: float  # 0 to 1
    why: str  # for users
    of: str = ""  # of a copy: the id of the item that was there first

    def document(self) -> dict[str, Any]:
        """Return the flag as metadata holds it."""
        return {name: value for name, value in asdict(self).items() if name != "of" or value}


def read_flags(metadata: Mapping[str, Any]) -> tuple[Flag, ...]:
    """Return the flags in an item's metadata; what is there and not of our making is passed over.

    A platform may have a column of this name for its own ends.
    """
    found = []
    rows = metadata.get(KEY)
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and {"kind", "score", "why"} <= row.keys():
            score = row["score"]
            if isinstance(score, int | float) and 0 <= score <= 1:
                of = str(row.get("of", ""))
                found.append(Flag(str(row["kind"]), float(score), str(row["why"]), of))
    return tuple(found)
