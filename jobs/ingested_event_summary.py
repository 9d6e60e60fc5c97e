"""IngestStatistics: counts of event kinds, items and odd ids, gathered while events are
ingested.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from recsys.data.event_kind_weights import LEFT_EARLY, EventWeights
from recsys.data.records import Event
from recsys.store.store import Store

SHOWN = 5  # examples that a line names
MANY = 100  # events from which items of one event each are a sign of a wrong column
OWN = 0.98  # share of events with an item of its own, from which a note says so
_PLACEHOLDERS = frozenset(
    (
        "0",
        "-1",
        "unknown",
        "Unknown",
        "UNKNOWN",
        "anonymous",
        "Anonymous",
        "guest",
        "Guest",
        "anon",
        "deleted",
        "[deleted]",
        "test",
        "admin",
        "root",
        "true",
        "false",
        "True",
        "False",
        "[object Object]",
        "#REF!",
        "#VALUE!",
        "#NAME?",
        "#DIV/0!",
    )
)
LISTS_EXAMINED = 1_000  # ids without a record that may be several in one cell
_SEVERAL = re.compile(r"[^\s,;|]+(?:[ ]*[,;|][ ]*[^\s,;|]+)+")
_TRACKED = re.compile(  # addresses of pages with what only says where a visitor came from
    r"https?://\S*[?&](?:utm_\w+|gclid|dclid|fbclid|msclkid|yclid|mc_eid|_gl)=", re.IGNORECASE
)
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d+")  # 1.23E+17: a spreadsheet cut the digits off


class IngestStatistics:
    """Kinds, items and odd ids of the events of a run."""

    def __init__(self, weights: EventWeights | None = None) -> None:
        self.weights = weights or EventWeights()
        self.without_weight = 0  # events whose value of 0, or small share, leaves no weight
        self.kinds: Counter[str] = Counter()
        self.items: Counter[str] = Counter()
        self.suspicious: Counter[str] = Counter()

    def count(self, events: Sequence[Event]) -> None:
        """Count a batch of events."""
        self.kinds.update([event.event for event in events])
        low = [event for event in events if event.value is not None and 0 <= event.value < 1]
        self.without_weight += sum([self._loses_weight(one.event, one.value) for one in low])
        self.items.update([event.item_id for event in events])
        users = Counter([event.user_id for event in events])
        for id in _odd(users):
            self.suspicious[id] += users[id]

    def _loses_weight(self, kind: str, value: float | None) -> bool:
        return self.weights.heeds(kind) and not self.weights.heeds(kind, value)

    def report(self, store: Store) -> dict[str, Any]:
        """Return what stands in the report of an ingest, after the items are stored."""
        unrecorded = store.unrecorded(self.items)
        events, own = self.items.total(), sum(self.items[id] == 1 for id in unrecorded)
        tracked = [id for id in self.items if "=" in id and _TRACKED.match(id)]
        odd = self.suspicious + Counter({id: self.items[id] for id in _odd(self.items)})
        return {
            "kinds": dict(self.kinds.most_common()),
            "unknown_kinds": self.weights.unknown_kinds(self.kinds),
            "without_weight": self.without_weight,
            "unrecorded": {
                "events": sum(self.items[id] for id in unrecorded),
                "items": len(unrecorded),
                "examples": unrecorded[:SHOWN],
            },
            "own_items": own if events >= MANY and own > OWN * events else 0,
            "several_ids": self._several_ids(unrecorded, store),
            "tracked_addresses": {
                "events": sum(self.items[id] for id in tracked),
                "items": len(tracked),
                "examples": tracked[:SHOWN],
            },
            "suspicious_ids": dict(odd.most_common(20)),
        }

    def _several_ids(self, unrecorded: Sequence[str], store: Store) -> dict[str, int]:
        """Return ids without a record that are several ids in one cell (`12,15,18`) -> events.

        Each part is the id of an item with a record, or all are numbers.
        """
        found = {
            id: re.split(r"[ ]*[,;|][ ]*", id)
            for id in unrecorded
            if _SEVERAL.fullmatch(id) is not None
        }
        found = dict(list(found.items())[:LISTS_EXAMINED])
        unknown = {*store.unrecorded(Counter(part for parts in found.values() for part in parts))}
        return {
            id: self.items[id]
            for id, parts in found.items()
            if all(map(str.isdecimal, parts)) or unknown.isdisjoint(parts)
        }


def unknown_kind_lines(found: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each kind that `EventWeights.unknown_kinds` names."""
    for one in found:
        near = f"; is {one['nearest']!r} meant?" if one["nearest"] else ""
        yield (
            f"events: {one['count']:,} of the unknown kind {one['event']!r} "
            f"{'weighs' if one['count'] == 1 else 'weigh'} nothing until "
            f"RECSYS_EVENT_WEIGHTS names it{near}"
        )


def statistics_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that a user should read."""
    yield from unknown_kind_lines(report["unknown_kinds"])
    if report["without_weight"]:
        yield (
            f"events: {report['without_weight']:,} without weight, as the value is 0 or a share "
            f"below {LEFT_EARLY:g}"
        )
    without = report["unrecorded"]
    if without["events"]:
        yield (
            f"events: {without['events']:,} on items without a record "
            f"({without['items']:,} items, as {', '.join(without['examples'])})"
        )
    if report["own_items"]:
        yield (
            f"events: {report['own_items']:,} have an item of their own that no record and no "
            "other event names: the column read as item_id may number the events; another one is "
            "named with --map item_id=NAME"
        )
    if several := report["several_ids"]:
        rows = sum(several.values())
        have = "1 has" if rows == 1 else f"{rows:,} have"
        stored = "is stored as one event" if rows == 1 else "are stored as one event each"
        yield (
            f"events: {have} several ids in a cell, as {next(iter(several))!r}, and {stored} on an "
            "item of that id: write a row for each item, or a JSON list, as in [12, 15]"
        )
    tracked = report["tracked_addresses"]
    if tracked["events"]:
        yield (
            f"events: {tracked['events']:,} on addresses with campaign parameters "
            f"({tracked['items']:,} items, as {tracked['examples'][0]}): each is an item beside "
            "the page without them; cut off utm_… and the like before the ingest"
        )
    if report["suspicious_ids"]:
        named = [f"{id} ({count:,})" for id, count in report["suspicious_ids"].items()]
        yield f"events: suspicious ids: {', '.join(named[:SHOWN])}"


def _odd(ids: Counter[str]) -> list[str]:
    """Return ids that stand for nobody in particular, or have lost digits."""
    found = [id for id in _PLACEHOLDERS if id in ids]
    return found + [id for id in ids if "+" in id and _ROUNDED.fullmatch(id)]
