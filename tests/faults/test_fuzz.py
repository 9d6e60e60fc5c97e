"""Mutated input: files, bodies, manifests and `where=` end in an answer or an error that says why.

In `make test` each target is mutated for some seconds, in `make test-all` for ten minutes. A
failure tells the seed of its case.
"""

from __future__ import annotations

import copy
import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import api_world as world
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import keyed
from flask import Flask

from api.runtime.served_model import ServedModel
from recsys.bundle import manifest_checksum
from recsys.bundle_store import BundleStore
from recsys.data.item_and_event_readers import read_events, read_items, read_partial_users
from recsys.errors import BundleError, DataError
from recsys.ranking.query import Interaction, Query
from recsys.settings import Settings

SECONDS = 5.0
LONG = 600.0
ODD = (
    "", " ", "\x00", "\ufeff", "\ud7ff", "𝔘", "null", "NaN", "-0", "1e999", "9" * 400, "true",
    "\r\n", '"', "'", ",", ";", "\t", "[", "{", "}", "%", "%00", "..", "/", "\\", "a" * 5_000,
    "2026-02-30", "-1", "0.1", "١٢", "=cmd", "<", ">", "!=", "..", "|", "metadata.x", "category",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63, -(2**70), 1e308, 1e-320, "", "x", "a" * 70_000, [], {}, [[]],
    {"a": {}}, ["a", 1], "1e9", "\x00", "\ud800", 1.7e9, "2026-11-29", [None], {"": None},
)  # fmt: skip


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


def log_transformed(value: Any, rng: random.Random) -> Any:
    """Return JSON with some of its parts replaced, taken away or put elsewhere."""
    found = copy.deepcopy(value)
    for _ in range(rng.choice((1, 1, 2, 4))):
        places = list(_places(found))
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


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    if isinstance(value, (dict, list)):
        for key, part in list(pairs):
            yield value, key
            if isinstance(part, (dict, list)):
                yield from _places(part)


# --- files


ROWS = [
    {"user_id": f"u{n}", "item_id": f"i{n % 3}", "event": "like", "value": float(n),
     "timestamp": f"2026-01-0{n % 9 + 1}T00:00:00Z", "text": "a word, or \"two\""}
    for n in range(12)
]  # fmt: skip


def files(folder: Path) -> dict[str, bytes]:
    """Return a small file of each format."""
    names = list(ROWS[0])
    lines = [",".join(names), *(",".join(json.dumps(row[n]) for n in names) for row in ROWS)]
    pq.write_table(pa.Table.from_pylist(ROWS), folder / "plain.parquet")
    return {
        "rows.csv": "\n".join(lines).encode(),
        "rows.tsv": "\n".join(lines).replace(",", "\t").encode(),
        "rows.jsonl": "\n".join(map(json.dumps, ROWS)).encode(),
        "rows.json": json.dumps(ROWS).encode(),
        "rows.parquet": (folder / "plain.parquet").read_bytes(),
    }


def fuzz_files(seconds: float, folder: Path) -> int:
    originals, count = files(folder), 0
    for seed, rng in cases(seconds):
        name = rng.choice(list(originals))
        path = folder / name
        path.write_bytes(torn(originals[name], rng))
        read: Callable[..., Any] = rng.choice((read_events, read_items, read_partial_users))
        try:
            for _ in read(path):
                pass
        except DataError as error:
            assert name in str(error), f"seed {seed}: {error}"
        except BaseException as error:
            raise AssertionError(f"seed {seed}, {name}: {error!r}") from error
        count += 1
    return count


# --- bodies and where=

BODIES: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/events", [{"user_id": "u", "item_id": "sea-1", "event": "like", "value": 1.0,
                          "text": "good", "timestamp": 1.7e9}]),
    ("POST", "/items", [{"item_id": "new", "title": "tide", "text": "wave", "tags": ["a"],
                         "category": "sea", "metadata": {"a": {"b": 1}}, "created_at": 1.7e9}]),
    ("PUT", "/items/sea-1", {"title": "tide", "tags": ["sea"]}),
    ("PATCH", "/items/sea-2", {"title": "tide", "hidden": False}),
    ("POST", "/users", [{"user_id": "u", "name": "n", "interests": ["tide"], "language": "en"}]),
    ("PUT", "/users/u", {"interests": ["tide"], "items": ["sea-1"]}),
    ("PATCH", "/users/u/profile", {"controls": [
        {"action": "mute", "kind": "category", "value": "sea"}]}),
    ("POST", "/users/u/merge", {"from": "v"}),
    ("POST", "/recommend", {"events": [{"item_id": "sea-1", "event": "like"}], "items": ["sea-2"],
                            "interests": ["tide"], "n": 5}),
    ("POST", "/recommend/batch", {"users": ["u", "baker"], "n": 3}),
    ("POST", "/tokens", {"user_id": "u", "seconds": 60}),
    ("POST", "/follows", [{"user_id": "u", "author_id": "author-1"},
                          {"user_id": "u", "followed_user_id": "baker"}]),
    ("DELETE", "/follows", [{"user_id": "u", "author_id": "author-1"}]),
    ("POST", "/authors", [{"author_id": "author-1", "name": "Ann"}]),
    ("POST", "/watches/preview", {"query": "tide OR author:ann", "level": "quiet",
                                  "least_people": 5}),
    ("POST", "/opinion", {"query": "tide -wave", "days": 3}),
    ("POST", "/silences", {"start": 1.7e9, "end": 1.8e9, "group": "g", "reason": "r"}),
    ("POST", "/pins", {"item_id": "sea-1", "position": 2, "start": 1.7e9, "end": 1.8e9}),
    ("POST", "/api/feedback", [{"FeedbackType": "like", "UserId": "u", "ItemId": "sea-1",
                                "Timestamp": "2026-01-01T00:00:00Z"}]),
    ("POST", "/api/item", {"ItemId": "g", "Labels": {"a": ["b"]}, "Categories": ["sea"]}),
    ("POST", "/api/session/recommend", [{"FeedbackType": "like", "ItemId": "sea-1"}]),
)  # fmt: skip


def fuzz_bodies(seconds: float, app: Flask) -> int:
    client, count = keyed(app), 0
    for seed, rng in cases(seconds):
        method, path, plain = rng.choice(BODIES)
        if rng.random() < 0.7:
            try:
                body = json.dumps(log_transformed(plain, rng)).encode()
            except ValueError:  # a list that holds itself
                continue
        else:
            body = torn(json.dumps(plain).encode(), rng)
        kind = rng.choice(("application/json",) * 8 + ("application/jsonl", "text/plain"))
        result = client.open(path, method=method, data=body, content_type=kind)
        assert result.status_code < 500, f"seed {seed}, {path}: {body[:300]!r}: {result.text}"
        if result.status_code >= 400 and not path.startswith("/api/"):
            assert result.json["error"]["message"], f"seed {seed}"
        count += 1
    return count


WHERE = (
    "category:sea", "language:en|de", "created_at>2026-01-01", "tag:tide", "not category:sea",
    "category:sea,language:en", "author_id:author-1", "rating>=3.5", "year:1990..1999",
    '"a b":c', "metadata.language:en", "-category:sea", "category:sea AND language:de",
)  # fmt: skip


def fuzz_where(seconds: float, app: Flask) -> int:
    client, count = keyed(app), 0
    for seed, rng in cases(seconds):
        text = "".join(rng.choice(WHERE) + rng.choice(ODD) for _ in range(rng.choice((1, 1, 2, 3))))
        raw = torn(text.encode("utf-8", "surrogatepass"), rng)
        sent = quote(raw) if rng.random() < 0.8 else quote(raw, safe="%|:,<>=!\"'()")
        path = rng.choice(("/recommend/baker", "/popular", "/search?q=tide", "/similar/sea-1"))
        url = f"{path}{'&' if '?' in path else '?'}n=3&where={sent}"
        result = client.get(url)
        assert result.status_code in (200, 400, 404), (
            f"seed {seed}: {url[:300]}: {result.text[:300]}"
        )
        if result.status_code != 200:
            assert result.json["error"]["message"], f"seed {seed}"
        count += 1
    return count


# --- manifests


def fuzz_manifests(seconds: float, home: Path) -> int:
    """Bend a manifest, sealed again or not: a BundleError, or a bundle that serves a list."""
    store, count = BundleStore(home), 0
    path = home / "bundles" / "one" / "manifest.json"
    plain = path.read_bytes()
    settings = Settings(home=home)
    for seed, rng in cases(seconds):
        if rng.random() < 0.8:
            try:
                result = json.loads(plain)
                if rng.random() < 0.7:  # else most cases end at the names of the files
                    result["model"] = log_transformed(result["model"], rng)
                else:
                    result = log_transformed(result, rng)
                if isinstance(result, dict):
                    result["checksum"] = manifest_checksum(result)
                path.write_text(json.dumps(result))
            except (ValueError, TypeError, UnicodeError):
                continue
        else:
            path.write_bytes(torn(plain, rng))
        try:
            serving = ServedModel.of(store.open("one"), settings)
            for query in (Query(n=3), Query((Interaction("sea-1", "like"),), n=3)):
                found = serving.recommender.recommend(query)
                assert len(found) == 3 and np.isfinite([one.score for one in found]).all()
        except BundleError as error:
            assert "one" in str(error) and len(str(error)) > 20, f"seed {seed}: {error}"
        except BaseException as error:
            raise AssertionError(f"seed {seed}: {error!r}: {path.read_text()[:500]}") from error
        assert isinstance(store.versions(), list), f"seed {seed}"
        count += 1
    path.write_bytes(plain)
    return count


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(rate_limit=0, cache_entries=0, access_log=False)


@pytest.fixture
def one_home(tmp_path: Path) -> Path:
    home = tmp_path / "one"
    home.mkdir()
    world.build(home)
    return home


def test_mutated_files(tmp_path):
    assert fuzz_files(SECONDS, tmp_path) >= 10


def test_mutated_bodies(app):
    assert fuzz_bodies(SECONDS, app) >= 10


def test_mutated_where(app):
    assert fuzz_where(SECONDS, app) >= 10


def test_mutated_manifests(one_home):
    assert fuzz_manifests(SECONDS, one_home) >= 10


@pytest.mark.exhaustive
@pytest.mark.timeout(2 * LONG)
@pytest.mark.parametrize("target", ["files", "bodies", "where", "manifests"])
def test_ten_minutes_of_mutations(target: str, tmp_path, make_app, one_home):
    app = make_app(rate_limit=0, cache_entries=0, access_log=False)
    runs: dict[str, Callable[[], int]] = {
        "files": lambda: fuzz_files(LONG, tmp_path),
        "bodies": lambda: fuzz_bodies(LONG, app),
        "where": lambda: fuzz_where(LONG, app),
        "manifests": lambda: fuzz_manifests(LONG, one_home),
    }
    print(f"{target}: {runs[target]()} cases")
