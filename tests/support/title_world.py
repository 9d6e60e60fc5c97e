"""A tiny platform whose titles say what one sentence of the text says; a small T5 learns them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from text_world import tiny_t5

from recsys.data.records import Item
from recsys.text_training.title_model_training import TitleTrainingConfig

COLOURS = ("red", "blue", "green", "black", "white", "brown")
THINGS = ("polish", "cream", "soap", "brush", "comb", "towel")
FILLING = (
    "it was a long way to the old shop.",
    "we went there with all of them.",
    "the people there were nice to us.",
    "a man came in and had to wait.",
)
WORDS = sorted({word.strip(".") for one in FILLING for word in one.split()})
VOCABULARY = [*COLOURS, *THINGS, *WORDS, "is", "new", "title", ":", ".", "<pad>", "</s>"]
CONFIG = TitleTrainingConfig(seconds=600, epochs=10, rate=5e-3, text_tokens=64, title_tokens=8)


def posts(count: int = 300, seed: int = 0) -> Iterator[Item]:
    """Yield posts whose title is a colour and a thing, which one sentence of the text names."""
    draw = random.Random(seed)
    for number in range(count):
        colour, thing = draw.choice(COLOURS), draw.choice(THINGS)
        told = draw.sample(FILLING, 3)
        told.insert(draw.randrange(4), f"the {thing} is {colour}.")
        title = f"new {colour} {thing} new"
        yield Item(str(number), title, " ".join([*told, f"it is new {number}."]), created_at=number)


def untrained(folder: Path) -> Path:
    """Write a T5 that knows the words of the platform and has learned nothing."""
    return tiny_t5(folder, VOCABULARY)
