"""Reasons: the parts of a score as people can read them; computed from the score itself."""

from __future__ import annotations

from collections.abc import Mapping

from recsys.ranking.query import Reason

# One sentence per kind and language; {title} is the history item's.
SENTENCES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "because_you": "Because of “{title}” in your history",
        "interests": "It matches the interests you stated",
        "search": "Its words match your search",
        "trending": "Many people are taking it up now",
        "popular": "It is popular here",
        "liked": "Those who rated it liked it",
        "fresh": "It is new",
        "context": "It suits readers like you at this time",
        "flagged": "It was marked as doubtful",
    },
    "zh": {
        "because_you": "因为你看过《{title}》",
        "interests": "符合你选择的兴趣",
        "search": "内容与你的搜索相符",
        "trending": "现在很多人在看",
        "popular": "在这里很受欢迎",
        "liked": "看过的人评价很好",
        "fresh": "刚刚发布",
        "context": "此刻适合像你这样的读者",
        "flagged": "内容被标记为存疑",
    },
}


def sentence(kind: str, title: str = "", language: str = "en") -> str:
    """Return the sentence for a reason; an unknown language falls back to English."""
    template = SENTENCES.get(language, SENTENCES["en"])[kind]
    return template.format(title=title)


def shared(parts: list[Reason], most: int) -> tuple[Reason, ...]:
    """Return the `most` largest positive parts, largest first.

    A share is a part over the sum of all positive parts, so the shares of all of them add to 1.
    """
    speaking = sorted((p for p in parts if p.value > 0), key=lambda p: -p.value)
    total = sum(part.value for part in speaking)
    return tuple(
        Reason(part.kind, part.value / total, part.text, part.item_id, part.value)
        for part in speaking[:most]
    )
