"""Preselection: settings are searched, the budget is kept, the best families go on."""

from dataclasses import replace

import numpy as np
import pytest
from tuning_world import side_events

from recsys.data.event_kind_weights import EventWeights
from recsys.data.table_builder import item_table
from recsys.errors import DataError
from recsys.evaluation.baseline_registry import RECENCIES
from recsys.models.engine_definitions import USUAL, Engine
from recsys.models.item_to_item_weights import ItemWeights
from recsys.ranking.terms import factors
from recsys.training.model_builder import TextVectors, known_interactions
from recsys.tuning import engine_gains, engine_preselection, validation_choice_sets
from recsys.tuning.cpu_budget import Budget
from recsys.tuning.engine_catalogue import CATALOGUE, Family, candidates, engine_named
from recsys.tuning.engine_preselection import N_SURVIVORS, Preselection
from recsys.tuning.engine_selection import assembled
from recsys.tuning.model_selection import choose
from recsys.tuning.validation_splits import validation


@pytest.fixture(scope="module")
def check():
    """Eighty users who read fifteen of the thirty books of their side, without times."""
    return validation(side_events(timed=False), item_table([]), EventWeights())[1]


def test_a_history_may_fade_as_fast_as_that_of_a_row_of_the_evaluation():
    """Where one item follows another, the last event says most."""
    for lives in (
        validation_choice_sets.HALF_LIVES,
        engine_gains.HALF_LIVES,
        factors.HALF_LIVES,
    ):
        assert min(lives) <= min(RECENCIES) and max(lives) == max(RECENCIES)


def noisy(level, seconds=0.0):
    """Return an engine that knows the sides of books beneath noise of a level."""

    def fit(data, seed, device):
        size = len(NAMES)
        side = np.array([int(name.rpartition("-")[2]) % 2 for name in NAMES])
        square = (side[:, None] == side).astype(np.float32)
        own = np.random.default_rng([seed, int(1_000 * level)])
        square += level * own.random((size, size), np.float32)
        np.fill_diagonal(square, 0.0)
        return ItemWeights.from_dense(square, size)

    return Engine(f"noisy {level:g}", "neighbours", fit, lambda data: seconds)


NAMES: list[str] = []


def preselection(check, minutes=2.0):
    NAMES[:] = [check.data.items[row] for row in range(len(check.data.items))]
    words = TextVectors.none(len(NAMES))
    known, notes, pressure = known_interactions(check.data, words), [], []
    one = Preselection(
        [check],
        [known],
        lambda fold, name, part: assembled(check, {name: part}, words, 0, None)[name],
        Budget(minutes),
        0,
        "cpu",
        notes.append,
        pressure.append,
        [],
    )
    return one, notes, pressure


def test_a_search_moves_to_better_settings(check):
    family = Family("noisy", ((0.0, 1.0, 4.0, 16.0, 64.0),), (3,), lambda numbers: noisy(*numbers))
    one, notes, _ = preselection(check)
    assert [engine.name for engine in one.run([family])] == [
        min(one.values, key=lambda name: (-one.values[name], name))
    ]
    assert one.values["noisy 4"] > one.values["noisy 16"] and "noisy 0" in one.values
    assert any("noisy 4: nDCG@20" in note for note in notes)


def test_the_best_setting_of_each_of_the_best_families_goes_on(check):
    families = [
        Family(f"family {n}", ((level, level + 1.0),), (0,), lambda numbers: noisy(*numbers))
        for n, level in enumerate((0.0, 100.0, 1.0, 50.0, 3.0))
    ]
    one, _, _ = preselection(check)
    found = [engine.name for engine in one.run(families)]
    assert len(found) == N_SURVIVORS
    assert not any(level in name for name in found for level in ("100", "101"))


def test_settings_that_lost_are_not_held_in_memory(check):
    family = Family("noisy", ((0.0, 1.0, 4.0, 16.0, 64.0),), (3,), lambda numbers: noisy(*numbers))
    one, _, _ = preselection(check)
    given = [{"neighbours": noisy(64.0).fit(None, 0, "cpu")}]
    one.parts["noisy 64"] = given
    found = [engine.name for engine in one.run([family])]
    assert len(one.values) > 2 and {*one.parts} == {*found, "noisy 64"}


def test_the_sum_of_engines_that_err_differently_goes_on_first(check):
    """Each knows the sides of books beneath noise of its own, which the mean has less of."""
    one, _, _ = preselection(check)
    families = [Family.of(noisy(level)) for level in (6.0, 6.001, 6.002)]
    first, *others = one.run(families)
    assert first.name.count(" + ") >= 1 and len(others) == N_SURVIVORS
    assert one.values[first.name] > max(one.values[engine.name] for engine in others)
    weak, _, _ = preselection(check)
    found = weak.run([Family.of(noisy(0.0)), Family.of(noisy(64.0))])
    assert [engine.name for engine in found] == ["noisy 0", "noisy 64"]


def test_of_each_kind_one_family_goes_on(check):
    one, _, _ = preselection(check)
    kinds = {0.0: "a", 0.1: "a", 20.0: "b", 21.0: "b", 64.0: "c"}
    families = [replace(Family.of(noisy(level)), kind=kind) for level, kind in kinds.items()]
    found = [engine.name for engine in one.run(families)]
    by_kind = [max(("noisy 0", "noisy 0.1"), key=one.values.__getitem__)]
    by_kind += [max(("noisy 20", "noisy 21"), key=one.values.__getitem__), "noisy 64"]
    assert sorted(found) == sorted(by_kind)


def test_what_the_budget_does_not_allow_is_left_out_and_said_so(check):
    one, notes, pressure = preselection(check, minutes=1.0)
    dear, affordable = Family.of(noisy(1.0, 1e6)), Family.of(noisy(2.0))
    assert [engine.name for engine in one.run([dear, affordable])] == ["noisy 2"]
    assert any("noisy 1: skipped" in note for note in notes) and not pressure
    seconds = [0.0]
    later, _, pressed = preselection(check)
    later.budget = Budget(1.0, cpu=lambda: seconds[0], clock=lambda: 0.0)
    seconds[0] = 40.0  # of 60
    assert later.run([Family.of(noisy(3.0, 25.0))]) == []
    assert pressed == ["noisy 3 was skipped: it needs about 25 s of CPU, less is left"]


def test_engines_are_chosen_by_name_of_a_family_or_with_settings():
    slist, strong = candidates(("slist", "ease 50"))
    assert slist.name == "slist" and len(list(slist.around(slist.start))) > 1
    assert strong.at(strong.start).name == "ease 50" and not list(strong.around(strong.start))
    assert {"bpr", "als", "sequence-knn"} <= {family.name for family in candidates()}
    with pytest.raises(DataError, match="engine 'slits' is unknown; is slist meant"):
        candidates(("slits",))


def test_an_engine_is_not_begun_after_its_share_of_the_time(check):
    one, notes, pressure = preselection(check)
    first = Family.of(noisy(1.0))
    late = replace(Family.of(noisy(2.0, 70.0)), share=0.4)  # 48 of 120 s
    assert [engine.name for engine in one.run([first, late])] == ["noisy 1"]
    assert any("noisy 2: skipped" in note for note in notes) and not pressure


def test_every_family_of_the_catalogue_has_settings_that_can_be_named():
    for family in CATALOGUE:
        for place in (family.start, *family.around(family.start)):
            assert engine_named(family.at(place).name).name == family.at(place).name


def test_one_engine_alone_is_chosen_where_nothing_beside_it_helps(check):
    """Popularity says nothing here: all books of a side are alike."""
    NAMES[:] = [check.data.items[row] for row in range(len(check.data.items))]
    words = TextVectors.none(len(NAMES))
    choice = choose(check, words, (noisy(0.0), noisy(64.0)), Budget(2.0))
    row = next((row for row in choice.evidence if "alone" in row), None)
    assert choice.engines[0].startswith("noisy 0")
    assert row is None or row["kept"] is False
    assert not [
        w for n, w in choice.score_model.priors.items() if n.startswith("share") and w > 0.001
    ]


def test_the_filter_has_two_settings_and_fewer_directions_where_time_is_short():
    family = next(one for one in CATALOGUE if one.name == "lowpass")
    names = [engine.name for engine in family.usual_and_below(False)]
    assert names == [f"lowpass {n}" for n in (512, 256, 128, 64, 32)]
    assert family.at((4, 2)).name == "lowpass 512 1"
    assert {family.at(place).name for place in family.around(family.start)} == {
        "lowpass 256",
        "lowpass 1024",
        "lowpass 512 0.25",
        "lowpass 512 1",
    }


class Clock:
    """CPU seconds that fits and comparisons of a test add to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def fitting(self, level, seconds):
        """Return an engine whose fit takes the seconds that it is expected to take."""
        engine = noisy(level, seconds)

        def fit(data, seed, device):
            self.now += seconds
            return engine.fit(data, seed, device)

        return Family.of(replace(engine, fit=fit))


def test_a_dear_engine_takes_no_time_from_the_others_nor_from_the_search(check, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(engine_preselection, "cpu_seconds", clock)
    one, _, pressure = preselection(check)
    one.budget = Budget(1.0, cpu=clock, clock=lambda: 0.0)
    dear, small, middle = (
        clock.fitting(level, seconds) for level, seconds in ((1.0, 25.0), (2.0, 1.0), (3.0, 8.0))
    )
    assert {engine.name for engine in one.run([dear, small, middle])} >= {
        "noisy 1",
        "noisy 2",
        "noisy 3",
    }
    assert one.budget.left() >= 0.4 * 60
    assert not pressure


def test_families_come_in_the_order_of_what_they_usually_take(check):
    one, _, _ = preselection(check)
    slow, quick = (
        Family.of(replace(noisy(level, seconds), usual=usual))
        for level, seconds, usual in ((1.0, 8.0, 1.5), (2.0, 10.0, 0.4))
    )
    assert one._cheapest_first([slow, quick]) == [quick, slow]
    assert one._charge(slow.at(slow.start)) > one._charge(quick.at(quick.start))


def test_what_comparing_costs_counts_as_what_fitting_does(check, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(engine_preselection, "cpu_seconds", clock)
    one, _, pressure = preselection(check)
    one.budget, assembled = Budget(1.0, cpu=clock, clock=lambda: 0.0), one.assemble

    def assemble(fold, name, part):
        clock.now += 15.0
        return assembled(fold, name, part)

    one.assemble = assemble
    families = [clock.fitting(level, 1.0 + level) for level in (1.0, 2.0, 3.0)]
    assert len(one.run(families)) == 2
    assert one.budget.left() >= 0.4 * 60
    assert pressure == ["noisy 3 was skipped: it needs about 19 s of CPU, less is left"]


@pytest.mark.parametrize("slower", [1.0, 1.3, 1.6])
def test_a_slower_machine_compares_the_same_engines(check, monkeypatch, slower):
    """Fits that together take just what comparing may take, on machines of other speeds."""
    clock = Clock()
    monkeypatch.setattr(engine_preselection, "cpu_seconds", clock)
    one, _, pressure = preselection(check)
    one.budget = Budget(1.0, cpu=clock, clock=lambda: 0.0)

    def fitting(level, seconds):
        engine = noisy(level, seconds)

        def fit(data, seed, device):
            clock.now += slower * USUAL * seconds
            return engine.fit(data, seed, device)

        return Family.of(replace(engine, fit=fit))

    found = one.run([fitting(1.0, 5.0), fitting(2.0, 9.0), fitting(3.0, 12.0), fitting(4.0, 34.0)])
    assert {*one.values} >= {"noisy 1", "noisy 2", "noisy 3"} and "noisy 4" not in one.values
    assert len(found) >= 3
    assert one.budget.left() >= 0.5 * 0.4 * 60 and len(pressure) == 1


def test_a_machine_too_slow_for_the_plan_leaves_time_to_the_search(check, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(engine_preselection, "cpu_seconds", clock)
    one, _, pressure = preselection(check)
    one.budget = Budget(1.0, cpu=clock, clock=lambda: 0.0)
    families = []
    for level in (1.0, 2.0, 3.0):
        engine = noisy(level, 6.0)

        def fit(data, seed, device, engine=engine):
            clock.now += 24.0
            return engine.fit(data, seed, device)

        families.append(Family.of(replace(engine, fit=fit)))
    assert len([engine for engine in one.run(families) if " + " not in engine.name]) == 2
    assert one.budget.left() == 12.0 and len(pressure) == 1
