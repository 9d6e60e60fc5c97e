"""Wordings that several actions share: comparisons, wishes and targets as facts."""

from __future__ import annotations

import math
from collections.abc import Mapping

from recsys.dialogue.answer_statements import Statement
from recsys.dialogue.commands import Steer, Target, TargetKind
from recsys.dialogue.facts import Fact
from recsys.dialogue.length_limits import LengthLimit
from recsys.i18n import translate

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
FOLLOWED = "those whom you follow"
# of a search within a period, a length or those whom the user follows; and where nothing is there
WITHIN: Mapping[TargetKind, str] = {
    "length": "Only of this length: {length}.",
    "followed": "Only by {people}.",
}
WITHIN_PERIOD = "Only from this period: {period}."
NONE_WITHIN: Mapping[TargetKind, str] = {
    "length": "Nothing of this length was found: {length}.",
    "followed": "Nothing by {people} was found.",
}
NONE_WITHIN_PERIOD = "Nothing from this period was found: {period}."
_VALUE: Mapping[TargetKind, str] = {"length": "length", "followed": "people"}


def within_statement(within: Target, found: bool = True) -> Statement:
    """Return what says that a search is limited, or that nothing was found within the limit."""
    own, other = (WITHIN, WITHIN_PERIOD) if found else (NONE_WITHIN, NONE_WITHIN_PERIOD)
    name = _VALUE.get(within.kind, "period")
    return Statement(own.get(within.kind, other), {name: fact_of(within)})


def length_called(limit: LengthLimit, language: str) -> str:
    """Return how answers call a limit of length: "up to 10 minutes"."""
    least, most = f"{limit.least:g}", f"{limit.most:g}"
    if limit.most == math.inf:
        return translate("at least {least} minutes", language, least=least)
    if not limit.least:
        return translate("up to {most} minutes", language, most=most)
    return translate("{least} to {most} minutes", language, least=least, most=most)


def wish_fact(wish: Steer) -> Fact:
    """Return a wish as a fact of an answer: the sign of its action, and its target."""
    return Fact("name", f"{MARKS[wish.action]}{wish.target.called}")


def fact_of(target: Target) -> Fact:
    """Return a target as a fact of an answer."""
    if target.kind == "item":
        return Fact("title", target.called, target.value)
    return Fact("date" if target.kind in ("years", "dates") else "name", target.called)
