"""Baselines in worlds whose right answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from tables import events, items, timed

from recsys.data.dataset import Dataset
from recsys.data.tables import ItemTable
from recsys.evaluation.baselines import (
    Heat,
    fit_ease_row,
    fit_elsa_row,
    fit_item_knn,
    fit_popular,
    fit_trending,
    half_lives,
    text_row,
)
from recsys.evaluation.engines import ENGINES, Means
from recsys.evaluation.peers import fit_als_row, fit_bpr_row
from recsys.evaluation.questions import answer, ask
from recsys.evaluation.sasrec import SasrecConfig, fit_sasrec
from recsys.evaluation.scorer import Histories, Scorer, Skip
from recsys.evaluation.split import Rules, make_split
from recsys.evaluation.tuning import fit_tuned, tune
from recsys.metrics import recall

NOTHING = ItemTable.empty()
DAY = 86400.0


def checkerboard(n: int = 12) -> Dataset:
    """Odd people read odd items, even people even ones; person i has not read item i."""
    rows = [
        (f"u{user}", f"i{item}")
        for user in range(n)
        for item in range(n)
        if user % 2 == item % 2 and user != item
    ]
    return Dataset.build(events(*rows), items([f"i{item}" for item in range(n)]))


def missing_item(scorer: Scorer, data: Dataset) -> list[str]:
    """Return, per person, the best item he has not read."""
    histories = Histories.of(data, np.arange(len(data.users), dtype=np.int32))
    scores = scorer.score(histories)
    scores[histories.owner, histories.item] = -np.inf
    return [data.items[int(row)] for row in scores.argmax(axis=1)]


@pytest.mark.parametrize(
    "fit",
    [
        lambda data: fit_item_knn(data, "cosine", 20),
        lambda data: fit_item_knn(data, "tf-idf", 20),
        lambda data: fit_ease_row(data, 1.0),
        lambda data: fit_elsa_row(data, 30, 8, 0, "cpu"),
        lambda data: fit_als_row(data, 4, 10.0, 0.1, 0),
        lambda data: fit_bpr_row(data, 4, 0.1, 0.01, 0),
    ],
    ids=["item-knn", "tf-idf", "ease", "elsa", "als", "bpr"],
)
def test_personal_rows_find_the_one_missing_square(fit) -> None:  # type: ignore[no-untyped-def]
    data = checkerboard()
    assert missing_item(fit(data), data) == [user.replace("u", "i") for user in data.users]


def test_lightfm_finds_the_missing_square_too() -> None:
    pytest.importorskip("lightfm")
    from recsys.evaluation.peers import fit_lightfm_row

    data = checkerboard()
    found = missing_item(fit_lightfm_row(data, 8, 200, 0), data)
    right = [item == user.replace("u", "i") for item, user in zip(found, data.users, strict=True)]
    assert sum(right) >= 10  # two threads race, so that no two fits are quite the same


def test_sasrec_learns_what_comes_next() -> None:
    rows = [
        (f"u{user}", f"i{(user + step) % 8}") for user in range(80) for step in range(3 + user % 5)
    ]
    data = Dataset.build(events(*rows), NOTHING)
    config = SasrecConfig(dimensions=16, dropout=0.0, epochs=100, batch=16, learning_rate=0.003)
    scorer = fit_sasrec(data, config, 0, "cpu", seconds=60)
    histories = Histories.of(data, np.arange(8, dtype=np.int32))
    best = scorer.score(histories).argmax(axis=1)
    assert [data.items[int(row)] for row in best] == [
        f"i{(user + 3 + user % 5) % 8}" for user in range(8)
    ]


def test_popular_counts_people_not_events() -> None:
    data = Dataset.build(events(("ann", "a"), ("ann", "a"), ("ann", "a"), ("bob", "b"),
                                ("cat", "b")), NOTHING)  # fmt: skip
    assert fit_popular(data).scores.tolist() == [1, 2]


def test_trending_prefers_the_fresh_and_plain_counts_the_many() -> None:
    table = timed(("ann", "old", 0), ("bob", "old", 0), ("cat", "old", 0), ("dan", "new", 9 * DAY))
    data = Dataset.build(table, NOTHING)
    assert fit_trending(data, DAY, "weight").scores.argmax() == 1
    assert fit_trending(data, float("inf"), "weight").scores.argmax() == 0


def test_heat_does_not_underflow_after_a_thousand_half_lives() -> None:
    table = timed(("ann", "a", 0), ("ann", "b", 3600), ("ann", "c", 1e8))
    scores = Heat.of(Dataset.build(table, items(["cold"])), [3600.0]).scores(1e8)[0]
    assert np.isfinite(scores).all()
    assert scores.argsort().tolist() == [0, 1, 2, 3]  # cold, a, b, c


def test_live_heat_equals_heat_of_the_whole() -> None:
    rng = np.random.default_rng(0)
    rows = sorted(
        (float(t), f"i{i}")
        for t, i in zip(rng.random(200) * 9 * DAY, rng.integers(0, 5, 200), strict=True)
    )
    whole = Dataset.build(timed(*(("ann", item, time) for time, item in rows)), NOTHING)
    first = Dataset.build(timed(*(("ann", item, time) for time, item in rows[:100])), NOTHING)
    assert len(first.items) == len(whole.items)
    live = Heat.of(first, [DAY, 3 * DAY, np.inf])
    for time, item in rows[100:]:
        live.add(first.items.row(item), 1.0, time)
    expected = Heat.of(whole, [DAY, 3 * DAY, np.inf]).scores(10 * DAY)
    assert live.scores(10 * DAY, first.items.rows(whole.items)) == pytest.approx(expected)


def test_half_lives_fit_the_data() -> None:
    data = Dataset.build(timed(("ann", "a", 0), ("ann", "b", 3 * DAY)), NOTHING)
    assert max(life for life in half_lives(data) if np.isfinite(life)) == 3 * DAY
    assert half_lives(data)[-1] == float("inf")
    assert half_lives(Dataset.build(events(("ann", "a")), NOTHING)) == [float("inf")]


def test_text_row_follows_the_words() -> None:
    data = Dataset.build(events(("ann", "a")), items(["a", "b", "c"]))
    vectors = np.array([[1, 0], [0, 1], [0.9, 0.1]], np.float32)
    assert missing_item(text_row(vectors), data) == ["c"]


def test_ease_says_why_it_is_skipped() -> None:
    big = items([f"i{n}" for n in range(16_001)])
    with pytest.raises(Skip, match="16001 items"):
        fit_ease_row(Dataset.build(events(("ann", "i1")), big), 1.0)


def test_recency_fades_what_is_long_ago() -> None:
    data = Dataset.build(events(("ann", "a"), ("ann", "b"), ("ann", "c")), NOTHING)
    histories = Histories.of(data, np.array([0, -1], np.int32))
    assert histories.liked(3, 1.0).toarray().tolist() == [[0.25, 0.5, 1.0], [0, 0, 0]]


def test_histories_keep_order_and_leave_out_dislikes_from_what_is_liked() -> None:
    nan = float("nan")
    table = events(("ann", "a", "like", nan, 1), ("bob", "b", "like", nan, 2),
                   ("ann", "c", "dislike", nan, 3))  # fmt: skip
    data = Dataset.build(table, NOTHING)
    histories = Histories.of(data, np.array([1, 0], np.int32))
    assert [data.items[int(row)] for row in histories.item] == ["b", "a", "c"]
    assert histories.liked(3).toarray().sum() == 2
    assert histories.seen(3).toarray().sum() == 3


def test_tuning_finds_the_half_life_under_which_the_future_is_foretold() -> None:
    """Every day has its own hit, which five readers take up the next morning."""
    rows = [(f"r{day}-{n}", "hello", 0.0) for day in range(30) for n in range(5)]
    for day in range(1, 30):
        readers = [(f"r{day}-{n}", f"hit{day - 1}", day * DAY + n) for n in range(5)]
        others = [(f"u{day}-{n}", f"hit{day}", day * DAY + 60.0 + n) for n in range(20)]
        rows += readers + others
    split = make_split(timed(*rows), NOTHING, Rules("time", share=25 / 875))
    tuned = tune(ENGINES["trending"], split.validation(), Means())
    assert float(tuned.options["half_life"]) <= 4 * DAY
    data = split.dataset()
    questions = ask(split, data)
    scorer = fit_tuned(ENGINES["trending"], data, tuned, Means())
    found = answer(questions, scorer, 2, "trending")
    hits = recall(found.ranks, questions.wanted, 2)[questions.known]
    assert hits.tolist() == [1.0] * 5
