"""Sessions of the console: signed cookies for which a key is exchanged, and tokens of its forms.

Nothing is stored. A session ends after eight hours, when the browser signs out, and with its key.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, URLSafeSerializer
from werkzeug.http import parse_cookie

CONSOLE = "/console"  # path of the console, and of its cookies
COOKIE = "recsys_console"
SECONDS = 8 * 3_600


@dataclass(frozen=True, slots=True)
class Session:
    """What a cookie stands for; a session without a key admits to nothing by itself."""

    key_id: str  # empty: of a browser that has not signed in
    nonce: str  # drawn anew with every session, so that no session goes on under another key
    made: float  # Unix seconds


class Sessions:
    """Signs sessions and reads them, and makes the tokens that forms carry against forgery."""

    def __init__(self, secret: str) -> None:
        self._signer = URLSafeSerializer(secret, salt="recsys-console-session")
        self._form_key = hashlib.sha256(f"recsys-console-form {secret}".encode()).digest()

    def make(self, key_id: str = "") -> tuple[Session, str]:
        """Return a new session and the text of its cookie."""
        session = Session(key_id, secrets.token_urlsafe(16), float(int(time.time())))
        text = self._signer.dumps([session.key_id, session.nonce, session.made])
        return session, text if isinstance(text, str) else text.decode()

    def read(self, text: str) -> Session | None:
        """Return a session that was signed here and has not ended; None for any other text."""
        try:
            key_id, nonce, made = self._signer.loads(text)
            found = Session(str(key_id), str(nonce), float(made))
        except (BadData, ValueError, TypeError):
            return None
        return found if time.time() < found.made + SECONDS else None

    def of_request(self, environ: Mapping[str, Any]) -> Session | None:
        """Return the session whose cookie a request has, None without one that holds."""
        text = parse_cookie(environ.get("HTTP_COOKIE", "")).get(COOKIE, "")
        return self.read(text) if text else None

    def form_token(self, session: Session) -> str:
        """Return what the forms of a session carry, which no other site can know."""
        return hmac.new(self._form_key, session.nonce.encode(), hashlib.sha256).hexdigest()

    def allows(self, session: Session, token: str) -> bool:
        """Whether a form belongs to a session."""
        given = token.encode("utf-8", "surrogatepass")
        return hmac.compare_digest(self.form_token(session).encode(), given)
