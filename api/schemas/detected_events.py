"""Schemas of detected events."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .field_types import Answer, Strict
from .notices import Number
from .topics import Description


class DetectedEventsQuery(Strict):
    """Which events; without any parameter the newest."""

    state: Literal["active", "over"] | None = None
    before: Number | None = Field(None, description="ids below this one: the next page")
    n: Annotated[int, Field(ge=1, le=1000)] = 100


class DetectedEvent(Answer):
    """An event that was found in the texts of the platform."""

    id: int
    name: str = Field(description="main terms as texts write them")
    state: str = Field(description="active, or over: no text for five days")
    began: float = Field(description="time of its first text")
    detected: float
    last: float = Field(description="time of its newest text")
    texts: int
    people: int
    terms: list[str] = Field(description="the best first")
    entities: list[str] = Field(description="named by three people at least")
    description: Description


class DetectedEvents(Answer):
    """Detected events, the newest first."""

    events: list[DetectedEvent]
    next: str | None


class EventHour(Answer):
    """Texts of an event in an hour."""

    start: float
    texts: int
    people: int


class TextOfEvent(Answer):
    """A text of an event; authors are not named."""

    role: str = Field(description="first, or newest")
    source: str = Field(description="item or comment")
    item_id: str
    at: float
    text: str


class DetectedEventWithTexts(DetectedEvent):
    """An event with its time line and some texts."""

    timeline: list[EventHour] = Field(description="hours with texts, ascending")
    examples: list[TextOfEvent]
