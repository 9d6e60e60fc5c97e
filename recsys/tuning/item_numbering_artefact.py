"""Check whether the order of equally dated events is time or a numbering of items.

Files without times often list the events of one day in the order of an article number. A model
that learns which item comes after which then learns the numbering: it gains where the next item has
a greater number than the last and loses where it has a smaller one. True order gains in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from recsys.array_types import Mask
from recsys.data.event_tables import ItemTable
from recsys.ranking_metrics import Values
from recsys.tuning.validation_set import ValidationSet

NEARLY_ALL = 0.95  # of the items: a field with as many distinct values may be a numbering


def numberings(table: ItemTable) -> Iterator[list[str]]:
    """Yield for each item its id, then each metadata field that is nearly distinct; "" for none."""
    yield [table.ids[row] for row in range(len(table))]
    names = dict.fromkeys(name for fields in table.metadata for name in fields)
    for name in names:
        values = [str(fields.get(name, "")) for fields in table.metadata]
        if len(set(values)) >= NEARLY_ALL * len(values):
            yield values


def steps_up(check: ValidationSet, numbers: list[str]) -> tuple[Mask, Mask]:
    """Return per user whether an item that they took up next is up, and whether one is down.

    Up: its number is greater, as text, than that of the last item of the history.
    """
    order = np.empty(len(numbers), np.int64)
    order[np.argsort(np.array(numbers), kind="stable")] = np.arange(len(numbers))
    up, down = np.zeros(len(check), bool), np.zeros(len(check), bool)
    for user, history in enumerate(check.histories):
        if not len(history):
            continue
        last = order[history.rows[-1]]
        part = slice(check.relevant.starts[user], check.relevant.starts[user + 1])
        items = check.relevant.items[part]
        places = order[items[items >= 0]]
        up[user], down[user] = (places > last).any(), (places < last).any()
    return up, down


def gains_both_ways(checks: Sequence[ValidationSet], directed: Values, symmetric: Values) -> bool:
    """Return whether direction gains nDCG on steps up and on steps down of every numbering.

    `checks`: with the same items. `directed`, `symmetric`: nDCG of their users by either model, one
    check after the other. True where no step goes one of the ways.
    """
    gain = np.asarray(directed) - np.asarray(symmetric)
    for numbers in numberings(checks[0].data.table):
        for ways in zip(*(steps_up(check, numbers) for check in checks), strict=True):
            some = np.concatenate(ways)
            if some.any() and gain[some].mean() <= 0:
                return False
    return True
