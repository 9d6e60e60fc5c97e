"""Step: communities of items with the same users."""

from __future__ import annotations

from pathlib import Path

from recsys.bundle import write_bundle
from recsys.training.item_clusters import CommunityConfig, fit_communities

from ..context import NightContext
from ..step_runner import Detail


def build_communities(night: NightContext, out: Path) -> Detail:
    """Group the items that the same users take up."""
    found = fit_communities(night.data, CommunityConfig(seed=night.settings.seed))
    write_bundle(out, found.arrays(), {}, {})
    return {"communities": len(found), "items": int((found.items >= 0).sum())}
