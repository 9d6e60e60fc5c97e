"""Trainable encoders: static vectors and transformers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from recsys.errors import MissingExtra
from recsys.text.clean import clean
from recsys.text.encoders.student import Student
from recsys.text.encoders.transformer import TransformerEncoder, batch_size, half_precision, named

ADAPT_ABOVE = 100_000_000  # parameters beyond which low-rank adapters are trained instead


@dataclass(frozen=True)
class TrainableStatic:
    """Static vectors of the tokens that some texts hold; the others stay as they were."""

    student: Student
    module: torch.nn.EmbeddingBag
    used: NDArray[np.int64]  # the tokens that train, ascending
    tokens: NDArray[np.int64]  # rows of the module, text after text
    ends: NDArray[np.int64]  # (n_texts + 1,)

    @classmethod
    def of(cls, student: Student, texts: Sequence[str], device: str = "cpu") -> TrainableStatic:
        """Prepare to train on these texts."""
        rows, counts = student.terms(texts)
        used, tokens = np.unique(rows, return_inverse=True)
        start = torch.from_numpy(student.rows(used))
        module = torch.nn.EmbeddingBag.from_pretrained(start, freeze=False, mode="sum").to(device)
        ends = np.concatenate([[0], np.cumsum(counts)])
        return cls(student, module, used, tokens.astype(np.int64), ends)

    def embed(self, rows: NDArray[np.int64]) -> torch.Tensor:
        """Return unit rows, zero for a text without a known token."""
        lengths = self.ends[rows + 1] - self.ends[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        at = np.arange(starts[-1]) + np.repeat(self.ends[rows] - starts[:-1], lengths)
        device = self.module.weight.device
        tokens = torch.from_numpy(self.tokens[at]).to(device)
        bags = self.module(tokens, torch.from_numpy(starts[:-1]).to(device))
        return torch.nn.functional.normalize(bags, dim=1)

    def result(self) -> Student:
        """Return the student with what has been learned."""
        vectors = self.student.rows(slice(None))
        vectors[self.used] = self.module.weight.detach().cpu().numpy()
        return Student(self.student.tokenizer_json, vectors, "tuned", self.student.pairs)


@dataclass(frozen=True)
class TrainableTransformer:
    """A sentence-transformers model; above 100 million parameters only adapters train."""

    module: torch.nn.Module
    texts: Sequence[str]
    label: str = "tuned"  # first part of the name of what comes out

    @classmethod
    def of(
        cls, encoder: TransformerEncoder, texts: Sequence[str], adapt_above: int = ADAPT_ABOVE
    ) -> TrainableTransformer:
        """Prepare to train on these texts; the encoder's own model is changed."""
        model = encoder.model
        if sum(p.numel() for p in model.parameters()) > adapt_above:
            add_adapters(model)
        return cls(model, [clean(text) for text in texts], encoder.name.rpartition("-")[0])

    def embed(self, rows: NDArray[np.int64]) -> torch.Tensor:
        """Return unit rows, in bf16 where that is faster; zero for empty texts.

        Texts go in sorted by length.
        """
        device = next(self.module.parameters()).device
        lengths = np.array([len(self.texts[row]) for row in rows])
        order = np.argsort(lengths, kind="stable")[(lengths == 0).sum() :]
        size = batch_size(device.type)
        parts = [self._part(rows[order[at : at + size]]) for at in range(0, len(order), size)]
        if not parts:  # part of the graph all the same, for a loss to go back through
            return torch.zeros(len(rows), self._width(), device=device).requires_grad_()
        found = torch.nn.functional.normalize(torch.cat(parts).float(), dim=1)
        vectors = torch.zeros(len(rows), found.shape[1], device=device)
        return vectors.index_copy(0, torch.from_numpy(order).to(device), found)

    def _width(self) -> int:
        model: Any = self.module
        return int(model.get_embedding_dimension())

    def _part(self, rows: NDArray[np.int64]) -> torch.Tensor:
        model: torch.nn.Module = self.module
        device = next(model.parameters()).device
        features = model.preprocess([self.texts[row] for row in rows])  # type: ignore[operator]
        features = {
            key: value.to(device) for key, value in features.items() if hasattr(value, "to")
        }
        kind = device.type
        with torch.autocast(kind, torch.bfloat16, enabled=half_precision(kind)):
            vectors: torch.Tensor = model(features)["sentence_embedding"]
        return vectors

    def result(self) -> TransformerEncoder:
        """Return the encoder with what has been learned, adapters merged into its weights."""
        merge_adapters(self.module)
        return named(self.module, self.label)  # type: ignore[arg-type]


def add_adapters(model: torch.nn.Module) -> None:
    """Freeze a sentence-transformers model and add low-rank adapters to all its linear layers."""
    try:
        from peft import LoraConfig
    except ImportError as error:
        raise MissingExtra("peft", "train") from error
    for value in model.parameters():
        value.requires_grad_(False)
    torch.manual_seed(0)  # adapters begin alike, so that a seed fixes a whole run
    config = LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear")
    model.add_adapter(config)  # type: ignore[operator]


def merge_adapters(model: torch.nn.Module) -> None:
    """Add what adapters have learned to the weights they stand beside, and remove them."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if hasattr(child, "lora_A"):
                layer: Any = child
                layer.merge()
                setattr(parent, name, layer.get_base_layer())
        if getattr(parent, "_hf_peft_config_loaded", False):
            parent._hf_peft_config_loaded = False  # type: ignore[assignment]
