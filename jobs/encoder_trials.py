"""Encoder trials: what an encoder with an objective is worth on unread and on read items.

Every cell ranks by the decayed sum of the history's text vectors alone, so that only the encoder
differs. `readers` is the closed form of recsys/text/coldstart.py, after EASE.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.arrays import Floats, Mask, Rows
from recsys.collaborative.ease import EaseConfig, fit_ease
from recsys.data.readers import load_events, load_items
from recsys.data.tables import EventTable
from recsys.evaluation.cuts import cold_items
from recsys.metrics import Positives, ndcg, recall, score_ranks
from recsys.text.clean import document
from recsys.text.coldstart import ColdConfig, fit_cold, map_texts, teach, with_pairs
from recsys.text.encoder import Encoder, load_encoder
from recsys.text.finetune import TRANSFORMER, FinetuneConfig, finetune
from recsys.text.histories import Histories, latest_last
from recsys.text.imitation import imitate
from recsys.text.negatives import near_strangers
from recsys.text.static import load_static
from recsys.text.student import Student
from recsys.text.trainable import TrainableStatic, TrainableTransformer
from recsys.text.transformer import TransformerEncoder
from recsys.training.slices import last_of_each_user

DECAY = 0.9  # per step back in a history
OBJECTIVES = ("frozen", "contrastive", "behaviour", "readers")
EASE = 200.0
LEARNERS = {"static": (3e-2, 256), "transformer": (2e-5, 64)}  # rate, users per step


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
class Question:
    """Training events, users to ask for, and what they took up in the test."""

    user: Rows
    item: Rows
    shape: tuple[int, int]
    asked: NDArray[np.int64]
    candidates: Rows
    positives: Positives
    seen: bool  # whether a user's own items are among the candidates

    def profile(self) -> sparse.csr_array:
        """Return (n_asked, n_items): each history item's weight, the latest weighing 1."""
        order = np.argsort(self.user, kind="stable")
        user, item = self.user[order], self.item[order]
        ends = np.cumsum(np.bincount(user, minlength=self.shape[0]))
        back = ends[user] - 1 - np.arange(len(user))
        weight = (DECAY**back).astype(np.float32)
        return sparse.csr_array((weight, (user, item)), shape=self.shape)[self.asked]

    def measure(self, inputs: Floats, outputs: Floats) -> tuple[float, float]:
        """Return Recall@20 and nDCG@20 of input · output over histories."""
        profile = self.profile()
        found: list[NDArray[np.float64]] = []
        for start in range(0, len(self.asked), 1024):
            part = self.positives.part(start, min(start + 1024, len(self.asked)))
            scores = (profile[start : start + 1024] @ inputs) @ outputs[self.candidates].T
            if self.seen:
                scores[profile[start : start + 1024][:, self.candidates].nonzero()] = -np.inf
            ranks = score_ranks(scores, part, 20)
            found.append(np.stack([recall(ranks, part, 20), ndcg(ranks, part, 20)]))
        both = np.concatenate(found, axis=1).mean(axis=1)
        return float(both[0]), float(both[1])


def question(events: EventTable, n_items: int, item: Rows, protocol: str, seed: int) -> Question:
    """Cut the events as the protocol does; `item` are rows of the catalogue."""
    cold = cold_items(events, 0.2, seed)
    is_test: Mask = np.isin(events.item, cold) if protocol == "cold" else last_of_each_user(events)
    shape = (len(events.users), n_items)
    train, test = ~is_test, is_test
    history = np.bincount(events.user[train], minlength=shape[0]) > 0
    wanted: dict[int, set[int]] = {}
    for user, row in zip(events.user[test].tolist(), item[test].tolist(), strict=True):
        if history[user]:
            wanted.setdefault(user, set()).add(row)
    everything = np.unique(item[test]) if protocol == "cold" else np.arange(n_items)
    candidates = everything.astype(np.int32)
    lists = [np.searchsorted(candidates, sorted(rows)).tolist() for rows in wanted.values()]
    asked = np.array(list(wanted), np.int64)
    return Question(
        events.user[train], item[train], shape, asked, candidates,
        Positives.from_lists(lists), protocol == "warm",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """Texts, and who took them up."""

    texts: list[str]
    events: EventTable
    item: Rows  # (n_events,): rows of `texts`

    @classmethod
    def load(cls, items: Path, events: Path, category: str = "", liked: bool = False) -> World:
        """Read files in the project's format; keep one category, or likes alone, where asked."""
        table, read = load_items(items), load_events(events)
        item = table.ids.rows(read.items)[read.item]
        kept = item >= 0
        if category:
            kept &= np.array(table.category, object)[item] == category
        if liked:
            kept &= np.array(read.kinds, object)[read.kind] == "like"
        parts = zip(table.title, table.text, table.tags, table.category, strict=True)
        texts = [document(*part) if category in ("", part[-1]) else "" for part in parts]
        return cls(texts, read.select(kept), item[kept])


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

    def cells(
        self, encoders: Sequence[str], objectives: Sequence[str], protocols: Sequence[str],
        seed: int,
    ) -> Iterator[Cell]:  # fmt: skip
        """Measure every cell in turn."""
        for spec in encoders:
            frozen = self.frozen(load_encoder(spec, self.device, self.home))
            for protocol in protocols:
                world = self.world
                asked = question(world.events, len(world.texts), world.item, protocol, seed)
                for objective in objectives:
                    done = self.fitted(spec, objective, asked, frozen)
                    found = asked.measure(done.inputs, done.outputs)
                    student = None if done.own_student else self._student_ndcg(done, asked)
                    took = round(done.fit_seconds, 1), round(done.encode_seconds, 1)
                    yield Cell(spec, objective, protocol, *found, *took, done.steps, student)

    def frozen(self, encoder: Encoder) -> Fitted:
        """Encode every text."""
        start = time.perf_counter()
        vectors = encoder.encode(self.world.texts)
        took, own = time.perf_counter() - start, isinstance(encoder, Student)
        return Fitted(vectors, vectors, 0.0, took, own_student=own)

    def fitted(self, spec: str, objective: str, asked: Question, frozen: Fitted) -> Fitted:
        """Let a fresh copy of the encoder learn, then encode every text with it."""
        if objective == "frozen":
            return frozen
        start = time.perf_counter()
        encoder = load_encoder(spec, self.device, self.home)
        matrix = latest_last(asked.user, asked.item, asked.shape)
        hard = near_strangers(frozen.outputs, matrix) if objective == "contrastive" else None
        inputs, steps = None, 0
        if objective == "readers":
            encoder, inputs = self._closed(encoder, frozen.outputs, asked, matrix)
        else:
            encoder, steps = self._tuned(encoder, objective, Histories(matrix, hard))
        fit = time.perf_counter() - start
        outputs = encoder.encode(self.world.texts)
        took = time.perf_counter() - start - fit
        own = isinstance(encoder, Student)
        return Fitted(outputs if inputs is None else inputs, outputs, fit, took, steps, own)

    def _student_ndcg(self, done: Fitted, asked: Question) -> float:
        """Return nDCG@20 by a student that learned from read items what the encoder says."""
        static = load_static(self.home)
        shown = np.isin(np.arange(len(self.world.texts)), asked.item)
        wanted = np.where(shown[:, None], done.outputs, np.float32(0))
        student = imitate(map_texts(self.world.texts, static), static, wanted, "trial").compact()
        vectors = student.encode(self.world.texts)
        return asked.measure(vectors, vectors)[1]

    def _tuned(
        self, encoder: Encoder, objective: str, histories: Histories
    ) -> tuple[Encoder, int]:
        texts = self.world.texts
        if isinstance(encoder, Student):
            config = FinetuneConfig(objective=objective, seconds=self.seconds)
            static = TrainableStatic.of(with_pairs(encoder, texts), texts, self.device)
            record = finetune(static, histories, config, seed=0)
            return static.result(), len(record.losses)
        assert isinstance(encoder, TransformerEncoder)
        config = replace(TRANSFORMER, objective=objective, seconds=self.seconds)
        trainable = TrainableTransformer.of(encoder, texts)
        record = finetune(trainable, histories, config, seed=0)
        return trainable.result(), len(record.losses)

    def _closed(
        self, encoder: Encoder, vectors: Floats, asked: Question, matrix: sparse.csr_array
    ) -> tuple[Student, Floats]:
        """Return the student of the readers' space, after EASE, and what histories count as."""
        counts = np.bincount(asked.item, minlength=asked.shape[1])
        weights = fit_ease(matrix, EaseConfig(regularization=EASE)).matrix()
        if isinstance(encoder, Student):
            base, texts = encoder, map_texts(self.world.texts, encoder)
        else:
            static = load_static(self.home)
            shown = np.where((counts > 0)[:, None], vectors, np.float32(0))
            base = imitate(map_texts(self.world.texts, static), static, shown, encoder.name)
            texts = map_texts(self.world.texts, base, taught=vectors)
        student, inputs = teach(fit_cold(texts, weights, counts, ColdConfig()), base)
        return student.compact(), inputs
