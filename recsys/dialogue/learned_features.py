"""Learned features: what the learned model sees of boundaries, segments and targets.

A feature is a text; the model knows it by its CRC-32. Words of a message are tokens of
`message_tokens`; a segment is a range of them that one command is read from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recsys.dialogue.message_tokens import Token, TokenizedMessage
from recsys.dialogue.pattern_readings import PatternReading

LONGEST_SPAN, LONGEST_HAN_SPAN = 9, 16  # tokens of a target
PATTERN_COPIES = 3  # of the feature of patterns, which weighs as much as so many words
_EDGE = "^"


def _text(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].text if 0 <= at < len(tokens) else _EDGE


def _kind(tokens: Sequence[Token], at: int) -> str:
    """Return the kind of a token; of function words and punctuation their text."""
    if not 0 <= at < len(tokens):
        return _EDGE
    one = tokens[at]
    return one.text if one.kind in "fp" else one.kind


def boundary_features(message: TokenizedMessage, at: int) -> Iterator[str]:
    """Yield the features of a boundary before the token `at`."""
    tokens = message.tokens
    near = {step: _text(tokens, at + step) for step in range(-4, 6)}
    for step, word in near.items():
        yield f"b{step} {word}"
    for step in range(-3, 4):
        yield f"b{step}+ {near[step]} {near[step + 1]}"
    for step in range(-2, 3):
        yield f"b{step}++ {near[step]} {near[step + 1]} {near[step + 2]}"
    for step in range(6, 9):
        yield f"bR {_text(tokens, at + step)}"
    for step in range(5):
        yield f"bR {near[step]}"
    for step in range(-4, 0):
        yield f"bL {near[step]}"
    before, after = at, len(tokens) - at
    yield f"b<{min(before, 6)} {near[-1] if not tokens[at - 1].is_word else ''}"
    yield f"b>{min(after, 6)} {near[-1] if not tokens[at - 1].is_word else ''}"
    kind = "w" if tokens[at - 1].is_word else near[-1]
    yield f"bk {kind} {near[0]}"
    yield f"bk {kind} {near[0]} {near[1]}"
    kinds = {step: _kind(tokens, at + step) for step in range(-3, 4)}
    if message.han:
        one = tokens[at]
        yield f"bz {one.crossed} {one.begins} {tokens[at - 1].ends}"
        yield f"bz {one.crossed} {near[0]}"
        return
    for step in range(-2, 2):
        yield f"bf{step} {kinds[step]} {kinds[step + 1]}"
        yield f"bf{step}+ {kinds[step - 1]} {kinds[step]} {kinds[step + 1]}"
    yield f"bf {kinds[-2]} {kinds[-1]} {kinds[0]} {kinds[1]}"


def segment_features(
    message: TokenizedMessage, first: int, end: int, reading: PatternReading
) -> Iterator[str]:
    """Yield the features of a segment, of what patterns say of it and of what stands around it."""
    tokens = message.tokens
    for copy in range(PATTERN_COPIES):
        yield f"pattern{copy} {reading.name}"
    words = [one.text for one in tokens[first:end]]
    padded = [_EDGE, *words, "$"]
    size = 4 if message.han else 3
    for length in range(1, size + 1):
        for start in range(len(padded) - length + 1):
            yield " ".join(padded[start : start + length])
    for start, word in enumerate(padded):
        for other in padded[start + 2 : start + 6]:
            yield f"{word}~{other}"
    kept = [one.text for one in tokens[first:end] if one.is_word]
    yield f"n{min(len(kept), 8)}"
    yield f"last {kept[-1] if kept else ''}"
    if not message.han:
        yield from _skeleton(message, first, end)
        for word in kept:
            marked = f"_{word}_"
            for length in (3, 4, 5):
                for start in range(len(marked) - length + 1):
                    yield "#" + marked[start : start + length]
    for step in (1, 2, 3):
        yield f"P{step} {_text(tokens, first - step)}"
        yield f"N{step} {_text(tokens, end + step - 1)}"
    for one in tokens[:first]:
        yield f"Q {one.text}"
    for one in tokens[end:]:
        yield f"M {one.text}"
    if any(one.capital for one in tokens[first + 1 : end]):
        yield "capital"


def _skeleton(message: TokenizedMessage, first: int, end: int) -> Iterator[str]:
    """Yield runs of function words, in which other words stand for each other."""
    found = [_EDGE]
    for at in range(first, end):
        kind = _kind(message.tokens, at)
        word = "_" if kind in ("w", "u", "z") else kind
        if word != "_" or found[-1] != "_":
            found.append(word)
    found.append("$")
    for length in (3, 4, 5):
        for start in range(len(found) - length + 1):
            yield "k " + " ".join(found[start : start + length])


def start_features(
    message: TokenizedMessage, first: int, at: int, reading: PatternReading
) -> Iterator[str]:
    """Yield the features of a target that starts at the token `at` of a segment."""
    tokens = message.tokens
    if reading.target is not None:
        yield f"s= {reading.target[0] == at}"
        yield f"s= {reading.name} {reading.target[0] == at}"
    if message.han:
        one = tokens[at]
        yield f"sz {one.crossed} {one.begins}"
        yield f"sz {one.crossed} {one.begins} {tokens[at - 1].text if at > first else _EDGE}"
    else:
        kinds = [_kind(tokens, at - step) if at - step >= first else _EDGE for step in range(4)]
        yield f"sk {kinds[0]}"
        yield f"sk1 {kinds[1]} {kinds[0]}"
        yield f"sk2 {kinds[2]} {kinds[1]} {kinds[0]}"
        yield f"sk3 {kinds[3]} {kinds[2]} {kinds[1]} {kinds[0]}"
    left = [_text(tokens, at - step) if at - step >= first else _EDGE for step in (1, 2, 3, 4)]
    word = tokens[at].text
    yield f"s1 {left[0]}"
    yield f"s2 {left[1]} {left[0]}"
    yield f"s3 {left[2]} {left[1]} {left[0]}"
    yield f"s4 {left[3]} {left[2]} {left[1]} {left[0]}"
    yield f"sw {word}"
    yield f"sw {left[0]} {word}"
    yield f"sx {left[1]}"
    if message.han:
        yield f"sww {word} {_text(tokens, at + 1)}"
    yield f"sc {tokens[at].capital} {at > 0 and tokens[at - 1].capital}"
    yield f"sp {at == first}"


def end_features(
    message: TokenizedMessage, end: int, at: int, reading: PatternReading
) -> Iterator[str]:
    """Yield the features of a target that ends before the token `at` of a segment."""
    tokens = message.tokens
    if reading.target is not None:
        yield f"e= {reading.target[1] == at}"
        yield f"e= {reading.name} {reading.target[1] == at}"
    if message.han:
        crossed = at < end and tokens[at].crossed
        yield f"ez {crossed} {tokens[at - 1].ends}"
        yield f"ez {crossed} {tokens[at - 1].ends} {_text(tokens, at) if at < end else _EDGE}"
    else:
        kinds = [_kind(tokens, at + step) if at + step < end else _EDGE for step in range(-1, 3)]
        yield f"ek {kinds[0]}"
        yield f"ek1 {kinds[0]} {kinds[1]}"
        yield f"ek2 {kinds[0]} {kinds[1]} {kinds[2]}"
        yield f"ek3 {kinds[0]} {kinds[1]} {kinds[2]} {kinds[3]}"
    right = [_text(tokens, at + step) if at + step < end else _EDGE for step in range(4)]
    word = tokens[at - 1].text
    yield f"e1 {right[0]}"
    yield f"e2 {right[0]} {right[1]}"
    yield f"e3 {right[0]} {right[1]} {right[2]}"
    yield f"e4 {right[0]} {right[1]} {right[2]} {right[3]}"
    yield f"ew {word}"
    yield f"ew {word} {right[0]}"
    yield f"ex {right[1]}"
    if message.han:
        yield f"eww {_text(tokens, at - 2)} {word}"
    following = at < len(tokens) and tokens[at].capital
    yield f"ec {tokens[at - 1].capital} {following}"
    yield f"ep {at == end}"


def inner_features(message: TokenizedMessage, at: int) -> Iterator[str]:
    """Yield the features of a token inside a target."""
    tokens = message.tokens
    yield f"i {tokens[at].text}"
    yield f"iw {tokens[at].is_word}"
    yield f"ic {tokens[at].capital}"
    if not message.han:
        kind = _kind(tokens, at)
        yield f"ik {kind}"
        yield f"i# {tokens[at].text[-3:]}"


def pair_features(
    message: TokenizedMessage, start: int, end: int, reading: PatternReading
) -> Iterator[str]:
    """Yield the features of a target of the tokens from `start` up to `end`."""
    if reading.target == (start, end):
        yield "p="
        yield f"p= {reading.name}"
    if message.han:
        yield f"pz {message.tokens[start].begins == end - start}"
    yield f"l{'h' if message.han else ''}{end - start}"
    left, right = _text(message.tokens, start - 1), _text(message.tokens, end)
    yield f"lr {left} {right}"


def spans(message: TokenizedMessage, first: int, end: int) -> list[tuple[int, int]]:
    """Return the ranges of tokens that may be the target of a segment."""
    longest = LONGEST_HAN_SPAN if message.han else LONGEST_SPAN
    tokens = message.tokens
    return [
        (start, stop)
        for start in range(first, end)
        if tokens[start].is_word
        for stop in range(start + 1, min(end, start + longest) + 1)
        if tokens[stop - 1].is_word
    ]
