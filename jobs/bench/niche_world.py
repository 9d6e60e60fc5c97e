"""Synthetic platform of any size: items in niches, users with a few niches, news read while new.

Items are born one after the other and belong to niches whose sizes follow a power law. A user keeps
to six niches and has a log-normal number of events. Nearly half of the reading is of what was born
shortly before, the rest follows Zipf's law within the niche. Titles have words of the niche and
common ones. All of it follows from the seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.data.event_tables import EventTable, ItemTable
from recsys.data.ids import IdMap
from recsys.data.records import Item
from recsys.data.table_builder import item_table

START = 1_760_000_000.0  # Unix seconds
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class NicheConfig:
    """The shape of the platform; the defaults are those of the figures in RESULTS.md."""

    items: int
    events: int
    users: int
    seed: int = 0
    per_niche: int = 125  # items of a niche on average: 8,000 niches at a million
    sizes: float = 1.6  # exponent of the density of niche sizes
    largest: float = 0.02  # share of all items that one niche has at most
    niches: int = 6  # of a user
    spread: float = 1.1  # standard deviation of the log of a user's number of events
    news: float = 0.45  # share of reading within what was born shortly before
    shortly: float = 0.02  # of a niche's items, the mean distance back to what is news
    days: float = 60.0
    own_words: int = 300  # of a niche
    common_words: int = 2_000
    title: tuple[int, int] = (5, 3)  # words of the niche, common words


def niche_world(config: NicheConfig, texts: bool = True) -> tuple[EventTable, ItemTable]:
    """Return likes in the order of time, and the items; `texts` False leaves titles empty.

    Item n is born when n / items of the time has passed.
    """
    niche, user, item, time = niche_events(config)
    events = EventTable(
        users=IdMap.from_ids(f"u{n}" for n in range(config.users)),
        items=IdMap.from_ids(f"i{n}" for n in range(config.items)),
        user=user,
        item=item,
        kind=np.zeros(len(user), np.int16),
        kinds=("like",),
        value=np.full(len(user), np.nan, np.float32),
        time=time,
    )
    return events, item_table(_items(config, niche, texts))


def niche_events(
    config: NicheConfig,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """Return the niche of each item, and user, item and time of each event, oldest first."""
    rng = np.random.default_rng(config.seed)
    niche = _niches(config, rng)
    return niche, *_events(config, niche, rng)


def _niches(config: NicheConfig, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the niche of each item, (items,)."""
    count = max(config.items // config.per_niche, 1)
    most = max(config.largest * config.items, 10.0)
    size = np.minimum(10.0 * (1.0 - rng.random(count)) ** (-1 / (config.sizes - 1)), most)
    edges = np.cumsum(size / size.sum())
    return np.minimum(np.searchsorted(edges, rng.random(config.items)), count - 1)


def _events(
    config: NicheConfig, niche: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """Return user, item and time of each event, in the order of time."""
    n, count = config.items, config.events
    time = np.sort(rng.random(count))
    taste = niche[rng.integers(n, size=(config.users, config.niches))]
    activity = np.cumsum(np.exp(config.spread * rng.standard_normal(config.users)))
    user = np.searchsorted(activity / activity[-1], rng.random(count)).astype(np.int32)
    user = np.minimum(user, np.int32(config.users - 1))
    own = taste[user, rng.integers(config.niches, size=count)]
    by_birth = np.argsort(niche, kind="stable")
    by_fame = np.lexsort((rng.random(n), niche))
    starts = np.searchsorted(niche[by_birth], np.arange(niche.max(initial=0) + 2))
    size = (starts[1:] - starts[:-1])[own]
    famous = by_fame[starts[own] + ((size + 1) ** rng.random(count)).astype(np.int64) - 1]
    released = np.searchsorted(
        niche[by_birth] * n + by_birth, own * n + (time * n).astype(np.int64)
    )
    back = rng.exponential(1.0, count) * np.maximum(config.shortly * size, 3.0)
    newest = by_birth[np.maximum(released - 1 - back.astype(np.int64), starts[own])]
    is_news = (rng.random(count) < config.news) | (famous > time * n)
    item = np.where(is_news, newest, famous).astype(np.int32)
    return user, item, START + config.days * DAY * time


def niche_words(config: NicheConfig, niche: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers of the words of each title, (items, words); `niche`: of each item."""
    rng = np.random.default_rng([config.seed, 1])
    own, common = config.title
    words = rng.integers(config.own_words, size=(config.items, own))
    words += (niche * config.own_words)[:, None] + config.common_words
    shared = rng.integers(config.common_words, size=(config.items, common))
    return np.concatenate([words, shared], axis=1)


def _items(config: NicheConfig, niche: NDArray[np.int64], texts: bool) -> Iterator[Item]:
    words = niche_words(config, niche)
    step = config.days * DAY / config.items
    for row in range(config.items):
        title = " ".join(map(word, words[row].tolist())) if texts else ""
        yield Item(f"i{row}", title=title, created_at=START + step * row)


SYLLABLES = [first + second for first in "bcdfghjklmnprstvwz" for second in "aeiou"]


def word(number: int) -> str:
    """Return a made-up word of four syllables; distinct for numbers below 60 million."""
    number = number * 40_503_011 % len(SYLLABLES) ** 4  # neighbours are not spelled alike
    letters = ""
    for _ in range(4):
        number, place = divmod(number, len(SYLLABLES))
        letters += SYLLABLES[place]
    return letters
