"""Registry of fine-tuned encoders: one folder per family and version.

    encoders/<family>/current.json    the version to start from, and what it has learned from
    encoders/<family>/<version>/      safetensors, or static vectors, with a checksum of every file

The family is the encoder that fine-tuning began with, by name and content: another start is
another family.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from recsys.errors import DataError
from recsys.text.encoders.encoder import Encoder
from recsys.text.encoders.saved_encoder import read_encoder, save_encoder

KEPT = 2  # tonight's version and the one before
SUMS = "checksums.json"


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """Where a family stands."""

    version: str  # folder; empty while no fine-tuned version is better than the start
    lesson: str  # fingerprint of the data and settings that were last learned from
    ndcg: float  # of the version, on held-out items, when it was made


@dataclass(frozen=True, slots=True)
class EncoderRegistry:
    """The versions of one family."""

    folder: Path  # encoders/<family>
    family: str

    @classmethod
    def of(cls, home: Path, family: str) -> EncoderRegistry:
        """Return the shelf of a family below RECSYS_HOME; nothing is made yet."""
        return cls(home / "encoders" / f"tuned-{re.sub(r'[^A-Za-z0-9._-]', '_', family)}", family)

    def entry(self) -> RegistryEntry | None:
        """Return where the family stands; None before the first lesson, or when unreadable."""
        try:
            return RegistryEntry(**json.loads((self.folder / "current.json").read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def load(self, version: str, device: str) -> Encoder:
        """Return a version; DataError when it is missing, half-written or damaged."""
        folder = self.folder / version
        _compare(folder)
        return read_encoder(folder, device, self.family)

    def add(self, encoder: Encoder, entry: RegistryEntry) -> None:
        """Keep an encoder under `entry.version` and make it the one to start from."""
        self.folder.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".", dir=self.folder))
        try:
            save_encoder(encoder, aside / "files")
            sums = {
                str(file.relative_to(aside / "files")): _sha256(file)
                for file in sorted((aside / "files").rglob("*"))
                if file.is_file()
            }
            (aside / "files" / SUMS).write_text(json.dumps(sums, indent=1), "utf-8")
            shutil.rmtree(self.folder / entry.version, ignore_errors=True)
            os.replace(aside / "files", self.folder / entry.version)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        self.note(entry)
        self._prune(entry.version)

    def note(self, entry: RegistryEntry) -> None:
        """Write where the family stands."""
        self.folder.mkdir(parents=True, exist_ok=True)
        aside = self.folder / "current.json.part"
        aside.write_text(json.dumps(asdict(entry), indent=1), "utf-8")
        os.replace(aside, self.folder / "current.json")

    def _prune(self, current: str) -> None:
        versions = [path for path in self.folder.iterdir() if (path / SUMS).is_file()]
        versions.sort(key=lambda path: (path.name != current, -path.stat().st_mtime_ns))
        for path in versions[KEPT:]:
            shutil.rmtree(path, ignore_errors=True)


def _compare(folder: Path) -> None:
    try:
        sums: dict[str, str] = json.loads((folder / SUMS).read_text("utf-8"))
        wrong = [name for name, sha in sums.items() if _sha256(folder / name) != sha]
    except (OSError, ValueError, AttributeError) as error:
        raise DataError(f"{folder} is no whole encoder ({error}): delete the folder") from error
    if wrong:
        raise DataError(f"{folder}: {wrong} are not as written: delete the folder")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
