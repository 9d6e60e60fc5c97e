"""Rich text: texts that editors of content systems write as trees of blocks and runs.

Contentful, Sanity, ProseMirror, Slate, Lexical, Notion and Draft.js nest blocks in lists under
`content`, `children` or `blocks`; the words of a run are its `text`, `value` or `plain_text`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

_INNER = ("content", "children", "blocks", "root", "document", "rich_text", "paragraphs")
_WORDS = ("text", "plain_text", "value")
_RUNS = frozenset({"text", "span", "hyperlink", "link", "mention", "bold", "italic"})
_KIND = ("nodeType", "type", "_type", "object")
DEEPEST = 30  # levels of blocks


def rich_text(found: object) -> str | None:
    """Return the words of a tree or a list of blocks, a line for each block; None for another form.

    A list of plain texts is one of paragraphs; runs of words follow one another without a sign.
    """
    if isinstance(found, Mapping) and not any(name in found for name in (*_INNER, *_WORDS)):
        return None
    blocks = found if isinstance(found, (list, tuple)) else [found]
    if not all(isinstance(one, (str, Mapping)) for one in blocks):
        return None
    if all(isinstance(one, str) for one in blocks):
        return "\n".join(str(one) for one in blocks)
    if not all(isinstance(one, str) or _has_words(one) for one in blocks):
        return None
    lines = "".join(_words(blocks, 0)).split("\n")
    return "\n".join(line for line in lines if line.strip())


def _has_words(block: object) -> bool:
    return isinstance(block, Mapping) and any(name in block for name in (*_INNER, *_WORDS, *_KIND))


def _words(blocks: Sequence[object], depth: int) -> Iterator[str]:
    """Yield the words of blocks in order, and a line break after each block that is no run."""
    for block in blocks if depth <= DEEPEST else ():
        if isinstance(block, str):
            yield block
        elif isinstance(block, Mapping):
            held = next((block[name] for name in _WORDS if isinstance(block.get(name), str)), None)
            if held is not None:
                yield held
            for name in _INNER:
                inner = block.get(name)
                if isinstance(inner, Mapping):
                    inner = [inner]
                if isinstance(inner, (list, tuple)):
                    yield from _words(inner, depth + 1)
            kind = next((block[name] for name in _KIND if isinstance(block.get(name), str)), "")
            if kind.lower() not in _RUNS and (kind or held is None):
                yield "\n"
