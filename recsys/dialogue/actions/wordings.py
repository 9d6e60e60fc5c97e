"""Wordings that several actions share: comparisons, wishes and targets as facts."""

from __future__ import annotations

from recsys.dialogue.commands import Steer, Target
from recsys.dialogue.facts import Fact

THAN = {
    "shorter": "Shorter ones.",
    "longer": "Longer ones.",
    "newer": "Newer ones.",
    "older": "Older ones.",
    "lighter": "Lighter ones, by the tone of their words.",
    "darker": "Darker ones, by the tone of their words.",
    "more_known": "Better known ones.",
    "less_known": "Less known ones.",
    "cheaper": "Cheaper ones.",
    "dearer": "More expensive ones.",
    "better_rated": "Better rated ones.",
}
SORTED = {
    "shorter": "The shortest first.",
    "longer": "The longest first.",
    "newer": "The newest first.",
    "older": "The oldest first.",
    "more_known": "The best known first.",
    "less_known": "The least known first.",
    "cheaper": "The cheapest first.",
    "dearer": "The most expensive first.",
    "better_rated": "The best rated first.",
}
MARKS = {"only": "= ", "mute": "− ", "less": "↓ ", "more": "↑ ", "forget": ""}
WITHIN = "Only from this period: {period}."


def wish_fact(wish: Steer) -> Fact:
    """Return a wish as a fact of an answer: the sign of its action, and its target."""
    return Fact("name", f"{MARKS[wish.action]}{wish.target.called}")


def fact_of(target: Target) -> Fact:
    """Return a target as a fact of an answer."""
    if target.kind == "item":
        return Fact("title", target.called, target.value)
    return Fact("date" if target.kind in ("years", "dates") else "name", target.called)
