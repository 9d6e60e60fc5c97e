"""ScoreTerm: protocol of a score term, with the contexts it receives and the values it returns.

A score is a sum of terms. Each term says in one place how it is computed for one user and for many,
how large it can be at most, how it splits into reasons, which columns tuning learns its weights
from, and what the trees read of it. Everything else iterates over `registry.TERMS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from recsys.array_types import Floats, Mask, Rows, Times
from recsys.ranking.history import History
from recsys.ranking.history_batch import HistoryBatch
from recsys.ranking.item_feature_table import ItemFeatureTable
from recsys.ranking.query import Query
from recsys.ranking.trend_boost_table import TrendBoostTable
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.serving.score_model import ScoreModel

ALWAYS: Literal["always"] = "always"
WHEN_CHEAP: Literal["when cheap"] = "when cheap"
NEVER: Literal["never"] = "never"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of choice sets: a value per user and item that a weight can be learned for."""

    term: str  # name of the score term
    source: str = ""  # engine of a personal column, name of an item feature
    half_life: float | None = (
        None  # distinct times of the history back at which an event counts half
    )
    # Whether its best items are offered to choose from: always, only where columns cost little, or
    # never. Not part of the identity of a column.
    nominates: Literal["always", "when cheap", "never"] = field(default=ALWAYS, compare=False)

    def __str__(self) -> str:
        """Return the column as evidence and logs show it."""
        if self.half_life is None:
            return self.source or self.term
        name = " ".join(filter(None, (self.term, self.source)))
        if self.term in ("neighbours", "factors"):
            name = self.source
        return f"{name}~{self.half_life:g}"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One weight that tuning learns."""

    term: str
    name: str = ""
    trait: str = ""  # user feature that the weight is multiplied by; empty: none
    shared: bool = False  # the column is the same for all users: popularity and trends

    @property
    def weight_name(self) -> str:
        """The name of its weight in a score model."""
        return self.name or self.term


@dataclass(frozen=True, slots=True)
class ModelForm:
    """Which columns a score is made of; their weights are learned, the form is chosen."""

    shares: tuple[str, ...] = ()  # item features
    neighbours: Column | None = None  # engine and half-life of the neighbour sum
    lift: bool = False  # the lift of the neighbours instead of log-transformed sums
    factors: tuple[Column, ...] = ()
    words: tuple[Column, ...] = ()
    by_trait: tuple[tuple[str, str], ...] = ()  # (user feature, item feature)
    by_activity: bool = False  # the log-transformed sums depend on the length of the history
    linear: tuple[str, ...] = ()  # optional terms of one weight, by name
    rating_weight: float = (
        0.0  # weight of the expected rating; set, not learned: likes are not all uptake
    )
    personal_rating: bool = False  # the rating expected of this user, not that of an average one
    plain: bool = False  # one engine alone: its order is that of the engine's own scores

    @property
    def personal(self) -> bool:
        """Whether anything but popularity and trend differs between items for a user."""
        return bool(self.neighbours or self.factors or self.words or self.rating_weight)


@dataclass(frozen=True, slots=True)
class Choices:
    """Columns of choice sets, as terms read them."""

    columns: Mapping[Column, Floats]  # (users, places)
    user_features: Mapping[str, Floats]  # user feature -> (users,)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the scores of some rows that does not belong to an entry of the history."""

    kind: str  # kind of reason, see `recsys.ranking.reason_templates`
    values: Floats  # (rows,)
    quiet: Mask | None = None  # rows where a user would not accept it as a reason; None: nowhere
    item_id: str | None = None  # item that it refers to
    label: str = ""  # name that it refers to
    by: str = ""  # id of a topic without a name that it refers to


@dataclass(frozen=True, slots=True)
class Attribution:
    """The exact split of one term's scores of some rows: base + history + parts."""

    parts: tuple[Part, ...] = ()
    history: Floats | None = None  # (entries of the history, rows); None: nothing
    base: float = 0.0  # of an item that is average in everything


@dataclass(frozen=True, slots=True)
class UserContext:
    """One user at one moment, before anything is scored."""

    live: LiveState
    history: History
    score_model: ScoreModel
    user_features: Mapping[str, float]  # user features that weights may depend on


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What terms of a request may read once the learned terms are bound."""

    query: Query
    live: LiveState
    history: History
    size: int  # rows there were when the request came
    query_vectors: Floats  # (2, t): of the search words and of the interests; zeros without any
    muted: Mask | None  # (size,): rows never to be shown or named; None: nothing is muted
    rising: TrendBoostTable | None  # what rises now; None where nothing does
    scores: Callable[[Rows], Floats]  # by all terms that were bound before
    log_total: Callable[[], float]  # log of the sum of exp(score) over the catalogue, the same
    learned_spread: Callable[[], float]  # see `spread`; measured once, when a term needs it

    @property
    def spread(self) -> float:
        """Standard deviation of the learned scores over the catalogue."""
        return self.learned_spread()


class UserTerm:
    """A term bound to one user: subclasses override what they have, the defaults are "nothing"."""

    personal: ClassVar[bool] = True  # False: item features alone, the same order for everybody

    @property
    def feature_weights(self) -> Floats:
        """Weights of the term's item features, (features,)."""
        return np.zeros(0, np.float32)

    @property
    def constant(self) -> float:
        """Part of every score."""
        return 0.0

    @property
    def text_vector(self) -> Floats | None:
        """Vector whose products with the text vectors of items are added to scores, (t,)."""
        return None

    @property
    def scores_rows(self) -> bool:
        """Whether `score` adds anything."""
        return False

    def score(self, rows: Rows) -> Floats:
        """Return what is added beyond item features, text vectors and the constant, (rows,)."""
        return np.zeros(len(rows), np.float32)

    @property
    def indexed(self) -> bool:
        """Whether the model's joined index proposes the rows that `score` adds most to.

        Such a term needs no bound.
        """
        return False

    def exceptions(self) -> Rows | None:
        """Return the rows that `bound` does not hold for; they are scored one by one."""
        return None

    def bound(self, table: ItemFeatureTable) -> Floats | float:
        """Return an upper bound of `score` per block of rows, `exceptions` aside; inf: none."""
        return np.inf if self.scores_rows else 0.0

    def attribute(self, rows: Rows, values: Floats, table: ItemFeatureTable) -> Attribution:
        """Return the split of the scores of distinct rows.

        `values`: the term's item features of these rows, (features, rows).
        """
        return Attribution()

    def absorbs(self, rows: Rows) -> Mask | None:
        """Return the rows whose parts all count as this term's; None: no row's."""
        return None

    def gbdt_features(self, rows: Rows, now: float, times: Times) -> dict[str, Floats]:
        """Return what the trees read of this term, name -> (rows,) or one number for all.

        `now`: Unix seconds; `times`: of the history, as the trees may see them.
        """
        return {}


@dataclass(frozen=True, slots=True)
class BatchContext:
    """Histories of many users, scored on a model alone."""

    model: Model
    score_model: ScoreModel
    histories: HistoryBatch
    user_features: Sequence[Mapping[str, float]]  # user features of each history
    features: Mapping[str, Floats]  # item feature -> (n_items,)


@dataclass(frozen=True, slots=True)
class CutContext:
    """Histories of many users at one moment, for the columns of choice sets."""

    models: Mapping[str, Model]  # engine -> model; of one data set
    half_lives: tuple[float, ...]
    histories: HistoryBatch
    features: Mapping[str, Floats]  # item feature -> (n_items,)
    created: Times  # (n_items,)


@dataclass(frozen=True, slots=True)
class ReplayContext:
    """One user at one moment of a replay, for the columns of choice sets."""

    lives: Mapping[str, LiveState]  # engine -> live state; all have the same rows
    half_lives: tuple[float, ...]
    history: History
    times: Times  # of the history, as tuning may see them
    now: float  # Unix seconds
    rows: Rows  # ascending, distinct: those that columns are computed for
    nominating: bool | None = None  # columns computed: those that nominate, the others; None: all

    def wants(self, column: Column) -> bool:
        """Whether a column is to be computed; one that is computed nevertheless does no harm."""
        return self.nominating is None or (column.nominates == ALWAYS) == self.nominating

    @property
    def live(self) -> LiveState:
        """The first live state, the only one that has counted all events."""
        return next(iter(self.lives.values()))


class ScoreTerm:
    """One additive part of the score. Subclasses override what they have."""

    name: ClassVar[str]
    sources: ClassVar[Mapping[str, str]] = {}  # kind of reason -> source of a recommendation
    adds: ClassVar[tuple[str, ...]] = ()  # item features that the search for a form may add
    gbdt_names: ClassVar[tuple[str, ...]] = ()  # what the trees read of it

    def feature_names(self) -> tuple[str, ...]:
        """Return the names of the item features that weights of a score model refer to."""
        return ()

    def used_features(self, model: Model) -> int:
        """Return how many item features a model's score reads of this term."""
        return 0

    def item_features(self, live: LiveState, rows: Rows | slice, now: float) -> Floats:
        """Return the used item features of rows, (used_features, rows); finite."""
        raise NotImplementedError

    def bind(self, context: UserContext) -> UserTerm | None:
        """Return the learned term for one user; None where the term is none of the learned ones."""
        return None

    def bind_request(self, context: RequestContext) -> UserTerm | None:
        """Return the term for what one request asks; None where it adds nothing."""
        return None

    def batch(self, context: BatchContext) -> Floats | None:
        """Return the term's scores of all the model's items, (users, n_items); None: nothing."""
        return None

    def columns(self, context: CutContext) -> dict[Column, Floats]:
        """Return the columns of many users at one cut, (users, n_items) each."""
        return {}

    def replay_columns(self, context: ReplayContext) -> dict[Column, Floats]:
        """Return the columns of one user in a replay, (len(context.rows),) each.

        Those that the context does not want may be left out.
        """
        return {}

    def nominees(self, context: ReplayContext, most: int) -> Rows:
        """Return the rows that may be among the `most` best by a column, in any order.

        Those of the columns that depend on the user; `context.rows` is not read. In a large
        catalogue a replay computes columns for nominees and a sample of all others alone.
        """
        return np.zeros(0, np.int32)

    def design(self, form: ModelForm, choices: Choices) -> list[tuple[Parameter, Floats]]:
        """Return the values that each of the form's parameters multiplies, (users, places)."""
        return []

    def fixed(self, form: ModelForm, choices: Choices) -> Floats | None:
        """Return the part of the scores whose weight is set, not learned, (users, places)."""
        return None

    def learned(
        self, form: ModelForm, weights: Mapping[Parameter, float], score_model: ScoreModel
    ) -> ScoreModel:
        """Return the score model with this term's learned weights."""
        return score_model

    def gbdt_columns(self, form: ModelForm, choices: Choices) -> dict[str, Floats]:
        """Return what the trees read of this term in choice sets, name -> (users, places)."""
        return {}
