"""Model selection: engines and score weights chosen on validation users within a time budget.

What costs seconds comes first: popular, trending and item-knn are fitted and scored before
anything else, so that a search which ends early always has a result. Every later step looks at the
budget before it begins, and what there was no time for is written down.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recsys.models.engine_definitions import Engine
from recsys.ranking.popularity_features import prior_features
from recsys.ranking.terms.personal_rating import TASTE
from recsys.ranking.terms.popularity import SHARES
from recsys.ranking.terms.protocol import Parameter
from recsys.ranking.terms.registry import social_terms
from recsys.ranking.terms.social import SHORT
from recsys.serving.gbdt_model import Gbdt
from recsys.serving.live_state import LiveState
from recsys.serving.score_model import UNREAD, LogTerm, ScoreModel, Term
from recsys.training.model_builder import TextVectors, known_interactions
from recsys.tuning.accuracy_personalization_frontier import described, frontier
from recsys.tuning.choice_sets import ChoiceSets
from recsys.tuning.choice_sets_at_cut import choice_sets_at_cut
from recsys.tuning.cold_item_rank_tuning import UnreadRanks, choose_ranks
from recsys.tuning.cold_user_weights import choose_cold_user_weights
from recsys.tuning.cpu_budget import Budget, cpu_seconds
from recsys.tuning.debiased_metric_weights import item_weights
from recsys.tuning.engine_catalogue import CHEAP, Family, engine_of
from recsys.tuning.engine_selection import (
    Log,
    Note,
    Parts,
    assembled,
    fitted_again,
    selected_engines,
)
from recsys.tuning.gbdt_training import fit_gbdt_if_better
from recsys.tuning.score_model_form import REFUSALS, CandidateForm, CrossValidator
from recsys.tuning.score_model_form_search import GAIN, Search, form_summary
from recsys.tuning.social_term_priors import with_social_priors
from recsys.tuning.tuning_result import TuningResult
from recsys.tuning.validation_choice_sets import (
    FEWEST_LISTS,
    SEARCHED,
    ReplaySource,
    asked_at_cut,
    lists_text,
    validation_choice_sets,
)
from recsys.tuning.validation_set import ValidationSet

TREE_SECONDS = 30.0  # of CPU time that learning trees may take
CHEAP_PEOPLE = 500  # users on whom popular, trending and item-knn are evaluated
CHEAP_SCORES = 50_000_000  # of one column; with more than 100,000 items fewer users are evaluated
FEWEST_CHEAP = 100  # users
CHEAP_TERMS = ("popularity", "liked", "refusals", "neighbours", "taste")  # that these forms read
CHEAP_LIVES = (5.0, 20.0)  # half-lives of a history of item-knn queries, in events
SURE = 1.64  # standard errors by which a form has to be better than one engine alone
# Where nothing can be tested: neighbours, words of the history and what is popular, at the weights
# that DESIGN.md gives reasons for; of items that are alike in all this, the newer one.
FIXED = ScoreModel(
    terms=(Term("neighbours", 20.0, 1.0), Term("words", 6.0, 1.0)),
    curves=(LogTerm(0.03, 0.5),),
    priors={"share_all": 0.5},
    linear={"item_age": -0.001},
    unread=UNREAD,
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a part of the search ended with."""

    design: CandidateForm
    value: float  # nDCG@20 of users to whose choices the weights were not fitted
    choice_sets: ChoiceSets  # that the weights are learned from
    follows_tried: bool = False  # whether all terms of follows were tried


def fixed_choice(rows: Sequence[Mapping[str, object]] = ()) -> TuningResult:
    """Return what serves where nothing can be tested: item-knn, words of the history, popularity.

    All weights are positive and the same on every platform.
    """
    score_model = with_social_priors(FIXED, None)
    return TuningResult((CHEAP.name,), score_model, tuple(rows), design="untested")


def choose(
    check: ValidationSet,
    words: TextVectors,
    engines: Sequence[Engine | Family],
    budget: Budget,
    seed: int = 0,
    device: str = "cpu",
    note: Note = lambda text: None,
    on_the_way: ReplaySource | None = None,
    cut: ValidationSet | None = None,
    more: Sequence[ValidationSet] = (),
    compare_follows: bool = False,
    compare_engines: bool = True,
    further: Sequence[ValidationSet] = (),
) -> TuningResult:
    """Fit the engines that the budget allows and choose the form of the score and its weights.

    Where they are many, the best at one cut go on.

    Users are evaluated at one cut in time, or, with `on_the_way`, before each of the events that
    followed, as a service that receives every event is. `cut`: users at one cut for what is
    evaluated first; None: those of `check`. `more`: further folds beside `check`, with the same
    numbers of users and items; engines are fitted to each. `compare_follows`: return the choice
    without the terms of follows as well. `compare_engines`: before a replay, compare others with
    the usual engines. `further`: folds whose users are asked about the form and its weights alone;
    the engines that go on are fitted to each, where the budget has room for it.

    The form grows part by part; a part stays when it raises nDCG@20 of users whose own choices were
    not used for its weights. The weights of the winning form are then learned from everybody. A
    search that ends early keeps the best form so far, and the choice says what was left out.
    """
    log = Log(note)
    first = _cheap(check if cut is None else cut, seed, log)
    if first is not None and budget.left() <= 0:
        log.hurried("only popular, trending and item-knn were tried: there was no time for more")
        return _chosen(first, (CHEAP,), log)
    checks = (check, *more)
    replayed = on_the_way is not None
    folds = selected_engines(
        checks, words, engines, budget, seed, device, log, replayed, compare_engines
    )
    if first is not None and budget.left() <= 0:
        log.hurried("the time was over when the engines were fitted: none of them was evaluated")
        return _chosen(first, (CHEAP,), log)
    refitted = fitted_again(folds[0], further, words, engines, budget, seed, device, log)
    checks, folds = (*checks, *further[: len(refitted)]), [*folds, *refitted]
    asked: Sequence[ValidationSet | None]
    asked = [None for _ in checks] if replayed else asked_at_cut(checks, seed)
    models = [
        assembled(one, parts or {"": {}}, words, seed, words.student, asked=some)
        for one, parts, some in zip(checks, folds, asked, strict=True)
    ]
    finalists = [engine_of(name, engines) for name in folds[0]]
    queries = validation_choice_sets(checks, models, seed, on_the_way, budget, log, len(refitted))
    choice_sets, count = queries.choice_sets, len(queries.choice_sets)
    note(f"{lists_text(count)} to choose by, {choice_sets.offset.shape[1]} candidates each")
    few = count < FEWEST_LISTS and bool(log.pressure)
    if few and first is not None:
        log.hurried(f"the time was over after {lists_text(count)}, too few to choose by")
        return _chosen(first, (CHEAP,), log)
    if not count:
        return _chosen(first, (CHEAP,), log) if first is not None else fixed_choice(log.rows)
    validator = CrossValidator.halves(choice_sets, seed, queries.opinions)
    if (opinions := queries.opinions) is not None:
        note(
            f"{opinions.users():,} users have likes and dislikes among them: telling these apart"
            f" weighs {validator.liking:.3f} beside 1 of nDCG@20"
        )
    voted = next(iter(models[0].values())).explicit_mf is not None
    search = Search(validator, note, log.rows, _time_of_search(budget))
    columns = [column for column, values in choice_sets.columns.items() if values.any()]
    design = search.grow(check.data.timed, columns, voted)
    if search.stopped:
        tried = sum("value" in row for row in log.rows)
        log.hurried(
            f"the time for tuning was over after {tried} forms: the best so far is kept,"
            f" {form_summary(design)}"
        )
    if first is not None and (
        search.found <= 0 or not search.met or not design.personal and search.stopped
    ):
        return _chosen(first, (CHEAP,), log)
    if search.found <= 0:
        return replace(fixed_choice(log.rows), pressure=tuple(log.pressure))
    if not search.stopped:
        design = better_than_simple(design, search, validator, log)
    forms = [design]
    if check.data.timed and on_the_way is None and not search.stopped:
        forms += [*search.reweighted(design), *search.with_other_engines(design)]
    design, points = frontier(validator, forms, item_weights(check.data))
    if design != forms[0]:
        note(f"{form_summary(design)} takes the place of {form_summary(forms[0])}")
    log.rows.append({"form": form_summary(design)})
    point = next(point for point in points if point.chosen)
    design = replace(design, dial=point.personal, places=point.places, discount=point.discount)
    log.note(described(points))
    # Trees are judged by what is taken up; where dislikes count too, that is not the whole
    # objective.
    by_ndcg_alone, trees = validator.opinions is None and check.only is None, None
    if by_ndcg_alone and (on_the_way is not None or not check.data.timed):
        if budget.left() > TREE_SECONDS:
            trees = _corrected(choice_sets, design, on_the_way is not None, seed, log)
        elif budget.seconds > TREE_SECONDS:
            log.hurried("there was no time to try trees that correct the score model")
    found = Found(design, search.found, choice_sets, search.follows_tried)
    result = _chosen(found, finalists, log, trees, validator)
    result = replace(result, frontier=tuple(point.to_json() for point in points))
    if not compare_follows:  # a night does not need it
        return result
    in_time = on_the_way is not None
    bare = _without_follows(result, design, choice_sets, finalists, validator, in_time, seed)
    return replace(result, without_follows=bare)


def _without_follows(
    result: TuningResult,
    design: CandidateForm,
    choice_sets: ChoiceSets,
    finalists: Sequence[Engine],
    validator: CrossValidator,
    in_time: bool,
    seed: int,
) -> TuningResult:
    """Return the same choice without the terms of follows, its weights learned anew.

    They are the last part of a form that is tried, so that this is the form that would have been
    chosen without follows.
    """
    names = {term.name for term in social_terms()}
    if not names & {*design.linear}:
        return result
    bare = replace(design, linear=tuple(name for name in design.linear if name not in names))
    log, trees = Log(lambda text: None), None
    if result.trees is not None:
        trees = _corrected(choice_sets, bare, in_time, seed, log)
    chosen = _chosen(Found(bare, 0.0, choice_sets), finalists, log, trees, validator)
    model = chosen.score_model
    linear = {n: w for n, w in model.linear.items() if n.removesuffix(SHORT) not in names}
    return replace(chosen, score_model=replace(model, linear=linear))


def better_than_simple(
    design: CandidateForm, search: Search, validator: CrossValidator, log: Log
) -> CandidateForm:
    """Return the design, or a simple form where it is not better than engines alone beyond chance.

    A design that was found among many is favoured by the search itself, so its gain over the best
    single engine has to exceed `SURE` standard errors of the paired difference. The simple form is
    that engine, or popularity alone where its nDCG@20 is higher: then no engine is known to tell
    more than what is popular.
    """
    alone, popular = search.alone, search.popular
    if alone is None or design in (alone, popular) or validator.opinions is not None:
        return design
    change = validator.gains(design) - validator.gains(alone)
    error = float(change.std() / np.sqrt(max(len(change), 1)))
    mean = float(change.mean()) if len(change) else 0.0
    kept = mean > SURE * error
    log.rows.append({"alone": form_summary(alone), "gain": mean, "error": error, "kept": kept})
    if kept:
        return design
    if popular is not None and search.value(popular) > search.value(alone):
        alone = popular
    log.note(f"{form_summary(design)} is not surely better, so {form_summary(alone)} is chosen")
    return alone


def _chosen(
    found: Found,
    engines: Sequence[Engine],
    log: Log,
    trees: Gbdt | None = None,
    validator: CrossValidator | None = None,
) -> TuningResult:
    """Return a choice whose weights are learned from everybody.

    `validator`: halves of the choice sets, on which weights of cold users are compared; None: they
    are not.
    """
    weights = found.design.fit(found.choice_sets)
    score_model, ranks = found.design.score_model(weights), unread_ranks(found, weights, log)
    cold_user_weights = choose_cold_user_weights(
        found.design, found.choice_sets, weights, validator
    )
    log.rows.append(cold_user_weights.to_json())
    score_model = replace(
        score_model,
        cold_user_weights=cold_user_weights.features,
        cold_user_linear=cold_user_weights.linear,
        unread=ranks.factor,
        appeal=ranks.appeal,
    )
    scores = found.design.scores(found.choice_sets, weights)
    sampled = found.choice_sets.offset > 0  # where all items are offered: all of them
    sampled = sampled if sampled.any() else np.isfinite(found.choice_sets.offset)
    spread = float(scores[sampled].std()) or 1.0
    tested = found.choice_sets if found.follows_tried else None
    score_model = with_social_priors(score_model, tested, spread)
    if not found.choice_sets.columns[TASTE].any():  # nothing learned of dislikes
        score_model = replace(score_model, priors={**score_model.priors, "refusals": REFUSALS})
    pressure = tuple(log.pressure)
    return TuningResult(
        _used(engines, found.design), score_model, tuple(log.rows), trees, pressure=pressure
    )


def unread_ranks(found: Found, weights: Mapping[Parameter, float], log: Log) -> UnreadRanks:
    """Return what places unread items, and write down what it was chosen by.

    By the neighbour sums of the form; without any, by the texts of the history, as it is served.
    """
    design, choice_sets = found.design, found.choice_sets
    sums = None if design.neighbours is None else choice_sets.columns[design.neighbours]
    words = [column for column in choice_sets.columns if column.term == "words"]
    if sums is None and words:
        longest = max(words, key=lambda column: column.half_life or 0.0)
        sums = choice_sets.columns[longest] if choice_sets.columns[longest].any() else None
    chosen = choose_ranks(choice_sets, design.scores(choice_sets, weights), sums, design.lift)
    log.rows.append(chosen.to_json())
    return chosen


def _cheap(check: ValidationSet, seed: int, log: Log) -> Found | None:
    """Return the best of popular, trending and item-knn at one cut; None where none finds anything.

    Seconds of CPU; it does not look at the budget, so that there always is a result.
    """
    known = known_interactions(check.data, TextVectors.none(len(check.data.items)))
    if not len(check) or not known.matrix.nnz:
        return None
    began = cpu_seconds()
    parts: Parts = {CHEAP.name: {CHEAP.scorer: CHEAP.tried(known, seed, "cpu")}}
    none = TextVectors.none(len(check.data.items))
    models = assembled(check, parts, none, seed, None, rated=False)
    features = prior_features(LiveState(models[CHEAP.name]))
    most = max(FEWEST_CHEAP, CHEAP_SCORES // len(check.data.items))
    some = check.sample(min(CHEAP_PEOPLE, most), seed)
    choice_sets = choice_sets_at_cut(some, models, CHEAP_LIVES, features, seed, terms=CHEAP_TERMS)
    search = Search(CrossValidator.halves(choice_sets, seed), log.note, log.rows)
    design, value = search.anchored(SHARES if check.data.timed else ("share_all",))
    near = [column for column in choice_sets.columns if column.term == "neighbours"]
    for column in near:
        form = replace(design, neighbours=column)
        if (gain := search.value(form)) > value * GAIN:
            design, value = form, gain
    took = cpu_seconds() - began
    log.note(
        f"popular, trending and {CHEAP.name}: {value:.4f} by {form_summary(design)}, {took:.1f} s"
    )
    log.rows.append({"engine": CHEAP.name, "seconds": took})
    return Found(design, value, choice_sets) if value > 0 else None


def _used(engines: Sequence[Engine], design: CandidateForm) -> tuple[str, ...]:
    columns = (design.neighbours, *design.factors)
    used = {column.source for column in columns if column is not None}
    return tuple(engine.name for engine in engines if engine.name in used)


def _corrected(
    choice_sets: ChoiceSets, design: CandidateForm, in_time: bool, seed: int, log: Log
) -> Gbdt | None:
    """Return trees that correct the score model; none after one cut in time, which fits one day
    only.

    There, everybody chooses among items as hot as they were at the cut: trees would learn which
    items those were, and no half of the users could tell.
    """
    try:
        found = fit_gbdt_if_better(choice_sets, design, in_time, seed)
    except OSError as error:  # of the import: the library of the system is missing
        log.note(f"no trees: LightGBM cannot be loaded ({error}); on Linux it needs libgomp")
        return None
    log.rows.append({"trees": found.rounds, "gain": found.gain, "kept": found.trees is not None})
    log.note(
        f"trees: nDCG@20 changes by a factor of {found.gain:.3f},"
        f" {'kept' if found.trees else 'left out'}"
    )
    return found.trees


def _time_of_search(budget: Budget) -> Callable[[], float]:
    """Return a function that returns the CPU seconds left to the search.

    Fits and models may take longer than expected; the search has `SEARCHED` of the budget from now
    on whatever they took, since all that came before it would be in vain.
    """
    begun = budget.spent()
    least = SEARCHED * budget.seconds
    return lambda: max(budget.left(), least - (budget.spent() - begun))
