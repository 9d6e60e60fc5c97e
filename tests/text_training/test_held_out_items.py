"""What an encoder is judged by: items that never teach, and who took them up."""

import numpy as np
import worlds

from recsys.text_training.held_out_items import HeldOut, is_held_out


def test_the_same_items_are_held_out_whatever_else_there_is():
    ids = [f"item-{n}" for n in range(5000)]
    mask = is_held_out(ids)
    assert 0.08 < mask.mean() < 0.12
    assert np.array_equal(is_held_out(ids[::-1])[::-1], mask)


def test_held_out_items_do_not_teach_and_are_asked_for():
    data = worlds.topics()
    queried = HeldOut.of(data, np.ones(len(data.items), bool), 1000, 0)
    held = np.flatnonzero(is_held_out(data.items))
    assert len(queried) and set(queried.candidates) <= set(held)
    assert not set(queried.matrix.indices) & set(held)
    assert not set(queried.profile.indices) & set(held)


def test_what_people_choose_by_ranks_better_than_what_they_do_not():
    data = worlds.topics()
    queried = HeldOut.of(data, np.ones(len(data.items), bool), 1000, 0)
    number = np.arange(len(data.items))
    either = np.eye(2, dtype=np.float32)
    topic, language = either[number // worlds.EACH], either[number % 2]
    right, wrong = queried.ndcg(lambda rows: topic[rows]), queried.ndcg(lambda rows: language[rows])
    assert 1 >= right > wrong > 0


def test_items_without_words_are_left_out():
    data = worlds.topics()
    queried = HeldOut.of(data, np.zeros(len(data.items), bool), 1000, 0)
    assert len(queried) == 0 and queried.ndcg(lambda rows: np.zeros((len(rows), 2), "f")) == 0.0
