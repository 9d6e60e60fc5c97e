"""A world small enough for whole nights: odd users read odd books, even users even ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from forked_commands import run_module
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from recsys.data.records import Event, Item
from recsys.store.store import Store
from recsys.text.encoders.static_vector_distillation import write_static
from recsys.text.encoders.student import Student

READERS, BOOKS, READ = 60, 40, 8
START = 1_700_000_000.0


def student() -> Student:
    """Return a student who can read the titles."""
    words = ["[UNK]", "odd", "even", "book"]
    tokenizer = Tokenizer(WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    vectors = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0.3]], np.float32)
    return Student(tokenizer.to_str().encode(), vectors, "tiny")


def books() -> list[Item]:
    """Return the catalogue."""
    return [Item(f"book-{n}", title=f"{parity(n)} book {n}") for n in range(BOOKS)]


def parity(number: int) -> str:
    """Return odd or even."""
    return "odd" if number % 2 else "even"


def reads(since: float = START, seed: int = 1) -> list[Event]:
    """Return what everybody reads, a book an hour; nobody reads a book of the other side."""
    rng = np.random.default_rng(seed)
    found = []
    for reader in range(READERS):
        own = np.arange(reader % 2, BOOKS, 2)
        for book in rng.choice(own, READ, replace=False):
            found.append(Event(f"reader-{reader}", f"book-{book}", "like"))
    order = rng.permutation(len(found))
    return [
        Event(found[at].user_id, found[at].item_id, "like", timestamp=since + 3600.0 * place)
        for place, at in enumerate(order)
    ]


def next_books(store: Store, readers: int) -> list[Event]:
    """Return one more event of each of the last users: a book of his side that is new to him."""
    known = {(e.user_id, e.item_id) for e in store.events_after(0, 1000)}
    latest = max(e.timestamp or 0.0 for e in store.events_after(0, 1000))
    found = []
    for reader in range(READERS - readers, READERS):
        own = (f"book-{book}" for book in range(reader % 2, BOOKS, 2))
        new = next(book for book in own if (f"reader-{reader}", book) not in known)
        latest += 60.0
        found.append(Event(f"reader-{reader}", new, "like", timestamp=latest))
    return found


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return what commands in this world are run with."""
    named = {"RECSYS_HOME": str(home), "RECSYS_ENCODER": str(home / "tiny"), **more}
    return {**os.environ, "RECSYS_TUNE_MINUTES": "4", **named}


def fill(home: Path) -> Store:
    """Make a store with the catalogue and a first season of reading."""
    home.mkdir(exist_ok=True)
    write_static(home / "tiny", student())
    store = Store.open(f"sqlite:///{home / 'store.db'}")
    store.add_items(books())
    store.add_events(reads())
    return store


def command(module: str, *arguments: str) -> list[str]:
    """Return the command line of a module of jobs."""
    return [sys.executable, "-m", f"jobs.{module}", *arguments]


def call(
    home: Path, module: str, *arguments: str, loaded: tuple[str, ...] = (), **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a process forked from one with these modules loaded."""
    found = environment(home, **more)
    return run_module("jobs.cli", [module, *arguments], found, loaded=loaded)


def exit_status(night: subprocess.CompletedProcess[str]) -> int:
    """Return the status that a night which ended must have by what it printed with --json."""
    details = json.loads(night.stdout)
    assert details["status"] == ("published" if details["gate"]["passed"] else "refused")
    return 0 if details["gate"]["passed"] else 3


def call_anew(
    home: Path, module: str, *arguments: str, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a new interpreter."""
    return subprocess.run(
        command(module, *arguments), capture_output=True, text=True, env=environment(home, **more)
    )
