"""Menu: the engines a night tries, in the order of their worth, and how to find one by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from recsys.errors import DataError
from recsys.training.engines import Engine, als, ease, elsa, item_knn, lowpass, slist

# Catalogues differ most in how many directions their readers' tastes have: few and strong where
# histories are long or people form groups (EASE 1000, 128 directions), many where they are short.
CANDIDATES: tuple[Engine, ...] = (slist(8.0), lowpass(512), lowpass(128), ease(1000.0))
# What is fitted before all others, and serves where there is no time for them.
CHEAP = item_knn(100)

_MAKERS: Mapping[str, Callable[[list[float]], Engine]] = {
    "slist": lambda numbers: slist(numbers[0]),
    "item-knn": lambda numbers: item_knn(int(numbers[0])),
    "lowpass": lambda numbers: lowpass(int(numbers[0])),
    "ease": lambda numbers: ease(numbers[0]),
    "elsa": lambda numbers: elsa(int(numbers[0])),
    "als": lambda numbers: als(numbers[0], numbers[1]),
}


def engine_named(name: str) -> Engine:
    """Return the engine that a manifest names, such as "ease 100"."""
    try:
        kind, *numbers = name.split()
        return _MAKERS[kind]([float(number) for number in numbers])
    except (KeyError, ValueError, IndexError) as error:
        raise DataError(f"engine {name!r} is unknown; there are: {', '.join(_MAKERS)}") from error
