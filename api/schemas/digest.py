"""Schemas of a digest."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from .field_types import Answer, Language, QueryMoment, Strict, whole


class DigestQuery(Strict):
    """What a digest is about."""

    since: QueryMoment | None = Field(
        None, description="Unix seconds or ISO 8601; default: seven days ago"
    )
    max: Annotated[int, Field(ge=3, le=50), BeforeValidator(whole)] = Field(10, description="items")
    lang: Language = None


class NotificationTexts(Answer):
    """Texts of a notification: the title, and the reason where both fit."""

    short: Annotated[str, Field(max_length=40)]
    medium: Annotated[str, Field(max_length=90)]
    long: Annotated[str, Field(max_length=180)]


class DigestItem(Answer):
    """An item that the user has missed."""

    item_id: str
    title: str
    reason: str
    notification: NotificationTexts


class DigestSection(Answer):
    """Items of one kind."""

    kind: Literal["followed", "topics", "trending", "new"]
    text: str
    items: list[DigestItem]


class Digest(Answer):
    """What a user has missed."""

    user: str
    since: float
    until: float
    sections: list[DigestSection]
    text: str = Field(description="the digest as lines")
    why_not: Literal["nothing_new", "too_few"] | None = Field(
        description="why there is no digest: nothing that was not seen, or fewer than three items"
    )
