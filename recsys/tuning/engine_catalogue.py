"""Menu: the engines a night tries, in the order of their worth, and how to find one by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import entry_points

from recsys.errors import DataError
from recsys.models.engines import Engine, als, ease, elsa, item_knn, lowpass, quickly, slist

# Catalogues differ most in how many directions their readers' tastes have: few and strong where
# histories are long or people form groups (EASE 1000, 128 directions), many where they are short.
CANDIDATES: tuple[Engine, ...] = (slist(8.0), lowpass(512), lowpass(128), ease(1000.0))
# For a search of seconds: two engines, fitted to items with two users or more.
QUICK: tuple[Engine, ...] = (quickly(slist(8.0)), lowpass(128))
# What is fitted before all others, and serves where there is no time for them.
CHEAP = item_knn(100)

Maker = Callable[[list[float]], Engine]  # the numbers after the name: "ease 100" -> [100.0]
ENTRY_POINTS = "recsys.engines"  # group of other packages' engines

_MAKERS: dict[str, Maker] = {
    "slist": lambda numbers: slist(numbers[0]),
    "item-knn": lambda numbers: item_knn(int(numbers[0])),
    "lowpass": lambda numbers: lowpass(int(numbers[0])),
    "ease": lambda numbers: ease(numbers[0]),
    "elsa": lambda numbers: elsa(int(numbers[0])),
    "als": lambda numbers: als(numbers[0], numbers[1]),
}
_ADDED: list[Engine] = []  # registered engines that tuning tries


def register_engine(name: str, make: Maker, tried: tuple[str, ...] = ()) -> None:
    """Make an engine of another package known to nights, evaluations and `recsys.fit`.

    `make`: the numbers after the name to the engine; its name must be the one it was asked for.
    `tried`: names with numbers, such as "mine 10", that tuning tries beside the built-in engines.
    DataError for a name that is taken, has a blank, or names another engine.

    A package registers by an entry point of the group `recsys.engines`: a function without
    arguments that calls this one.
    """
    if not name or " " in name or name in _MAKERS:
        raise DataError(f"engine {name!r}: a name is one word that no other engine has")
    _MAKERS[name] = make
    try:
        found = []
        for one in tried:
            engine = engine_named(one)
            if engine.name != one or one.split()[0] != name:
                raise DataError(f"engine {name!r}: {one!r} was made under the name {engine.name!r}")
            found.append(engine)
    except Exception:
        del _MAKERS[name]
        raise
    _ADDED.extend(found)


def unregister_engine(name: str) -> None:
    """Forget a registered engine; one that is not known is passed over."""
    if _MAKERS.pop(name, None) is not None:
        _ADDED[:] = [one for one in _ADDED if one.name.split()[0] != name]


def candidates() -> tuple[Engine, ...]:
    """Return the engines that tuning tries: the built-in ones, then those of other packages."""
    load_entry_points()
    return (*CANDIDATES, *_ADDED)


@cache
def load_entry_points() -> None:
    """Call the registering functions of installed packages, once per process.

    DataError names the package whose function fails.
    """
    for point in entry_points(group=ENTRY_POINTS):
        try:
            point.load()()
        except Exception as error:
            raise DataError(f"entry point {point.value} of {ENTRY_POINTS}: {error!r}") from error


def engine_named(name: str) -> Engine:
    """Return the engine that a manifest names, such as "ease 100"."""
    kind, *numbers = name.split() or [""]
    if kind not in _MAKERS:
        load_entry_points()
    try:
        return _MAKERS[kind]([float(number) for number in numbers])
    except (KeyError, ValueError, IndexError) as error:
        raise DataError(f"engine {name!r} is unknown; there are: {', '.join(_MAKERS)}") from error
