"""Step: coefficients of the probability that a user returns within a week."""

from __future__ import annotations

from pathlib import Path

from recsys.bundle import write_bundle
from recsys.training.user_return_model import fit_returning

from ..context import NightContext
from ..step_runner import Detail


def build_returning(night: NightContext, out: Path) -> Detail:
    """Fit who comes back within a week; tell how that fared in the last week."""
    found = fit_returning(night.data, night.settings.seed)
    write_bundle(out, {} if found is None else found.arrays(), {}, {})
    if found is None:
        return {"dated": night.data.timed}
    return {name: round(value, 4) for name, value in found.measured.items()}
