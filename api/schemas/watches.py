"""Schemas of watches, their timelines, previews and opinion shares."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from recsys.errors import DataError
from recsys.monitoring import watch_query

from .field_types import Answer, Label, Strict, whole


def _query(text: str) -> str:
    try:
        watch_query.parse(text)
    except DataError as error:
        raise ValueError(str(error)) from None
    return text


Query = Annotated[
    str,
    AfterValidator(_query),
    WithJsonSchema(
        {
            "type": "string",
            "minLength": 1,
            "maxLength": watch_query.LONGEST,
            "examples": ['(topic:17 OR "battery fire") AND tone:negative NOT category:sport'],
        }
    ),
]
Level = Literal["quiet", "normal", "eager"]
Digest = Literal["none", "day", "week"]
LeastPeople = Annotated[int, Field(ge=3, le=10_000), BeforeValidator(whole)]
Group = Annotated[str, Field(max_length=200)]


class WatchesQuery(Strict):
    """A page of watches."""

    after: Annotated[int, Field(ge=0, le=2**63 - 1)] = Field(
        0, description="ids above this one: the next page"
    )
    n: Annotated[int, Field(ge=1, le=1000)] = 100


class WatchBody(Strict):
    """A watch to be."""

    name: Label
    query: Query
    group: Group = Field("", description="alerts of one group are one notice; empty: its own")
    level: Level = Field("normal", description="false discovery rate .05, .3 or .5")
    least_people: LeastPeople = Field(10, description="in a window, below which nothing is told")
    digest: Digest = Field("none", description="a notice per day or week")


class WatchChange(Strict):
    """What is to change of a watch; its query stays: another query is another watch."""

    name: Label | None = None
    group: Group | None = None
    level: Level | None = None
    least_people: LeastPeople | None = None
    digest: Digest | None = None


class PreviewBody(Strict):
    """A watch to be tried."""

    query: Query
    level: Level = "normal"
    least_people: LeastPeople = 10


class OpinionBody(Strict):
    """Texts whose opinion is asked for."""

    query: Query
    days: Annotated[int, Field(ge=1, le=30), BeforeValidator(whole)] = 30


class TimelineQuery(Strict):
    """What part of a timeline, and in what steps."""

    resolution: Literal["hour", "day"] = "day"
    last: Annotated[int, Field(ge=1, le=1000), BeforeValidator(whole)] = Field(
        30, description="hours or days, up to now"
    )


class Share(Answer):
    """A corrected share with its interval of 90 %."""

    share: float
    low: float
    high: float


class Shares(Answer):
    """Opinion shares, corrected for the errors of the classifier."""

    texts: int
    negative: Share
    neutral: Share
    positive: Share


class Watch(Answer):
    """A saved query over texts."""

    id: int
    name: str
    query: str = Field(description="in its one form")
    group: str
    level: str
    least_people: int
    digest: str
    created: float
    created_by: str
    backfilled: float = Field(description="share of the texts from before it that is counted")


class NewWatch(Watch):
    """A watch that was added."""

    warnings: list[str] = Field(description="it holds for nearly all or none of the newest texts")


class Watches(Answer):
    """Watches, oldest first."""

    watches: list[Watch]
    next: str | None


class Day(Answer):
    """Texts of a day."""

    time: float
    texts: int


class FiredAlert(Answer):
    """An alert that would have fired."""

    kind: str
    at: float
    window_hours: int
    texts: int
    people: int
    effective_people: float
    negative_people: int
    share: float
    share_low: float
    share_high: float
    usual_share: float
    expected_people: float
    chance: float


class Preview(Answer):
    """What a watch would have counted and told in the last 30 days."""

    query: str
    texts_read: int
    start: float = Field(description="Unix seconds from which texts were read")
    end: float
    complete: bool = Field(description="whether all texts of the 30 days were read")
    texts: int
    people: int
    shares: Shares | None = Field(description="null for too few texts or people")
    days: list[Day]
    alerts: list[FiredAlert]
    warnings: list[str]


class Opinion(Answer):
    """Opinion shares of the texts that a query holds for."""

    query: str
    texts_read: int
    start: float
    end: float
    complete: bool
    texts: int
    people: int
    shares: Shares | None
    warnings: list[str]


class WatchPoint(Answer):
    """An hour or a day of a watch."""

    time: float
    texts: int
    people: int = Field(description="per hour; a day adds up its hours")
    shares: Shares | None = Field(description="null for too few texts or people")


class WatchTimeline(Answer):
    """A watch over time."""

    watch: int
    name: str
    resolution: str
    backfilled: float
    shares: Shares | None = Field(description="of all points together")
    points: list[WatchPoint]
