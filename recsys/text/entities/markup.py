"""Entities from markup in a text (hashtags, mentions, links), with their context words."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from recsys.text.clean import clean
from recsys.text.language.stop_words import STOP_WORDS

LONGEST_READ = 4_000  # characters of a text that count
LONGEST_NAME = 100  # characters of a name; longer ones are noise
HASHTAG, MENTION, DOMAIN = "hashtag", "mention", "domain"

_LINK = re.compile(
    r"(?:https?://|\bwww\.)([^\s/?#:\"'<>()\[\]{}|\\^`@]+)[^\s\"'<>]*", re.IGNORECASE
)
_HASHTAG = re.compile(r"(?<![\w&/#])#(\w{1,99})#?")
_MENTION = re.compile(r"(?<![\w@/.+-])@(\w(?:[\w.-]{0,61}\w)?)")
_HOST = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,49}[^\W\d_][\w-]{1,61}")

HAN, KANA = "\u3400-\u9fff", "\u3040-\u30ff"
_PIECE = re.compile(
    f"(?P<han>[{HAN}]+)|(?P<katakana>[\u30a1-\u30fa\u30fc]{{3,}})"
    f"|(?P<word>[^\\W_{KANA}{HAN}]+(?:['’&-][^\\W_{KANA}{HAN}]+)*)"
    "|(?P<stop>[^\\w\\s'’&-])"
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A name as a text has it, and what kind of name it is."""

    name: str
    kind: str

    @property
    def key(self) -> str:
        """What two spellings of one name share."""
        return self.name.casefold()


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text without its marks: words in segments between punctuation, and runs of Han signs.

    A run of katakana, which writes names and foreign words, is a segment of its own.
    """

    segments: tuple[tuple[str, ...], ...]
    runs: tuple[str, ...]

    @property
    def informative(self) -> bool:
        """Whether a capital says something here: most words that carry meaning have none.

        Not so in headlines, where every word has one, and in German, where every noun has.
        """
        later = [
            word[0].isupper()
            for words in self.segments
            for word in words[1:]
            if word.lower() not in STOP_WORDS
        ]
        return bool(later) and sum(later) <= 0.4 * len(later)


def marks(text: str, url: str = "") -> list[Mention]:
    """Return the hashtags, mentions and links' domains of a text and an address, each once."""
    raw = text[: 4 * LONGEST_READ]
    if "&" in raw:
        raw = html.unescape(raw)
    hosts = [
        host
        for link in (raw, url)
        if "//" in link or "www." in link.lower()
        for host in map(_domain, _LINK.findall(link))
        if host
    ]
    plain = _LINK.sub(" ", clean(raw)[:LONGEST_READ]) if "#" in raw or "@" in raw else ""
    tags = [t for t in _HASHTAG.findall(plain) if not t.replace("_", "").isdigit()]
    found = [Mention("#" + tag, HASHTAG) for tag in tags]
    found += [Mention("@" + name, MENTION) for name in _MENTION.findall(plain)]
    found += [Mention(host, DOMAIN) for host in hosts]
    return list({mention.key: mention for mention in reversed(found)}.values())[::-1]


def _domain(host: str) -> str:
    host = host.lower().rstrip(".").removeprefix("www.")
    return host if len(host) <= LONGEST_NAME and _HOST.fullmatch(host) else ""


def pieces(text: str) -> Pieces:
    """Return the words of a text that is left when its marks are taken out."""
    plain = clean(text[: 4 * LONGEST_READ])[:LONGEST_READ]
    if "#" in plain or "@" in plain or "//" in plain or "www." in plain:
        plain = _MENTION.sub(" . ", _HASHTAG.sub(" . ", _LINK.sub(" . ", plain)))
    segments: list[list[str]] = [[]]
    runs = []
    for found in _PIECE.finditer(plain):
        kind, piece = found.lastgroup, found.group()
        if kind == "word":
            segments[-1].append(piece)
        elif kind == "katakana":
            segments += [[piece], []]
        else:
            segments.append([])
            if kind == "han":
                runs.append(piece)
    return Pieces(tuple(tuple(s) for s in segments if s), tuple(runs))
