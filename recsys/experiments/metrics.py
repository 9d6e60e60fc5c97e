"""Metrics of experiments: what is counted of a user, per what, and whether more is worse.

Everything is counted from the exposure log and its outcomes: lists, their places, and the events
that name a list. A metric is a ratio of two sums over users.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

COUNTS = ("lists", "places", "clicks", "clicked_lists", "refusals")


@dataclass(frozen=True, slots=True)
class Metric:
    """Name of a count, and of the one that it is divided by; empty: the number of users."""

    value: str
    base: str
    help: str
    more_is_worse: bool = False


METRICS: Mapping[str, Metric] = {
    "click_rate": Metric("clicks", "places", "items acted on per item shown"),
    "lists_with_click": Metric("clicked_lists", "lists", "share of lists with an act"),
    "clicks_per_user": Metric("clicks", "", "items acted on per user"),
    "lists_per_user": Metric("lists", "", "lists per user"),
    "refusal_rate": Metric(
        "refusals", "places", "items hidden, disliked or reported per item shown", True
    ),
}
