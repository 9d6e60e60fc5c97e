"""NumberBounds: between which values a number of a bundle's manifest makes finite scores."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NumberBounds:
    """Closed interval of the values that are accepted when a bundle is opened.

    What scores are multiplied with, divided by or raised to is bounded on both sides, so that no
    product of accepted numbers overflows or divides by 0 in the precision that it is computed in.
    """

    least: float
    most: float

    def check(self, name: str, value: object) -> float:
        """Return a number within the bounds; TypeError or ValueError, with its name, for others."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(f"{name} is {value!r:.60}, not a number")
        if not self.least <= value <= self.most:  # also where it is no number (NaN)
            raise ValueError(
                f"{name} is {value!r:.60}, not between {self.least:g} and {self.most:g}"
            )
        return float(value)

    def check_whole(self, name: str, value: object) -> int:
        """Return a whole number within the bounds; TypeError or ValueError for others."""
        found = self.check(name, value)
        if not found.is_integer():
            raise ValueError(f"{name} is {value!r}, not a whole number")
        return int(found)


WEIGHT = NumberBounds(-1e9, 1e9)  # times e^60 of `EXPONENT` still below the largest float32
FACTOR = NumberBounds(0.0, 1e9)
DIVISOR = NumberBounds(1e-6, 1e12)  # half-lives and scales, which float32 divides by
EXPONENT = NumberBounds(-5.0, 5.0)  # of e, times log(1 + length of a history) - 2
SHARE = NumberBounds(0.0, 1.0)
SECONDS = NumberBounds(-1e12, 1e12)  # since 1970, or a duration: 31,700 years
RATING = NumberBounds(-1e39, 1e39)  # computed in float64; ratings are at most 3e38
SPREAD = NumberBounds(1e-30, 1e39)  # of ratings, which float64 divides by
COUNT = NumberBounds(0.0, 2.0**53)


def finite(text: str) -> float:
    """Return the number of a JSON text; ValueError beyond the largest float64, and for NaN."""
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(f"{text[:40]} is not a finite number")
    return found


def whole(text: str) -> int:
    """Return the whole number of a JSON text; ValueError for more than 64 bits hold."""
    found = int(text) if len(text) <= 20 else 2**63
    if not -(2**63) <= found < 2**63:
        raise ValueError(f"{text[:40]} is not a number of 64 bits")
    return found
