"""Schemas of suspicious groups of accounts."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from .field_types import Answer, Id, Strict

Share = Annotated[float, Field(ge=0, le=1)]


class SuspectsQuery(Strict):
    """Which groups; each costs a pass over the events of the store."""

    n: Annotated[int, Field(ge=1, le=20)] = 10
    after: Id | None = Field(None, description="from `next` of the page before")


class Property(Answer):
    """A property of accounts that is more frequent than the platform lets expect."""

    name: str = Field(
        description="first: the account's first act; young: younger than a week; narrow: few items "
        "before; together: began on the day of one of the item's last accounts"
    )
    voices: int = Field(description="with the property, that count nothing")
    expected_share: Share = Field(description="of all voices of the platform")
    observed_share: Share = Field(description="of the accounts on the item in that time")


class Suspect(Answer):
    """An account of a group."""

    user_id: str | None = Field(description="null without the right `history`")
    pseudonym: str = Field(description="the same for the same account; tells nobody the id")
    at: float = Field(description="first act on the item in that time, Unix seconds")
    since: float = Field(description="first act of the account")
    items: int = Field(description="other items that it had acted on")
    properties: list[str]


class SuspiciousGroup(Answer):
    """Accounts whose acts on an item count like one person's, because they are unusual together."""

    item_id: str
    item: dict[str, Any] | None = None
    voices: int = Field(description="accounts whose acts count nothing")
    first: float = Field(description="Unix seconds")
    last: float
    evidence: list[Property]
    false_alarm_rate: Share = Field(
        description="share of the platform's own voices on items with an alarm, per property"
    )
    accounts: list[Suspect] = Field(description="with such a property, in that time; at most 100")
    more_accounts: int = Field(description="further ones; at most 1,000 are read")


class Suspects(Answer):
    """Groups, the latest first."""

    model_version: str
    groups: list[SuspiciousGroup]
    next: str | None
