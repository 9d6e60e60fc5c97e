"""Topics in worlds whose groups are known."""

import numpy as np
import pytest

from recsys.errors import DataError
from recsys.evaluation.sentiment_and_topic_quality import macro_recall, mutual_information
from recsys.text.topics.fit import LastNight, TopicConfig, fit_topics
from recsys.text.topics.model import Topics
from recsys.text.topics.topic_words import names, words

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
    topics = fit_topics(texts, vectors, CONFIG)
    return topics, topics.items, truth


def after(texts, vectors, config, before, rows=None, same=True):
    """Fit the topics of a night after another one, to which all texts are new by default."""
    rows = np.full(len(texts), -1, np.int32) if rows is None else rows
    topics = fit_topics(texts, vectors, config, LastNight(before, rows, same))
    return topics, topics.items


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
    again = fit_topics(*world()[:2], CONFIG)
    assert again.names == topics.names and np.array_equal(labels, again.items)


def test_ids_live_on_and_are_not_used_twice(fitted):
    before, labels, truth = fitted
    id_of = {int(t): before.ids[labels[truth == t][0]] for t in range(3)}
    texts, vectors, other = world(n=60, seed=1, subjects=("stars", "bikes"))
    fewer, now = after(texts, vectors, TopicConfig(n_topics=2), before)
    for subject in (1, 2):
        assert fewer.ids[now[other == subject][0]] == id_of[subject]
    texts, vectors, other = world(n=60, seed=2)
    more, now = after(texts, vectors, CONFIG, fewer)
    assert more.ids[now[other == 1][0]] == id_of[1]
    assert len(set(more.ids)) == 3
    assert more.ids[now[other == 0][0]] not in (*before.ids, *fewer.parent_ids)  # bread died


def test_ids_live_on_when_the_encoder_changes(fitted):
    before, labels, truth = fitted
    texts, vectors, _ = world()
    for same, rows in ((False, None), (True, labels)):  # by words alone; by what is known of items
        turned, now = after(texts, -vectors[:, ::-1], CONFIG, before, rows, same)
        assert [turned.ids[now[truth == t][0]] for t in range(3)] == [
            before.ids[labels[truth == t][0]] for t in range(3)
        ]
        assert set(turned.parent_ids) <= {*before.parent_ids, before.next_id}


def test_what_was_not_drawn_to_learn_from_finds_its_place():
    texts, vectors, truth = world(n=60)
    topics = fit_topics(texts, vectors, TopicConfig(n_topics=3, most_fitted=60))
    assert mutual_information(truth, topics.items) == pytest.approx(1)
    assert topics.sizes.tolist() == [60, 60, 60]


def test_typical_items_are_the_closest_of_their_topic(fitted):
    topics, labels, truth = fitted
    for row, items in enumerate(topics.typical):
        assert len(set(items)) == 10 and (labels[items] == row).all()
    lonely = fit_topics(["bread"], np.eye(1, 6, dtype=np.float32), TopicConfig(n_topics=4))
    assert len(lonely) == 1 and lonely.typical[0].tolist() == [0] + [-1] * 9


def test_known_items_near_the_middle_stand_for_a_topic():
    texts, vectors, truth = world(n=60)
    closest = fit_topics(texts, vectors, TopicConfig(n_topics=3))
    users = np.zeros(len(texts), np.int64)
    near, far = closest.typical[0][9], np.flatnonzero(closest.items == 0)
    far = far[
        ~np.isin(far, fit_topics(texts, vectors, TopicConfig(n_topics=3, typical=15)).typical[0])
    ]
    users[near], users[far] = 5, 9
    known = fit_topics(texts, vectors, TopicConfig(n_topics=3), user_counts=users)
    assert known.typical[0][0] == near and not np.isin(far, known.typical[0]).any()
    assert known.typical[1].tolist() == closest.typical[1].tolist()


def test_an_id_of_the_upper_level_stands_for_all_below(fitted):
    topics, _, _ = fitted
    below = [set(topics.rows[id].tolist()) for id in topics.parent_ids]
    assert set.union(*below) == {0, 1, 2} and sum(map(len, below)) == 3
    assert [topics.rows[id].tolist() for id in topics.ids] == [[0], [1], [2]]


def test_topics_are_read_back(fitted):
    topics, _, _ = fitted
    again = Topics.from_arrays(topics.arrays())
    texts, vectors, _ = world(seed=3)
    assert np.array_equal(topics.assign(texts, vectors)[0], again.assign(texts, vectors)[0])
    same = ("ids", "names", "parent_ids", "parent_names", "next_id", "words")
    assert [getattr(topics, name) for name in same] == [getattr(again, name) for name in same]
    broken = {**topics.arrays(), "evidence": np.zeros((1, 1), np.float32)}
    with pytest.raises(DataError, match="different lengths"):
        Topics.from_arrays(broken)
    with pytest.raises(DataError, match="cannot be read"):
        Topics.from_arrays({})


@pytest.mark.parametrize(
    "texts",
    [[], [""], ["one"], ["same words"] * 30, ["", "\ud800", "\u202e", "中文字", "a" * 1_000_000]],
)
@pytest.mark.parametrize("vectors", ["zero", "random", "equal"])
def test_whatever_comes_is_grouped(texts, vectors):
    made = {
        "zero": np.zeros((len(texts), 6)),
        "equal": np.ones((len(texts), 6)),
        "random": np.random.default_rng(0).normal(size=(len(texts), 6)),
    }[vectors].astype(np.float32)
    topics = fit_topics(texts, made, TopicConfig(n_topics=4))
    labels = topics.items
    assert len(labels) == len(texts) and labels.max(initial=-1) < len(topics.ids)
    assert np.isfinite(topics.evidence).all() and np.isfinite(topics.centroids).all()
    assert np.array_equal(topics.assign(texts, made)[0] < 0, labels < 0)


def test_words_of_a_text():
    assert words("The dog's telescopes, and 3 MOONS!") == ["dog", "telescopes", "moons"]
    assert words("Sci-Fi and film-noir - or x-ray-2?") == ["sci-fi", "film-noir", "x-ray"]
    assert words("La vie de la mère et de la fille") == ["vie", "mère", "fille"]
    assert words("天气好") == ["天气"]
    assert words("公司的公务员考试") == ["公务员", "公务", "考试"]  # no generic word, none over 的
    assert words("為什麼股票暴涨") == ["股票", "暴涨"]  # traditional signs, no function signs
    assert words("怎么刷机") == ["刷机"]  # a pair of signs that no list has
    known = {"公务员", "热水"}  # new texts are cut by the words of the topics
    assert words("公务员热水", known.__contains__) == ["公务员", "热水"]


def test_figures_by_hand():
    assert macro_recall(np.array([0, 0, 2, 2]), np.array([0, 1, 2, 2])) == pytest.approx(0.75)
    assert mutual_information(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0])) == pytest.approx(1)
    assert mutual_information(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])) == pytest.approx(0)


def test_names_hold_no_pairs_of_signs_that_overlap():
    known = ["人工", "工智", "智能", "天气"]
    counts = np.array([[9, 8, 7, 0], [0, 0, 0, 9]])
    assert names(counts, known)[0] == ["人工", "智能"]


def test_function_words_of_other_languages_tell_no_topic():
    """The language of a title is often not detected; man is a pronoun in German, a noun here."""
    known = ["la", "el", "del", "il", "vita", "cielo", "man", "muerte"]
    counts = np.array([[9, 8, 7, 6, 5, 4, 3, 2], [1, 1, 1, 1, 0, 0, 0, 0]], np.float64)
    assert names(counts, known)[0] == ["vita", "cielo", "man", "muerte"]
