"""Contest: a model that knows the sides of a world beats what is popular; its reverse loses."""

import numpy as np
import pytest
from tuning_world import BOOKS, side_events

from recsys.data.event_kind_weights import EventWeights
from recsys.data.records import Item
from recsys.data.table_builder import item_table
from recsys.ranking.terms.popularity import SHARES
from recsys.serving.live_state import LiveState
from recsys.serving.score_model import LogTerm, ScoreModel, Term
from recsys.training.model_builder import TextVectors, assemble, fit_engines
from recsys.tuning.baseline_comparison import (
    contest_at_a_cut,
    decided,
    features_of,
    named,
    replay_values,
)
from recsys.tuning.engine_catalogue import CHEAP
from recsys.tuning.evaluation_protocols import Rules, make_split
from recsys.tuning.live_state_replay import replay_validation
from recsys.tuning.validation_splits import SHARE, validation


def world(timed=True):
    """Return eighty users who read fifteen of the thirty books of their side, and the books."""
    return side_events(timed), item_table(Item(f"book-{n}") for n in range(BOOKS))


def fitted(data, sign):
    words = TextVectors.none(len(data.items))
    score_model = ScoreModel(terms=(Term("neighbours", 20.0, 1.0),), curves=(LogTerm(0.03, sign),))
    return assemble(data, fit_engines(data, words, [CHEAP], 0), words, score_model, posts=False)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_event_by_event(sign):
    split = make_split(*world(), Rules("replay", share=SHARE, weights=EventWeights()))
    check, way = replay_validation(split, 0, 500)
    live = LiveState(fitted(check.data, sign))
    found = decided(replay_values(way((live,)), live), features_of(True))
    assert found.tested and found.people > 50 and found.baseline in SHARES
    assert found.lost == (sign < 0) and (found.low > 0) == (sign > 0)
    again, state = replay_validation(split, 0, 500)[1], LiveState(fitted(check.data, sign))
    shortlisted = replay_values(again((state,)), state, large=0)
    assert decided(shortlisted, features_of(True)) == found
    assert (
        f"{found.people} users" in found.description()
        and named(found.baseline) in found.description()
    )


@pytest.mark.parametrize("timed", [True, False])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_at_a_cut(sign, timed):
    _, check = validation(*world(timed), EventWeights())
    found = contest_at_a_cut(fitted(check.data, sign), check)
    assert found.tested and found.people == len(check)
    assert found.lost == (sign < 0) and found.model == pytest.approx(0.0) or sign > 0
    assert timed or found.baseline == "share_all"


def test_the_best_of_the_baselines_counts_and_chance_is_no_loss():
    rng = np.random.default_rng(0)
    model = rng.uniform(0, 1, 400)
    noise = np.clip(model + rng.normal(0, 0.3, 400), 0, 1)
    close = decided(np.stack([model, 0.5 * model, noise]), ("share_all", "share_1d"))
    assert close.baseline == "share_1d" and close.low < 0 < close.high and not close.lost
    lost = decided(np.stack([0.5 * model, model, noise * 0.1]), ("share_all", "share_1d"))
    assert lost.lost and lost.baseline == "share_all" and named("share_all") == "popular"


@pytest.mark.parametrize("people", [0, 49])
def test_too_few_people_tell_nothing(people):
    found = decided(np.stack([np.zeros(people), np.ones(people)]), ("share_all",))
    assert not found.tested and not found.lost and "not tested" in found.description()
