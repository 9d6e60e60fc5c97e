"""Schemas of what-if lists."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from .experiments import Cap, Weight
from .field_types import Answer, BodyId, Language, Moment, RowId, Share, Strict, listed, whole


class Configuration(Strict):
    """What the lists of the second side are made with; what is left out stays as it is."""

    personal: Share | None = None
    diversity: Share | None = None
    calibration: Share | None = None
    rising_weight: Weight | None = None
    flag_weight: Weight | None = None
    author_cap: Cap | None = None
    category_cap: Cap | None = None
    repeat: bool | None = None


class WhatIfBody(Strict):
    """Users, and what is otherwise."""

    user: BodyId | None = None
    users: listed(BodyId, 1_000) = Field([], description="instead of `user`")  # type: ignore[valid-type]
    sample: Annotated[int, Field(ge=0, le=1_000), BeforeValidator(whole)] = Field(
        0, description="instead of both: so many users, evenly over those of the store"
    )
    n: Annotated[int, Field(ge=1, le=100), BeforeValidator(whole)] = 20
    overrides: Configuration | None = None
    bundle: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None, description="version of the bundle that gives the lists"
    )
    without: listed(RowId, 1_000) = Field(  # type: ignore[valid-type]
        [], description="ids of events of the one user that are left out"
    )
    as_of: Moment = Field(
        None, description="events, controls and items that came later are left out"
    )
    lang: Language = None


class WhatIfEntry(Answer):
    """One item of a list."""

    item_id: str
    rank: int
    score: float
    source: str
    title: str
    reasons: list[dict[str, Any]]
    rank_before: int | None = Field(None, description="null where the list before lacks it")


class WhatIfPair(Answer):
    """Both lists of a user."""

    user: str
    before: list[WhatIfEntry]
    after: list[WhatIfEntry]
    gone: list[str] = Field(description="items of the list before that the other lacks")
    jaccard: float


class WhatIfChange(Answer):
    """A value on both sides."""

    name: str
    before: float
    after: float


class WhatIfAuthor(WhatIfChange):
    """The exposure of an author on both sides; `name` is their id."""

    display_name: str | None = Field(None, description="null where the author has none")


class WhatIfSummary(Answer):
    """Differences over all users; the tables have what differs most."""

    jaccard: float = Field(description="mean share of items that both lists have")
    unchanged: float = Field(description="share of users whose list is the same")
    distinct_items: list[int] = Field(description="in the lists before, and after")
    items: list[WhatIfChange] = Field(description="share of users with an item in their list")
    authors: list[WhatIfAuthor] = Field(
        description="share of exposure, a place weighs 1/log2(1 + rank)"
    )
    topics: list[WhatIfChange]
    reasons: list[WhatIfChange] = Field(description="mean share of reasons, by kind")


class SideOfLists(Answer):
    """What made the lists of a side."""

    model_version: str
    overrides: dict[str, Any]


class WhatIf(Answer):
    """Lists recomputed: what would be shown, not what users would do."""

    before: SideOfLists
    after: SideOfLists
    users: int
    unknown_users: int = Field(description="of whom nothing is held: they are left out")
    lists: list[WhatIfPair] = Field(description="of at most 20 users; of more the summary alone")
    summary: WhatIfSummary
