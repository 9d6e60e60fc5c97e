"""The night's view of readers: communities of items, and the coefficients of who comes back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from recsys.bundle import write_bundle
from recsys.training.communities import CommunityConfig, fit_communities
from recsys.training.user_return_model import fit_returning

from ..step_runner import Detail

if TYPE_CHECKING:
    from ..context import NightContext


def build_communities(night: NightContext, out: Path) -> Detail:
    """Group the items that the same people take up."""
    found = fit_communities(night.data, CommunityConfig(seed=night.settings.seed))
    write_bundle(out, found.arrays(), {}, {})
    return {"communities": len(found), "items": int((found.items >= 0).sum())}


def build_returning(night: NightContext, out: Path) -> Detail:
    """Fit who comes back within a week; tell how that fared in the last week."""
    found = fit_returning(night.data, night.settings.seed)
    write_bundle(out, {} if found is None else found.arrays(), {}, {})
    return {} if found is None else {k: round(v, 4) for k, v in found.measured.items()}
