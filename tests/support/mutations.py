"""Mutations of bytes, JSON and texts from a seed, for tests with wrong input."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Iterator
from typing import Any

ODD = (
    "",
    " ",
    "\x00",
    "\ufeff",
    "\ud7ff",
    "𝔘",
    "null",
    "NaN",
    "-0",
    "1e999",
    "9" * 400,
    "true",
    "\r\n",
    '"',
    "'",
    ",",
    ";",
    "\t",
    "[",
    "{",
    "}",
    "%",
    "%00",
    "..",
    "/",
    "\\",
    "a" * 5_000,
    "2026-02-30",
    "-1",
    "0.1",
    "١٢",
    "=cmd",
    "<",
    ">",
    "!=",
    "..",
    "|",
    "metadata.x",
    "category",
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**63,
    -(2**70),
    1e308,
    1e-320,
    "",
    "x",
    "a" * 70_000,
    [],
    {},
    [[]],
    {"a": {}},
    ["a", 1],
    "1e9",
    "\x00",
    "\ud800",
    1.7e9,
    "2026-11-29",
    [None],
    {"": None},
)


def cases(seconds: float, start: int = 0) -> Iterator[tuple[int, random.Random]]:
    """Yield seeds and their generators until the time is over, ten at least."""
    until, seed = time.monotonic() + seconds, start
    while seed < start + 10 or time.monotonic() < until:
        yield seed, random.Random(seed)
        seed += 1


def torn(data: bytes, rng: random.Random) -> bytes:
    """Return bytes with some cut out, doubled, turned or put in."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        at, size = rng.randrange(len(found) + 1), rng.choice((1, 2, 8, 64))
        part = bytes(found[at : at + size])
        kind = rng.randrange(5)
        if kind == 0:
            del found[at : at + size]
        elif kind == 1:
            found[at:at] = part * rng.choice((1, 3, 50))
        elif kind == 2:
            found[at : at + size] = rng.randbytes(len(part))
        elif kind == 3:
            found[at:at] = rng.choice(ODD).encode("utf-8", "surrogatepass")
        else:
            found[at : at + 1] = bytes(each ^ (1 << rng.randrange(8)) for each in part[:1])
    return bytes(found)


def mutated(value: Any, rng: random.Random) -> Any:
    """Return JSON with some of its parts replaced, taken away or put elsewhere."""
    found = copy.deepcopy(value)
    for _ in range(rng.choice((1, 1, 2, 4))):
        places = list(places_of(found))
        if not places:
            return rng.choice(VALUES)
        holder, key = rng.choice(places)
        kind = rng.randrange(4)
        if kind == 0:
            holder[key] = copy.deepcopy(rng.choice(VALUES))
        elif kind == 1:
            del holder[key]
        elif kind == 2 and isinstance(holder, dict):
            holder[rng.choice(ODD)] = holder.pop(key)
        else:
            holder[key] = copy.deepcopy(rng.choice(places)[0])
    return found


def places_of(value: Any) -> Iterator[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    if isinstance(value, (dict, list)):
        for key, part in list(pairs):
            yield value, key
            if isinstance(part, (dict, list)):
                yield from places_of(part)
