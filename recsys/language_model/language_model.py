"""LanguageModel: three uses of a model, each with a default that needs none.

`commands` returns JSON that keeps to a schema, or None; `reworded` returns another wording of an
answer that states the same facts, or the answer itself; `title` returns a title for a text, or
none. Texts of items and of people are passed as
quoted data; whatever they say, a command outside the schema cannot be returned and a text that
states anything else is not shown.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recsys.grounding.grounded import FactLike, grounded
from recsys.language_model.address import ModelAddress
from recsys.language_model.client import SECONDS, Count, Message, ModelClient, ModelError
from recsys.language_model.json_schema import problem
from recsys.language_model.prompts import (
    COMMANDS,
    REWORD,
    TITLE_TOKENS,
    messages,
    quoted,
    title_messages,
)

OUTCOMES = ("accepted", "away", "slow", "status", "size", "form", "resting", "schema", "ungrounded")
_LANGUAGES = {"en": "English", "zh": "Chinese"}

log = logging.getLogger("recsys")


@dataclass(frozen=True, slots=True)
class _Text:
    """A text as the one fact that may be stated."""

    value: str
    kind: str = "text"


class LanguageModel:
    """A model, or none: then each answer is the default one."""

    def __init__(self, client: ModelClient | None, count: Count = lambda outcome: None) -> None:
        self._client = client
        self._count = count

    @classmethod
    def of(
        cls,
        setting: str,
        key: str,
        port: int,
        count: Count = lambda outcome: None,
        seconds: float = SECONDS,
    ) -> LanguageModel:
        """Return the model that RECSYS_LLM names; DataError where it names none."""
        address = ModelAddress.of(setting, port)
        return cls(ModelClient(address, key, seconds) if address else None, count)

    @property
    def there(self) -> bool:
        """Whether a model is set."""
        return self._client is not None

    def commands(
        self, message: str, schema: Mapping[str, Any], context: str = ""
    ) -> Mapping[str, Any] | None:
        """Return a JSON object that keeps to a schema, chosen by the message; None without one.

        `context`: what the model may choose from, for instance ids with titles.
        """
        if self._client is None:
            return None
        prompt = f"{COMMANDS}\nSchema: {json.dumps(dict(schema), ensure_ascii=False)}"
        if context:
            prompt += f"\nData:\n{quoted(context, 'data')}"
        text = self._answer(prompt, quoted(message, "message"), 300, schema)
        if text is None:
            return None
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            self._reject("schema", "not JSON")
            return None
        wrong = problem(value, schema)
        if wrong or not isinstance(value, dict):
            self._reject("schema", wrong or "not an object")
            return None
        self._count("accepted")
        return value

    def reworded(self, text: str, facts: Sequence[FactLike], language: str = "en") -> str:
        """Return another wording of a text, or the text itself where none states the same."""
        if self._client is None or not text.strip():
            return text
        prompt = REWORD.format(language=_LANGUAGES.get(language, language))
        found = self._answer(prompt, quoted(text, "text"), 600, None)
        if found is None:
            return text
        found = found.strip().removeprefix("<text>").removesuffix("</text>").strip()
        verdict = grounded(found, facts, like=text)
        if not verdict:
            self._reject("ungrounded", f"{verdict.reason}")
            return text
        self._count("accepted")
        return found

    def title(self, text: str) -> str:
        """Return a title that states only what a text states; empty where the model has none."""
        if self._client is None or not text.strip():
            return ""
        found = self._asked(title_messages(text), TITLE_TOKENS, None)
        if found is None:
            return ""
        title = " ".join(found.split())
        verdict = grounded(title, [_Text(text)])
        if not verdict:
            self._reject("ungrounded", f"{verdict.reason}")
            return ""
        self._count("accepted")
        return title

    def _answer(
        self, prompt: str, data: str, most_tokens: int, schema: Mapping[str, Any] | None
    ) -> str | None:
        return self._asked(messages(prompt, data), most_tokens, schema)

    def _asked(
        self, request: list[Message], most_tokens: int, schema: Mapping[str, Any] | None
    ) -> str | None:
        assert self._client is not None
        try:
            return self._client.answer(request, most_tokens=most_tokens, schema=schema)
        except ModelError as error:
            self._reject(error.reason, str(error))
            return None

    def _reject(self, outcome: str, words: str) -> None:
        self._count(outcome)
        log.info("an answer of the language model is not used: %s", words)
