"""TuningResult: the choices of tuning and their evidence, kept in the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from recsys.serving.gbdt_model import Gbdt
from recsys.serving.score_model import ScoreModel

# tuned: chosen on users whose next steps are known. baseline: the better of popular and trending,
# which answered the newest events better than what was tuned. untested: fixed, see DESIGN.md.
Kind = Literal["tuned", "baseline", "untested"]


@dataclass(frozen=True, slots=True)
class TuningResult:
    """Engines by name, the score model of their scores, and how every alternative did."""

    engines: tuple[str, ...]
    score_model: ScoreModel
    evidence: tuple[Mapping[str, object], ...] = ()  # one row per alternative, best first
    trees: Gbdt | None = None  # that correct the score model
    design: Kind = "tuned"
    pressure: tuple[str, ...] = ()  # what there was no time for, a sentence each
    # Places on the dial of the score model and what each is worth, see
    # `recsys.tuning.accuracy_personalization_frontier`.
    frontier: tuple[Mapping[str, object], ...] = ()
    # What would have been chosen without the terms of follows; None: not requested. Not kept.
    without_follows: TuningResult | None = None

    def to_json(self) -> dict[str, object]:
        """Return the choice as JSON knows it."""
        return {
            "engines": list(self.engines),
            "blend": self.score_model.to_json(),
            "evidence": [dict(row) for row in self.evidence],
            "trees": self.trees.to_json() if self.trees is not None else None,
            "design": self.design,
            "pressure": list(self.pressure),
            "frontier": [dict(point) for point in self.frontier],
        }

    @classmethod
    def from_json(cls, found: Mapping[str, object]) -> TuningResult:
        """Read back what `to_json` wrote."""
        trees = found.get("trees")
        return cls(
            tuple(found["engines"]),  # type: ignore[arg-type]
            ScoreModel.from_json(found["blend"]),  # type: ignore[arg-type]
            tuple(found["evidence"]),  # type: ignore[arg-type]
            Gbdt.from_json(trees) if isinstance(trees, Mapping) else None,
            found.get("design", "tuned"),  # type: ignore[arg-type]
            tuple(found.get("pressure", ())),  # type: ignore[arg-type]
            tuple(found.get("frontier", ())),  # type: ignore[arg-type]
        )
