"""The home that commit 2c9a487 made, see tests/fixtures."""

from __future__ import annotations

import tarfile
from pathlib import Path

PACKED = Path(__file__).parent.parent / "fixtures" / "home_2c9a487.tar.gz"


def unpack(folder: Path) -> Path:
    """Put the home into a folder of this name; return it."""
    with tarfile.open(PACKED) as packed:
        packed.extractall(folder, filter="data")
    return folder
