"""EventParser: the event that a message holds, or why it holds none.

A message is a JSON object with the fields of an event under the same names as in files: other
names, nested objects and `--map` are understood as there (docs/formats.md).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from recsys.data.header_naming import Shape
from recsys.data.json_records import JsonObjects
from recsys.data.parsing import FieldError, shown
from recsys.data.reading_report import Broken, Options, Reading
from recsys.data.records import Event, parse_event

MOST_BYTES = 1_000_000  # of one message
_MOST_NAMES = 10_000  # names of fields that are remembered
_ID = re.compile("[0-9a-f]{32}")  # of a list


class Parsed(NamedTuple):
    """An event, and the list in which its item was seen."""

    event: Event
    recommendation_id: str  # empty: none


class Refused(NamedTuple):
    """Why a message holds no event."""

    column: str  # empty: the message as a whole is wrong
    reason: str


@dataclass(slots=True)
class EventParser:
    """Parses messages; what the names of their fields stand for is looked up once."""

    options: Options = field(default_factory=Options)
    most_bytes: int = MOST_BYTES
    _objects: JsonObjects = field(init=False)

    def __post_init__(self) -> None:
        self._objects = self._fresh()

    def parse(self, body: bytes, now: float) -> Parsed | Refused:
        """Return the event of a message; `now`: Unix seconds."""
        if len(body) > self.most_bytes:
            return Refused("", f"the message has {len(body)} bytes, {self.most_bytes} are allowed")
        try:
            found = json.loads(body)
        except UnicodeDecodeError:
            return Refused("", "the message is not UTF-8")
        except (ValueError, RecursionError) as error:
            return Refused("", f"the message is not JSON ({error})")
        if not isinstance(found, dict):
            return Refused("", "the message is not one JSON object: send one event per message")
        given = found.get("recommendation_id")
        try:
            if given is not None and not (isinstance(given, str) and _ID.fullmatch(given)):
                raise FieldError("recommendation_id", f"{shown(given)} is no id of a list")
            record, *others = self._objects.records(found)
            if others:
                count = len(others) + 1
                return Refused("", f"the message is about {count} items: send one for each item")
            if isinstance(record, Broken):
                return Refused("", record.reason)
            event = parse_event(record, now)
        except FieldError as error:
            return Refused(error.column, error.reason)
        if len(self._objects.reading.unused) > _MOST_NAMES:
            self._objects = self._fresh()
        return Parsed(event, given or "")

    def _fresh(self) -> JsonObjects:
        return JsonObjects(Shape.of("events"), Reading(self.options))
