"""Schemas of alerts, their evidence, and silences."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from .field_types import Answer, AnyMoment, Strict, words
from .notices import Number


class AlertsQuery(Strict):
    """Which alerts; without any parameter the newest that have fired."""

    state: Literal["pending", "firing", "acknowledged", "resolved"] | None = None
    kind: Literal["negative", "volume", "flood"] | None = None
    watch: Number | None = None
    before: Number | None = Field(None, description="ids below this one: the next page")
    n: Annotated[int, Field(ge=1, le=1000)] = 100


class Alert(Answer):
    """A burst on a watch."""

    id: int
    watch: int
    name: str = Field(description="of the watch")
    group: str
    kind: str = Field(
        description="negative: the negative share has risen; volume: more people than expected; "
        "flood: many texts of a few, which inhibits the others and is not sent"
    )
    state: str
    began: float
    fired: float | None
    acknowledged: float | None
    resolved: float | None
    notified: float | None = Field(description="null: not sent, or silenced")
    note: str
    by: str = Field(description="who acknowledged or resolved it; empty: nobody")
    figures: dict[str, Any] = Field(
        description="window_hours, texts, people, effective_people, negative_people, share with "
        "share_low and share_high (90 %), usual_share, expected_people, chance"
    )
    terms: list[str] = Field(description="used by more people than before, of three at least")
    entities: list[str]
    evidence_found: int = Field(description="texts that stood for it when it fired")


class Alerts(Answer):
    """Alerts, the newest first."""

    alerts: list[Alert]
    next: str | None


class EvidenceText(Answer):
    """A text that stands for an alert."""

    role: str = Field(description="central, first, spread or contrary")
    source: str = Field(description="item or comment")
    id: str = Field(description="of the item or of the event")
    item_id: str
    at: float
    author: str = Field(description="pseudonym; empty where nobody is known")
    text: str
    tone: str


class AlertWithEvidence(Alert):
    """An alert and its texts."""

    evidence: list[EvidenceText]
    evidence_erased: int = Field(description="texts that are gone since: erased, removed or hidden")
    warnings: list[str]


class NoteBody(Strict):
    """Why an alert is acknowledged or resolved."""

    note: words(2_000) = ""  # type: ignore[valid-type]


class SilenceBody(Strict):
    """A time in which alerts are not sent."""

    watch: Number | None = Field(None, description="of this watch alone")
    group: Annotated[str, Field(max_length=200)] | None = Field(None, description="of this group")
    start: AnyMoment = Field(None, description="default: now")
    end: AnyMoment = Field(description="not included")
    reason: words(2_000) = ""  # type: ignore[valid-type]


class Silence(Answer):
    """A time in which alerts are not sent."""

    id: int
    watch: int | None
    group: str | None
    start: float
    end: float
    reason: str
    created_by: str
    in_force: bool


class Silences(Answer):
    """All silences, also those that are over or still to come, oldest first."""

    silences: list[Silence]
