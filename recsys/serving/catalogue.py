"""Catalogue: item attributes for serving, beside the vectors, in memory-mappable arrays."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Mask, Rows, Times
from recsys.data.event_tables import ItemTable
from recsys.data.ids import IdMap
from recsys.data.records import Item
from recsys.data.reply_items import replies_of

Array = NDArray[Any]
_FIELDS = tuple(field.name for field in fields(Item))
_parse = json.JSONDecoder().raw_decode  # json.loads guesses encodings and looks for blanks first
_OPTIONAL = {  # array of a bundle -> field
    "opens": "opens",
    "closes": "closes",
    "recorded": "recorded",
    "people": "user_counts",
    "reply": "reply",
}
LABELS = ("category", "author", "language")  # one per item; tags are many per item


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Items by row: ids, dates, labels as codes into name lists, and the JSON document to return.

    Code -1 stands for "none known".
    """

    ids: IdMap
    created: Times  # (n,): NaN unknown
    labels: Mapping[str, Rows]  # per name of LABELS, (n,) codes
    names: Mapping[str, IdMap]  # per name of LABELS and "tag": what the codes stand for
    tag_ends: NDArray[np.int64]  # (n + 1,)
    tags: Rows  # codes, item after item
    documents: NDArray[np.uint8]  # JSON texts, item after item
    document_ends: NDArray[np.int64]  # (n + 1,)
    opens: Times | None = None  # (n,): from when on an item may be listed; None: no item waits
    closes: Times | None = None  # (n,): until when; None: no item expires
    recorded: Mask | None = None  # (n,): False: only events tell of the item; None: all have one
    user_counts: NDArray[np.uint8] | None = None  # (n,): see Dataset.user_counts; None: not counted
    reply: Mask | None = None  # (n,): answers another item of the catalogue; None: none does

    @classmethod
    def from_table(
        cls,
        table: ItemTable,
        created: Times,
        user_counts: NDArray[np.uint8] | None = None,
        documents: bool = True,
    ) -> Catalogue:
        """Encode a table; `created` may know more than the table (first events).

        Without `documents`, which take most of the time, for what shows no item.
        """
        opens, closes = _waiting(table), table.closes
        columns = {
            "category": table.category,
            "author": table.author,
            "language": [str(extra.get("language", "")) for extra in table.metadata],
        }
        names = {name: IdMap.from_ids(filter(None, values)) for name, values in columns.items()}
        names["tag"] = IdMap.from_ids(tag for tags in table.tags for tag in tags)
        known = {name: {text: row for row, text in enumerate(ids)} for name, ids in names.items()}
        labels = {
            name: np.array([known[name].get(text, -1) for text in values], np.int32)
            for name, values in columns.items()
        }
        parents, reply = table.parent, None
        if parents is not None:
            reply = replies_of(list(table.ids), parents)
        texts = [_encoded(table.item(row)) if documents else b"" for row in range(len(table))]
        return cls(
            ids=table.ids,
            created=created,
            labels=labels,
            names=names,
            tag_ends=ends(len(tags) for tags in table.tags),
            tags=np.array([known["tag"][t] for tags in table.tags for t in tags], np.int32),
            documents=np.frombuffer(b"".join(texts), np.uint8),
            document_ends=ends(map(len, texts)),
            opens=opens if np.isfinite(opens).any() else None,
            closes=closes if np.isfinite(closes).any() else None,
            recorded=None if table.has_record.all() else table.has_record,
            user_counts=user_counts,
            reply=reply if reply is not None and reply.any() else None,
        )

    def __len__(self) -> int:
        return len(self.ids)

    def arrays(self) -> dict[str, Array]:
        """Return the arrays to save; `from_arrays` reads them back."""
        found: dict[str, Array] = {
            "created": self.created,
            "tag_ends": self.tag_ends,
            "tags": self.tags,
            "documents": self.documents,
            "document_ends": self.document_ends,
        }
        optional = {name: getattr(self, field) for name, field in _OPTIONAL.items()}
        found |= {name: array for name, array in optional.items() if array is not None}
        found |= {f"ids/{key}": value for key, value in self.ids.arrays().items()}
        for name in LABELS:
            found[f"labels/{name}"] = self.labels[name]
        for name in (*LABELS, "tag"):
            found |= {f"names/{name}/{k}": v for k, v in self.names[name].arrays().items()}
        return found

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Catalogue:
        """Rebuild from what `arrays` returned; the arrays may be read-only and mapped.

        Ids and documents are needed (KeyError). Dates, labels and tags that an earlier version
        did not write are those of items of which nothing is known.
        """
        ids = IdMap.from_arrays(under("ids", arrays))
        size = len(ids)
        labels, names = {}, {}
        for name in LABELS:
            own = _names(under(f"names/{name}", arrays))
            both = own is not None and f"labels/{name}" in arrays
            names[name] = own if own is not None and both else IdMap.from_ids(())
            labels[name] = (
                arrays[f"labels/{name}"].view(np.int32) if both else np.full(size, -1, np.int32)
            )
        own = _names(under("names/tag", arrays))
        tagged = own is not None and {"tags", "tag_ends"} <= arrays.keys()
        names["tag"] = own if own is not None and tagged else IdMap.from_ids(())
        return cls(
            ids=ids,
            created=arrays.get("created", np.full(size, np.nan)),
            labels=labels,
            names=names,
            tag_ends=arrays["tag_ends"] if tagged else np.zeros(size + 1, np.int64),
            tags=arrays["tags"] if tagged else np.zeros(0, np.int32),
            documents=arrays["documents"],
            document_ends=arrays["document_ends"],
            **{field: arrays.get(name) for name, field in _OPTIONAL.items()},
        )

    def tags_of(self, row: int) -> Rows:
        """Return the tag codes of an item, a view."""
        return self.tags[self.tag_ends[row] : self.tag_ends[row + 1]]

    def document(self, row: int) -> dict[str, object]:
        """Return the item as the API shows it."""
        part = self.documents[self.document_ends[row] : self.document_ends[row + 1]]
        found: dict[str, object]
        found, _ = _parse(part.tobytes().decode("utf-8", "surrogatepass"))
        return found


def _waiting(table: ItemTable) -> Times:
    """Return from when on items may be listed, -inf where a date has been reached already."""
    opens = table.opens
    has_start = np.zeros(len(table), bool)
    if table.available_from is not None:
        has_start = np.isfinite(table.available_from)
    return np.where(has_start | (opens > time.time()), opens, -np.inf)


def _names(arrays: Mapping[str, Array]) -> IdMap | None:
    try:
        return IdMap.from_arrays(arrays)
    except KeyError:
        return None


def under(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return the arrays below a prefix, named without it."""
    start = prefix + "/"
    return {name[len(start) :]: value for name, value in arrays.items() if name.startswith(start)}


def ends(lengths: Iterable[int]) -> NDArray[np.int64]:
    """Return where each part of a concatenation begins, and its end, from the parts' lengths."""
    sizes = np.fromiter(lengths, np.int64)
    found = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=found[1:])
    return found


def document(item: Item) -> dict[str, object]:
    """Return an item as the API shows it, without what is not known."""
    known = ((name, getattr(item, name)) for name in _FIELDS)  # asdict copies deeply: 50 µs an item
    return {name: value for name, value in known if value or name == "item_id"}


def _encoded(item: Item) -> bytes:
    return json.dumps(document(item), ensure_ascii=False).encode("utf-8", "surrogatepass")
