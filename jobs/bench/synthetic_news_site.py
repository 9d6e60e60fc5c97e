"""Synthetic bilingual news site: articles in English and Chinese, and events of users.

    python -m jobs.bench_site FOLDER --items 20000 --events 300000 --seed 0

Writes items.csv and events.csv, the same for every run of one seed. What users take up depends on
their language, a few topics of theirs, how new an article is and how good it is, so that neighbours
and words both know more than what is trending.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from ..cli import run

TOPICS = 60
DAYS = 120
DAY = 86_400.0
END = 1_764_547_200.0  # 2025-12-01: the last event comes just before it
CHINESE = 0.35  # share of the articles and of the users
BOTH = 0.1  # share of the users who read both languages
READ = 24  # events per reader, on average
FRESH = 0.5  # share of the events on articles of the last days; the rest is on anything older
FRESH_DAYS = 4.0  # mean age of what is read while fresh
OWN = 0.85  # share of the events that are about the user's own topics
DRAWN = 4  # articles of like age that a user chooses the best of
VOCABULARY = 40  # words of a topic, in each language
KINDS = ("click", "click", "click", "click", "click", "click", "click", "like", "share", "comment")
HIDDEN = 0.15  # share of what is not about a user's topics that they hide
SYLLABLES = tuple(c + v for c in "bdfgklmnprstvz" for v in "aeiou")

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Site:
    """Articles and events, by number."""

    topic: Numbers  # (items,)
    chinese: NDArray[np.bool_]  # (items,)
    created: NDArray[np.float64]  # (items,): Unix seconds, ascending
    user: Numbers  # (events,), in the order of time
    item: Numbers  # (events,)
    time: NDArray[np.float64]  # (events,): Unix seconds
    hidden: NDArray[np.bool_]  # (events,): hidden instead of taken up


def make_site(n_items: int, n_events: int, seed: int = 0) -> Site:
    """Draw a site; it has one reader for every `READ` events."""
    rng = np.random.default_rng(seed)
    topic = _topics(n_items, rng)
    chinese = rng.random(n_items) < CHINESE
    created = np.sort(END - DAY * DAYS * rng.random(n_items))
    quality = rng.standard_normal(n_items)
    n_users = max(n_events // READ, 2)
    activity = rng.lognormal(0.0, 1.0, n_users)
    user = rng.choice(n_users, n_events, p=activity / activity.sum())
    reads_chinese, reads_both = rng.random(n_users) < CHINESE, rng.random(n_users) < BOTH
    own = np.stack([_topics(n_users, rng) for _ in range(3)], axis=1)
    time = np.sort(END - 1 - DAY * DAYS * 0.95 * rng.random(n_events))
    preferred = own[user, rng.choice(3, n_events, p=(0.6, 0.25, 0.15))]
    elsewhere = rng.random(n_events) > OWN
    hidden = elsewhere & (rng.random(n_events) < HIDDEN)
    preferred[elsewhere] = _topics(int(elsewhere.sum()), rng)
    in_chinese = np.where(reads_both[user], rng.random(n_events) < 0.5, reads_chinese[user])
    item = np.full(n_events, -1, np.int64)
    for group in range(2 * TOPICS):
        users_of_group = np.flatnonzero(
            (preferred == group // 2) & (in_chinese == (group % 2 == 1))
        )
        there = np.flatnonzero((topic == group // 2) & (chinese == (group % 2 == 1)))
        if len(there) and len(users_of_group):
            item[users_of_group] = there[
                _read(created[there], quality[there], time[users_of_group], rng)
            ]
    kept = (item >= 0) & (created[np.maximum(item, 0)] <= time)
    return Site(topic, chinese, created, user[kept], item[kept], time[kept], hidden[kept])


def write_site(folder: Path, site: Site, seed: int = 0) -> None:
    """Write items.csv and events.csv."""
    rng = np.random.default_rng([seed, 1])
    english, chinese = _words(rng)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "items.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("item_id", "title", "text", "category", "author_id", "created_at"))
        for item, topic in enumerate(site.topic.tolist()):
            known = (chinese if site.chinese[item] else english)[topic]
            between = "" if site.chinese[item] else " "
            drawn = rng.integers(len(known), size=32)
            words = [
                known[min(at, other)] for at, other in zip(drawn[:16], drawn[16:], strict=True)
            ]
            title, text = between.join(words[:5]), between.join(words[5:])
            author = f"author-{topic * 5 + int(rng.integers(5))}"
            created = _written(float(site.created[item]))
            rows.writerow((f"a{item}", title, text, f"section-{topic % 12}", author, created))
    kinds = np.where(site.hidden, "hide", rng.choice(KINDS, len(site.item)))
    with (folder / "events.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("user_id", "item_id", "event", "timestamp"))
        columns = (site.user.tolist(), site.item.tolist(), kinds.tolist(), site.time.tolist())
        for user, item, kind, time in zip(*columns, strict=True):
            rows.writerow((f"u{user}", f"a{item}", kind, _written(time)))


def _topics(count: int, rng: np.random.Generator) -> Numbers:
    share = 1 / np.arange(1, TOPICS + 1) ** 0.7
    return rng.choice(TOPICS, count, p=share / share.sum())


def _read(
    created: NDArray[np.float64],
    quality: NDArray[np.float64],
    time: NDArray[np.float64],
    rng: np.random.Generator,
) -> Numbers:
    """Return which article of a group is read at each time: of a few of like age, the best."""
    age = rng.exponential(FRESH_DAYS * DAY, len(time))
    old = rng.random(len(time)) > FRESH
    age[old] = (rng.random(len(time)) * (time - created[0]))[old]
    last = np.searchsorted(created, time, side="right") - 1  # the newest that is there
    at = np.searchsorted(created, time - age)
    drawn = at[:, None] + rng.integers(0, DRAWN, (len(time), DRAWN))
    drawn = np.clip(np.minimum(drawn, last[:, None]), 0, len(created) - 1)
    best = quality[drawn].argmax(axis=1)
    return np.asarray(drawn[np.arange(len(time)), best], np.int64)


def _words(rng: np.random.Generator) -> tuple[list[list[str]], list[list[str]]]:
    """Return the words of every topic in both languages; a third of them belong to all topics."""
    common = VOCABULARY // 3
    english = ["".join(rng.choice(SYLLABLES, 3)) for _ in range(TOPICS * VOCABULARY)]
    signs = [chr(0x4E00 + 3 * n) for n in range(1_500)]
    chinese = ["".join(rng.choice(signs, 2)) for _ in range(TOPICS * VOCABULARY)]
    found: list[list[list[str]]] = []
    for words in (english, chinese):
        own = [words[VOCABULARY * n : VOCABULARY * (n + 1)] for n in range(TOPICS)]
        found.append([[*topic[common:], *own[0][:common]] for topic in own])
    return found[0], found[1]


def _written(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@click.command(name="bench-site")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--items", default=20_000, show_default=True, help="Articles.")
@click.option("--events", default=300_000, show_default=True, help="Events, about.")
@click.option("--seed", default=0, show_default=True, help="Of everything that is drawn.")
def command(folder: Path, items: int, events: int, seed: int) -> None:
    """Write items.csv and events.csv of a synthetic bilingual news site into FOLDER."""
    site = make_site(items, events, seed)
    write_site(folder, site, seed)
    print(f"wrote {len(site.topic)} items and {len(site.item)} events to {folder}")


if __name__ == "__main__":
    run(command)
