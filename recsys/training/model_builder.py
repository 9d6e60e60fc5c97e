"""Fit: builds the serving Model from a Dataset, text vectors and a TuningResult."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from recsys.array_types import Floats
from recsys.data.dataset import Dataset
from recsys.index.title_words import TitleWords
from recsys.index.vector_index import VectorIndex
from recsys.models.dislike_lowered_neighbours import agreed
from recsys.models.engine_definitions import Engine
from recsys.models.interaction_matrix import Interactions
from recsys.models.item_factors import Factors
from recsys.models.item_to_item_weights import ItemWeights
from recsys.ranking.terms.registry import load_terms
from recsys.serving.catalogue import Catalogue
from recsys.serving.gbdt_model import Gbdt
from recsys.serving.model import Model
from recsys.serving.popularity_counters import PopularityCounters
from recsys.serving.score_model import ScoreModel
from recsys.text.encoders.student import Student
from recsys.text.item_texts import documents
from recsys.text.search_tokens import search_tokens
from recsys.training.cold_item_neighbours import ColdStartSolver, config_of, with_unread
from recsys.training.distributed_popularity_sums import sums_of_items
from recsys.training.explicit_mf import explicit_mf_of
from recsys.training.first_interaction_delay import first_use_delays

FEATURES_UP_TO = 50_000  # items; SLIST reads features, in catalogues of up to 15,000 items
BRIDGE_RIDGE = 1.0  # pulls the map from words to behaviour to zero; unit rows on both sides


@dataclass(frozen=True, slots=True)
class TextVectors:
    """The word side of a catalogue."""

    vectors: Floats  # (n_items, t): unit rows or zero rows
    student: Student | None  # maps new words into the same space
    index: VectorIndex | None = None  # of the vectors; None: they are compared one by one

    @classmethod
    def none(cls, n_items: int) -> TextVectors:
        """Return the word side of a catalogue without words."""
        return cls(np.zeros((n_items, 0), np.float32), None)


def word_weights(texts: Sequence[str], student: Student) -> sparse.csr_array:
    """Return TF-IDF weights of the words of texts as the student cuts them, whatever the script.

    A word is one feature, not its pieces: "Intolerable" and "Intouchables" have nothing in common.
    """
    numbers: dict[tuple[int, ...], int] = {}
    ids, ends = list[int](), [0]
    for words in student.words(texts):
        ids += [numbers.setdefault(word, len(numbers)) for word in words]
        ends.append(len(ids))
    shape, ones = (len(texts), len(numbers)), np.ones(len(ids), np.float32)
    counted = sparse.csr_array((ones, np.array(ids, np.int32), np.array(ends)), shape=shape)
    counted.sum_duplicates()
    held = np.bincount(counted.indices, minlength=shape[1])
    rarity = (np.log((1 + len(texts)) / (1 + held)) + 1).astype(np.float32)
    counted.data = (1 + np.log(counted.data)) * rarity[counted.indices]
    length = np.sqrt(np.asarray(counted.power(2).sum(axis=1)).ravel())
    counted.data /= np.repeat(length, np.diff(counted.indptr))
    return counted


def known_interactions(data: Dataset, words: TextVectors) -> Interactions:
    """Return what engines learn from: events, and the items' words where a student reads them.

    Without words above `FEATURES_UP_TO` items: cutting all texts would cost as much as a fit.
    """
    features = None
    if words.student is not None and len(data.items) <= FEATURES_UP_TO:
        features = word_weights(documents(data.table), words.student)
    return Interactions.of_dataset(data, features)


def fit_engines(
    data: Dataset, words: TextVectors, engines: Sequence[Engine], seed: int, device: str = "cpu"
) -> dict[str, ItemWeights | Factors]:
    """Fit each engine to the users × items of a data set; by scorer."""
    known = known_interactions(data, words)
    return {engine.scorer: engine.fit(known, seed, device) for engine in engines}


def assemble(
    data: Dataset,
    fitted: Mapping[str, ItemWeights | Factors],
    words: TextVectors,
    score_model: ScoreModel,
    seed: int = 0,
    posts: bool = True,
    trees: Gbdt | None = None,
    cold: ColdStartSolver | None = None,
    like: Model | None = None,
    rated: bool = True,
    documents: bool = True,
) -> Model:
    """Put the fitted parts of one data set together, unread items included.

    `posts`: also learn the space in which items posted later meet their users; a model that is
    only compared with others does without. `cold`: what words say, where it serves several models.
    `like`: a model of the same data, of which all that no engine changes is taken over. `rated`:
    learn the expected rating of each user, where there are dislikes to learn it from.
    `documents`: whether the model can show its items; one that only ranks them does without.
    """
    load_terms()
    neighbours, behaviour = fitted.get("neighbours"), fitted.get("behaviour")
    bridge, item_input_map, inputs = None, None, None
    if isinstance(neighbours, ItemWeights):
        config = config_of(len(data.items))
        cold = cold or ColdStartSolver(data, words.student, words.vectors, config)
        neighbours, item_input_map, inputs = with_unread(cold, neighbours, seed, posts)
        neighbours = agreed(neighbours, data)
    if isinstance(behaviour, Factors) and words.vectors.shape[1]:
        behaviour, bridge = bridged(data, behaviour, words.vectors)
    titles = map(search_tokens, data.table.title)
    return Model(
        version="unpublished",
        cutoff=data.now if data.timed else 0.0,
        catalogue=like.catalogue
        if like
        else Catalogue.from_table(data.table, data.created(), data.user_counts(), documents),
        neighbours=neighbours if isinstance(neighbours, ItemWeights) else None,
        behaviour=behaviour if isinstance(behaviour, Factors) else None,
        words=words.vectors,
        index=words.index,
        bridge=bridge,
        student=words.student,
        title_words=TitleWords.fit(titles) if documents and not like else None,
        item_input_map=item_input_map,
        item_input_vectors=inputs,
        explicit_mf=like.explicit_mf if like else explicit_mf_of(data, seed) if rated else None,
        counters=like.counters if like else _counters(data).arrays(),
        score_model=replace(score_model, first_use=first_use_delays(data)),
        rating_scale=data.rating_scale,
        trees=trees,
        account_mix={} if data.account_mix is None else data.account_mix.arrays(),
    )


def _counters(data: Dataset) -> PopularityCounters:
    times = data.time if data.timed else None  # events' numbers must not meet seconds later
    actor = None if data.account_mix is None else data.user
    return PopularityCounters.from_events(
        len(data.items), data.item, data.weight, data.explicit, times, actor, sums_of_items
    )


def bridged(data: Dataset, factors: Factors, words: Floats) -> tuple[Factors, Floats]:
    """Give items that nobody took up the behaviour that their words predict, by ridge.

    Returns the completed factors and the map (t, 2, d) from words to inputs and outputs.
    """
    counts = np.bincount(data.item[data.weight > 0], minlength=len(data.items))
    known = (counts > 0) & words.any(axis=1)
    both = np.concatenate([factors.inputs, factors.outputs], axis=1)
    # An item that many took up has a surer vector, so it weighs more, with falling returns.
    weight = np.sqrt(counts[known]).astype(np.float32)[:, None]
    gram = words[known].T @ (weight * words[known])
    mean = float(weight.sum()) / max(len(weight), 1)
    gram[np.diag_indices_from(gram)] += BRIDGE_RIDGE * max(mean, 1e-6)
    bridge = np.linalg.solve(gram, words[known].T @ (weight * both[known])).astype(np.float32)
    inputs, outputs = factors.inputs.copy(), factors.outputs.copy()
    guess = words[counts == 0] @ bridge
    inputs[counts == 0], outputs[counts == 0] = np.split(guess, 2, axis=1)
    shape = (words.shape[1], 2, factors.inputs.shape[1])
    return Factors(inputs, outputs, factors.gram, factors.alpha), bridge.reshape(shape)
