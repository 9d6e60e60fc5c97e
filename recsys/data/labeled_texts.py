"""Labelled texts: reader of files of text and label, or of text and valence from -4 to 4."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Mask
from recsys.data.header_naming import Shape
from recsys.data.reading_report import Broken
from recsys.data.record_reader import read_records
from recsys.errors import DataError

NEUTRAL_UP_TO = 0.5  # valence at which a text is no longer neutral
WIDEST = 4.0
NAMES = {
    **{"negative": 0, "neg": 0, "-1": 0},
    **{"neutral": 1, "neu": 1, "0": 1},
    **{"positive": 2, "pos": 2, "1": 2},
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts with their classes: 0 negative, 1 neutral, 2 positive."""

    texts: tuple[str, ...]
    classes: NDArray[np.int64]
    sources: tuple[str, ...]  # where each text comes from; empty where the file does not say

    def select(self, rows: Mask) -> Labelled:
        """Return some of the texts, in their order."""
        kept = np.flatnonzero(rows).tolist()
        texts, sources = ([part[row] for row in kept] for part in (self.texts, self.sources))
        return Labelled(tuple(texts), self.classes[rows], tuple(sources))


def joined(parts: Sequence[Labelled], paths: Sequence[Path]) -> Labelled:
    """Return the texts of several files; one without sources is a source of its own."""
    if len(parts) == 1:
        return parts[0]
    texts = tuple(text for part in parts for text in part.texts)
    sources = tuple(
        source or path.name
        for part, path in zip(parts, paths, strict=True)
        for source in part.sources
    )
    return Labelled(texts, np.concatenate([part.classes for part in parts]), sources)


def read_labels(path: Path) -> Labelled:
    """Read a CSV, JSONL or Parquet file; DataError names the first row that is wrong."""
    texts, classes, sources = [], [], []
    for line, record in read_records(path, Shape.needing("text")):
        if isinstance(record, Broken):
            raise DataError(f"{path}:{line}: {record.reason}")
        texts.append(str(record["text"] or ""))
        classes.append(_class(record, f"{path}:{line}"))
        sources.append(str(record.get("source") or ""))
    return Labelled(tuple(texts), np.array(classes, np.int64), tuple(sources))


def read_texts(path: Path) -> list[str]:
    """Return the column `text` of a file, row by row; a row that cannot be read is empty."""
    records = (record for _, record in read_records(path, Shape.needing("text")))
    return ["" if isinstance(one, Broken) else str(one["text"] or "") for one in records]


def _class(record: Mapping[str, Any], place: str) -> int:
    label = str(record.get("label") or record.get("tone") or "").strip().lower()
    if label:
        if label not in NAMES:
            raise DataError(
                f"{place}: label {label!r} is not negative, neutral or positive (-1, 0 or 1)"
            )
        return NAMES[label]
    try:
        valence = float(record["valence"])
    except KeyError:
        raise DataError(f"{place}: neither a column label nor a column valence") from None
    except (TypeError, ValueError):
        valence = math.nan
    if not -WIDEST <= valence <= WIDEST:
        raise DataError(f"{place}: valence {record['valence']!r} is not a number from -4 to 4")
    return 1 + (valence > NEUTRAL_UP_TO) - (valence < -NEUTRAL_UP_TO)
