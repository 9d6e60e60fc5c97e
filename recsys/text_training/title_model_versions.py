"""Title model versions: the fine-tuned T5 in service and the one before, below RECSYS_HOME.

title_model/current      a link to the version in service; RECSYS_LLM=t5:… may name it
title_model/<version>/   config, tokenizer and weights
title_model/lesson.json  what was last learned from
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

KEPT = 2  # the version in service and the one before
CURRENT, LESSON = "current", "lesson.json"


class TitleModelVersions:
    """The versions in one home; nothing is made before the first is published."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "title_model"

    @property
    def current(self) -> Path | None:
        """The folder of the version in service; None: there is none."""
        link = self.folder / CURRENT
        return link.resolve() if (link / "config.json").is_file() else None

    @property
    def lesson(self) -> str:
        """What was last learned from, kept or not; empty: nothing yet, or it cannot be read."""
        try:
            return str(json.loads((self.folder / LESSON).read_text("utf-8"))["lesson"])
        except (OSError, ValueError, LookupError, TypeError):
            return ""

    def publish(self, trained: Path, version: str) -> None:
        """Move a folder in as a version and let the link point to it; older ones go."""
        self.folder.mkdir(parents=True, exist_ok=True)
        target = self.folder / version
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(trained, self.folder / f".{version}")
        os.replace(self.folder / f".{version}", target)
        link = self.folder / ".link"
        link.unlink(missing_ok=True)
        link.symlink_to(version, target_is_directory=True)
        os.replace(link, self.folder / CURRENT)
        self._prune(version)

    def note(self, lesson: str) -> None:
        """Write what was learned from."""
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f"{LESSON}.part"
        part.write_text(json.dumps({"lesson": lesson}), "utf-8")
        os.replace(part, self.folder / LESSON)

    def _prune(self, current: str) -> None:
        versions = [one for one in self.folder.iterdir() if one.is_dir() and not one.is_symlink()]
        versions.sort(key=lambda one: (one.name != current, -one.stat().st_mtime_ns))
        for one in versions[KEPT:]:
            shutil.rmtree(one)
