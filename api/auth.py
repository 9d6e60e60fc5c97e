"""Authenticator: checks API keys and user tokens, the rights of their roles, and rate limits.

A caller sends a key (`recsys keys create`) or, from a browser, the token of one user (POST
/tokens). The console's pages take the session that a key was exchanged for. Without any, with
RECSYS_AUTH=auto, a request is served only when the server listens on loopback, the request comes
from this machine and names it, nothing shows that a proxy or a foreign page sent it, and no key was
ever made. Even then exporting and erasing a user, keys and settings need a key.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Request, g

from recsys.data.api_roles import KEY_ONLY, OPERATORS, TOKEN, WITHOUT_KEY, roles_with
from recsys.errors import StoreError
from recsys.settings import Settings
from recsys.store.api_keys import Key, digest, key_id_of

from .console_session import CONSOLE, Session, Sessions
from .errors import ApiError
from .runtime.rate_limiter import RateLimiter
from .settings import LOOPBACK
from .user_tokens import PREFIX, Token, Tokens

log = logging.getLogger("recsys.api")

_PROXIED = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP")
_FORWARDED = "HTTP_X_FORWARDED"
_OLD = ("HTTP/1.0", "HTTP/1")  # granian writes the latter
_OWN_PAGES = ("", "none", "same-origin")  # of Sec-Fetch-Site
TOKEN_ROWS = 100  # events in a request with a token


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request, and what they may do."""

    name: str  # under which requests are counted
    rate: float  # requests a second; 0: no limit
    rights: frozenset[str]
    token_user: str | None = None  # the user whom a token is for; None: anybody
    token_made: float = 0.0  # Unix seconds
    key_id: str | None = None
    roles: tuple[str, ...] = ()
    loopback: bool = False  # without a key, from this machine
    holder: str = ""  # under whom bodies are counted; empty: under the name


class Authenticator:
    """Lets a request in or raises 401, 403 or 429."""

    def __init__(
        self,
        settings: Settings,
        find: Callable[[str, str], None] = lambda key_id, hashed: None,
        buckets: RateLimiter | None = None,
    ) -> None:
        """`find` looks in the store for a key that is not known here, and calls `learn`.

        It takes the id of a key and its hash, or nothing for any hash; StoreError: store away.
        """
        self.settings = settings
        self.buckets = buckets or RateLimiter()
        self._find = find
        self._proxies = settings.proxies
        self.open = settings.auth == "off" or (
            settings.auth == "auto" and settings.host in LOOPBACK
        )
        self._keys: Mapping[str, Key] = {}  # those that hold, by hash; replaced as a whole
        self._by_id: Mapping[str, Key] = {}  # the same
        self._made: bool | None = None  # whether a key was ever made; None: not known yet
        self._tokens: Tokens | None = None
        self._sessions: Sessions | None = None
        if self.open:
            if settings.auth == "off":
                log.warning(
                    "no key is needed, but to export and erase users and to see keys and settings"
                    " (RECSYS_AUTH=off)"
                )
            else:
                log.warning(
                    "no key is needed by callers on this machine until the first is created;"
                    " RECSYS_AUTH=on always asks for one"
                )

    def learn(self, keys: Iterable[Key], tokens: Tokens) -> None:
        """Take over the keys of the store, revoked ones included, and the signer of tokens."""
        known = list(keys)
        holding = [key for key in known if key.revoked is None]
        self._tokens, self._sessions = tokens, Sessions(tokens.secret)
        self._by_id = {key.key_id: key for key in holding}
        self._keys = {key.hash: key for key in holding}
        self._made = bool(known)

    @property
    def tokens(self) -> Tokens:
        """The signer of tokens; 503 while the store, which holds its secret, was never reached."""
        if self._tokens is None:
            raise ApiError(503, "the store cannot be reached", "store_unreachable")
        return self._tokens

    @property
    def sessions(self) -> Sessions:
        """The signer of the console's sessions; 503 while the store was never reached."""
        if self._sessions is None:
            raise ApiError(503, "the store cannot be reached", "store_unreachable")
        return self._sessions

    @property
    def console_on(self) -> bool:
        """Whether the console is served; see RECSYS_CONSOLE."""
        if self.settings.console != "auto":
            return self.settings.console == "on"
        operators = (not OPERATORS.isdisjoint(key.roles or (key.scope,)) for key in self.keys)
        return self.settings.host in LOOPBACK or any(operators)

    @property
    def keys(self) -> Iterable[Key]:
        """The keys that hold."""
        return self._by_id.values()

    @property
    def has_keys(self) -> bool:
        """Whether the keys of the store were ever read."""
        return self._made is not None

    def key(self, sent: str) -> Key | None:
        """Return the key of a text that was typed; None: it is none, or was revoked."""
        return self._key(sent)

    def admit(self, request: Request, right: str | None, own: bool = False) -> None:
        """Raise unless the caller has a right; note in `g` what they may do.

        `own`: holders of a token may do this where it concerns their user. `g.token_user` is that
        user, None for a caller who may ask about anybody; `g.rights` are all rights of the caller.
        """
        g.token_user = None
        try:
            caller = self.caller(request.environ, right, own)
        except ApiError as refusal:
            if refusal.status == 403:
                self._identify(request.environ)  # the audit log names who was refused
            raise
        if caller is None:
            return
        g.token_user, g.token_made = caller.token_user, caller.token_made
        g.rights = caller.rights
        if caller.key_id is not None:
            g.key_id, g.roles = caller.key_id, caller.roles
        elif caller.token_user is None:
            g.loopback = caller.loopback
        self._limit(caller.name, caller.rate)

    def admit_rows(self, count: int, name: str) -> None:
        """Raise when the holder of a token sends too many rows: each counts as a request does."""
        if g.token_user is None:
            return
        if count > TOKEN_ROWS:
            raise ApiError(422, f"{count} {name}: with a token, send 1 to {TOKEN_ROWS}")
        self._limit(_token_name(g.token_user), self.settings.rate_limit, count - 1)

    def _identify(self, environ: Mapping[str, Any]) -> None:
        """Note the holder of a key."""
        sent = sent_key(environ)
        key = self._key(sent) if sent else self._key_of_session(environ)
        if key is not None:
            g.rights, g.key_id, g.roles = key.rights, key.key_id, key.roles or (key.scope,)

    def caller(
        self, environ: Mapping[str, Any], right: str | None, own: bool = False
    ) -> Caller | None:
        """Return who sends a request, 401 or 403 when they may not; None: it is open to all.

        A request is counted by `admit`, not here.
        """
        if right is None or (self.settings.metrics_open and environ.get("PATH_INFO") == "/metrics"):
            return None
        sent = sent_key(environ)
        if sent.startswith(PREFIX):
            return self._holder(sent, right, own)
        key = self._key(sent) if sent else self._key_of_session(environ)
        if key is not None:
            _check(key.rights, right, f"the key has {', '.join(key.roles) or key.scope}")
            rate = self.settings.rate_limit if key.rate is None else key.rate
            roles = key.roles or (key.scope,)
            return Caller(key.key_id, rate, key.rights, key_id=key.key_id, roles=roles)
        if self._unread(right):
            raise _unreachable()
        if why := self._distrust(environ, right, bool(sent)):
            raise _unauthorized(why)
        address = self._address(environ)
        return Caller(
            "address " + address,
            self.settings.anonymous_rate_limit,
            WITHOUT_KEY,
            loopback=address in LOOPBACK - {""},
        )

    def session(self, environ: Mapping[str, Any]) -> Session | None:
        """Return the console session of a request; None: there is none, or it has ended."""
        path = str(environ.get("PATH_INFO", ""))
        if self._sessions is None or not (path + "/").startswith(CONSOLE + "/"):
            return None
        found = self._sessions.of_request(environ)
        if found is not None and found.key_id and self._key_of_id(found.key_id) is None:
            return None
        return found

    def _key_of_session(self, environ: Mapping[str, Any]) -> Key | None:
        session = self.session(environ)
        return None if session is None else self._by_id.get(session.key_id)

    def needs_store(self, environ: Mapping[str, Any]) -> bool:
        """Whether `caller` has to read the store, to find a key that it does not know."""
        sent = sent_key(environ)
        if sent and not sent.startswith(PREFIX):
            return self._is_sought(sent, digest(sent))
        if self._tokens is None or self._sessions is None:
            return bool(sent)
        found = self._tokens.read(sent) if sent else self._sessions.of_request(environ)
        return found is not None and bool(found.key_id) and found.key_id not in self._by_id

    def _address(self, environ: Mapping[str, Any]) -> str:
        """Return the address that a request without a key is counted under.

        Behind a trusted proxy it is the last address in X-Forwarded-For that is not a trusted
        proxy itself; what stands before it was written by whoever sent the request.
        """
        found = str(environ.get("REMOTE_ADDR", ""))
        if not self._is_proxy(found):
            return found
        named = str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",")
        for one in reversed([part.strip() for part in named if part.strip()]):
            found = one[:64]
            if not self._is_proxy(found):
                break
        return found

    def _is_proxy(self, address: str) -> bool:
        try:
            known = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(known in network for network in self._proxies)

    def _key(self, sent: str) -> Key | None:
        """Return the key that was sent, None when there is none; one just made is read at once.

        503 when it is not known here and the store, which may have it, cannot be reached.
        """
        hashed = digest(sent)
        if self._is_sought(sent, hashed):
            try:
                self._find(key_id_of(sent), hashed)
            except StoreError:
                if self._made or not self.open:
                    raise _unreachable() from None
        return self._keys.get(hashed)

    def _is_sought(self, sent: str, hashed: str) -> bool:
        """Whether a key that was sent has to be looked for in the store."""
        return hashed not in self._keys and (self._made is None or bool(key_id_of(sent)))

    def _key_of_id(self, key_id: str) -> Key | None:
        """Return the key that a token or a session is of; one just made is read at once.

        None when it was revoked; 503 when it is not known here and the store cannot be reached.
        """
        if key_id not in self._by_id:
            try:
                self._find(key_id, "")
            except StoreError:
                raise _unreachable() from None
        return self._by_id.get(key_id)

    def _token(self, sent: str) -> Token | None:
        """Return a token that was sent and has not ended; 503 where no secret was ever read."""
        if self._tokens is None:
            self._key_of_id("")
        return self.tokens.read(sent)

    def _unread(self, right: str) -> bool:
        """Whether the keys were never read, so that only lists of the bundle can be given."""
        return self._made is None and self.open and right != "lists"

    def _holder(self, sent: str, right: str, own: bool) -> Caller:
        token = self._token(sent)
        if token is None or (token.key_id and self._key_of_id(token.key_id) is None):
            raise _unauthorized(
                "this token has expired, or its key was revoked, or its user erased"
            )
        _check(TOKEN, right if own else "", "the token is for what concerns its own user")
        holder = "tokens of " + token.key_id
        name = _token_name(token.user_id)
        return Caller(
            name, self.settings.rate_limit, TOKEN, token.user_id, token.made, holder=holder
        )

    def _distrust(self, environ: Mapping[str, Any], right: str, sent: bool) -> str:
        """Say why a caller without a known key is not served; empty: they are."""
        if sent and (self._made or not self.open):
            return "this key is not known, or was revoked"
        if right in KEY_ONLY:
            return f"this needs a key with the role {' or '.join(roles_with(right))}: {_MAKE}"
        if self.settings.auth == "off":
            return ""
        why = "" if self.open else "the service is reached from other machines"
        why = why or _from_elsewhere(environ, self.settings.cors_origins)
        if not why and self._made:
            why = "a key has been made, so that every caller needs one"
        why = why and (_unread_header(environ) or why)
        return f"send a key ({_HOW}): {why}" if why else ""

    def _limit(self, caller: str, rate: float, count: int = 1) -> None:
        if rate <= 0 or count < 1:
            return
        share = max(1, self.settings.workers) if self.buckets.alone else 1
        wait = self.buckets.wait(caller, rate / share, count=count)
        if wait:
            headers = {"Retry-After": str(int(wait) + 1)}
            raise ApiError(429, f"more than {rate:g} requests a second", headers=headers)


def _token_name(user_id: str) -> str:
    return "token " + user_id


def _check(rights: frozenset[str], right: str, held: str) -> None:
    if right in rights:
        return
    roles = f"the role {' or '.join(roles_with(right))}" if right else "a key"
    raise ApiError(403, f"this needs {roles}; {held}")


def _unreachable() -> ApiError:
    message = "the store, which holds the keys, cannot be reached"
    return ApiError(503, message, "store_unreachable", headers={"Retry-After": "2"})


def _unauthorized(message: str) -> ApiError:
    return ApiError(401, message, headers={"WWW-Authenticate": 'Bearer realm="recsys"'})


_MAKE = "recsys keys create NAME --scope ROLE"
_HOW = "Authorization: Bearer <key>, or X-API-Key: <key>"


def _unread_header(environ: Mapping[str, Any]) -> str:
    """Say why what Authorization holds was not read; empty: the header is not there."""
    if not str(environ.get("HTTP_AUTHORIZATION", "")).strip():
        return ""
    return "the header Authorization does not have the form 'Bearer <key>'"


def _from_elsewhere(environ: Mapping[str, Any], origins: tuple[str, ...]) -> str:
    """Say what shows that a request was not sent by a program on this machine; empty: nothing.

    HTTP/1.0 counts as a sign of a proxy: nginx speaks it to what `proxy_pass` names.
    """
    if environ.get("REMOTE_ADDR", "") not in LOOPBACK - {""}:
        return "the caller is on another machine"
    if not _is_loopback(environ.get("HTTP_HOST", "")):
        return f"the request is for the host {environ.get('HTTP_HOST', '')[:80]!r}"
    if any(name in environ for name in _PROXIED) or any(n.startswith(_FORWARDED) for n in environ):
        return "a proxy has passed the request on"
    if environ.get("SERVER_PROTOCOL") in _OLD:
        return "HTTP/1.0 is what proxies speak"
    origin = environ.get("HTTP_ORIGIN", "")
    if origin and not _is_own(origin, environ, origins):
        return f"a page of {origin[:80]!r} has sent the request (RECSYS_CORS_ORIGINS)"
    if not origin and environ.get("HTTP_SEC_FETCH_SITE", "") not in _OWN_PAGES:
        return "a page of another site has sent the request"
    return ""


def _is_own(origin: str, environ: Mapping[str, Any], origins: tuple[str, ...]) -> bool:
    own = f"{environ.get('wsgi.url_scheme', 'http')}://{environ.get('HTTP_HOST', '')}"
    return origin == own or origin in origins or "*" in origins


@lru_cache(maxsize=64)
def _is_loopback(host: str) -> bool:
    """Whether a Host header names this machine: localhost or an address of loopback."""
    name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    name = name if name and port.isdigit() else host
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def sent_key(environ: Mapping[str, Any]) -> str:
    """Return the key or token in the headers of a request, empty without any."""
    if header := environ.get("HTTP_X_API_KEY", ""):
        return str(header).strip()
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
