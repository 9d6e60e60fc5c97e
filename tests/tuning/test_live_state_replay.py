"""Live state replay: which events of a replay are asked about."""

import numpy as np

from recsys.tuning.live_state_replay import MOST_EACH, _of_some_users


def asked(counts, most, seed=0):
    """Return how many queries of each user are kept, where users have so many events."""
    user = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))
    query = np.ones(len(user), bool)
    query[::7] = False
    kept = _of_some_users(user.astype(np.int32), query, seed, most)
    assert not (kept & ~query).any()
    whole = np.bincount(user[query], minlength=len(counts))
    return np.bincount(user[kept], minlength=len(counts)), whole


def test_all_queries_are_kept_where_users_have_few():
    kept, whole = asked([5] * 40, 10_000)
    assert kept.tolist() == whole.tolist()


def test_a_user_is_asked_a_few_times_and_more_users_instead():
    kept, whole = asked([400] * 5 + [8] * 60, 200)
    assert kept.max() == MOST_EACH and 190 <= kept.sum() <= 200
    assert (kept > 0).sum() >= 20
    partial = (kept > 0) & (kept < np.minimum(whole, MOST_EACH))
    assert not partial.any()
    again, _ = asked([400] * 5 + [8] * 60, 200)
    other, _ = asked([400] * 5 + [8] * 60, 200, seed=1)
    assert again.tolist() == kept.tolist() != other.tolist()


def test_one_user_with_many_events_is_asked():
    assert asked([50], 3)[0].tolist() == [MOST_EACH]
    assert asked([0, 0], 3)[0].tolist() == [0, 0]
