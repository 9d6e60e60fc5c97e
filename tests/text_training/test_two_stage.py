"""Courses: word vectors learn from users first, and a transformer learns from them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import worlds
from text_world import tiny_bert

from recsys.text.encoders.student import unit_rows
from recsys.text.encoders.transformer import load_transformer
from recsys.text.finetuning.history_batches import latest_last
from recsys.text.finetuning.trainable import TrainableTransformer
from recsys.text.finetuning.trainer import FinetuneConfig
from recsys.text.item_texts import documents
from recsys.text_training.finetune_encoder import fine_tune_if_better
from recsys.text_training.teacher_embeddings import reduced, symmetric, teacher_embeddings
from recsys.text_training.two_stage import TwoStageTraining, embedded, guided

CONFIG = FinetuneConfig(steps=6, users=32, rate=1e-3, check=3, chunk=16)


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bert")
    tiny_bert(folder, [word for words in worlds.WORDS.values() for word in words])
    return folder


def course(bert, **changes):
    data = worlds.topics()
    use = data.weight > 0
    shape = (len(data.users), len(data.items))
    texts = documents(data.table)
    trainable = TrainableTransformer.of(load_transformer(str(bert), "cpu"), texts)
    matrix = latest_last(data.user[use], data.item[use], shape)
    return TwoStageTraining(trainable, texts, matrix, worlds.student(), replace(CONFIG, **changes))


def gap(vectors):
    """How much nearer texts of one topic are than texts of two."""
    half = np.repeat([1.0, -1.0], worlds.EACH)
    sides = np.array([half[0 if "sea" in str(one) else -1] for one in worlds.topics().items])
    same = np.equal.outer(sides, sides)
    alike = vectors @ vectors.T
    return float(alike[same].mean() - alike[~same].mean())


def test_readers_reach_a_transformer_through_word_vectors(bert):
    one = course(bert)
    before = gap(one.trainable.result().encode(one.texts))
    record = one.run()
    after = one.trainable.result().encode(one.texts)
    assert gap(after) > before + 0.15 and record.losses[0] > record.losses[-CONFIG.steps - 1]
    assert len(record.losses) == CONFIG.steps + guided(CONFIG, 56, 0).steps


def test_a_course_that_was_killed_goes_on_to_the_same_end(bert, tmp_path):
    whole = course(bert).run()
    for last in (1, len(whole.losses) - 2):  # in either part
        result = []

        def killed(step, loss, result=result, last=last):
            result.append(loss)
            if len(result) > last:
                raise KeyboardInterrupt

        folder = tmp_path / str(last)
        with pytest.raises(KeyboardInterrupt):
            course(bert).run(folder=folder, callback=killed)
        again = course(bert).run(folder=folder)
        assert np.allclose(again.losses, whole.losses, atol=2e-3)


def test_without_time_nothing_is_learned_and_nothing_breaks(bert):
    record = course(bert, seconds=0.0).run()
    assert len(record.losses) == 0


def test_out_of_memory_halves_what_is_read_at_once(bert):
    plain, short = course(bert, steps=2), course(bert, steps=2)

    def hook(module, args):
        if len(args[0]["input_ids"]) > 5:
            raise torch.OutOfMemoryError("a GPU that holds five texts")

    short.trainable.module.register_forward_pre_hook(hook)
    rows = np.arange(len(plain.texts))
    assert np.allclose(
        embedded(short.trainable, rows, 64), embedded(plain.trainable, rows, 64), atol=2e-2
    )
    assert np.allclose(short.run().losses, plain.run().losses, atol=2e-2)
    with pytest.raises(torch.OutOfMemoryError):
        short.trainable.module.register_forward_pre_hook(
            lambda module, args: hook(module, [dict(input_ids=range(9))])
        )
        embedded(short.trainable, rows, 64)


def test_a_lesson_with_word_vectors_takes_the_course(bert):
    start = load_transformer(str(bert), "cpu")
    config = replace(CONFIG, steps=2, check=1)
    outcome = fine_tune_if_better(start, worlds.topics(), config, static=worlds.student())
    assert outcome.record is not None and len(outcome.record.losses) > config.steps
    assert outcome.record.checks[0] == (0, outcome.before) and outcome.after >= outcome.before


def test_guiding_vectors_put_readers_texts_together():
    data = worlds.topics()
    use = data.weight > 0
    matrix = latest_last(data.user[use], data.item[use], (len(data.users), len(data.items)))
    texts = [*documents(data.table)[:-1], "not a word of it"]
    vectors = teacher_embeddings(texts, matrix, worlds.student(), 8)
    assert vectors.shape[1] <= 8 and gap(vectors) > 0.5
    assert not vectors[-1].any()
    length = np.linalg.norm(vectors[:-1], axis=1)
    assert np.allclose(length, 1, atol=1e-4)


def test_few_readers_leave_out_the_closed_form():
    matrix = latest_last(np.array([0, 0, 1]), np.array([0, 1, 2]), (2, 4))
    vectors = teacher_embeddings(["tide", "wave", "rook", ""], matrix, worlds.student(), 8)
    assert np.isfinite(vectors).all() and not vectors[3].any()


@pytest.mark.parametrize("text", ["tide wave", "not known"])
@pytest.mark.parametrize("readers", [1, 60])
def test_equal_and_unknown_texts_guide_to_one_place_or_none(text, readers):
    items = np.arange(60)
    matrix = latest_last(items % readers, items, (readers, 60))
    vectors = teacher_embeddings([text] * 60, matrix, worlds.student(), 8)
    assert np.isfinite(vectors).all() and np.allclose(vectors, vectors[0], atol=1e-3)
    assert vectors.any() == (text == "tide wave")


def test_a_symmetric_map_is_found_again():
    rng = np.random.default_rng(0)
    true = rng.standard_normal((30, 3)).astype(np.float32)
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0].astype(np.float32)
    found = symmetric(true @ turn, true @ turn, np.arange(20), 3)
    alike = unit_rows(true) @ unit_rows(true).T
    assert np.allclose(found[:20] @ found[:20].T, alike[:20, :20], atol=1e-3)
    assert np.allclose(found @ found.T, alike, atol=0.05)


def test_fewer_directions_keep_likeness_as_far_as_they_can():
    rng = np.random.default_rng(0)
    flat = unit_rows((rng.standard_normal((40, 4)) @ rng.standard_normal((4, 12))).astype("f"))
    assert np.allclose(reduced(flat, 4) @ reduced(flat, 4).T, flat @ flat.T, atol=1e-4)
    assert reduced(flat, 2).shape == (40, 2) and reduced(flat, 50).shape == (40, 12)
