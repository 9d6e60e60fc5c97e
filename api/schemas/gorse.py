"""Schemas of Gorse's records with Gorse's spelling; unknown fields are ignored."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from .field_types import (
    MAX_N,
    MAX_OFFSET,
    AnyLabels,
    AnyTexts,
    BodyId,
    GorseDate,
    GorseMoment,
    Id,
    Kind,
    Label,
    NewId,
    words,
)


class Loose(BaseModel):
    """Base: unknown names are passed over, as Gorse does."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class FeedbackBody(Loose):
    """A user did something to an item."""

    FeedbackType: Kind
    UserId: NewId
    ItemId: NewId
    Timestamp: GorseMoment = None
    Comment: words(100_000) | None = ""  # type: ignore[valid-type]
    Value: float | None = None


class SessionFeedback(Loose):
    """Something done in a session: the user may be missing."""

    FeedbackType: Kind = "like"
    ItemId: BodyId
    Timestamp: GorseMoment = None
    Value: float | None = None


class ItemBody(Loose):
    """An item."""

    ItemId: NewId
    IsHidden: bool = False
    Categories: AnyLabels | None = None
    Timestamp: GorseDate = None
    Labels: Any = None
    Comment: words(1_000_000) | None = ""  # type: ignore[valid-type]


class ItemPatch(Loose):
    """Changes to an item; null leaves a field as it is."""

    IsHidden: bool | None = None
    Categories: AnyLabels | None = None
    Timestamp: GorseDate = None
    Labels: Any = None
    Comment: words(1_000_000) | None = None  # type: ignore[valid-type]


class UserBody(Loose):
    """A user."""

    UserId: NewId
    Labels: Any = None
    Subscribe: AnyTexts | None = None
    Comment: words(512) | None = ""  # type: ignore[valid-type]


class UserPatch(Loose):
    """Changes to a user."""

    Labels: Any = None
    Subscribe: AnyTexts | None = None
    Comment: words(512) | None = None  # type: ignore[valid-type]


class ListQuery(Loose):
    """Parameters of lists."""

    n: Annotated[int, Field(ge=0, le=MAX_N)] = 10
    offset: Annotated[int, Field(ge=0, le=MAX_OFFSET)] = 0
    category: list[Label] = []
    user_id: Id | None = Field(None, alias="user-id")
    write_back_type: Kind | None = Field(None, alias="write-back-type")
    write_back_delay: str | None = Field(None, alias="write-back-delay")


class PageQuery(Loose):
    """Parameters of pages of records."""

    n: Annotated[int, Field(ge=1, le=1_000)] = 100
    cursor: str = ""
