"""Sentiment model: negative, neutral or positive with probabilities, and a score from -1 to 1.

The model is linear on word vectors, words, runs of letters and a few cues. Each part is folded
into tables of three numbers per row, word vectors included, so serving needs numpy and a tokenizer
only, and no word vectors of its own. Chinese signs have a model of their own
(`recsys.text.sentiment.chinese`); where a text holds both, the two opinions are pooled.
"""

from __future__ import annotations

import io
import json
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from recsys.array_types import Floats
from recsys.errors import DataError
from recsys.text.language.detect import detect
from recsys.text.sentiment.chinese import (
    HAN_CUES,
    HAN_ROWS,
    ChineseSentimentModel,
    han_signs,
    without_han,
)
from recsys.text.sentiment.emoji_and_negation import pictures
from recsys.text.sentiment.features import CUES, LETTER_ROWS, WORD_ROWS, features, read_tokenizer

LABELS = ("negative", "neutral", "positive")
SHIPPED = Path(__file__).with_name("tone.npz")
FORMAT = 3
ENGLISH_FORMAT = 2  # before there was a model of Chinese signs; read unless trained on Chinese
SIGNS_PER_WORD = 2  # Han signs that say as much as a word or an emoji
UNSURE = (0.3, 0.4, 0.3)  # what is said of a text that cannot be read
BLOCK = 4_096  # texts per block: bounds the memory of a call
LARGEST = 64 << 20  # bytes that a model file may unpack to


@dataclass(frozen=True)
class SentimentModel:
    """A linear model of tone; probabilities hold where the three labels are equally frequent."""

    tables: Mapping[str, NDArray[np.floating]]  # bag name to (n_rows, 3)
    cues: NDArray[np.floating]  # (n_cues, 3)
    bias: NDArray[np.floating]  # (3,)
    sharpness: float  # what logits are multiplied by so that probabilities are calibrated
    tokenizer_json: bytes
    note: str = ""  # what it was trained on
    chinese: ChineseSentimentModel | None = None  # None: Chinese signs are not read
    languages: frozenset[str] = frozenset({"en"})  # of the labelled texts

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return read_tokenizer(self.tokenizer_json)

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Return (n, 3) in the order of LABELS; always finite, rows add to 1.

        A text in which nothing is read is neutral for sure. Of a text in a language that the model
        has not learned only emoji and emoticons are read; without any it is neutral, unsurely.
        """
        out = np.empty((len(texts), len(LABELS)), np.float32)
        for start in range(0, len(texts), BLOCK):
            part = texts[start : start + BLOCK]
            out[start : start + len(part)] = self._block(part)
        return out

    def _block(self, texts: Sequence[str]) -> NDArray[np.float64]:
        foreign = np.array([self._foreign(text) for text in texts], bool)
        own = [
            pictures(text) if other else without_han(text)
            for text, other in zip(texts, foreign, strict=True)
        ]
        read = features(own, self._tokenizer)
        logits = read.cues @ self.cues.astype(np.float64) + self.bias
        for name, bag in read.bags.items():
            values = self.tables[name][bag.rows].astype(np.float64)
            for label in range(len(LABELS)):
                total = np.bincount(bag.owner, values[:, label], len(texts))
                logits[:, label] += total * bag.scale
        chances = softmax(logits * self.sharpness)
        empty = read.n_words == 0
        chances[empty & ~foreign], chances[empty & foreign] = (0, 1, 0), UNSURE
        if self.chinese is not None:
            self._join_chinese(chances, texts, ~foreign, read.n_words)
        return chances

    def _join_chinese(
        self,
        chances: NDArray[np.float64],
        texts: Sequence[str],
        native: NDArray[np.bool_],
        n_words: NDArray[np.int64],
    ) -> None:
        """Pool the opinion on Chinese signs into the rows of texts that hold some.

        A logarithmic opinion pool (Genest and Zidek 1986): logarithms are averaged, and each part
        of the text weighs as many words as it has.
        """
        assert self.chinese is not None
        signs = np.array([han_signs(text) for text in texts], np.int64)
        rows = np.flatnonzero(native & (signs > 0))
        if not len(rows):
            return
        opinion = self.chinese.probabilities([texts[row] for row in rows.tolist()])
        words = n_words[rows]
        share = (words / (words + signs[rows] / SIGNS_PER_WORD))[:, None]
        other = np.log(np.maximum(chances[rows], 1e-6))
        chances[rows] = softmax(share * other + (1 - share) * np.log(np.maximum(opinion, 1e-6)))

    def _foreign(self, text: str) -> bool:
        """Whether a text is in a language of which the model knows no word."""
        code = detect(text).code
        return bool(code) and code not in self.languages and not (code == "zh" and self.chinese)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what `write_sentiment_model` saves; `from_arrays` takes it back."""
        about = {
            "format": FORMAT,
            "sharpness": self.sharpness,
            "note": self.note,
            "languages": sorted(self.languages),
        }
        han: dict[str, NDArray[np.generic]] = {}
        if self.chinese is not None:
            about |= {"han_sharpness": self.chinese.sharpness, "han_cut": self.chinese.cut}
            han["han_runs"] = self.chinese.runs.astype(np.float16)
            han["han_cues"] = self.chinese.cues.astype(np.float32)
        packed = zlib.compress(self.tokenizer_json, 9)
        return {
            **han,
            **{f"table_{name}": table.astype(np.float16) for name, table in self.tables.items()},
            "cues": self.cues.astype(np.float32),
            "bias": self.bias.astype(np.float32),
            "tokenizer": np.frombuffer(packed, np.uint8),
            "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> SentimentModel:
        """Rebuild; DataError when an array is missing, misshapen or not finite."""
        try:
            about = json.loads(arrays["about"].tobytes())
            if about["format"] not in (FORMAT, ENGLISH_FORMAT) or about.get("han"):
                raise DataError(
                    f"a tone model of format {about['format']}, {FORMAT} is read here: "
                    "run `recsys train-tone --labels F` again"
                )
            tokenizer = zlib.decompressobj().decompress(arrays["tokenizer"].tobytes(), LARGEST)
            tables = {
                name: arrays[f"table_{name}"] for name in ("words", "letters", "tokens", "negated")
            }
            model = cls(
                tables,
                arrays["cues"],
                arrays["bias"],
                float(about["sharpness"]),
                tokenizer,
                str(about["note"]),
                _chinese(arrays, about),
                frozenset(map(str, about["languages"])),
            )
        except (KeyError, ValueError, TypeError, zlib.error) as error:
            raise DataError(f"not a tone model: {error!r}") from error
        model.check()
        return model

    def check(self) -> None:
        """DataError when parts do not fit together."""
        n_tokens = self._tokenizer.get_vocab_size()
        least = {
            "words": WORD_ROWS,
            "letters": LETTER_ROWS,
            "tokens": n_tokens,
            "negated": n_tokens,
        }
        parts = {**self.tables, "cues": self.cues, "bias": self.bias[None]}
        shapes = {**least, "cues": len(CUES), "bias": 1}
        for name, table in parts.items():
            rows = shapes[name]
            if table.ndim != 2 or table.shape[1] != len(LABELS) or len(table) < rows:
                raise DataError(f"tone model: {name} has shape {table.shape}, {rows} × 3 expected")
            if not np.isfinite(table).all():
                raise DataError(f"tone model: {name} holds values that are not finite")
        numbers = {"sharpness": self.sharpness}
        if (han := self.chinese) is not None:
            numbers |= {"Chinese sharpness": han.sharpness, "Chinese cut": han.cut}
            if han.runs.shape != (HAN_ROWS,) or han.cues.shape != (HAN_CUES,):
                raise DataError(
                    f"tone model: Chinese weights have shapes {han.runs.shape} and "
                    f"{han.cues.shape}, ({HAN_ROWS},) and ({HAN_CUES},) expected"
                )
            if not (np.isfinite(han.runs).all() and np.isfinite(han.cues).all()):
                raise DataError("tone model: Chinese weights are not finite")
        for name, number in numbers.items():
            if not 0 < number < 1e6:
                raise DataError(f"tone model: {name} {number} is not a positive number")


def _chinese(
    arrays: Mapping[str, NDArray[Any]], about: Mapping[str, Any]
) -> ChineseSentimentModel | None:
    """Return the model of Chinese signs of a file; None: it has none."""
    if "han_runs" not in arrays:
        return None
    numbers = float(about["han_sharpness"]), float(about["han_cut"])
    return ChineseSentimentModel(arrays["han_runs"], arrays["han_cues"], *numbers)


def score(probabilities: Floats) -> Floats:
    """Return positive less negative probability, -1 to 1, per row."""
    return probabilities[:, 2] - probabilities[:, 0]


def labels(probabilities: Floats) -> list[str]:
    """Return the most probable label of each row."""
    return [LABELS[row] for row in probabilities.argmax(1)]


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return exp of each row scaled to add to 1."""
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def load_sentiment_model(path: Path | None = None) -> SentimentModel:
    """Read a model that `write_sentiment_model` wrote, without a path the one that comes with the
    package.
    """
    path = path or SHIPPED
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise ValueError("not an npz file")
            return SentimentModel.from_arrays({name: file[name] for name in file.files})
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist: run `recsys train-tone --labels F`") from error
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except Exception as error:  # zip, zlib and numpy raise many kinds
        raise DataError(f"{path} is not a tone model: {error}") from error


def write_sentiment_model(path: Path, model: SentimentModel) -> None:
    """Write a model as one npz file without pickle: aside first, then renamed."""
    model.check()
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **model.arrays())
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        aside.write_bytes(buffer.getvalue())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
