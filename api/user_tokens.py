"""User tokens: signed, valid for one user and one hour at most, used by browsers instead of
keys.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

from recsys.store.store import Store

PREFIX = "rt_"
MAX_SECONDS = 3_600
_SECRET = "token_secret"  # a note of the store: all workers and replicas share it


@dataclass(frozen=True, slots=True)
class Token:
    """Whom a token stands for, until when (Unix seconds), and the key that asked for it."""

    user_id: str
    expires: float
    key_id: str  # empty: a caller who needed no key


class Tokens:
    """Signs tokens and reads them. Nothing is stored: a token ends by its time or with its key."""

    def __init__(self, secret: str) -> None:
        self._signer = URLSafeSerializer(secret, salt="recsys-browser-token")

    @classmethod
    def of_store(cls, store: Store) -> Tokens:
        """Return the signer of a store; the first to ask draws the secret."""
        if store.get_note(_SECRET) is None:
            store.add_note(_SECRET, secrets.token_hex(32))
        return cls(store.get_note(_SECRET) or "")

    def make(self, user_id: str, seconds: float, key_id: str) -> tuple[str, float]:
        """Return the text of a token, and when it expires."""
        expires = float(int(time.time() + min(seconds, MAX_SECONDS)))
        text = self._signer.dumps([user_id, expires, key_id])
        return PREFIX + (text if isinstance(text, str) else text.decode()), expires

    def read(self, text: str) -> Token | None:
        """Return a token that was signed here and has not expired; None for any other text."""
        try:
            user_id, expires, key_id = self._signer.loads(text.removeprefix(PREFIX))
        except (BadData, ValueError, TypeError):
            return None
        return Token(user_id, expires, key_id) if time.time() < expires else None
