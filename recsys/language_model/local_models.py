"""Local models that `recsys speak` serves: a GGUF file, or the folder of a T5."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from recsys.errors import DataError, MissingExtra
from recsys.language_model.address import ModelAddress
from recsys.language_model.prompts import T5_TITLE_PREFIX, TITLE

_TAGS = re.compile(r"</?(?:text|message|data)>")  # around quoted data, which a T5 does not know
LONGEST_INPUT = 512  # tokens that a T5 reads


class Writer(Protocol):
    """A model that answers messages."""

    def write(
        self, messages: Sequence[Mapping[str, str]], most_tokens: int, schema: Any | None
    ) -> str:
        """Return what the model writes; `schema`: a JSON schema that it keeps to, or None."""


class T5Writer:
    """A T5 with its decoder: the text of the last message in, a text out; knows no schema.

    Where the folder is a link that points elsewhere meanwhile, as after a night that has trained a
    better title model, the next answer is by the model that is there then.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self._load(folder.resolve())

    def _load(self, folder: Path) -> None:
        if not (folder / "config.json").is_file():
            raise DataError(f"{folder}: holds no model (config.json is missing)")
        try:
            import torch
            from transformers import AutoTokenizer, T5ForConditionalGeneration
            from transformers.utils import logging
        except ImportError as error:
            raise MissingExtra("torch or transformers", "speak") from error
        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model: Any = T5ForConditionalGeneration.from_pretrained(
                folder, local_files_only=True, use_safetensors=True
            )
        except (OSError, ValueError) as error:
            raise DataError(f"{folder}: is no T5 that can be loaded: {error}") from error
        torch.set_num_threads(1)
        self._model: Any = model.train(False)
        self._torch, self._loaded = torch, folder

    def write(
        self, messages: Sequence[Mapping[str, str]], most_tokens: int, schema: Any | None
    ) -> str:
        """Return what the decoder writes, by beam search with two beams."""
        text = _TAGS.sub("", messages[-1]["content"])
        if messages[0]["content"] == TITLE:
            text = T5_TITLE_PREFIX + text
        with self._lock, self._current().inference_mode():
            inputs = self._tokenizer(
                text, truncation=True, max_length=LONGEST_INPUT, return_tensors="pt"
            )
            found = self._model.generate(
                **inputs, max_new_tokens=most_tokens, num_beams=2, do_sample=False
            )
            return str(self._tokenizer.decode(found[0], skip_special_tokens=True))

    def _current(self) -> Any:
        """Load what the folder has become, if it has changed; return torch."""
        now = self._folder.resolve()
        if now != self._loaded:
            self._load(now)
        return self._torch


class LlamaWriter:
    """A GGUF file in llama.cpp (xllamacpp), one thread, without polling."""

    def __init__(self, file: Path) -> None:
        if not file.is_file():
            raise DataError(f"{file}: there is no such file; name a GGUF file")
        with file.open("rb") as opened:
            if opened.read(4) != b"GGUF":
                raise DataError(f"{file}: is no GGUF file")
        try:
            import xllamacpp
        except ImportError as error:
            raise MissingExtra("xllamacpp", "speak") from error
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(file)
        parameters.n_ctx = 4_096
        parameters.n_parallel = 1
        parameters.cpuparams.n_threads = 1
        parameters.cpuparams.poll = 0
        self._server = xllamacpp.Server(parameters)
        self._lock = threading.Lock()

    def write(
        self, messages: Sequence[Mapping[str, str]], most_tokens: int, schema: Any | None
    ) -> str:
        """Return what the model writes; a schema becomes a grammar."""
        request: dict[str, Any] = {
            "messages": [dict(one) for one in messages],
            "max_tokens": most_tokens,
            "temperature": 0,
        }
        if schema is not None:
            request["response_format"] = {"type": "json_schema", "json_schema": {"schema": schema}}
        with self._lock:
            found = self._server.handle_chat_completions(request)
        return str(found["choices"][0]["message"]["content"])


def writer_of(address: ModelAddress) -> Writer:
    """Return the writer of a local model; DataError for one that a server has."""
    if address.runtime == "t5":
        return T5Writer(Path(address.model))
    if address.runtime == "llama":
        return LlamaWriter(Path(address.model))
    raise DataError("RECSYS_LLM names a server: `recsys speak` serves llama:<file> and t5:<folder>")
