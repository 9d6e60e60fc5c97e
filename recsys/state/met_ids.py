"""MetIds: ids and rows of a catalogue that requests met before, at the price of a dictionary."""

from __future__ import annotations

from recsys.data.ids import IdMap

KEPT = 50_000  # of either kind, some 10 MB; then all are forgotten and met again


class MetIds:
    """Looks an id up once in the mapped arrays and remembers it. Threads may share one."""

    def __init__(self, ids: IdMap) -> None:
        self._ids = ids
        self._rows: dict[str, int] = {}
        self._names: dict[int, str] = {}

    def row(self, item_id: str) -> int:
        """Return the row of an id, -1 when it is unknown; what is unknown is not remembered."""
        found = self._rows.get(item_id)
        if found is None:
            found = self._ids.row(item_id)
            if found >= 0:
                _make_room(self._rows)
                self._rows[item_id] = found
        return found

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
