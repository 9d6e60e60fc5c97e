"""LikeRates: what votes since the night teach of items, and of those who vote."""

import numpy as np
import pytest
import worlds

from recsys.models.explicit_mf import ExplicitMF, ExplicitMFConfig, fit_explicit_mf
from recsys.serving import user_kalman_filters
from recsys.serving.explicit_user_factors import user_factor_parts
from recsys.serving.like_rates import LikeRates
from recsys.serving.live_event import LiveEvent
from recsys.serving.user_kalman_filters import UserFilters

CONFIG = ExplicitMFConfig(rank=3)
SIDES = 40  # readers of each side
KNOWN = 12  # items that the night knew: the first half liked by one side, the rest by the other
NEW = KNOWN  # a row of an item that came later


def liked(reader: int, item: int) -> bool:
    return (reader < SIDES) == (item < KNOWN // 2)


@pytest.fixture(scope="module")
def explicit_mf() -> ExplicitMF:
    reader, item = np.divmod(np.arange(2 * SIDES * KNOWN), KNOWN)
    votes = np.array([1.0 if liked(*one) else -1.0 for one in zip(reader, item, strict=True)], "f")
    return fit_explicit_mf(reader, item, votes, np.ones_like(votes), KNOWN, CONFIG, 0)


@pytest.fixture
def opinions(explicit_mf) -> LikeRates:
    found = LikeRates.of(explicit_mf, rated=False)
    found.grow(3)
    return found


def expected(opinions: LikeRates, reader: int, row: int) -> float:
    """What a reader who has voted on all known items is expected to say of another."""
    rows = np.arange(KNOWN)
    weights = np.array([1.0 if liked(reader, item) else -1.0 for item in rows], np.float32)
    parts = user_factor_parts(
        opinions.explicit_mf, opinions.bases[rows], opinions.loadings[rows], weights, False
    )
    return float(opinions.bases[row] + opinions.loadings[row] @ parts.sum(axis=0))


def vote(opinions: LikeRates, reader: int, row: int, good: bool) -> None:
    opinions.follow(row, 1.0 if good else -1.0, f"reader-{reader}")


def test_a_new_item_goes_to_those_who_vote_like_its_voters(opinions):
    gap = expected(opinions, 1, NEW) - expected(opinions, SIDES + 1, NEW)
    assert abs(gap) < 0.2
    for reader in (2, 3, 4, SIDES + 2, SIDES + 3, SIDES + 4):
        for item in (0, 1, KNOWN - 2, KNOWN - 1):  # the day shows whose side they are on
            vote(opinions, reader, item, liked(reader, item))
        vote(opinions, reader, NEW, good=reader < SIDES)
    assert expected(opinions, 1, NEW) - expected(opinions, SIDES + 1, NEW) > 0.5
    assert opinions.loadings[NEW, 0] == np.float32(CONFIG.agree)


def test_what_nobody_known_votes_on_moves_its_base_alone(opinions, explicit_mf):
    loadings = opinions.loadings.copy()
    opinions.follow(NEW, -1.0)
    assert opinions.bases[NEW] < explicit_mf.new_item_base
    assert np.array_equal(opinions.loadings, loadings) and len(opinions.user_filters) == 0


def test_a_first_vote_teaches_nothing_of_an_item(opinions):
    loadings = opinions.loadings.copy()
    vote(opinions, 5, NEW, good=True)
    assert np.array_equal(opinions.loadings, loadings) and len(opinions.user_filters) == 1


def test_an_item_with_many_votes_hardly_moves(opinions):
    few, many = NEW, NEW + 1
    opinions.evidence[many] = 500.0
    for reader in range(5):
        vote(opinions, reader, 0, good=True)
        vote(opinions, reader, few, good=True)
        vote(opinions, reader, many, good=True)
    moved = np.abs(opinions.loadings - opinions.loadings[NEW + 2]).sum(axis=1)
    assert moved[few] > 20 * moved[many] > 0


def test_where_taste_is_not_used_nobody_is_followed(explicit_mf):
    opinions = LikeRates.of(explicit_mf, rated=False, personal=False)
    base, loadings = float(opinions.bases[0]), opinions.loadings.copy()
    vote(opinions, 1, 0, good=False)
    assert opinions.bases[0] < base and np.array_equal(opinions.loadings, loadings)


def test_the_night_and_its_days_are_not_written_to(opinions, explicit_mf):
    before = {name: array.copy() for name, array in explicit_mf.arrays().items()}
    for reader in range(10):
        vote(opinions, reader, 0, good=False)
        vote(opinions, reader, 1, good=True)
    for name, array in explicit_mf.arrays().items():
        assert np.array_equal(array, before[name])


def test_a_reader_is_where_his_votes_put_him(explicit_mf):
    """Vote by vote the filter comes to what solving all votes at once gives."""
    followed, rows = UserFilters(CONFIG.rank), np.array([0, 3, KNOWN - 1])
    votes = np.array([1.0, -1.0, 1.0], np.float32)
    surplus = votes - explicit_mf.base[rows]
    for row, each in zip(rows, surplus, strict=True):
        followed.before(
            "ann", explicit_mf.loadings[row].astype(float), float(each), 1 / CONFIG.noise
        )
    whole = user_factor_parts(
        explicit_mf, explicit_mf.base[rows], explicit_mf.loadings[rows], votes, False
    ).sum(axis=0)
    found = followed.before("ann", np.ones(CONFIG.rank), 0.0, 1e-9)
    assert found == pytest.approx(whole, abs=1e-4)


def test_the_latest_voters_are_remembered_and_no_name_is(monkeypatch):
    monkeypatch.setattr(user_kalman_filters, "MOST", 3)
    known = UserFilters(2)
    for name in ("ann", "ben", "cem", "ann", "dan"):
        known.before(name, np.ones(2), 1.0, 1.0)
    assert len(known) == 3
    assert known.before("ann", np.ones(2), 1.0, 1.0).any()
    assert not known.before("ben", np.ones(2), 1.0, 1.0).any()
    assert "ann" not in repr(vars(known))


def test_votes_that_are_taken_back_leave_the_base_as_it_was(opinions):
    base, evidence = float(opinions.bases[NEW]), float(opinions.evidence[NEW])
    for weight in (1.0, -1.0, 0.2):
        opinions.follow(NEW, weight)
    for weight in (0.2, -1.0, 1.0):
        opinions.unfollow(NEW, weight)
    assert opinions.bases[NEW] == pytest.approx(base, abs=1e-5)
    assert opinions.evidence[NEW] == pytest.approx(evidence, abs=1e-5)


@pytest.mark.parametrize("batch", [1, 60])
def test_dislikes_of_a_group_move_the_base_like_one_vote(batch):
    one, many = worlds.live(), worlds.live()
    assert one.opinions is not None and many.opinions is not None
    row, moment = one.row("sea-1"), worlds.topics().now + 60
    acts = [LiveEvent("sea-1", "dislike", None, moment + n, 0.0, f"fake{n}") for n in range(60)]
    one.add_events(acts[:1])
    for start in range(0, len(acts), batch):
        many.add_events(acts[start : start + batch])
    assert many.opinions.bases[row] == pytest.approx(one.opinions.bases[row], abs=1e-5)
    assert many.opinions.evidence[row] == pytest.approx(one.opinions.evidence[row], abs=1e-4)
