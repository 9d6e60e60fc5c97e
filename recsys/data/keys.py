"""Keys: who may call the service, in a table of the store. Only hashes are kept."""

from __future__ import annotations

import dataclasses
import hashlib
import secrets
import time
from dataclasses import dataclass

import sqlalchemy as sa

from recsys.data.database import Database
from recsys.data.sql import api_keys as _keys
from recsys.errors import DataError

SCOPES = ("read", "write", "admin")  # each admits what the ones before it admit
PREFIX = "rk"


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is listed: everything but the secret, which nobody can read back."""

    key_id: str
    name: str
    scope: str
    rate: float | None
    created: float
    revoked: float | None
    hash: str = ""

    def allows(self, scope: str) -> bool:
        """Whether the key admits to what needs this scope."""
        return SCOPES.index(self.scope) >= SCOPES.index(scope)


def digest(token: str) -> str:
    """Return the hash of a key. A plain one will do: a key is 256 random bits, not a password."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class Keys:
    """The keys of one store."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def create(self, name: str, scope: str, rate: float | None = None) -> tuple[Key, str]:
        """Make a key; return it and its text, which can never be read back."""
        if scope not in SCOPES:
            raise DataError(f"scope {scope!r} is none of {', '.join(SCOPES)}")
        if rate is not None and not 0 < rate < 1e9:
            raise DataError(f"rate {rate!r} is not a number of requests a second")
        key_id = secrets.token_hex(4)
        token = f"{PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
        key = Key(key_id, name[:200], scope, rate, time.time(), None, digest(token))
        with self.db.write() as connection:
            connection.execute(sa.insert(_keys).values(dataclasses.asdict(key)))
        return key, token

    def list(self) -> list[Key]:
        """Return all keys, revoked ones included, oldest first."""
        with self.db.read() as connection:
            rows = connection.execute(sa.select(_keys).order_by(_keys.c.created)).mappings().all()
        return [Key(**row) for row in rows]

    def revoke(self, key_id: str) -> bool:
        """End a key; False when there is none of this id that still holds."""
        change = sa.update(_keys).where(_keys.c.key_id == key_id, _keys.c.revoked.is_(None))
        with self.db.write() as connection:
            return connection.execute(change.values(revoked=time.time())).rowcount > 0

    def holding(self) -> dict[str, Key]:
        """Return the keys that hold, by hash."""
        return {key.hash: key for key in self.list() if key.revoked is None}
