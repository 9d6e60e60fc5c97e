"""Schemas of the explanation of a score."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from .field_types import Answer, Id, Language, Share, Strict, Words
from .lists import Reason


class ExplainParameters(Strict):
    """Of which list, and in which language."""

    q: Words = Field("", description="words to steer by, as for the list that is to be explained")
    personal: Share | None = Field(None, description="as for the list that is to be explained")
    lang: Language = None


class ExplainQuery(ExplainParameters):
    """User and item as parameters: for ids that a path cannot carry."""

    user: Id
    item: Id


class ScorePart(Answer):
    """One part of a score, in the score's own unit."""

    kind: str
    value: float
    share: float = Field(description="of the sum of all positive parts; negative: speaks against")
    item_id: str | None = None
    text: str


class Carrier(Answer):
    """What the history's items of one topic or author give together."""

    value: str
    name: str = Field(description="empty for a topic that nothing names well")
    titles: list[str] = Field([], description="of items that stand for a topic without a name")
    score: float
    share: float
    items: list[str]


class Change(Answer):
    """The item of the history without which the score would fall most, found by scoring anew."""

    item_id: str
    title: str
    score: float = Field(description="without it")
    drop: float
    text: str


class Explanation(Answer):
    """Why an item has its score: base and values of the parts add up to it."""

    user: str
    item_id: str
    item: dict[str, Any]
    model_version: str
    personal: float = Field(description="place between popularity, 0, and the history alone, 1")
    score: float
    base: float = Field(description="of an item that is average in everything")
    speaking: float = Field(description="sum of the positive parts, which shares are of")
    rank: Annotated[int, Field(ge=1)] | None
    closed: str = Field(
        description="why it is not shown: seen, copy, muted, own, filtered; gone (hidden or "
        "deleted), unavailable (before `available_from`), expired (from `expires_at` on), "
        "unrecorded (only events tell of it); empty: it may be"
    )
    reasons: list[Reason]
    parts: list[ScorePart]
    topics: list[Carrier]
    authors: list[Carrier]
    change: Change | None
    tried: int = Field(description="items of the history that were left out in turn")
