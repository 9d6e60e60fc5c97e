"""Destinations of notices: webhooks, and confirmed mail addresses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from recsys.data.notice_kinds import KINDS
from recsys.errors import DataError
from recsys.store.database import Database
from recsys.store.leases import check_lease
from recsys.store.outbox import DEAD, LEASE, PENDING, Notice, add_notice, receivers_of
from recsys.store.schema import deliveries, destinations, notes

WEBHOOK, MAIL = "webhook", "mail"
MOST = 100  # destinations of one store
CONFIRM = 7 * 86_400.0  # seconds in which an address may be confirmed
_URL = 2_000  # characters
_TOKEN_KEY = "mail_token_key"  # a note of the store
_ALWAYS = ("test", "mail_confirmation")  # kinds that nobody chooses


@dataclass(frozen=True, slots=True)
class Destination:
    """Where notices go; its secret is shown once, when it is made."""

    id: int
    channel: str  # webhook or mail
    address: str  # URL, or mail address
    kinds: tuple[str, ...]  # that it wants; empty: all
    created: float  # Unix seconds
    confirmed: float | None  # None: not yet, it gets nothing
    disabled: float | None  # since when it gets nothing: its server has answered 410


@dataclass(frozen=True, slots=True)
class Receiver:
    """What is needed to send to a destination without the store."""

    id: int
    channel: str  # webhook or mail
    address: str
    secret: str = field(repr=False)  # that webhooks are signed with


class Destinations:
    """The destinations of one store."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def add_webhook(self, url: str, kinds: Sequence[str] = ()) -> tuple[Destination, str]:
        """Add a webhook; return it and its secret. DataError for what is no URL of http or https.

        Whether its host has a public address is the caller's to check, and the sender's each time.
        """
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode("ascii")
        check_url(url)
        return self._add(WEBHOOK, url, kinds, secret, time.time()), secret

    def add_address(self, address: str, kinds: Sequence[str] = ()) -> Destination:
        """Add a mail address, which gets its token and nothing else until it is confirmed."""
        found = self._add(MAIL, check_address(address), kinds, "", None)
        self.send_token(found.id)
        return found

    def _add(
        self, channel: str, address: str, kinds: Sequence[str], secret: str, confirmed: float | None
    ) -> Destination:
        for kind in kinds:
            if kind not in KINDS or kind in _ALWAYS:
                known = ", ".join(name for name in KINDS if name not in _ALWAYS)
                raise DataError(f"notice kind {kind!r} is none of {known}")
        row: dict[str, Any] = {
            "channel": channel,
            "address": address,
            "kinds": json.dumps(list(dict.fromkeys(kinds))),
            "signing_key": secret,
            "created": time.time(),
            "confirmed": confirmed,
        }
        with self.db.write() as connection:
            same = sa.select(destinations.c.id).where(
                destinations.c.channel == channel, destinations.c.address == address
            )
            if (known_id := connection.execute(same).scalar()) is not None:
                raise DataError(f"{address} is there already, as {channel} {known_id}")
            count = connection.execute(sa.select(sa.func.count()).select_from(destinations))
            if count.scalar_one() >= MOST:
                raise DataError(f"{MOST} destinations are there: remove one first")
            made = sa.insert(destinations).values(row).returning(destinations)
            return _destination(connection.execute(made).one())

    def send_token(self, id: int) -> None:
        """Send the token of an address that is not confirmed (once more)."""
        notice = Notice(
            "mail_confirmation",
            {"address": id},
            f"mail-confirmation:{id}:{secrets.token_hex(8)}",
            f"mail:{id}",
        )
        with self.db.write() as connection:
            add_notice(connection, notice, id)

    def list(self, channel: str) -> list[Destination]:
        """Return the destinations of a channel, oldest first."""
        query = sa.select(destinations).where(destinations.c.channel == channel)
        with self.db.read() as connection:
            return [
                _destination(row) for row in connection.execute(query.order_by(destinations.c.id))
            ]

    def receivers(self, kind: str) -> Sequence[Receiver]:
        """Return the destinations that get notices of a kind, oldest first."""
        with self.db.read() as connection:
            ids = receivers_of(connection, kind)
            query = sa.select(destinations).where(self.db.among(destinations.c.id, ids))
            rows = connection.execute(query.order_by(destinations.c.id)).all()
        return [Receiver(row.id, row.channel, row.address, row.signing_key) for row in rows]

    def remove(self, channel: str, id: int) -> bool:
        """Remove a destination with its deliveries; False when there is none of this id."""
        one = (destinations.c.id == id) & (destinations.c.channel == channel)
        with self.db.write() as connection:
            gone = connection.execute(sa.delete(destinations).where(one)).rowcount > 0
            if gone:
                connection.execute(sa.delete(deliveries).where(deliveries.c.destination == id))
        return gone

    def test(self, channel: str, id: int) -> int:
        """Send a notice of the kind `test` to one destination; DataError where there is none."""
        found = next((one for one in self.list(channel) if one.id == id), None)
        if found is None:
            raise DataError(f"there is no {channel} {id}")
        if found.confirmed is None:
            raise DataError(f"{found.address} is not confirmed")
        data = {"text": "This is a test."}
        notice = Notice("test", data, f"test:{secrets.token_hex(8)}", f"test:{id}")
        with self.db.write() as connection:
            return add_notice(connection, notice, id)

    def disable(self, id: int, token: int) -> None:
        """Send nothing more to a destination; what waits for it is given up.

        `token`: of the lease of deliveries; StaleLease when another process delivers by now.
        """
        change = sa.update(destinations).where(destinations.c.id == id)
        waiting = sa.update(deliveries).where(
            deliveries.c.destination == id, deliveries.c.state == PENDING
        )
        with self.db.write() as connection:
            check_lease(connection, LEASE, token)
            connection.execute(change.values(disabled=time.time()))
            connection.execute(waiting.values(state=DEAD, error="the server answered 410 Gone"))

    def token(self, id: int) -> str:
        """Return the token that confirms an address; the same one each time. Empty: no such."""
        key = sa.select(notes.c.value).where(notes.c.key == _TOKEN_KEY)
        query = sa.select(destinations).where(
            destinations.c.id == id, destinations.c.channel == MAIL
        )
        with self.db.read() as connection:
            row = connection.execute(query).first()
            secret = connection.execute(key).scalar()
        if row is None:
            return ""
        if secret is None:
            columns, new = (notes.c.key, notes.c.value), (_TOKEN_KEY, secrets.token_hex(32))
            with self.db.write() as connection:  # unless another process was first
                self.db.insert_new(connection, columns, [new])
                secret = str(connection.execute(key).scalar_one())
        text = f"{row.id}\n{row.address}\n{row.created!r}".encode()
        return f"{row.id}-{hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()[:40]}"

    def confirm(self, token: str, now: float | None = None) -> Destination | None:
        """Confirm an address by its token; None when the token is wrong, or too old."""
        now = time.time() if now is None else now
        number = token.partition("-")[0]
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            return None
        expected = self.token(int(number))
        if not expected or not hmac.compare_digest(expected.encode(), token.encode()):
            return None
        found = next((one for one in self.list(MAIL) if one.id == int(number)), None)
        if found is None or (found.confirmed is None and now > found.created + CONFIRM):
            return None
        change = sa.update(destinations).where(
            destinations.c.id == found.id, destinations.c.confirmed.is_(None)
        )
        with self.db.write() as connection:
            connection.execute(change.values(confirmed=now))
        return next((one for one in self.list(MAIL) if one.id == found.id), None)


def check_url(url: str) -> None:
    """Raise DataError unless a text is a URL that a webhook may have."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise DataError(f"{url[:100]!r} is no URL: {error}") from None
    wrong = (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or len(url) > _URL
        or not url.isascii()
        or not url.isprintable()
        or " " in url
        or port == 0
    )
    if wrong:
        raise DataError(f"{url[:100]!r} is no URL of a webhook: https://host/path")
    if parts.username is not None or parts.password is not None:
        raise DataError("the URL of a webhook holds no user or password: check the signature")


def check_address(text: str) -> str:
    """Return a mail address; DataError unless it is one, alone and in ASCII."""
    try:
        found = Address(addr_spec=text)
        whole = found.username and found.domain and found.addr_spec == text
    except (HeaderParseError, ValueError, IndexError):
        whole = False
    if not whole or not text.isascii() or not text.isprintable() or len(text) > 254 or " " in text:
        raise DataError(f"{text[:100]!r} is no mail address: name@host")
    return text


def _destination(row: Any) -> Destination:
    kinds = tuple(json.loads(row.kinds))
    return Destination(
        row.id, row.channel, row.address, kinds, row.created, row.confirmed, row.disabled
    )
