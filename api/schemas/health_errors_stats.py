"""Schemas of errors, health and service statistics."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .field_types import Answer, Strict
from .items_users_events import UnknownKind


class Nothing(Strict):
    """No parameters."""


class ErrorPart(Answer):
    """What went wrong."""

    code: str
    message: str
    details: list[dict[str, Any]]


class Error(Answer):
    """The one shape of every failure."""

    error: ErrorPart


class StartPage(Answer):
    """What answers at this address, and the paths of its contract, its state and its console."""

    service: str
    version: str
    docs: str
    openapi: str
    health: str
    console: str | None


class Alive(Answer):
    """The process answers."""

    status: str


class SecondBundle(Answer):
    """The bundle of an experiment's arm, open beside the one in service."""

    version: str
    array_bytes: int = Field(description="of its files, of which what is read is in memory")
    memory_bytes: int | None = Field(
        description="by which the memory of this process has grown; null where it is not known"
    )


class Ready(Answer):
    """Whether lists can be served, and what is wrong if anything is."""

    status: str
    model_version: str | None
    bundle_age_hours: float | None
    store: bool
    writes: bool = Field(description="whether the store takes writes")
    second_bundle: SecondBundle | None = Field(
        description="while an experiment runs that names another bundle than the one in service"
    )
    lag_seconds: float | None
    warnings: list[str]


class Rate(Answer):
    """Shown and clicked."""

    shown: int
    clicked: int
    ctr: float


class Stats(Answer):
    """What the service holds and what came of its lists."""

    model_version: str | None
    counts: dict[str, int]
    flags: dict[str, int] = Field(description="items in service by what is doubtful about them")
    comments: dict[str, int] = Field(description="comments since the night that count less")
    unknown_kinds: list[UnknownKind] = Field(
        description="kinds of event that weigh nothing, the 100 most frequent"
    )
    ctr: dict[str, dict[str, Rate]]
    days: float
