"""Error rates of flags and of the tone model by language, from what people said since.

A flag was wrong where a moderator set `reviewed`, and right where the flagged item was hidden. A
tone was wrong where a text reads as negative beside a high rating of its author, or as positive
beside a low one. Nothing is said of a language with fewer than `LEAST` such cases.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import sqlalchemy as sa

from recsys.safety.flags import read_flags
from recsys.safety.item_screening import REVIEWED
from recsys.store.database import Database
from recsys.store.schema import DELETED, HIDDEN
from recsys.store.schema import items as _items
from recsys.store.text_log import STRIDE, WatchedLog
from recsys.text.language.detect import detect
from recsys.text.sentiment.scorer import SentimentScorer

LEAST = 20  # cases of a language; those with fewer are summed up as OTHERS
OTHERS = "others"
PAGE = 20_000  # items that are read at once
MOST_TEXTS = 2_000  # newest rated comments
STEPS = 10  # of STRIDE events backwards, in which these are looked for
APART = 0.5  # standard deviations from the mean from which a rating is high or low
_Z = 1.96
Json = dict[str, Any]


def flag_error_rates(db: Database) -> list[Json]:
    """Return per language: live items, flagged ones, flags that people decided on, wrong ones."""
    found: dict[str, list[int]] = {}
    last = 0
    while True:
        query = sa.select(_items.c.id, _items.c.state, _items.c.metadata).where(
            _items.c.id > last, _items.c.known == 1, _items.c.state != DELETED
        )
        with db.read() as connection:
            rows = connection.execute(query.order_by(_items.c.id).limit(PAGE)).all()
        for id, state, text in rows:
            last, metadata = id, json.loads(text or "{}")
            own = found.setdefault(str(metadata.get("language") or ""), [0, 0, 0, 0])
            flagged, wrong = bool(read_flags(metadata)), metadata.get(REVIEWED) is True
            own[0] += state != HIDDEN
            own[1] += flagged and state != HIDDEN
            own[2] += wrong or (flagged and state == HIDDEN)
            own[3] += wrong
        if len(rows) < PAGE:
            break
    return [
        {"language": language, "items": items, "flagged": flagged, **_rate(wrong, decided)}
        for language, (items, flagged, decided, wrong) in _merged(found, 2)
    ]


def tone_error_rates(
    db: Database, scorer: SentimentScorer, last_event: int, rates: Callable[[str], bool]
) -> list[Json]:
    """Return per language: rated comments that are clearly for or against, those misread.

    Read are the newest `MOST_TEXTS` below an event's id, among the last STEPS · STRIDE events. The
    most likely class has to be the opposite one to count as wrong; neutral is not. `rates`: whether
    the value of a kind of event is a rating.
    """
    log, texts, values, before = WatchedLog(db), list[str](), list[float](), last_event + 1
    for _ in range(STEPS):
        comments, before = log.comments_before(before, STRIDE)
        rated = [one for one in comments if one.value is not None and rates(one.event)]
        texts += [one.text for one in rated]
        values += [float(one.value) for one in rated if one.value is not None]
        if before <= 0 or len(texts) >= MOST_TEXTS:
            break
    texts, ratings = texts[:MOST_TEXTS], np.array(values[:MOST_TEXTS])
    spread = float(ratings.std()) if len(ratings) else 0.0
    if not spread:
        return []
    side = np.where(np.abs(ratings - ratings.mean()) >= APART * spread, 1, 0)
    side = side * np.sign(ratings - ratings.mean()).astype(int)
    some = np.flatnonzero(side).tolist()
    read = scorer.probabilities([texts[row] for row in some]).argmax(axis=1) - 1
    found: dict[str, list[int]] = {}
    for row, tone in zip(some, read.tolist(), strict=True):
        own = found.setdefault(detect(texts[row]).code, [0, 0])
        own[0] += 1
        own[1] += tone == -side[row]
    return [
        {"language": language, **_rate(wrong, texts_of)}
        for language, (texts_of, wrong) in _merged(found, 0)
    ]


def _merged(found: dict[str, list[int]], decided: int) -> list[tuple[str, list[int]]]:
    """Return the sums of languages, most cases first; those with few cases as one."""
    kept = {name: own for name, own in found.items() if name and own[decided] >= LEAST}
    rest = [own for name, own in found.items() if name not in kept]
    listed = sorted(kept.items(), key=lambda one: (-one[1][decided], one[0]))
    if rest:
        listed.append((OTHERS, [sum(column) for column in zip(*rest, strict=True)]))
    return listed


def _rate(wrong: int, cases: int) -> Json:
    """Return a rate with its Wilson interval of 95 %; null with too few cases."""
    if cases < LEAST:
        return {"decided": cases, "wrong": None, "interval": None}
    share, more = wrong / cases, _Z**2 / cases
    middle = (share + more / 2) / (1 + more)
    reach = _Z * math.sqrt(share * (1 - share) / cases + more / (4 * cases)) / (1 + more)
    interval = [max(middle - reach, 0.0), min(middle + reach, 1.0)]
    return {"decided": cases, "wrong": share, "interval": interval}
