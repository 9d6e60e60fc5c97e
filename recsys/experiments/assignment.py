"""Stateless assignment of units to arms: the hash of a unit and a salt is a point in [0, 1).

Experiments of one layer share its salt and have ranges of it that do not overlap, so that a unit is
in at most one of them; experiments of different layers are independent. Within an experiment the
arms divide a second point, whose salt is the experiment's id; the last part of it may be held out.
Nothing is stored, and every process comes to the same arm.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from recsys.errors import DataError

_SCALE = 2.0**-64
SHARES_SUM = 1e-9  # by how much shares may miss 1
HOLDOUT = "holdout"  # name of the arm of units that are held out


def point(unit: str, salt: str) -> float:
    """Return the point in [0, 1) of a unit, uniform over units and independent between salts."""
    digest = hashlib.blake2b(unit.encode("utf-8", "surrogatepass"), digest_size=8, key=_key(salt))
    return int.from_bytes(digest.digest(), "little") * _SCALE


def _key(salt: str) -> bytes:
    """Return the key of a hash, at most 64 bytes whatever the length of the salt."""
    raw = salt.encode("utf-8", "surrogatepass")
    return raw if 0 < len(raw) <= 64 else hashlib.blake2b(raw, digest_size=32).digest()


@dataclass(frozen=True)
class Split:
    """Names of arms and their shares of an experiment's units; DataError where they do not add up.

    `start`, `end`: the experiment's range of its layer. Units outside are in no arm. `holdout`: the
    share of the range that is in the arm `HOLDOUT`; the arms share the rest.
    """

    experiment: str
    arms: tuple[str, ...]
    shares: tuple[float, ...]
    layer: str = "default"
    start: float = 0.0
    end: float = 1.0
    holdout: float = 0.0

    def __post_init__(self) -> None:
        where = f"experiment {self.experiment!r}"
        if len(self.arms) < 2 or len(set(self.arms)) < len(self.arms):
            raise DataError(f"{where}: two arms or more are needed, each with a name of its own")
        if len(self.shares) != len(self.arms) or not all(0 < share <= 1 for share in self.shares):
            raise DataError(f"{where}: each arm needs a share above 0, and not {self.shares}")
        if abs(sum(self.shares) - 1) > SHARES_SUM:
            raise DataError(
                f"{where}: the shares of its arms add up to {sum(self.shares):g}, not 1"
            )
        if HOLDOUT in self.arms or not 0 <= self.holdout < 1:
            raise DataError(
                f"{where}: {HOLDOUT!r} names no arm; its share {self.holdout:g} is 0 to below 1"
            )
        if not 0 <= self.start < self.end <= 1:
            raise DataError(
                f"{where}: its range {self.start:g} to {self.end:g} of the layer {self.layer!r} is"
                " no part of 0 to 1"
            )

    @property
    def groups(self) -> dict[str, float]:
        """Names of the arms, and of the holdout where there is one, with their shares of units."""
        rest = {
            arm: share * (1 - self.holdout)
            for arm, share in zip(self.arms, self.shares, strict=True)
        }
        return rest | ({HOLDOUT: self.holdout} if self.holdout else {})

    @cached_property
    def _names(self) -> list[str]:
        return list(self.groups)

    @cached_property
    def _ends(self) -> list[float]:
        return [*list(accumulate(self.groups.values()))[:-1], 1.0]

    def arm(self, unit: str) -> str | None:
        """Return the arm of a unit, in some 2 us; None outside the experiment's range."""
        if (self.start, self.end) != (0.0, 1.0):
            at = point(unit, self.layer)
            if not self.start <= at < self.end:
                return None
        return self._names[bisect_right(self._ends, point(unit, self.experiment))]


def check_layer(splits: Sequence[Split]) -> None:
    """Raise DataError where two experiments of one layer overlap or two share an id."""
    ids = [split.experiment for split in splits]
    if twice := {name for name in ids if ids.count(name) > 1}:
        raise DataError(
            f"two experiments have the id {min(twice)!r}; an id is the salt of its arms"
        )
    for layer in {split.layer for split in splits}:
        ordered = sorted((s for s in splits if s.layer == layer), key=lambda split: split.start)
        for before, after in zip(ordered, ordered[1:], strict=False):
            if after.start < before.end:
                raise DataError(
                    f"experiments {before.experiment!r} and {after.experiment!r} overlap in the"
                    f" layer {layer!r}: {after.start:g} to {min(before.end, after.end):g}"
                )
