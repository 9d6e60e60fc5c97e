"""Schemas of follow suggestions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .field_types import Answer, Language, Strict


class SuggestionsQuery(Strict):
    """How many accounts, of which kind, and in which language the reasons are."""

    n: Annotated[int, Field(ge=1, le=100)] = 10
    kind: Literal["all", "users", "authors"] = Field(
        "all", description="users, authors of items who are no users, or both"
    )
    lang: Language = None


class SuggestionReason(Answer):
    """Why an account is suggested."""

    kind: str = Field(
        description="mutual, followed_by_followees, same_followees, network, taste, topic, list "
        "or popular"
    )
    text: str
    count: Annotated[int, Field(ge=3)] | None = Field(
        None, description="accounts behind it; told from three on"
    )
    topic_id: int | None = None


class SuggestedAccount(Answer):
    """An account that the user may want to follow; one of the two ids is given."""

    user_id: str | None
    author_id: str | None
    name: str = Field(description="display name, or empty")
    score: Annotated[float, Field(ge=0)]
    reasons: list[SuggestionReason]


class Suggestions(Answer):
    """Accounts that a user may want to follow, the best first."""

    user: str
    newcomer: bool = Field(description="the user neither follows nor is followed")
    degraded: bool = Field(description="the store, or the follow graph, cannot be read yet")
    suggestions: Annotated[list[SuggestedAccount], Field(max_length=100)]
