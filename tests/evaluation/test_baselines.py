"""Baselines in worlds whose right answer is known."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

import numpy as np
import pytest
import torch
from tables import events, items, timed

from recsys.array_types import Floats
from recsys.data.dataset import Dataset
from recsys.data.event_tables import ItemTable
from recsys.evaluation.baseline_registry import ENGINES, Baseline, FitContext
from recsys.evaluation.baseline_tuning import fit_tuned, tune
from recsys.evaluation.baselines import (
    DecayedCounts,
    Options,
    SameForAll,
    fewer,
    fit_ease_row,
    fit_elsa_row,
    fit_item_knn,
    fit_popular,
    fit_trending,
    half_lives,
    text_row,
)
from recsys.evaluation.external_baselines import fit_als_row, fit_bpr_row
from recsys.evaluation.sasrec import FullCrossEntropy, SasrecConfig, train_sasrec
from recsys.ranking_metrics import recall
from recsys.tuning.evaluation_protocols import Rules, Split, make_split
from recsys.tuning.evaluation_queries import answer, build_queries
from recsys.tuning.scorer_protocol import Histories, Scorer, Skip

NOTHING = ItemTable.empty()
DAY = 86400.0


def checkerboard(n: int = 12) -> Dataset:
    """Odd users read odd items, even users even ones; user i has not read item i."""
    rows = [
        (f"u{user}", f"i{item}")
        for user in range(n)
        for item in range(n)
        if user % 2 == item % 2 and user != item
    ]
    return Dataset.build(events(*rows), items([f"i{item}" for item in range(n)]))


def missing_item(scorer: Scorer, data: Dataset) -> list[str]:
    """Return, per user, the best item he has not read."""
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


def test_fewer_neighbours_are_the_nearest_of_more() -> None:
    data = checkerboard()
    many, few = fit_item_knn(data, "cosine", 500), fit_item_knn(data, "cosine", 2)
    cut = fewer(many, 2)
    assert np.allclose(np.sort(cut.weights.toarray()), np.sort(few.weights.toarray()))
    assert np.diff(cut.weights.indptr).max() == 2 and np.diff(many.weights.indptr).max() == 5


def test_lightfm_finds_the_missing_square_too() -> None:
    pytest.importorskip("lightfm")
    from recsys.evaluation.external_baselines import train_lightfm

    data = checkerboard()
    training = train_lightfm(data, 8, 0, threads=1)  # two race, and no two fits are the same
    scorer = next(scorer for epochs, scorer in training if epochs == 200)
    assert missing_item(scorer, data) == [user.replace("u", "i") for user in data.users]


def test_sasrec_learns_what_comes_next() -> None:
    rows = [
        (f"u{user}", f"i{(user + step) % 8}") for user in range(80) for step in range(3 + user % 5)
    ]
    data = Dataset.build(events(*rows), NOTHING)
    config = SasrecConfig(dimensions=16, dropout=0.0, batch=16, learning_rate=0.003)
    training = train_sasrec(data, config, 0, "cpu", seconds=60)
    scorer = next(scorer for epochs, scorer in training if epochs >= 100)
    histories = Histories.of(data, np.arange(8, dtype=np.int32))
    best = scorer.score(histories).argmax(axis=1)
    assert [data.items[int(row)] for row in best] == [
        f"i{(user + 3 + user % 5) % 8}" for user in range(8)
    ]


@pytest.mark.parametrize(("kind", "off"), [(torch.float32, 1e-5), (torch.bfloat16, 0.02)])
def test_the_loss_of_sasrec_and_its_gradients_are_those_of_torch(
    kind: torch.dtype, off: float
) -> None:
    generator = torch.Generator().manual_seed(0)
    states = torch.randn(300, 8, generator=generator, requires_grad=True)  # two parts of it
    weight = torch.randn(50, 8, generator=generator, requires_grad=True)
    targets = torch.randint(0, 50, (300,), generator=generator)
    found = FullCrossEntropy.apply(states, weight, targets, kind)
    one = torch.autograd.grad(3 * found, (states, weight))
    plain = torch.nn.functional.cross_entropy(states @ weight.T, targets)
    other = torch.autograd.grad(3 * plain, (states, weight))
    assert found.item() == pytest.approx(plain.item(), rel=off)
    for ours, theirs in zip(one, other, strict=True):
        assert float((ours - theirs).abs().max()) < off * float(theirs.abs().max())


def test_sasrec_says_why_it_is_not_attempted() -> None:
    data = Dataset.build(events(*((f"u{n % 700}", f"i{n % 9}") for n in range(2100))), NOTHING)
    with pytest.raises(Skip, match="an epoch of SASRec would take some"):
        next(train_sasrec(data, SasrecConfig(dimensions=4), 0, "cpu", seconds=1e-6))
    single = Dataset.build(events(("ann", "a"), ("bob", "b")), NOTHING)
    with pytest.raises(Skip, match="no next item to learn"):
        next(train_sasrec(single, SasrecConfig(), 0, "cpu", seconds=60))


def test_popular_counts_people_not_events() -> None:
    data = Dataset.build(
        events(("ann", "a"), ("ann", "a"), ("ann", "a"), ("bob", "b"), ("cat", "b")), NOTHING
    )
    assert fit_popular(data).scores.tolist() == [1, 2]


def test_trending_prefers_the_fresh_and_plain_counts_the_many() -> None:
    table = timed(("ann", "old", 0), ("bob", "old", 0), ("cat", "old", 0), ("dan", "new", 9 * DAY))
    data = Dataset.build(table, NOTHING)
    assert fit_trending(data, DAY, "weight").scores.argmax() == 1
    assert fit_trending(data, float("inf"), "weight").scores.argmax() == 0


def test_heat_does_not_underflow_after_a_thousand_half_lives() -> None:
    table = timed(("ann", "a", 0), ("ann", "b", 3600), ("ann", "c", 1e8))
    scores = DecayedCounts.of(Dataset.build(table, items(["cold"])), [3600.0]).scores(1e8)[0]
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
    live = DecayedCounts.of(first, [DAY, 3 * DAY, np.inf])
    for time, item in rows[100:]:
        live.add(first.items.row(item), 1.0, time)
    expected = DecayedCounts.of(whole, [DAY, 3 * DAY, np.inf]).scores(10 * DAY)
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
    table = events(
        ("ann", "a", "like", nan, 1), ("bob", "b", "like", nan, 2), ("ann", "c", "dislike", nan, 3)
    )
    data = Dataset.build(table, NOTHING)
    histories = Histories.of(data, np.array([1, 0], np.int32))
    assert [data.items[int(row)] for row in histories.item] == ["b", "a", "c"]
    assert histories.liked(3).toarray().sum() == 2
    assert histories.seen(3).toarray().sum() == 3


def test_tuning_finds_the_half_life_under_which_the_future_is_foretold() -> None:
    """Every day has its own hit, which five users take up the next morning."""
    rows = [(f"r{day}-{n}", "hello", 0.0) for day in range(30) for n in range(5)]
    for day in range(1, 30):
        readers = [(f"r{day}-{n}", f"hit{day - 1}", day * DAY + n) for n in range(5)]
        others = [(f"u{day}-{n}", f"hit{day}", day * DAY + 60.0 + n) for n in range(20)]
        rows += readers + others
    split = make_split(timed(*rows), NOTHING, Rules("time", share=25 / 875))
    tuned = tune(ENGINES["trending"], split.validation(), FitContext())
    assert float(tuned.options["half_life"]) <= 4 * DAY
    data = split.dataset()
    questions = build_queries(split, data)
    scorer, _ = fit_tuned(ENGINES["trending"], data, tuned, FitContext())
    found = answer(questions, scorer, 2, "trending")
    hits = recall(found.ranks, questions.relevant, 2)[questions.known]
    assert hits.tolist() == [1.0] * 5


def counting(lengths: Mapping[int, Floats], seconds: float = 0.0) -> Baseline:
    """Return a row that is trained step by step and scores as said after so many epochs."""

    def fits(
        data: Dataset, options: Options, means: FitContext
    ) -> Iterator[tuple[Options, Scorer]]:
        for epochs, scores in lengths.items():
            yield {**options, "epochs": epochs}, SameForAll(scores)

    return Baseline(
        "counting",
        fits,
        lambda data: [{"width": 1}, {"width": 2}],
        seconds=lambda data: seconds,
        trained=True,
    )


def last_is_c() -> Split:
    rows = [("ann", "a"), ("bob", "b"), ("ann", "b"), ("bob", "a"), ("ann", "c"), ("bob", "c")]
    table = events(*rows, ("ann", "d"), ("bob", "d"))
    return make_split(table, items("abcd"), Rules("leave-last-out"))


GOOD, BAD = np.array([0, 0, 9, 0], np.float32), np.array([0, 0, -9, 0], np.float32)


def test_training_stops_where_validation_was_best_and_goes_there_again() -> None:
    lengths = {1: BAD, 2: GOOD, 3: BAD, 4: BAD, 5: BAD, 6: GOOD}
    split, engine, means = last_is_c(), counting(lengths), FitContext()
    tuned = tune(engine, split.validation(), means)
    assert tuned.options == {"width": 1, "epochs": 2} and tuned.tried == 10
    scorer, reached = fit_tuned(engine, split.dataset(), tuned, means)
    assert scorer.nbytes == GOOD.nbytes and reached.to_json()["epochs"] == 2
    assert "unfinished" not in reached.to_json() and "left_out" not in reached.to_json()


def test_what_there_is_no_time_for_is_said() -> None:
    split = last_is_c()
    engine, hurried = counting({1: BAD, 2: GOOD}), FitContext(minutes=0.0)
    tuned = tune(engine, split.validation(), hurried)
    assert tuned.options["epochs"] == 1 and tuned.to_json()["left_out"] == 1
    assert tuned.unfinished  # it might have become better
    relevant = dataclasses.replace(tuned, options={"width": 1, "epochs": 9})
    relevant = dataclasses.replace(relevant, unfinished=False)
    result = fit_tuned(engine, split.dataset(), relevant, hurried)[1].to_json()
    assert result["unfinished"] is True and result["epochs"] == 1
    with pytest.raises(Skip, match="expected to take 500 s, and a row may take 240 s"):
        tune(counting({1: GOOD}, seconds=500.0), split.validation(), FitContext())
