"""Answers of a scorer that gives all users the same scores: those of any other scorer."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import worlds

from recsys.errors import DataError
from recsys.evaluation.baselines import SameForAll
from recsys.ranking_metrics import Positives
from recsys.tuning.evaluation_queries import EvaluationQueries, answer
from recsys.tuning.scorer_protocol import Histories


@dataclass(frozen=True)
class OneByOne:
    """The same scores without saying that they are shared."""

    scores: np.ndarray

    def score(self, histories):
        return np.tile(self.scores, (len(histories), 1))

    nbytes = 0


@pytest.fixture(scope="module")
def questions():
    data, rng = worlds.topics(), np.random.default_rng(0)
    users = np.arange(len(data.users), dtype=np.int32)
    wanted = [[*rng.choice(len(data.items), 3, replace=False).tolist(), -1] for _ in users]
    return EvaluationQueries(
        data,
        users,
        np.ones(len(users), bool),
        Positives.from_lists(wanted),
        Histories.of(data, users),
        None,
        None,
        None,
    )


@pytest.mark.parametrize("ties", [1, 4, 100])
@pytest.mark.parametrize("k", [1, 5, 200])
@pytest.mark.parametrize("closed", [False, True])
def test_ranks_and_lists_are_those_of_comparing_all_items(questions, ties, k, closed):
    size = len(questions.data.items)
    scores = (np.random.default_rng(1).permutation(size) // ties).astype(np.float32)
    if closed:
        only, unlisted = np.arange(size) % 3 > 0, np.arange(size) % 5 == 0
        questions = replace(questions, only=only, unlisted=unlisted)
    expected = answer(questions, OneByOne(scores), k, "plain")
    found = answer(questions, SameForAll(scores), k, "shared")
    # of equal scores at the end of a list any may be listed
    assert (np.append(scores, -1)[found.lists] == np.append(scores, -1)[expected.lists]).all()
    assert ties > 1 or (found.lists == expected.lists).all()
    near = expected.ranks <= k
    assert (found.ranks[near] == expected.ranks[near]).all() and (found.ranks[~near] > k).all()
    assert near.any() or k < 200
    alone = answer(questions, SameForAll(scores), k, "shared", listed=False)
    assert (alone.ranks == found.ranks).all() and not len(alone.lists)


def test_scores_that_are_not_finite_are_refused(questions):
    scores = np.zeros(len(questions.data.items), np.float32)
    scores[3] = np.nan
    with pytest.raises(DataError, match="shared"):
        answer(questions, SameForAll(scores), 5, "shared")
