"""Schemas of how an item spreads."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .field_types import Answer, Language, Strict

Number = Annotated[int, Field(ge=0)]


class SpreadQuery(Strict):
    """How many nodes of the tree are listed, and in which language evidence is."""

    n: Annotated[int, Field(ge=0, le=1_000)] = 100
    lang: Language = None


class SpreadNode(Answer):
    """A node of the tree; who shared is never named."""

    row: Number
    parent: int | None = Field(description="row of the parent; null of the item itself")
    kind: Literal["item", "answer", "share", "gap"] = Field(
        description="gap: of an erased user, or of an item that is hidden or deleted"
    )
    item_id: str | None = Field(description="of the item and of answers")
    at: float
    depth: Number
    tone: Annotated[float, Field(ge=-1, le=1)] | None = None
    stance: str | None = Field(None, description="comment, support, deny or query")


class SpreadLevel(Answer):
    """What stands at one depth."""

    depth: Number
    nodes: Number
    tone: float | None = Field(description="mean tone of answers; null without any")
    stances: dict[str, float] = Field(description="shares of the answers; empty without any")


class Repairs(Answer):
    """Nodes whose parent was replaced by the item, by what was wrong with it."""

    missing: Number
    later: Number = Field(description="a parent after its child")
    cycles: Number


class FirstSharers(Answer):
    """The first fifty sharers together; counts below the least number are null."""

    users: Number | None
    following_author: int | None
    without_follows: int | None = Field(description="who follow nobody and are followed by nobody")


class ReachedCommunities(Answer):
    """Communities that the users who shared form by the follows among them."""

    reached: Number = Field(description="of at least the least number of users")
    users: list[Number] = Field(description="of each, the largest first")


class SpreadFlood(Answer):
    """Ten minutes with far more acts than usual, mostly by accounts without any follows."""

    start: float
    acts: Number
    without_follows: Annotated[float, Field(ge=0, le=1)]


class NextHour(Answer):
    """Shares and answers an hour from now, with an 80 % interval."""

    size: float
    low: float
    high: float


class Rumour(Answer):
    """Whether the answers make the item look like a rumour; a flag, never a deletion."""

    flagged: bool
    score: Annotated[float, Field(ge=0, le=1)]
    denials: float = Field(description="expected share of answers that deny")
    questions: float = Field(description="expected share of answers that ask for more")
    answers: Number
    evidence: list[str]


class Speed(Answer):
    """How fast the item spreads."""

    last_hour: Number
    seconds_to_half: float | None = Field(description="until half of today's size was reached")
    largest_hour: Number


class Spread(Answer):
    """How an item spreads."""

    item_id: str
    shares: int | None = Field(
        description="users who shared; null where they are fewer than RECSYS_MIN_PEOPLE, or three"
    )
    answers: Number
    depth: Number = Field(
        description="this and all below without shares, where the users who shared are too few"
    )
    breadth: Number
    structural_virality: float = Field(description="mean distance of two nodes of the tree")
    complete: bool = Field(description="false: more than the 20,000 nodes that are read")
    speed: Speed
    repairs: Repairs
    first_sharers: FirstSharers
    communities: ReachedCommunities | None = Field(
        description="null where too few users shared, and until follows are read"
    )
    floods: list[SpreadFlood]
    levels: list[SpreadLevel]
    next_hour: NextHour | None
    rumour: Rumour
    tree: list[SpreadNode] = Field(
        description="by time; without shares where fewer users than the least number shared"
    )
