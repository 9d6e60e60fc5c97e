"""Flags for what a user did, one per kind of event: is_click, liked and purchased with 0 or 1."""

from __future__ import annotations

from collections.abc import Mapping

from recsys.data.event_kinds import find, fold
from recsys.data.id_normalization import is_null
from recsys.data.parsing import FieldError, shown
from recsys.data.reaction_columns import CODED, OPINIONS, kind_of_opinion

FLAG = "event:"  # what the columns of flags are called in a record, before their kind
NOT_SET = "impression"  # the kind of a row in which no flag is set
_EITHER = {"recommended": "like|dislike", "voted_up": "like|dislike"}  # set | not set
_BEFORE = ("is_", "has_", "was_", "did_", "user_", "")
WORDS = {"0": False, "1": True, "0.0": False, "1.0": True, "false": False, "true": True}
WORDS |= {"no": False, "yes": True, "n": False, "y": True, "f": False, "t": True}
WORDS |= {"否": False, "是": True, "假": False, "真": True}


def flag_column(name: str) -> str:
    """Return the column of a record that a name such as `is_like` stands for; empty for none."""
    folded = name.strip().lower().replace("-", "_").replace(" ", "_")
    for before in _BEFORE:
        rest = folded.removeprefix(before)
        if before and rest == folded:
            continue
        if rest in _EITHER:
            return FLAG + _EITHER[rest]
        kind = find(rest)
        if kind is not None and kind.name != NOT_SET:
            return FLAG + kind.name
    return ""


def may_say_kind(name: str) -> bool:
    """Whether the name of a column that is not read suggests what users did, yes or no."""
    folded = fold(name)
    return folded in OPINIONS or find(folded.removeprefix("is")) is not None


def flag_value(raw: object) -> bool | None:
    """Return whether a flag is set, a missing one is not; None for what is no flag."""
    if isinstance(raw, (bool, int, float)):
        return bool(raw) if raw in (0, 1) else None
    if is_null(raw):
        return False
    return WORDS.get(raw.strip().lower()) if isinstance(raw, str) else None


def kind_of_flags(fields: Mapping[str, object]) -> str | None:
    """Return the kind of the event that the flags of a row describe; None for a row without flags.

    The value of an opinion column (`recsys.data.reaction_columns`) has priority over flags.

    Of several flags that are set a refusal (a kind of negative weight) has priority, then the kind
    of the greatest weight; where none is set the item was only shown. FieldError for what is no
    flag.
    """
    done: list[str] = []
    flags = 0
    for name, raw in fields.items():
        if name[: len(CODED)] == CODED:
            return kind_of_opinion(name, raw)
        if name[: len(FLAG)] == FLAG:
            flags += 1
            value = flag_value(raw)
            if value is None:
                raise FieldError(name, f"{shown(raw)} is neither 0 nor 1, nor true or false")
            kind, _, other = name[len(FLAG) :].partition("|")
            if value or other and not is_null(raw):
                done.append(kind if value else other)
    if not flags:
        return None
    return max(done, key=_priority) if done else NOT_SET


def _priority(kind: str) -> tuple[bool, float]:
    row = find(kind)
    weight = 0.0 if row is None else row.weight
    return weight < 0, abs(weight)
