"""Step: topic model of the items; topics that continue keep their previous ids."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recsys.bundle import RawBundle, read_bundle, write_bundle
from recsys.data.ids import IdMap
from recsys.serving.catalogue import under
from recsys.serving.model import Model
from recsys.text.topics.catalogue_topics import item_topics
from recsys.text.topics.fit import LastNight, TopicConfig

from ..context import NightContext
from ..step_runner import Detail


def build_topics(night: NightContext, out: Path) -> Detail:
    """Group the items by what they are about; tell how many topics there are and how many live on.

    Reads what the step `encode` left.
    """
    ids = night.data.items
    vectors = read_bundle(night.folder / "encode").arrays["vectors"]
    before = None if night.before is None else last_night(night.before, ids, night.encoder)
    config = TopicConfig(seed=night.settings.seed)
    user_counts = np.asarray(night.data.matrix().sum(axis=0)).astype(np.int64)
    topics = item_topics(night.data.table, vectors, config, before, user_counts)
    write_bundle(out, topics.arrays(), {}, {})
    kept = set(topics.ids) & set(before.topics.ids) if before is not None else ()
    return {
        "topics": len(topics),
        "groups": len(topics.parent_ids),
        "kept": len(kept),
        "items": int((topics.items >= 0).sum()),
    }


def last_night(raw: RawBundle, ids: IdMap, encoder: str) -> LastNight | None:
    """Return what a bundle says of tonight's items; None when it holds no topics."""
    if not under("topics", raw.arrays):
        return None
    model = Model.from_raw(raw)
    assert model.topics is not None
    rows = np.full(len(ids), -1, np.int32)
    known = model.catalogue.ids.rows(ids)
    rows[known >= 0] = model.topics.items[known[known >= 0]]
    return LastNight(model.topics, rows, raw.manifest.get("encoder") == encoder)
