"""Choice sets at a cut: a shortlist has the columns, the answers and the size of the whole."""

from dataclasses import replace

import numpy as np
import pytest
import worlds

from recsys.ranking.popularity_features import prior_features
from recsys.ranking_metrics import Positives
from recsys.serving.live_state import LiveState
from recsys.tuning.choice_sets import AGE, NEW, STANDING, WAITING, build_choice_sets
from recsys.tuning.choice_sets_at_cut import choice_sets_at_cut
from recsys.tuning.replay_candidate_shortlist import Shortlist
from recsys.tuning.validation_set import ValidationSet

LIVES = (5.0, np.inf)


def check():
    """Twelve users of the world of topics, each asked for two items that they have not seen."""
    data, users = worlds.topics(), np.arange(12, dtype=np.int32)
    seen = [set(data.item[data.user == user].tolist()) for user in users]
    wanted = [[row for row in range(len(data.items)) if row not in own][:2] for own in seen]
    return ValidationSet.of_users(data, users, Positives.from_lists(wanted))


@pytest.fixture(scope="module")
def models():
    return {
        "ease": replace(worlds.model(), behaviour=None),
        "elsa": replace(worlds.model(), neighbours=None),
    }


def features():
    return prior_features(LiveState(worlds.model()))


@pytest.fixture(scope="module")
def pair(models):
    """The same users by a shortlist and by the whole catalogue."""
    short = choice_sets_at_cut(check(), models, LIVES, features(), 0, large=0)
    return short, build_choice_sets(check(), models, LIVES, features(), 0)


def test_a_shortlist_has_the_columns_of_the_whole_catalogue(pair):
    short, whole = pair
    assert set(short.columns) == set(whole.columns)
    compared = 0
    for place, user in enumerate(short.user.tolist()):
        rows = short.rows[place]
        for at in np.flatnonzero(rows >= 0).tolist():
            other = np.flatnonzero(whole.rows[user] == rows[at])
            for column in whole.columns if len(other) else ():
                if column not in (AGE, NEW, WAITING, STANDING):
                    expected = whole.columns[column][user, other[0]]
                    assert short.columns[column][place, at] == pytest.approx(expected, abs=1e-4)
                    compared += 1
    assert compared > 1_000


def test_every_relevant_item_is_offered_and_the_places_stand_for_all_open_items(pair):
    short, whole = pair
    assert sorted(short.user.tolist()) == list(range(len(whole)))
    assert (short.relevant == whole.relevant[short.user]).all()
    assert (short.chosen.sum(axis=1) == whole.chosen.sum(axis=1)[short.user]).all()
    for place, user in enumerate(short.user.tolist()):
        own = check().histories[user].rows
        assert not np.isin(short.rows[place], own).any()
        open_ = len(worlds.model()) - len(own)
        assert np.exp(short.offset[place]).sum() == pytest.approx(open_, rel=1e-3)


def test_some_terms_alone_and_a_time_that_is_over(models):
    asked = []
    found = choice_sets_at_cut(
        check(),
        models,
        LIVES,
        features(),
        0,
        lambda users: asked.append(users) or users >= 5,
        ("popularity", "neighbours"),
        large=0,
    )
    assert len(found) == 5 and asked == [1, 2, 3, 4, 5]
    terms = {column.term for column in found.columns}
    assert {"popularity", "neighbours"} <= terms and not {"factors", "words"} & terms
    whole = build_choice_sets(check(), models, LIVES, features(), 0, terms=("popularity",))
    assert not {"factors", "words", "neighbours"} & {column.term for column in whole.columns}


def test_one_look_serves_all_users_of_a_cut(models):
    short = Shortlist({"ease": LiveState(models["ease"])}, 0, steady=True)
    short.lists = 10**6
    short._look(np.inf)
    before = short.best
    short._best(np.inf)
    short.lists = 10**6
    short._best(np.inf)
    assert short.best is before
