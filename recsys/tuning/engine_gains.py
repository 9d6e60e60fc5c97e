"""Gains by one engine: what validation queries gain by the best small form that has it.

The forms hold popularity and the engine, at several half-lives of a history. Engines are compared
by these gains before the search over whole forms; see `recsys.tuning.engine_preselection`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recsys.array_types import Rows
from recsys.ranking.popularity_features import prior_features
from recsys.ranking.terms.popularity import SHARES
from recsys.ranking.terms.protocol import Column
from recsys.serving.live_state import LiveState
from recsys.serving.model import Model
from recsys.tuning.choice_sets import joined
from recsys.tuning.choice_sets_at_cut import choice_sets_at_cut
from recsys.tuning.debiased_metric_weights import item_weights
from recsys.tuning.score_model_form import CandidateForm, CrossValidator
from recsys.tuning.score_model_form_search import plain
from recsys.tuning.validation_gains import Gains
from recsys.tuning.validation_set import ValidationSet

MOST_USERS = 1_500  # that engines are compared on
FEWEST_USERS = 600  # that they are compared on however many items there are
SCORES = 9_000_000  # of an engine that are computed for comparing it, beyond that
HALF_LIVES = (1.0, 5.0, np.inf)  # events of a history back
TERMS_COMPARED = ("popularity", "neighbours", "factors")  # that the compared forms read


def users_compared(n_items: int) -> int:
    """Return how many users engines are compared on in a catalogue of so many items."""
    return int(np.clip(SCORES // max(n_items, 1), FEWEST_USERS, MOST_USERS))


def gains_of(
    checks: Sequence[ValidationSet], name: str, models: Sequence[Model], seed: int
) -> Gains:
    """Return what each query of some folds gains by the best form with an engine, fold by fold.

    `models`: of the engine, one per fold.
    """
    pools, places, start = [], [], 0
    for check, each in zip(checks, models, strict=True):
        model = replace(each, words=np.zeros((len(each), 0), np.float32))
        features = prior_features(LiveState(model))
        pool = choice_sets_at_cut(
            check, {name: model}, HALF_LIVES, features, seed, terms=TERMS_COMPARED
        )
        pools.append(pool)
        places.append(start + pool.user)
        start += len(check)
    choice_sets = replace(joined(pools), user=np.concatenate(places))
    validator = CrossValidator.halves(choice_sets, seed, users=_users_of(checks))
    shares = SHARES if checks[0].data.timed else ("share_all",)
    columns = [c for c in choice_sets.columns if c.term in ("neighbours", "factors")]
    none = np.zeros(len(choice_sets))
    if not columns:
        return Gains(none, none)
    # Beside popularity at one half-life of a history alone: it is most of the cost.
    best = max(map(plain, columns), key=lambda form: float(validator.gains(form).sum()))
    forms = best, _form(shares, _engine_column(best))
    best = max(forms, key=lambda form: float(validator.gains(form).sum()))
    order = np.concatenate([held_out.user for _, held_out in validator.folds])
    found = Gains(none, none.copy())
    found.ndcg[order] = validator.gains(best)
    found.debiased[order] = validator.debiased(best, item_weights(checks[0].data))
    return found


def _engine_column(form: CandidateForm) -> Column:
    """Return the column of the one engine of a form."""
    return form.neighbours if form.neighbours is not None else form.factors[0]


def _users_of(checks: Sequence[ValidationSet]) -> Rows:
    """Return the user of each query of some folds, fold by fold; their place if unknown."""
    users = [np.arange(len(check)) if check.users is None else check.users for check in checks]
    return np.concatenate(users).astype(np.int32)


def _form(shares: tuple[str, ...], column: Column) -> CandidateForm:
    if column.term == "factors":
        return CandidateForm(shares, factors=(column,))
    return CandidateForm(shares, neighbours=column)
