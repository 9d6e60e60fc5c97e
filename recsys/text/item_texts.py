"""Item texts: the text of every item that all encoders receive."""

from collections.abc import Iterable

from recsys.array_types import Rows
from recsys.data.event_tables import ItemTable
from recsys.text.clean import document


def documents(table: ItemTable, rows: Rows | None = None) -> list[str]:
    """Return one text per item, or per row of `rows`; empty where nothing is known."""
    places: Iterable[int] = range(len(table)) if rows is None else rows.tolist()
    return [
        document(table.title[row], table.text[row], table.tags[row], table.category[row])
        for row in places
    ]
