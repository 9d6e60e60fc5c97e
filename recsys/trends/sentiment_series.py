"""SentimentSeries: hourly sentiment of comments on a series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Rows, Times
from recsys.trends.item_series_membership import ITEM, KINDS, Labels
from recsys.trends.series import Hours, hours_of
from recsys.trends.trend_model import key_of


@dataclass(frozen=True, slots=True)
class SentimentSeries:
    """Sums and numbers of comments' tones per series and hour; hours without any are left out."""

    key: Hours  # (n,), see `key_of`
    hour: Hours  # (n,): since 1970
    total: NDArray[np.float32]
    count: Rows

    def of(self, keys: Hours, first: int, length: int) -> tuple[NDArray[np.float64], ...]:
        """Return (sum, number) per hour of some series together, (length,) each."""
        mine = np.isin(self.key, keys) & (self.hour >= first) & (self.hour < first + length)
        place = self.hour[mine] - first
        sums = (np.bincount(place, values[mine], length) for values in (self.total, self.count))
        return tuple(each.astype(np.float64) for each in sums)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays to save; `from_arrays` reads them back."""
        return {"key": self.key, "hour": self.hour, "total": self.total, "count": self.count}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> SentimentSeries:
        """Give saved arrays their meaning."""
        return cls(*(arrays[name] for name in ("key", "hour", "total", "count")))


def count_sentiments(
    time: Times,
    row: Rows,
    sentiment: NDArray[np.floating],
    labels: Mapping[str, Labels],
    first: int,
) -> SentimentSeries:
    """Add up the tones of comments on items, from hour `first` on; a tone of 0 is no comment."""
    with_text = np.flatnonzero((sentiment != 0) & np.isfinite(time))
    with_text = with_text[hours_of(time[with_text]) >= first]
    hour, parts = hours_of(time[with_text]), []
    for number, kind in enumerate(KINDS):
        if kind == ITEM:
            place, code = np.arange(len(with_text)), row[with_text]
        elif kind in labels:
            place, code = labels[kind].expand(row[with_text])
        else:
            continue
        parts.append((key_of(number, code), hour[place], sentiment[with_text][place]))
    key, hour, own = (np.concatenate(column) for column in zip(*parts, strict=True))
    cells, at = np.unique(np.stack([key, hour]), axis=1, return_inverse=True)
    width = cells.shape[1]
    return SentimentSeries(
        cells[0],
        cells[1],
        np.bincount(at.ravel(), own, width).astype(np.float32),
        np.bincount(at.ravel(), minlength=width).astype(np.int32),
    )
