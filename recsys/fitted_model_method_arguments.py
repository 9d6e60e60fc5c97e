"""Arguments of the methods of FittedModel, checked: histories, filters, ids, texts and lengths.

Each function returns what the recommender takes, or raises DataError that names the argument and
the way out. Values of numpy count as those of Python.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from numbers import Real
from typing import Any

from recsys.data.event_kind_weights import EventWeights
from recsys.data.parsing import FieldError, native, parse_id
from recsys.data.records import parse_event
from recsys.errors import DataError
from recsys.i18n import closest, languages
from recsys.ranking import metadata_filter
from recsys.ranking.query import Filters, Interaction
from recsys.serving.live_state import LiveState

MOST = 1_000  # items of a list
History = Iterable[str | int | Mapping[str, Any] | Interaction]
log = logging.getLogger("recsys")

_SECONDS = ("max_age", "min_age")  # fields of Filters that are numbers
_ROWS = "pass a list of item ids or of dicts, as frame.to_dict('records') or frame.to_dicts()"


def user_id_of(given: str | int | History) -> str | None:
    """Return the user id that an argument is; None where it is anything else."""
    user = native(given)
    if isinstance(user, (str, int)) and not isinstance(user, bool):
        return parse_id(user, "user")
    return None


def history_of(given: Any) -> tuple[Interaction, ...]:
    """Return a history, oldest first, from item ids and dicts of events."""
    kind = type(given).__name__
    if hasattr(given, "columns") or hasattr(given, "column_names"):
        raise DataError(f"user: a {kind} is no history: {_ROWS}")
    if isinstance(given, Mapping) or not isinstance(given, Iterable):
        raise DataError(f"user: a {kind} is neither a user id nor a history")
    return tuple(_interaction(one, place) for place, one in enumerate(given))


def _interaction(given: Any, place: int) -> Interaction:
    if isinstance(given, Interaction):
        return given
    try:
        if isinstance(given, Mapping):
            result = {"event": "like", **given} if given.get("value") is None else dict(given)
            one = parse_event({**result, "user_id": "session"})
            return Interaction(one.item_id, one.event, one.value, one.timestamp)
        return Interaction(parse_id(given, "item_id"))
    except FieldError as error:
        raise DataError(f"history: entry {place}, {error.column}: {error.reason}") from None


def warn_of_unknown_kinds(
    history: Iterable[Interaction], weights: EventWeights, warned: set[str]
) -> None:
    """Log each kind of event that has no weight once: such events of a history count nothing."""
    for kind in weights.unknown(Counter(one.event for one in history)):
        if kind not in warned:
            warned.add(kind)
            near = weights.nearest(kind)
            meant = f"; is {near!r} meant?" if near else ""
            log.warning("history: %r is no kind of event and counts nothing%s", kind, meant)


def filters_of(given: Filters | Mapping[str, Any] | None) -> Filters:
    """Return filters from field -> value or values; a field that is None filters nothing."""
    if given is None or isinstance(given, Filters):
        return given or Filters()
    if not isinstance(given, Mapping):
        raise DataError(
            f"filters: a {type(given).__name__} is no mapping; pass field -> value or values, such"
            ' as {"category": "drama"}'
        )
    known = [one.name for one in fields(Filters)]
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            near = get_close_matches(str(name), known, 1)
            meant = f"; is {near[0]} meant?" if near else f"; there are {', '.join(known)}"
            raise DataError(f"filters: {name!r} is no field{meant}")
        if value is not None:
            found[name] = _filter(name, native(value))
    return Filters(**found)


def _filter(name: str, value: Any) -> Any:
    if name == "where":
        return metadata_filter.parse(value) if isinstance(value, str) else tuple(value)
    if name in ("strict_language", "replies"):
        if not isinstance(value, bool):
            raise DataError(f"filters: {name}={value!r} is neither True nor False")
        return value
    if name in _SECONDS:
        if isinstance(value, bool) or not isinstance(value, Real) or not float(value) >= 0:
            raise DataError(f"filters: {name}={value!r} is no number of seconds from 0")
        return float(value)
    if not isinstance(value, Iterable):
        value = [value]
    values = [value] if isinstance(value, str) else [native(one) for one in value]
    if name not in ("topic", "not_topic"):
        return frozenset(str(one) for one in values)
    try:
        return frozenset(int(one) for one in values)
    except (TypeError, ValueError):
        raise DataError(f"filters: {name}={value!r} is no number of a topic") from None


def check_where(filters: Filters, live: LiveState) -> None:
    """Raise DataError where a condition is about a field that no item has."""
    found = metadata_filter.unknown(live, filters.where)
    if found is not None:
        name, near = found
        meant = f"; is {' or '.join(near)} meant?" if near else ""
        raise DataError(f"where: no item has a field {name!r}{meant}")


def ids_of(given: str | int | Iterable[str | int], name: str) -> frozenset[str]:
    """Return the ids of an argument: one id, or several."""
    one = native(given)
    if isinstance(one, (str, int)):
        return frozenset([parse_id(one, name)])
    return frozenset(parse_id(entry, name) for entry in given)  # type: ignore[union-attr]


def text_of(given: str | None, name: str) -> str:
    """Return the text of an argument; None is an empty one."""
    if given is not None and not isinstance(given, str):
        raise DataError(f"{name}: a {type(given).__name__} is no text")
    return given or ""


def texts_of(given: str | Iterable[str], name: str) -> tuple[str, ...]:
    """Return the texts of an argument: one text, or several."""
    return tuple(text_of(one, name) for one in ([given] if isinstance(given, str) else given))


def language_of(given: str) -> str:
    """Return the language of the sentences nearest to a tag."""
    found = closest(text_of(given, "language"))
    if found is None:
        raise DataError(f"language={given!r}: there are sentences in {', '.join(languages())}")
    return found


def count_of(given: int, name: str = "n") -> int:
    """Return a number of items or rows, from 1 to MOST."""
    whole = native(given)
    if isinstance(whole, bool) or not isinstance(whole, int) or not 1 <= whole <= MOST:
        raise DataError(f"{name}={given!r} is not a whole number from 1 to {MOST}")
    return whole
