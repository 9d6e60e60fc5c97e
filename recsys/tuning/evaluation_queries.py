"""EvaluationQueries: a split in row numbers of its training data; Answers: results of a model.

Every model has the same task: rank the whole catalogue, or the part that the protocol
allows, less what the user already has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Mask, Rows
from recsys.data.dataset import Dataset
from recsys.data.event_tables import EventTable
from recsys.ranking_metrics import Positives, Values, require_finite, score_ranks, top
from recsys.tuning.evaluation_protocols import Split, item_groups
from recsys.tuning.scorer_protocol import Histories, Scorer

BLOCK_BYTES = 64 << 20  # of scores held at a time


@dataclass(frozen=True, slots=True)
class EvaluationQueries:
    """n cases: a user, what they took up in the test, and what may be shown to them."""

    data: Dataset
    user: Rows  # (n,): rows of data.users; a user may have several cases (groups)
    known: Mask  # (n,): counted in the headline; the others are the slice new_users
    relevant: Positives  # n lists of rows of data.items; -1: not in the catalogue
    histories: Histories
    only: Mask | None  # (n_items,): what may be shown at all
    group: Rows | None  # (n,): the group whose items may be shown
    groups: Rows | None  # (n_items,): the group of each item
    unlisted: Mask | None = None  # (n_items,): what a service would not list; None: it lists all

    def __len__(self) -> int:
        return len(self.user)

    def part(self, first: int, stop: int) -> EvaluationQueries:
        """Return the cases first..stop-1."""
        return EvaluationQueries(
            self.data,
            self.user[first:stop],
            self.known[first:stop],
            self.relevant.part(first, stop),
            self.histories.part(first, stop),
            self.only,
            None if self.group is None else self.group[first:stop],
            self.groups,
            self.unlisted,
        )

    def forbidden(self) -> Mask:
        """Return (n, n_items): what may not be shown to each user."""
        found = np.zeros((len(self), len(self.data.items)), bool)
        if self.only is not None:
            found |= ~self.only
        if self.unlisted is not None:
            found |= self.unlisted
        if self.group is not None and self.groups is not None:
            found |= self.groups != self.group[:, None]
        found[self.histories.owner, self.histories.item] = True
        return found


@dataclass(frozen=True, slots=True)
class RankedOutputs:
    """What a row of the table answered, case by case."""

    ranks: Values  # one per positive, inf: missed
    lists: Rows  # (n, k), best first, -1 where the candidates ran out


def build_queries(
    split: Split, data: Dataset, most_users: int = 0, seed: int = 0
) -> EvaluationQueries:
    """Number the cases of a split by the rows of its training data.

    With `most_users`, only so many of the known cases are kept, chosen at random.
    """
    cases, rows = split.cases, item_rows(split.train, data)
    chosen = np.arange(len(cases.user))
    if most_users:
        chosen = np.flatnonzero(cases.known)
        if len(chosen) > most_users:
            drawn = np.random.default_rng(seed).choice(chosen, most_users, replace=False)
            chosen = np.sort(drawn)
    lists = [
        cases.relevant.items[cases.relevant.starts[c] : cases.relevant.starts[c + 1]]
        for c in chosen
    ]
    starts = np.cumsum([0, *map(len, lists)], dtype=np.int64)
    relevant = Positives(starts, rows[np.concatenate([*lists, np.zeros(0, np.int32)]).astype(int)])
    only = None
    if split.only is not None:
        only = np.zeros(len(data.items), bool)
        found = rows[split.only]
        only[found[found >= 0]] = True
    unlisted = None
    if split.unlisted is not None:
        unlisted = np.zeros(len(data.items), bool)
        found = rows[split.unlisted]
        unlisted[found[found >= 0]] = True
    group, groups = _groups(split, data)
    user = cases.user[chosen]
    return EvaluationQueries(
        data,
        user,
        cases.known[chosen],
        relevant,
        Histories.of(data, user),
        only,
        None if group is None else group[chosen],
        groups,
        unlisted,
    )


def item_rows(events: EventTable, data: Dataset) -> Rows:
    """Return, for each item row of an event table, its row in a data set, -1 if it has none.

    (n_items of the table,).
    """
    return data.items.rows(events.items)


def _groups(split: Split, data: Dataset) -> tuple[Rows | None, Rows | None]:
    if not split.rules.group:
        return None, None
    names = item_groups(data.table, split.rules.group)
    code = {name: number for number, name in enumerate(dict.fromkeys(names))}
    of_case = [code.get(name, -1) for name in split.cases.group or ()]
    return np.array(of_case, np.int32), np.array([code[name] for name in names], np.int32)


def answer(
    questions: EvaluationQueries, scorer: Scorer, k: int, name: str, listed: bool = True
) -> RankedOutputs:
    """Let a scorer rank the catalogue for every case, some cases at a time.

    Without `listed`, only the ranks are computed.
    """
    shared = getattr(scorer, "shared_scores", None)
    if shared is not None and questions.group is None:
        return _answer_alike(questions, require_finite_row(shared, name), k, listed)
    size = max(1, BLOCK_BYTES // (4 * max(len(questions.data.items), 1)))
    ranks, lists = [], [np.zeros((0, min(k, len(questions.data.items))), np.int32)]
    for first in range(0, len(questions), size):
        part = questions.part(first, min(first + size, len(questions)))
        scores = masked(scorer.score(part.histories), part, name)
        ranks.append(score_ranks(scores, part.relevant, k))
        if listed:
            lists.append(top(scores, k))
    return RankedOutputs(np.concatenate([*ranks, np.zeros(0)]), np.concatenate(lists))


def require_finite_row(scores: Floats, name: str) -> Floats:
    """Return the scores that all users share, (n_items,); DataError where one is not finite."""
    require_finite(scores[None], name)
    return scores


def _answer_alike(
    questions: EvaluationQueries, shared: Floats, k: int, listed: bool
) -> RankedOutputs:
    """Return the answers of a scorer that gives all users the same scores, (n_items,).

    Only the items that may stand within the first k for somebody are compared: the best k, and as
    many more as one user may have had before.
    """
    open_ = np.ones(len(shared), bool) if questions.only is None else questions.only.copy()
    if questions.unlisted is not None:
        open_ &= ~questions.unlisted
    longest = int(np.diff(questions.histories.starts).max(initial=0))
    allowed, reach = np.flatnonzero(open_), k + longest
    if len(allowed) > reach:
        least = np.partition(shared[allowed], len(allowed) - reach)[len(allowed) - reach]
        allowed = allowed[shared[allowed] >= least]
    place = np.full(len(shared) + 1, -1, np.int32)  # the last one: of row -1
    place[allowed] = np.arange(len(allowed), dtype=np.int32)
    width = min(k, len(shared))
    ranks, lists = [], [np.zeros((0, width), np.int32)]
    size = max(1, BLOCK_BYTES // (4 * max(len(allowed), 1)))
    for first in range(0, len(questions), size):
        part = questions.part(first, min(first + size, len(questions)))
        scores = np.tile(shared[allowed].astype(np.float32), (len(part), 1))
        known = place[part.histories.item]
        scores[part.histories.owner[known >= 0], known[known >= 0]] = -np.inf
        relevant = replace(part.relevant, items=place[part.relevant.items])
        ranks.append(score_ranks(scores, relevant, k))
        if listed:
            lists.append(_padded(np.append(allowed, -1)[top(scores, k)], width))
    return RankedOutputs(np.concatenate([*ranks, np.zeros(0)]), np.concatenate(lists))


def _padded(lists: NDArray[np.integer], width: int) -> Rows:
    """Return lists of one width, -1 in the places that they do not have."""
    more = width - lists.shape[1]
    return np.pad(lists, ((0, 0), (0, more)), constant_values=-1).astype(np.int32)


def masked(scores: Floats, questions: EvaluationQueries, name: str) -> Floats:
    """Return the scores with -inf for what may not be shown; refuse what is not finite.

    `scores`: (queries, n_items), masked in place. DataError names the scorer.
    """
    require_finite(scores, name)
    scores[questions.forbidden()] = -np.inf
    return scores
