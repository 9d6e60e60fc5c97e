"""Dialogue, help, digests and assistance with texts: methods of the client."""

from __future__ import annotations

from typing import Any

from .service_requests import Json, ServiceRequests, quoted


class DialogueAndWriting(ServiceRequests):
    """Answers in words."""

    def help(self, question: str, **parameters: Any) -> Json:
        """Return what the platform's help texts answer to a question."""
        return self._get("/help", {"q": question, **parameters})

    def assist(self, what: str, text: str, **parameters: Any) -> list[Json]:
        """Return suggestions for a text: title, caption or tags; n=, lang=."""
        found = self._send("POST", f"/assist/{what}", {"text": text, **parameters}, again=True)
        return list(found["suggestions"])

    def digest(self, user_id: str, **parameters: Any) -> Json:
        """Return what a user has missed, in sections: since=, max=, lang=."""
        return self._get(f"/digest/{quoted(user_id)}", parameters)

    def say(self, text: str, user: str | None = None, **body: Any) -> Json:
        """Return the answer of a dialogue: text, commands, items; dialogue_id=, n=, events=[…]."""
        about = {} if user is None else {"user": user}
        return self._send("POST", "/dialogue", {"text": text, **about, **body}, again=False)

    def dialogue(self, dialogue_id: str) -> Json:
        """Return the turns of a dialogue of the last 24 hours."""
        return self._get(f"/dialogue/{quoted(dialogue_id)}", {})

    def delete_dialogue(self, dialogue_id: str) -> Json:
        """Remove a dialogue with its turns."""
        return self._ask("DELETE", f"/dialogue/{quoted(dialogue_id)}", again=False)
