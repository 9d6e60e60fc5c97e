"""Topics in worlds whose groups are known."""

import numpy as np
import pytest

from recsys.errors import DataError
from recsys.evaluation.understanding import macro_recall, mutual_information
from recsys.text.topic_words import words
from recsys.text.topics import TopicConfig, Topics, fit_topics

SUBJECTS = {
    "bread": "bread flour oven bake crust dough yeast loaf",
    "stars": "telescope moon orbit comet galaxy planet nebula star",
    "bikes": "bicycle pedal chain wheel saddle helmet brake spoke",
}


def world(n=40, seed=0, subjects=tuple(SUBJECTS)):
    """Texts of four words of one subject each, vectors near its own axis, and the subjects."""
    rng = np.random.default_rng(seed)
    texts, rows, truth = [], [], []
    for at, subject in enumerate(SUBJECTS):
        for _ in range(n if subject in subjects else 0):
            texts.append(" ".join(rng.choice(SUBJECTS[subject].split(), 4, replace=False)))
            rows.append(np.eye(6)[at] + rng.normal(0, 0.2, 6))
            truth.append(at)
    return texts, np.array(rows, np.float32), np.array(truth)


CONFIG = TopicConfig(n_topics=3, n_parents=2)


@pytest.fixture(scope="module")
def fitted():
    texts, vectors, truth = world()
    return *fit_topics(texts, vectors, CONFIG), truth


def test_subjects_are_found_and_named_in_their_words(fitted):
    topics, labels, truth = fitted
    assert mutual_information(truth, labels) == pytest.approx(1)
    for row, name in enumerate(topics.names):
        subject = list(SUBJECTS.values())[truth[labels == row][0]].split()
        assert set(name) <= set(subject) | {w + "s" for w in subject}
    assert topics.sizes.tolist() == [40, 40, 40]
    assert len(set(topics.parents.tolist())) == len(topics.parent_names) <= 2
    assert all(row not in near for row, near in enumerate(topics.neighbours.tolist()))


def test_new_items_go_where_they_belong_by_words_or_by_vector(fitted):
    topics, labels, truth = fitted
    bread = int(labels[truth == 0][0])
    nothing, axis = np.zeros((1, 6), np.float32), np.eye(6, dtype=np.float32)[:1]
    assert topics.assign(["a loaf and dough"], nothing)[0].tolist() == [bread]
    assert topics.assign(["???"], axis)[0].tolist() == [bread]
    row, sure = topics.assign(["???"], nothing)
    assert row.tolist() == [-1] and sure.tolist() == [0]


def test_the_same_input_gives_the_same_topics(fitted):
    topics, labels, _ = fitted
    again, same = fit_topics(*world()[:2], CONFIG)
    assert again.names == topics.names and np.array_equal(labels, same)


def test_ids_live_on_and_are_not_used_twice(fitted):
    before, labels, truth = fitted
    id_of = {int(t): before.ids[labels[truth == t][0]] for t in range(3)}
    texts, vectors, other = world(n=60, seed=1, subjects=("stars", "bikes"))
    fewer, now = fit_topics(texts, vectors, TopicConfig(n_topics=2), before)
    for subject in (1, 2):
        assert fewer.ids[now[other == subject][0]] == id_of[subject]
    texts, vectors, other = world(n=60, seed=2)
    more, now = fit_topics(texts, vectors, CONFIG, fewer)
    assert more.ids[now[other == 1][0]] == id_of[1]
    assert len(set(more.ids)) == 3


def test_topics_are_read_back(fitted):
    topics, _, _ = fitted
    again = Topics.load(topics.arrays(), topics.document())
    texts, vectors, _ = world(seed=3)
    assert np.array_equal(topics.assign(texts, vectors)[0], again.assign(texts, vectors)[0])
    broken = {**topics.arrays(), "evidence": np.zeros((1, 1), np.float32)}
    with pytest.raises(DataError, match="different lengths"):
        Topics.load(broken, topics.document())
    with pytest.raises(DataError, match="cannot be read"):
        Topics.load({}, {})


@pytest.mark.parametrize(
    "texts",
    [[], [""], ["one"], ["same words"] * 30, ["", "\ud800", "\u202e", "中文字", "a" * 1_000_000]],
)
@pytest.mark.parametrize("vectors", ["zero", "random", "equal"])
def test_whatever_comes_is_grouped(texts, vectors):
    made = {
        "zero": np.zeros((len(texts), 6)), "equal": np.ones((len(texts), 6)),
        "random": np.random.default_rng(0).normal(size=(len(texts), 6)),
    }[vectors].astype(np.float32)  # fmt: skip
    topics, labels = fit_topics(texts, made, TopicConfig(n_topics=4))
    assert len(labels) == len(texts) and labels.max(initial=-1) < len(topics.ids)
    assert np.isfinite(topics.evidence).all() and np.isfinite(topics.centroids).all()
    assert np.array_equal(topics.assign(texts, made)[0] < 0, labels < 0)


def test_words_of_a_text():
    assert words("The dog's telescopes, and 3 MOONS!") == ["dog", "telescopes", "moons"]
    assert words("天气好") == ["天气", "气好"]


def test_figures_by_hand():
    assert macro_recall(np.array([0, 0, 2, 2]), np.array([0, 1, 2, 2])) == pytest.approx(0.75)
    assert mutual_information(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0])) == pytest.approx(1)
    assert mutual_information(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])) == pytest.approx(0)
