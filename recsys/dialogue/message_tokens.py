"""Message tokens: words, Han signs and punctuation of a message, as the learned model reads it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from recsys.dialogue.followees import are_followees, with_followees
from recsys.dialogue.length_limits import without_length
from recsys.dialogue.message_text import is_han, plain
from recsys.text.language.nouns import simplified

LENGTH, FOLLOWED, GAP = "<length>", "<followed>", "<gap>"
_TOKEN = re.compile(
    r"<length>|<followed>|[^\W\u3400-\u9fff_]+(?:[-&+./%#][^\W\u3400-\u9fff_]+)*[+%#]*"
    r"|[\u3400-\u9fff]|[^\s\w]+?(?=[\s\w])|[^\s\w]+"
)
_REPEATED = re.compile(r"([^\W\d_])\1{2,}")


@dataclass(frozen=True, slots=True)
class Token:
    """A token in small letters, and what it is."""

    text: str
    start: int  # in TokenizedMessage.text
    end: int
    capital: bool = False
    is_word: bool = True  # else punctuation, or a gap between Han signs


@dataclass(frozen=True, slots=True)
class TokenizedMessage:
    """A message with its limit of length and its followees as one token each."""

    text: str
    tokens: tuple[Token, ...]
    limit: str = ""  # the words of its limit of length
    han: bool = False

    def words(self, first: int, end: int) -> str:
        """Return the plain words of tokens; a place holder as the words that it stands for."""
        if end <= first:
            return ""
        text = self.text[self.tokens[first].start : self.tokens[end - 1].end]
        text = text.replace(LENGTH, f" {self.limit} ")
        text = text.replace(FOLLOWED, "关注者" if self.han else " followees ")
        return plain(text)


def tokenized(typed: str) -> TokenizedMessage:
    """Return the tokens of a message as typed."""
    text = simplified(unicodedata.normalize("NFKC", typed)).replace("'", "").replace("’", "")
    text = " ".join(_REPEATED.sub(r"\1", text).split())
    han = is_han(text)
    spaced = text if han else re.sub(r"([,.;:!?]+)(?=\s|$)", r" \1", text)
    lowered = spaced.lower()
    if len(lowered) != len(spaced):
        spaced = lowered
    limit = without_length(lowered)[1]
    if limit and (at := lowered.find(limit)) >= 0:
        spaced = spaced[:at] + LENGTH + spaced[at + len(limit) :]
    replaced = with_followees(spaced.lower())
    name = "关注者" if han else "followees"
    if replaced != spaced.lower() and are_followees(name) and name in replaced:
        spaced = replaced.replace(name, FOLLOWED)
    found: list[Token] = []
    for match in _TOKEN.finditer(spaced):
        word = match[0]
        if han and found and found[-1].end < match.start() and found[-1].is_word:
            found.append(Token(GAP, found[-1].end, found[-1].end, is_word=False))
        is_word = word[0].isalnum() or word in (LENGTH, FOLLOWED)
        found.append(Token(word.lower(), match.start(), match.end(), word[0].isupper(), is_word))
    return TokenizedMessage(spaced, tuple(found), limit, han)
