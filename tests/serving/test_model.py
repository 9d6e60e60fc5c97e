"""Model: what is saved is what is served."""

import json
from dataclasses import fields, replace

import numpy as np
import pytest
import worlds

from recsys.bundle import read_bundle, write_bundle
from recsys.models.item_factors import Factors
from recsys.ranking.query import Interaction, Query
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model

HISTORY = tuple(Interaction(f"sea-{n}", "like", timestamp=worlds.START + n) for n in (1, 4, 6))


def saved(model, folder):
    """Return the model as a process that serves it gets it."""
    write_bundle(folder, model.arrays(), {}, {"version": "v", "model": model.settings()})
    return Model.from_raw(read_bundle(folder))


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    return saved(worlds.model(), tmp_path_factory.mktemp("bundle") / "v")


def test_every_array_comes_back(again):
    wanted, found = worlds.model().arrays(), again.arrays()
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        assert np.array_equal(found[name], array, equal_nan=array.dtype.kind == "f"), name


def test_every_part_and_setting_comes_back(again):
    model = worlds.model()
    for field in fields(Model):
        assert (getattr(again, field.name) is None) == (getattr(model, field.name) is None)
    assert (
        again.score_model == model.score_model
        and again.cutoff == model.cutoff == worlds.topics().now
    )
    assert again.rating_scale == model.rating_scale and not again.rated
    assert again.student.encode(["tide"]) == pytest.approx(model.student.encode(["tide"]))


def test_neighbours_of_few_items_take_two_bytes_each_and_older_bundles_are_read(again, tmp_path):
    assert again.neighbours.indices.dtype == np.uint16
    model = worlds.model()
    wide = model.arrays() | {"neighbours/indices": model.neighbours.indices.astype(np.int32)}
    settings = {"version": "v", "model": model.settings()}
    write_bundle(tmp_path / "v", wide, {}, settings)
    older = Model.from_raw(read_bundle(tmp_path / "v"))
    assert older.neighbours.indices.dtype == np.int32
    lists = [
        [
            (found.item_id, found.score)
            for found in Recommender(LiveState(one)).recommend(
                Query(history=HISTORY, n=10, now=worlds.topics().now)
            )
        ]
        for one in (older, again)
    ]
    assert lists[0] == lists[1] and lists[0]
    assert (older.neighbours.matrix() != again.neighbours.matrix()).nnz == 0


def test_settings_are_json():
    json.dumps(worlds.model().settings(), allow_nan=False)


def test_it_answers_alike(again):
    query = Query(history=HISTORY, n=10, now=worlds.topics().now)
    fresh = Recommender(LiveState(worlds.model())).recommend(query)
    served = Recommender(LiveState(again)).recommend(query)
    assert [r.item_id for r in served] == [r.item_id for r in fresh]
    assert [r.score for r in served] == pytest.approx([r.score for r in fresh], abs=2e-3)


def test_it_holds_no_user():
    names = {user.encode() for user in worlds.topics().users}
    for array in worlds.model().arrays().values():
        held = array.tobytes()
        assert not any(name in held for name in names)


@pytest.mark.parametrize("world", [worlds.odd_even, worlds.one_user_one_item])
def test_a_model_with_hardly_any_part_comes_back(world, tmp_path):
    model = worlds.plain(world(), replace(worlds.WHOLE, personal_rating=0.0))
    found = saved(model, tmp_path / "v")
    assert found.explicit_mf is None and found.student is None and found.behaviour is None
    assert len(found) == len(model) and found.neighbours is not None
    assert Recommender(LiveState(found)).recommend(Query(n=3))


def test_folded_factors_come_back(tmp_path):
    rng = np.random.default_rng(0)
    outputs = rng.standard_normal((len(worlds.model()), 3)).astype(np.float32)
    factors = Factors(4 * outputs, outputs, outputs.T @ outputs + np.eye(3, dtype="f"), 3.0)
    found = saved(replace(worlds.model(), behaviour=factors), tmp_path / "v").behaviour
    rows, weights = np.array([0, 2], np.int32), np.ones(2, np.float32)
    assert np.allclose(found.project(rows, weights), factors.project(rows, weights))
