"""EventFileReadings: with which columns files of events were ingested into a home.

Events of a file that is read again are duplicates only if its columns are read as before: with
`--map timestamp=at` each row that had no time is another event.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class EventFileReadings:
    """A file per file of events, named by its hash, with its columns by the latest ingest."""

    folder: Path

    def differing(self, sha256: str, report: Mapping[str, Any]) -> Iterator[str]:
        """Remember how a file was read; yield a warning if it was stored with other columns before.

        `report`: that of the ingest; a file of which nothing new was stored is not remembered.
        """
        if not report.get("new"):
            return
        path = self.folder / f"{sha256}.json"
        names = {column: name for name, column in report["renamed"].items()}
        now = {column: names.get(column, column) for column in report["columns"]}
        try:
            before = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            before = now
        self.folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(now, ensure_ascii=False), "utf-8")
        if before != now:
            yield (
                f"this file was ingested before with other columns ({_described(before)}; now "
                f"{_described(now)}), so that {report['new']:,} of its events are stored twice; to "
                "store each once, ingest all files into a new RECSYS_HOME"
            )


def _described(columns: Mapping[str, str]) -> str:
    """Return `column=name of the file` per column, its name alone where both are the same."""
    return ", ".join(c if c == name else f"{c}={name}" for c, name in columns.items())
