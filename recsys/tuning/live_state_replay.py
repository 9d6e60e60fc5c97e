"""Replay of events with a live state: validation queries at each past moment.

Before each event the model is queried with all earlier events counted, as a service counts them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from recsys.array_types import Mask, Rows, Times
from recsys.data.account_mix_anomalies import births_of
from recsys.data.dataset import Dataset
from recsys.data.event_tables import EventTable
from recsys.ranking.dataset_social_graph import SocialGraph
from recsys.ranking.gbdt_rerank import live_scores
from recsys.ranking.history import History
from recsys.ranking.history_batch import HistoryBatch
from recsys.ranking_metrics import Values
from recsys.serving.live_event import LiveEvent
from recsys.serving.live_state import LiveState
from recsys.tuning.evaluation_protocols import Replay, Split, positive_steps
from recsys.tuning.evaluation_queries import EvaluationQueries, build_queries
from recsys.tuning.prequential_replay import ReplayEvent, replay_queries
from recsys.tuning.relevant_events import DISLIKED, LIKED
from recsys.tuning.replay_choice_sets import ReplayStep
from recsys.tuning.scorer_protocol import Histories
from recsys.tuning.stable_sampling import event_keys, random_order
from recsys.tuning.validation_choice_sets import ReplaySource
from recsys.tuning.validation_set import ValidationSet

MOST_EACH = 10  # queries of one user
OPINIONS = 2  # times as many opinions are asked for as lists


def replay_validation(split: Split, seed: int, most: int) -> tuple[ValidationSet, ReplaySource]:
    """Return the data before a replay with the users it asks, and the replay as tuning needs it.

    The users of the set have a history before the replay; what they take up in it is asked for at
    one cut, the start of the replay. `most`: questions on the way; both the walk and the search
    after it take time in proportion.
    """
    data = split.dataset()
    check = to_validation_set(build_queries(split, data))
    return check, partial(replay_steps, split, data, seed, most)


def replay_steps(
    split: Split, data: Dataset, seed: int, most: int, lives: Sequence[LiveState]
) -> Iterator[ReplayStep]:
    """Replay the test events of a split, update the live states with each, and yield the
    queries.
    """
    assert split.replay is not None
    known = ReplayService(lives[0], data)
    others = [ReplayService(live, data) for live in lives[1:]]

    def observe(step: ReplayEvent) -> None:
        known.observe(step)
        for walker in others:
            walker.meet(step)

    taken = positive_steps(split.replay) & _evenly_looked_at(split.replay.events, seed)
    stated = np.isin(split.replay.opinion, (LIKED, DISLIKED)) & split.replay.counted
    # A low rating is still of something chosen; only where users reject does liking count apart.
    stated &= any(split.rules.weights.of_kind(kind) < 0 for kind in split.replay.events.kinds)
    user = split.replay.events.user
    listed = _of_some_users(user, taken | stated, seed, most)
    both = stated & _users_with_both(split.replay, stated)
    judged = _of_some_users(user, both, seed, OPINIONS * most)
    for one in replay_queries(split, data, observe, listed | judged):
        rows = known.known_rows(one.rows)
        target = int(rows[one.target])
        if target < 0:
            continue
        candidates = rows if one.alive else np.delete(rows, one.target)
        opinion = int(split.replay.opinion[one.place])
        yield ReplayStep(
            user=int(split.replay.events.user[one.place]),
            history=known.history(one.histories),
            now=one.histories.now,
            candidates=candidates[candidates >= 0],
            target=target,
            taken=bool(taken[one.place] and listed[one.place]) and one.alive,
            liked=opinion == LIKED if stated[one.place] else None,
        )


def _evenly_looked_at(events: EventTable, seed: int) -> Mask:
    """Mark the events that are asked for, so that all places of shown lists count alike."""
    if events.shown is None:
        return np.ones(len(events), bool)
    return events.shown.evenly_looked_at(seed)


def _users_with_both(replay: Replay, stated: Mask) -> Mask:
    """Mark the events of users who stated likes as well as dislikes, (events,).

    An opinion is asked for by one score where a list takes one for each candidate, and how well
    likes are told from dislikes differs more between users than lists do. So more users are asked
    for opinions than for lists.
    """
    user, n = replay.events.user, len(replay.events.users)
    liked, disliked = (
        np.bincount(user[stated & (replay.opinion == kind)], minlength=n) > 0
        for kind in (LIKED, DISLIKED)
    )
    return np.asarray((liked & disliked)[user], bool)


def _of_some_users(user: Rows, query: Mask, seed: int, most: int) -> Mask:
    """Keep queries of users drawn at random, `MOST_EACH` of a user, until there are `most`.

    Means are over users, so that further queries of one user say little more.
    """
    places = np.flatnonzero(query)
    places = places[random_order(event_keys(user)[places], seed)]
    order = places[np.argsort(user[places], kind="stable")]
    _, first, counts = np.unique(user[order], return_index=True, return_counts=True)
    kept = order[np.arange(len(order)) - np.repeat(first, counts) < MOST_EACH]
    users, counts = np.unique(user[kept], return_counts=True)
    drawn = random_order(users, seed)
    whole = np.cumsum(counts[drawn]) <= max(most, int(counts.max(initial=0)))
    found = np.zeros(len(user), bool)
    found[kept[np.isin(user[kept], users[drawn[whole]])]] = True
    return found


def to_validation_set(questions: EvaluationQueries) -> ValidationSet:
    """Return the counted questions in the form that training chooses by."""
    known = np.flatnonzero(questions.known)
    only = None if questions.only is None else np.flatnonzero(questions.only).astype(np.int32)
    whole = ValidationSet.of_users(questions.data, questions.user, questions.relevant, only)
    return whole if len(known) == len(whole) else whole.take(known)


class ReplayService:
    """The service in a replay: updated with every event, queried before the next."""

    def __init__(self, live: LiveState, data: Dataset | None = None) -> None:
        self.live = live
        self.first_act: Times | None = (
            None  # when each user of the walk first acted, inf: not before it
        )
        if data is not None and data.timed:
            self.first_act = births_of(data.user, data.time, len(data.users))
        self.rows = np.arange(len(live.model), dtype=np.int32)  # walk's row -> live's, -1 none
        self.social = None if data is None else SocialGraph.of(data)
        self._later: list[LiveEvent] = []  # observed and not counted yet: many at once take less

    def observe(self, step: ReplayEvent) -> None:
        """Count the event as the service does; an unknown item becomes a row."""
        who, back = str(step.user), step.withdrawn
        act = LiveEvent(
            step.item_id, step.kind, step.value, step.time, step.sentiment, who, withdrawn=back
        )
        if self.first_act is not None and np.isfinite(self.first_act[step.user]):
            act = act._replace(first_act=float(self.first_act[step.user]))
        self._later.append(act)
        if self.social is not None:
            public = self.live.weights.is_public(step.kind)
            if step.weight or back:
                self.social.add(step.user, step.item, step.time, public, step.weight > 0)
        self._reach(step.item)
        if back or self.rows[step.item] < 0:
            self.count()
            self.rows[step.item] = self.live.row(step.item_id)

    def meet(self, step: ReplayEvent) -> None:
        """Count the event only if it makes a row of an unknown item.

        For a live state that only lends its engine: popularity and the like are read of another.
        """
        self._reach(step.item)
        if self.rows[step.item] < 0:
            self.live.add_events([LiveEvent(step.item_id, step.kind, step.value, step.time)])
            self.rows[step.item] = self.live.row(step.item_id)

    def count(self) -> None:
        """Count what was observed since the last call; whoever reads the live state calls it."""
        if self._later:
            self.live.add_events(self._later)
            self._later = []

    def score(self, histories: Histories, rows: Rows) -> Values:
        """Score the rows; one that is unknown to the service yet gets the lowest score.

        (rows,), finite.
        """
        here = self.known_rows(rows)
        known = here[here >= 0]
        scores = live_scores(self.live, self.history(histories), histories.now, known)
        found = np.full(len(rows), float(scores.min(initial=0.0)) - 1.0)
        found[here >= 0] = scores[here[here >= 0]]
        return found

    def known_rows(self, rows: Rows) -> Rows:
        """Return the live state's rows for the replay's, -1 for unknown items.

        (rows,). All that was observed is counted first.
        """
        self.count()
        self._reach(int(rows.max(initial=-1)))
        return np.asarray(self.rows[rows], np.int32)

    def history(self, histories: Histories) -> History:
        """Return one user's events as the live state knows them."""
        users = [np.arange(len(histories.item))]
        items = self.known_rows(histories.item)
        found = HistoryBatch.of_events(items, histories.weight, histories.time, users)
        if self.social is None:
            return History(found.rows, found.weights, found.times)
        taken = histories.item[histories.weight > 0]
        signals = self.social.signals(int(histories.user[0]), taken, histories.now)
        codes = np.arange(len(self.live.model.catalogue.names["author"]), dtype=np.int32)
        self._reach(int(signals.rows.max(initial=-1)))
        mapped = signals.mapped(self.rows, codes)
        return History(found.rows, found.weights, found.times, mapped)

    def _reach(self, row: int) -> None:
        extra = row + 1 - len(self.rows)
        if extra > 0:
            self.rows = np.append(self.rows, np.full(extra, -1, np.int32))
