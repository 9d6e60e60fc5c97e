"""Slices of leave-last-out by an item column: test item above or below the previous item.

A file that lists the events of one day in the order of a number gives models of order an advantage
where the test item has a greater number than the item before it. Figures of both slices show it.
"""

from __future__ import annotations

from difflib import get_close_matches

import numpy as np

from recsys.array_types import Mask
from recsys.data.event_tables import EventTable, ItemTable
from recsys.errors import DataError
from recsys.tuning.evaluation_queries import EvaluationQueries

SHARED = 0.2  # of neighbouring events of users; more at one time: their order may be a numbering
COLUMNS = ("item_id", "title", "category", "author", "url")


def column_values(table: ItemTable, column: str) -> list[str]:
    """Return a column of the items as texts, "" for none; DataError for an unknown column."""
    if column == "item_id":
        return [table.ids[row] for row in range(len(table))]
    if column in COLUMNS:
        return list(getattr(table, column))
    names = {name for fields in table.metadata for name in fields}
    if column not in names:
        known = (*COLUMNS, *sorted(names))
        close = get_close_matches(column, known, 1)
        meant = f"; is {close[0]} meant?" if close else f"; choose one of {', '.join(known)}"
        raise DataError(f"--slice-order {column!r}: items have no such column{meant}")
    return [str(fields.get(column, "")) for fields in table.metadata]


def steps(questions: EvaluationQueries, values: list[str]) -> dict[str, Mask]:
    """Return per positive whether it is a step up, and whether a step down, by the column.

    Up: its value is greater, as text, than that of the last item of the user's history. Positives
    outside the catalogue, or of users without a history, are neither.
    """
    order = np.unique(np.array(values, dtype=str), return_inverse=True)[1]
    starts, relevant = questions.histories.starts, questions.relevant
    last = np.full(len(questions), -1)
    some = np.diff(starts) > 0
    last[some] = order[questions.histories.item[starts[1:][some] - 1]]
    before, own = last[relevant.owner], np.append(order, -1)[relevant.items]
    known = (before >= 0) & (own >= 0)
    return {"step_up": known & (own > before), "step_down": known & (own <= before)}


def share_at_one_time(events: EventTable) -> float:
    """Return the share of neighbouring events of users at equal times; 0 without times."""
    if not events.timed or not len(events):
        return 0.0
    order = np.argsort(events.user, kind="stable")
    user, time = events.user[order], events.time[order]
    pairs = user[1:] == user[:-1]
    return float((time[1:] == time[:-1])[pairs].mean()) if pairs.any() else 0.0
