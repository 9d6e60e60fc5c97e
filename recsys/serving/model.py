"""Model: typed view of a bundle with all data for serving and none for training."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from recsys.array_types import Floats
from recsys.bundle import RawBundle
from recsys.data.account_mix_anomalies import AccountMix
from recsys.data.manifest_number_bounds import FACTOR, SECONDS
from recsys.data.rating_scale import RatingScale
from recsys.errors import MissingExtra
from recsys.index.faiss_index import FaissIndex
from recsys.index.title_words import TitleWords
from recsys.index.vector_index import VectorIndex
from recsys.models.explicit_mf import ExplicitMF
from recsys.models.item_factors import Factors
from recsys.models.item_to_item_weights import ItemWeights
from recsys.serving.catalogue import LABELS, Array, Catalogue, under
from recsys.serving.gbdt_model import Gbdt
from recsys.serving.item_clusters import Communities
from recsys.serving.joined_candidate_index import JOINED, JoinedCandidateIndex
from recsys.serving.older_bundle_defaults import Parts, below, of_length
from recsys.serving.popularity_counters import PopularityCounters, complete
from recsys.serving.score_model import ScoreModel
from recsys.serving.user_return_model import Returning
from recsys.text.cold_start_linear_map import ItemInputMap
from recsys.text.encoders.student import Student
from recsys.text.entities.model import Entities
from recsys.text.topics.model import Topics
from recsys.trends.sentiment_series import SentimentSeries
from recsys.trends.trend_model import Trends

INDEX = "words.faiss"  # file of a bundle
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Model:
    """Item-side state of one night. Holds no user id and no event.

    A scorer that was not fitted is None, and its terms are absent from the score model.
    """

    version: str
    cutoff: float  # time of the last event it has seen, Unix seconds; 0 when untimed
    catalogue: Catalogue
    neighbours: ItemWeights | None
    behaviour: Factors | None
    words: Floats  # (n_items, t): unit rows, zero rows for items without a known word
    bridge: Floats | None  # (t, 2, d): words to behaviour inputs and outputs, for new items
    student: Student | None  # maps new words into the space of `words`
    title_words: TitleWords | None  # of the items; None in bundles of earlier versions
    item_input_map: ItemInputMap | None  # maps new texts to where their users are
    item_input_vectors: (
        Floats | None
    )  # (n_items, r): times a `item_input_map` vector: a neighbour's weight
    explicit_mf: (
        ExplicitMF | None
    )  # what is liked of what is shown; None where hardly anybody dislikes
    counters: Mapping[str, Array]  # see Counters.arrays
    score_model: ScoreModel
    rating_scale: RatingScale
    trees: Gbdt | None = None  # correct the best of the score model; None where they do not help
    index: VectorIndex | None = None  # of `words`; None where all are compared one by one
    joined: JoinedCandidateIndex | None = None  # behaviour and text in one index; None: not built
    flags: Mapping[str, Array] = field(default_factory=dict)  # see Marks.arrays; none: no flags
    communities: Communities | None = None  # of items that the same users take up
    returning: Returning | None = None  # who is back within a week; None where that is not known
    topics: Topics | None = None  # what the items are about; None where no night has grouped them
    entities: Entities | None = None  # what the items' texts name
    sentiments: SentimentSeries | None = None  # of what was written about them in these weeks
    account_mix: Mapping[str, Array] = field(default_factory=dict)  # see AccountMix.arrays
    trends: Trends | None = None  # their last weeks hour by hour; None where events have no time

    def __len__(self) -> int:
        return len(self.catalogue)

    @property
    def rated(self) -> bool:
        """Whether the platform has ratings with values."""
        return self.rating_scale.known

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
        if self.title_words is not None:
            found |= {f"title_words/{k}": v for k, v in self.title_words.arrays().items()}
        for name, mapped in (("student", self.student), ("readers", self.item_input_map)):
            if mapped is not None:
                found |= {f"{name}/{k}": v for k, v in mapped.arrays().items()}
        if self.explicit_mf is not None:
            found |= {f"taste/{k}": v for k, v in self.explicit_mf.arrays().items()}
        if self.trees is not None:
            found |= {f"trees/{k}": v for k, v in self.trees.arrays().items()}
        if self.item_input_vectors is not None:
            found["reader_inputs"] = self.item_input_vectors.astype(np.float16)
        found |= {f"flags/{k}": v for k, v in (self.flags or {}).items()}
        found |= {f"company/{k}": v for k, v in (self.account_mix or {}).items()}
        parts = {
            "communities": self.communities,
            "returning": self.returning,
            "topics": self.topics,
            "entities": self.entities,
            "trends": self.trends,
            "tones": self.sentiments,
        }
        for name, part in parts.items():
            found |= {f"{name}/{k}": v for k, v in ({} if part is None else part.arrays()).items()}
        return found

    def settings(self) -> dict[str, object]:
        """Return what the manifest must say so that `from_raw` can rebuild the model."""
        return {
            "cutoff": self.cutoff,
            "blend": self.score_model.to_json(),
            "rating_scale": self.rating_scale.to_json(),
            "alpha": self.behaviour.alpha if self.behaviour is not None else 0.0,
        }

    @classmethod
    def from_raw(cls, raw: RawBundle) -> Model:
        """Give the arrays of a verified bundle their types; nothing is copied.

        Parts that the bundle lacks, or has in the form of another version, are None or at their
        defaults, with a warning each. BundleError when ids, texts, words, score model or the
        settings cannot be read.
        """
        parts = Parts(raw)
        settings = parts.needed("model", lambda: dict(raw.manifest.get("model", {})))
        catalogue = parts.needed("catalogue", lambda: _catalogue(raw.arrays))
        size = len(catalogue)
        words = parts.needed("words", lambda: _rows("words", raw.arrays["words"], size))
        score_model = parts.needed("blend", lambda: ScoreModel.from_json(settings["blend"]))
        neighbours = parts.optional("neighbours", lambda found: _neighbours(found, size))
        alpha = parts.needed("alpha", lambda: FACTOR.check("alpha", settings.get("alpha", 0.0)))
        behaviour = parts.optional("behaviour", lambda found: _factors(found, alpha, size))
        explicit_mf = parts.optional("taste", lambda found: _explicit_mf(found, size))
        item_input_map, item_input_vectors = _item_input_map(parts, size)
        trees = parts.optional("trees", Gbdt.from_arrays)
        absent = [
            name
            for name, part in (("neighbours", neighbours), ("behaviour", behaviour))
            if part is None
        ]
        served = score_model.without(absent, explicit_mf is not None)
        if served != score_model and trees is not None:
            parts.leave_out("trees", "they correct scores of a part that is missing")
            trees = None
        given = settings.get("rating_scale", (0.0, 1.0))
        scale = parts.needed("rating_scale", lambda: RatingScale.from_json(given))
        return cls(
            version=raw.version,
            cutoff=parts.needed(
                "cutoff", lambda: SECONDS.check("cutoff", settings.get("cutoff", 0.0))
            ),
            catalogue=catalogue,
            neighbours=neighbours,
            behaviour=behaviour,
            words=words,
            bridge=_bridge(parts, words, behaviour),
            student=parts.optional("student", Student.from_arrays),
            title_words=parts.optional(
                "title_words", lambda found: TitleWords.from_arrays(found, size)
            ),
            item_input_map=item_input_map,
            item_input_vectors=item_input_vectors,
            explicit_mf=explicit_mf,
            counters=parts.optional("counters", lambda found: complete(found, size))
            or PopularityCounters.empty(size).arrays(),
            score_model=served,
            rating_scale=scale,
            trees=trees,
            index=_index(raw),
            joined=_joined(parts, behaviour, words),
            flags=parts.optional("flags", lambda found: _flags(found, size)) or {},
            account_mix=parts.optional("company", lambda found: _account_mix(found, size)) or {},
            topics=parts.optional("topics", lambda found: _topics(found, size)),
            communities=parts.optional("communities", lambda found: _communities(found, size)),
            returning=parts.optional("returning", Returning.from_arrays),
            entities=parts.optional("entities", lambda found: _entities(found, size)),
            trends=parts.optional("trends", Trends.from_arrays),
            sentiments=parts.optional("tones", SentimentSeries.from_arrays),
        )


def _factor_arrays(factors: Factors) -> dict[str, Array]:
    found: dict[str, Array] = {"behaviour/outputs": factors.outputs}
    if factors.inputs is not factors.outputs:
        found["behaviour/inputs"] = factors.inputs
    if factors.gram is not None:
        found["behaviour/gram"] = factors.gram
    return found


def _catalogue(arrays: Mapping[str, Array]) -> Catalogue:
    found = Catalogue.from_arrays(under("catalogue", arrays))
    for name in LABELS:
        of_length(name, found.labels[name], len(found))
        below(name, found.labels[name], len(found.names[name]))
    below("tags", found.tags, len(found.names["tag"]))
    for own, name in ((found.tag_ends, "tag_ends"), (found.document_ends, "document_ends")):
        of_length(name, own, len(found) + 1)
    of_length("created", found.created, len(found))
    for name in ("opens", "closes", "recorded", "user_counts"):
        if getattr(found, name) is not None:
            of_length(name, getattr(found, name), len(found))
    return found


def _rows(name: str, array: Array, size: int) -> Array:
    of_length(name, array, size)
    return array


def _account_mix(arrays: Mapping[str, Array], size: int) -> Mapping[str, Array]:
    found, none = AccountMix.from_arrays(arrays, size).arrays(), AccountMix.empty(size).arrays()
    for name, array in none.items():
        if name != "births" and found[name].shape != array.shape:
            raise ValueError(f"{name} has another shape than {size} items need")
    if found["births"].ndim != 2 or found["births"].shape[1] != 2:
        raise ValueError("births are no pairs")
    return arrays


def _factors(arrays: Mapping[str, Array], alpha: float, size: int) -> Factors:
    outputs = _rows("outputs", arrays["outputs"], size)
    inputs = _rows("inputs", arrays.get("inputs", outputs), size)
    return Factors(inputs, outputs, arrays.get("gram"), alpha)


def _neighbours(arrays: Mapping[str, Array], size: int) -> ItemWeights:
    found = ItemWeights(arrays["indptr"], arrays["indices"], arrays["data"])
    of_length("indptr", found.indptr, size + 1)
    of_length("data", found.data, len(found.indices))
    of_length("indices", found.indices, int(found.indptr[-1]))
    below("indices", found.indices, size)
    return found


def _bridge(parts: Parts, words: Floats, behaviour: Factors | None) -> Floats | None:
    found = parts.array("bridge")
    if found is None or behaviour is None:
        return None
    needed = (words.shape[1], 2, behaviour.outputs.shape[1])
    if found.shape != needed:
        parts.leave_out("bridge", f"its shape is {found.shape} instead of {needed}")
        return None
    return found


def _item_input_map(parts: Parts, size: int) -> tuple[ItemInputMap | None, Floats | None]:
    """Return the map of words to users and what they are compared with; both or neither."""
    item_input_map = parts.optional("readers", ItemInputMap.from_arrays)
    inputs = parts.array("reader_inputs")
    if item_input_map is None and inputs is None:
        return None, None
    if item_input_map is None or inputs is None or inputs.shape != (size, item_input_map.width):
        parts.leave_out("readers", "readers and reader_inputs do not fit together")
        return None, None
    return item_input_map, inputs


def _joined(parts: Parts, behaviour: Factors | None, words: Floats) -> JoinedCandidateIndex | None:
    raw = parts.raw
    if JOINED not in raw.manifest["files"]:
        return None
    try:
        return parts.optional(
            "joined",
            lambda found: JoinedCandidateIndex.read(raw.path(JOINED), found, behaviour, words),
        )
    except MissingExtra as error:  # all are compared one by one, only slower
        _warn_without_index(raw, JOINED, error)
        return None


def _index(raw: RawBundle) -> VectorIndex | None:
    if INDEX not in raw.manifest["files"]:
        return None
    try:
        return FaissIndex.read(raw.path(INDEX), raw.arrays["words"])
    except MissingExtra as error:  # searched without it, only slower
        _warn_without_index(raw, INDEX, error)
        return None


def _warn_without_index(raw: RawBundle, name: str, error: MissingExtra) -> None:
    log.warning(
        "bundle %s is served without its index %s, so that all items are compared, which is slower"
        " (%s)",
        raw.version,
        name,
        error,
    )


def _explicit_mf(arrays: Mapping[str, Array], size: int) -> ExplicitMF:
    found = ExplicitMF.from_arrays(arrays)
    for name in ("base", "loadings", "evidence"):
        of_length(name, getattr(found, name), size)
    return found


def _flags(arrays: Mapping[str, Array], size: int) -> dict[str, Array]:
    names = ("score", "kinds", "group")
    return {name: _rows(name, arrays[name], size) for name in names}


def _topics(arrays: Mapping[str, Array], size: int) -> Topics:
    found = Topics.from_arrays(arrays)
    of_length("items", found.items, size)
    below("items", found.items, len(found))
    return found


def _communities(arrays: Mapping[str, Array], size: int) -> Communities | None:
    found = Communities.from_arrays(arrays)
    if found is not None:
        of_length("items", found.items, size)
        below("items", found.items, len(found))
    return found


def _entities(arrays: Mapping[str, Array], size: int) -> Entities:
    found = Entities.from_arrays(arrays)
    of_length("kinds", found.kinds, len(found.names))
    below("kinds", found.kinds, len(found.kind_names))
    of_length("ends", found.ends, size + 1)
    below("codes", found.codes, len(found))
    return found
