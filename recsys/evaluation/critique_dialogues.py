"""Simulated users who look for one film by saying what the list lacks; found within some turns.

Each turn shows ten unseen items. If the target is not among them, the person names the tag of the
target that fewest of the ten have ("only X"), or its decade where all ten share its tags. A
share of the tags named are ones that the target lacks. All that is said goes through the dialogue
as text.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Mask, Rows
from recsys.dialogue.actions.service_protocol import Passage
from recsys.dialogue.comparable_fields import ItemFields
from recsys.dialogue.conversation import Conversation
from recsys.dialogue.dialogue import Dialogue
from recsys.dialogue.rational_speech_acts import tags_of
from recsys.personal_list import ListRequest, UserState, query_of
from recsys.ranking.query import Interaction
from recsys.recommender import Recommender
from recsys.store.user_controls import Control, Wish

STRATEGIES = ("paging", "soft", "filters", "filters+decade", "dialogue")
PAGE = 10  # items of a turn
SOFT = 1.5  # standard deviations that a soft control adds or takes


@dataclass(frozen=True, slots=True)
class Seeker:
    """A simulated user: their history before the cut, and what they look for."""

    user_id: str
    history: tuple[Interaction, ...]
    target: str  # item id


@dataclass(frozen=True, slots=True)
class Found:
    """How often a strategy has found the target."""

    strategy: str
    noise: float
    users: int
    by_turn: tuple[float, ...]  # share found by turn 1, 2, …
    relaxed: float  # turns in which a wish was relaxed, per user; of the dialogue


def seekers(
    events: Sequence[tuple[str, str, float, float]],
    most: int,
    least: float = 7.0,
    share: float = 0.9,
) -> tuple[list[Seeker], float]:
    """Return the users with the smallest crc32 of their id, and the time of the cut.

    `events`: (user, item, value, Unix seconds). The cut is at a share of them; a user has an event
    before it and looks for the first item after it that they rated `least` or more.
    """
    ordered = sorted(events, key=lambda one: one[3])
    cut = float(np.quantile([one[3] for one in ordered], share))
    history: dict[str, list[Interaction]] = {}
    targets: dict[str, str] = {}
    for user, item, value, at in ordered:
        if at <= cut:
            history.setdefault(user, []).append(Interaction(item, "rating", value, at))
        elif value >= least and user in history and user not in targets:
            if all(one.item_id != item for one in history[user]):
                targets[user] = item
    chosen = sorted(targets, key=lambda user: zlib.crc32(user.encode()))[:most]
    return [Seeker(user, tuple(history[user]), targets[user]) for user in chosen], cut


class SeekerService:
    """What the dialogue's commands are carried out on: a visitor with the seeker's history."""

    repeat_categories: frozenset[str] = frozenset()
    reads_profile, writes = False, False

    def __init__(self, recommender: Recommender, user: UserState) -> None:
        self.recommender, self.user = recommender, user

    def controls(self, wishes: Sequence[Wish], undo: Sequence[int]) -> list[Control]:
        """Return none: nothing is stored."""
        return []

    def passages(self, question: str, language: str) -> Sequence[Passage] | None:
        """Return None: there are no help texts."""
        return None


class CritiqueTrial:
    """Runs strategies over one recommender."""

    def __init__(self, recommender: Recommender, dialogue: Dialogue, now: float) -> None:
        self.recommender, self.dialogue, self.now = recommender, dialogue, now
        self.live = recommender.live
        size = self.live.size
        years = ItemFields(self.live, lambda texts: np.zeros(len(texts))).values("year")
        assert years is not None
        with np.errstate(invalid="ignore"):
            self.decade = np.where(np.isfinite(years), np.floor(years / 10) * 10, 0).astype(int)
        place, codes = tags_of(self.live, np.arange(size, dtype=np.int32))
        self.tags = np.zeros((size, self.live.label_count("tag")), bool)
        self.tags[place, codes] = True
        self.names = list(self.live.spelt("tag"))

    def run(
        self, users: Sequence[Seeker], strategy: str, noise: float, turns: int, seed: int
    ) -> Found:
        """Return how many users find their item by each turn."""
        rng = np.random.default_rng(seed)
        found, relaxed, count = np.zeros(turns), 0, 0
        for user in users:
            target = self.live.row(user.target)
            count += 1
            if target < 0:
                continue
            session = self._session(strategy, user)
            for turn, page in zip(range(turns), session, strict=False):
                if target in page:
                    found[turn:] += 1
                    break
                session.take(*self._named(target, page, noise, rng), page)
            relaxed += session.relaxed
        shares = tuple((found / max(count, 1)).tolist())
        return Found(strategy, noise, count, shares, relaxed / max(count, 1))

    def _named(
        self, target: int, page: Rows, noise: float, rng: np.random.Generator
    ) -> tuple[int, int]:
        """Return (tag code, decade) that the person names; -1: not that."""
        own = np.flatnonzero(self.tags[target])
        counts = self.tags[page].sum(axis=0)
        if not len(own):
            return -1, -1
        if (counts[own] == len(page)).all():
            return -1, int(self.decade[target])
        if noise and rng.random() < noise:
            return int(rng.choice(np.flatnonzero(~self.tags[target]))), -1
        return int(own[np.argmin(counts[own])]), -1

    def _session(self, strategy: str, user: Seeker) -> _Session:
        state = UserState(None, user.history)
        if strategy == "dialogue":
            return _Dialogue(self, state)
        query = replace(query_of(state, ListRequest(now=self.now)), reasons=False)
        scored = self.recommender.score(query)
        mask = self.recommender.open(query, scored.request)[: scored.request.size]
        return _Scores(self, strategy, scored.scores, mask)


class _Session:
    """A conversation with one strategy; iterates over the pages that it shows."""

    relaxed = 0

    def __iter__(self) -> Iterator[Rows]:
        while True:
            yield self.page()

    def page(self) -> Rows:
        """Return the rows of the next page."""
        raise NotImplementedError

    def take(self, tag: int, decade: int, page: Rows) -> None:
        """Take in what the person names; -1 and -1: nothing."""
        raise NotImplementedError


class _Scores(_Session):
    """Paging, soft controls or filters over the scores of one request."""

    def __init__(self, trial: CritiqueTrial, strategy: str, scores: Floats, mask: Mask) -> None:
        self.trial, self.strategy = trial, strategy
        self.scores, self.open = scores.astype(np.float64), mask.copy()
        self.step = SOFT * float(self.scores[mask].std())
        self.filters: list[NDArray[np.bool_]] = []

    def page(self) -> Rows:
        """Return the best open rows that pass the filters, the oldest relaxed first."""
        while True:
            passing = self.open.copy()
            for one in self.filters:
                passing &= one
            if passing.any() or not self.filters:
                break
            self.filters.pop(0)
        rows = np.flatnonzero(passing)
        best: Rows = rows[np.argsort(-self.scores[rows], kind="stable")[:PAGE]].astype(np.int32)
        self.open[best] = False
        return best

    def take(self, tag: int, decade: int, page: Rows) -> None:
        """Take in what the person names."""
        if tag >= 0 and self.strategy == "soft":
            self.scores += self.step * np.where(self.trial.tags[:, tag], 1, -1)
        if tag >= 0 and self.strategy.startswith("filters"):
            self.filters.append(self.trial.tags[:, tag])
        if decade >= 0 and self.strategy == "filters+decade":
            self.filters.append(self.trial.decade == decade)


class _Dialogue(_Session):
    """The dialogue itself, spoken to in sentences."""

    def __init__(self, trial: CritiqueTrial, state: UserState) -> None:
        self.trial = trial
        self.service = SeekerService(trial.recommender, state)
        self.conversation, self.text = Conversation(), "recommend me something"

    def page(self) -> Rows:
        """Return the list of the answer."""
        reply = self.trial.dialogue.reply(self.text, self.conversation, self.service, "en", PAGE)
        self.conversation = reply.conversation
        self.relaxed += any("no longer holds" in one.template for one in reply.answer.statements)
        rows = [self.trial.live.row(one.item_id) for one in reply.answer.items]
        return np.array(rows, np.int32)

    def take(self, tag: int, decade: int, page: Rows) -> None:
        """Say what the person names; without a word, the next page is asked for."""
        if tag >= 0:
            self.text = f"only {self.trial.names[tag]}"
        else:
            self.text = f"only from the {decade}s" if decade > 0 else "more"
