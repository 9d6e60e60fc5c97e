"""Audit trail: writes the audit log entries of requests.

The handler of every route (api/http/endpoint_declaration.py) makes an Act; the route's rule and the
caller decide whether it is written. What only reads is answered after its entry is on the disk, so
that no look is without one. Where the store fails after a change was made, the entry waits for the
store.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import g

from recsys.data.api_roles import OPERATORS, AuditRule
from recsys.errors import StoreError
from recsys.store.audit_log import Entry
from recsys.store.pseudonyms import Pseudonyms

from .store_connection import StoreLink

log = logging.getLogger("recsys.api")

# Reasons why a route that names a user is never audited
LIST = "a list is made for its reader, and names of a person what its reasons name"
USER_NAMES = frozenset({"user", "user_id", "users", "UserId", "from_id", "subject"})  # of values
_PENDING = 10_000  # entries that wait while the store is away; older ones drop
_MOST = 2  # users whom entries name; of more only the number is written
_OBJECT = 512  # characters of an object that are kept
_OUTCOMES = {400: "invalid", 403: "refused", 404: "missing", 409: "invalid", 422: "invalid"}
_UNWRITTEN = (401, 429)  # refused before anything was looked at


class AuditTrail:
    """Writes what requests did; one per process."""

    def __init__(self, link: StoreLink, pseudonyms: Callable[[], Pseudonyms]) -> None:
        self._link = link
        self._pseudonyms = pseudonyms
        self._waiting: deque[Entry] = deque(maxlen=_PENDING)
        self._lock = threading.Lock()

    def subjects(self, user_ids: Sequence[str], linked: bool) -> list[str]:
        """Return the subjects that stand for users; those of nobody yet are `linked`, or not."""
        found = []
        with self._link.use():
            audit_log, names = self._link.audit_log(), self._pseudonyms()
            for user_id in user_ids:
                person = names.of(user_id)
                known = audit_log.subject(person) if linked else audit_log.known_subject(person)
                found.append(known or secrets.token_hex(12))
        return found

    def write(self, entries: Sequence[Entry]) -> None:
        """Write entries; StoreError when they cannot be written now."""
        with self._link.use():
            self._link.audit_log().append(entries)

    def keep(self, entries: Sequence[Entry]) -> None:
        """Keep entries until the store takes writes again."""
        with self._lock:
            self._waiting.extend(entries)
        log.warning("%d entries of the audit log wait for the store", len(self._waiting))

    def flush(self) -> None:
        """Write what waits, if anything does."""
        with self._lock:
            entries, self._waiting = list(self._waiting), deque(maxlen=_PENDING)
        if entries:
            try:
                self.write(entries)
            except StoreError:
                with self._lock:
                    self._waiting.extendleft(reversed(entries))


class AuditedRequest:
    """One request of a route, on its way to the audit log."""

    def __init__(self, trail: AuditTrail, route: str, right: str, rule: AuditRule) -> None:
        self._trail = trail
        self._route, self._right, self._rule = route, right, rule
        self._reads = route.startswith("GET ")
        self._begun = False
        self._subjects: list[str] = []
        self._object = ""

    @property
    def _may_apply(self) -> bool:
        return g.get("rights") is not None and g.get("token_user") is None

    @property
    def _applies(self) -> bool:
        if self._rule == "never" or not self._may_apply:
            return False
        operator = not OPERATORS.isdisjoint(g.get("roles", ()))
        keyless = g.get("key_id") is None
        return operator or self._rule == "always" or (self._rule == "look" and keyless)

    def begin(self, values: Mapping[str, Any], refused: bool = False) -> None:
        """Find the subjects of the users named by the values of a request, before it is answered.

        Before, because an erasure deletes the links to them, and is followed by no new one.
        """
        if not self._applies:
            return
        self._begun = True
        users, self._object = _concerned(values)
        if users:
            self._subjects = self._trail.subjects(users, refused or self._right != "erase")

    def look_at(self, users: Sequence[str]) -> None:
        """Name users whom no value of the request names; an entry follows whatever the rule is.

        For views: a query over texts may be about one author.
        """
        if not self._may_apply or not users:
            return
        self._begun = True
        if len(users) <= _MOST:
            self._subjects = self._trail.subjects(users, True)
        else:
            self._object = f"{len(users)} users"

    def answered(self, status: int) -> None:
        """Write the entry of an answer; StoreError where a look cannot be written."""
        if not self._begun:
            return
        entries = self._entries(status)
        try:
            self._trail.write(entries)
        except StoreError:
            if self._reads:
                raise
            self._trail.keep(entries)

    def failed(self, status: int, values: Mapping[str, Any]) -> None:
        """Write the entry of a request that was refused, or failed after it had begun."""
        if status in _UNWRITTEN or not (self._begun or (status == 403 and self._applies)):
            return
        try:
            if not self._begun:
                self.begin(values, refused=True)
            self._trail.write(self._entries(status))
        except StoreError:
            self._trail.keep(self._entries(status))

    def _entries(self, status: int) -> list[Entry]:
        outcome = "done" if status < 400 else _OUTCOMES.get(status, "failed")
        return [
            Entry(
                actor=g.get("key_id") or ("loopback" if g.get("loopback") else "no key"),
                roles=",".join(g.get("roles", ())),
                action=self._route,
                right=self._right,
                subject=subject,
                object=self._object,
                outcome=outcome,
                request=g.get("request_id", ""),
            )
            for subject in self._subjects or [""]
        ]


def _concerned(values: Mapping[str, Any]) -> tuple[list[str], str]:
    """Return the users whom the values of a request name, and what else it concerns, in words."""
    users: dict[str, None] = {}
    objects: list[str] = []
    for name, value in values.items():
        if name == "query":
            users |= dict.fromkeys(_named(value))
        elif name == "body":
            rows = value if isinstance(value, list) else [value]
            users |= dict.fromkeys(user for row in rows for user in _named(row))
            if len(rows) > 1:
                objects.append(f"{len(rows)} rows")
            elif url := getattr(rows[0] if rows else None, "url", ""):
                objects.append(str(url))
        elif name in USER_NAMES:
            users[str(value)] = None
        else:
            objects.append(str(value))
    if len(users) > _MOST:
        objects.append(f"{len(users)} users")
        users = {}
    return list(users), ", ".join(objects)[:_OBJECT]


def _named(row: Any) -> list[str]:
    """Return the users whom a body or the parameters of a request name."""
    held = (getattr(row, name, None) for name in sorted(USER_NAMES))
    return [one for one in held if isinstance(one, str) and one]
