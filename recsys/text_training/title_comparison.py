"""Title comparison: a model's titles against extracted ones, by those of the authors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from recsys.array_types import Floats
from recsys.text_training.title_pairs import TitlePair
from recsys.writing.rouge import rouge_1, rouge_l
from recsys.writing.title_writer import first_titles

DRAWS = 1_000  # of the bootstrap


@dataclass(frozen=True, slots=True)
class TitleComparison:
    """Means over unseen pairs of the mean of ROUGE-1 and ROUGE-L, 0 to 1."""

    pairs: int
    extracted: float
    written: float  # by the model where a title is grounded, else extracted
    low: float  # of the difference, 95 % interval of a paired bootstrap
    high: float
    by_model: float  # share of titles that are the model's

    @property
    def better(self) -> bool:
        """Whether the model is surely better."""
        return self.low > 0


def compare_titles(pairs: Sequence[TitlePair], write: Callable[[str], str]) -> TitleComparison:
    """Return how the titles of a model do on unseen pairs, of which there is at least one."""
    texts = [one.text for one in pairs]
    extracted, written = first_titles(texts, None), first_titles(texts, write)
    before, after = _scores(extracted, pairs), _scores(written, pairs)
    rng = np.random.default_rng(0)
    drawn = [(after - before)[rng.integers(0, len(pairs), len(pairs))].mean() for _ in range(DRAWS)]
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist()
    own = np.mean([one != other for one, other in zip(extracted, written, strict=True)])
    return TitleComparison(
        len(pairs), float(before.mean()), float(after.mean()), low, high, float(own)
    )


def _scores(titles: Sequence[str], pairs: Sequence[TitlePair]) -> Floats:
    return np.array(
        [
            (rouge_1(title, one.title) + rouge_l(title, one.title)) / 2
            for title, one in zip(titles, pairs, strict=True)
        ],
        np.float32,
    )
