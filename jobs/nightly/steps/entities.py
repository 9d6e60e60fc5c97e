"""Step: entities named in item texts, and their co-occurrence."""

from __future__ import annotations

from pathlib import Path

from recsys.bundle import write_bundle
from recsys.text.entities.gazetteer import read_gazetteer
from recsys.text.entities.model import fit_entities
from recsys.training.trend_streams import texts_of

from ..context import NightContext
from ..step_runner import Detail


def build_entities(night: NightContext, out: Path) -> Detail:
    """Find the names in the items' texts and addresses, those of the gazetteer included."""
    table, listed = night.data.table, night.settings.gazetteer
    entries = read_gazetteer(Path(listed).expanduser()) if listed else []
    found = fit_entities(texts_of(table), table.url, entries)
    write_bundle(out, found.arrays(), {}, {})
    return {
        "names": len(found),
        "items": int((found.ends[1:] > found.ends[:-1]).sum()),
        "pairs": len(found.relations.others) // 2,
    }
