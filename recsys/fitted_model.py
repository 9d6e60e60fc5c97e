"""FittedModel: lists, explanations and vectors from a bundle and the histories stored beside it.

A saved model is a home as the commands and the service know it: `bundles/` holds the bundle,
`store.db` the histories. `RECSYS_HOME=<path> recsys serve` serves it, and `recsys.load` opens the
home of a service.
"""

from __future__ import annotations

import tempfile
import time
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from recsys.array_types import Floats
from recsys.author_name_cache import AuthorDisplayNames
from recsys.bundle import RawBundle
from recsys.bundle_store import BundleStore
from recsys.data.event_kind_weights import REMARKS, TONE, EventWeights
from recsys.data.event_kinds import KIND_WEIGHTS
from recsys.data.parsing import parse_id
from recsys.errors import BundleError, StoreError
from recsys.explanation import Explanation
from recsys.explanation import explain as explanation_of
from recsys.fitted_model_method_arguments import (
    History,
    check_where,
    count_of,
    filters_of,
    history_of,
    ids_of,
    language_of,
    text_of,
    texts_of,
    user_id_of,
    warn_of_unknown_kinds,
)
from recsys.follow_signals import FollowSignals
from recsys.home_page import HomePage
from recsys.home_row_pages import HomeRow, copy_groups, first_pages
from recsys.personal_list import ListRequest, UserState, query_of, ranked
from recsys.ranking import nonpersonal_lists
from recsys.ranking.query import Filters, Interaction, Query, Recommendation
from recsys.recommender import Recommender
from recsys.saved_model_folder import (
    HISTORIES,
    check_folder,
    copy_histories,
    publish_copy,
    remove_histories,
)
from recsys.serving.follow_graph import FollowGraph
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.serving.trend_monitor import TrendMonitor
from recsys.store.erasure import erase
from recsys.store.store import Store
from recsys.store.user_histories import UserHistories
from recsys.store_log_tailer import LogTailer
from recsys.text.sentiment.scorer import SentimentScorer


@dataclass(frozen=True, slots=True)
class ItemVectors:
    """Vectors of all items; a row belongs to the id at its place."""

    item_ids: tuple[str, ...]
    text: Floats  # (n_items, t): unit rows, zero rows without a known word
    behaviour: Floats | None  # (n_items, d): None where the chosen engine has no factors


class FittedModel:
    """Recommends, explains, saves. Made by `recsys.fit` and `recsys.load`; for one thread."""

    def __init__(
        self,
        home: Path,
        raw: RawBundle,
        model: Model,
        store: Store | None,
        weights: EventWeights,
        owned: tempfile.TemporaryDirectory[str] | None,
    ) -> None:
        self.folder = home
        self.manifest: Mapping[str, Any] = raw.manifest
        self._raw, self._store, self._owned = raw, store, owned
        self._copies: set[Path] = set()  # where `save` wrote histories
        self._warned: set[str] = set()  # kinds of event without a weight, each named once
        self._sentiment_scorer = SentimentScorer(home)
        live = LiveState(model, weights)
        self._feed = LogTailer(live, raw.manifest, self._sentiment_scorer)
        self._trend_monitor = TrendMonitor(live)
        self._recommender = Recommender(live, trend_monitor=self._trend_monitor)
        self._pasts = UserHistories(live.weights)
        self._author_names = AuthorDisplayNames()
        self._follows = FollowSignals(FollowGraph(live.weights, model.rating_scale.mean))
        self._close = weakref.finalize(self, _release, store, owned)

    @classmethod
    def open(
        cls,
        home: Path,
        weights: EventWeights | None = None,
        owned: tempfile.TemporaryDirectory[str] | None = None,
    ) -> FittedModel:
        """Open the newest bundle of a home, and its histories where there are any.

        `weights`: None: those that the bundle was made with. BundleError without a bundle.
        """
        if not home.is_dir():
            raise BundleError(f"{home}: there is no such folder; `model.save(path)` makes one")
        raw, model = BundleStore(home).load_current(lambda raw: (raw, Model.from_raw(raw)))
        kinds = {**KIND_WEIGHTS, **raw.manifest.get("event_weights", {})}
        weights = weights or EventWeights(kinds=kinds, sentiment=TONE, remarks=REMARKS)
        file = home / HISTORIES
        store = Store.open(f"sqlite:///{file}") if file.exists() else None
        return cls(home, raw, model, store, weights, owned)

    def __enter__(self) -> FittedModel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        held = "with histories" if self._store is not None else "without histories"
        return f"<FittedModel {self.manifest['version']}: {len(self)} items, {held}>"

    def __len__(self) -> int:
        """Return the number of items."""
        return self._live.size

    def close(self) -> None:
        """Close the histories and remove a temporary folder; garbage collection does it too."""
        self._close()

    @property
    def _live(self) -> LiveState:
        return self._recommender.live

    @property
    def recommender(self) -> Recommender:
        """The recommender over this model, for evaluations and dialogues."""
        return self._recommender

    @property
    def choice(self) -> dict[str, Any]:
        """Engines, score model and evidence as JSON; `recsys.fit(tune=model.choice)` reuses it."""
        found: dict[str, Any] = dict(self.manifest["choice"])
        return found

    def recommend(
        self,
        user: str | int | History = (),
        n: int = 20,
        *,
        words: str = "",
        filters: Filters | Mapping[str, Any] | None = None,
        exclude: Iterable[str | int] = (),
        interests: Sequence[str] = (),
        diversity: float | None = None,
        personal: float | None = None,
        author_cap: int | None = None,
        category_cap: int | None = None,
        repeat: bool = False,
        own: bool = False,
        explain: bool = False,
        language: str = "en",
    ) -> list[Recommendation]:
        """Return the best `n` items for a user, best first, as `GET /recommend` does.

        Fewer are returned where fewer are left. Each has item_id, score, rank (from 1), source and
        reasons (kind, share, text, item_id), the largest first.

        Parameters
        ----------
        user
            A user id: one that no event names gets the list of a new user. Or a history, oldest
            first: item ids (a like each), or dicts with item_id and optionally event, value and
            timestamp; empty, as without this argument, for a new user.
        words
            Items with text close to these words rank higher.
        filters
            Field -> value or values, such as {"category": "drama", "not_tags": ["war"]}; the
            fields are those of `recsys.Filters`. "where" is a text: "price<20".
        exclude
            Item ids that are not listed.
        interests
            Words that the user stated, used like a history.
        diversity
            0: by score alone, 1: each item as unlike the earlier ones as possible. None: .3 for a
            user of whom nothing is known, else 0.
        personal
            0: by popularity and trend alone, 1: by the history alone; None: as tuned.
            `choice["frontier"]` has the accuracy at each place.
        author_cap, category_cap
            Most items of one author or category.
        repeat, own
            List items that the user acted on, or wrote, too.
        explain
            All reasons instead of the first three.

        KeyError for a user id where the model has no histories.
        """
        request = ListRequest(
            words=text_of(words, "words"),
            exclude=ids_of(exclude, "exclude"),
            filters=filters_of(filters),
            own=own,
            repeat=repeat,
            diversity=diversity,
            personal=personal,
            author_cap=author_cap,
            category_cap=category_cap,
            explain=explain,
            language=language_of(language),
        )
        state = self._state(user)
        stated = texts_of(interests, "interests")
        state = replace(state, interests=(*state.interests, *stated))
        query = self._query(state, request)
        return list(ranked(self._recommender, query, count_of(n))[:n])

    def home(
        self,
        user: str | int | History,
        n: int = 10,
        rows: int = 6,
        *,
        filters: Filters | Mapping[str, Any] | None = None,
        exclude: Iterable[str | int] = (),
        own: bool = False,
        language: str = "en",
    ) -> list[HomeRow]:
        """Return the rows of a user's home page with `n` items at most, as `GET /home` does.

        Each has key, kind, title, reason, source, item_id (of the history, where the row is about
        one) and items, best first. No item stands in two rows; rows without an item are left out.
        `user` and the other parameters: as in `recommend`.

        KeyError for a user id where the model has no histories.
        """
        request = ListRequest(
            exclude=ids_of(exclude, "exclude"),
            filters=filters_of(filters),
            own=own,
            language=language_of(language),
        )
        state, n, rows = self._state(user), count_of(n), count_of(rows, "rows")
        page = HomePage(self._recommender, state, self._query(state, request))
        found = page.rows(1 + n * rows)[:rows]
        pages_of_rows = first_pages(found, n, lambda item_id: True, copy_groups(self._live))
        return [replace(one.row, items=one.items) for one in pages_of_rows]

    def similar(
        self,
        item_id: str | int,
        n: int = 20,
        *,
        filters: Filters | Mapping[str, Any] | None = None,
        language: str = "en",
    ) -> list[Recommendation]:
        """Return the items most like one, best first, as `GET /similar` does; KeyError: unknown."""
        self._follow()
        name, spoken = self._known(item_id), language_of(language)
        return nonpersonal_lists.similar(self._live, name, count_of(n), filters_of(filters), spoken)

    def explain(
        self,
        user: str | int | History,
        item_id: str | int,
        *,
        words: str = "",
        personal: float | None = None,
        language: str = "en",
    ) -> Explanation:
        """Return the parts of an item's score for a user or a history, and the item's rank.

        `personal`: as in `recommend`.

        KeyError for an unknown item, and for a user id where the model has no histories.
        """
        request = ListRequest(
            words=text_of(words, "words"), personal=personal, language=language_of(language)
        )
        query = self._query(self._state(user), request)
        return explanation_of(self._recommender, query, self._known(item_id))

    def vectors(self) -> ItemVectors:
        """Return the vectors of all items of the bundle."""
        model = self._live.model
        behaviour = None if model.behaviour is None else model.behaviour.outputs
        return ItemVectors(tuple(model.catalogue.ids), model.words, behaviour)

    def history(self, user: str | int) -> tuple[Interaction, ...]:
        """Return the events of a user, oldest first; KeyError where the model has no histories."""
        return self._state(user).history

    def save(self, path: str | Path, histories: bool = True) -> Path:
        """Write the bundle below a folder and the histories into a file of their own beside it.

        `histories` False: the file is left out (and removed where an earlier save wrote one), so
        that the folder holds no user. A second save publishes another version. Returns the folder.
        DataError for a folder with other contents.
        """
        folder = Path(path).absolute()
        check_folder(folder, self.folder, self._copies)
        folder.mkdir(parents=True, exist_ok=True)
        if self._store is None or not histories:
            remove_histories(folder)
            self._copies.discard(folder)
        elif folder != self.folder:
            copy_histories(self.folder, folder)
            self._copies.add(folder)
        publish_copy(self._raw, folder)
        return folder

    def erase(self, user: str | int) -> dict[str, int]:
        """Remove a user from the histories of this model and of the copies that it has saved.

        Returns the rows removed, by table, of this model. The bundle holds no user id and no event.
        KeyError where the model has no histories.
        """
        name = parse_id(user, "user")
        store = self._histories(name)
        receipt = erase(store, self.folder, name)
        self._pasts.forget()
        for folder in sorted(self._copies):
            if (folder / HISTORIES).exists():
                with Store.open(f"sqlite:///{folder / HISTORIES}") as copy:
                    erase(copy, folder, name)
        return receipt.removed

    def _known(self, item_id: str | int) -> str:
        name = parse_id(item_id, "item_id")
        if self._live.row(name) < 0:
            raise KeyError(f"item {name!r} is unknown: no row of events or items names it")
        return name

    def _check_open(self) -> None:
        if not self._close.alive:
            raise StoreError("this model is closed: fit or load it again")

    def _histories(self, user: str) -> Store:
        self._check_open()
        if self._store is None:
            raise KeyError(
                f"user {user!r}: this model holds no histories (it was saved with histories=False);"
                " pass the history itself, a list of item ids"
            )
        return self._store

    def _state(self, given: str | int | History) -> UserState:
        name = user_id_of(given)
        if name is None:
            history = history_of(given)
            warn_of_unknown_kinds(history, self._live.weights, self._warned)
            return UserState(None, history)
        store = self._histories(name)
        past, weights = self._pasts.of(store, name), self._live.weights
        self._follows.graph.follow_all(store)
        known = self._follows.of(store, name, self._live)
        read = UserState.read(store, past, name, self._sentiment_scorer, weights, known)
        return self._author_names.named(store, self._live, read)

    def _query(self, state: UserState, request: ListRequest) -> Query:
        self._follow()
        check_where(request.filters, self._live)
        return query_of(state, replace(request, now=time.time()))

    def _follow(self) -> None:
        """Apply events and items that were stored since, by a service on the same home say."""
        self._check_open()
        if self._store is not None:
            self._feed.follow(self._store)
        self._trend_monitor.trends(time.time())


def load(path: str | Path) -> FittedModel:
    """Return a model that `FittedModel.save` wrote, or that a night published in a home.

    BundleError where there is no bundle or it does not verify.
    """
    return FittedModel.open(Path(path).absolute())


def _release(store: Store | None, owned: tempfile.TemporaryDirectory[str] | None) -> None:
    if store is not None:
        store.close()
    if owned is not None:
        owned.cleanup()
