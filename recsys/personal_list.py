"""Personal list: the one path from a user's state and a request to a ranked list.

`GET /recommend`, the batch route, Gorse's routes, `recsys recommend`, `recsys demo` and
`FittedModel.recommend` build their queries and lists by the functions of this module alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from numbers import Integral, Real

from recsys.data.event_kind_weights import EventWeights
from recsys.errors import DataError
from recsys.i18n import SOURCE
from recsys.ranking.calibrated_order import WIDENED_WEIGHT
from recsys.ranking.history import acts, interactions
from recsys.ranking.live_ego_network import AroundUser
from recsys.ranking.new_item_places import ReservedPlaces
from recsys.ranking.new_voices import NewVoices
from recsys.ranking.query import Filters, Interaction, Query, Recommendation
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState
from recsys.store.follows import Ties
from recsys.store.store import Store
from recsys.store.user_controls import Control, blocks_by_others, widened
from recsys.store.user_histories import TakenItems, UserPast
from recsys.text.sentiment.scorer import SentimentScorer

COLD_DIVERSITY = 0.3  # of lists for users without history, interests and follows
INTERESTS_UNTIL = 20  # events from which stated interests are not used
SHORT = 5  # events from which a history is long in the figures


@dataclass(frozen=True, slots=True)
class UserState:
    """What is known of the user whom a list is for."""

    user_id: str | None  # None: a session without an account
    history: tuple[Interaction, ...] = ()  # oldest first
    interests: tuple[str, ...] = ()
    controls: tuple[Control, ...] = ()  # in force; blocks by others are among them
    taken: TakenItems | None = None  # all items ever acted on; None: those of the history
    follows: tuple[str, ...] = ()  # ids of authors and users
    names: tuple[tuple[str, str], ...] = ()  # (id, display name) of these and other authors
    mark: Hashable = None  # changes with any of the above
    around: AroundUser | None = None  # whose acts count too; None: no follow concerns the user
    degraded: bool = False  # the store was unreachable

    @classmethod
    def read(
        cls,
        store: Store,
        past: UserPast,
        user_id: str,
        sentiment_scorer: SentimentScorer | None,
        weights: EventWeights,
        known: tuple[AroundUser | None, Ties] | None = None,
    ) -> UserState:
        """Return the state of a user as the store has it; `sentiment_scorer` None: comments count
        nothing.

        `past`: the user's events, see `recsys.store.user_histories`; those that weigh nothing are
        left out. `known`: of the follow graph, see `recsys.follow_signals`; None: the store is
        read, and nobody's acts count. An unknown user has an empty state. StoreError when the
        store is unreachable.
        """
        interests: tuple[str, ...] = ()
        history = acts(interactions(past.events, sentiment_scorer), weights)
        if len(history) < INTERESTS_UNTIL:
            user = store.user(user_id)
            interests = tuple(user.interests) if user is not None else ()
        around, ties = (None, store.ties_of(user_id)) if known is None else known
        controls = (*store.controls_of(user_id), *blocks_by_others(ties.blocked_by))
        follows, names = ties.follows, ties.names
        mark = (past.mark, interests, controls, follows, names, around and around.mark)
        return cls(user_id, history, interests, controls, past.taken, follows, names, mark, around)

    @property
    def cold(self) -> bool:
        """Whether nothing is known that a list could be made from."""
        return not (self.history or self.interests or self.follows)

    @property
    def kind(self) -> str:
        """The kind of user in the figures: session, cold, short or long."""
        if self.user_id is None:
            return "session"
        if not self.history:
            return "cold"
        return "short" if len(self.history) < SHORT else "long"


# fields of a ListRequest that a configuration, or an arm of an experiment, may override
OVERRIDES = (
    "personal",
    "diversity",
    "calibration",
    "rising_weight",
    "flag_weight",
    "author_cap",
    "category_cap",
    "repeat",
)


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What a caller may ask of a list; the defaults are those of `GET /recommend`."""

    words: str = ""  # steers: the closer an item's text, the higher
    exclude: frozenset[str] = frozenset()  # item ids
    filters: Filters = Filters()
    own: bool = False  # list the user's own items too
    repeat: bool = False  # list items again that the user acted on
    diversity: float | None = None  # None: COLD_DIVERSITY for a cold user without words, else 0
    calibration: float = 0.0  # 0..1: how far the topics of a list follow those of the history
    personal: float | None = None  # 0..1: from popularity to the history alone; None: as tuned
    rising_weight: float | None = None  # None: as set
    flag_weight: float | None = None
    author_cap: int | None = None
    category_cap: int | None = None
    explain: bool = False  # all reasons, not only the first three
    language: str = SOURCE  # of the reasons
    now: float | None = None  # Unix seconds; None: the clock

    def __post_init__(self) -> None:
        for name in ("personal", "diversity", "calibration"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, Real) and 0 <= float(value) <= 1):
                raise DataError(f"{name}={value!r} is not a number from 0 to 1")
        for name in ("author_cap", "category_cap"):
            cap = getattr(self, name)
            if cap is not None and not (isinstance(cap, Integral) and int(cap) >= 1):
                raise DataError(f"{name}={cap!r} is not a whole number from 1 on")


def query_of(
    user: UserState, request: ListRequest, repeat_categories: frozenset[str] = frozenset()
) -> Query:
    """Return the query of one request of one user; `repeat_categories`: see RECSYS_REPEAT."""
    diversity = request.diversity
    if diversity is None:
        diversity = COLD_DIVERSITY if user.cold and not request.words else 0.0
    calibration = request.calibration
    if widened(user.controls):
        calibration = max(calibration, WIDENED_WEIGHT)
    return Query(
        history=user.history,
        interests=user.interests,
        words=request.words,
        exclude=request.exclude,
        now=request.now,
        filters=request.filters,
        taken=user.taken,
        follows=user.follows,
        names=user.names,
        around=user.around,
        author="" if request.own else user.user_id or "",
        repeat=request.repeat,
        repeat_categories=repeat_categories,
        diversity=diversity,
        calibration=calibration,
        personal=request.personal,
        rising_weight=request.rising_weight,
        flag_weight=request.flag_weight,
        explain=request.explain,
        author_cap=request.author_cap,
        category_cap=request.category_cap,
        controls=user.controls,
        language=request.language,
    )


def personal_place(query: Query, live: LiveState) -> float:
    """Return the place on the dial of the score model that a query's scores have."""
    return live.model.score_model.personal if query.personal is None else query.personal


def ranked(
    recommender: Recommender,
    query: Query,
    n: int,
    reserved: ReservedPlaces | None = None,
    voices: NewVoices | None = None,
) -> Sequence[Recommendation]:
    """Return the best `n` items of a query and one more, best first; fewer where fewer are left.

    The last one, without reasons, only shows that another page follows. `reserved`: what decides
    about places for new items; None: there are none. Nor are there with search words or caps.
    `voices`: the same of places for new creators.
    """
    capped = query.author_cap is not None or query.category_cap is not None
    extended_query = replace(query, n=n, more=1)
    if query.words or capped:
        return recommender.recommend(extended_query)
    return recommender.recommend(extended_query, reserved, voices)
