"""A T5 that nobody has trained, nearly the size of MiniLM, to see what users alone teach one.

python tests/support/random_t5.py FOLDER      writes config, tokenizer and weights
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from transformers import (
    PreTrainedTokenizerFast,
    T5Config,
    T5EncoderModel,
    T5ForConditionalGeneration,
)

from recsys.text.encoders.static_vector_distillation import minilm_source


def write(folder: Path, seed: int = 0) -> None:
    """Write an encoder of four layers that cuts words as MiniLM does."""
    torch.manual_seed(seed)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(Path(minilm_source()) / "tokenizer.json"),
        unk_token="[UNK]",
        pad_token="[PAD]",
        model_max_length=128,
    )
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=384,
        d_kv=64,
        d_ff=1_024,
        num_layers=4,
        num_heads=6,
        dropout_rate=0.1,
    )
    T5EncoderModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def write_decoder(folder: Path, seed: int = 0) -> None:
    """Write a small T5 with its decoder over what `write` has written; the tokenizer stays."""
    torch.manual_seed(seed)
    written = T5Config.from_pretrained(folder)
    config = T5Config(
        vocab_size=written.vocab_size,
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=1,
        num_heads=4,
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=102,
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
