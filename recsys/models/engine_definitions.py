"""Engines: behaviour models that tuning can choose, with their expected cost."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recsys.models.als import RANKS, AlsConfig, fit_als, rank_of
from recsys.models.block_plan import HEADS_UP_TO, BlockConfig
from recsys.models.bpr_and_warp import BprConfig, WarpConfig, fit_bpr, fit_warp
from recsys.models.ease import EaseConfig, fit_ease
from recsys.models.gfcf import LowpassConfig, fit_lowpass
from recsys.models.gfcf_blockwise import fit_blocks, fit_directions, row_seconds
from recsys.models.interaction_matrix import Interactions
from recsys.models.item_factors import Factors
from recsys.models.item_item_ensemble import summed
from recsys.models.item_knn import ItemKnnConfig, fit_item_knn
from recsys.models.item_to_item_weights import ItemWeights
from recsys.models.proximity_item_knn import SequenceKnnConfig, fit_sequence_knn
from recsys.models.slist import SlistConfig, common_items, fit_slist

# Users an item needs to take part while settings are chosen. On MovieTweetings that is 4,400 of
# 10,500 items and 4 s of CPU instead of 40, for the same lists (2026-11-22).
COMMON = 2
SUM = " + "  # between the names of the engines of a sum
KNN_EXPONENTS = (0.0, 0.5)  # of users and of the history's item, that a name leaves out
LATEST = 500  # items of one user that item-knn compares with each other
# Share of the seconds that an engine states that its fit takes on a usual machine, since what is
# stated is meant not to be exceeded (2026-11-30: .3 to .7 for most engines of the catalogue).
USUAL = 0.6
# The same of engines where it is another (2026-12-01: EASE .33 to .7, SLIST .28 to .75 with the
# lower shares in the larger catalogues, ELSA 1.2 to 1.9).
USUAL_EASE, USUAL_SLIST, USUAL_ELSA = 0.4, 0.45, 1.5
Fit = Callable[[Interactions, int, str], ItemWeights | Factors]


@dataclass(frozen=True, slots=True)
class Engine:
    """A behaviour model with its settings, ready to be fitted to users × items."""

    name: str  # as it stands in a manifest: "ease 100"
    scorer: str  # neighbours or behaviour
    fit: Fit  # (data, seed, device) -> what serves
    seconds: Callable[[Interactions], float]  # expected of CPU time; inf: too large a catalogue
    quick: Fit | None = None  # a cheaper fit that settings are chosen with; None: the fit itself
    quick_seconds: Callable[[Interactions], float] | None = None  # expected of it; None: as above
    usual: float = USUAL  # share of the expected seconds that a fit usually takes

    def tried(self, data: Interactions, seed: int, device: str) -> ItemWeights | Factors:
        """Fit what settings are chosen with."""
        return (self.quick or self.fit)(data, seed, device)

    def tried_seconds(self, data: Interactions) -> float:
        """Return the CPU seconds that `tried` is expected to take."""
        return (self.quick_seconds or self.seconds)(data)


def item_knn(neighbours: int, tf_idf: bool = False) -> Engine:
    """Nearest items by cosine: seconds for any usual catalogue."""
    config = ItemKnnConfig(neighbours=neighbours, tf_idf=tf_idf)
    return Engine(
        f"item-knn-tfidf {neighbours}" if tf_idf else f"item-knn {neighbours}",
        "neighbours",
        lambda data, seed, device: fit_item_knn(data.latest(LATEST).matrix, config),
        lambda data: 3e-8 * float((np.minimum(np.diff(data.ends), LATEST) ** 2).sum()),
    )


def item_knn_shrunk(
    shrinkage: float,
    target_exponent: float,
    user_exponent: float = KNN_EXPONENTS[0],
    source_exponent: float = KNN_EXPONENTS[1],
) -> Engine:
    """Nearest items by shrunk similarity that favours what many took up; seconds, as item-knn."""
    config = ItemKnnConfig(
        500,
        target_exponent=target_exponent,
        source_exponent=source_exponent,
        user_exponent=user_exponent,
        shrinkage=shrinkage,
    )
    numbers = [shrinkage, target_exponent, user_exponent, source_exponent]
    if (user_exponent, source_exponent) == KNN_EXPONENTS:
        del numbers[2:]
    return replace(
        item_knn(500),
        name=" ".join(["item-knn-shrunk", *(f"{number:g}" for number in numbers)]),
        fit=lambda data, seed, device: fit_item_knn(data.latest(LATEST).matrix, config),
    )


def sequence_knn(target_exponent: float) -> Engine:
    """Nearest items by nearness in histories: seconds for any usual catalogue."""
    config = SequenceKnnConfig(target_exponent=target_exponent)
    return Engine(
        f"sequence-knn {target_exponent:g}",
        "neighbours",
        lambda data, seed, device: fit_sequence_knn(data, config),
        lambda data: 4e-7 * config.window * len(data.items),
    )


def ease(regularization: float) -> Engine:
    """Item-to-item weights in closed form, for catalogues whose square fits."""
    config = EaseConfig(regularization=regularization)

    def seconds(data: Interactions) -> float:
        return 3e-11 * data.shape[1] ** 3 if data.shape[1] <= config.largest else math.inf

    return Engine(
        f"ease {regularization:g}",
        "neighbours",
        lambda data, seed, device: fit_ease(data.matrix, config),
        seconds,
        lambda data, seed, device: _ease_of_common(data, config),
        lambda data: _common_share(data) * seconds(data),
        USUAL_EASE,
    )


def _common_share(data: Interactions) -> float:
    """Return the cost of inverting the square of the common items, as a share of that of all."""
    return float((len(common_items(data, COMMON)) / max(data.shape[1], 1)) ** 3)


def _ease_of_common(data: Interactions, config: EaseConfig) -> ItemWeights:
    kept = common_items(data, COMMON)
    return fit_ease(data.narrowed(kept).matrix, config).among(kept, data.shape[1])


def slist(features: float, regularization: float = 100.0, *, directed: bool = True) -> Engine:
    """Item-to-item weights from order and words, for catalogues whose square fits.

    Not `directed`: from nearness in histories, whichever item comes first.
    """
    config = SlistConfig(features=features, regularization=regularization, directed=directed)
    quick = replace(config, fewest=COMMON)
    name = f"{'slist' if directed else 'slist-symmetric'} {features:g}"
    usual = regularization == SlistConfig().regularization

    def seconds(data: Interactions) -> float:
        return 6e-11 * data.shape[1] ** 3 if data.shape[1] <= config.largest else math.inf

    return Engine(
        name if usual else f"{name} {regularization:g}",
        "neighbours",
        lambda data, seed, device: fit_slist(data, config),
        seconds,
        lambda data, seed, device: fit_slist(data, quick),
        lambda data: _common_share(data) * seconds(data),
        USUAL_SLIST,
    )


def quickly(engine: Engine) -> Engine:
    """Return an engine that is always fitted to items with `COMMON` users or more, and its cost."""

    return replace(engine, fit=engine.tried, seconds=engine.tried_seconds)


def lowpass(dimensions: int, ideal: float = LowpassConfig().ideal) -> Engine:
    """Graph filters in closed form, for catalogues of any usual size."""
    config = LowpassConfig(dimensions=dimensions, ideal=ideal)
    usual = ideal == LowpassConfig().ideal
    return Engine(
        f"lowpass {dimensions}" if usual else f"lowpass {dimensions} {ideal:g}",
        "neighbours",
        lambda data, seed, device: fit_lowpass(data.matrix, config, seed),
        lambda data: _lowpass_seconds(data, config),
    )


def blocks(dimensions: int) -> Engine:
    """Graph filters where users met, by blocks of rows, for catalogues of any size."""
    config = BlockConfig(dimensions=dimensions)
    return Engine(
        f"blocks {dimensions}",
        "neighbours",
        lambda data, seed, device: fit_blocks(data, config, seed),
        lambda data: _blocks_seconds(data, config),
    )


def directions(dimensions: int) -> Engine:
    """The ideal low-pass filter as factors, for catalogues of any size."""
    config = BlockConfig(dimensions=dimensions)
    return Engine(
        f"directions {dimensions}",
        "behaviour",
        lambda data, seed, device: fit_directions(data, config, seed),
        lambda data: _directions_seconds(data, dimensions),
    )


def elsa(epochs: int) -> Engine:
    """A linear autoencoder of rank 256; fitting it needs torch, else MissingExtra."""
    return Engine(
        f"elsa {epochs}",
        "behaviour",
        lambda data, seed, device: _elsa_factors(data, epochs, seed, device),
        lambda data: 3.5e-8 * data.shape[0] * data.shape[1] * epochs,
        usual=USUAL_ELSA,
    )


def _elsa_factors(data: Interactions, epochs: int, seed: int, device: str) -> Factors:
    from recsys.models.elsa import ElsaConfig, fit_elsa  # torch is an extra, and loads slowly

    return fit_elsa(data.matrix, ElsaConfig(epochs=epochs), seed, device)


def graph_convolution(dimensions: int) -> Engine:
    """A graph convolution with learned item vectors; fitting it needs torch, else MissingExtra."""
    return Engine(
        f"graph-convolution {dimensions}",
        "behaviour",
        lambda data, seed, device: _convolved_factors(data, dimensions, seed, device),
        lambda data: 1.2e-6 * (dimensions + 32) * (data.matrix.nnz + sum(data.shape)),
    )


def _convolved_factors(data: Interactions, dimensions: int, seed: int, device: str) -> Factors:
    from recsys.models.graph_convolution import (  # torch is an extra, and loads slowly
        GraphConvolutionConfig,
        fit_graph_convolution,
    )

    config = GraphConvolutionConfig(dimensions=dimensions)
    return fit_graph_convolution(data.matrix, config, seed, device)


def als(alpha: float, regularization: float) -> Engine:
    """Alternating least squares of rank 256, lower in sparse data."""
    config = AlsConfig(alpha=alpha, regularization=regularization)
    return Engine(
        f"als {alpha:g} {regularization:g}",
        "behaviour",
        lambda data, seed, device: fit_als(data.matrix, config, seed),
        _als_seconds,
    )


def bpr(dimensions: int) -> Engine:
    """Factors learned from pairs of items, by implicit."""
    config = BprConfig(dimensions=dimensions)
    return Engine(
        f"bpr {dimensions}",
        "behaviour",
        lambda data, seed, device: fit_bpr(data.matrix, config, seed),
        lambda data: 6e-9 * config.epochs * (dimensions + 16) * data.matrix.nnz + 1,
    )


def lightfm(dimensions: int) -> Engine:
    """Factors learned from pairs of items with the WARP loss, by LightFM."""
    config = WarpConfig(dimensions=dimensions)
    return Engine(
        f"lightfm {dimensions}",
        "behaviour",
        lambda data, seed, device: fit_warp(data.matrix, config, seed),
        lambda data: 2e-8 * config.epochs * (dimensions + 16) * data.matrix.nnz + 1,
    )


def engine_sum(parts: Sequence[Engine]) -> Engine:
    """Return the sum of item-item engines, see `recsys.models.item_item_ensemble`."""

    def fit(data: Interactions, seed: int, device: str) -> ItemWeights:
        return summed([part.fit(data, seed, device) for part in parts], data.matrix)

    def tried(data: Interactions, seed: int, device: str) -> ItemWeights:
        return summed([part.tried(data, seed, device) for part in parts], data.matrix)

    return Engine(
        SUM.join(part.name for part in parts),
        "neighbours",
        fit,
        lambda data: sum(part.seconds(data) for part in parts),
        tried,
        lambda data: sum(part.tried_seconds(data) for part in parts),
    )


def _als_seconds(data: Interactions) -> float:
    whole = 2e-5 * (data.matrix.nnz + 16 * sum(data.shape)) + 0.5
    return float(whole * (rank_of(data.matrix) / RANKS[0][1]) ** 1.2)


def _lowpass_seconds(data: Interactions, config: LowpassConfig) -> float:
    items = data.shape[1]
    if items > config.largest:
        return math.inf
    return 2e-8 * items**2 + _directions_seconds(data, config.dimensions)


def _directions_seconds(data: Interactions, dimensions: int) -> float:
    return 1.5e-8 * dimensions * (data.matrix.nnz + sum(data.shape))


def _blocks_seconds(data: Interactions, config: BlockConfig) -> float:
    met = np.minimum(np.diff(data.ends), config.history).astype(np.float64)
    pairs = float((met**2).sum())
    each = 2.3e-4 if data.shape[1] <= HEADS_UP_TO else 3e-5  # of an item
    rows = row_seconds(pairs, config.dimensions) + each * data.shape[1]
    return rows + _directions_seconds(data, config.dimensions)
