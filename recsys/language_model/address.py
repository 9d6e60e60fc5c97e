"""Address of a language model, from the setting RECSYS_LLM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from recsys.errors import DataError

FORMS = "openai:<base url>#<model>, llama:<file.gguf> or t5:<folder>"
Runtime = Literal["openai", "llama", "t5"]


@dataclass(frozen=True, slots=True)
class ModelAddress:
    """Where a model is: a server, or a file that `recsys speak` serves."""

    runtime: Runtime
    base_url: str  # without a slash at its end
    model: str  # its name, or the path of its file or folder

    @classmethod
    def of(cls, text: str, port: int) -> ModelAddress | None:
        """Return the address that a setting names, None for an empty one; DataError else.

        `port`: of `recsys speak` on this machine.
        """
        if not text:
            return None
        runtime, _, rest = text.partition(":")
        if runtime == "openai":
            url, _, model = rest.partition("#")
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname or not model:
                raise DataError(f"RECSYS_LLM={text!r}: must be openai:http://host:port/v1#<model>")
            return cls("openai", url.rstrip("/"), model)
        if runtime in ("llama", "t5") and rest:
            own = f"http://127.0.0.1:{port}/v1"
            return cls("llama" if runtime == "llama" else "t5", own, rest)
        raise DataError(f"RECSYS_LLM={text!r}: must be {FORMS}")
