"""Schemas of the exposure report and of creators' own reports."""

from __future__ import annotations

from pydantic import Field

from .field_types import Answer


class Group(Answer):
    """A group of items; of fewer than 20 creators, or merged ones, shares alone are told."""

    dimension: str = Field(description="age, size, language, category or a metadata field")
    group: str = Field(description="`others`: groups of fewer than 20 creators together")
    creators: int | None
    item_share: float
    exposure_share: float
    uptake: float | None = Field(description="clicks per click that is usual at the same positions")
    uptake_interval: list[float] | None
    exposure_by_merit: float | None = Field(
        description="share of exposure per share of items weighted by uptake; 1: as merited"
    )


class PopularityLift(Answer):
    """Mean number of users of items in lists, by exposure, and of items in histories."""

    shown: float
    taken: float = Field(description="mean over users of the mean over what they took up")
    lift: float = Field(description="shown / taken - 1; 0: alike")


class FlagErrors(Answer):
    """Flags of items in a language against what people decided."""

    language: str = Field(description="`others`: languages with fewer than 20 decisions")
    items: int = Field(description="live ones")
    flagged: int = Field(description="of them")
    decided: int = Field(description="flags taken back (`reviewed`), or whose item was hidden")
    wrong: float | None = Field(description="share taken back; null with fewer than 20 decisions")
    interval: list[float] | None = Field(description="95 %")


class ToneErrors(Answer):
    """Tones of rated comments in a language against their ratings."""

    language: str = Field(description="`others`: languages with fewer than 20 texts")
    decided: int = Field(description="texts with a rating clearly above or below the mean")
    wrong: float | None = Field(
        description="share read as the opposite; null with fewer than 20 texts"
    )
    interval: list[float] | None = Field(description="95 %")


class ExposureReport(Answer):
    """Exposure of the last days; a place of rank r weighs 1 / log2(1 + r)."""

    at: float | None = Field(description="Unix seconds; null: no night has made a report yet")
    days: int
    lists: int
    creators: int
    gini: float = Field(description="of the creators' exposure: 0 all alike, towards 1 one has all")
    top_share: float = Field(description="of the hundredth of creators with the most")
    unseen: float = Field(description="share of creators without exposure")
    new_creators: int = Field(description="whose first item came in the last 30 days")
    new_share: float
    groups: list[Group] = Field(description="empty with fewer than 100 lists")
    worst: Group | None = Field(description="with the least exposure by merit")
    popularity: PopularityLift | None = Field(
        None, description="null where nothing was shown or taken up"
    )
    flag_errors: list[FlagErrors] = Field([], description="error rates of flags by language")
    tone_errors: list[ToneErrors] = Field(
        [], description="of tone by language; empty without rated comments"
    )


class CreatorTopic(Answer):
    """A topic of a creator."""

    topic: str
    shown: int
    uptake: float | None


class CreatorReport(Answer):
    """How a creator's items were shown in the last 28 days; null for fewer than 20 people."""

    author_id: str
    days: int
    items: int
    people: int | None
    shown: int | None
    uptake: float | None = Field(description="clicks per click that is usual at the same positions")
    topics: list[CreatorTopic]
