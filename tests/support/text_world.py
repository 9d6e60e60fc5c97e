"""A tiny world of words: a word-level tokenizer and hand-made vectors, without any download."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from recsys.text.encoders.student import Student


def word_student(words: list[str], dimensions: int = 8, seed: int = 0) -> Student:
    """A student whose tokens are exactly these words; all others are unknown."""
    vocabulary = {"[UNK]": 0} | {word: at + 1 for at, word in enumerate(words)}
    spec = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"},
    }
    vectors = np.random.default_rng(seed).normal(size=(len(vocabulary), dimensions))
    vectors[0] = 0
    return Student(json.dumps(spec).encode(), vectors.astype(np.float32))


def tiny_tokenizer(folder: Path, words: list[str]) -> int:
    """Write a tokenizer of these words as transformers keep theirs; return its size."""
    from transformers import PreTrainedTokenizerFast

    folder.mkdir(exist_ok=True)
    (folder / "raw.json").write_bytes(word_student(words).tokenizer_json)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "raw.json"),
        unk_token="[UNK]",
        pad_token="<pad>",
        eos_token="</s>",
        model_max_length=16,
    )
    tokenizer.save_pretrained(folder)
    return len(tokenizer)


def tiny_bert(folder: Path, words: list[str]) -> None:
    """Write a BERT of one small layer that reads these words."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=tiny_tokenizer(folder, words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=16,
    )
    BertModel(config).save_pretrained(folder)


def tiny_t5(folder: Path, words: list[str]) -> Path:
    """Write an untrained T5 with its decoder that reads and writes these words."""
    import torch
    from transformers import AutoTokenizer, T5Config, T5ForConditionalGeneration

    size = tiny_tokenizer(folder, words)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=size,
        d_model=48,
        d_kv=12,
        d_ff=96,
        num_layers=1,
        num_heads=4,
        dropout_rate=0.0,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)
    return folder
