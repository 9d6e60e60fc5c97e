"""Accuracy of an encoder with a training objective on unread and on read items.

Every cell ranks by the decayed sum of the history's text vectors alone, so that only the encoder
differs. `guided` is what a night does to a transformer first (recsys/text_training/two_stage.py),
`readers` the closed form of recsys/text/cold_start.py, after EASE. Seconds are CPU time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from scipy import sparse

from recsys.array_types import Floats
from recsys.models.ease import EaseConfig, fit_ease
from recsys.text.cold_start import ColdStartConfig, distill_student, fit_cold, map_texts, with_pairs
from recsys.text.encoders.encoder import Encoder, load_encoder
from recsys.text.encoders.packaged_word_vectors import packaged_word_vectors
from recsys.text.encoders.student import Student
from recsys.text.encoders.transformer import TransformerEncoder, save_transformer
from recsys.text.finetuning.hard_negatives import hard_negatives
from recsys.text.finetuning.history_batches import Histories, latest_last
from recsys.text.finetuning.student_distillation import imitate
from recsys.text.finetuning.trainable import TrainableStatic, TrainableTransformer
from recsys.text.finetuning.trainer import TRANSFORMER, FinetuneConfig, finetune
from recsys.text_training.held_out_items import SHARE, HeldOut
from recsys.text_training.two_stage import TwoStageTraining, embedded

from .encoder_test_data import Question, World, question

OBJECTIVES = ("frozen", "contrastive", "behaviour", "guided", "readers")
EASE = 200.0


@dataclass(frozen=True, slots=True)
class Cell:
    """One encoder with one objective under one protocol."""

    encoder: str
    objective: str
    protocol: str
    recall20: float
    ndcg20: float
    fit_seconds: float
    encode_seconds: float
    steps: int  # of fine-tuning
    student_ndcg20: float | None  # of the student that serves in its place; None: it is its own


@dataclass(frozen=True, slots=True)
class Fitted:
    """An encoder after learning: what a history counts as, and what is ranked."""

    inputs: Floats
    outputs: Floats
    fit_seconds: float
    encode_seconds: float
    steps: int = 0
    own_student: bool = True  # whether what ranks is what serves


@dataclass(slots=True)
class Bench:
    """Runs cells over one world; keeps the frozen vectors, which several cells need."""

    world: World
    home: Path
    seconds: float  # of each fine-tuning
    device: str
    keep: Path | None = None  # where transformers that have learned are saved
    checked: bool = False  # stop static vectors early, by held-out items, as a night does

    def cells(
        self,
        encoders: Sequence[str],
        objectives: Sequence[str],
        protocols: Sequence[str],
        seed: int,
    ) -> Iterator[Cell]:
        """Measure every cell in turn."""
        for spec in encoders:
            encoder = load_encoder(spec, self.device, self.home)
            frozen = self.frozen(encoder)
            for protocol in protocols:
                world = self.world
                test_cases = question(world.events, len(world.texts), world.item, protocol, seed)
                for objective in objectives:
                    if objective == "guided" and isinstance(encoder, Student):
                        continue  # static vectors are the guide
                    done = self.fitted(spec, objective, test_cases, frozen)
                    found = test_cases.measure(done.inputs, done.outputs)
                    student = None if done.own_student else self._student_ndcg(done, test_cases)
                    took = round(done.fit_seconds, 1), round(done.encode_seconds, 1)
                    yield Cell(spec, objective, protocol, *found, *took, done.steps, student)

    def frozen(self, encoder: Encoder) -> Fitted:
        """Encode every text."""
        start = time.process_time()
        vectors = encoder.encode(self.world.texts)
        took, own = time.process_time() - start, isinstance(encoder, Student)
        return Fitted(vectors, vectors, 0.0, took, own_student=own)

    def fitted(self, spec: str, objective: str, question: Question, frozen: Fitted) -> Fitted:
        """Let a fresh copy of the encoder learn, then encode every text with it."""
        if objective == "frozen":
            return frozen
        start = time.process_time()
        encoder = load_encoder(spec, self.device, self.home)
        matrix = latest_last(question.user, question.item, question.shape)
        hard = hard_negatives(frozen.outputs, matrix) if objective == "contrastive" else None
        inputs, steps = None, 0
        if objective == "readers":
            encoder, inputs = self._closed(encoder, frozen.outputs, question, matrix)
        else:
            encoder, steps = self._tuned(encoder, objective, Histories(matrix, hard), question)
        fit = time.process_time() - start
        outputs = encoder.encode(self.world.texts)
        took = time.process_time() - start - fit
        own = isinstance(encoder, Student)
        return Fitted(outputs if inputs is None else inputs, outputs, fit, took, steps, own)

    def _student_ndcg(self, done: Fitted, question: Question) -> float:
        """Return nDCG@20 by a student that learned from read items what the encoder says."""
        static = packaged_word_vectors()
        shown = np.isin(np.arange(len(self.world.texts)), question.item)
        targets = np.where(shown[:, None], done.outputs, np.float32(0))
        student = imitate(map_texts(self.world.texts, static), static, targets, "trial").compact()
        vectors = student.encode(self.world.texts)
        return question.measure(vectors, vectors)[1]

    def _tuned(
        self, encoder: Encoder, objective: str, histories: Histories, question: Question
    ) -> tuple[Encoder, int]:
        texts = self.world.texts
        if isinstance(encoder, Student):
            config = FinetuneConfig(objective=objective, seconds=self.seconds)
            static = TrainableStatic.of(with_pairs(encoder, texts), texts, self.device)
            validate = None
            if self.checked:
                config = replace(config, check=5, patience=8)
                out = np.random.default_rng(1).random(question.shape[1]) < SHARE
                held = HeldOut.cut(question.user, question.item, question.shape, out, 2_000, 0)
                histories = Histories(held.matrix)
                validate = partial(held.ndcg, partial(embedded, static, chunk=config.chunk))
            record = finetune(static, histories, config, 0, validate)
            return static.result(), len(record.losses)
        assert isinstance(encoder, TransformerEncoder)
        config = replace(TRANSFORMER, seconds=self.seconds)
        trainable = TrainableTransformer.of(encoder, texts)
        if objective == "guided":
            words, config = packaged_word_vectors(), replace(config, steps=0)
            two_stage = TwoStageTraining(
                trainable, texts, histories.matrix, words, config, 0, self.device
            )
            record = two_stage.run(callback=_described)
        else:
            config = replace(config, objective=objective)
            record = finetune(trainable, histories, config, seed=0, callback=_described)
        result = trainable.result()
        if self.keep:
            save_transformer(result, self.keep / f"{encoder.name}-{objective}")
        return result, len(record.losses)

    def _closed(
        self, encoder: Encoder, vectors: Floats, question: Question, matrix: sparse.csr_array
    ) -> tuple[Student, Floats]:
        """Return the student of the users' space, after EASE, and what histories count as."""
        counts = np.bincount(question.item, minlength=question.shape[1])
        weights = fit_ease(matrix, EaseConfig(regularization=EASE)).matrix()
        if isinstance(encoder, Student):
            base, texts = encoder, map_texts(self.world.texts, encoder)
        else:
            static = packaged_word_vectors()
            shown = np.where((counts > 0)[:, None], vectors, np.float32(0))
            base = imitate(map_texts(self.world.texts, static), static, shown, encoder.name)
            texts = map_texts(self.world.texts, base, teacher_vectors=vectors)
        student, inputs = distill_student(fit_cold(texts, weights, counts, ColdStartConfig()), base)
        return student.compact(), inputs


def _described(step: int, loss: float) -> None:
    if step % 20 == 0:
        print(f"step {step}, loss {loss:.4f}", file=sys.stderr, flush=True)
