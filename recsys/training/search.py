"""Search: the form of the score, grown part by part."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recsys.ranking.priors import LIVES
from recsys.training.design import Design, Judge

VOTES = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0)  # weights of the expected vote that are tried
GAIN = 1.01  # a part must raise nDCG@20 by so much to be kept; less is within the noise of a slice
WITHOUT: dict[str, dict[str, Any]] = {  # part of a form -> what the form is without it
    "vote": {"vote": 0.0, "taste": False},
    "behaviour": {"behaviour": ()},
    "words": {"words": ()},
}
Note = Callable[[str], None]


@dataclass(slots=True)
class Search:
    """Grows a design part by part, for as long as there is time."""

    judge: Judge
    note: Note
    rows: list[dict[str, object]]
    left: Callable[[], float] = lambda: math.inf  # seconds until no further form is tried
    stopped: bool = False

    def grow(self, timed: bool, columns: Iterable[str], voted: bool) -> Design:
        """Return the best form found; `columns` are the personal columns at hand.

        `voted`: likes and dislikes are both at hand, so the expected vote may be a part.
        """
        best = self._anchor(LIVES if timed else ("share_all",))
        if voted:
            best = self._voted(best)
        columns = list(columns)
        other = ("words", "elsa", "als", "lift")
        found = [c for c in columns if "~" in c and not c.startswith(other)]
        forms = [(name, lift) for lift in ((False, True) if timed else (False,)) for name in found]
        best = self._best(
            [replace(best[0], neighbours=name, lift=lift) for name, lift in forms], best
        )
        behaviour = [c for c in columns if c.startswith(("elsa", "als"))]
        best = self._best([replace(best[0], behaviour=(name,)) for name in behaviour], best)
        words = tuple(c for c in columns if c.startswith("words"))
        if words:
            best = self._best([replace(best[0], words=words)], best)
        anchor = best[0].shares
        for more in self._additions(anchor, timed):
            best = self._best([more(best[0])], best)
        return self._pruned(best)

    def _voted(self, best: tuple[Design, float]) -> tuple[Design, float]:
        """Give the expected vote ever more weight, until that does clear harm."""
        bare, floor, highest = best[0], best[1] * GAIN, best[1]
        for vote in VOTES:
            if self._out_of_time():
                break
            forms = [replace(bare, vote=vote, taste=taste) for taste in (False, True)]
            values = [self._value(form) for form in forms]
            top = max(values)
            if top > floor:
                best, floor = (forms[values.index(top)], top), top
            if top < highest / GAIN:
                break
            highest = max(highest, top)
        return best

    def _pruned(self, best: tuple[Design, float]) -> Design:
        """Take out what is worth less than `GAIN` beside all that came after it."""
        form, highest = best
        for part, nothing in WITHOUT.items():
            if not getattr(form, part) or self._out_of_time():
                continue
            less = replace(form, **nothing)
            if self._value(less) * GAIN > highest:
                form = less
        return form

    def _anchor(self, lives: Sequence[str]) -> tuple[Design, float]:
        """Return the half-life to build on: the middle of the best stretch, not its highest point.

        Neighbouring half-lives differ by less than the noise of one slice.
        """
        designs = [Design((live,)) for live in lives]
        values = np.array([self._value(design) for design in designs])
        around = np.pad(values, 1, mode="edge")
        best = int((around[:-2] + 2 * values + around[2:]).argmax())
        return designs[best], float(values[best])

    def _additions(self, anchor: tuple[str, ...], timed: bool) -> list[Callable[[Design], Design]]:
        rest = tuple(dict.fromkeys((*anchor, "share_all")))
        found: list[Callable[[Design], Design]] = [
            lambda d: replace(d, shares=tuple(dict.fromkeys((*d.shares, "share_all")))),
            lambda d: replace(d, shares=(*d.shares, "liked")),
            lambda d: replace(d, by_activity=bool(d.neighbours) and not d.lift),
            lambda d: replace(d, by_trait=(*d.by_trait, *(("activity", n) for n in rest))),
        ]
        if timed:
            found.append(lambda d: replace(d, passed=True))
            found.append(
                lambda d: replace(d, by_trait=(*d.by_trait, *(("habit", n) for n in rest)))
            )
        return found

    def _out_of_time(self) -> bool:
        if not self.stopped and self.left() <= 0:
            self.stopped = True
            self.note("the time for tuning is over: the form stays as it is")
            self.rows.append({"stopped": "out of time"})
        return self.stopped

    def _value(self, design: Design) -> float:
        value = self.judge.value(design)
        self.rows.append({"design": _told(design), "value": value})
        self.note(f"{value:.4f}  {_told(design)}")
        return value

    def _best(
        self, designs: Iterable[Design], best: tuple[Design, float], gain: float = GAIN
    ) -> tuple[Design, float]:
        floor = best[1] * gain
        for design in designs:
            if self._out_of_time():
                break
            value = self._value(design)
            if value > floor:
                best, floor = (design, value), value
        return best


def _told(design: Design) -> str:
    parts = [
        *design.shares,
        "lift" * design.lift,
        design.neighbours,
        *design.behaviour,
        *design.words,
    ]
    parts += [f"{trait}·{name}" for trait, name in design.by_trait]
    parts += [f"vote·{design.vote:g}"] * bool(design.vote) + ["taste"] * design.taste
    parts += ["activity"] * design.by_activity + ["passed"] * design.passed
    return " ".join(filter(None, parts))
