"""The night's flags: what ingest and the service noted in items' metadata, as arrays by row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recsys.bundle import write_bundle
from recsys.serving.item_flags import ItemFlags

from ..step_runner import Detail

if TYPE_CHECKING:
    from ..context import NightContext


def build_flags(night: NightContext, out: Path) -> Detail:
    """Gather the flags of all items; tell how many items carry each kind."""
    table = night.data.table
    marks = ItemFlags.of_items(list(table.ids), table.metadata)
    write_bundle(out, marks.arrays(), {}, {})
    flagged = np.ones(len(table), bool)
    return {kind: count for kind, count in marks.counts(flagged).items() if count}
