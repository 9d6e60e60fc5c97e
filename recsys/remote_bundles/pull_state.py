"""PullState: what a home knows of the object store that its bundles come from."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .pointer import Pointer

STATE = ".remote.json"  # in the folder of the bundles


@dataclass(slots=True)
class PullState:
    """Latest pointer that was taken over, versions that were pulled, and the latest look."""

    url: str
    version: str = ""  # of the pointer; empty before the first
    number: int = 0
    series: str = ""
    looked: float = 0.0  # Unix seconds of the latest look that the store answered; 0: none yet
    pulled: list[str] = field(default_factory=list)  # versions, the latest last

    @property
    def pointer(self) -> Pointer | None:
        """The latest pointer that was taken over."""
        return Pointer(self.version, self.number, self.series) if self.version else None

    def take(self, pointer: Pointer) -> None:
        """Note a pointer that was taken over."""
        self.version, self.number, self.series = pointer.version, pointer.number, pointer.series

    @classmethod
    def read(cls, folder: Path, url: str) -> PullState:
        """Return the state of a home; an empty one where there is none, or of another store."""
        try:
            found = cls(**json.loads((folder / STATE).read_bytes()))
        except (OSError, ValueError, TypeError):
            return cls(url)
        return found if found.url == url else cls(url)

    def write(self, folder: Path) -> None:
        """Write the state, replacing the one before as a whole."""
        aside = folder / f"{STATE}.{os.getpid()}"
        aside.write_text(json.dumps(asdict(self)))
        os.replace(aside, folder / STATE)
