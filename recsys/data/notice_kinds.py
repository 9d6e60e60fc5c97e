"""Notice kinds with the JSON schema of their data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from recsys.errors import DataError

Schema = Mapping[str, Any]
_TEXT, _NUMBER, _WHOLE = ({"type": name} for name in ("string", "number", "integer"))
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of notice."""

    text: str  # the subject line of a mail, with {fields} of the data
    help: str  # when a notice of this kind is made
    fields: Mapping[str, Schema]  # all are required, others may follow in later versions

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of the data."""
        return {
            "type": "object",
            "properties": {name: dict(one) for name, one in self.fields.items()},
            "required": list(self.fields),
        }


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "night_published": Kind(
            "Night {run} published {version}",
            "a night has published a bundle",
            {"run": _WHOLE, "version": _TEXT, "reason": _TEXT, "seconds": _NUMBER},
        ),
        "night_refused": Kind(
            "Night {run} was refused: {reason}",
            "the gate has refused a night's bundle; the one before stays in service",
            {"run": _WHOLE, "version": _TEXT, "reason": _TEXT, "seconds": _NUMBER},
        ),
        "night_failed": Kind(
            "Night {run} failed: {error}",
            "a night has ended with an error, or was killed (noted when the next one begins)",
            {"run": _WHOLE, "error": _TEXT, "seconds": _NUMBER},
        ),
        "backup_failed": Kind(
            "A backup failed: {error}",
            "`recsys backup` has ended with an error",
            {"folder": _TEXT, "error": _TEXT},
        ),
        "writes_failing": Kind(
            "The store of {host} takes no writes",
            "the store has taken no writes for five seconds; sent while that is so",
            {"host": _TEXT, "since": _NUMBER},
        ),
        "writes_failed": Kind(
            "The store took no writes for {seconds:.0f} seconds",
            "the store has taken no writes for more than five seconds; made when it does again",
            {"since": _NUMBER, "until": _NUMBER, "seconds": _NUMBER},
        ),
        "suspicious_group": Kind(
            "Suspicious voices on {item_id}",
            "voices of the last day on an item exceed the platform's usual mix of accounts; once"
            " per group, see GET /suspects",
            {
                "item_id": _TEXT,
                "voices": _WHOLE,
                "first": _NUMBER,
                "last": _NUMBER,
                "properties": _TEXT,
            },
        ),
        "alert_firing": Kind(
            "{count} alert(s) of {group}: {summary}",
            "bursts on the watches of a group have begun to fire; see GET /alerts",
            {
                "group": _TEXT,
                "count": _WHOLE,
                "alerts": _TEXT,
                "watches": _TEXT,
                "summary": _TEXT,
                "at": _NUMBER,
            },
        ),
        "alert_resolved": Kind(
            "Resolved: {summary}",
            "an alert that was told of is over",
            {"group": _TEXT, "alert": _WHOLE, "watch": _TEXT, "summary": _TEXT, "at": _NUMBER},
        ),
        "watch_digest": Kind(
            "Watches from {start:.0f} to {end:.0f}: {alerts} alert(s)",
            "a day or a week is over, for the watches that ask for a digest",
            {
                "period": _TEXT,
                "group": _TEXT,
                "start": _NUMBER,
                "end": _NUMBER,
                "alerts": _WHOLE,
                "text": _TEXT,
            },
        ),
        "experiment_stopped": Kind(
            "Experiment {experiment} was stopped: {reason}",
            "an experiment has harmed a guardrail, or its end has come",
            {"experiment": _TEXT, "reason": _TEXT, "at": _NUMBER},
        ),
        "user_digest": Kind(
            "What you missed: {items} items",
            "`recsys digest --send` has found what a user has missed",
            {"user_id": _TEXT, "start": _NUMBER, "end": _NUMBER, "items": _WHOLE, "text": _TEXT},
        ),
        "worker_died": Kind(
            "Worker {worker} of {host} died ({cause})",
            "a worker of `recsys serve` has died and is replaced; cause: exit, signal or silence",
            {
                "host": _TEXT,
                "worker": _WHOLE,
                "pid": _WHOLE,
                "cause": _TEXT,
                "status": _WHOLE,
                "at": _NUMBER,
                "lived": _NUMBER,
            },
        ),
        "test": Kind(
            "Test",
            "a test was requested, for one webhook or mail address",
            {"text": _TEXT},
        ),
        "mail_confirmation": Kind(
            "Confirm this address",
            "a mail address was added; goes to this address alone, and carries its token",
            {"address": _WHOLE},
        ),
    }
)


def check(kind: str, data: Mapping[str, Any]) -> None:
    """Raise DataError unless data are as the schema of a kind of notice says."""
    if kind not in KINDS:
        raise DataError(f"notice kind {kind!r} is none of {', '.join(KINDS)}")
    for name, schema in KINDS[kind].fields.items():
        value = data.get(name)
        fits = isinstance(value, _TYPES[schema["type"]]) and not isinstance(value, bool)
        if not fits or (isinstance(value, float) and not math.isfinite(value)):
            raise DataError(f"{kind}: {name} = {value!r} is no {schema['type']}")
