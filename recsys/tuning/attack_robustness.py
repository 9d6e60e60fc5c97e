"""Attack resistance: list entries that simulated fake accounts change, measured before publication.

An average attack (Mobasher et al. 2007) by 1 % as many accounts as there are users: each likes some
random items and then the same one, within half an hour after the last event that the model knows.
In the control as many acts, on the same random items at the same moments, are those of independent
users, each of whom acts once: lists follow what is taken up, and such a day moves entries as well.
Counted are the entries that the attack moves beyond the control, and those that its item takes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Rows
from recsys.data.account_mix_anomalies import DAY, YOUNG
from recsys.data.event_kind_weights import EventWeights
from recsys.ranking import popularity_features
from recsys.ranking.gbdt_rerank import reranked_block
from recsys.serving.live_event import LiveEvent
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.tuning.choice_sets import masked_items
from recsys.tuning.publication_gate import people_at_a_time, translated
from recsys.tuning.validation_set import ValidationSet

SHARE = 0.01  # accounts of the attack, of the users
FEWEST = 10  # such accounts; with fewer, one user's act is a larger share than that
FILLERS = 20  # items that each of them likes beside the target
SECONDS = 1_800.0
DEPTH = 10  # of the lists
PEOPLE = 400  # whose lists are compared
SCORES = 50_000_000  # of three lists each; with more than 125,000 items fewer users
FEWEST_PEOPLE = 100  # however many items there are
MOST = 0.05  # share of the entries that may move
GAP = 60.0  # seconds after the last event


@dataclass(frozen=True, slots=True)
class AttackTest:
    """How many entries of lists a planted attack moved."""

    accounts: int
    people: int  # whose lists were compared; 0: not tried
    taken: float = 0.0  # share of the entries that the attacked item takes
    moved: float = 0.0  # share of the entries that change with the attack
    control: float = 0.0  # share that changes with as many acts of independent users

    @property
    def passed(self) -> bool:
        """Whether few enough entries moved, or nothing was tried."""
        return not self.people or max(self.taken, self.moved - self.control) < MOST

    def description(self) -> str:
        """Return a sentence that says how it went."""
        if not self.people:
            return "no attack was simulated: events have no times, or there are too few users"
        return (
            f"a simulated attack by {self.accounts:,} accounts takes {self.taken:.1%} of the "
            f"entries of {self.people:,} lists and changes {self.moved:.1%}; as many events of "
            f"independent users change {self.control:.1%}; the limit is {MOST:.0%} above that"
        )


def planted_attack(
    model: Model, weights: EventWeights, check: ValidationSet, n_users: int, seed: int
) -> AttackTest:
    """Return what an attack on a little known item does to the lists of users of a check."""
    accounts = round(SHARE * n_users)
    people = min(PEOPLE, max(FEWEST_PEOPLE, SCORES // max(len(model), 1)))
    queried = translated(check, model.catalogue.ids).sample(people, seed)
    live = LiveState(model, weights)
    if live.unique_users is None or accounts < FEWEST or not len(queried):
        return AttackTest(accounts, 0)
    uptake = live.counters.uptake(len(live.counters.level) - 1, live.size)
    known = np.flatnonzero(uptake > 0)
    if not len(known):
        return AttackTest(accounts, 0)
    target = int(known[np.argmin(uptake[known])])
    others = known[known != target]
    before = _lists(live, queried)
    acts = _acts(live, target, others, accounts, seed)
    live.add_events(acts)
    after = _lists(live, queried)
    control = LiveState(model, weights)
    control.add_events(_of_others(acts, live.item_id(target), control, others, seed))
    usual = _lists(control, queried)
    entries = max(sum(map(len, after)), 1)
    taken = sum(
        target in now and target not in then for now, then in zip(after, before, strict=True)
    )
    moved, noise = (
        sum(len(np.setdiff1d(now, then)) for now, then in zip(lists, before, strict=True))
        for lists in (after, usual)
    )
    return AttackTest(accounts, len(queried), taken / entries, moved / entries, noise / entries)


def _acts(
    live: LiveState, target: int, others: NDArray[np.int64], accounts: int, seed: int
) -> list[LiveEvent]:
    """Return the events of the attack, in the order of time."""
    rng = np.random.default_rng(seed)
    start = live.model.cutoff + GAP
    found = []
    for number, moment in enumerate(np.sort(start + SECONDS * rng.random(accounts)).tolist()):
        drawn = rng.choice(len(others), min(FILLERS, len(others)), replace=False)  # by their number
        rows = [*others[drawn].tolist(), target]
        found += [
            LiveEvent(live.item_id(row), "like", None, moment + 0.5 * at, 0.0, f"planted-{number}")
            for at, row in enumerate(rows)
        ]
    return sorted(found, key=lambda act: act.timestamp)


def _of_others(
    acts: list[LiveEvent], target: str, live: LiveState, others: NDArray[np.int64], seed: int
) -> list[LiveEvent]:
    """Return the same acts by independent users; in place of the target's, on random items.

    Their accounts have had long lives that began on different days.
    """
    rng = np.random.default_rng([seed, 1])
    found = []
    for number, act in enumerate(acts):
        item = act.item_id
        if item == target:
            item = live.item_id(int(rng.choice(others)))
        first_act = act.timestamp - YOUNG - DAY * (number + 1)
        found.append(act._replace(item_id=item, actor=f"independent-{number}", first_act=first_act))
    return found


def _lists(live: LiveState, check: ValidationSet, block: int = 128) -> list[Rows]:
    features = popularity_features.prior_features(live)
    block = people_at_a_time(live.size, block)
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
