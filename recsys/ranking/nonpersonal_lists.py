"""Nonpersonal lists: similar, search, trending, latest, popular."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats, Mask, Rows
from recsys.i18n import translate
from recsys.ranking.filters import allowed, capped, without_older_copies
from recsys.ranking.history import History
from recsys.ranking.item_newness import not_new
from recsys.ranking.new_history_item_proxies import MIN_COSINE
from recsys.ranking.query import Filters, Reason, Recommendation
from recsys.ranking.query_word_matches import search_matches
from recsys.ranking.reason_templates import LIKE, named, sentence
from recsys.ranking.terms.popularity import SHARES
from recsys.ranking.text_scores import near_words, text_scores, text_vectors
from recsys.ranking.user_term_scores import UserTerms
from recsys.serving.item_popularity_from_events import DAY, HALF_LIVES
from recsys.serving.live_state import LiveState

COPIES = 500  # rows looked at beyond those wanted, as some may be copies of others
MANY = 50_000  # rows from which not all are scored to find what is like one
TITLES = 0.85  # weight of the likeness of titles in a search
NEAR = 500  # items that an index is asked for, at least: filters take some away


def similar(
    live: LiveState, item_id: str, n: int, filters: Filters, language: str = "en"
) -> list[Recommendation]:
    """Return what somebody who liked this item alone would be shown, were nothing popular.

    An item that nobody had taken up at the last night is answered by its words. Empty for an
    unknown item. Items that have nothing to do with it are left out.
    """
    row = live.row(item_id)
    if row < 0:
        return []
    title = str(live.document(row).get("title") or item_id)[:60]
    like = translate(LIKE, language, items=named([title], 0, language))
    reason = Reason("because_you", 1.0, like, item_id)
    vector = text_vectors(live, np.array([row], np.int32))[0]
    if vector.any() and _unread(live, row):
        likeness = near_words(live, vector, max(n, NEAR))
        mask = _allowed(live, filters, len(likeness)) & (likeness > MIN_COSINE)
        mask[row] = False
        return _listed(live, likeness, mask, n, "neighbours", reason)
    one = History(np.array([row], np.int32), np.ones(1, np.float32), np.full(1, np.nan))
    learned = UserTerms.of(one, live)
    rows = _related(learned, max(n, NEAR))
    scores = np.zeros(learned.size, np.float32)
    scores[rows] = learned.scores(rows, personal=True)
    mask = _allowed(live, filters, len(scores)) & (scores > 0)
    mask[row] = False
    return _listed(live, scores, mask, n, "neighbours", reason)


def _unread(live: LiveState, row: int) -> bool:
    """Return whether nobody had taken an item up when the model was made."""
    older = {new: old for old, new in live.versions.items()}
    base = older.get(row, row)
    return base >= len(live.model) or not live.commonness.trust[base]


def _related(learned: UserTerms, k: int) -> Rows:
    """Return the rows that may have to do with a history: all, or of many those worth a look."""
    live, size = learned.live, learned.size
    score_model, index = live.model.score_model, live.model.index
    by_all = score_model.uses("behaviour") or (
        score_model.personal_rating and live.opinions is not None
    )
    if size < MANY or by_all or (score_model.uses("words") and index is None):
        return np.arange(size, dtype=np.int32)
    pointed = learned.neighbours.pointed
    vector = learned.terms["words"].text_vector
    if index is None or vector is None:
        return pointed
    later = np.arange(len(live.model), size, dtype=np.int32)
    near = index.search(vector[None], k)[0][0]
    found: Rows = np.unique(np.concatenate([pointed, near[near >= 0], later]))
    return found


def search(
    live: LiveState, words: str, n: int, filters: Filters, language: str = "en"
) -> list[Recommendation]:
    """Return the items whose words are closest; empty when no word is known.

    The reason is "search" where the words occur in the item.
    """
    return with_matches(live, words, near_by_words(live, words, n, filters, language))


def near_by_words(
    live: LiveState, words: str, n: int, filters: Filters, language: str = "en"
) -> list[Recommendation]:
    """Return the items of `search`, all with its reason, whether or not the words occur in them."""
    size, student = live.size, live.model.student
    usable = _allowed(live, filters.with_replies(), size)
    scores = np.zeros(size, np.float32)
    if student is not None:
        vector = student.encode([words])[0]
        scores = near_words(live, vector, max(n, NEAR))
        if live.model.index is not None and (usable & (scores > 0)).sum() < n:
            scores = text_scores(live, vector)  # the filters left too few of what is near
    rows, alike = live.titles.likeness(words)
    rows, alike = rows[rows < size], alike[rows < size]
    if student is not None and live.model.index is not None:
        scores[rows] = text_scores(live, vector, rows)
    scores[rows] = with_titles(scores[rows], alike)
    mask = usable & (scores > 0)
    reason = Reason("search", 1.0, sentence("search", language=language))
    return _listed(live, scores, mask, n, "search", reason)


def with_titles(scores: Floats, alike: Floats) -> Floats:
    """Return cosines of texts joined with the likeness of titles to a query, each 0 to 1.

    1 - (1 - cosine) (1 - TITLES likeness): either alone makes an item good, both make it better.
    """
    result: Floats = 1 - (1 - np.maximum(scores, 0)) * (1 - TITLES * alike)
    return result


def with_matches(
    live: LiveState, words: str, found: Sequence[Recommendation]
) -> list[Recommendation]:
    """Return items of `near_by_words` without the reason where the words do not occur in them."""
    rows: Rows = np.array([live.row(one.item_id) for one in found], np.int32)
    matches = search_matches(live, words, rows).tolist()
    return [
        one if own else one._replace(reasons=()) for one, own in zip(found, matches, strict=True)
    ]


def trending(
    live: LiveState,
    n: int,
    filters: Filters,
    window: float | None = None,
    language: str = "en",
    among: Mask | None = None,
) -> list[Recommendation]:
    """Return what is taken up most; the past fades with the half-life nearest to `window`.

    `among`: (size,), the rows that may be listed; None: all.

    Without a window it fades as the night found best for this catalogue. Where nothing is taken up
    any more, the most popular of all time come first.
    """
    life = _trending_life(live) if window is None else _nearest(window)
    return _taken_up(live, n, filters, life, "trending", language, among)


def popular(
    live: LiveState, n: int, filters: Filters, window: float | None = None, language: str = "en"
) -> list[Recommendation]:
    """Return what was taken up most, of all time, or with the half-life nearest to `window`."""
    life = len(HALF_LIVES) - 1 if window is None else _nearest(window)
    return _taken_up(live, n, filters, life, "popular", language)


def by_few(
    live: LiveState, item_ids: Sequence[str], kind: str, window: float | None, least: int
) -> Mask:
    """Return which items of a list of this kind (trending, popular) may stand on few users.

    False where at least `least` users must be behind the score; see `Counters.mass`.
    """
    life = len(HALF_LIVES) - 1 if window is None else _nearest(window)
    if kind == "trending" and window is None:
        life = _trending_life(live)
    rows = np.array([live.row(item_id) for item_id in item_ids], np.int32)
    return np.asarray(live.counters.mass(life, rows) <= least - 1 + 1e-9)


def latest(
    live: LiveState, n: int, filters: Filters, language: str = "en", closed: Mask | None = None
) -> list[Recommendation]:
    """Return the newest items first; the score is the time of creation, 0 when unknown.

    `closed`: (size,), rows that are left out.

    Of copies the newest is listed; see `without_older_copies`. An item without a record is not
    new: only its first event is known.
    """
    created = live.created[: live.size]
    scores = np.where(np.isfinite(created), created, 0.0)
    reason = Reason("fresh", 1.0, sentence("fresh", language=language))
    mask = _allowed(live, filters, len(scores)) & live.listing.recorded[: len(scores)]
    if closed is not None:
        mask &= ~closed[: len(mask)]
    if live.marks.free:
        without_older_copies(live, mask)
    return _listed(live, scores, mask, n, "fresh", reason)


def _taken_up(
    live: LiveState,
    n: int,
    filters: Filters,
    life: int,
    kind: str,
    language: str,
    among: Mask | None = None,
) -> list[Recommendation]:
    size = live.size
    mass = live.counters.uptake(life, size)
    total = float(mass.sum()) or 1.0
    if np.isfinite(HALF_LIVES[life]):  # in a quiet hour one act would be the trend
        mass = live.counters.without_newest_act(life, mass)
    reason = Reason(kind, 1.0, sentence(kind, language=language))
    mask = _allowed(live, filters, size)
    if among is not None:
        mask &= among[:size]
    found = _listed(live, mass / total, mask, n, kind, reason)
    return [one if one.score > 0 else _untaken(live, one, language) for one in found]


def _untaken(live: LiveState, one: Recommendation, language: str) -> Recommendation:
    """Return an entry of an item that nobody takes up, which stands there for its date or none."""
    row: Rows = np.array([live.row(one.item_id)], np.int32)
    if not_new(live, row)[0]:
        return one._replace(reasons=())
    return one._replace(reasons=(Reason("fresh", 1.0, sentence("fresh", language=language)),))


def _trending_life(live: LiveState) -> int:
    weights = live.model.score_model.priors
    finite = range(len(HALF_LIVES) - 1)
    best = max(finite, key=lambda life: weights.get(SHARES[life], 0.0))
    return best if weights.get(SHARES[best], 0.0) > 0 else HALF_LIVES.index(3 * DAY)


def _nearest(window: float) -> int:
    """Return the half-life that is nearest to half a window, by ratio."""
    log_half_life = np.log(max(window / 2.0, 1.0))
    return int(np.argmin(np.abs(np.log(HALF_LIVES[:-1]) - log_half_life)))


def _allowed(live: LiveState, filters: Filters, size: int) -> Mask:
    return allowed(live, filters, time.time())[:size]


def _listed(
    live: LiveState,
    scores: NDArray[np.floating],
    mask: Mask,
    n: int,
    source: str,
    reason: Reason,
) -> list[Recommendation]:
    if source != "fresh":
        scores = _lowered(live, scores)
    rows: Rows = np.flatnonzero(mask).astype(np.int32)
    rows = _best(live, scores, rows, n + COPIES if live.marks.free else n)
    if live.marks.free:  # of copies, the best one is enough
        rows = rows[capped(rows, [(live.marks.group, 1)])][:n]
    return [
        Recommendation(live.item_id(row), float(scores[row]), place, source, (reason,))
        for place, row in enumerate(rows.tolist(), start=1)
    ]


def _best(live: LiveState, scores: NDArray[np.floating], rows: Rows, most: int) -> Rows:
    """Return up to `most` rows, the highest score first; of equals the most popular, the newest."""
    if most < len(rows):
        bound = -np.partition(-scores[rows], most - 1)[most - 1]
        above, equal = rows[scores[rows] > bound], rows[scores[rows] == bound]
        missing = most - len(above)
        if missing < len(equal):
            equal = equal[_by_uptake_and_date(live, equal)[:missing]]
        rows = np.concatenate([above, equal])
    rows = rows[_by_uptake_and_date(live, rows)]
    return rows[np.argsort(-scores[rows], kind="stable")]


def _by_uptake_and_date(live: LiveState, rows: Rows) -> NDArray[np.intp]:
    """Return the places of ascending rows: the most popular first, of equals the newest one."""
    created = live.created[rows]
    dates = np.where(np.isfinite(created), created, -np.inf)
    return np.lexsort((rows, -dates, -live.counters.level[-1, rows]))


def _lowered(live: LiveState, scores: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the scores, none below 0, divided by up to 1 + the weight of flags."""
    if not live.marks.some:
        return scores
    return scores / (1 + live.marks.weight * live.marks.score[: len(scores)])
