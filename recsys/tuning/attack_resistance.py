"""Planted attack: how many entries of lists fake accounts would move, tried before a night serves.

An average attack (Mobasher et al. 2007) by 1 % as many accounts as there are users: each likes some
random items and then the same one, within half an hour after the last event that the model knows.
Counted are the entries that this item takes; what the random ones gain is spread widely.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Rows
from recsys.data.event_weights import EventWeights
from recsys.ranking import popularity_features
from recsys.ranking.gbdt_rerank import reranked_block
from recsys.serving.live_event import LiveEvent
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.tuning.choice_sets import masked_items
from recsys.tuning.publication_gate import translated
from recsys.tuning.validation_set import ValidationSet

SHARE = 0.01  # accounts of the attack, of the users
FEWEST = 10  # such accounts; with fewer, one person's act is a larger share than that
FILLERS = 20  # items that each of them likes beside the target
SECONDS = 1_800.0
DEPTH = 10  # of the lists
PEOPLE = 400  # whose lists are compared
MOST = 0.05  # share of the entries that may move
GAP = 60.0  # seconds after the last event


@dataclass(frozen=True, slots=True)
class AttackTest:
    """How many entries of lists a planted attack moved."""

    accounts: int
    people: int  # whose lists were compared; 0: not tried
    moved: float = 0.0  # share of the entries that the attacked item takes

    @property
    def passed(self) -> bool:
        """Whether few enough entries moved, or nothing was tried."""
        return not self.people or self.moved < MOST

    def told(self) -> str:
        """Return a sentence that says how it went."""
        if not self.people:
            return "no attack was tried: without times, defences or enough users"
        return (
            f"an attack by {self.accounts} accounts takes {self.moved:.1%} of the entries of "
            f"{self.people} lists, {MOST:.0%} is the limit"
        )


def planted_attack(
    model: Model, weights: EventWeights, check: ValidationSet, n_users: int, seed: int
) -> AttackTest:
    """Return what an attack on a little known item does to the lists of people of a check."""
    accounts = round(SHARE * n_users)
    asked = translated(check, model.catalogue.ids).sample(PEOPLE, seed)
    live = LiveState(model, weights)
    if live.voices is None or accounts < FEWEST or not len(asked):
        return AttackTest(accounts, 0)
    uptake = live.counters.uptake(len(live.counters.level) - 1, live.size)
    known = np.flatnonzero(uptake > 0)
    if not len(known):
        return AttackTest(accounts, 0)
    target = int(known[np.argmin(uptake[known])])
    before = _lists(live, asked)
    live.add_events(_acts(live, target, known[known != target], accounts, seed))
    after = _lists(live, asked)
    taken = sum(
        target in now and target not in then for now, then in zip(after, before, strict=True)
    )
    return AttackTest(accounts, len(asked), taken / max(sum(len(one) for one in after), 1))


def _acts(
    live: LiveState, target: int, others: NDArray[np.int64], accounts: int, seed: int
) -> list[LiveEvent]:
    """Return the events of the attack, in the order of time."""
    rng = np.random.default_rng(seed)
    start = live.model.cutoff + GAP
    found = []
    for number, moment in enumerate(np.sort(start + SECONDS * rng.random(accounts)).tolist()):
        fillers = rng.permutation(others)[:FILLERS]
        rows = [*fillers.tolist(), target]
        found += [
            LiveEvent(live.item_id(row), "like", None, moment + 0.5 * at, 0.0, f"planted-{number}")
            for at, row in enumerate(rows)
        ]
    return sorted(found, key=lambda act: act.timestamp)


def _lists(live: LiveState, check: ValidationSet, block: int = 128) -> list[Rows]:
    features = popularity_features.prior_features(live)
    found: list[Rows] = []
    for start in range(0, len(check), block):
        part = check.take(np.arange(start, min(start + block, len(check))))
        closed = masked_items(part, features.shape[1])
        scores = reranked_block(live.model, part.histories, features, closed)
        scores[closed] = -np.inf
        depth = min(DEPTH, scores.shape[1])
        best = np.argpartition(-scores, depth - 1, axis=1)[:, :depth]
        found += [own[np.isfinite(scores[at, own])] for at, own in enumerate(best)]
    return found
