"""Schemas of follows and of authors' names: bodies and responses."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    JsonValue,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from recsys.data.parsing import FieldError
from recsys.data.records import Follow, check_follow

from .field_types import ID_PATTERN, ITSELF, Answer, Id, Limit, NewId, Strict, check_id, words

_GIVEN: list[JsonValue] = [
    {"required": [name], "properties": {name: {"not": {"type": "null"}}}}
    for name in ("author_id", "followed_user_id")
]


class FollowBody(Strict):
    """A user follows an author or another user: exactly one of the two is given."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, json_schema_extra={"oneOf": _GIVEN}
    )

    user_id: NewId
    author_id: NewId | None = Field(None, description="an author of items")
    followed_user_id: NewId | None = Field(None, description="another user")

    @model_validator(mode="after")
    def _one(self) -> FollowBody:
        if (self.author_id is None) == (self.followed_user_id is None):
            raise ValueError("give either author_id or followed_user_id")
        try:
            check_follow(self.follow)
        except FieldError as error:
            raise PydanticCustomError(ITSELF, "{reason}", {"reason": str(error)}) from None
        return self

    @property
    def follow(self) -> Follow:
        """The follow as the store has it."""
        return Follow(self.user_id, self.author_id or "", self.followed_user_id or "")


class UnfollowQuery(Strict):
    """A follow as parameters, where there is no body."""

    user_id: Id | None = None
    author_id: Id | None = None
    followed_user_id: Id | None = None


def _position(text: str) -> str:
    if text[:2] not in ("a:", "u:"):
        raise ValueError("is not the `after` of a page before")
    return text[:2] + check_id(text[2:])


After = Annotated[
    str,
    AfterValidator(_position),
    WithJsonSchema({"type": "string", "pattern": f"^[au]:{ID_PATTERN[1:]}", "maxLength": 256}),
]


class FollowsQuery(Strict):
    """A page of follows by a user, or of a user."""

    user_id: Id
    direction: Literal["following", "followers"] = Field(
        "following", description="whom the user follows, or who follows the user"
    )
    n: Limit = 100
    after: After | None = Field(None, description="from `next` of the page before")


class FollowRow(Answer):
    """A follow."""

    user_id: str
    author_id: str | None
    followed_user_id: str | None
    name: str = Field(description="display name of the author or user who is followed, or empty")


class Follows(Answer):
    """A page of follows."""

    follows: list[FollowRow]
    next: str | None


class StoredFollows(Answer):
    """What became of follows."""

    accepted: Annotated[int, Field(ge=0)]
    new: Annotated[int, Field(ge=0)]
    duplicates: Annotated[int, Field(ge=0)]
    rejected: list[dict[str, Any]] = Field([], description="with `partial`: rows that are wrong")
    warnings: list[str] = Field(
        [], description="followees of whom nothing else is known; their follows are stored"
    )


class Unfollowed(Answer):
    """What became of the removal of follows."""

    deleted: dict[str, int]
    missing: Annotated[int, Field(ge=0)] = Field(description="follows that were not there")


class AuthorBody(Strict):
    """The display name of an author; empty: none."""

    author_id: NewId
    name: words(512) = ""  # type: ignore[valid-type]


class AuthorsQuery(Strict):
    """Authors in the order of their ids, or the one named."""

    author_id: Id | None = None
    n: Limit = 100
    after: Id | None = Field(None, description="from `next` of the page before")


class Author(Answer):
    """An author with a display name."""

    author_id: str
    name: str


class Authors(Answer):
    """A page of authors."""

    authors: list[Author]
    next: str | None
