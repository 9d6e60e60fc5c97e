"""Windows of one watch: voices of the last hours, per person, and the tests made of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.monitoring.negative_share import (
    LEAST_RISE,
    WINDOWS,
    Baseline,
    moved,
    simes,
    upper_tail,
)
from recsys.store.watches import HOUR, Match
from recsys.trends import negative_binomial
from recsys.trends.effective_users import effective

LONGEST = WINDOWS[-1] * HOUR
FEWEST = 5.0  # effective people: with fewer a window is a flood, whatever they say
FLOOD_TEXTS = 15  # that a flood has at least
LEAST_LIFT = 1.5  # people over the expected, of a burst of volume


@dataclass(frozen=True, slots=True)
class Voices:
    """A window's voices."""

    window: int  # hours
    texts: int
    people: int
    negative: int  # of the people: at least half of their texts are negative
    effective: float  # people, by the evenness of their texts


@dataclass(frozen=True, slots=True)
class Reading:
    """What the windows of a watch say at one moment."""

    voices: tuple[Voices, ...]  # one per window
    negative: float  # p-value of the negative share
    negative_window: int  # place in WINDOWS where it is clearest
    volume: float  # p-value of the number of people
    volume_window: int
    usual: float  # negative share expected in the clearest window
    expected: tuple[float, ...]  # people expected, per window
    is_flood: bool
    enough: bool  # whether a window has enough people for a test


class WatchWindows:
    """The texts of the last day of one watch, up to a number of the newest."""

    def __init__(self, most: int = 5_000) -> None:
        self.texts: deque[Match] = deque(maxlen=most)

    def add(self, found: Iterable[Match]) -> None:
        """Add texts; those that come late are put in their places."""
        late = False
        for one in found:
            late = late or bool(self.texts and one.at < self.texts[-1].at)
            self.texts.append(one)
        if late:
            self.texts = deque(sorted(self.texts, key=lambda one: one.at), self.texts.maxlen)

    def drop_before(self, moment: float) -> None:
        """Drop texts that no window reaches."""
        while self.texts and self.texts[0].at < moment:
            self.texts.popleft()

    def voices(self, now: float, least: int = 0) -> tuple[Voices, ...]:
        """Return the voices of each window up to a moment; () for fewer than `least` texts."""
        if len(self.texts) < least:
            return ()
        some = [one for one in self.texts if now - LONGEST < one.at <= now]
        at = np.array([one.at for one in some])
        author: NDArray[np.int64] = np.array([one.author for one in some], np.int64)
        negative = np.array([one.tone == 0 for one in some], bool)
        return tuple(_voices(window, at, author, negative, now) for window in WINDOWS)


def _voices(
    window: int,
    at: NDArray[np.float64],
    author: NDArray[np.int64],
    negative: NDArray[np.bool_],
    now: float,
) -> Voices:
    start = int(np.searchsorted(at, now - window * HOUR, side="right"))
    texts = len(at) - start
    counts: dict[int, list[int]] = {}  # by author: texts, negative ones
    people = n_negative = 0
    for who, angry in zip(author[start:].tolist(), negative[start:].tolist(), strict=True):
        if who == -1:
            people, n_negative = people + 1, n_negative + angry
            continue
        cell = counts.setdefault(who, [0, 0])
        cell[0] += 1
        cell[1] += angry
    n_negative += sum(2 * angry >= own for own, angry in counts.values())
    if people + len(counts) == texts:
        return Voices(window, texts, texts, n_negative, float(texts))
    even = effective(author[start:])
    return Voices(window, texts, people + len(counts), n_negative, even)


QUIET = Reading((), 1.0, 0, 1.0, 0, 0.0, (), False, False)  # too few texts for any test


def read(
    voices: tuple[Voices, ...],
    base: Baseline,
    others: tuple[Voices, ...],
    platform: float,
    expected: tuple[float, ...],
    size: float,
    least_people: int,
) -> Reading:
    """Return the tests of a watch's windows.

    `others`: voices of all texts, the watch's included; `platform`: their usual negative share;
    `expected`: people per window; `size`: of the negative binomial of their number.
    """
    shares, volumes, usual = np.ones(len(WINDOWS)), np.ones(len(WINDOWS)), [base.mean] * 4
    enough = False
    for place, (own, all_of) in enumerate(zip(voices, others, strict=True)):
        if own.people < least_people or own.effective < FEWEST:
            continue
        enough = True
        rest = max(all_of.people - own.people, 0), max(all_of.negative - own.negative, 0)
        here = moved(base, rest[1], rest[0], platform)
        usual[place] = here.mean
        if own.negative >= own.people * (here.mean + LEAST_RISE):
            shares[place] = upper_tail(own.negative, own.people, here)
        if own.people >= LEAST_LIFT * expected[place]:
            mean, count = np.array([expected[place]]), np.array([float(own.people)])
            volumes[place] = negative_binomial.upper_tail(count, mean, np.array([size]))[0]
    best = int(shares.argmin())
    return Reading(
        voices,
        simes(shares),
        best,
        simes(volumes),
        int(volumes.argmin()),
        usual[best],
        expected,
        any(own.texts >= FLOOD_TEXTS and own.effective < FEWEST for own in voices),
        enough,
    )
