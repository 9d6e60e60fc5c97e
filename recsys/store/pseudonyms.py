"""Pseudonyms: keyed hashes of user ids, for logs and exposures."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from recsys.store.store import Store

SECRET = "pseudonym_secret"  # a note of the store: all workers and replicas share it


class Pseudonyms:
    """Keyed hashes of ids: the same user has the same one, and only the key's owner can tell."""

    def __init__(self, secret: bytes) -> None:
        self._keyed = hmac.new(secret, digestmod=hashlib.sha256)  # copied for each id

    @classmethod
    def of_store(cls, store: Store) -> Pseudonyms:
        """Return those of a store; the first to ask draws the key."""
        if store.get_note(SECRET) is None:
            store.add_note(SECRET, secrets.token_hex(32))
        return cls((store.get_note(SECRET) or "").encode())

    def of(self, user_id: str) -> str:
        """Return the pseudonym of a user."""
        own = self._keyed.copy()
        own.update(user_id.encode("utf-8", "surrogatepass"))
        return own.hexdigest()[:24]
