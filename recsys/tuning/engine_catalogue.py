"""Catalogue of engines to try, in order of expected value, with lookup by name."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec

from recsys.entry_points import call_entry_points
from recsys.errors import DataError, MissingExtra
from recsys.models.engine_definitions import (
    SUM,
    Engine,
    als,
    blocks,
    bpr,
    directions,
    ease,
    elsa,
    engine_sum,
    graph_convolution,
    item_knn,
    item_knn_shrunk,
    lightfm,
    lowpass,
    quickly,
    sequence_knn,
    slist,
)

# For a search of seconds: two engines, fitted to items with two users or more.
QUICK: tuple[Engine, ...] = (quickly(slist(8.0, directed=False)), lowpass(128))
# What is fitted before all others, and serves where there is no time for them.
CHEAP = item_knn(100)

Maker = Callable[[list[float]], Engine]  # the numbers after the name: "ease 100" -> [100.0]
ENTRY_POINTS = "recsys.engines"  # group of other packages' engines
EXTRAS = {"torch": "train", "lightfm": "lightfm"}  # package -> extra that brings it

_MAKERS: dict[str, Maker] = {
    "slist": lambda numbers: slist(*numbers),
    "slist-symmetric": lambda numbers: slist(*numbers, directed=False),
    "item-knn": lambda numbers: item_knn(int(numbers[0])),
    "item-knn-tfidf": lambda numbers: item_knn(int(numbers[0]), tf_idf=True),
    "item-knn-shrunk": lambda numbers: item_knn_shrunk(*numbers[:4]),
    "sequence-knn": lambda numbers: sequence_knn(numbers[0]),
    "lowpass": lambda numbers: lowpass(int(numbers[0]), *numbers[1:2]),
    "blocks": lambda numbers: blocks(int(numbers[0])),
    "directions": lambda numbers: directions(int(numbers[0])),
    "ease": lambda numbers: ease(numbers[0]),
    "elsa": lambda numbers: elsa(int(numbers[0])),
    "graph-convolution": lambda numbers: graph_convolution(int(numbers[0])),
    "als": lambda numbers: als(numbers[0], numbers[1]),
    "bpr": lambda numbers: bpr(int(numbers[0])),
    "lightfm": lambda numbers: lightfm(int(numbers[0])),
}
log = logging.getLogger("recsys")
_ADDED: list[Engine] = []  # registered engines that tuning tries


def register_engine(name: str, make: Maker, tried: tuple[str, ...] = ()) -> None:
    """Make an engine of another package known to nights, evaluations and `recsys.fit`.

    `make`: the numbers after the name to the engine; its name must be the requested one.
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


def candidates(names: Sequence[str] = ()) -> tuple[Family, ...]:
    """Return the engines that tuning tries: the built-in ones, then those of other packages.

    `names`: of families, whose settings are searched, or of engines with settings, such as
    "ease 50"; empty: all. DataError for an unknown name or one whose package is not installed.
    A family whose package is not installed is left out, which the log says once per process.
    """
    load_entry_points()
    every = (*CATALOGUE, *map(Family.of, _ADDED))
    if not names:
        return tuple(filter(_is_installed, every))
    known = {family.name: family for family in every}
    found = []
    for name in names:
        family = known.get(name) or Family.of(engine_named(name))
        if family.package and not find_spec(family.package):
            raise MissingExtra(family.package, EXTRAS[family.package])
        found.append(replace(family, share=1.0))
    return tuple(found)


@cache
def _is_installed(family: Family) -> bool:
    if not family.package or find_spec(family.package):
        return True
    if family.share < 1.0:  # an engine that is no loss
        return False
    log.info(
        "the engine %s is not tried: %s is not installed (extra %s)",
        family.name,
        family.package,
        EXTRAS[family.package],
    )
    return False


@cache
def load_entry_points() -> None:
    """Call the registering functions of installed packages, once per process.

    DataError names the package whose function fails.
    """
    call_entry_points(ENTRY_POINTS)


def engine_named(name: str) -> Engine:
    """Return the engine that a manifest names, such as "ease 100" or "ease 100 + elsa 5"."""
    if SUM in name:
        return engine_sum([engine_named(part) for part in name.split(SUM)])
    kind, *numbers = name.split() or [""]
    if kind not in _MAKERS:
        load_entry_points()
    try:
        return _MAKERS[kind]([float(number) for number in numbers])
    except (KeyError, ValueError, TypeError, IndexError) as error:
        close = get_close_matches(kind, _MAKERS, 1)
        meant = f"; is {close[0]} meant?" if close and close[0] != kind else ""
        known = ", ".join(_MAKERS)
        raise DataError(f"engine {name!r} is unknown{meant}; there are: {known}") from error


@dataclass(frozen=True, slots=True)
class Family:
    """Engines of one kind on a grid of settings, of which neighbouring ones are tried in turn."""

    name: str
    axes: tuple[tuple[float, ...], ...]  # the values of each setting, ascending
    start: tuple[int, ...]  # place on each axis that is tried first
    make: Maker  # of one value per axis
    fewest: int = 0  # events from which it is tried: with fewer there is nothing to learn from
    package: str = ""  # that its fit imports and that an extra brings; empty: none
    # axis that is 1 where the order of a history counts, 0 where only nearness does; None: neither
    direction: int | None = None
    fewest_items: int = 0  # items from which it is tried: with fewer another one is better
    share: float = 1.0  # of the time for comparing engines, after which it is not begun
    kind: str = ""  # shared by families that differ little: of each kind one goes on; "": the name

    @classmethod
    def of(cls, engine: Engine) -> Family:
        """Return a family of one engine without settings."""
        return cls(engine.name, (), (), lambda numbers: engine)

    def usual(self, timed: bool) -> Engine:
        """Return the engine that is fitted without a search; with direction only in dated data."""
        return self.at(self.usual_place(timed))

    def usual_place(self, timed: bool) -> tuple[int, ...]:
        """Return the place on the grid where a search begins; with direction only in dated data."""
        place = list(self.start)
        if self.direction is not None:
            place[self.direction] = int(timed)
        return tuple(place)

    def undirected(self) -> Family:
        """Return the family without the engines that use direction."""
        if self.direction is None:
            return self
        axes = list(self.axes)
        axes[self.direction] = axes[self.direction][:1]
        return replace(self, axes=tuple(axes), direction=None)

    def fits(self, events: int, items: int) -> bool:
        """Return whether a catalogue of so many items with so many events is of its size."""
        return events >= self.fewest and items >= self.fewest_items

    def at(self, place: tuple[int, ...]) -> Engine:
        """Return the engine at a place of the grid."""
        return self.make([axis[at] for axis, at in zip(self.axes, place, strict=True)])

    def usual_and_below(self, timed: bool) -> Iterator[Engine]:
        """Yield the usual engine, then those with lower values on the first axis."""
        yield self.usual(timed)
        for place in reversed(range(self.start[0] if self.start else 0)):
            yield self.at((place, *self.start[1:]))

    def around(self, place: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """Yield the places one step away along one axis."""
        for number, axis in enumerate(self.axes):
            for step in (-1, 1):
                if 0 <= place[number] + step < len(axis):
                    yield (*place[:number], place[number] + step, *place[number + 1 :])


def _family(
    name: str,
    axes: tuple[tuple[float, ...], ...],
    start: tuple[int, ...],
    fewest: int = 0,
    package: str = "",
    fewest_items: int = 0,
    kind: str = "",
) -> Family:
    make = _MAKERS[name]
    return Family(name, axes, start, make, fewest, package, fewest_items=fewest_items, kind=kind)


FEWEST_FACTORS = 500  # events
LATE = 0.4  # share for engines that were on no data ahead of all others
# Items from which rows by blocks cost less than rows of all pairs: below, products of dense
# matrices are faster than looking up as many pairs one by one.
FEWEST_BLOCKS = 60_000
# Catalogues differ most in how much a strong ridge or a narrow filter helps: dense ones with long
# histories need little smoothing, short histories need much.
CATALOGUE: tuple[Family, ...] = (
    Family(
        "slist",
        ((8.0,), (30.0, 100.0, 300.0, 1000.0), (0.0, 1.0)),
        (0, 1, 0),
        lambda numbers: slist(*numbers[:2], directed=bool(numbers[2])),
        direction=2,
        kind="inverse",
    ),
    _family(
        "lowpass",
        ((32, 64, 128, 256, 512, 1024), (0.25, 0.5, 1.0, 2.0, 4.0)),
        (4, 1),
        kind="filter",
    ),
    _family("blocks", ((64, 128, 256, 512),), (2,), fewest_items=FEWEST_BLOCKS, kind="filter"),
    _family("ease", ((10, 50, 200, 1000, 3000),), (2,), kind="inverse"),
    _family("item-knn", ((20, 100, 500),), (1,), kind="cosine"),
    _family("item-knn-tfidf", ((20, 100, 500),), (2,), kind="cosine"),
    _family(
        "item-knn-shrunk",
        ((0, 2, 5, 20), (0.0, 0.1, 0.2, 0.3, 0.4), (0.0, 0.3, 0.5, 0.7), (0.3, 0.5)),
        (0, 1, 2, 0),
        kind="cosine",
    ),
    _family("sequence-knn", ((0.0, 0.2, 0.35, 0.5),), (1,), kind="cosine"),
    _family("als", ((3, 10, 30), (3, 10, 30, 100, 300)), (1, 2), FEWEST_FACTORS),
    _family("elsa", ((3, 5, 8, 15),), (1,), FEWEST_FACTORS, package="torch"),
    replace(_family("bpr", ((32, 64, 128),), (1,), FEWEST_FACTORS), share=LATE),
    replace(_family("lightfm", ((32, 64),), (1,), FEWEST_FACTORS, package="lightfm"), share=LATE),
)


def engine_of(name: str, engines: Sequence[Engine | Family]) -> Engine:
    """Return the engine of a name among those given, else from the catalogue of engines."""
    for one in engines:
        if isinstance(one, Engine) and one.name == name:
            return one
    return engine_named(name)
