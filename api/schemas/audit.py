"""Schemas of audit log entries."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .field_types import Answer, Id, Label, QueryMoment, Strict


class AuditQuery(Strict):
    """Which entries; without any parameter the newest."""

    actor: Label | None = Field(
        None, description="id of a key; `loopback`; `no key`; `command:<account>`; `service`"
    )
    subject: Id | None = Field(
        None, description="a user's id, or the subject that stands for a person in entries"
    )
    route: Label | None = Field(None, description="part of the route or command")
    since: QueryMoment | None = Field(
        None, description="Unix seconds or ISO 8601, this moment included"
    )
    until: QueryMoment | None = Field(
        None, description="Unix seconds or ISO 8601, this moment left out"
    )
    before: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = Field(
        None, description="entries with an id below this one: the next page"
    )
    n: Annotated[int, Field(ge=1, le=1000)] = 100


class AuditEntry(Answer):
    """One look or change."""

    id: int
    at: float = Field(description="Unix seconds")
    actor: str
    roles: list[str] = Field(description="of the key")
    action: str = Field(description="the route, or the command")
    right: str = Field(description="that the route needs; empty for commands")
    subject: str = Field(
        description="stands for the person concerned until they are erased; empty: nobody, or many"
    )
    object: str = Field(description="what else it concerns: an item, a version, a number of rows")
    outcome: str = Field(description="done, refused, missing, invalid, failed")
    request: str = Field(description="id of the request, as in the service's log")
    hash: str = Field(description="over this entry and the hash of the one before")


class Audit(Answer):
    """Entries, the newest first."""

    entries: list[AuditEntry]
    next: str | None
