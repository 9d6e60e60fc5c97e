"""Bundles of earlier and later versions: lists are made of what is there, or an error says why."""

import itertools
import logging

import numpy as np
import old_home
import pytest
import worlds

from recsys.bundle import RawBundle, read_bundle, write_bundle
from recsys.bundle_store import BundleStore
from recsys.data.records import Item
from recsys.errors import BundleError
from recsys.ranking import nonpersonal_lists
from recsys.ranking.query import Filters, Interaction, Query
from recsys.recommender import Recommender
from recsys.serving.item_popularity_from_events import HALF_LIVES
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.serving.popularity_counters import PopularityCounters, complete
from recsys.serving.score_model import UNREAD, ScoreModel
from recsys.serving.trend_monitor import TrendMonitor

NEEDED = {
    "catalogue/ids/blob",
    "catalogue/ids/ends",
    "catalogue/ids/hashes",
    "catalogue/ids/order",
    "catalogue/documents",
    "catalogue/document_ends",
    "words",
}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """Give a bundle of commit 2c9a487 and one of today, each with what is in a history of it."""
    folder = tmp_path_factory.mktemp("bundles")
    old = BundleStore(old_home.unpack(folder / "home")).open_current()
    model = worlds.model()
    write_bundle(folder / "v", model.arrays(), {}, {"model": model.settings()})
    return {
        "old": (old, ("bread-0", "bread-3", "chess-2")),
        "new": (read_bundle(folder / "v"), ("sea-1", "sea-4", "sea-6")),
    }


def serve(raw, items):
    """Make every list, count an event, take an item in: all that a service does with a model."""
    live = LiveState(Model.from_raw(raw))
    trend_monitor = TrendMonitor(live)
    recommender = Recommender(live, trend_monitor=trend_monitor)
    history = tuple(Interaction(item, "like", timestamp=1.0) for item in items)
    query = Query(history=history, n=10, explain=True)
    none = Filters()
    assert recommender.recommend(query) and recommender.recommend(Query(n=5))
    assert nonpersonal_lists.latest(live, 5, none) and nonpersonal_lists.popular(live, 5, none)
    assert nonpersonal_lists.trending(live, 5, none)
    nonpersonal_lists.similar(live, items[0], 5, none)
    nonpersonal_lists.search(live, "sourdough tide", 5, none)
    trend_monitor.trends(live.model.cutoff + 60.0)
    live.add_item(Item("posted", title="Rye Bread", text="sourdough tide", tags=("bread",)))
    live.add_event("posted", "like", timestamp=live.model.cutoff + 30.0, actor="ann")
    live.add_event(items[0], "dislike", timestamp=live.model.cutoff + 40.0, actor="ann")
    assert len(recommender.recommend(query)) == 10
    return recommender


def without(raw, *names, **manifest):
    """Return a bundle as a version that did not write some arrays would have made it."""
    arrays = {name: array for name, array in raw.arrays.items() if name not in names}
    return RawBundle(raw.folder, {**raw.manifest, **manifest}, arrays)


@pytest.mark.parametrize("which", ["old", "new"])
def test_each_array_may_be_missing(bundles, which, caplog):
    raw, items = bundles[which]
    serve(raw, items)
    result = {record.args[1] for record in caplog.records}
    assert result == ({"readers"} if which == "old" else set())
    for name in raw.arrays:
        if name in NEEDED:
            with pytest.raises(BundleError, match="another version of recsys; .*rollback"):
                serve(without(raw, name), items)
        else:
            serve(without(raw, name), items)


@pytest.mark.parametrize("which", ["old", "new"])
def test_each_array_may_have_another_length(bundles, which):
    raw, items = bundles[which]
    for name, array in raw.arrays.items():
        arrays = {**raw.arrays, name: np.concatenate([array, array[-1:]])}
        shorter = {**raw.arrays, name: array[:-1]}
        for changed in (arrays, shorter):
            try:
                serve(RawBundle(raw.folder, raw.manifest, changed), items)
            except BundleError as error:
                assert "rollback" in str(error)


def test_row_numbers_beyond_the_catalogue_are_never_used(bundles, caplog):
    raw, items = bundles["old"]
    for name in ("neighbours/indices", "topics/items", "communities/items", "entities/codes"):
        array = np.array(raw.arrays[name])
        array[0] = np.iinfo(array.dtype).max // 2
        caplog.clear()
        serve(RawBundle(raw.folder, raw.manifest, {**raw.arrays, name: array}), items)
        assert "is served without its part" in caplog.text
        assert name.split("/")[0] in caplog.text


def test_each_setting_of_the_model_may_be_missing(bundles):
    raw, items = bundles["old"]
    for name in raw.manifest["model"]:
        model = {key: value for key, value in raw.manifest["model"].items() if key != name}
        if name == "blend":
            with pytest.raises(BundleError, match="blend"):
                serve(without(raw, model=model), items)
        else:
            serve(without(raw, model=model), items)
    for name in raw.manifest["model"]["blend"]:
        score_model = {k: v for k, v in raw.manifest["model"]["blend"].items() if k != name}
        serve(without(raw, model={**raw.manifest["model"], "blend": score_model}), items)


def test_what_a_later_version_added_is_left_out(bundles, caplog):
    raw, items = bundles["old"]
    model = raw.manifest["model"]
    score_model = {**model["blend"], "weather": 0.5}
    score_model["curves"] = [{**curve, "tilt": 1.0} for curve in score_model["curves"]]
    arrays = {**raw.arrays, "weather/rain": np.zeros(3), "counters/colour": np.zeros(3)}
    later = RawBundle(
        raw.folder, {**raw.manifest, "model": {**model, "blend": score_model}}, arrays
    )
    serve(later, items)
    assert "weather left out" in caplog.text and "tilt left out" in caplog.text


def test_a_blend_without_the_part_that_it_weighs_says_so(bundles, caplog):
    raw, items = bundles["old"]
    caplog.set_level(logging.WARNING)
    live = serve(without(raw, "neighbours/data", "taste/numbers"), items).live
    assert live.model.score_model.terms == () and live.model.score_model.personal_rating == 0.0
    assert "neighbours" in caplog.text and "taste" in caplog.text


def test_counters_of_the_form_before_logarithms_are_converted():
    item = np.array([0, 1, 1, 2], np.int32)
    weight, time = np.array([1, 0.5, 1, 1], np.float32), np.array([0.0, 9e3, 5e4, 9e5])
    now = PopularityCounters.from_events(4, item, weight, np.zeros(4, bool), time)
    saved = now.arrays()
    base = np.full(len(HALF_LIVES), time[-1])
    mass = np.stack([now.uptake(life, 4) for life in range(len(HALF_LIVES))])
    older = {name: array for name, array in saved.items() if name != "level"}
    found = PopularityCounters.from_arrays(complete({**older, "mass": mass, "base": base}, 4))
    assert found.level == pytest.approx(now.level, rel=1e-6)


def test_a_blend_of_any_fields_reads_back():
    whole = ScoreModel(
        lift=1.0,
        linear={"exposure_age": 0.5, "other": 0.1},
        personal_rating=0.25,
        priors={"liked": 1.0},
    ).to_json()
    missing = {**ScoreModel().to_json(), "unread": UNREAD}  # of a score model without the field
    for dropped in itertools.combinations(whole, 2):
        found = ScoreModel.from_json({k: v for k, v in whole.items() if k not in dropped})
        assert found.to_json() == {**whole, **{k: missing[k] for k in dropped}}
