"""/help: answers from the platform's help texts."""

from __future__ import annotations

from typing import Any

from ..http.endpoint_declaration import Routes
from ..schemas.help import HelpFound, HelpQuery
from .request_context import language, service

routes = Routes("help")


@routes.get("/help", "lists", own="nobody", query=HelpQuery, answers=HelpFound)
def find(query: HelpQuery) -> dict[str, Any]:
    """The passage of the help texts that answers a question, or that there is none.

    Passages that contradict each other are all given.
    """
    from recsys.help.answer_text import answer_text  # here: few workers need it
    from recsys.text.language.detect import detect

    at_hand, tag = service(), language(query.lang)
    found = at_hand.help_texts.find_passages(query.q, detect(query.q).code)
    contact = at_hand.settings.help_contact
    return {
        "known": found.known,
        "text": answer_text(found, tag, contact),
        "passages": [
            {
                "title": one.passage.title,
                "text": one.passage.text,
                "link": one.passage.link,
                "similarity": round(one.similarity, 4),
            }
            for one in found.passages
        ],
        "contradicts": found.contradicts,
        "contact": contact,
        "loaded": found.loaded,
    }
