"""Compare encoders × objectives on unread (cold) and read (warm) items.

    python -m jobs.bench_encoders --items items.csv --events events.csv --json OUT --encoders static

Every row ranks by the decayed sum of the history's text vectors alone, so that only the encoder
differs. `readers` is the closed form of recsys/text/coldstart.py, after EASE.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
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
from recsys.text.finetune import FinetuneConfig, finetune
from recsys.text.histories import latest_last
from recsys.text.static import default_home
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


def fitted(
    spec: str, objective: str, asked: Question, texts: list[str], seconds: float, device: str
) -> tuple[Encoder, Floats | None]:
    """Return the encoder after learning, and input vectors where they differ from the outputs."""
    encoder = load_encoder(spec, device, default_home())
    if objective == "frozen":
        return encoder, None
    matrix = latest_last(asked.user, asked.item, asked.shape)
    if objective == "readers":
        assert isinstance(encoder, Student)
        counts = np.bincount(asked.item, minlength=asked.shape[1])
        weights = fit_ease(matrix, EaseConfig(regularization=EASE)).matrix()
        cold = fit_cold(map_texts(texts, encoder), weights, counts, ColdConfig())
        return teach(cold, encoder)
    rate, users = LEARNERS["static" if isinstance(encoder, Student) else "transformer"]
    config = FinetuneConfig(objective=objective, rate=rate, users=users, seconds=seconds)
    if isinstance(encoder, Student):
        static = TrainableStatic.of(with_pairs(encoder, texts), texts)
        finetune(static, matrix, config, seed=0)
        return static.result(), None
    assert isinstance(encoder, TransformerEncoder)
    finetune(TrainableTransformer.of(encoder, texts), matrix, config, seed=0)
    return encoder, None


def cells(
    items: Path, events: Path, encoders: Sequence[str], objectives: Sequence[str],
    protocols: Sequence[str], seconds: float, device: str,
) -> Iterator[Cell]:  # fmt: skip
    """Measure every cell in turn; `readers` is for static encoders only."""
    table, read = load_items(items), load_events(events)
    item = table.ids.rows(read.items)[read.item]
    known = item >= 0
    read, item = read.select(known), item[known]
    parts = zip(table.title, table.text, table.tags, table.category, strict=True)
    texts = [document(*part) for part in parts]
    for protocol in protocols:
        asked = question(read, len(texts), item, protocol, seed=0)
        for spec in encoders:
            for objective in objectives:
                if objective == "readers" and spec != "static":
                    continue
                start = time.perf_counter()
                encoder, inputs = fitted(spec, objective, asked, texts, seconds, device)
                fit = time.perf_counter() - start
                outputs = encoder.encode(texts)
                encode = time.perf_counter() - start - fit
                found = asked.measure(outputs if inputs is None else inputs, outputs)
                yield Cell(spec, objective, protocol, *found, round(fit, 1), round(encode, 1))


def markdown(rows: Sequence[Cell]) -> str:
    """Return the table as Markdown."""
    head = "| encoder | objective | items | Recall@20 | nDCG@20 | fit s | encode s |\n"
    head += "|---|---|---|---|---|---|---|\n"
    return head + "\n".join(
        f"| {c.encoder} | {c.objective} | {c.protocol} | {c.recall20:.4f} | {c.ndcg20:.4f} "
        f"| {c.fit_seconds} | {c.encode_seconds} |"
        for c in rows
    )


@click.command()
@click.option("--items", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--events", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--encoders", default="static", show_default=True, help="Comma between them.")
@click.option("--objectives", default=",".join(OBJECTIVES), show_default=True)
@click.option("--protocols", default="cold,warm", show_default=True)
@click.option("--seconds", default=240.0, show_default=True, help="Clock limit of each training.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda.")
@click.option("--json", "out", type=click.Path(path_type=Path), help="Also write JSON here.")
def main(
    items: Path, events: Path, encoders: str, objectives: str, protocols: str, seconds: float,
    device: str, out: Path | None,
) -> None:  # fmt: skip
    """Print the table encoders × objectives × (cold, warm) with fit and encode times."""
    rows: list[Cell] = []
    chosen = (encoders.split(","), objectives.split(","), protocols.split(","))
    for cell in cells(items, events, *chosen, seconds, device):
        rows.append(cell)
        print(markdown([cell]).splitlines()[-1], flush=True)
        if out:
            out.write_text(json.dumps([asdict(row) for row in rows], indent=1), "utf-8")
    print(markdown(rows))


if __name__ == "__main__":
    main()
