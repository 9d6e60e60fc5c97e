"""Choice: what tuning decided and on what evidence; small, readable, kept in the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recsys.state.blend import Blend


@dataclass(frozen=True, slots=True)
class Choice:
    """Engines by name, the blend of their scores, and how every alternative did."""

    engines: tuple[str, ...]
    blend: Blend
    evidence: tuple[Mapping[str, object], ...] = ()  # one row per alternative, best first

    def to_json(self) -> dict[str, object]:
        """Return the choice as JSON knows it."""
        return {
            "engines": list(self.engines),
            "blend": self.blend.to_json(),
            "evidence": [dict(row) for row in self.evidence],
        }

    @classmethod
    def from_json(cls, found: Mapping[str, object]) -> Choice:
        """Read back what `to_json` wrote."""
        return cls(
            tuple(found["engines"]),  # type: ignore[arg-type]
            Blend.from_json(found["blend"]),  # type: ignore[arg-type]
            tuple(found["evidence"]),  # type: ignore[arg-type]
        )
