"""Guardrail: a metric that an experiment must not harm; its arm is stopped when it does."""

from __future__ import annotations

from dataclasses import dataclass

from recsys.errors import DataError
from recsys.experiments.arm_sums import ArmSums, Difference, difference
from recsys.experiments.confidence_sequence import PLANNED_UNITS, lower_bound


@dataclass(frozen=True, slots=True)
class Guardrail:
    """Name of a metric, the relative loss that is planned for, and whether more is worse."""

    metric: str
    margin: float = 0.02  # share of the control's value that the plan can tell from no loss
    more_is_worse: bool = False
    alpha: float = 0.05
    planned_units: int = PLANNED_UNITS  # of both arms

    def __post_init__(self) -> None:
        if not 0 < self.margin < 1:
            raise DataError(
                f"guardrail {self.metric!r}: margin {self.margin:g} is not between 0 and 1"
            )

    def harmed(self, arm: ArmSums, control: ArmSums) -> bool:
        """Whether the arm is shown to lose, at this look among any number of looks."""
        found = difference(arm, control)
        loss = found.value if self.more_is_worse else -found.value
        turned = Difference(loss, found.variance, found.units, found.reference)
        return lower_bound(turned, self.alpha, self.planned_units) > 0
