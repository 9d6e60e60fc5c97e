"""Forward search over the parts of the score form."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from recsys.ranking.terms.popularity import SHARES
from recsys.ranking.terms.protocol import Column
from recsys.ranking.terms.registry import TERMS, linear_terms, social_terms
from recsys.ranking.terms.single_weight_base import LinearTerm
from recsys.serving.score_model import USER_FEATURES
from recsys.tuning.score_model_form import CandidateForm, CrossValidator

log = logging.getLogger(__name__)

VOTES = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0)  # weights of the expected vote that are tried
GAIN = 1.01  # a part must raise nDCG@20 by so much to be kept; less is within the noise of a slice
WITHOUT: dict[str, dict[str, Any]] = {  # part of a form -> what the form is without it
    "rating_weight": {"rating_weight": 0.0, "personal_rating": False},
    "factors": {"factors": ()},
    "words": {"words": ()},
}
MIDDLE = 20.0  # half-life of a history, in events, that is tried first
ROUNDING = 1e-9  # differences of nDCG@20 that rounding may make
Note = Callable[[str], None]


@dataclass(slots=True)
class Search:
    """Grows a design part by part, for as long as there is time."""

    validator: CrossValidator
    note: Note
    rows: list[dict[str, object]]
    left: Callable[[], float] = lambda: math.inf  # seconds until no further form is tried
    stopped: bool = False
    found: float = 0.0  # nDCG@20 of the best form
    met: bool = False  # every engine was tried at least once
    # the best form of engines alone, one or one of either kind; None: none was tried
    alone: CandidateForm | None = None
    popular: CandidateForm | None = None  # by the half-life that is built on; None: not tried
    values: dict[CandidateForm, float] = field(default_factory=dict)  # of the forms judged
    linear: list[LinearTerm] = field(default_factory=list)  # optional terms with a column
    social: list[str] = field(default_factory=list)  # terms of follows with a column
    follows_tried: bool = False  # all of them, before the time was over
    neighbours: list[Column] = field(default_factory=list)  # of all engines

    def grow(self, timed: bool, columns: Iterable[Column], voted: bool) -> CandidateForm:
        """Return the best form found; `columns` are those that differ between items.

        `voted`: likes and dislikes are both at hand, so the expected vote may be a part. Each
        engine alone is tried first, so that a search that ends early has compared the engines.
        """
        columns = list(columns)
        terms, social = [one for one in linear_terms() if one.column() in columns], social_terms()
        self.linear = [one for one in terms if one not in social]
        self.social = [one.name for one in terms if one in social]
        found = by_life(column for column in columns if column.term == "neighbours")
        self.neighbours = found
        factors = [column for column in columns if column.term == "factors"]
        engines = len({column.source for column in found})
        first = self._best_of(map(plain, (*found[:engines], *factors)))
        self.met = not self.stopped
        best = self.anchored(SHARES if timed else ("share_all",))
        self.popular = best[0]
        if timed:
            best = self._best(self._with_each_linear(best[0], dated=True), best)
        if voted:
            best = self._voted(best)
        # The lift has one weight, logarithms have three: of forms that are level the lift stays,
        # so logarithms have to gain as much over it as any other part.
        for lift in (True, False) if timed else (False,):
            near = [replace(best[0], neighbours=name, lift=lift) for name in found]
            best = self._best(near, best)
        best = self._alone(found, factors, best)
        best = self._best([replace(best[0], factors=(column,)) for column in factors], best)
        words = tuple(column for column in columns if column.term == "words")
        best = self._worded(words, best)
        anchor, before = best[0].shares, best[0]
        for more in self._additions(anchor, timed):
            best = self._best([more(best[0])], best)
        if best[0] != before and not best[0].plain:
            best = self._retried(found[:engines], factors, words, timed, best)
        best = self._followed(best)
        if self.stopped and first[0] is not None and first[1] > best[1]:
            best = first[0], first[1]
        self.found = best[1]
        return self._pruned(best)

    def reweighted(self, design: CandidateForm) -> list[CandidateForm]:
        """Return the forms that weigh popularity by a further feature of a user.

        None for an engine alone, or without popularity.
        """
        if design.plain or not design.shares:
            return []
        names = dict.fromkeys((design.shares[0], "share_all"))
        known = {trait for trait, _ in design.by_trait}
        return [
            replace(design, by_trait=(*design.by_trait, *((trait, name) for name in names)))
            for trait in USER_FEATURES
            if trait not in known
        ]

    def with_other_engines(self, design: CandidateForm) -> list[CandidateForm]:
        """Return the forms that read another item-item engine at the same half-life.

        None for an engine alone, or without neighbours.
        """
        own = design.neighbours
        if design.plain or own is None:
            return []
        return [
            replace(design, neighbours=column)
            for column in self.neighbours
            if column.half_life == own.half_life and column.source != own.source
        ]

    def _followed(self, best: tuple[CandidateForm, float]) -> tuple[CandidateForm, float]:
        """Try the terms of follows: each beside those kept before, then all together."""
        if not self.social:
            return best
        start = best
        for _ in self.social:
            before = best
            left = [name for name in self.social if name not in best[0].linear]
            best = self._best([_with_linear(name)(best[0]) for name in left], best)
            if best is before:
                break
        best = self._best([_with_linear(*self.social)(start[0])], best)
        self.follows_tried = not self.stopped
        return best

    def _worded(
        self, words: tuple[Column, ...], best: tuple[CandidateForm, float]
    ) -> tuple[CandidateForm, float]:
        """Try the words of the history: all half-lives together, then each alone."""
        tried = [words, *((column,) for column in words)] if len(words) > 1 else [words]
        return self._best([replace(best[0], words=some) for some in tried if some], best)

    def _retried(
        self,
        neighbours: Sequence[Column],
        factors: Sequence[Column],
        words: tuple[Column, ...],
        timed: bool,
        best: tuple[CandidateForm, float],
    ) -> tuple[CandidateForm, float]:
        """Try the parts that were refused once more, beside those that were added later.

        A part may show its worth only where another one holds back what it wrongly puts first:
        words of the history among old items, before anything tells old from new.
        """
        if best[0].neighbours is None:
            for lift in (True, False) if timed else (False,):
                near = [replace(best[0], neighbours=n, lift=lift) for n in neighbours]
                best = self._best(near, best)
        if not best[0].factors:
            best = self._best([replace(best[0], factors=(one,)) for one in factors], best)
        if not best[0].words:
            best = self._worded(words, best)
        return best

    def _with_each_linear(self, form: CandidateForm, dated: bool) -> Iterable[CandidateForm]:
        """Return the form with each of the optional terms of one weight that it lacks."""
        terms = (term for term in self.linear if term.dated == dated)
        return [_with_linear(term.name)(form) for term in terms if term.name not in form.linear]

    def _alone(
        self,
        near: Iterable[Column],
        factors: Iterable[Column],
        best: tuple[CandidateForm, float],
    ) -> tuple[CandidateForm, float]:
        """Try each engine alone, and the best of either kind together; note the best.

        An engine in front is what parts join.
        """
        single = [self._best_of(map(plain, columns)) for columns in (near, factors)]
        forms = [form for form, _ in single if form is not None]
        pair = None
        if len(forms) == 2:
            pair = self._best_of([replace(forms[0], factors=forms[1].factors)])
        every = [*single, *([pair] if pair else [])]
        self.alone, highest = max(every, key=lambda one: one[1])
        if self.alone is None or highest <= best[1]:
            return best
        return (self.alone, highest) if self.validator.steady(self.alone, best[0]) else best

    def _best_of(self, forms: Iterable[CandidateForm]) -> tuple[CandidateForm | None, float]:
        """Return the best of some forms; None where none finds anything or the time is over."""
        found, highest = None, 0.0
        for form in forms:
            if self._out_of_time():
                break
            if (value := self.value(form)) > highest:
                found, highest = form, value
        return found, highest

    def _voted(self, best: tuple[CandidateForm, float]) -> tuple[CandidateForm, float]:
        """Give the expected vote ever more weight, until that does clear harm."""
        bare, floor, highest = best[0], best[1] * GAIN, best[1]
        for rating_weight in VOTES:
            if self._out_of_time():
                break
            forms = [
                replace(bare, rating_weight=rating_weight, personal_rating=used)
                for used in (False, True)
            ]
            values = [self.value(form) for form in forms]
            top = max(values)
            form = forms[values.index(top)]
            if top > floor and self.validator.steady(form, best[0]):
                best, floor = (form, top), top
            if top < highest / GAIN:
                break
            highest = max(highest, top)
        return best

    def _pruned(self, best: tuple[CandidateForm, float]) -> CandidateForm:
        """Take out what is worth less than `GAIN` beside all that came after it."""
        form, highest = best
        for part, nothing in WITHOUT.items():
            if not getattr(form, part) or self._out_of_time():
                continue
            less = replace(form, **nothing)
            if not (less.shares or less.personal):
                continue
            if self.value(less) * GAIN > highest and not self.validator.surely_better(form, less):
                form = less
        return form

    def anchored(self, lives: Sequence[str]) -> tuple[CandidateForm, float]:
        """Return the half-life to build on: the middle of the best stretch, not its highest point.

        Neighbouring half-lives differ by less than the noise of one slice. Where the highest point
        is more than one standard error of the paired difference above the middle, and above it in
        every period, it is built on. At either end the one neighbour counts twice, so that two
        half-lives always have equal means. The longest is tried first, and is what stays where
        none finds anything or means are equal.
        """
        designs = [CandidateForm((live,)) for live in reversed(lives)]
        result: list[float] = []
        for design in designs:
            if result and self._out_of_time():
                break
            result.append(self.value(design))
        values = np.array(result)
        around = np.pad(values, 1, mode="reflect" if len(values) > 1 else "edge")
        means = (around[:-2] + 2 * values + around[2:]) / 4
        best = int(np.argmax(means > means.max() - ROUNDING))  # the first of equal ones
        top = int(values.argmax())
        if top != best and self.validator.surely_better(designs[top], designs[best]):
            best = top
        return designs[best], float(values[best])

    def _additions(
        self, anchor: tuple[str, ...], timed: bool
    ) -> list[Callable[[CandidateForm], CandidateForm]]:
        rest = tuple(dict.fromkeys((*anchor, "share_all")))
        found: list[Callable[[CandidateForm], CandidateForm]] = [
            *([_with_shares(*SHARES)] if timed else []),
            _with_shares("share_all"),
            *(_adding(name) for term in TERMS for name in term.adds),
            lambda d: replace(d, by_activity=bool(d.neighbours) and not d.lift),
            lambda d: replace(d, by_trait=(*d.by_trait, *(("activity", n) for n in rest))),
        ]
        if timed:
            found += [_with_linear(term.name) for term in self.linear if term.dated]
            found.append(
                lambda d: replace(d, by_trait=(*d.by_trait, *(("habit", n) for n in rest)))
            )
        found += [_with_linear(term.name) for term in self.linear if not term.dated]
        return found

    def _out_of_time(self) -> bool:
        if not self.stopped and self.left() <= 0:
            self.stopped = True
            self.note("the time for tuning is over: the best form so far stays")
            self.rows.append({"stopped": "out of time"})
        return self.stopped

    def value(self, design: CandidateForm) -> float:
        """Judge a form, and write down what it is worth; each form is judged once."""
        if design in self.values:
            return self.values[design]
        value = self.values[design] = self.validator.value(design)
        self.rows.append({"design": form_summary(design), "value": value})
        log.debug("validation value %.4f of the score model %s", value, form_summary(design))
        return value

    def _best(
        self,
        designs: Iterable[CandidateForm],
        best: tuple[CandidateForm, float],
        gain: float = GAIN,
    ) -> tuple[CandidateForm, float]:
        floor = best[1] * gain
        for design in designs:
            if self._out_of_time():
                break
            value = self.value(design)
            if value > floor and self.validator.steady(design, best[0]):
                best, floor = (design, value), value
        return best


def plain(column: Column) -> CandidateForm:
    """Return the form of one engine alone."""
    if column.term == "factors":
        return CandidateForm(factors=(column,), plain=True)
    return CandidateForm(neighbours=column, plain=True)


def _adding(feature: str) -> Callable[[CandidateForm], CandidateForm]:
    return lambda design: replace(design, shares=(*design.shares, feature))


def _with_shares(*names: str) -> Callable[[CandidateForm], CandidateForm]:
    return lambda design: replace(design, shares=tuple(dict.fromkeys((*design.shares, *names))))


def _with_linear(*names: str) -> Callable[[CandidateForm], CandidateForm]:
    return lambda design: replace(design, linear=tuple(dict.fromkeys((*design.linear, *names))))


def by_life(columns: Iterable[Column]) -> list[Column]:
    """Return columns of histories with all engines at one half-life after the other.

    Middling half-lives come first, so that a search that ends early has met every engine.
    """

    def off(column: Column) -> float:
        return abs(math.log((column.half_life or MIDDLE) / MIDDLE))

    return sorted(columns, key=off)


def form_summary(design: CandidateForm) -> str:
    """Return a form in the words of a manifest's evidence."""
    parts = ["alone" * design.plain, *design.shares, "lift" * design.lift]
    parts += [str(column) for column in (design.neighbours, *design.factors) if column is not None]
    parts += [str(column) for column in design.words]
    parts += [f"{trait}·{name}" for trait, name in design.by_trait]
    parts += [f"vote·{design.rating_weight:g}"] * bool(design.rating_weight) + [
        "taste"
    ] * design.personal_rating
    parts += ["activity"] * design.by_activity + list(design.linear)
    return " ".join(filter(None, parts))
