"""Schemas of topics on two levels."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .field_types import Answer, Limit, Strict, TopicId
from .items_users_events import TopicName


class Description(Answer):
    """A few sentences about something, of what is known of it alone."""

    text: str = Field(description="in the language of Accept-Language, English or Chinese")
    made: Literal["template", "model"] = Field(description="by a template, or a language model")


class TopicItem(Answer):
    """An item that stands for a topic."""

    item_id: str
    title: str


class Topic(Answer):
    """A topic, or on level 1 a group of topics."""

    id: int
    name: str = Field(description="empty where nothing names it well")
    titles: list[str] = Field([], description="of items that stand for it, where it has no name")
    level: Annotated[int, Field(ge=1, le=2)]
    words: list[str]
    description: Description
    size: Annotated[int, Field(ge=0)]
    parent: TopicName | None
    topics: list[TopicName]
    neighbours: list[TopicName]
    items: list[TopicItem]


class Topics(Answer):
    """A page of topics, those of the most items first."""

    model_version: str
    topics: list[Topic]
    next: str | None


class TopicsQuery(Strict):
    """Which topics."""

    n: Limit = 100
    after: TopicId | None = Field(None, description="from `next` of the page before")
    level: Annotated[int, Field(ge=1, le=2)] = Field(
        2, description="1: groups of topics, 2: the topics themselves"
    )
    parent: TopicId | None = Field(None, description="topics of this group only")
