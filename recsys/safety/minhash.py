"""MinHash signatures: short fingerprints by which equal and nearly equal texts are found.

A text is the set of its runs of signs (shingles). MinHash (Broder 1997) turns the set into numbers
of which two texts share about as large a part as of their shingles; bands of several numbers make
texts meet that are alike enough to be compared one with the other.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recsys.text.clean import clean, is_plain_ascii

Shingles = NDArray[np.uint64]  # ascending, each once

LONGEST_READ = 6_000  # characters of a text that count
BANDS, ROWS = 6, 5  # texts nine tenths alike meet with a chance of .995, half alike with .17
SHINGLE, HAN_SHINGLE = 5, 2  # signs in a run
LEAST = 20  # shingles: a shorter text, a title, is too little to call anything a copy of
ALIKE = 0.8  # share of common shingles from which texts are near duplicates
NUMBERS_COUNT = 400  # characters up to which texts with other numbers in them are other texts
HALF_HOUR = 1_800.0

_SIGNS = re.compile(r"[\W_]+")
_BLANKS = {sign: " " for sign in range(128) if not chr(sign).isalnum()}  # _SIGNS in ASCII
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LINK = re.compile(r"(?:https?://|www\.)([^\s/]+)\S*")
_NUMBER = re.compile(r"\d+")
_NO_DIGITS = {sign: " " for sign in range(128) if not chr(sign).isdigit()}
_TURN = np.random.default_rng(20261122).integers(0, 2**63, BANDS * ROWS, np.uint64) * 2 + 1
_MIX = np.uint64(0x9E3779B97F4A7C15)


def content(*texts: str) -> str:
    """Return what is compared of a text: letters and digits in lower case, links by their site."""
    text = " ".join(texts)[: 2 * LONGEST_READ]
    if len(text) > LONGEST_READ or not is_plain_ascii(text):
        text = clean(text)[:LONGEST_READ]
    text = text.lower()
    if "www." in text or "://" in text:
        text = _LINK.sub(r"\1", text)
    if text.isascii():
        return " ".join(text.translate(_BLANKS).split())
    return _SIGNS.sub(" ", text).strip()


def shingles(text: str) -> Shingles:
    """Return the hashes of a content's runs of signs; none for an empty text."""
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.uint64)
    if not len(codes):
        return np.zeros(0, np.uint64)
    dense = not text.isascii() and 3 * len(_HAN.findall(text)) > len(text)
    length = min(HAN_SHINGLE if dense else SHINGLE, len(codes))
    return np.unique(_mixed(codes, length))


def _mixed(codes: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    """Return the hash of each run of some length, in the order of their beginnings."""
    run = codes
    for step in range(1, length):
        run = run[:-1] * np.uint64(1_000_003) + codes[step:]
    mixed = (run + np.uint64(length)) * _MIX
    return mixed ^ (mixed >> np.uint64(29))


def bands(text: str) -> list[int]:
    """Return the numbers by which nearly equal contents meet; none where there is too little text.

    Short texts of other numbers never meet: so the copy of one part of a series finds that part.
    """
    found = shingles(text)
    if len(found) < LEAST:
        return []
    least = (found[:, None] * _TURN).min(axis=0)
    return _numbered([text], least[None, :])[0]


def bands_of(texts: Sequence[str]) -> list[list[int]]:
    """Return the `bands` of each text, in one pass over all that are written in Latin letters.

    Shingles that occur twice in a text count twice here, which changes no minimum.
    """
    result: list[list[int]] = [[] for _ in texts]
    places = []
    for place, text in enumerate(texts):
        if text.isascii() and len(text) >= SHINGLE:
            places.append(place)
        else:
            result[place] = bands(text)
    if not places:
        return result
    codes = np.frombuffer("".join([texts[place] for place in places]).encode(), np.uint8)
    mixed = _mixed(codes.astype(np.uint64), SHINGLE)
    has_digits = bool((codes - np.uint8(ord("0")) < 10).any())  # what lies before "0" wraps round
    starts, end = [], 0
    for place in places:
        starts.append(end)
        end += len(texts[place])
    ends = [*starts[1:], end]
    kept = _with_many(mixed, starts, [stop - SHINGLE + 1 for stop in ends])
    if not kept:
        return result
    # from a start to what follows its last shingle: the shingles between two texts are left out
    cuts = [cut for at in kept for cut in (starts[at], ends[at] - SHINGLE + 1)]
    padded = np.append(mixed, np.zeros(SHINGLE, np.uint64))
    least = np.empty((len(kept), BANDS * ROWS), np.uint64)
    for column, turn in enumerate(_TURN):
        least[:, column] = np.minimum.reduceat(padded * turn, cuts)[::2]
    own = [texts[places[at]] for at in kept]
    for at, numbers in zip(kept, _numbered(own, least, has_digits), strict=True):
        result[places[at]] = numbers
    return result


def _with_many(mixed: Shingles, starts: list[int], ends: list[int]) -> list[int]:
    """Return the places of texts with LEAST different shingles, ascending.

    `mixed`: shingles of all texts; `starts`, `ends`: of each text among them. The first 2 · LEAST
    of all that have so many are sorted at once; they decide for most.
    """
    few = 2 * LEAST
    long = [at for at, start in enumerate(starts) if ends[at] - start >= few]
    many = set[int]()
    if long:
        rows = np.array([starts[at] for at in long])[:, None] + np.arange(few)
        first = np.sort(mixed[rows], axis=1)
        different = 1 + (first[:, 1:] != first[:, :-1]).sum(axis=1)
        many = {at for at, count in zip(long, different.tolist(), strict=True) if count >= LEAST}
    return [
        at for at, start in enumerate(starts) if at in many or _are_many(mixed[start : ends[at]])
    ]


def _are_many(found: Shingles) -> bool:
    """Whether there are LEAST different shingles."""
    few = found[: 2 * LEAST].tolist()
    return len(set(few)) >= LEAST or (len(found) > len(few) and len(np.unique(found)) >= LEAST)


def _numbered(
    texts: Sequence[str], least: NDArray[np.uint64], has_digits: bool = True
) -> list[list[int]]:
    """Return the bands of texts from the least turned shingles, (n, BANDS * ROWS).

    `has_digits`: whether any text may hold one.
    """
    seeds = [
        zlib.crc32(" ".join(sorted(_numbers(text))).encode())
        if has_digits and len(text) < NUMBERS_COUNT
        else 0
        for text in texts
    ]
    least = least.reshape(len(texts), BANDS, ROWS)
    mixed = np.repeat(np.array(seeds, np.uint64)[:, None], BANDS, axis=1)
    for column in range(ROWS):
        mixed = (mixed ^ least[:, :, column]) * _MIX
        mixed ^= mixed >> np.uint64(31)
    numbers = (mixed + np.arange(BANDS, dtype=np.uint64)).view(np.int64)
    found: list[list[int]] = numbers.tolist()
    return found


def _numbers(text: str) -> list[str]:
    """Return the numbers in a text, in their order."""
    return text.translate(_NO_DIGITS).split() if text.isascii() else _NUMBER.findall(text)


def similarity(one: str, other: str) -> float:
    """Return the share of common shingles of two contents; 0 for short ones of other numbers."""
    if one == other:
        return 1.0
    if max(len(one), len(other)) < NUMBERS_COUNT:
        if sorted(_numbers(one)) != sorted(_numbers(other)):
            return 0.0
    left, right = shingles(one), shingles(other)
    shared = len(np.intersect1d(left, right, assume_unique=True))
    return shared / max(len(left) + len(right) - shared, 1)


def of_moment(name: str, value: str, moment: float) -> tuple[int, int]:
    """Return the prints of something in its half hour, and in the half hour before."""
    now = int(moment // HALF_HOUR)
    # the hash of repr((name, value, half hour)), whose beginning both have
    begun = f"({name!r}, {value!r}, ".encode("utf-8", "surrogatepass")
    one = hashlib.blake2b(begun, digest_size=8)
    other = one.copy()
    one.update(b"%d)" % now)
    other.update(b"%d)" % (now - 1))
    return _signed(one.digest()), _signed(other.digest())


def _signed(digest: bytes) -> int:
    return int.from_bytes(digest, "little", signed=True)


def repeated(texts: Sequence[str], least: float = 0.0) -> float:
    """Return the share of the most frequent one among some words; 0 for few, or up to `least`."""
    n = len(texts)
    # the others occur once at least, so that the most frequent one has no greater share
    if n < 8 or n - len(set(texts)) + 1 <= least * n:
        return 0.0
    return max(Counter(texts).values()) / len(texts)
