"""GPU benchmark: fine-tuning, encoding, a T5 of base size, exact search in ten million vectors.

Each is measured in a try of its own; what a machine cannot do, or has no GPU for, is None. Works
with any torch from 2.11 on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from recsys.errors import RecsysError
from recsys.index.torch_index import TorchIndex
from recsys.text.encoders.encoder import load_encoder
from recsys.text.encoders.student import unit_rows
from recsys.text.encoders.transformer import TransformerEncoder
from recsys.text.finetuning.history_batches import Histories, latest_last
from recsys.text.finetuning.trainable import TrainableTransformer
from recsys.text.finetuning.trainer import TRANSFORMER, finetune

WORDS = "nail polish red cream hand night soft skin hair oil brush lip colour matte gloss".split()
MATRIX = 8_192  # side of the squares that the bf16 rate is measured with


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured; the issue's sizes, smaller ones for a test."""

    texts: int = 100_000
    words: int = 62  # of a text: 64 tokens with the two that a tokenizer adds
    steps: int = 20  # of the MiniLM fine-tuning
    users: int = 512
    t5_steps: int = 500
    t5_batch: int = 256  # texts of 64 tokens
    t5_layers: int = 12  # those of base size
    vectors: int = 10_000_000
    queries: int = 1_000


def gpu_figures(device: str = "cuda", sizes: Sizes | None = None) -> dict[str, Any]:
    """Return the table of the issue; None where there is no GPU or where it failed, with why."""
    sizes = sizes or Sizes()
    parts: dict[str, Callable[[str, Sizes], Any]] = {
        "MiniLM fine-tune, pairs/s, bf16": minilm_pairs,
        "MiniLM encoding, texts/s of 64 tokens": minilm_texts,
        "T5-base-sized encoder, share of the bf16 matrix rate": t5_share,
        "10 million × 384, exact top-100, 1,000 queries, ms": search_ms,
    }
    found: dict[str, Any] = dict.fromkeys(parts)
    if device == "cuda" and not torch.cuda.is_available():
        return {"device": None, "torch": torch.__version__, **found}
    result = torch.cuda.get_device_name() if device == "cuda" else device
    for name, part in parts.items():
        try:
            found[name] = part(device, sizes)
        except (torch.OutOfMemoryError, RecsysError) as error:
            found[name] = f"failed: {error}"
        if device == "cuda":
            torch.cuda.empty_cache()
    return {"device": result, "torch": torch.__version__, **found}


def minilm_pairs(device: str, sizes: Sizes) -> int:
    """Return how many (user, text) pairs a second go through a fine-tuning step."""
    encoder = load_encoder("minilm", device)
    assert isinstance(encoder, TransformerEncoder)
    rng = np.random.default_rng(0)
    texts = synthetic(sizes.users * 20, 12, rng)
    users = np.repeat(np.arange(sizes.users * 4), 10)
    shape = sizes.users * 4, len(texts)
    histories = Histories(latest_last(users, rng.integers(len(texts), size=len(users)), shape))
    config = replace(TRANSFORMER, users=sizes.users, chunk=2_048, seconds=1e9)
    trainable = TrainableTransformer.of(encoder, texts)
    finetune(trainable, histories, replace(config, steps=2), 0)  # warm
    config = replace(config, steps=sizes.steps)
    took = seconds(device, lambda: finetune(trainable, histories, config, 0))
    return round(sizes.users * 10 * sizes.steps / took)


def minilm_texts(device: str, sizes: Sizes) -> int:
    """Return how many texts of 64 tokens are encoded a second, tokenizing included."""
    encoder = load_encoder("minilm", device)
    texts = synthetic(sizes.texts, sizes.words, np.random.default_rng(0))
    encoder.encode(texts[:256])
    return round(len(texts) / seconds(device, lambda: encoder.encode(texts)))


def t5_share(device: str, sizes: Sizes) -> str:
    """Train a T5 encoder of base size on random tokens; return its share of the bf16 rate.

    The work counted is 6 × parameters × tokens (Kaplan et al., 2020), attention left out.
    """
    from transformers import T5Config, T5EncoderModel

    config = T5Config(d_model=768, d_kv=64, d_ff=3072, num_layers=sizes.t5_layers, num_heads=12)
    model: torch.nn.Module = T5EncoderModel(config).train()
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    ids = torch.randint(0, config.vocab_size, (sizes.t5_batch, 64), device=device)

    def step() -> None:
        with torch.autocast(device, torch.bfloat16):
            states = model(input_ids=ids).last_hidden_state.mean(1)
            out = torch.nn.functional.normalize(states, dim=1)
            each = torch.arange(len(ids), device=device)
            loss = torch.nn.functional.cross_entropy(out @ out.T.detach() / 0.05, each)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    step()

    def run() -> None:
        for _ in range(sizes.t5_steps):
            step()

    took = seconds(device, run)
    blocks = sum(p.numel() for name, p in model.named_parameters() if "shared" not in name)
    rate = 6 * blocks * ids.numel() * sizes.t5_steps / took
    most = matrix_rate(device)
    return f"{rate / most:.0%} of {most / 1e12:.0f} TFLOP/s"


def matrix_rate(device: str, side: int = MATRIX) -> float:
    """Return the operations a second of a bf16 matrix product."""
    side = side if device == "cuda" else 512
    square = torch.randn(side, side, device=device, dtype=torch.bfloat16)
    square @ square
    rounds = 20
    took = seconds(device, lambda: [square @ square for _ in range(rounds)])
    return 2 * side**3 * rounds / took


def search_ms(device: str, sizes: Sizes) -> float:
    """Return the milliseconds of an exact search, queries and answers on the host."""
    generator = torch.Generator(device).manual_seed(0)
    vectors = torch.randn(sizes.vectors, 384, device=device, generator=generator)
    index = TorchIndex(torch.nn.functional.normalize(vectors, dim=1))
    queries = unit_rows(
        np.random.default_rng(0).standard_normal((sizes.queries, 384)).astype(np.float32)
    )
    index.search(queries, 100)
    took = min(seconds(device, lambda: index.search(queries, 100)) for _ in range(3))
    return round(1e3 * took, 1)


def synthetic(n: int, words: int, rng: np.random.Generator) -> list[str]:
    """Return texts of so many common words, a token each."""
    return [" ".join(row) for row in np.array(WORDS)[rng.integers(len(WORDS), size=(n, words))]]


def seconds(device: str, call: Callable[[], object]) -> float:
    """Return how long a call takes, the device's queue drained before and after."""
    if device == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    call()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start
