"""Fine-tuning in a world of two tastes whose words know nothing of each other at the start."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from test_transformer import bert, t5  # noqa: F401
from text_world import word_student

from recsys.errors import DataError
from recsys.text.encoders.transformer import load_transformer, save_transformer
from recsys.text.finetuning.hard_negatives import hard_negatives
from recsys.text.finetuning.history_batches import Histories, latest_last
from recsys.text.finetuning.teacher_targets import TeacherTargets
from recsys.text.finetuning.train_step import adam, set_pace
from recsys.text.finetuning.trainable import TrainableStatic, TrainableTransformer, add_adapters
from recsys.text.finetuning.trainer import FinetuneConfig, finetune

NAILS = ["红", "лак", "nagel", "طلاء"]  # no English: words in four scripts, read by the same users
CREAMS = ["霜", "крем", "salbe", "كريم"]
TEXTS = NAILS + CREAMS
FAST = FinetuneConfig(steps=30, users=8, rate=0.05, check=10)


def reads() -> Histories:
    """Twelve users, each of three items of one taste."""
    rng = np.random.default_rng(0)
    items = [rng.permutation(4)[:3] + 4 * (user % 2) for user in range(12)]
    return Histories(latest_last(np.repeat(np.arange(12), 3), np.concatenate(items), (12, 8)))


def gap(vectors: np.ndarray) -> float:
    """How much nearer texts of one taste are than texts of two."""
    alike = vectors @ vectors.T
    return float((alike[:4, :4].mean() + alike[4:, 4:].mean()) / 2 - alike[:4, 4:].mean())


@pytest.mark.parametrize("objective", ["contrastive", "behaviour"])
def test_words_of_one_taste_come_together(objective: str) -> None:
    start = word_student(TEXTS)
    trainable = TrainableStatic.of(start, TEXTS)
    record = finetune(trainable, reads(), replace(FAST, objective=objective), seed=0)
    assert gap(trainable.result().encode(TEXTS)) > gap(start.encode(TEXTS)) + 0.3
    assert np.isfinite(record.losses).all() and record.losses[-1] < record.losses[0]
    again = TrainableStatic.of(start, TEXTS)
    assert (
        finetune(again, reads(), replace(FAST, objective=objective), seed=0).losses == record.losses
    )


def test_a_killed_run_ends_as_one_that_was_not(tmp_path: Path) -> None:
    whole = TrainableStatic.of(word_student(TEXTS), TEXTS)
    record = finetune(whole, reads(), FAST, seed=3)

    class Killed(Exception):
        pass

    calls = []

    def killed_at_the_third_check() -> float:
        calls.append(1)
        if len(calls) == 3:  # the first is before the first step
            raise Killed
        return 0.0

    broken = TrainableStatic.of(word_student(TEXTS), TEXTS)
    with pytest.raises(Killed):
        finetune(broken, reads(), FAST, 3, killed_at_the_third_check, tmp_path)
    resumed = TrainableStatic.of(word_student(TEXTS), TEXTS)
    after = finetune(resumed, reads(), FAST, 3, folder=tmp_path)
    assert after.losses == record.losses and after.resumed == 10
    (tmp_path / "checkpoint.safetensors").write_bytes(b"half")
    fresh = TrainableStatic.of(word_student(TEXTS), TEXTS)
    assert finetune(fresh, reads(), FAST, 3, folder=tmp_path).losses == record.losses


def test_an_early_stop_keeps_the_best() -> None:
    trainable = TrainableStatic.of(word_student(TEXTS), TEXTS)
    scores = iter([0.1, 1.0, 0.5, 0.4, 0.3])
    record = finetune(trainable, reads(), replace(FAST, check=5), 0, lambda: next(scores))
    assert [at for at, _ in record.checks] == [0, 5, 10, 15]


def test_what_never_gets_better_stays_as_it_was() -> None:
    start = word_student(TEXTS)
    trainable = TrainableStatic.of(start, TEXTS)
    scores = iter([1.0, 0.5, 0.4, 0.3])
    finetune(trainable, reads(), replace(FAST, check=5), 0, lambda: next(scores))
    assert np.allclose(trainable.result().vectors, start.vectors)


@pytest.mark.parametrize("texts", [["red nail"], ["red nail"] * 8, [""] * 8])
@pytest.mark.parametrize("objective", ["behaviour", "contrastive", "guided"])
def test_a_transformer_of_one_item_equal_and_empty_texts(
    texts: list[str],
    objective: str,
    bert: Path,  # noqa: F811
) -> None:
    trainable = TrainableTransformer.of(load_transformer(str(bert), "cpu"), texts)
    alone = Histories(latest_last(np.zeros(1, int), np.zeros(1, int), (1, 1)))
    lessons: Histories | TeacherTargets = reads() if len(texts) == 8 else alone
    if objective == "guided":
        lessons = TeacherTargets.turned(
            np.eye(len(texts), 16, dtype=np.float32), np.ones((len(texts), 16))
        )
    record = finetune(trainable, lessons, replace(FAST, objective=objective, steps=2), 0)
    assert np.isfinite(record.losses).all()
    assert np.isfinite(trainable.result().encode([*texts, "cream"])).all()


@pytest.mark.parametrize("texts", [["红"], ["红"] * 8, [""] * 8])
def test_one_item_equal_and_empty_texts(texts: list[str]) -> None:
    trainable = TrainableStatic.of(word_student(TEXTS), texts)
    n = len(texts)
    alone = Histories(latest_last(np.zeros(1, int), np.zeros(1, int), (1, 1)))
    record = finetune(trainable, reads() if n == 8 else alone, replace(FAST, steps=3), 0)
    assert np.isfinite(record.losses).all()
    assert np.isfinite(trainable.result().encode(texts)).all()


def test_out_of_memory_halves_the_chunk() -> None:
    plain, short = (TrainableStatic.of(word_student(TEXTS), TEXTS) for _ in range(2))

    def hook(module: torch.nn.Module, args: tuple[torch.Tensor, torch.Tensor]) -> None:
        if len(args[1]) > 2:
            raise torch.OutOfMemoryError("a GPU that holds two texts")

    short.module.register_forward_pre_hook(hook)
    config = replace(FAST, steps=3)
    a, b = (finetune(one, reads(), config, 0).losses for one in (plain, short))
    assert np.allclose(a, b, atol=1e-4)


@pytest.mark.parametrize("kind", ["t5", "bert"])
def test_transformers_learn_through_the_same_path(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    encoder = load_transformer(str(request.getfixturevalue(kind)), "cpu", t5=kind == "t5")
    texts = ["red nail", "blue polish", "cream", "red cream", "nail", "polish", "blue", ""]
    trainable = TrainableTransformer.of(encoder, texts)
    record = finetune(trainable, reads(), replace(FAST, steps=4, chunk=3), 0)
    assert np.isfinite(record.losses).all() and np.isfinite(encoder.encode(texts)).all()
    learned = trainable.result()
    assert learned.name != encoder.name
    save_transformer(learned, tmp_path / "learned")
    again = load_transformer(str(tmp_path / "learned"), "cpu", label="again")
    assert np.allclose(again.encode(texts), learned.encode(texts), atol=1e-3)


def test_adapters_train_few_parameters_and_merge(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    encoder = load_transformer(str(request.getfixturevalue("bert")), "cpu")
    add_adapters(encoder.model)
    sizes = [(p.numel(), p.requires_grad) for p in encoder.model.parameters()]
    assert 0 < sum(n for n, trains in sizes if trains) < sum(n for n, _ in sizes)
    trainable = TrainableTransformer(encoder.model, ["red", "nail"] * 4)
    assert np.isfinite(finetune(trainable, reads(), replace(FAST, steps=2), 0).losses).all()
    with_adapters = encoder.encode(["red", "nail cream"])
    merged = trainable.result()
    assert not [name for name, _ in merged.model.named_parameters() if "lora" in name]
    assert np.allclose(merged.encode(["red", "nail cream"]), with_adapters, atol=2e-2)
    folder = tmp_path / "saved"
    save_transformer(merged, folder)
    again = load_transformer(str(folder), "cpu", label="tuned")
    assert again.name == merged.name and not list(folder.rglob("*.bin"))


@pytest.mark.parametrize("kind", ["t5", "bert"])
def test_a_transformer_follows_a_guide_and_goes_on_after_a_kill(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    texts = ["red nail", "blue polish", "cream", "red cream", "nail", "polish", "blue", ""]
    targets = np.repeat(np.eye(2, 16, dtype=np.float32), 4, axis=0)
    targets[7] = 0
    config = replace(FAST, objective="guided", rate=0.01, words=3.0, steps=12, check=4, chunk=3)

    def pupil() -> TrainableTransformer:
        folder = str(request.getfixturevalue(kind))
        return TrainableTransformer.of(load_transformer(folder, "cpu", t5=kind == "t5"), texts)

    whole = pupil()
    guide = TeacherTargets.turned(targets, whole.result().encode(texts))
    assert guide.learners().tolist() == list(range(7))
    record = finetune(whole, guide, config, 0)
    assert record.losses[-1] < 0.5 * record.losses[0]
    calls = []

    def killed_at_the_second_check() -> float:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return 0.0

    with pytest.raises(KeyboardInterrupt):
        finetune(pupil(), guide, config, 0, killed_at_the_second_check, tmp_path)
    resumed = finetune(pupil(), guide, config, 0, folder=tmp_path)
    assert resumed.resumed == 4 and np.allclose(resumed.losses, record.losses, atol=1e-3)


def test_a_turned_guide_keeps_likeness_and_comes_near() -> None:
    rng = np.random.default_rng(0)
    targets = rng.standard_normal((30, 5)).astype(np.float32)
    rotation = np.linalg.qr(rng.standard_normal((8, 8)))[0][:5].astype(np.float32)
    guide = TeacherTargets.turned(targets, targets @ rotation)
    assert np.allclose(guide.targets, targets @ rotation, atol=1e-4)
    other = TeacherTargets.turned(targets, rng.standard_normal((30, 8)).astype(np.float32))
    assert np.allclose(other.targets @ other.targets.T, targets @ targets.T, atol=1e-4)


def test_a_guide_is_followed_alike_whatever_the_chunk() -> None:
    targets = np.eye(8, dtype=np.float32)
    config = replace(FAST, objective="guided", steps=5)
    losses = []
    for chunk in (1, 3, 100):
        one = TrainableStatic.of(word_student(TEXTS), TEXTS)
        losses.append(
            finetune(one, TeacherTargets(targets), replace(config, chunk=chunk), 0).losses
        )
    assert np.allclose(losses[0], losses[2], atol=1e-4)
    assert np.allclose(losses[1], losses[2], atol=1e-4)


def test_word_vectors_of_a_transformer_learn_at_their_own_rate(bert: Path) -> None:  # noqa: F811
    module = load_transformer(str(bert), "cpu").model
    optimizer = adam(module, 0.1, 10.0)
    assert [len(group["params"]) for group in optimizer.param_groups][1] == 1
    set_pace(optimizer, 0.0, 0.1, 0.2)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.05, 0.5])
    set_pace(optimizer, 0.2, 0.1, 0.2)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1)
    set_pace(optimizer, 1.5, 0.1, 0.2)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.002)


def test_a_clock_that_runs_out_slows_the_last_steps_down() -> None:
    rates = []
    trainable = TrainableStatic.of(word_student(TEXTS), TEXTS)
    config = replace(FAST, steps=10_000_000, seconds=100.0)
    ticks = itertools.count()  # a second goes by at every look
    weight = trainable.module.weight
    before = weight.detach().clone()

    def callback(step: int, loss: float) -> None:
        nonlocal before
        rates.append(float((weight.detach() - before).abs().max()))
        before = weight.detach().clone()

    finetune(trainable, reads(), config, 0, callback=callback, now=lambda: float(next(ticks)))
    assert 20 < len(rates) < 100 and max(rates[-3:]) < 0.3 * max(rates)


def test_an_unknown_objective_is_refused() -> None:
    with pytest.raises(DataError, match="objective"):
        finetune(
            TrainableStatic.of(word_student(TEXTS), TEXTS),
            reads(),
            replace(FAST, objective="magic"),
            0,
        )


def test_histories_keep_order_and_the_latest_of_repeats() -> None:
    matrix = latest_last(np.array([1, 0, 1, 1]), np.array([5, 2, 3, 5]), (3, 6))
    assert matrix.indices.tolist() == [2, 3, 5]
    assert matrix.indptr.tolist() == [0, 1, 3, 3]


def test_hard_negatives_are_near_texts_of_other_readers() -> None:
    words = ["red nail polish", "red nail lacquer", "red nail paint", "blue sea", "red nail polish"]
    vectors = word_student([*dict.fromkeys(" ".join(words).split())]).encode(words)
    both = latest_last(np.array([0, 0, 1, 1]), np.array([0, 1, 2, 3]), (2, 5))
    hard = hard_negatives(vectors, both, 2)
    assert hard[0, 0] == 2  # 1 was taken up together with it, 4 says the same
    assert 3 not in hard[2]
    assert hard_negatives(np.zeros((3, 4), np.float32), both[:, :3], 2).max() == -1


def test_a_batch_brings_hard_negatives_that_nobody_in_it_took_up() -> None:
    hard = np.array([[7], [7], [7], [-1], [0], [0], [0], [0]])
    drawn = Histories(reads().matrix, hard).draw(np.arange(2), 10, np.random.default_rng(0))
    plain = reads().draw(np.arange(2), 10, np.random.default_rng(0))
    assert drawn.items[: len(plain.items)].tolist() == plain.items.tolist()
    assert not drawn.taken[:, len(plain.items) :].any()
    assert set(drawn.items[len(plain.items) :]) <= {0, 7}
    config = replace(FAST, objective="contrastive", steps=3)
    trainable = TrainableStatic.of(word_student(TEXTS), TEXTS)
    assert np.isfinite(finetune(trainable, Histories(reads().matrix, hard), config, 0).losses).all()
