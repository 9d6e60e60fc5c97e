"""Navigation of the console: its links in groups, and the right that each needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..console_session import CONSOLE


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a page."""

    path: str
    name: str  # in English
    right: str
    icon: str  # a symbol of static/icons.svg


@dataclass(frozen=True, slots=True)
class Group:
    """Links under one heading."""

    name: str  # in English; empty: without a heading
    links: tuple[Link, ...]


GROUPS = (
    Group("", (Link(CONSOLE, "Overview", "console", "pulse"),)),
    Group(
        "Users",
        (
            Link(f"{CONSOLE}/users", "Find a user", "profile", "person"),
            Link(f"{CONSOLE}/compare", "Compare lists", "profile", "compare"),
            Link(f"{CONSOLE}/dialogue", "Dialogue", "profile", "chat"),
        ),
    ),
    Group(
        "Content",
        (
            Link(f"{CONSOLE}/items", "Items", "console", "document"),
            Link(f"{CONSOLE}/topics", "Topics", "console", "map"),
            Link(f"{CONSOLE}/trends", "Trends and tone", "console", "trend"),
            Link(f"{CONSOLE}/events", "Detected events", "notices", "spark"),
        ),
    ),
    Group(
        "Training",
        (
            Link(f"{CONSOLE}/runs", "Runs", "metrics", "moon"),
            Link(f"{CONSOLE}/bundles", "Bundles", "console", "box"),
            Link(f"{CONSOLE}/experiments", "Experiments", "metrics", "beaker"),
        ),
    ),
    Group(
        "Attention",
        (
            Link(f"{CONSOLE}/alerts", "Alerts and watches", "notices", "bell"),
            Link(f"{CONSOLE}/suspects", "Suspicious groups", "suspects", "shield"),
        ),
    ),
    Group(
        "Service",
        (
            Link(f"{CONSOLE}/keys", "Keys", "keys", "key"),
            Link(f"{CONSOLE}/settings", "Settings", "settings", "sliders"),
            Link(f"{CONSOLE}/audit", "Audit log", "audit", "list"),
        ),
    ),
)


def visible(groups: Sequence[Group], rights: frozenset[str]) -> list[Group]:
    """Return the groups with the links that some rights admit to; none empty."""
    found = []
    for group in groups:
        links = tuple(link for link in group.links if link.right in rights)
        if links:
            found.append(Group(group.name, links))
    return found
