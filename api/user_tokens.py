"""User tokens: signed, valid for one user and one hour at most, used by browsers instead of
keys.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

from recsys.store.erasure import Erasures
from recsys.store.pseudonyms import Pseudonyms
from recsys.store.store import Store

PREFIX = "rt_"
MAX_SECONDS = 3_600
_SECRET = "token_secret"  # a note of the store: all workers and replicas share it


@dataclass(frozen=True, slots=True)
class Token:
    """Whom a token stands for, until when (Unix seconds), and the key that requested it."""

    user_id: str
    expires: float
    key_id: str  # empty: a caller who needed no key
    made: float  # Unix seconds


class Tokens:
    """Signs tokens and reads them. Nothing is stored: a token ends by its time or with its key.

    It also ends when its user is erased, so that an open page does not bring them back. `erased`:
    Unix seconds of the erasures of the last hour, by pseudonym.
    """

    def __init__(
        self,
        secret: str,
        persons: Pseudonyms | None = None,
        erased: Mapping[str, float] | None = None,
    ) -> None:
        self.secret = secret
        self._signer = URLSafeSerializer(secret, salt="recsys-browser-token")
        self._persons, self._erased = persons, erased or {}

    @classmethod
    def of_store(cls, store: Store) -> Tokens:
        """Return the signer of a store; the first to ask draws the secret."""
        if store.get_note(_SECRET) is None:
            store.add_note(_SECRET, secrets.token_hex(32))
        erased = Erasures(store.db).recent(time.time() - MAX_SECONDS)
        persons = Pseudonyms.of_store(store) if erased else None
        return cls(store.get_note(_SECRET) or "", persons, erased)

    def make(self, user_id: str, seconds: float, key_id: str) -> tuple[str, float]:
        """Return the text of a token, and when it expires."""
        made = time.time()
        expires = float(int(made + min(seconds, MAX_SECONDS)))
        text = self._signer.dumps([user_id, expires, key_id, made])
        return PREFIX + (text if isinstance(text, str) else text.decode()), expires

    def read(self, text: str) -> Token | None:
        """Return a token that was signed here and has not ended; None for any other text."""
        try:
            user_id, expires, key_id, *made = self._signer.loads(text.removeprefix(PREFIX))
        except (BadData, ValueError, TypeError):
            return None
        # tokens of before this version do not tell when they were made: as early as can be
        at = made[0] if made else expires - MAX_SECONDS
        if time.time() >= expires or self._erased_since(user_id, at):
            return None
        return Token(user_id, expires, key_id, at)

    def _erased_since(self, user_id: str, moment: float) -> bool:
        if self._persons is None:
            return False
        erased = self._erased.get(self._persons.of(user_id))
        return erased is not None and erased >= moment
