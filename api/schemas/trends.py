"""Schemas of trends, timelines and entities: parameters and responses."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from .field_types import Answer, Count, Id, Strict, Words

State = Literal["rising", "peak", "fading"]
Volume = Annotated[float, Field(ge=0)]
Kind = Literal["item", "topic", "tag", "category", "author", "entity"]


class TrendsQuery(Strict):
    """Which trends."""

    n: Count = 20
    after: Id | None = Field(None, description="from `next` of the page before")
    kind: Kind | None = Field(None, description="trends of this kind only")
    state: State | None = Field(None, description="in this state only")
    min_significance: Annotated[float, Field(ge=0.0, le=300.0)] = Field(
        3.0, description="-log10 of the share of chance among what is listed; never below 3"
    )
    flood: bool = Field(False, description="what few people are behind, instead of real bursts")
    user: Id | None = Field(
        None, description="only what rises in what this user follows, by what was liked"
    )


class Trend(Answer):
    """Something that is taken up more than was to be expected."""

    kind: Kind
    id: str
    name: str = Field(description="empty for a topic that nothing names well")
    titles: list[str] = Field([], description="of items that stand for a topic without a name")
    state: State
    significance: Volume | None = Field(
        description="null where fewer than RECSYS_MIN_PEOPLE are behind it, as the counts are"
    )
    flood: bool = Field(description="loud by few people")
    window_hours: int = Field(description="hours in which it is clearest")
    events: Volume | None = Field(description="in that window")
    people: Volume | None = Field(description="effective number of people behind them")
    expected: Volume = Field(description="people to be expected in that window")
    lift: Volume | None = Field(description="people over those expected")
    start: float = Field(description="Unix seconds")
    peak: float
    last_24_hours: list[Volume | None] = Field(
        description="people per hour, the current hour last; null below RECSYS_MIN_PEOPLE"
    )
    item: dict[str, Any] | None = None
    followed: float | None = Field(
        None, description="share of what the user liked that carries it; of an item, its labels"
    )


class Trends(Answer):
    """A page of trends, the most significant first."""

    model_version: str
    now: float | None = Field(description="of the clock, or of the newest event if it is old")
    trends: list[Trend]
    next: str | None


class TimelineQuery(Strict):
    """How a timeline is cut."""

    resolution: Literal["hour", "day"] = "hour"
    last: Annotated[int, Field(ge=1, le=672)] | None = Field(
        None, description="hours or days up to now; default: 72 hours, 28 days"
    )


class Point(Answer):
    """An hour or a day."""

    time: float = Field(description="its beginning, Unix seconds")
    events: Volume | None = Field(
        description="null where fewer than RECSYS_MIN_PEOPLE stand behind it"
    )
    people: Volume | None = Field(description="each once an hour; null as events")
    expected: Volume
    tone: Annotated[float, Field(ge=-1, le=1)] | None = Field(
        description="mean tone of what was written, -1 to 1; null where nothing was"
    )


class Ahead(Answer):
    """An hour or a day to come."""

    time: float
    expected: Volume
    low: Volume = Field(description="four in five outcomes lie between low and high")
    high: Volume


class Timeline(Answer):
    """What was done over time, and what the next 24 hours should bring."""

    model_version: str
    kind: Kind
    id: str
    name: str = Field(description="empty for a topic that nothing names well")
    titles: list[str] = Field([], description="of items that stand for a topic without a name")
    resolution: str
    points: list[Point]
    forecast: list[Ahead]
    trend: Trend | None = Field(description="where it stands out now")


class EntitiesQuery(Strict):
    """Which names."""

    n: Count = 100
    after: Id | None = Field(None, description="from `next` of the page before")
    kind: Id | None = Field(None, description="hashtag, mention, domain, name, phrase, or your own")
    q: Words = Field("", description="names that hold these letters")


class Entity(Answer):
    """A name that items have."""

    name: str
    kind: str
    items: int


class Entities(Answer):
    """A page of names, those of the most items first."""

    model_version: str
    entities: list[Entity]
    next: str | None


class Related(Answer):
    """A name that stands with another."""

    name: str
    kind: str
    items: int = Field(description="that name both")
    lift: Volume = Field(description="times as often as by chance")


class EntityItem(Answer):
    """An item that has a name."""

    item_id: str
    title: str


class EntityPage(Entity):
    """A name, who stands with it, and how much is done about it."""

    related: list[Related]
    latest: list[EntityItem]
    last_24_hours: Volume | None = Field(
        description="events; null where fewer than RECSYS_MIN_PEOPLE stand behind it"
    )
    trend: Trend | None
