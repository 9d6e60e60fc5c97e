"""After any command of README and docs every other example still holds, in any order."""

from __future__ import annotations

import csv
import gzip
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import key_of
from night_world import student

from jobs.commands.demo import DAY, SAMPLE, shift_days, write_shifted
from jobs.settings import Settings
from recsys.text.encoders.static import write_static

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/user-data.md", "docs/trends.md")
LISTS = ("/popular", "/trending", "/latest", "/recommend/a-stranger", "/topics/1/timeline")


def commands() -> list[str]:
    """Return the curl commands about the sample data, as a shell reads them."""
    found: list[str] = []
    for name in PAGES:
        whole = True
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            if not whole:
                found[-1] += line.strip()
            elif line.strip().startswith("curl "):
                found.append(line.strip())
            else:
                continue
            whole = found[-1].count("'") % 2 == 0 and not found[-1].endswith("\\")
            found[-1] = found[-1].removesuffix("\\")
    return [re.sub(r"\s+#.*$", "", command) for command in found]


@pytest.fixture(scope="module")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home as `recsys demo` makes it, of some users and with a tiny encoder."""
    folder = tmp_path_factory.mktemp("readme")
    home = folder / "home"
    home.mkdir()
    write_static(home / "tiny", student())
    settings = Settings(home=home)
    days = shift_days(settings, SAMPLE / "events.csv.gz")
    write_shifted(SAMPLE / "events.csv.gz", folder / "all.csv", days * DAY)
    with (
        (folder / "all.csv").open(newline="") as source,
        gzip.open(folder / "events.csv.gz", "wt", newline="") as target,
    ):
        rows = csv.DictReader(source)
        writer = csv.DictWriter(target, rows.fieldnames or ())
        writer.writeheader()
        writer.writerows(r for r in rows if int(r["user_id"]) % 6 == 8599 % 6)
    call(home, "ingest", "--items", str(SAMPLE / "items.csv.gz"), "--events",
         str(folder / "events.csv.gz"))  # fmt: skip
    call(home, "nightly")
    return home


def call(home: Path, *arguments: str) -> None:
    named = {"RECSYS_HOME": str(home), "RECSYS_ENCODER": str(home / "tiny")}
    done = subprocess.run(
        [sys.executable, "-m", "jobs.cli", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **named, "RECSYS_TUNE_MINUTES": "0.05"},
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def home(small_demo: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_demo, tmp_path / "home"))


def answer(command: str, url: str, key: str = "") -> dict[str, Any]:
    """Run a command against a server; its answer is good, and what it lists has a title.

    With a key, every command sends it, as docs/user-data.md says. The user whom an example erases
    is not among the sixth of the sample's users.
    """
    command = command.replace("http://127.0.0.1:8000", url).replace("$KEY", key)
    if key and "Authorization" not in command:
        command += f" -H 'Authorization: Bearer {key}'"
    done = subprocess.run(
        f"{command} -s -w '\\n%{{http_code}}'", shell=True, capture_output=True, text=True
    )
    body, status = done.stdout.rsplit("\n", 1)
    good = ("2", "404") if "-X DELETE" in command else ("2",)
    assert status.startswith(good), (command, body)
    found: dict[str, Any] = json.loads(body)
    if "-d" not in command:
        for entry in found.get("items", ()):
            assert entry["item"].get("title"), (command, entry)
    return found


def listed(found: dict[str, Any]) -> bool:
    """Say whether an answer lists anything."""
    return any(found.get(name) for name in ("items", "trends", "points", "interests"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [None, 1])
def test_every_example_holds_after_every_other(home: Path, serve: Callable[..., Any], seed) -> None:
    examples = commands()
    assert len(examples) >= 7 and any("-d" in one for one in examples)
    if seed is not None:
        random.Random(seed).shuffle(examples)
    server, key = serve(), ""
    if seed is None:
        examples = [one for one in examples if "$KEY" not in one]
    else:  # from the first key on, every caller sends one
        key = key_of(f"sqlite:///{server.home / 'store.db'}")
    lists = [f"curl 'http://127.0.0.1:8000{path}'" for path in LISTS]
    before = {one: listed(answer(one, server.url, key)) for one in lists}
    assert all(before.values())
    reading = [one for one in examples if "-d" not in one and "-X" not in one]
    before |= {one: listed(answer(one, server.url, key)) for one in reading}
    for command in [*examples, *examples, *lists]:
        found = answer(command, server.url, key)
        assert command not in before or listed(found) == before[command], command
