"""Optional parts of a bundle beside the ranking model, one step for each.

They run after `encode`, in this order, and a later one may read what an earlier one left. Each
writes a small bundle into its step's folder; the night's bundle takes its arrays below its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from recsys.bundle import Array, read_bundle

from .context import NightContext
from .step_runner import Detail, PipelineStep
from .steps.entities import build_entities
from .steps.item_communities import build_communities
from .steps.item_flags import build_flags
from .steps.topics import build_topics
from .steps.trends import build_sentiment_series, build_trends
from .steps.user_return_model import build_returning

EXTRA_STEPS: Mapping[str, Callable[[NightContext, Path], Detail]] = {
    "topics": build_topics,
    "flags": build_flags,
    "communities": build_communities,
    "returning": build_returning,
    "entities": build_entities,
    "trends": build_trends,
    "tones": build_sentiment_series,
}


def extra_steps(night: NightContext) -> tuple[PipelineStep, ...]:
    """Return the steps of a night that make its additions."""
    return tuple(PipelineStep(name, partial(build, night)) for name, build in EXTRA_STEPS.items())


def extra_arrays(folder: Path) -> dict[str, Array]:
    """Return the arrays of all additions that a run's folder holds, as its bundle names them."""
    return {
        f"{name}/{key}": array
        for name in EXTRA_STEPS
        for key, array in read_bundle(folder / name).arrays.items()
    }
