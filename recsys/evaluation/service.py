"""The row `default`: what the service would have answered, made as a night makes it."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import Floats, Mask, Rows, Times
from recsys.data.company import births_of
from recsys.data.dataset import Dataset
from recsys.evaluation.engines import Means
from recsys.evaluation.positive import DISLIKED, LIKED
from recsys.evaluation.questions import Questions, ask
from recsys.evaluation.replay import Step, asked_on_the_way
from recsys.evaluation.scorer import Histories
from recsys.evaluation.split import Split, positive_steps
from recsys.metrics import Positives, Values
from recsys.ranking import batch, priors
from recsys.ranking.history import History
from recsys.ranking.rerank import live_scores, reranked_block
from recsys.state.acts import Act
from recsys.state.live import LiveState
from recsys.state.model import Model
from recsys.training.budget import Budget
from recsys.training.check import Check
from recsys.training.choice import Choice
from recsys.training.fit import Words, assemble, fit_engines
from recsys.training.menu import CANDIDATES, engine_named
from recsys.training.tune import OnTheWay, tune
from recsys.training.walk import Moment

EARLIER = 2  # cuts in time before the validation cut that a `time` split is tuned on as well
FEWEST = 200  # people without whom a cut teaches nothing
ASKED = 6_000  # questions on the way that a service is tuned on


def fit_service(split: Split, data: Dataset, means: Means) -> tuple[Model, Choice]:
    """Tune on the validation slice as a night does, then fit the choice to all training events."""
    inner, way = split.validation(), None
    if inner.walk is not None:
        check, way = walked_check(inner, means.seed)
    else:
        check = as_check(ask(inner, inner.dataset()))
    cut = as_check(ask(inner, check.data)) if way is not None else check
    read = _words(check.data, means)
    earlier = _earlier(inner) if split.rules.protocol == "time" and check.data.timed else []
    choice = tune(
        check,
        read,
        CANDIDATES,
        Budget(means.minutes),
        means.seed,
        means.device,
        means.note,
        way,
        [(one, _words(one.data, means)) for one in earlier],
        (cut, read),
    )
    engines = [engine_named(name) for name in choice.engines]
    words = _words(data, means)
    fitted = fit_engines(data, words, engines, means.seed, means.device)
    # No item is posted later: every item of the catalogue is there, read or unread.
    model = assemble(data, fitted, words, choice.blend, posts=False, trees=choice.trees)
    return model, choice


def _earlier(split: Split) -> list[Check]:
    """Return the same questions at earlier cuts, latest first, where enough people are asked."""
    checks = []
    for _ in range(EARLIER):
        split = split.validation()
        check = as_check(ask(split, split.dataset()))
        if len(check) >= FEWEST:
            checks.append(check)
    return checks


def walked_check(split: Split, seed: int, most: int = ASKED) -> tuple[Check, OnTheWay]:
    """Return the data before a walk, and the walk itself as tuning asks for it.

    `most`: questions on the way; both the walk and the search after it take time in proportion.
    """
    data = split.dataset()
    nobody = Check.of_users(data, np.zeros(0, np.int32), Positives.from_lists([]))
    return nobody, functools.partial(moments, split, data, seed, most)


def moments(
    split: Split, data: Dataset, seed: int, most: int, lives: Sequence[LiveState]
) -> Iterator[Moment]:
    """Walk the test events of a split, tell the live states of each, and yield what is asked."""
    assert split.walk is not None
    known = ServiceWalker(lives[0], data)
    others = [ServiceWalker(live, data) for live in lives[1:]]

    def observe(step: Step) -> None:
        for walker in (known, *others):
            walker.observe(step)

    taken = positive_steps(split.walk)
    stated = np.isin(split.walk.opinion, (LIKED, DISLIKED)) & split.walk.counted
    # A low rating is still of something chosen; only where people reject does liking count apart.
    stated &= any(split.rules.weights.of_kind(kind) < 0 for kind in split.walk.events.kinds)
    some = _of_some_users(split.walk.events.user, taken | stated, seed, most)
    for one in asked_on_the_way(split, data, observe, some):
        rows = known.known_rows(one.rows)
        target = int(rows[one.target])
        if target < 0:
            continue
        candidates = rows if one.alive else np.delete(rows, one.target)
        opinion = int(split.walk.opinion[one.place])
        yield Moment(
            user=int(split.walk.events.user[one.place]),
            history=known.history(one.histories),
            now=one.histories.now,
            candidates=candidates[candidates >= 0],
            target=target,
            taken=bool(taken[one.place]) and one.alive,
            liked=opinion == LIKED if stated[one.place] else None,
        )


def _of_some_users(user: Rows, asked: Mask, seed: int, most: int) -> Mask:
    """Keep what is asked of users drawn at random, until there are `most` questions."""
    users, counts = np.unique(user[asked], return_counts=True)
    order = np.random.default_rng(seed).permutation(len(users))
    drawn = users[order[np.cumsum(counts[order]) <= max(most, int(counts.max(initial=0)))]]
    return np.asarray(asked & np.isin(user, drawn), bool)


def as_check(questions: Questions) -> Check:
    """Return the counted questions in the form that training chooses by."""
    known = np.flatnonzero(questions.known)
    only = None if questions.only is None else np.flatnonzero(questions.only).astype(np.int32)
    whole = Check.of_users(questions.data, questions.user, questions.wanted, only)
    return whole if len(known) == len(whole) else whole.take(known)


def _words(data: Dataset, means: Means) -> Words:
    return means.words(data) if means.words is not None else Words.none(len(data.items))


@dataclass(frozen=True, slots=True)
class ServiceScorer:
    """The model of a night, answering many people at once."""

    model: Model
    features: Floats  # (features, n_items): what the items bring along

    @classmethod
    def of(cls, model: Model) -> ServiceScorer:
        """Compute what all people share."""
        return cls(model, priors.prior_features(LiveState(model)))

    def score(self, histories: Histories) -> Floats:
        """Score the catalogue by the same arithmetic as a request."""
        bounds = zip(histories.starts[:-1], histories.starts[1:], strict=True)
        people = [np.arange(start, stop) for start, stop in bounds]
        gathered = batch.Histories.of_events(
            histories.item, histories.weight, histories.time, people
        )
        closed = np.zeros((len(gathered), len(self.model)), bool)
        return reranked_block(self.model, gathered, self.features, closed)

    @property
    def nbytes(self) -> int:
        """How much memory the model's arrays take."""
        return sum(array.nbytes for array in self.model.arrays().values())


class ServiceWalker:
    """The service in a replay: told of every event, asked before the next."""

    def __init__(self, live: LiveState, data: Dataset | None = None) -> None:
        self.live = live
        self.born: Times | None = None  # when each user of the walk first acted, inf: not before it
        if data is not None and data.timed:
            self.born = births_of(data.user, data.time, len(data.users))
        self.rows = np.arange(len(live.model), dtype=np.int32)  # walk's row -> live's, -1 none

    def observe(self, step: Step) -> None:
        """Count the event as the service does; an item never heard of becomes a row."""
        who, back = str(step.user), step.withdrawn
        act = Act(step.item_id, step.kind, step.value, step.time, step.tone, who, withdrawn=back)
        if self.born is not None and np.isfinite(self.born[step.user]):
            act = act._replace(born=float(self.born[step.user]))
        self.live.add_events([act])
        self._reach(step.item)
        self.rows[step.item] = self.live.row(step.item_id)

    def score(self, histories: Histories, rows: Rows) -> Values:
        """Score the rows; one that the service has not heard of yet gets the lowest score."""
        here = self.known_rows(rows)
        known = here[here >= 0]
        scores = live_scores(self.live, self.history(histories), histories.now, known)
        found = np.full(len(rows), float(scores.min(initial=0.0)) - 1.0)
        found[here >= 0] = scores[here[here >= 0]]
        return found

    def known_rows(self, rows: Rows) -> Rows:
        """Return the live state's rows for the walk's, -1 for what it has not heard of."""
        self._reach(int(rows.max(initial=-1)))
        return np.asarray(self.rows[rows], np.int32)

    def history(self, histories: Histories) -> History:
        """Return one person's events as the live state knows them."""
        people = [np.arange(len(histories.item))]
        items = self.known_rows(histories.item)
        found = batch.Histories.of_events(items, histories.weight, histories.time, people)
        return History(found.rows, found.weights, found.times)

    def _reach(self, row: int) -> None:
        extra = row + 1 - len(self.rows)
        if extra > 0:
            self.rows = np.append(self.rows, np.full(extra, -1, np.int32))
