"""Labelled texts: a file of text and label, or of text and valence from -4 to 4."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.data.column_aliases import Shape
from recsys.data.file_formats import Broken, read_records
from recsys.errors import DataError

NEUTRAL_UP_TO = 0.5  # valence at which a text is no longer neutral
WIDEST = 4.0
NAMES = {"negative": 0, "neutral": 1, "positive": 2, "neg": 0, "neu": 1, "pos": 2}


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts with their classes: 0 negative, 1 neutral, 2 positive."""

    texts: tuple[str, ...]
    classes: NDArray[np.int64]
    sources: tuple[str, ...]  # where each text comes from; empty where the file does not say


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
    label = str(record.get("label") or "").strip().lower()
    if label:
        if label not in NAMES:
            raise DataError(f"{place}: label {label!r} is not negative, neutral or positive")
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
