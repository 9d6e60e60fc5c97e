"""Step: screening flags from the items' metadata, as arrays by row."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recsys.bundle import write_bundle
from recsys.serving.item_flags import ItemFlags

from ..context import NightContext
from ..step_runner import Detail


def build_flags(night: NightContext, out: Path) -> Detail:
    """Gather the flags of all items; tell how many items carry each kind."""
    table = night.data.table
    marks = ItemFlags.of_items(list(table.ids), table.metadata)
    write_bundle(out, marks.arrays(), {}, {})
    flagged = np.ones(len(table), bool)
    return {kind: count for kind, count in marks.counts(flagged).items() if count}
