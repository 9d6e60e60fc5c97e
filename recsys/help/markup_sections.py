"""Sections of Markdown and HTML documents: a heading and the plain text below it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt

_FRONT_MATTER = re.compile(r"\A---\s*\n.*?\n---\s*(?:\n|\Z)", re.DOTALL)
_SLUG_DROPPED = re.compile(r"[^\w\- ]")
_HEADINGS = ("h1", "h2", "h3", "h4")
_HIDDEN = frozenset(
    "script style template noscript svg iframe object nav footer select textarea form".split()
)
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_BLOCKS = frozenset(
    "p div li ul ol dl dt dd table tr section article main header aside blockquote pre br hr"
    " figure figcaption address details summary h5 h6".split()
)
_CELLS = frozenset(("td", "th"))
_PRE = "pre"


@dataclass(slots=True)
class Section:
    """A heading, its anchor, and the text up to the next heading; paragraphs are lines."""

    title: str
    anchor: str
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Paragraphs, one a line."""
        lines = (" ".join(line.split()) for line in "".join(self.parts).split("\n"))
        return "\n".join(line for line in lines if line)


def slug(title: str) -> str:
    """Return the anchor of a Markdown heading as GitHub makes it: `How do I …?` is `how-do-i-`."""
    return _SLUG_DROPPED.sub("", title.strip().lower()).replace(" ", "-")


def markdown_sections(text: str) -> list[Section]:
    """Return the sections of a Markdown document (CommonMark with tables), in its order.

    Front matter is left out, raw HTML is read as HTML. The part before the first heading has an
    empty title.
    """
    parser = MarkdownIt("commonmark").enable("table")
    html: str = parser.render(_FRONT_MATTER.sub("", text))
    found = html_sections(html)[1]
    seen: dict[str, int] = {}
    for one in found:
        if one.title and not one.anchor:
            base = slug(one.title)
            count = seen.get(base, 0)
            seen[base] = count + 1
            one.anchor = f"{base}-{count}" if count else base
    return found


def html_sections(text: str) -> tuple[str, list[Section]]:
    """Return the title of an HTML document and its sections, in its order.

    Scripts, styles, forms, navigation and footers are left out; broken markup is read as far as
    it goes. The part before the first heading has an empty title.
    """
    reader = _SectionReader()
    reader.feed(text)
    reader.close()
    return " ".join(reader.title.split()), reader.sections


class _SectionReader(HTMLParser):
    """Collects headings with their anchors, and visible text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.sections = [Section("", "")]
        self._hidden: list[str] = []  # open elements whose text does not count, outermost first
        self._heading = ""
        self._in_title = False
        self._pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        if self._hidden:
            if tag == self._hidden[0]:
                self._hidden.append(tag)
            return
        if tag in _HIDDEN:
            self._hidden.append(tag)
        elif tag == "title":
            self._in_title = True
        elif tag in _HEADINGS:
            anchor = next((value or "" for name, value in attrs if name == "id"), "")
            self.sections.append(Section("", anchor))
            self._heading = tag
        elif tag in _BLOCKS:
            self._pre += tag == _PRE
            self._append("\n")
        elif tag in _CELLS:
            self._append(" | " if self._last() not in ("", "\n") else "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read `<br/>`; `<script/>` opens an element, as browsers read it."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        if self._hidden:
            if tag == self._hidden[0]:
                self._hidden.pop()
            return
        if tag == "title":
            self._in_title = False
        elif tag == self._heading:
            self._heading = ""
            section = self.sections[-1]
            section.title = " ".join(section.title.split())
        elif tag in _BLOCKS and tag not in _VOID:
            self._pre -= tag == _PRE and self._pre > 0
            self._append("\n")

    def handle_data(self, data: str) -> None:
        """Add visible text."""
        if self._hidden:
            return
        if self._in_title:
            self.title += data
        elif self._heading:
            self.sections[-1].title += data
        else:
            self._append(data if self._pre else data.replace("\n", " "))

    def _append(self, text: str) -> None:
        if self._heading:
            self.sections[-1].title += " "
        elif text:
            self.sections[-1].parts.append(text)

    def _last(self) -> str:
        parts = self.sections[-1].parts
        return parts[-1] if parts else ""
