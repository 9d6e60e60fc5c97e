"""Kinds of values of settings: how a text or a TOML value is read, checked and written again.

A user raises ValueError with what is wanted; the caller adds the name of the setting and the
value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from math import inf, isfinite
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from recsys.errors import DataError

Weights = Mapping[str, float]
Texts = tuple[str, ...]

MASK = "***"
_ON = ("1", "true", "yes", "on")
_OFF = ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value: its name in the documentation, its reader and its writer."""

    words: str
    read: Callable[[Any], Any]
    write: Callable[[Any], str] = str


def repeat_categories(given: Iterable[str]) -> frozenset[str]:
    """Return the categories of a setting such as `category:Groceries,category:Music`.

    DataError for a part that is none.
    """
    found = set()
    for part in given:
        kind, _, name = part.partition(":")
        if kind.strip() != "category" or not name.strip():
            raise DataError(f"RECSYS_REPEAT: {part!r} is not of the form category:<name>")
        found.add(name.strip())
    return frozenset(found)


def number(low: float = 0.0, high: float = inf) -> Kind:
    """Return the kind of finite numbers in a closed interval."""
    words = f"number from {low:g} to {high:g}" if high < inf else f"number from {low:g}"

    def read(value: Any) -> float:
        if isinstance(value, bool):
            raise ValueError(f"must be a {words}")
        try:
            found = float(value)
        except (TypeError, ValueError):
            raise ValueError(f"must be a {words}") from None
        if not isfinite(found) or not low <= found <= high:
            raise ValueError(f"must be a {words}")
        return found

    return Kind(words, read, repr)


def whole(low: int = 0, high: float = inf) -> Kind:
    """Return the kind of whole numbers in a closed interval."""
    inner = number(low, high)
    words = f"whole {inner.words}"

    def read(value: Any) -> int:
        try:
            found = inner.read(value)
        except ValueError:
            raise ValueError(f"must be a {words}") from None
        if found != int(found):
            raise ValueError(f"must be a {words}")
        return int(found)

    return Kind(words, read)


def choice(*names: str) -> Kind:
    """Return the kind of one name out of several."""
    words = f"one of {', '.join(names)}"

    def read(value: Any) -> str:
        if value not in names:
            raise ValueError(f"must be {words}")
        return str(value)

    return Kind(words, read)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return value


def _folder(value: Any) -> Path:
    return Path(_text(value)).expanduser().absolute()


def _switch(value: Any) -> bool:
    """Return whether something is on; TOML gives truth values, the environment gives words."""
    word = str(value).strip().lower()
    if word not in (*_ON, *_OFF):
        raise ValueError("must be on or off")
    return word in _ON


def _texts(value: Any) -> Texts:
    if not isinstance(value, (str, list, tuple)):
        raise ValueError("must be texts joined by commas, or a TOML array of them")
    parts = value.split(",") if isinstance(value, str) else [_text(part) for part in value]
    return tuple(part.strip() for part in parts if part.strip())


def _names(value: Any) -> Texts:
    return tuple(" ".join(part.split()) for part in _texts(value))


def _networks(value: Any) -> Texts:
    found = _texts(value)
    for part in found:
        try:
            ip_network(part, strict=False)
        except ValueError:
            raise ValueError(
                f"{part!r} is no address or network such as 127.0.0.1 or 10.0.0.0/8"
            ) from None
    return found


def _exact_networks(value: Any) -> Texts:
    found = _texts(value)
    for part in found:
        try:
            ip_network(part)
        except ValueError as error:
            raise ValueError(
                f"{error}; give addresses or networks, as in 127.0.0.1,10.0.0.0/8"
            ) from None
    return found


def _categories(value: Any) -> Texts:
    found = _texts(value)
    try:
        repeat_categories(found)
    except DataError:
        raise ValueError("must be category:<name>, joined by commas") from None
    return found


def _weights(value: Any) -> Weights:
    if isinstance(value, str):
        value = dict(_pair(part) for part in value.split(",") if part.strip())
    if not isinstance(value, Mapping):
        raise ValueError("must be like=1,view=0.2 or a TOML table")
    try:
        weights = {str(kind).strip(): float(weight) for kind, weight in value.items()}
    except (TypeError, ValueError):
        raise ValueError("each weight must be a finite number") from None
    if not all(abs(weight) < 1e6 for weight in weights.values()):
        raise ValueError("each weight must be a finite number")
    return weights


def _pair(part: str) -> tuple[str, str]:
    kind, equals, weight = part.partition("=")
    if not equals:
        raise ValueError("must be like=1,view=0.2")
    return kind, weight


def _joined(value: Iterable[str]) -> str:
    return ",".join(value)


def _written_weights(value: Weights) -> str:
    return ",".join(f"{kind}={weight!r}" for kind, weight in value.items())


def _on_or_off(value: bool) -> str:
    return "on" if value else "off"


TEXT = Kind("text", _text)
FOLDER = Kind("folder", _folder)
SWITCH = Kind("on or off", _switch, _on_or_off)
TEXTS = Kind("texts, joined by commas", _texts, _joined)
NAMES = Kind("names, joined by commas", _names, _joined)
NETWORKS = Kind("networks, joined by commas", _networks, _joined)
EXACT_NETWORKS = Kind("addresses or networks, joined by commas", _exact_networks, _joined)
CATEGORIES = Kind("category:<name>, joined by commas", _categories, _joined)
WEIGHTS = Kind("kind=number, joined by commas", _weights, _written_weights)


def _objects(value: Any) -> str:
    if not (text := _text(value).strip()):
        return ""
    # loaded where one is given
    from recsys.object_storage.urls import check_url

    return check_url(text)


OBJECTS = Kind("s3://bucket/prefix or file:///folder", _objects)


RUNNERS = ("local", "spark")  # who computes the blocks of a night
_MASTER = re.compile(
    r"(local(\[[\w*,]+\])?|local-cluster\[\d+,\d+,\d+\]|yarn|(spark|k8s|sc)://\S+)"
)


def _runner(value: Any) -> str:
    text = str(value)
    name, colon, master = text.partition(":")
    if name not in RUNNERS or (name == "local" and colon) or (colon and not master):
        raise ValueError("must be local, spark, or spark: and the master of a cluster")
    if ";" in master:
        raise ValueError("must hold no token: SPARK_CONNECT_AUTHENTICATE_TOKEN gives it")
    if master and not _MASTER.fullmatch(master):
        raise ValueError(
            f"{master!r} is no master of Spark: write spark:local[4], spark:yarn,"
            " spark:spark://host:7077, spark:k8s://https://host:443, or spark:sc://host:15002 for"
            " Spark Connect"
        )
    return text


RUNNER = Kind("local, spark or spark:<master>", _runner)


def masked(text: str) -> str:
    """Return a secret as it may be shown: a URL without its password, else no character of it."""
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        password = parts.password
    except ValueError:
        return MASK
    if not parts.scheme or not parts.netloc:
        return text if text.startswith(("sqlite:///", "file:///")) else MASK  # a path
    if parts.query:
        parts = parts._replace(query=MASK)  # PostgreSQL takes a password there as well
    if password is None:
        return parts.geturl()
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.partition(':')[0]}:{MASK}@{host}").geturl()
