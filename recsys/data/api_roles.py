"""Rights and roles of API callers: the rights that each role has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

# Right -> what it lets a caller do. Every route that is not open needs exactly one of them.
RIGHTS: Mapping[str, str] = MappingProxyType(
    {
        "lists": "read lists, reasons, explanations, items, topics and trends",
        "items": "add, change and remove items",
        "events": "store and delete events",
        "users": "store users and follows, and change controls of users",
        "tokens": "create a token for the browser of one user",
        "history": "list events, users and follows",
        "profile": "read the profile of a user, observed and inferred",
        "export": "export all data of a user",
        "erase": "erase a user",
        "metrics": "read the figures of the service",
        "suspects": "read which accounts act together suspiciously",
        "audit": "read the audit log",
        "notices": "read notices and the state of their delivery",
        "operate": "change destinations of notices, and retry deliveries",
        "console": "open the console",
        "settings": "read the settings of the service",
        "keys": "list keys, and revoke them",
    }
)
_ALL = frozenset(RIGHTS)
ROLES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "read": frozenset({"lists"}),
        "write": frozenset({"lists", "items", "events", "users", "tokens", "history"}),
        "metrics": frozenset({"metrics"}),
        "operate": frozenset(
            {"lists", "items", "metrics", "suspects", "notices", "operate", "console", "settings"}
        ),
        "support": frozenset({"lists", "users", "history", "profile", "export", "console"}),
        "admin": _ALL,
    }
)
# Keys made before roles existed keep what their scope admitted to.
LEGACY: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "read": ROLES["read"],
        "write": _ALL
        - {"metrics", "suspects", "audit", "notices", "operate", "console"}
        - {"settings", "keys"},
        "admin": _ALL,
    }
)
# Which calls of a route with a right are written to the audit log (see docs/access.md):
#   always  those of every caller
#   look    those of operators, and of callers without a key
#   change  those of operators
#   never   none: of rights that are not named here
# Nobody's token is: its holder looks at themselves. Routes may state another rule.
OPERATORS = frozenset({"operate", "support", "admin"})  # roles; the others belong to back ends
AuditRule = Literal["always", "look", "change", "never"]
AUDITED: Mapping[str, AuditRule] = MappingProxyType(
    {
        "items": "change",
        "events": "change",
        "users": "change",
        "tokens": "change",
        "history": "look",
        "profile": "always",
        "export": "always",
        "erase": "always",
        "suspects": "always",
        "audit": "always",
        "operate": "always",
        "keys": "always",
    }
)
KEY_ONLY = frozenset({"export", "erase", "settings", "keys"})  # never without a key
WITHOUT_KEY = _ALL - KEY_ONLY  # of callers who are let in without a key
# Of a browser that holds a token: everything about its own user, and what concerns nobody.
TOKEN = frozenset({"lists", "events", "users", "history", "profile"})


def rights_of(roles: Iterable[str]) -> frozenset[str]:
    """Return the rights of some roles together."""
    return frozenset().union(*(ROLES[role] for role in roles))


def roles_with(right: str) -> list[str]:
    """Return the roles that have a right, in the order of ROLES."""
    return [role for role, rights in ROLES.items() if right in rights]
