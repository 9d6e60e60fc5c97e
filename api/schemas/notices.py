"""Schemas of notices, their destinations and deliveries."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from .field_types import Answer, Label, Strict, words

Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
Kinds = Annotated[list[Label], Field(max_length=50, fail_fast=True)]


class NoticesQuery(Strict):
    """Which notices; without any parameter the newest."""

    kind: Label | None = Field(None, description="see GET /notices/kinds")
    subject: Label | None = Field(None, description="notices of one subject keep their order")
    before: Number | None = Field(None, description="ids below this one: the next page")
    n: Annotated[int, Field(ge=1, le=1000)] = 100


class DeadQuery(Strict):
    """A page of deliveries that were given up."""

    before: Number | None = Field(None, description="ids below this one: the next page")
    n: Annotated[int, Field(ge=1, le=1000)] = 100


class StreamQuery(Strict):
    """Where a stream begins, for clients that cannot send the header Last-Event-ID."""

    after: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = Field(
        None, description="the first notice is the one after this id; default: only new ones"
    )


class Delivery(Answer):
    """How the delivery of a notice to one destination went."""

    id: int
    destination: int
    channel: str = Field(description="webhook or mail")
    address: str
    state: str = Field(description="pending, delivered or dead")
    attempts: int
    due: float = Field(description="Unix seconds of the next try")
    error: str = Field(description="of the last try; empty: none")
    at: float = Field(description="Unix seconds of the last try; 0: none yet")


class Notice(Answer):
    """What happened."""

    id: int
    uid: str = Field(description="the same with every delivery: the header webhook-id")
    type: str = Field(description="the kind")
    timestamp: str
    subject: str
    data: dict[str, Any]


class NoticeWithDeliveries(Notice):
    """What happened, and who was told."""

    deliveries: list[Delivery]


class Notices(Answer):
    """Notices, the newest first."""

    notices: list[NoticeWithDeliveries]
    next: str | None


class DeadDelivery(Delivery):
    """A delivery that was given up."""

    notice: Notice


class Dead(Answer):
    """Deliveries that were given up, the newest first."""

    deliveries: list[DeadDelivery]
    next: str | None


class RetryBody(Strict):
    """Which deliveries are tried anew."""

    deliveries: Annotated[list[Number], Field(max_length=10_000, fail_fast=True)] | None = Field(
        None, description="ids of dead deliveries; default: all"
    )


class Retried(Answer):
    """How many deliveries are tried anew."""

    retried: int


class NoticeKind(Answer):
    """A kind of notice."""

    kind: str
    when: str
    data: dict[str, Any] = Field(description="JSON schema of the data")


class NoticeKinds(Answer):
    """All kinds of notices."""

    kinds: list[NoticeKind]


class WebhookBody(Strict):
    """A webhook to be."""

    url: words(2_000)  # type: ignore[valid-type]
    kinds: Kinds = Field([], description="of notices; default: all")


class Webhook(Answer):
    """A webhook."""

    id: int
    url: str
    kinds: list[str] = Field(description="empty: all")
    created: float
    disabled: float | None = Field(description="since when it gets nothing: it has answered 410")


class NewWebhook(Webhook):
    """A webhook with its secret, which is shown this once."""

    secret: str


class Webhooks(Answer):
    """All webhooks, oldest first."""

    webhooks: list[Webhook]


class MailAddressBody(Strict):
    """A mail address to be."""

    address: words(254)  # type: ignore[valid-type]
    kinds: Kinds = Field([], description="of notices; default: all")


class MailAddress(Answer):
    """A mail address."""

    id: int
    address: str
    kinds: list[str] = Field(description="empty: all")
    created: float
    confirmed: float | None = Field(description="null: not yet; it gets nothing but its token")


class MailAddresses(Answer):
    """All mail addresses, oldest first."""

    addresses: list[MailAddress]


class TokenQuery(Strict):
    """The token of a mail."""

    token: Label


class Added(Answer):
    """The notice that was added."""

    notice: int
