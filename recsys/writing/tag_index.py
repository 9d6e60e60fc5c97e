"""TagIndex: tags of a catalogue, looked up by the words of a text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from recsys.monitoring.text_tokens import is_han, normalized

MOST_WORDS = 8  # of a tag that is found; longer ones are not looked for
MOST_SIGNS = 12  # of a Han tag


@dataclass(frozen=True, slots=True)
class TagIndex:
    """Tags by their normalised words, as they are spelt; the first spelling counts.

    The time of `named_in` grows with the text, not with the number of tags.
    """

    by_name: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, tags: Iterable[str]) -> TagIndex:
        """Index tags; those without a word are left out."""
        found: dict[str, str] = {}
        for tag in tags:
            if name := normalized(tag):
                found.setdefault(name, tag)
        return cls(found)

    def named_in(self, plain: str, words: list[str]) -> list[str]:
        """Return the tags that a normalised text names, in the order of the text.

        `words`: of the text. Han tags are looked for in the signs, others as whole words.
        """
        found: dict[str, None] = {}
        for start, word in enumerate(words):
            if is_han(word):
                continue
            for stop in range(start + 1, min(start + MOST_WORDS, len(words)) + 1):
                if tag := self.by_name.get(" ".join(words[start:stop])):
                    found[tag] = None
        for start in range(len(plain)):
            if is_han(plain[start]):
                for stop in range(start + 1, min(start + MOST_SIGNS, len(plain)) + 1):
                    tag = self.by_name.get(plain[start:stop])
                    if tag and is_han(plain[start:stop]):
                        found[tag] = None
        return list(found)
