"""Title model: a T5 with its decoder, fine-tuned on texts of a catalogue and their titles.

Needs torch and transformers (extra `speak`); never in the API.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recsys.errors import DataError, MissingExtra
from recsys.language_model.prompts import T5_TITLE_PREFIX
from recsys.text_training.title_pairs import TitlePair

WALL = 4.0  # seconds by the clock for each of CPU that a training may take
IGNORED = -100  # label that the loss of transformers passes over


@dataclass(frozen=True, slots=True)
class TitleTrainingConfig:
    """What steers the training."""

    # of CPU, by the clock WALL times as many; the learning rate falls to zero until then
    seconds: float = 240.0
    epochs: int = 3  # passes over the pairs, at most
    rate: float = 3e-4  # of AdamW, at its highest
    warmup: float = 0.1  # share of the training in which the rate rises
    texts: int = 8  # per step
    text_tokens: int = 256  # of a text that are read; later ones are cut
    title_tokens: int = 32


def train_title_model(
    start: Path,
    pairs: Sequence[TitlePair],
    config: TitleTrainingConfig,
    seed: int,
    device: str,
    out: Path,
    callback: Callable[[int, float], None] = lambda step, loss: None,
) -> int:
    """Fine-tune the T5 in the folder `start` and save it to the folder `out`; return the steps.

    `callback` receives each step and its loss. DataError for a folder without a T5 and its
    decoder, or where a loss is not finite.
    """
    model, tokenizer, torch = _loaded(start, device)
    torch.manual_seed(seed)
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.rate, weight_decay=0.01)
    total = max(config.epochs * -(-len(pairs) // config.texts), 1)
    begun, used, step = time.monotonic(), time.process_time(), 0
    for batch in _batches(pairs, config, seed):
        spent = max(time.process_time() - used, (time.monotonic() - begun) / WALL)
        done = max(step / total, spent / config.seconds)
        if done >= 1:
            break
        rise = min(1.0, (done + 1 / total) / config.warmup)
        for group in optimizer.param_groups:
            group["lr"] = config.rate * min(rise, 1 - done)
        inputs = _inputs(batch, tokenizer, model.config.eos_token_id, config, torch, device)
        loss = model(**inputs).loss
        if not torch.isfinite(loss):
            raise DataError(
                f"the loss of step {step} is {loss.item()}: {start} cannot learn titles"
            )
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        callback(step, loss.item())
    model.train(False)
    model.save_pretrained(out, safe_serialization=True)
    tokenizer.save_pretrained(out)
    return step


def _loaded(start: Path, device: str) -> tuple[Any, Any, Any]:
    if not (start / "config.json").is_file():
        raise DataError(f"{start}: holds no model (config.json is missing)")
    try:
        import torch
        from transformers import AutoTokenizer, T5ForConditionalGeneration
        from transformers.utils import logging
    except ImportError as error:
        raise MissingExtra("torch or transformers", "speak") from error
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        tokenizer = AutoTokenizer.from_pretrained(start, local_files_only=True)
        loaded: Any = T5ForConditionalGeneration.from_pretrained(
            start, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
        model, info = loaded
    except (OSError, ValueError) as error:
        raise DataError(f"{start}: is no T5 that can be loaded: {error}") from error
    if any(name.startswith("decoder.") for name in info["missing_keys"]):
        raise DataError(f"{start}: holds the encoder of a T5 alone; titles need its decoder")
    if model.config.decoder_start_token_id is None:
        model.config.decoder_start_token_id = model.config.pad_token_id
    return model.to(device), tokenizer, torch


def _batches(
    pairs: Sequence[TitlePair], config: TitleTrainingConfig, seed: int
) -> Iterator[list[TitlePair]]:
    rng = np.random.default_rng(seed)
    for _ in range(config.epochs):
        order = rng.permutation(len(pairs)).tolist()
        for at in range(0, len(order), config.texts):
            yield [pairs[row] for row in order[at : at + config.texts]]


def _inputs(
    batch: Sequence[TitlePair],
    tokenizer: Any,
    end: int,
    config: TitleTrainingConfig,
    torch: Any,
    device: str,
) -> dict[str, Any]:
    """Return token ids, attention mask and labels, each (texts, tokens); titles end with `end`."""
    texts = tokenizer(
        [T5_TITLE_PREFIX + one.text for one in batch],
        truncation=True,
        max_length=config.text_tokens,
        padding=True,
        return_tensors="pt",
    )
    titles = [
        ids if ids[-1:] == [end] else [*ids, end]
        for ids in tokenizer(
            [one.title for one in batch], truncation=True, max_length=config.title_tokens
        )["input_ids"]
    ]
    longest = max(map(len, titles))
    labels = [ids + [IGNORED] * (longest - len(ids)) for ids in titles]
    return {
        "input_ids": texts["input_ids"].to(device),
        "attention_mask": texts["attention_mask"].to(device),
        "labels": torch.tensor(labels, device=device),
    }
