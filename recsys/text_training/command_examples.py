"""Command examples: labelled utterances with the place of each command and of its target."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from recsys.dialogue.message_tokens import FOLLOWED, LENGTH, TokenizedMessage, tokenized
from recsys.errors import DataError

LASTING = "lasting"  # the flag of a wish that is for good
_FORM = re.compile(r"^(?P<kind>\w+)(?P<sign>[:~]?)(?P<rest>.*)$")
LANGUAGES: Mapping[str, str] = {  # English name -> pattern of the Chinese ones
    "english": "英语|英文",
    "french": "法语|法文",
    "spanish": "西班牙语|西语",
    "japanese": "日语|日文",
    "korean": "韩语|韩文",
    "german": "德语|德文",
    "cantonese": "粤语|广东话",
    "chinese": "中文|汉语|普通话",
    "mandarin": "普通话|国语|中文",
    "russian": "俄语|俄文",
    "italian": "意大利语|意语",
    "portuguese": "葡萄牙语|葡语",
    "thai": "泰语|泰文",
    "arabic": "阿拉伯语|阿语",
    "vietnamese": "越南语|越语",
    "turkish": "土耳其语",
    "hindi": "印地语",
    "dutch": "荷兰语",
    "polish": "波兰语",
    "greek": "希腊语",
    "swedish": "瑞典语",
    "indonesian": "印尼语",
}
_THAN: Mapping[str, str] = {"known": "more_known", "unknown": "less_known"}


@dataclass(frozen=True, slots=True)
class ExpectedCommand:
    """What a written command says: its intent, its flags, and its target's words."""

    intent: str
    flags: frozenset[str]
    target: str  # empty: it has none


@dataclass(frozen=True, slots=True)
class PlacedCommand:
    """A command of an utterance, with the tokens of its segment and of its target."""

    intent: str
    flags: frozenset[str]
    first: int
    end: int
    target: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Example:
    """An utterance and its commands; `placed` is False where a boundary or target is not found."""

    message: TokenizedMessage
    commands: tuple[PlacedCommand, ...]


def expected_of(written: str) -> ExpectedCommand:
    """Return what a written command says, such as "steer:less!:war"."""
    written, _, limit = written.partition("[") if written.endswith("]") else (written, "", "")
    head, *than = written.split("<")
    flags = {_THAN.get(one, one) for part in than for one in part.split("+") if one}
    found = _FORM.match(head)
    if found is None:
        raise DataError(f"{written!r:.60} is no command")
    kind, sign, rest = found["kind"], found["sign"], found["rest"]
    if kind == "steer":
        action, _, target = rest.partition(":")
        if action.endswith("!"):
            flags.add(LASTING)
        return ExpectedCommand(f"steer.{action.rstrip('!')}", frozenset(flags), target)
    if kind == "find":
        if sign == "~":
            this = rest in ("this", "")
            return ExpectedCommand(
                "like.this" if this else "like", frozenset(flags), "" if this else rest
            )
        return ExpectedCommand("find" if rest else "find.than", frozenset(flags), rest)
    if kind == "why":
        if rest in ("this", "", "这个"):
            return ExpectedCommand("why.this", frozenset(), "")
        if rest.isdecimal() or rest == "last":
            return ExpectedCommand("why.place", frozenset(), "")
        return ExpectedCommand("why.title", frozenset(), rest)
    if kind == "show":
        return ExpectedCommand(f"show.{rest}", frozenset(), "")
    if kind in ("around", "undo"):
        return ExpectedCommand(kind if rest else f"{kind}.all", frozenset(), rest)
    return ExpectedCommand(kind, frozenset(), "")


def _words_of(target: str) -> list[str]:
    return [one.text for one in tokenized(target).tokens if one.is_word]


def place_of(target: str, message: TokenizedMessage, from_token: int) -> tuple[int, int] | None:
    """Return the tokens of a message that are a target's words; None: it does not hold them."""
    tokens = message.tokens
    if target == "followed":
        return _single(FOLLOWED, message)
    if re.fullmatch(r"\d*-\d* min", target):
        return _single(LENGTH, message)
    if "|" in target:
        parts = [place_of(one, message, from_token) for one in target.split("|")]
        whole = [one for one in parts if one is not None]
        return (min(whole)[0], max(whole)[1]) if len(whole) == len(parts) else None
    for wanted in _spellings(target):
        words = _words_of(wanted)
        for start in (*range(from_token, len(tokens)), *range(from_token)):
            at, left = start, list(words)
            while left and at < len(tokens):
                if tokens[at].is_word:
                    if not _same(tokens[at].text, left[0]):
                        break
                    left.pop(0)
                elif at == start:
                    break
                at += 1
            if not left and words:
                return start, at
    return None


def _spellings(target: str) -> Iterable[str]:
    yield target
    if found := re.fullmatch(r"(?:the )?(?:\d\d)?(\d)0s", target):
        digit = "零一二三四五六七八九"[int(found[1])]
        yield from (f"{found[1]}0s", f"19{found[1]}0s", f"20{found[1]}0s", f"{found[1]}0年代")
        yield from (f"{digit}十年代", f"19{found[1]}0年代", f"20{found[1]}0年代", f"{found[1]}0后")
        yield from ("两千年代", "零零年代", "千禧年代", "零零后", "00后")
        yield {"6": "sixties", "7": "seventies", "8": "eighties", "9": "nineties"}.get(found[1], "")
    yield from LANGUAGES.get(target, "").split("|")


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    return len(one) > 3 and len(other) > 3 and one.rstrip("s") == other.rstrip("s")


def _single(name: str, message: TokenizedMessage) -> tuple[int, int] | None:
    for at, one in enumerate(message.tokens):
        if one.text == name:
            return at, at + 1
    return None


_JOINS = frozenset(
    "and but then also plus while n instead & + btw oh now or though "
    "然 再 顺 还 但 另 对 不 后 先 接 同".split()
)


def boundary_choices(message: TokenizedMessage, low: int, high: int) -> list[int]:
    """Return the tokens from `low` to `high` at which a segment may begin, the likeliest first."""
    tokens = message.tokens

    def strength(at: int) -> float:
        before, word = tokens[at - 1], tokens[at].text
        join = word in _JOINS
        if not before.is_word:
            return 3 + join + (0.5 if before.text[0] in ".!?。！？;；…" else 0)
        return 2.0 if join else 0.0

    choices = [
        at for at in range(max(low, 1), min(high, len(tokens) - 1) + 1) if tokens[at].is_word
    ]
    return sorted(choices, key=lambda at: (-strength(at), at))


def example_of(written: str, text: str) -> tuple[Example | None, str]:
    """Return the example of an utterance with first guesses of boundaries; None and the reason."""
    message = tokenized(text)
    wanted = [expected_of(one) for one in written.split(" + ")]
    targets: list[tuple[int, int] | None] = []
    at = 0
    for one in wanted:
        place = place_of(one.target, message, at) if one.target else None
        if one.target and place is None:
            return None, f"{one.target!r} is not in it"
        targets.append(place)
        at = place[1] if place else at
    edges = [0]
    for number in range(1, len(wanted)):
        low = max([edges[-1] + 1, *(one[1] for one in targets[:number] if one)])
        high = min([len(message.tokens) - 1, *(one[0] for one in targets[number:] if one)])
        choices = boundary_choices(message, low, high)
        if not choices:
            return None, "no place for a boundary"
        edges.append(choices[0])
    edges.append(len(message.tokens))
    made = tuple(
        PlacedCommand(one.intent, one.flags, first, end, place)
        for one, place, first, end in zip(wanted, targets, edges, edges[1:], strict=False)
    )
    for placed in made:
        target = placed.target
        if target and not placed.first <= target[0] < target[1] <= placed.end:
            return None, "a target outside of its segment"
    return Example(message, made), ""


def window(example: Example, number: int) -> tuple[int, int]:
    """Return the tokens between which the segment `number` may begin, both among them."""
    targets = [one.target for one in example.commands]
    before, own = example.commands[number - 1], example.commands[number]
    low = max([before.first + 1, *(one[1] for one in targets[:number] if one)])
    high = min([own.end - 1, *(one[0] for one in targets[number:] if one)])
    return low, high


def with_boundary(example: Example, number: int, at: int) -> Example:
    """Return an example whose segment `number` begins at a token."""
    made = list(example.commands)
    made[number - 1] = replace(made[number - 1], end=at)
    made[number] = replace(made[number], first=at)
    return replace(example, commands=tuple(made))


def with_subjects(example: Example, subjects: Sequence[str], rng: random.Random) -> Example | None:
    """Return an example with other targets; None where it has none to be replaced."""
    message = example.message
    text = message.text
    order = sorted(
        (one for one in example.commands if one.target is not None),
        key=lambda one: one.target or (),
    )
    edits = []
    for one in order:
        assert one.target is not None
        first, end = one.target
        if message.tokens[first].text in (LENGTH, FOLLOWED):
            continue
        subject = rng.choice(subjects)
        start, stop = message.tokens[first].start, message.tokens[end - 1].end
        if message.tokens[first].capital and not message.han:
            subject = (
                subject.title()
                if any(one.capital for one in message.tokens[first:end])
                else subject
            )
        edits.append((start, stop, subject))
    if not edits or any(
        later[0] < earlier[1] for earlier, later in zip(edits, edits[1:], strict=False)
    ):
        return None

    def moved(place: int, is_end: bool) -> int:
        total = 0
        for start, stop, subject in edits:
            if stop <= place and (is_end or stop < place or start < place):
                total += len(subject) - (stop - start)
        return place + total

    for start, stop, subject in reversed(edits):
        text = text[:start] + subject + text[stop:]
    changed = replace(tokenized(text), limit=message.limit)
    if changed.text != text:
        return None
    by_start = {one.start: at for at, one in enumerate(changed.tokens) if one.is_word}
    by_end = {one.end: at + 1 for at, one in enumerate(changed.tokens) if one.is_word}
    made = []
    for one in example.commands:
        begins = by_start.get(moved(message.tokens[one.first].start, False)) if one.first else 0
        target = None
        if one.target:
            left = by_start.get(moved(message.tokens[one.target[0]].start, False))
            right = by_end.get(moved(message.tokens[one.target[1] - 1].end, True))
            if left is None or right is None:
                return None
            target = left, right
        if begins is None:
            return None
        made.append(replace(one, first=begins, target=target, end=0))
    ends = [*(one.first for one in made[1:]), len(changed.tokens)]
    placed = tuple(replace(one, end=end) for one, end in zip(made, ends, strict=True))
    if any(one.end <= one.first for one in placed):
        return None
    return Example(changed, placed)


def words_of(example: Example, command: PlacedCommand) -> str:
    """Return the words of a command's target as typed; empty: it has none."""
    if command.target is None:
        return ""
    tokens = example.message.tokens
    return example.message.text[tokens[command.target[0]].start : tokens[command.target[1] - 1].end]


_JOINTS = (
    ", and ",
    " and ",
    ". ",
    ", ",
    ", but ",
    " then ",
    ", also ",
    " ; ",
    " btw ",
    " plus ",
    "! ",
    " . and ",
    ", and then ",
    " also ",
    " but ",
    "... ",
    " . oh and ",
    ", instead ",
    " while ",
)
_HAN_JOINTS = (
    ",然后",
    ",",
    "。",
    " ",
    ",再",
    ",还有",
    ",另外",
    ",顺便",
    ";",
    ",对了",
    ",但是",
    "!",
    "。再",
    ",",
    " ",
    ",",
    " 然后",
    ",同时",
    ",不过",
    ",接着",
    "。对了,",
    ",完了",
)


def joined(one: Example, other: Example, rng: random.Random) -> Example | None:
    """Return an example that says both of two of one command each; None where it cannot be."""
    left, right = one.message, other.message
    if left.han != right.han or (left.limit and right.limit):
        return None
    if len(one.commands) != 1 or len(other.commands) != 1:
        return None
    words = [token for token in left.tokens if token.is_word]
    if not words:
        return None
    first = left.text[: words[-1].end] + rng.choice(_HAN_JOINTS if left.han else _JOINTS)
    if left.han is False:
        first = re.sub(r"(?<=\w)([,.;:!?]+)(?=\s|$)", r" \1", first)
    text = first + right.text
    made = replace(tokenized(text), limit=left.limit or right.limit)
    if made.text != text:
        return None
    at = next(
        (
            at
            for at, token in enumerate(made.tokens)
            if token.start >= words[-1].end and token.is_word
        ),
        None,
    )
    starts = {token.start: at for at, token in enumerate(made.tokens)}
    shift = starts.get(len(first) + right.tokens[0].start)
    if at is None or shift is None or len(made.tokens) != shift + len(right.tokens):
        return None
    before, after = one.commands[0], other.commands[0]
    if before.target and before.target[1] > at:
        return None
    moved = (after.target[0] + shift, after.target[1] + shift) if after.target else None
    return Example(
        made,
        (
            replace(before, end=at),
            replace(after, first=at, end=len(made.tokens), target=moved),
        ),
    )
