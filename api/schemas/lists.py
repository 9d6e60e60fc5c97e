"""Schemas of lists: parameters and responses."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ..http.cursor import PATTERN
from .field_types import (
    MAX_N,
    Answer,
    BodyId,
    Cap,
    Count,
    Id,
    Ids,
    Kind,
    Labels,
    Language,
    Moment,
    Offset,
    PinText,
    RecommendationId,
    Seconds,
    Share,
    Strict,
    TopicId,
    Where,
    Words,
    listed,
)

Cursor = Annotated[str, Field(pattern=PATTERN)]


class FilterParameters(Strict):
    """Which items may be shown, and how much of each is returned."""

    category: Labels = Field([], description="show items of any of these categories only")
    not_category: Labels = Field([], description="show no item of these categories")
    tags: Labels = Field([], description="show items with any of these tags only")
    not_tags: Labels = Field([], description="show no item with one of these tags")
    author: Labels = Field([], description="show items of any of these authors only")
    not_author: Labels = Field([], description="show no item of these authors")
    language: Labels = Field([], description="show items in any of these languages only")
    not_language: Labels = Field([], description="show no item in these languages")
    topic: listed(TopicId, 100) = Field(  # type: ignore[valid-type]
        [], description="show items of any of these topics only, or groups of topics; see /topics"
    )
    not_topic: listed(TopicId, 100) = Field(  # type: ignore[valid-type]
        [], description="show no item of these topics"
    )
    entity: Labels = Field(
        [], description="show items that name any of these only: #tags, @names, domains, phrases"
    )
    not_entity: Labels = Field([], description="show no item that names one of these")
    max_age: Seconds | None = Field(None, description="seconds since it was created, at most")
    min_age: Seconds | None = Field(None, description="seconds since it was created, at least")
    exclude: Ids = Field([], description="item ids never to show; also joined by commas")
    fields: Labels | None = Field(
        None,
        description="fields of the item document to return, also joined by commas; names of own "
        "metadata fields too; `none` for no document",
    )
    where: Where = Field(
        "",
        description="comparisons of own metadata fields joined by commas, all of which must hold: "
        "`paywall==false,price<20,genre==rock|jazz,released>=2024-05-01`; operators == != < <= > "
        ">=; a value in quotes is text; what does not have the field fails",
    )
    strict_language: bool = Field(
        False, description="`language` keeps out items whose language is not known too"
    )
    replies: bool | None = Field(
        None,
        description="whether items that answer another one are shown; default: in feeds of "
        "follows and search, elsewhere as RECSYS_REPLIES says",
    )


class PageParameters(FilterParameters):
    """A page of a list."""

    n: Count = Field(20, description="items on a page")
    offset: Offset = Field(0, description="items to pass over; cursors page more steadily")
    lang: Language = None
    pin: listed(PinText, 20) = Field(  # type: ignore[valid-type]
        [],
        description="ID@POSITION: put an item at a position, from 1 to 100; where it may not "
        "be shown, `warnings` says why",
    )
    cursor: Cursor | None = Field(
        None, description="from `next` of the page before; never repeats nor skips, for ten minutes"
    )


class SteerParameters(PageParameters):
    """How a personal list is made."""

    repeat: bool = Field(
        False, description="also what was taken up before, where it is likely to be taken again"
    )
    own: bool = Field(False, description="also items whose author is the user")

    q: Words = Field("", description="words to steer by: the closer an item, the higher")
    diversity: Share | None = Field(
        None, description="0: by score alone; 1: as varied as possible; default: 0, cold starts .3"
    )
    calibration: Share = Field(
        0.0,
        description="0: by score alone; above: the topics of a list in the proportions of the "
        "history, with a part of all topics; then diversity counts for nothing",
    )
    personal: Share | None = Field(
        None,
        description="0: by popularity and trend alone; 1: by the history alone; "
        "default: as the last tuning chose",
    )
    author_cap: Cap = Field(None, description="most items of one author")
    category_cap: Cap = Field(None, description="most items of one category")
    explain: bool = Field(False, description="give the reasons of each item")
    impressions: bool = Field(
        False, description="count what was shown to this user lately as seen, with decay"
    )
    explore: Annotated[float, Field(ge=0.0, le=0.5)] = Field(
        0.0, description="share of places given to a fresh item drawn at random"
    )
    explore_by: Literal["uniform", "thompson"] = Field(
        "uniform",
        description="uniform: each new item is as likely; thompson: by the chance that its click "
        "rate is the highest of them",
    )


class UserQuery(SteerParameters):
    """A personal list, the user as a parameter: for ids that a path cannot carry."""

    user: Id


class FollowingParameters(PageParameters):
    """Items of those whom a user follows."""

    order: Literal["time", "rank"] = Field(
        "time", description="time: the newest first, seen ones too; rank: as a personal list"
    )
    explain: bool = Field(False, description="give the reasons of each item")


class FollowingQuery(FollowingParameters):
    """The same, the user as a parameter: for ids that a path cannot carry."""

    user: Id


class SimilarQuery(PageParameters):
    """Items like one, the item as a parameter."""

    item: Id


class SearchQuery(PageParameters):
    """Items by words."""

    q: Annotated[Words, Field(min_length=1, pattern="\\S")] = Field(description="the words")


class WindowQuery(PageParameters):
    """Items by what all users do."""

    window: Seconds | None = Field(None, description="seconds back that count")


class SessionEvent(Strict):
    """Something that an anonymous visitor did."""

    item_id: BodyId
    event: Kind = "like"
    value: float | None = None
    timestamp: Moment = None


class SessionBody(SteerParameters):
    """A list for somebody without an account, from what the body tells."""

    user: BodyId | None = Field(None, description="adds this user's stored history")
    events: listed(SessionEvent, 1_000) = []  # type: ignore[valid-type]
    items: Ids = Field([], description="liked items, oldest first")
    interests: Labels = Field([], description="words that say what the visitor likes")


class BatchBody(SteerParameters):
    """Lists for several users with the same parameters."""

    users: Annotated[list[BodyId], Field(min_length=1, max_length=100, fail_fast=True)]


class Part(Answer):
    """An item of the history, and its part of a reason."""

    item_id: str
    share: float


class Reason(Answer):
    """Why an item is in a list."""

    kind: str
    share: Annotated[float, Field(ge=-1e-6, le=1 + 1e-6)]
    item_id: str | None = None
    text: str
    topic: str = Field("", description="of the item, where it carries what the history gives")
    author: str = Field("", description="the same")
    items: list[Part] = Field([], description="with `explain`: what of the history gives it")


class Entry(Answer):
    """One item of a list."""

    item_id: str
    score: float
    rank: Annotated[int, Field(ge=1)]
    source: str
    reasons: list[Reason]
    item: dict[str, Any] | None = None


class CountedEntry(Entry):
    """One item of a list by uptake."""

    score: float | None = Field(  # type: ignore[assignment]
        description="null where fewer than RECSYS_MIN_PEOPLE stand behind it"
    )


class Page(Answer):
    """A list of items."""

    model_version: str
    degraded: bool
    items: Annotated[list[Entry], Field(max_length=MAX_N)]
    next: str | None = Field(description="where the next page is; null on the last")
    notice: str = Field("", description="why the list is empty or shorter than asked for")
    warnings: list[str] = Field([], description="what of the request has no effect, and why")


class CountedPage(Page):
    """A list of items by uptake."""

    items: Annotated[list[CountedEntry], Field(max_length=MAX_N)]  # type: ignore[assignment]


class Recommended(Page):
    """A personal list."""

    user: str | None
    recommendation_id: RecommendationId
    cold_start: bool
    variant: dict[str, str] | None = Field(
        description="arms of the running experiments that the user is in, by id; null: in none"
    )
    personal: float | None = Field(
        None, description="with `explain`: place between popularity, 0, and the history alone, 1"
    )


class Batch(Answer):
    """Personal lists, in the order of the users asked for."""

    results: list[Recommended]
