"""Schemas of the home page: parameters and response."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..http.cursor import PATTERN
from .field_types import Answer, Id, Language, RecommendationId
from .lists import Entry, FilterParameters

MOST_ROWS = 8
MOST_ITEMS = 50


class HomeParameters(FilterParameters):
    """Which rows, how long, and what of each item."""

    n: Annotated[int, Field(ge=1, le=MOST_ITEMS)] = Field(10, description="items of a row, at most")
    rows: Annotated[int, Field(ge=1, le=MOST_ROWS)] = Field(
        6, description="rows of the page, at most"
    )
    own: bool = Field(False, description="also items whose author is the user")
    explain: bool = Field(False, description="give the reasons of each item in full")
    lang: Language = None
    row: Annotated[str, Field(min_length=1, max_length=600)] | None = Field(
        None, description="key of one row, for more of it; with `cursor`"
    )
    cursor: Annotated[str, Field(pattern=PATTERN)] | None = Field(
        None, description="from `next` of a row: no item of the page or of the row again"
    )


class HomeQuery(HomeParameters):
    """A home page, the user as a parameter: for ids that a path cannot carry."""

    user: Id


class HomeRow(Answer):
    """A row of the home page."""

    row: str = Field(description="key: the kind, and what the row is about after a colon")
    kind: str = Field(
        description="for_you, because_you_liked, new_in_topics, rising, followed, something_else; "
        "later versions may add others"
    )
    title: str
    reason: str = Field(description="why the user sees this row, as a sentence")
    source: str = Field(description="the list that it is made of: recommend, similar, latest, …")
    item_id: str | None = Field(description="of the history, where the row is about one item")
    items: list[Entry]
    next: str | None = Field(description="where more of the row is; null at its end")


class Home(Answer):
    """The rows of a home page in their order; a row without items is left out."""

    user: str
    recommendation_id: RecommendationId
    model_version: str
    cold_start: bool
    degraded: bool
    variant: dict[str, str] | None = Field(
        description="arms of the running experiments that the user is in, by id; null: in none"
    )
    rows: list[HomeRow]
    notice: str = Field("", description="why there is no row")
    warnings: list[str] = Field([], description="what of the request has no effect, and why")
