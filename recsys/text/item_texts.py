"""Item texts: the text of every item that all encoders receive."""

from recsys.data.event_tables import ItemTable
from recsys.text.clean import document


def documents(table: ItemTable) -> list[str]:
    """Return one text per item; empty where nothing is known."""
    return [
        document(title, text, tags, category)
        for title, text, tags, category in zip(
            table.title, table.text, table.tags, table.category, strict=True
        )
    ]
