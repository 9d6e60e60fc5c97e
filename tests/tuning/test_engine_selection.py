"""Engine selection: one that knows order goes into a replay, and what is best at one cut."""

from dataclasses import replace

import numpy as np
import pytest
import worlds
from scipy import sparse
from tuning_world import near, noise, side_events

from recsys.data.event_kind_weights import EventWeights
from recsys.data.table_builder import item_table
from recsys.evaluation.baseline_registry import FitContext
from recsys.evaluation.service_adapter import fit_service
from recsys.models.engine_definitions import Engine, engine_sum
from recsys.models.interaction_matrix import Interactions
from recsys.ranking_metrics import Positives
from recsys.training.model_builder import TextVectors, known_interactions
from recsys.tuning.cpu_budget import Budget
from recsys.tuning.engine_catalogue import CATALOGUE, Family, engine_named
from recsys.tuning.engine_selection import (
    USUAL,
    Log,
    fit_first,
    fitted_again,
    selected_engines,
    usual_groups,
)
from recsys.tuning.evaluation_protocols import Rules, make_split
from recsys.tuning.live_state_replay import replay_validation
from recsys.tuning.tuner import Scenario, TuningData, tune
from recsys.tuning.validation_set import ValidationSet
from recsys.tuning.validation_splits import cuts_of, newest, validation_set_of


def family(name, fit, seconds=0.0):
    return replace(
        Family.of(Engine(f"{name} 1", "neighbours", fit, lambda data: seconds)), name=name
    )


@pytest.fixture(scope="module")
def dated():
    """A hundred users of two sides."""
    return side_events(timed=True, users=100)


FAMILIES = (family("slist", noise), family("lowpass", noise), family("ease", near))


def selected(events, families=FAMILIES, minutes=2.0, compared=True):
    """Return the names of what is fitted before a replay of the newest tenth of the events."""
    split = make_split(events, item_table([]), Rules("replay"))
    check, _ = replay_validation(split, 0, 500)
    words, log = TextVectors.none(len(check.data.items)), Log(lambda text: None)
    budget = Budget(minutes, cpu=lambda: 0.0, clock=lambda: 0.0)
    found = selected_engines((check,), words, families, budget, 0, "cpu", log, True, compared)
    assert all(list(part) == ["neighbours"] for part in found[0].values())
    return list(found[0]), log


def test_the_users_of_a_replay_are_asked_at_its_start(dated):
    split = make_split(dated, item_table([]), Rules("replay"))
    check, _ = replay_validation(split, 0, 500)
    assert len(check) > 50 and check.relevant.counts.sum() == round(0.1 * len(dated))
    assert len(check.data.item) == len(dated) - check.relevant.counts.sum()


def test_before_a_replay_the_best_engine_at_one_cut_joins_the_usual_one(dated):
    names, log = selected(dated)
    assert names[:2] == ["slist 1", "ease 1"]
    values = {row["engine"]: row.get("preselection_ndcg", 0.0) for row in log.rows}
    assert values["ease 1"] > 1.5 * values["slist 1"]


def test_the_usual_engines_alone_where_nothing_is_to_be_compared(dated):
    assert selected(dated, compared=False)[0] == ["slist 1", "lowpass 1"]
    assert selected(dated, FAMILIES[:2])[0] == ["slist 1", "lowpass 1"]
    assert not any("preselection_ndcg" in row for row in selected(dated, FAMILIES[:2])[1].rows)
    few = dated.select(dated.user < 40)
    assert selected(few)[0] == ["slist 1", "lowpass 1"]


def test_a_comparison_before_a_replay_has_a_quarter_of_the_time(dated):
    """Of 60 s, nothing that takes more than 15 is fitted, but for the usual engines."""
    dear = (family("slist", noise, 20.0), family("lowpass", noise), family("ease", near, 20.0))
    names, log = selected(dated, dear, minutes=1.0)
    assert "ease 1" not in names and "slist 1" in names
    assert {"engine": "ease 1", "skipped_seconds": 20.0} in log.rows
    assert "ease 1" in selected(dated, dear, minutes=2.0)[0]


def test_dated_events_are_tuned_to_the_engine_that_knows_something(dated):
    data = TuningData(dated, item_table([]), lambda one: TextVectors.none(len(one.items)))
    choice = tune(data, Scenario(minutes=1.0, engines=FAMILIES))
    assert choice.engines == ("ease 1",)
    quick = tune(data, Scenario(minutes=1.0, engines=FAMILIES, compare_engines=False))
    assert "ease 1" not in quick.engines


def test_engines_that_go_on_are_fitted_to_further_folds(dated):
    split = make_split(dated, item_table([]), Rules("replay"))
    check, _ = replay_validation(split, 0, 500)
    words, log = TextVectors.none(len(check.data.items)), Log(lambda text: None)
    fits = list[str]()

    def counted(name, seconds=1.0):
        def fit(data, seed, device):
            fits.append(name)
            return near(data, seed, device)

        return Engine(name, "neighbours", fit, lambda data: seconds, usual=1.0)

    engines = [counted("ease 1"), counted("slist 8")]
    names = ["slist 8 + ease 1", "ease 1"]

    def again(minutes):
        budget = Budget(minutes, cpu=lambda: 0.0, clock=lambda: 0.0)
        return fitted_again(names, [check, check], words, engines, budget, 0, "cpu", log)

    folds = again(1.0)
    assert [list(parts) for parts in folds] == [names, names]
    assert sorted(fits) == ["ease 1", "ease 1", "slist 8", "slist 8"]  # no part of a sum twice
    assert all(list(part) == ["neighbours"] for parts in folds for part in parts.values())
    assert again(0.2) == []  # four seconds are more than a quarter of twelve
    assert fitted_again(names, [], words, engines, Budget(1.0), 0, "cpu", log) == []


def test_lists_of_one_moment_are_tuned_at_cuts_in_time(dated):
    """Protocol `time` asks for all lists at once; a night, and protocol `replay`, one by one."""

    def tuned(protocol):
        notes = list[str]()
        split = make_split(dated, item_table([]), Rules(protocol))
        means = FitContext(minutes=1.0, note=notes.append, engines=FAMILIES)
        _, choice = fit_service(split, split.dataset(), means)
        assert choice.engines == ("ease 1",)
        return next(note for note in notes if "to choose by" in note)

    known = make_split(dated, item_table([]), Rules("time")).train
    cuts = [
        validation_set_of(events, item_table([]), EventWeights(), is_test)
        for events, is_test in cuts_of(known)
    ]
    assert tuned("time").startswith(f"{sum(map(len, cuts))} lists")
    assert tuned("replay").startswith(f"{np.count_nonzero(newest(known))} lists")


def test_a_quick_fit_is_expected_to_take_the_time_of_its_common_items():
    counts = np.zeros((4, 10), np.float32)
    counts[:2, :5] = 1.0  # half of the items have two users
    data = Interactions(sparse.csr_array(counts), np.zeros(5, int), np.zeros(0, int))
    for name in ("ease 200", "slist 8"):
        engine = engine_named(name)
        assert engine.tried_seconds(data) == pytest.approx(engine.seconds(data) / 8)
    knn = engine_named("lowpass 32")
    assert knn.tried_seconds(data) == knn.seconds(data)
    both = engine_sum([engine_named("ease 200"), knn])
    expected = engine_named("ease 200").seconds(data) / 8 + knn.seconds(data)
    assert both.tried_seconds(data) == pytest.approx(expected)


def priced(name, *prices):
    """Return a family with one setting per price, the dearest of which is the usual one."""

    def make(numbers):
        return Engine(f"{name} {numbers[0]:g}", "neighbours", near, lambda data: numbers[0])

    return Family(name, (prices,), (len(prices) - 1,), make)


def made_for(fewest_items, *prices):
    """Return `blocks` as a family for catalogues of so many items."""
    return replace(priced("blocks", *prices), fewest_items=fewest_items)


@pytest.mark.parametrize(
    ("families", "fitted", "result"),
    [
        ([priced("lowpass", 9.0), priced("blocks", 9.0)], "lowpass 9", ""),
        ([priced("lowpass", np.inf), priced("blocks", 9.0)], "blocks 9", "too large"),
        ([priced("lowpass", 99.0), priced("blocks", 9.0)], "blocks 9", "about 99 s"),
        (
            [priced("lowpass", np.inf), priced("blocks", 20.0, 40.0, 99.0)],
            "blocks 20",
            "about 99 s",
        ),
        ([priced("blocks", 99.0)], None, "about 99 s"),
        ([priced("blocks", 40.0, 99.0)], "blocks 40", "about 99 s"),
        ([priced("blocks", 45.0, 99.0)], None, "about 99 s"),
        ([priced("blocks", 20.0, 40.0, 99.0)], "blocks 20", "about 99 s"),
        ([priced("lowpass", 20.0), made_for(worlds.BOOKS, 9.0)], "blocks 9", "about 20 s"),
        ([priced("lowpass", 15.0), made_for(worlds.BOOKS, 9.0)], "lowpass 15", ""),
        ([priced("lowpass", 20.0), made_for(worlds.BOOKS + 1, 9.0)], "lowpass 20", ""),
        ([priced("lowpass", 20.0), made_for(worlds.BOOKS, np.inf)], "lowpass 20", ""),
        ([priced("lowpass", 5.0, 20.0), made_for(worlds.BOOKS, 9.0)], "blocks 9", "about 20 s"),
    ],
)
def test_the_first_engine_of_a_group_that_there_is_time_for_is_fitted(families, fitted, result):
    known = known_interactions(worlds.odd_even(), TextVectors.none(worlds.BOOKS))
    notes, parts = [], {}
    log = Log(notes.append)
    budget = Budget(1.0, cpu=lambda: 0.0, clock=lambda: 0.0)
    groups = usual_groups(families)
    for group in groups:
        fit_first(group, False, known, parts, budget, 0, "cpu", log)
    assert len(groups) == 1 and list(parts) == ([fitted] if fitted else [])
    assert any(result in note for note in notes)
    assert bool(log.pressure) is (fitted is None)


def test_a_catalogue_of_any_size_has_an_engine_that_can_be_fitted_to_it():
    names = [family.name for family in CATALOGUE]
    assert all(name in names for group in USUAL for name in group)
    huge = Interactions(
        sparse.csr_array((10, 3_000_000), dtype=np.float32), np.zeros(11, int), np.zeros(0, int)
    )
    for group in usual_groups(CATALOGUE):
        found = [np.isfinite(family.usual(True).seconds(huge)) for family in group]
        assert found == [False, True]


def test_where_only_unread_items_are_shown_engines_are_compared_by_what_their_words_predict():
    """Each of fifty users takes up the last, unread items of their topic."""
    data = worlds.topics()
    unread = [(topic * worlds.EACH + worlds.EACH - 1 - n) for topic in (0, 1) for n in range(4)]
    users = np.arange(len(data.users), dtype=np.int32)
    own = [data.item[(data.user == user) & (data.weight > 0)][0] // worlds.EACH for user in users]
    lists = [[row for row in unread if row // worlds.EACH == topic] for topic in own]
    only = np.array(sorted(unread), np.int32)
    check = ValidationSet.of_users(data, users, Positives.from_lists(lists), only)
    families, log = FAMILIES[1:], Log(lambda text: None)
    words, budget = worlds.words_of(data), Budget(2.0)
    found = selected_engines((check,), words, families, budget, 0, "cpu", log, False)
    values = {row["engine"]: row["preselection_ndcg"] for row in log.rows}
    assert next(iter(found[0])) == "ease 1" and values["ease 1"] > 1.1 * values["lowpass 1"]
