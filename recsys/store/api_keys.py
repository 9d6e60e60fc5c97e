"""API keys in a table of the store; only hashes are kept."""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa

from recsys.data.api_roles import LEGACY, ROLES, rights_of
from recsys.errors import DataError
from recsys.store.database import Database
from recsys.store.schema import api_key_roles as _roles
from recsys.store.schema import api_keys as _keys

PREFIX = "rk"


@dataclass(frozen=True)
class Key:
    """A key as it is listed: everything but the secret, which nobody can read back."""

    key_id: str
    name: str
    scope: str  # the first of its roles
    rate: float | None
    created: float
    revoked: float | None
    hash: str = ""
    roles: tuple[str, ...] = ()  # empty: made before roles existed

    @cached_property
    def rights(self) -> frozenset[str]:
        """What the key admits to: the rights of its roles."""
        return rights_of(self.roles) if self.roles else LEGACY[self.scope]


def digest(token: str) -> str:
    """Return the hash of a key. A plain one will do: a key is 256 random bits, not a password."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def key_id_of(token: str) -> str:
    """Return the id that stands in the text of a key; empty: this is no text of a key."""
    prefix, _, rest = token.partition("_")
    key_id, _, secret = rest.partition("_")
    return key_id if prefix == PREFIX and secret else ""


class Keys:
    """The keys of one store."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def create(
        self, name: str, roles: str | Iterable[str], rate: float | None = None
    ) -> tuple[Key, str]:
        """Make a key with one role or several; return it and its text, which is kept nowhere."""
        own = tuple(dict.fromkeys([roles] if isinstance(roles, str) else roles))
        for role in own:
            if role not in ROLES:
                raise DataError(f"role {role!r} is none of {', '.join(ROLES)}")
        if not own:
            raise DataError(f"a key needs a role: {', '.join(ROLES)}")
        if rate is not None and not 0 < rate < 1e9:
            raise DataError(f"rate {rate!r} is not a number of requests a second")
        key_id = secrets.token_hex(4)
        token = f"{PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
        key = Key(key_id, name[:200], own[0], rate, time.time(), None, digest(token), own)
        row = dataclasses.asdict(key)
        del row["roles"]
        with self.db.write() as connection:
            connection.execute(sa.insert(_keys).values(row))
            connection.execute(sa.insert(_roles), [{"key_id": key_id, "role": r} for r in own])
        return key, token

    def list(self) -> list[Key]:
        """Return all keys, revoked ones included, oldest first."""
        with self.db.read() as connection:
            rows = connection.execute(sa.select(_keys).order_by(_keys.c.created)).mappings().all()
            pairs = connection.execute(sa.select(_roles.c.key_id, _roles.c.role)).all()
        held: dict[str, list[str]] = {}
        for key_id, role in pairs:
            held.setdefault(key_id, []).append(role)
        order = list(ROLES)
        return [
            Key(**row, roles=tuple(sorted(held.get(row["key_id"], []), key=order.index)))
            for row in rows
        ]

    def holds(self, key_id: str, hashed: str = "") -> bool:
        """Whether a key of this id, and of this hash where one is given, was not revoked."""
        found = sa.select(_keys.c.hash).where(_keys.c.key_id == key_id, _keys.c.revoked.is_(None))
        with self.db.read() as connection:
            row = connection.execute(found).first()
        return row is not None and hashed in ("", row[0])

    def revoke(self, key_id: str) -> bool:
        """End a key; False when there is none of this id that still holds."""
        change = sa.update(_keys).where(_keys.c.key_id == key_id, _keys.c.revoked.is_(None))
        with self.db.write() as connection:
            return connection.execute(change.values(revoked=time.time())).rowcount > 0
