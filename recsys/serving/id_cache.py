"""IdCache: dictionary of ids and rows of a catalogue that requests have used before."""

from __future__ import annotations

from collections.abc import Sequence

from recsys.data.ids import IdMap

KEPT = 50_000  # of either kind, some 10 MB; then all are forgotten and met again


class IdCache:
    """Looks an id up once in the mapped arrays and remembers it. Threads may share one.

    Ids that are moved to another row than the catalogue's, or are new, are known for good.
    """

    def __init__(self, ids: IdMap) -> None:
        self._ids = ids
        self._moved: dict[str, int] = {}
        self._rows: dict[str, int] = {}
        self._names: dict[int, str] = {}

    def move(self, item_id: str, row: int) -> None:
        """Let an id stand for another row from now on."""
        self._moved[item_id] = row

    def row(self, item_id: str) -> int:
        """Return the row of an id, -1 when it is unknown; what is unknown is not remembered."""
        found = self._moved.get(item_id)
        if found is None:
            found = self._rows.get(item_id)
        if found is None:
            found = self._ids.row(item_id)
            self._meet(item_id, found)
        return found

    def rows(self, item_ids: Sequence[str]) -> list[int]:
        """Return the row of each id, -1 where it is unknown; those not met yet in one search."""
        moved, met = self._moved.get, self._rows.get
        found = [moved(item_id, met(item_id)) for item_id in item_ids]
        if None not in found:
            return found  # type: ignore[return-value]
        new = dict.fromkeys([i for i, row in zip(item_ids, found, strict=True) if row is None])
        searched = dict(zip(new, self._ids.rows(new).tolist(), strict=True))
        for item_id, row in searched.items():
            self._meet(item_id, row)
        both = zip(item_ids, found, strict=True)
        return [searched[item_id] if row is None else row for item_id, row in both]

    def _meet(self, item_id: str, row: int) -> None:
        if row >= 0:
            _make_room(self._rows)
            self._rows[item_id] = row

    def names(self, rows: Sequence[int]) -> list[str]:
        """Return the ids of rows; IndexError for one outside the catalogue."""
        found = list(map(self._names.get, rows))
        if None not in found:
            return found  # type: ignore[return-value]
        return list(map(self.name, rows))

    def name(self, row: int) -> str:
        """Return the id of a row; IndexError outside the catalogue."""
        found = self._names.get(row)
        if found is None:
            found = self._ids[row]
            _make_room(self._names)
            self._names[row] = found
        return found


def _make_room(kept: dict[str, int] | dict[int, str]) -> None:
    if len(kept) >= KEPT:
        kept.clear()
