"""Model: all that serving needs and nothing that training needs, as a typed view of a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from recsys.arrays import Floats
from recsys.bundle import RawBundle
from recsys.collaborative.factors import Factors
from recsys.collaborative.item_item import ItemItem
from recsys.collaborative.taste import Taste
from recsys.errors import MissingExtra
from recsys.index.faiss_index import FaissIndex
from recsys.index.vector_index import VectorIndex
from recsys.state.blend import Blend
from recsys.state.catalogue import Array, Catalogue, under
from recsys.state.communities import Communities
from recsys.state.returning import Returning
from recsys.state.trees import Trees
from recsys.text.entities import Entities
from recsys.text.reader_map import ReaderMap
from recsys.text.student import Student
from recsys.text.topics import Topics
from recsys.trends.tones import Tones
from recsys.trends.trends import Trends

INDEX = "words.faiss"  # file of a bundle


@dataclass(frozen=True, slots=True)
class Model:
    """Item-side state of one night. Holds no user id and no event.

    A scorer that was not fitted is None, and its terms are absent from the blend.
    """

    version: str
    cutoff: float  # time of the last event it has seen, Unix seconds; 0 when untimed
    catalogue: Catalogue
    neighbours: ItemItem | None
    behaviour: Factors | None
    words: Floats  # (n_items, t): unit rows, zero rows for items without a known word
    bridge: Floats | None  # (t, 2, d): words to behaviour inputs and outputs, for new items
    student: Student | None  # maps new words into the space of `words`
    readers: ReaderMap | None  # maps new texts to where their readers are
    reader_inputs: Floats | None  # (n_items, r): times a `readers` vector: a neighbour's weight
    taste: Taste | None  # what is liked of what is shown; None where hardly anybody dislikes
    counters: Mapping[str, Array]  # see Counters.arrays
    blend: Blend
    rating_scale: tuple[float, float]
    trees: Trees | None = None  # correct the best of the blend; None where they do not help
    index: VectorIndex | None = None  # of `words`; None where all are compared one by one
    flags: Mapping[str, Array] = field(default_factory=dict)  # see Marks.arrays; none: no flags
    communities: Communities | None = None  # of items that the same people take up
    returning: Returning | None = None  # who is back within a week; None where that is not known
    topics: Topics | None = None  # what the items are about; None where no night has grouped them
    entities: Entities | None = None  # what the items' texts name
    tones: Tones | None = None  # of what was written about them in these weeks
    trends: Trends | None = None  # their last weeks hour by hour; None where events have no time

    def __len__(self) -> int:
        return len(self.catalogue)

    @property
    def rated(self) -> bool:
        """Whether the platform has ratings with values."""
        return self.rating_scale != (0.0, 1.0)

    def arrays(self) -> dict[str, Array]:
        """Return every array to save, by name; `from_raw` reads them back."""
        found = {f"catalogue/{k}": v for k, v in self.catalogue.arrays().items()}
        found |= {f"counters/{k}": v for k, v in self.counters.items()}
        found["words"] = self.words
        if self.neighbours is not None:
            graph = self.neighbours
            found |= {"neighbours/indptr": graph.indptr, "neighbours/indices": graph.narrow()}
            found["neighbours/data"] = graph.data.astype(np.float16)
        if self.behaviour is not None:
            found |= _factor_arrays(self.behaviour)
        if self.bridge is not None:
            found["bridge"] = self.bridge
        for name, mapped in (("student", self.student), ("readers", self.readers)):
            if mapped is not None:
                found |= {f"{name}/{k}": v for k, v in mapped.arrays().items()}
        if self.taste is not None:
            found |= {f"taste/{k}": v for k, v in self.taste.arrays().items()}
        if self.trees is not None:
            found |= {f"trees/{k}": v for k, v in self.trees.arrays().items()}
        if self.reader_inputs is not None:
            found["reader_inputs"] = self.reader_inputs.astype(np.float16)
        found |= {f"flags/{k}": v for k, v in (self.flags or {}).items()}
        parts = {
            "communities": self.communities,
            "returning": self.returning,
            "topics": self.topics,
            "entities": self.entities,
            "trends": self.trends,
            "tones": self.tones,
        }
        for name, part in parts.items():
            found |= {f"{name}/{k}": v for k, v in ({} if part is None else part.arrays()).items()}
        return found

    def settings(self) -> dict[str, object]:
        """Return what the manifest must say so that `from_raw` can rebuild the model."""
        return {
            "cutoff": self.cutoff,
            "blend": self.blend.to_json(),
            "rating_scale": list(self.rating_scale),
            "alpha": self.behaviour.alpha if self.behaviour is not None else 0.0,
        }

    @classmethod
    def from_raw(cls, raw: RawBundle) -> Model:
        """Give the arrays of a verified bundle their types; nothing is copied."""
        arrays, settings = raw.arrays, raw.manifest["model"]
        return cls(
            version=raw.version,
            cutoff=settings["cutoff"],
            catalogue=Catalogue.from_arrays(under("catalogue", arrays)),
            neighbours=_neighbours(under("neighbours", arrays)),
            behaviour=_factors(under("behaviour", arrays), settings["alpha"]),
            words=arrays["words"],
            bridge=arrays.get("bridge"),
            student=_student(under("student", arrays)),
            readers=ReaderMap.from_arrays(under("readers", arrays)),
            reader_inputs=arrays.get("reader_inputs"),
            taste=_taste(under("taste", arrays)),
            counters=under("counters", arrays),
            blend=Blend.from_json(settings["blend"]),
            rating_scale=(settings["rating_scale"][0], settings["rating_scale"][1]),
            trees=_trees(under("trees", arrays)),
            index=_index(raw),
            flags=under("flags", arrays),
            topics=_topics(under("topics", arrays)),
            communities=Communities.from_arrays(under("communities", arrays)),
            returning=Returning.from_arrays(under("returning", arrays)),
            entities=_entities(under("entities", arrays)),
            trends=_trends(under("trends", arrays)),
            tones=Tones.from_arrays(tones) if (tones := under("tones", arrays)) else None,
        )


def _factor_arrays(factors: Factors) -> dict[str, Array]:
    found: dict[str, Array] = {"behaviour/outputs": factors.outputs}
    if factors.inputs is not factors.outputs:
        found["behaviour/inputs"] = factors.inputs
    if factors.gram is not None:
        found["behaviour/gram"] = factors.gram
    return found


def _factors(arrays: Mapping[str, Array], alpha: float) -> Factors | None:
    if not arrays:
        return None
    outputs = arrays["outputs"]
    inputs = arrays.get("inputs", outputs)
    return Factors(inputs, outputs, arrays.get("gram"), alpha)


def _neighbours(arrays: Mapping[str, Array]) -> ItemItem | None:
    if not arrays:
        return None
    return ItemItem(arrays["indptr"], arrays["indices"], arrays["data"])


def _student(arrays: Mapping[str, Array]) -> Student | None:
    return Student.from_arrays(arrays) if arrays else None


def _index(raw: RawBundle) -> VectorIndex | None:
    if INDEX not in raw.manifest["files"]:
        return None
    try:
        return FaissIndex.read(raw.path(INDEX), raw.arrays["words"])
    except MissingExtra:  # searched without it, only slower
        return None


def _taste(arrays: Mapping[str, Array]) -> Taste | None:
    return Taste.from_arrays(arrays) if arrays else None


def _trees(arrays: Mapping[str, Array]) -> Trees | None:
    return Trees.from_arrays(arrays) if arrays else None


def _topics(arrays: Mapping[str, Array]) -> Topics | None:
    return Topics.from_arrays(arrays) if arrays else None


def _entities(arrays: Mapping[str, Array]) -> Entities | None:
    return Entities.from_arrays(arrays) if arrays else None


def _trends(arrays: Mapping[str, Array]) -> Trends | None:
    return Trends.from_arrays(arrays) if arrays else None
