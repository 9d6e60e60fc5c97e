"""Schemas of items, users and events: bodies and responses."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from recsys.data.parsing import MAX_VALUE
from recsys.data.records import window_error

from .field_types import (
    WINDOW,
    Answer,
    AnyMoment,
    BodyId,
    CategoryText,
    Count,
    Id,
    Kind,
    Label,
    Labels,
    Limit,
    Moment,
    NewId,
    RecommendationId,
    Strict,
    words,
)

Category = Annotated[str, Field(max_length=512)]


class ItemBody(Strict):
    """An item; names that are not listed are kept as its metadata."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)

    item_id: NewId
    title: words(2_000) = ""  # type: ignore[valid-type]
    text: words(1_000_000) = ""  # type: ignore[valid-type]
    tags: Labels = []
    category: CategoryText = ""
    author_id: BodyId | None = None
    created_at: AnyMoment = Field(
        None,
        description="default: now, for an item not known before; more than five minutes ahead of "
        "the server's clock, it counts as `available_from` too",
    )
    available_from: AnyMoment = Field(None, description="before it the item is in no list")
    expires_at: AnyMoment = Field(
        None, description="from then on the item is in no list; after `available_from`"
    )
    url: words(4_000) = ""  # type: ignore[valid-type]
    parent_id: BodyId | None = Field(None, description="the item that this one answers")
    metadata: dict[str, Any] = {}

    @field_validator("expires_at")
    @classmethod
    def _window(cls, value: float | None, info: ValidationInfo) -> float | None:
        error = window_error(info.data.get("available_from"), value)
        if error is not None:
            raise PydanticCustomError(WINDOW, "{reason}", {"reason": error.reason})
        return value


class ItemValues(ItemBody):
    """An item whose id is in the path."""

    item_id: BodyId | None = None


class ItemPatch(Strict):
    """Changes to an item; what is absent stays, null empties a field."""

    title: words(2_000) | None = None  # type: ignore[valid-type]
    text: words(1_000_000) | None = None  # type: ignore[valid-type]
    tags: Labels | None = None
    category: CategoryText | None = None
    author_id: BodyId | None = None
    created_at: AnyMoment = None
    available_from: AnyMoment = Field(None, description="null and empty text: no limit")
    expires_at: AnyMoment = Field(None, description="null and empty text: no limit")
    url: words(4_000) | None = None  # type: ignore[valid-type]
    parent_id: BodyId | None = None
    metadata: dict[str, Any] | None = None
    hidden: bool | None = Field(None, description="true: never shown, until false")


class EventBody(Strict):
    """One user did one thing to one item."""

    user_id: NewId
    item_id: NewId
    event: Kind | None = Field(None, description="default: rating with a value, else view")
    value: Annotated[float, Field(ge=-MAX_VALUE, le=MAX_VALUE)] | None = None
    text: words(100_000) = Field("", description="a comment's words")  # type: ignore[valid-type]
    timestamp: Moment = Field(None, description="default: now")
    shared_from: BodyId | None = Field(
        None,
        description="the user from whose act this share came; may be added to a known event later",
    )
    recommendation_id: RecommendationId | None = Field(
        None, description="of the list in which the user saw the item"
    )


class UserBody(Strict):
    """What a platform tells about a reader; replaces what was told before."""

    name: words(512) = ""  # type: ignore[valid-type]
    interests: Labels = Field([], description="words, categories or tags the person likes")
    items: Annotated[list[BodyId], Field(max_length=100, fail_fast=True)] = Field(
        [], description="items the person likes; each becomes a like"
    )
    language: Annotated[str, Field(max_length=64)] = ""


class UserRow(UserBody):
    """A reader, with the id; for bulk."""

    user_id: NewId


class PageQuery(Strict):
    """A page of records, in the order of their ids."""

    n: Limit = 100
    after: Id | None = Field(None, description="from `next` of the page before")


class ItemsQuery(PageQuery):
    """Items, or exactly those named."""

    item_id: Annotated[list[Id], Field(max_length=100)] = Field([], description="these items only")
    tone: bool = Field(False, description="tell the tone of each item's words")


class OneUserQuery(PageQuery):
    """Users, or the one named: for ids that a path cannot carry."""

    user_id: Id | None = None


class EventsQuery(Strict):
    """Events of one user, the newest first."""

    user_id: Id
    n: Limit = 100
    after: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None


class PartialQuery(Strict):
    """How a list of rows is taken in."""

    partial: bool = Field(
        False,
        description="store the rows that are right and tell the others in `rejected`; by default "
        "one wrong row refuses all",
    )


class RejectedRow(Answer):
    """A row that was not stored."""

    row: Annotated[int, Field(ge=0)] = Field(description="its place in the list, from 0")
    field: str
    message: str


class Stored(Answer):
    """What a write did."""

    accepted: Annotated[int, Field(ge=0)]
    new: Annotated[int, Field(ge=0)]
    duplicates: Annotated[int, Field(ge=0)] = 0
    rejected: list[RejectedRow] = Field([], description="with `partial`: rows that are wrong")


class StoredItems(Stored):
    """What a write of items did."""

    emptied: Annotated[int, Field(ge=0)] = Field(
        0,
        description="records that lost a field which had been filled, absent for none",
    )
    warnings: list[str] = Field(
        [],
        description="fields that were kept as metadata and have a name that files use for another "
        "field, such as `body` for `text`; absent for none",
    )


class UnknownKind(Answer):
    """A kind of event that weighs nothing, as neither the table nor the settings name it."""

    event: str
    count: Annotated[int, Field(ge=0)]
    nearest: str | None = Field(description="the known kind whose name is most like it")


class StoredEvents(Stored):
    """What became of events."""

    unknown_kinds: list[UnknownKind] = Field(
        [],
        description="kinds that were stored and weigh nothing until RECSYS_EVENT_WEIGHTS "
        "names them, the 100 most frequent",
    )
    unrecorded_items: list[str] = Field(
        [],
        description="items without a record, the first 100: their events are stored; whether lists "
        "hold such items is RECSYS_UNRECORDED_ITEMS",
    )


class EventKind(Answer):
    """What a kind of event says."""

    event: str
    weight: float = Field(description="how much it asks for more of the same; negative: for less")
    act: bool = Field(description="whether it is an act of the user: else it is only stored")
    explicit: bool = Field(description="whether it states a liking or a dislike")
    synonyms: list[str]
    withdraws: str | None = Field(description="the kind of earlier acts that it takes back")


class EventKinds(Answer):
    """All kinds of event."""

    kinds: list[EventKind]
    unknown: list[UnknownKind] = Field(
        description="kinds in the store that weigh nothing, the 100 most frequent"
    )


class TopicName(Answer):
    """A topic as it is referred to."""

    id: int
    name: str = Field(description="empty where nothing names it well")
    titles: list[str] = Field([], description="of items that stand for it, where it has no name")


class Item(Answer):
    """An item; what is not known is left out."""

    item_id: str
    title: str = ""
    text: str = ""
    tags: list[str] = []
    category: str = ""
    author_id: str = ""
    created_at: float | None = None
    available_from: float | None = None
    expires_at: float | None = None
    url: str = ""
    parent_id: str = ""
    metadata: dict[str, Any] = {}
    topics: list[TopicName] = Field([], description="what it is about, by the last night")
    tone: Annotated[float, Field(ge=-1, le=1)] | None = Field(None, description="if asked for")


class Items(Answer):
    """A page of items."""

    items: list[Item]
    next: str | None


class User(Answer):
    """A reader."""

    user_id: str
    name: str
    interests: list[str]
    language: str


class Users(Answer):
    """A page of users."""

    users: list[User]
    next: str | None


class Event(Answer):
    """A stored event."""

    id: int
    user_id: str
    item_id: str
    event: str
    value: float | None
    text: str
    timestamp: float | None


class Events(Answer):
    """A page of events."""

    events: list[Event]
    next: str | None


class Deleted(Answer):
    """Rows that went, by table."""

    deleted: dict[str, int]


__all__ = [
    "Category",
    "Count",
    "Deleted",
    "Event",
    "EventBody",
    "EventKind",
    "EventKinds",
    "Events",
    "EventsQuery",
    "Item",
    "ItemBody",
    "ItemPatch",
    "ItemValues",
    "Items",
    "ItemsQuery",
    "Label",
    "OneUserQuery",
    "PageQuery",
    "PartialQuery",
    "RejectedRow",
    "Stored",
    "StoredEvents",
    "StoredItems",
    "TopicName",
    "UnknownKind",
    "User",
    "UserBody",
    "UserRow",
    "Users",
]
