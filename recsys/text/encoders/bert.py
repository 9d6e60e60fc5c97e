"""BERT encoder in NumPy for many short inputs of equal length; distillation needs no torch.

The model is that of Devlin et al. (NAACL 2019): word, position and segment embeddings, then layers
of self-attention and a feed-forward part, each followed by layer normalization. Weights are read
from the safetensors file of a transformers directory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.errors import DataError, MissingExtra
from recsys.thread_pool import over_blocks

BATCH = 128  # inputs at a time: larger intermediate arrays leave the cache of the processor
GELU_ROWS = 32  # rows of the feed-forward part at a time, for the same reason
# Approximation 7.1.26 of the error function in Abramowitz and Stegun (1964): erf(z) is
# 1 - t (A1 + t (A2 + ...)) exp(-z^2) with t = 1 / (1 + P z), z >= 0, to 1.5e-7. Highest power
# first. It takes a third of the time of scipy's erf.
ERF_P = np.float32(0.3275911)
ERF_A = tuple(
    np.float32(a) for a in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
)


@dataclass(frozen=True, slots=True)
class Bert:
    """Weights of a BERT encoder by the names of transformers, float32."""

    weights: Mapping[str, Floats]
    layers: int
    heads: int
    epsilon: np.float32  # added to the variance by layer normalization

    @classmethod
    def read(cls, folder: Path) -> Bert:
        """Read `config.json` and `model.safetensors`.

        DataError when they are missing, or the model is no BERT with absolute positions and GELU;
        MissingExtra without the package safetensors.
        """
        try:
            from safetensors.numpy import load_file
        except ImportError as error:
            raise MissingExtra("safetensors", "night") from error
        try:
            config = json.loads((folder / "config.json").read_text("utf-8"))
            found = load_file(folder / "model.safetensors")
        except (OSError, ValueError) as error:
            raise DataError(f"no encoder can be loaded from {str(folder)!r}: {error}") from error
        if not is_bert(folder):
            raise DataError(f"{folder} holds a model that is no BERT: {config.get('model_type')!r}")
        weights = {
            name.removeprefix("bert."): np.asarray(array, np.float32)
            for name, array in found.items()
            if array.dtype.kind == "f"
        }
        return cls(
            weights,
            int(config["num_hidden_layers"]),
            int(config["num_attention_heads"]),
            np.float32(config["layer_norm_eps"]),
        )

    def mean_outputs(self, tokens: NDArray[np.int64]) -> Floats:
        """Return the mean of the last layer over the tokens of each input: (n, t) -> (n, d)."""
        parts = over_blocks(lambda own: self._outputs(tokens[own]).mean(axis=1), len(tokens), BATCH)
        return np.concatenate(parts)

    def _outputs(self, tokens: NDArray[np.int64]) -> Floats:
        """Return the vectors of the last layer, (n, t, d)."""
        n, length = tokens.shape
        w, at = self.weights, "embeddings."
        x = w[f"{at}word_embeddings.weight"][tokens]
        x = x + w[f"{at}position_embeddings.weight"][:length]
        x += w[f"{at}token_type_embeddings.weight"][0]
        x = self._normalized(x.reshape(n * length, -1), f"{at}LayerNorm")
        for layer in range(self.layers):
            x = self._layer(x, f"encoder.layer.{layer}.", length)
        return x.reshape(n, length, -1)

    def _layer(self, x: Floats, at: str, length: int) -> Floats:
        """Return one layer's outputs from its inputs, (n * length, d) both."""
        query, key, value = (
            self._linear(x, f"{at}attention.self.{part}")
            .reshape(-1, length, self.heads, x.shape[1] // self.heads)
            .swapaxes(1, 2)  # (n, heads, length, d / heads)
            for part in ("query", "key", "value")
        )
        scores = query @ key.swapaxes(2, 3) / np.sqrt(np.float32(query.shape[-1]))
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed = (scores @ value).swapaxes(1, 2).reshape(x.shape)
        x = x + self._linear(mixed, f"{at}attention.output.dense")
        x = self._normalized(x, f"{at}attention.output.LayerNorm")
        inner = self._linear(x, f"{at}intermediate.dense")
        gelu(inner)
        x = x + self._linear(inner, f"{at}output.dense")
        return self._normalized(x, f"{at}output.LayerNorm")

    def _linear(self, x: Floats, name: str) -> Floats:
        out = x @ self.weights[f"{name}.weight"].T
        out += self.weights[f"{name}.bias"]
        return np.asarray(out)

    def _normalized(self, x: Floats, name: str) -> Floats:
        """Return rows of mean 0 and variance 1, scaled and moved."""
        x = x - x.mean(axis=1, keepdims=True)
        x /= np.sqrt(np.square(x).mean(axis=1, keepdims=True) + self.epsilon)
        x *= self.weights[f"{name}.weight"]
        x += self.weights[f"{name}.bias"]
        return x


def gelu(x: Floats) -> None:
    """Replace x, (n, d), by x times the standard normal distribution function of x, to 4e-7.

    x Phi(x) = max(x, 0) - |x| (1 - erf(|x| / sqrt(2))) / 2: no digits are lost for large |x|.
    """
    for start in range(0, len(x), GELU_ROWS):
        rows = x[start : start + GELU_ROWS]
        size = np.abs(rows)
        z = size * np.float32(np.sqrt(0.5))
        t = z * ERF_P
        t += np.float32(1)
        np.reciprocal(t, out=t)
        tail = t * ERF_A[0]
        for coefficient in ERF_A[1:]:
            tail += coefficient
            tail *= t
        np.square(z, out=z)
        np.negative(z, out=z)
        np.exp(z, out=z)
        tail *= z
        tail *= size
        tail *= np.float32(0.5)
        np.maximum(rows, 0, out=rows)
        rows -= tail


def is_bert(folder: Path) -> bool:
    """Say whether a folder holds a model that `Bert` computes."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return bool(
        config.get("model_type") == "bert"
        and config.get("hidden_act", "gelu") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
    )
