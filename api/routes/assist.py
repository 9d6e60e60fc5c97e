"""/assist: titles, captions and tags for a text that somebody writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..http.endpoint_declaration import Routes
from ..schemas.assist import AssistBody, Assisted
from .request_context import service

routes = Routes("assist")

NOTHING_KEPT = "reads the text of the request, stores nothing and names nobody"


@routes.post(
    "/assist/title",
    "lists",
    own="nobody",
    body=AssistBody,
    answers=Assisted,
    unaudited=NOTHING_KEPT,
)
def title(body: AssistBody) -> dict[str, Any]:
    """Titles for a text: its own sentences or clauses; with a language model also one of its."""
    from recsys.writing.extracted_titles_and_tags import read_text  # here: few workers need them
    from recsys.writing.title_writer import written_titles

    text, model = read_text(body.text), service().language_model
    found = written_titles(text, body.n, model.title if model.there else None)
    return _suggested(body, [{"text": one.text, "made": one.made} for one in found])


@routes.post(
    "/assist/caption",
    "lists",
    own="nobody",
    body=AssistBody,
    answers=Assisted,
    unaudited=NOTHING_KEPT,
)
def caption(body: AssistBody) -> dict[str, Any]:
    """Captions of at most 180 characters for a text, of its own sentences."""
    from recsys.writing.extracted_titles_and_tags import captions, read_text

    text = read_text(body.text)
    return _answer(body, text, captions(text, body.n), reword=True)


@routes.post(
    "/assist/tags", "lists", own="nobody", body=AssistBody, answers=Assisted, unaudited=NOTHING_KEPT
)
def tag(body: AssistBody) -> dict[str, Any]:
    """Tags for a text: its hashtags, tags in use that it names, its frequent nouns.

    For a short text also those that items near it agree on.
    """
    from recsys.writing.agreed_tags import agreed_tags, is_short  # here: few workers need it
    from recsys.writing.extracted_titles_and_tags import read_text, tags

    text, serving = read_text(body.text), service().serving_or_none
    found = tags(text, body.n, service().tag_index())
    if serving is not None and len(found) < body.n and is_short(text):
        with serving.feed.ranking:
            found += agreed_tags(serving.live, text, body.n, known=found)
    return _answer(body, text, found[: body.n], reword=False)


def _answer(body: AssistBody, text: str, found: Sequence[str], reword: bool) -> dict[str, Any]:
    """Return suggestions as JSON; the first one reworded comes before them where it is grounded."""
    from recsys.dialogue.facts import Fact
    from recsys.text.language.detect import detect

    suggestions = [{"text": one, "made": "extract"} for one in found]
    model = service().language_model
    if reword and found and model.there:
        language = body.lang or detect(text).code or "en"
        other = model.reworded(found[0], [Fact("text", text)], language)
        if other != found[0]:
            suggestions = [{"text": other, "made": "model"}, *suggestions][: body.n]
    return _suggested(body, suggestions)


def _suggested(body: AssistBody, suggestions: Sequence[dict[str, str]]) -> dict[str, Any]:
    from recsys.writing.extracted_titles_and_tags import LONGEST_TEXT

    return {"suggestions": suggestions, "read": min(len(body.text), LONGEST_TEXT)}
