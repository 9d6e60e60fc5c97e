"""Commands that a language model chooses for a message that was not understood.

The model may choose among kinds and words only: no ids, no control of the profile, no hand-over.
What its words are about is looked up afterwards, as for any message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, get_args

from recsys.dialogue.commands import (
    MOST,
    Action,
    CannotDo,
    Command,
    Comparison,
    Shown,
    command_of,
)
from recsys.errors import DataError


class CommandModel(Protocol):
    """A model that answers with JSON under a schema."""

    def commands(
        self, message: str, schema: Mapping[str, Any], context: str = ""
    ) -> Mapping[str, Any] | None:
        """Return an object that keeps to the schema; None where there is none in time."""


_TARGET: Mapping[str, Any] = {
    "type": "object",
    "properties": {"words": {"type": "string", "minLength": 1, "maxLength": 200}},
    "required": ["words"],
}
_TEXT: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 200}


def _kind(name: str, *required: str, **properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"kind": {"const": name}, **properties},
        "required": ["kind", *required],
    }


_KINDS = [
    _kind("steer", "action", "target", action={"enum": list(get_args(Action))}, target=_TARGET),
    _kind(
        "find",
        words=_TEXT,
        like=_TARGET,
        than={"type": "array", "items": {"enum": list(get_args(Comparison))}, "maxItems": 3},
    ),
    _kind("why", item=_TARGET),
    _kind("around", subject=_TARGET),
    _kind("help", "question", question=_TEXT),
    _kind("undo"),
    _kind("show", "what", what={"enum": list(get_args(Shown))}),
    _kind("cannotdo", "what", what={"enum": ["unknown", "outside"]}),
]
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "commands": {
            "type": "array",
            "items": {"oneOf": _KINDS},
            "minItems": 1,
            "maxItems": MOST,
        }
    },
    "required": ["commands"],
}


def is_unclear(commands: Sequence[Command]) -> bool:
    """Return whether a message was not understood, or taken for one about something else."""
    return all(isinstance(one, CannotDo) and one.what in ("unknown", "outside") for one in commands)


def commands_by_model(model: CommandModel, message: str) -> tuple[Command, ...]:
    """Return the commands that a model chooses; none where it has no answer that fits."""
    found = model.commands(message, SCHEMA)
    if found is None:
        return ()
    try:
        chosen = tuple(map(command_of, found["commands"]))
    except DataError:
        return ()
    return () if is_unclear(chosen) else chosen
