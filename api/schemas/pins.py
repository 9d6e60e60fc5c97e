"""Schemas of operators' pins."""

from __future__ import annotations

import time

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from .field_types import WINDOW, Answer, AnyMoment, BodyId, Position, Strict


class PinBody(Strict):
    """A pin to add."""

    item_id: BodyId
    position: Position = Field(description="from 1")
    start: AnyMoment = Field(None, description="default: now")
    end: AnyMoment = Field(None, description="not included; default: until it is removed")

    @field_validator("end")
    @classmethod
    def _after_the_start(cls, value: float | None, info: ValidationInfo) -> float | None:
        now = time.time()
        if value is not None and value <= max(now, info.data.get("start") or now):
            reason = "is not after start and now: the pin would never hold"
            raise PydanticCustomError(WINDOW, "{reason}", {"reason": reason})
        return value


class Pin(Answer):
    """A pin."""

    id: int
    item_id: str
    position: int
    start: float | None = Field(description="Unix seconds; null: since it was made")
    end: float | None = Field(description="Unix seconds, not included; null: until it is removed")
    created: float
    in_force: bool


class Pins(Answer):
    """All pins, also those that are over or still to come, oldest first."""

    pins: list[Pin]
