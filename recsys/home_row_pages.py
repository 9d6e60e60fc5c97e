"""Pages of the home page's rows: items are taken once, copies of one item too.

Items are assigned page by page: the first page of every row in the order of the rows, then the
second page of every row, and so on. So pages of different rows hold no item in common, although
no server keeps what a client has read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recsys.ranking.query import Recommendation
from recsys.serving.live_state import LiveState

Accepts = Callable[[str], bool]  # whether an item, by id, is still to be shown


@dataclass(frozen=True, slots=True)
class HomeRow:
    """A row and the items that may stand in it, best first."""

    key: str  # its kind, and what it is about: because_you_liked:ID
    kind: str
    title: str
    reason: str
    source: str  # the list that it is made of
    items: tuple[Recommendation, ...]
    item_id: str = ""  # of the history, where the row is about one


@dataclass(frozen=True, slots=True)
class RowPage:
    """Items of one page of a row."""

    row: HomeRow
    items: tuple[Recommendation, ...]
    more: bool  # whether another page follows


def copy_groups(live: LiveState) -> Callable[[str], int]:
    """Return the function from an item's id to the number of its group of copies, -1: none."""
    if not live.marks.free:
        return lambda item_id: -1

    def group_of(item_id: str) -> int:
        return int(live.marks.group[live.row(item_id)])

    return group_of


def first_pages(
    rows: Sequence[HomeRow], n: int, accepts: Accepts, group_of: Callable[[str], int]
) -> list[RowPage]:
    """Return the first page of every row: `n` items, none twice, copies of one neither.

    Rows that are left without an item are left out. `group_of`: a number shared by copies, or -1.
    """
    unique = _UniqueItems(accepts, group_of)
    taken = [(row, unique.take(row, n)) for row in rows]
    return [RowPage(row, own, bool(unique.rest(row))) for row, own in taken if own]


def later_page(
    rows: Sequence[HomeRow],
    key: str,
    page: int,
    n: int,
    accepts: Accepts,
    group_of: Callable[[str], int],
) -> RowPage:
    """Return a later page of one row, from 2; the row of `key` is among `rows`.

    `accepts`: not what the first page of the home page held, nor the pages of this row before.
    """
    unique = _UniqueItems(accepts, group_of)
    for turn in range(2, page + 1):
        for row in rows:
            if row.key != key:
                unique.take(row, n)
            elif turn == page:
                own = unique.take(row, n)
                return RowPage(row, own, bool(unique.rest(row)))
    raise KeyError(key)


class _UniqueItems:
    """Takes items out of rows, each once."""

    def __init__(self, accepts: Accepts, group_of: Callable[[str], int]) -> None:
        self.accepts, self.group_of = accepts, group_of
        self.ids: set[str] = set()
        self.groups: set[int] = set()

    def rest(self, row: HomeRow) -> list[Recommendation]:
        """Return what of a row is left."""
        return [one for one in row.items if self._free(one.item_id)]

    def take(self, row: HomeRow, n: int) -> tuple[Recommendation, ...]:
        """Take the next items of a row."""
        found: list[Recommendation] = []
        for one in row.items:
            if len(found) == n:
                break
            if self._free(one.item_id):
                found.append(one)
                self.ids.add(one.item_id)
                self.groups.add(self.group_of(one.item_id))
        return tuple(one._replace(rank=place) for place, one in enumerate(found, start=1))

    def _free(self, item_id: str) -> bool:
        group = self.group_of(item_id)
        held = group >= 0 and group in self.groups
        return item_id not in self.ids and not held and self.accepts(item_id)
