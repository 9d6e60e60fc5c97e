"""Tune: the engine that knows something is chosen; what the budget does not allow is skipped."""

import re
import subprocess
import sys
from dataclasses import replace
from functools import partial

import choice_columns
import numpy as np
import pytest
import worlds
from choice_columns import factors, share
from tuning_world import BOOKS, near, noise, side_events

from recsys.data.event_kind_weights import EventWeights
from recsys.data.records import Item
from recsys.data.table_builder import item_table
from recsys.errors import DataError
from recsys.models.engine_definitions import Engine
from recsys.ranking.batch_scoring import score_block
from recsys.ranking.popularity_features import prior_features
from recsys.ranking.query import Query
from recsys.ranking.terms.popularity import SHARES
from recsys.ranking.terms.protocol import Column, Parameter
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState
from recsys.serving.score_model import ScoreModel
from recsys.training.model_builder import TextVectors, assemble, fit_engines, known_interactions
from recsys.tuning import model_selection
from recsys.tuning.choice_sets import ChoiceSets, build_choice_sets, masked_items
from recsys.tuning.cpu_budget import Budget, cpu_seconds
from recsys.tuning.engine_catalogue import CATALOGUE, engine_named
from recsys.tuning.engine_selection import Log
from recsys.tuning.model_selection import choose
from recsys.tuning.score_model_form import CandidateForm, CrossValidator
from recsys.tuning.score_model_form_search import Search
from recsys.tuning.tuning_result import TuningResult
from recsys.tuning.validation_choice_sets import FEWEST_LISTS, time_over
from recsys.tuning.validation_splits import validation


def broken(data, seed, device):
    raise AssertionError("nobody could afford this")


ENGINES = (
    Engine("noise", "neighbours", noise, lambda data: 0.0),
    Engine("ease 20", "neighbours", near, lambda data: 0.0),
    Engine("dear", "neighbours", broken, lambda data: 1e9),
)


@pytest.fixture(scope="module", params=[True, False], ids=["timed", "untimed"])
def tuned(request):
    table, notes = side_events(request.param), []
    books = item_table(Item(f"book-{n}") for n in range(BOOKS))
    _, check = validation(table, books, EventWeights())
    words = TextVectors.none(len(check.data.items))
    choice = choose(check, words, ENGINES, Budget(2.0), seed=0, note=notes.append)
    return check, choice, notes


def test_the_useful_engine_is_chosen(tuned):
    check, choice, _ = tuned
    assert choice.engines == ("ease 20",)
    best = {
        name: max(row["value"] for row in choice.evidence if name in str(row.get("design")))
        for name in ("ease 20", "noise")
    }
    assert best["ease 20"] > 1.5 * best["noise"]


def test_readers_are_shown_their_own_side(tuned):
    check, choice, _ = tuned
    words = TextVectors.none(len(check.data.items))
    fitted = fit_engines(check.data, words, [ENGINES[1]], 0)
    model = assemble(check.data, fitted, words, choice.score_model)
    scores = score_block(model, check.histories, prior_features(LiveState(model)))
    scores[masked_items(check, len(model))] = -np.inf
    own = []
    for person, top in enumerate(np.argsort(-scores, axis=1)[:, :5]):
        side = check.histories[person].rows[0] % 2  # book n is at row n
        own += (top % 2 == side).tolist()
    assert np.mean(own) > 0.8


def test_what_cannot_be_afforded_is_skipped_and_said_so(tuned):
    _, choice, notes = tuned
    assert {"engine": "dear", "skipped_seconds": 1e9} in choice.evidence
    assert any("dear: skipped" in note for note in notes)


def test_every_alternative_is_in_the_evidence(tuned):
    _, choice, _ = tuned
    values = [row["value"] for row in choice.evidence if "value" in row]
    assert len(values) > 8 and all(0 <= value <= 1 for value in values)
    result = [str(row["design"]) for row in choice.evidence if "design" in row]
    assert any("noise" in text for text in result) and any("ease 20" in text for text in result)


def test_a_choice_survives_json(tuned):
    _, choice, _ = tuned
    again = TuningResult.from_json(choice.to_json())
    assert (again.engines, again.score_model) == (choice.engines, choice.score_model)


def test_no_time_at_all_leaves_the_best_of_popular_trending_and_item_knn():
    table = side_events(timed=True)
    _, check = validation(table, item_table([]), EventWeights())
    words = TextVectors.none(len(check.data.items))
    choice = choose(check, words, [ENGINES[2]], Budget(0.0))
    assert choice.engines == ("item-knn 100",) and choice.trees is None
    assert "no time" in choice.pressure[0] and choice.design == "tuned"
    assert max(row["value"] for row in choice.evidence if "value" in row) > 0.2
    fitted = fit_engines(check.data, words, [engine_named("item-knn 100")], 0)
    model = assemble(check.data, fitted, words, choice.score_model)
    assert len(Recommender(LiveState(model)).recommend(Query(n=5))) == 5


def test_nobody_to_ask_gives_what_is_fixed_with_positive_weights():
    data = worlds.nothing()
    _, check = validation(worlds.event_table([]), data.table, EventWeights())
    choice = choose(check, TextVectors.none(3), [], Budget(1.0))
    score_model = choice.score_model
    weights = [term.weight for term in score_model.terms] + [
        curve.weight for curve in score_model.curves
    ]
    assert choice.design == "untested" and choice.engines == ("item-knn 100",)
    assert min([*weights, *score_model.priors.values()]) > 0


class Stepping:
    """A clock that goes on by so many seconds whenever somebody looks."""

    def __init__(self, by):
        self.now, self.by = 0.0, by

    def __call__(self):
        self.now += self.by
        return self.now


@pytest.mark.parametrize(
    ("cpu", "wall", "left"), [(1.0, 1.0, 59.0), (1.0, 8.0, 58.0), (0.0, 240.0, 0.0)]
)
def test_a_budget_is_cpu_time_with_a_limit_of_four_times_by_the_clock(cpu, wall, left):
    assert Budget(1.0, Stepping(cpu), Stepping(wall)).left() == pytest.approx(left)


def test_a_budget_counts_threads_and_children():
    before = cpu_seconds()
    subprocess.run([sys.executable, "-c", "sum(range(5_000_000))"], check=True)
    assert cpu_seconds() - before > 0.02


@pytest.mark.parametrize("looks", range(1, 60, 7))
def test_a_search_that_ends_anywhere_keeps_a_form_that_finds_something(looks):
    """The budget is over after so many looks at it, whatever is being done then."""
    _, check = validation(side_events(timed=True), item_table([]), EventWeights())
    words = TextVectors.none(len(check.data.items))
    budget = Budget(looks / 60, Stepping(1.0), Stepping(0.0))
    choice = choose(check, words, ENGINES[:2], budget)
    assert choice.design == "tuned" and choice.engines and choice.engines != ("noise",)
    stopped = {"stopped": "out of time"} in choice.evidence
    assert bool(choice.pressure) or not stopped
    assert looks > 1 or choice.pressure


def test_what_a_whole_budget_could_not_pay_for_is_no_pressure(tuned):
    assert tuned[1].pressure == ()


def popular(name):
    return Parameter("popularity", name, shared=True)


def test_popularity_has_a_positive_weight_where_nothing_else_speaks():
    """What users took up is what fewest had taken up before them."""
    rng = np.random.default_rng(0)
    shares = rng.standard_normal((300, 20)).astype(np.float32)
    chosen = shares == shares.min(axis=1, keepdims=True)
    columns = {share("share_all"): shares, share("share_1d"): -shares, factors("x"): -shares}
    choice_sets = ChoiceSets(
        columns,
        {},
        chosen,
        np.zeros((300, 20), np.float32),
        np.ones(300, np.int64),
        np.ones((300, 20), bool),
        np.arange(300),
        np.broadcast_to(np.arange(20, dtype=np.int32), shares.shape),
    )
    weights = CandidateForm(("share_all",)).fit(choice_sets)
    assert 0 < weights[popular("share_all")] < 0.01
    both = CandidateForm(("share_all", "share_1d")).fit(choice_sets)
    assert (
        both[popular("share_all")] > 0 and both[popular("share_1d")] > 1
    )  # fitted anew, not cut off
    free = CandidateForm(("share_all",), factors=(factors("x"),)).fit(choice_sets)
    assert free[popular("share_all")] < 0


def test_where_no_form_finds_anything_popularity_is_what_stays():
    search = Search(Told({}), lambda text: None, [])
    design, value = search.anchored(("share_1h", "share_1d", "share_all"))
    assert design == CandidateForm(("share_all",)) and value == 0.0


def two_periods(*, again: bool) -> CrossValidator:
    """Return choices by a trend of a day in one period; in the other one by all time.

    `again`: by the trend of a day in both.
    """
    rng = np.random.default_rng(0)
    people, places = 400, 30
    columns = {
        share(name): rng.standard_normal((people, places)).astype(np.float32) for name in SHARES
    }
    day, every = columns[share("share_1d")], columns[share("share_all")]
    period = np.repeat([0, 1], people // 2)
    liking = np.where((period == 0)[:, None] | again, 3 * day, every)
    best = (liking + rng.gumbel(size=liking.shape)).argmax(axis=1)
    chosen = np.zeros(liking.shape, bool)
    chosen[np.arange(people), best] = True
    choice_sets = ChoiceSets(
        columns,
        {},
        chosen,
        np.zeros(liking.shape, np.float32),
        np.ones(people, np.int64),
        np.ones(liking.shape, bool),
        np.arange(people),
        np.broadcast_to(np.arange(places, dtype=np.int32), liking.shape),
        period,
    )
    return CrossValidator.halves(choice_sets, 0)


@pytest.mark.parametrize("again", [False, True])
def test_a_form_that_loses_in_one_period_is_not_built_on(again: bool) -> None:
    validator = two_periods(again=again)
    day, every = CandidateForm(("share_1d",)), CandidateForm(("share_all",))
    assert validator.gains(day).mean() > validator.gains(every).mean()
    assert validator.steady(day, every) is again
    assert validator.surely_better(day, every) is again
    search = Search(validator, lambda text: None, [])
    assert search.anchored(("share_1d", "share_all"))[0] == (day if again else every)


def test_a_loss_in_one_period_within_its_standard_error_is_no_loss() -> None:
    validator = two_periods(again=True)
    day, month = CandidateForm(("share_1d",)), CandidateForm(("share_30d",))
    period = np.concatenate([one.period for _, one in validator.folds])
    rng = np.random.default_rng(0)
    gain = rng.normal(0.0, 0.1, len(period))
    error = 0.1 / np.sqrt((period == 0).sum())
    for loss, steady in ((0.5, True), (2.0, False)):
        for number in (0, 1):  # means that are exact: lost in the first, gained in the other
            own = period == number
            gain[own] -= gain[own].mean() + (loss * error if number == 0 else -error)
        sizes = np.cumsum([len(one) for _, one in validator.folds])[:-1]
        validator.listed[day] = [0.5 + part for part in np.split(gain, sizes)]
        validator.listed[month] = [np.full(len(one), 0.5) for _, one in validator.folds]
        assert validator.steady(day, month) is steady


@pytest.mark.parametrize("known", [True, False])
def test_popularity_is_chosen_where_no_engine_knows_more(known: bool) -> None:
    """A form that is not surely better gives way to the better of popularity and an engine."""
    rng = np.random.default_rng(0)
    people, places = 60, 30
    popular, behaviour = rng.standard_normal((2, people, places)).astype(np.float32)
    columns = {share(name): popular for name in SHARES} | {factors("als"): behaviour}
    liking = (2.0 * behaviour if known else 0.15 * popular) + rng.gumbel(size=popular.shape)
    chosen = np.zeros(popular.shape, bool)
    chosen[np.arange(people), liking.argmax(axis=1)] = True
    choice_sets = ChoiceSets(
        columns,
        {},
        chosen,
        np.zeros(popular.shape, np.float32),
        np.ones(people, np.int64),
        np.ones(popular.shape, bool),
        np.arange(people),
        np.broadcast_to(np.arange(places, dtype=np.int32), popular.shape),
    )
    search = Search(CrossValidator.halves(choice_sets, 0), lambda text: None, [])
    search.alone = CandidateForm(factors=(factors("als"),), plain=True)
    search.popular = CandidateForm(("share_all",))
    both = CandidateForm(("share_all",), factors=(factors("als"),))
    log = Log(lambda text: None)
    found = model_selection.better_than_simple(both, search, search.validator, log)
    assert found == (search.alone if known else search.popular)
    assert log.rows[-1]["kept"] is False


@pytest.mark.parametrize(("spent", "ends"), [(20, False), (31, True), (53, True), (55, True)])
def test_a_walk_leaves_half_of_the_time_to_the_search(spent, ends):
    assert walked_enough(spent, FEWEST_LISTS) is ends


@pytest.mark.parametrize(("spent", "ends"), [(20, False), (31, False), (53, False), (55, True)])
def test_a_walk_goes_on_while_there_are_too_few_lists_to_choose_by(spent, ends):
    assert walked_enough(spent, FEWEST_LISTS - 1) is ends


def walked_enough(spent, lists):
    """Whether a walk of one minute of CPU time ends after some seconds of it and some lists."""
    now = [0.0]
    budget = Budget(1.0, cpu=lambda: now[0], clock=lambda: 0.0)
    enough = time_over(budget)
    now[0] = float(spent)
    return enough(lists)


def test_engines_are_found_by_the_name_in_a_manifest():
    for family in CATALOGUE:
        engine = family.at(family.start)
        assert engine_named(engine.name).name == engine.name
    assert engine_named("als 10 30").scorer == "behaviour"
    for name in ("", "magic 3", "ease", "als 1", "slist x"):
        with pytest.raises(DataError, match="unknown; there are: slist"):
            engine_named(name)


class Clock:
    """Time that passes by one second whenever somebody looks."""

    def __init__(self, seconds):
        self.seconds = seconds

    def left(self):
        self.seconds -= 1
        return self.seconds


def test_the_search_ends_with_its_time_and_says_so(tuned):
    check, whole, _ = tuned
    models = {
        "ease 20": assemble(
            check.data,
            {"neighbours": near(known_interactions(check.data, TextVectors.none(BOOKS)), 0, "cpu")},
            TextVectors.none(len(check.data.items)),
            whole.score_model,
        )
    }
    features = prior_features(LiveState(models["ease 20"]))
    validator = CrossValidator.halves(build_choice_sets(check, models, (5.0,), features, 0), 0)
    result = {}
    for seconds in (2, 10_000):
        notes, rows = [], []
        search = Search(validator, notes.append, rows, Clock(seconds).left)
        search.grow(check.data.timed, [choice_columns.near("ease 20")], voted=False)
        result[seconds] = (
            len([r for r in rows if "value" in r]),
            {"stopped": "out of time"} in rows,
        )
        assert any("time for tuning is over" in note for note in notes) == (seconds == 2)
    assert result[2][1] and not result[10_000][1] and result[2][0] < result[10_000][0]


@pytest.mark.parametrize("engines", [("ease 20",), ("als 10 30",), ("ease 20", "als 10 30")])
def test_what_validation_scores_is_what_is_served(engines):
    """Whatever the weight of a term: a fold-in is not linear in the weights of a history."""
    books = item_table(Item(f"book-{n}") for n in range(BOOKS))
    _, check = validation(side_events(False), books, EventWeights())
    words, known = TextVectors.none(BOOKS), known_interactions(check.data, TextVectors.none(BOOKS))
    fitted = {
        name: {(one := engine_named(name)).scorer: one.fit(known, 0, "cpu")} for name in engines
    }
    models = {
        name: assemble(check.data, part, words, ScoreModel()) for name, part in fitted.items()
    }
    features = prior_features(LiveState(next(iter(models.values()))))
    choice_sets = build_choice_sets(check, models, (5.0,), features, 0)
    scorers = {next(iter(part)): name for name, part in fitted.items()}
    form = CandidateForm(
        neighbours=choice_columns.near(scorers["neighbours"]) if "neighbours" in scorers else None,
        factors=(factors(scorers["behaviour"], 4.0),) if "behaviour" in scorers else (),
        plain=True,
    )
    weights = {parameter: 7.0 for parameter, _ in form.parts(choice_sets)}
    both = {scorer: part for parts in fitted.values() for scorer, part in parts.items()}
    model = assemble(check.data, both, words, form.score_model(weights))
    served = score_block(model, check.histories, features)
    offered = np.isfinite(choice_sets.offset)
    validated = form.scores(choice_sets, weights)[offered]
    users, places = np.nonzero(offered)
    found = served[users, choice_sets.rows[users, places]]
    assert validated.std() > 0.1
    assert np.allclose(found - found.mean(), validated - validated.mean(), atol=1e-3)


class OnePeriod:
    """The part of a validator that compares periods, with one of them."""

    def steady(self, design, other):
        return True

    def surely_better(self, design, other):
        return False


class Known(OnePeriod):
    """A judge who values forms by the engines they have, without popularity."""

    def __init__(self, values):
        self.values = values

    def value(self, design):
        engines = [column.source for column in (design.neighbours, *design.factors) if column]
        return self.values.get(" ".join(engines), 0.0) if design.plain else 0.01


@pytest.mark.parametrize(("pair", "best"), [(0.21, "knn als"), (0.19, "als")])
def test_the_best_engines_of_both_kinds_are_tried_together(pair, best):
    values = {"knn": 0.18, "slow": 0.1, "als": 0.2, "elsa": 0.15, "knn als": pair}
    columns = [choice_columns.near("slow"), choice_columns.near("knn")]
    columns += [factors("elsa"), factors("als")]
    search = Search(Known(values), lambda text: None, [])
    found = search.grow(False, columns, voted=False)
    assert search.alone is not None and search.alone == found
    assert Known(values).value(found) == values[best]


class Told(OnePeriod):
    """A judge whose verdicts are known."""

    def __init__(self, by_vote):
        self.by_vote, self.queried = by_vote, []

    def value(self, design):
        self.queried.append((design.rating_weight, design.personal_rating))
        return self.by_vote.get(design.rating_weight, 0.0) + 0.01 * design.personal_rating


@pytest.mark.parametrize(
    ("by_vote", "best", "highest"),
    [
        ({0.0: 1.0, 0.5: 1.2, 1.0: 1.5, 2.0: 1.1, 3.0: 9.0}, 1.0, 2.0),  # 3 comes after harm
        ({0.0: 1.0, 0.5: 0.995, 1.0: 1.0, 2.0: 1.2, 3.0: 0.9}, 2.0, 3.0),  # a level stretch
        ({0.0: 1.0, 0.5: 0.5}, 0.0, 0.5),
    ],
)
def test_votes_weigh_more_until_that_does_harm(by_vote, best, highest):
    validator = Told(by_vote)
    found = Search(validator, lambda text: None, []).grow(False, [], voted=True)
    assert (
        found.rating_weight == best
        and max(rating_weight for rating_weight, _ in validator.queried) == highest
    )
    assert found.personal_rating == (best > 0)


def test_of_many_engines_the_best_three_go_on():
    _, check = validation(side_events(timed=True), item_table([]), EventWeights())
    worse = tuple(Engine(f"noise {n}", "neighbours", noise, lambda data: 0.0) for n in range(3))
    choice = choose(
        check, TextVectors.none(len(check.data.items)), (*worse, ENGINES[1]), Budget(2.0)
    )
    values = {
        row["engine"]: row["preselection_ndcg"]
        for row in choice.evidence
        if "preselection_ndcg" in row
    }
    best = sorted(values, key=lambda name: -values[name])
    assert len(best) == 4 and best[0] == "ease 20"
    designs = " ".join(row.get("design", "") for row in choice.evidence)
    tried = set(re.findall(r"(noise \d|ease 20)~", designs))
    assert choice.engines == ("ease 20",) and tried == set(best[:3])


@pytest.mark.parametrize(("idle", "kept"), [(0.5, 0.0), (0.4, 3.0)])
def test_a_part_that_later_parts_made_idle_is_taken_out(idle, kept):
    search = Search(Told({3.0: 0.5, 0.0: idle}), lambda text: None, [])
    form = CandidateForm(
        ("share_all",), neighbours=choice_columns.near("x"), rating_weight=3.0, personal_rating=True
    )
    found = search._pruned((form, 0.5))
    assert found.rating_weight == kept and found.personal_rating == bool(kept)


class Values(OnePeriod):
    """A validator of which the value of each form is known."""

    opinions = None

    def __init__(self, value):
        self.value = value


def test_the_age_of_items_is_there_before_personal_parts_are_tried():
    def value(form):
        aged = "item_age" in form.linear
        personal = bool(form.neighbours) and not form.lift and not form.plain
        return 1.0 + 0.2 * aged + (0.3 if aged else -0.5) * personal

    found = Search(Values(value), lambda text: None, []).grow(
        True, [choice_columns.near("x"), Column("item_age")], voted=False
    )
    assert "item_age" in found.linear and found.neighbours is not None


@pytest.mark.parametrize(("gain", "lift"), [(1.005, True), (1.02, False)])
def test_logarithms_of_neighbour_sums_gain_as_much_over_the_lift_as_any_other_part(gain, lift):
    def value(form):
        near = bool(form.neighbours) and not form.plain
        return 1.0 + near * (1.2 * (1.0 if form.lift else gain) - 1.0)

    found = Search(Values(value), lambda text: None, []).grow(
        True, [choice_columns.near("x"), choice_columns.near("y")], voted=False
    )
    assert found.neighbours is not None and found.lift is lift


def test_other_engines_are_offered_at_the_half_life_that_was_chosen():
    near = [choice_columns.near(name, life) for name in ("x", "y", "z") for life in (1.0, 5.0)]

    def value(form):
        return 1.0 + (form.neighbours == choice_columns.near("y", 5.0)) * form.lift

    search = Search(Values(value), lambda text: None, [])
    found = search.grow(True, near, voted=False)
    assert found.neighbours == choice_columns.near("y", 5.0)
    others = search.with_other_engines(found)
    assert [str(one.neighbours) for one in others] == ["x~5", "z~5"]
    assert all(replace(one, neighbours=found.neighbours) == found for one in others)
    assert not search.with_other_engines(CandidateForm(("share_all",)))
    assert not search.with_other_engines(CandidateForm(neighbours=near[0], plain=True))


def test_a_part_that_was_refused_is_tried_again_beside_parts_that_were_added_later():
    words = tuple(Column("words", half_life=life) for life in (1.0, 6.0))

    def value(form):
        beside = "liked" in form.shares
        return 1.0 + 0.2 * beside + (0.3 if beside else -0.5) * bool(form.words)

    found = Search(Values(value), lambda text: None, []).grow(True, words, voted=False)
    assert "liked" in found.shares and found.words == words


def test_all_half_lives_of_popularity_together_make_room_for_parts_that_were_refused():
    def value(form):
        together = set(SHARES) <= {*form.shares}
        personal = bool(form.neighbours) and not form.plain
        return 1.0 + 0.2 * together + (0.3 if together else -0.5) * personal

    def grown(timed):
        search = Search(Values(value), lambda text: None, [])
        return search.grow(timed, [choice_columns.near("x")], voted=False)

    assert set(SHARES) <= {*grown(True).shares} and grown(True).neighbours is not None
    assert grown(False) == CandidateForm(("share_all",))  # without times they are all the same


@pytest.mark.parametrize(("spread", "best"), [(0.1, "share_6h"), (1.0, "share_1h")])
def test_the_best_half_life_is_built_on_where_it_is_surely_better(spread, best):
    """The longest and the shortest have one neighbour alone."""
    means = {"share_1h": 0.22, "share_6h": 0.24, "share_1d": 0.15}
    noise = np.tile([1.0, -1.0], 50)

    def gains(form):
        return means[form.shares[0]] + spread * noise * (form.shares[0] == "share_6h")

    judge = Values(lambda form: means[form.shares[0]])
    judge.gains = gains
    judge.surely_better = partial(CrossValidator.surely_better, judge)
    design, found = Search(judge, lambda text: None, []).anchored(tuple(means))
    assert design == CandidateForm((best,)) and found == means[best]


def test_words_of_one_half_life_may_do_better_than_all_of_them():
    words = tuple(Column("words", half_life=life) for life in (1.0, 6.0, np.inf))

    def value(form):
        return 1.0 + {0: 0.0, 1: 0.2, 3: 0.1}[len(form.words)] + 0.1 * (form.words == words[1:2])

    found = Search(Values(value), lambda text: None, []).grow(False, words, voted=False)
    assert found.words == words[1:2]


@pytest.mark.parametrize(("looks", "met"), [(3, False), (5, True), (9, True)])
def test_a_search_that_ends_early_has_compared_the_engines(looks, met):
    """Terms of popularity do not use up the time before any engine was tried."""
    columns = [choice_columns.near("knn", 20.0), choice_columns.near("lowpass", 20.0)]
    columns += [factors("als"), Column("item_age"), Column("exposure_age")]

    def value(form):
        engine = form.neighbours or (form.factors or (None,))[0]
        best = {"knn": 0.2, "lowpass": 0.3, "als": 0.1}.get(engine.source, 0) if engine else 0.01
        return best if form.plain else 0.01 * (1 + len(form.linear))

    search = Search(Values(value), lambda text: None, [], Clock(looks).left)
    found = search.grow(True, columns, voted=True)
    assert search.stopped and search.met == met
    if met:
        assert found.neighbours is not None and found.neighbours.source == "lowpass"
        assert search.found == 0.3 and found.plain


@pytest.mark.parametrize(("left", "tried"), [(0.0, False), (np.inf, True)])
def test_terms_of_follows_count_as_tried_only_where_there_was_time(left, tried):
    """A night that did not come to them keeps their priors; see `with_social_priors`."""
    search = Search(Told({}), lambda text: None, [], lambda: left)
    search.social = ["followees", "second_hop"]
    search._followed((CandidateForm(("share_all",)), 0.1))
    assert search.follows_tried is tried


def test_models_that_take_all_the_time_leave_lists_and_a_search(monkeypatch):
    """Models of the engines that go on cost more than is left; the better engine is chosen."""
    _, check = validation(side_events(timed=False), item_table([]), EventWeights())
    words, seconds = TextVectors.none(len(check.data.items)), [0.0]
    assembled = model_selection.assembled

    def slowly(*args, **options):
        if "rated" not in options:  # not the quick look at popular, trending and item-knn
            seconds[0] += 100.0
        return assembled(*args, **options)

    monkeypatch.setattr(model_selection, "assembled", slowly)
    notes, budget = [], Budget(1.0, cpu=lambda: seconds[0], clock=lambda: 0.0)
    choice = choose(check, words, ENGINES[:2], budget, note=notes.append)
    assert budget.left() < 0 and choice.engines == ("ease 20",)
    assert any(f"{len(check)} lists to choose by" in note for note in notes)
