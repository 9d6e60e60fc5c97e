"""Estimates of whole lists from logged draws, when what is read depends on what stands above.

A place is read with the places above it (the cascade of McInerney and others, KDD 2020): its weight
is the product of the weights down to it, the estimator of rewards interacting in sequence. The
doubly robust form (Kiyohara and others, WSDM 2022) adds a model of the reward and corrects it place
by place. Estimates of single places, by contrast, take the places above as they were logged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.errors import DataError
from recsys.experiments.off_policy import Estimate, Floats, Log, estimate_of_parts


@dataclass(frozen=True, slots=True)
class ListLog:
    """Logged lists, each array (lists, places): what was decided and read at each place.

    `held`: whether a list has a decision at the place; elsewhere the other arrays are not read.
    `predicted`, `expected`: by a model that did not learn from the list, the reward of the logged
    item, and the mean one of the policy's items.
    """

    held: NDArray[np.bool_]
    reward: Floats
    logged: Floats
    target: Floats
    support: Floats
    predicted: Floats
    expected: Floats

    def __post_init__(self) -> None:
        shapes = {
            getattr(self, name).shape
            for name in ("held", "reward", "logged", "target", "support", "predicted", "expected")
        }
        if len(shapes) > 1:
            raise DataError(f"a log of lists has arrays of the shapes {sorted(shapes)}")

    @property
    def log(self) -> Log:
        """The lists as single decisions: all rewards of each, and the products of its places."""
        return Log(
            np.where(self.held, self.reward, 0.0).sum(axis=1),
            np.where(self.held, self.logged, 1.0).prod(axis=1),
            np.where(self.held, self.target, 1.0).prod(axis=1),
            np.where(self.held, self.support, 1.0).prod(axis=1),
        )

    @property
    def weights(self) -> Floats:
        """(lists, places): by how much likelier the policy draws each item; 1 where none is."""
        return np.asarray(np.divide(self.target, self.logged, out=_ones(self), where=self.held))


def cascade_ips(lists: ListLog) -> Estimate:
    """Return the rewards of a list, each weighted by the places down to its own."""
    reward = np.where(lists.held, lists.reward, 0.0)
    return estimate_of_parts(lists.log, (lists.weights.cumprod(axis=1) * reward).sum(axis=1))


def cascade_doubly_robust(lists: ListLog) -> Estimate:
    """Return the same by the model, corrected from the last place to the first.

    What comes of the places below is expected to be what the model says of them on average.
    """
    weights, count = lists.weights, max(len(lists.held), 1)
    mean = np.where(lists.held, lists.expected, 0.0).sum(axis=0) / count
    below = np.append(mean[::-1].cumsum()[::-1][1:], 0.0)  # of all places after each
    value = np.zeros(len(lists.held))
    for place in range(lists.held.shape[1] - 1, -1, -1):
        held, rest = lists.held[:, place], below[place]
        error = lists.reward[:, place] + value - lists.predicted[:, place] - rest
        corrected = lists.expected[:, place] + rest + weights[:, place] * error
        value = np.where(held, corrected, value)
    return estimate_of_parts(lists.log, value)


def _ones(lists: ListLog) -> Floats:
    return np.ones(lists.held.shape)
