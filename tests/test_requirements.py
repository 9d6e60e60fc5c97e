"""The hashed requirements of the service agree with the pins that are tested together."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

TOP = Path(__file__).parents[1]
EXTRAS = ("cpu", "serve", "postgres", "client", "servers")  # as in the Makefile
HASHED = re.compile(
    r"^([\w.-]+)==(\S+?)(?: *;.*)? \\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n?)+)", re.MULTILINE
)


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def hashed() -> dict[str, str]:
    text = (TOP / "requirements" / "serve.txt").read_text()
    assert "torch" not in text  # its file depends on the machine
    found = {plain(name): version for name, version, _ in HASHED.findall(text)}
    assert len(found) == text.count("==") > 30  # each line has hashes
    return found


def test_the_versions_are_those_of_the_constraints() -> None:
    lines = (TOP / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    known = {plain(name): version for name, version in pins.items()}
    assert {name: known.get(name) for name in hashed()} == hashed()


def test_what_the_service_requires_is_in_it() -> None:
    setup = configparser.ConfigParser()
    setup.read(TOP / "setup.cfg")
    extras = setup["options.extras_require"]
    texts = [setup["options"]["install_requires"], *(extras[name] for name in EXTRAS)]
    lines = [line.strip() for text in texts for line in text.splitlines()]
    names = {re.match(r"[\w.-]+", line)[0] for line in lines if line and line[0] != "#"}  # type: ignore[index]
    assert {plain(name) for name in names} <= set(hashed())
