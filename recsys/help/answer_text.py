"""Text of an answer from help texts, in English or Chinese."""

from __future__ import annotations

from recsys.help.question_answering import HelpAnswer
from recsys.i18n import SOURCE, translate


def answer_text(answer: HelpAnswer, language: str = SOURCE, contact: str = "") -> str:
    """Return an answer as one text: the passage with its title and link, or that none is known.

    Where passages contradict each other, all of them with a sentence that says so. `contact`: whom
    to ask where nothing is known; empty: nobody is named.
    """
    if not answer.known:
        sentences = [translate("I do not know.", language)]
        if not answer.loaded:
            sentences.append(translate("There are no help texts.", language))
        if contact:
            sentences.append(translate("Please ask {contact}.", language, contact=contact))
        return " ".join(sentences)
    blocks = [
        f"{one.passage.title}\n{one.passage.text}\n{one.passage.link}" for one in answer.passages
    ]
    if answer.contradicts:
        blocks.insert(0, translate("The help texts contradict each other:", language))
    return "\n\n".join(blocks)
