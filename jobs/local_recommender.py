"""LocalService: the service's recommender inside a command, from the bundle and the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from recsys import empty_list_reasons
from recsys.author_name_cache import AuthorDisplayNames
from recsys.bundle import RawBundle
from recsys.bundle_store import BundleStore
from recsys.follow_signals import FollowSignals
from recsys.live_recommender import LiveRecommender
from recsys.personal_list import ListRequest, UserState, query_of, ranked
from recsys.ranking.query import Interaction, Query, Recommendation
from recsys.recommender import Recommender
from recsys.serving.follow_graph import FollowGraph
from recsys.serving.model import Model
from recsys.settings import Settings
from recsys.store.store import Store
from recsys.store.user_histories import UserHistories
from recsys.text.sentiment.scorer import SentimentScorer


@dataclass(frozen=True, slots=True)
class LocalService:
    """A recommender over the current bundle, brought up to date from the store."""

    store: Store
    recommender: Recommender
    sentiment_scorer: SentimentScorer | None  # None: the tone of comments counts for nothing
    follows: FollowSignals
    repeat_categories: frozenset[str] = frozenset()  # whose items lists may hold again

    def history(self, user: str) -> tuple[Interaction, ...]:
        """Return the events of a user, oldest first, as the service reads them."""
        return self.state(user).history

    def state(self, user: str) -> UserState:
        """Return the state of a user as the service reads it."""
        weights = self.recommender.live.weights
        past = UserHistories(weights).of(self.store, user)
        self.follows.graph.follow_all(self.store)
        known = self.follows.of(self.store, user, self.recommender.live)
        read = UserState.read(self.store, past, user, self.sentiment_scorer, weights, known)
        return AuthorDisplayNames().named(self.store, self.recommender.live, read)

    def recommend(self, user: str, n: int, explain: bool = False) -> list[Recommendation]:
        """Return the items of `GET /recommend/<user>`, by the same functions."""
        return list(ranked(self.recommender, self.query(user, explain), n)[:n])

    def notice(self, user: str) -> str:
        """Return why a list has no more items, as `GET /recommend/<user>` does."""
        return empty_list_reasons.personal(self.recommender, self.query(user), first=True)

    def query(self, user: str, explain: bool = False) -> Query:
        """Return the query of a user's list."""
        return query_of(self.state(user), ListRequest(explain=explain), self.repeat_categories)

    def title(self, item_id: str) -> str:
        """Return what to call an item."""
        live = self.recommender.live
        row = live.row(item_id)
        return self.recommender.title(row) if row >= 0 else item_id


def open_bundle(home: Path) -> tuple[RawBundle, Model]:
    """Return the newest bundle that this version of the code can read, and its model."""
    return BundleStore(home).load_current(lambda raw: (raw, Model.from_raw(raw)))


@contextmanager
def open_service(settings: Settings) -> Iterator[LocalService]:
    """Open the current bundle and the store; BundleError says what to run when there is none."""
    raw, model = open_bundle(settings.home)
    with Store.open(settings.store_url) as store:
        sentiment_scorer = settings.sentiment_scorer if settings.tone_strength else None
        opened = LiveRecommender.of(raw, model, settings, sentiment_scorer)
        recommender = opened.follow(store)
        follows = FollowSignals(FollowGraph(settings.weights, model.rating_scale.mean))
        categories = settings.repeat_categories
        yield LocalService(store, recommender, sentiment_scorer, follows, categories)
