"""Mutated input: files, bodies, parameters, messages of streams, manifests and `where=` end in an
answer or an error that says why.

In `make test` each target is mutated for some seconds, in `make test-all` for ten minutes. A
failure tells the seed of its case.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
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
from mutations import ODD, cases, mutated, torn

from api.runtime.served_model import ServedModel
from recsys.bundle import manifest_checksum
from recsys.bundle_store import BundleStore
from recsys.data.item_and_event_readers import read_events, read_items, read_partial_users
from recsys.errors import BundleError, DataError
from recsys.ranking.query import Interaction, Query
from recsys.settings import Settings
from recsys.store.store import Store
from recsys.streams.event_parser import EventParser, Parsed

SECONDS = 5.0  # thirty for the six targets
LONG = 600.0
TARGETS = ("files", "bodies", "where", "parameters", "messages", "manifests")

# --- files


ROWS = [
    {
        "user_id": f"u{n}",
        "item_id": f"i{n % 3}",
        "event": "like",
        "value": float(n),
        "timestamp": f"2026-01-0{n % 9 + 1}T00:00:00Z",
        "text": 'a word, or "two"',
    }
    for n in range(12)
]


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
    (
        "POST",
        "/events",
        [
            {
                "user_id": "u",
                "item_id": "sea-1",
                "event": "like",
                "value": 1.0,
                "text": "good",
                "timestamp": 1.7e9,
            }
        ],
    ),
    (
        "POST",
        "/items",
        [
            {
                "item_id": "new",
                "title": "tide",
                "text": "wave",
                "tags": ["a"],
                "category": "sea",
                "metadata": {"a": {"b": 1}},
                "created_at": 1.7e9,
            }
        ],
    ),
    ("PUT", "/items/sea-1", {"title": "tide", "tags": ["sea"]}),
    ("PATCH", "/items/sea-2", {"title": "tide", "hidden": False}),
    ("POST", "/users", [{"user_id": "u", "name": "n", "interests": ["tide"], "language": "en"}]),
    ("PUT", "/users/u", {"interests": ["tide"], "items": ["sea-1"]}),
    (
        "PATCH",
        "/users/u/profile",
        {"controls": [{"action": "mute", "kind": "category", "value": "sea"}]},
    ),
    ("POST", "/users/u/merge", {"from": "v"}),
    (
        "POST",
        "/recommend",
        {
            "events": [{"item_id": "sea-1", "event": "like"}],
            "items": ["sea-2"],
            "interests": ["tide"],
            "n": 5,
        },
    ),
    ("POST", "/recommend/batch", {"users": ["u", "baker"], "n": 3}),
    ("POST", "/tokens", {"user_id": "u", "seconds": 60}),
    (
        "POST",
        "/follows",
        [{"user_id": "u", "author_id": "author-1"}, {"user_id": "u", "followed_user_id": "baker"}],
    ),
    ("DELETE", "/follows", [{"user_id": "u", "author_id": "author-1"}]),
    ("POST", "/authors", [{"author_id": "author-1", "name": "Ann"}]),
    (
        "POST",
        "/watches/preview",
        {"query": "tide OR author:ann", "level": "quiet", "least_people": 5},
    ),
    ("POST", "/opinion", {"query": "tide -wave", "days": 3}),
    ("POST", "/silences", {"start": 1.7e9, "end": 1.8e9, "group": "g", "reason": "r"}),
    (
        "POST",
        "/dialogue",
        {
            "text": "films like tide, not sea",
            "user": "u",
            "n": 3,
            "events": [{"item_id": "sea-1", "event": "like"}],
            "lang": "en",
        },
    ),
    ("POST", "/assist/title", {"text": "The tide came in. Nobody saw it.", "n": 2, "lang": "en"}),
    ("POST", "/assist/caption", {"text": "The tide came in. Nobody saw it.", "n": 2}),
    ("POST", "/assist/tags", {"text": "The tide came in. Nobody saw it.", "n": 3}),
    (
        "POST",
        "/experiments",
        {
            "id": "e1",
            "arms": [
                {"name": "a", "share": 0.5},
                {"name": "b", "share": 0.5, "overrides": {"diversity": 0.3}},
            ],
            "metrics": {"primary": "click_rate", "guardrails": ["refusal_rate"], "effect": 0.1},
        },
    ),
    ("PATCH", "/experiments/e1", {"state": "running", "holdout": 0.1, "range": [0.0, 0.5]}),
    (
        "POST",
        "/watches",
        {
            "name": "w",
            "query": "tide OR author:ann",
            "group": "g",
            "level": "quiet",
            "least_people": 5,
            "digest": "day",
        },
    ),
    ("PATCH", "/watches/1", {"name": "w", "level": "normal", "digest": "none"}),
    (
        "POST",
        "/whatif",
        {
            "users": ["u", "baker"],
            "n": 3,
            "without": [1],
            "overrides": {"personal": 0.2, "diversity": 0.5},
        },
    ),
    ("POST", "/pins", {"item_id": "sea-1", "position": 2, "start": 1.7e9, "end": 1.8e9}),
    (
        "POST",
        "/api/feedback",
        [
            {
                "FeedbackType": "like",
                "UserId": "u",
                "ItemId": "sea-1",
                "Timestamp": "2026-01-01T00:00:00Z",
            }
        ],
    ),
    ("POST", "/api/item", {"ItemId": "g", "Labels": {"a": ["b"]}, "Categories": ["sea"]}),
    ("POST", "/api/session/recommend", [{"FeedbackType": "like", "ItemId": "sea-1"}]),
)


SLOW = 0.02  # share of the bodies of /whatif that are sent: each starts a process


def fuzz_bodies(seconds: float, app: Flask) -> int:
    client, count = keyed(app), 0
    for seed, rng in cases(seconds):
        method, path, plain = rng.choice(BODIES)
        if path == "/whatif" and rng.random() > SLOW:
            continue
        if rng.random() < 0.7:
            try:
                body = json.dumps(mutated(plain, rng)).encode()
            except ValueError:  # a list that holds itself
                continue
        else:
            body = torn(json.dumps(plain).encode(), rng)
        kind = rng.choice(("application/json",) * 8 + ("application/jsonl", "text/plain"))
        result = client.open(path, method=method, data=body, content_type=kind)
        fine = result.status_code < 500 or (path == "/whatif" and result.status_code == 503)
        assert fine, f"seed {seed}, {path}: {body[:300]!r}: {result.text}"
        if result.status_code >= 400 and not path.startswith("/api/"):
            assert result.json["error"]["message"], f"seed {seed}"
        count += 1
    return count


WHERE = (
    "category:sea",
    "language:en|de",
    "created_at>2026-01-01",
    "tag:tide",
    "not category:sea",
    "category:sea,language:en",
    "author_id:author-1",
    "rating>=3.5",
    "year:1990..1999",
    '"a b":c',
    "metadata.language:en",
    "-category:sea",
    "category:sea AND language:de",
)


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


# --- parameters

PARAMETERS = {  # parameters of a path, each as it is right
    "/recommend/baker": {
        "n": "3",
        "offset": "1",
        "q": "tide",
        "category": "sea|bread",
        "lang": "zh",
        "author_cap": "1",
        "diversity": "0.4",
        "calibration": "0.3",
        "personal": "0.7",
        "explore": "0.2",
        "explore_by": "thompson",
        "repeat": "1",
        "max_age": "86400",
        "fields": "title,tags",
        "pin": "sea-1@2",
        "exclude": "sea-1",
        "topic": "1",
        "entity": "#tide",
        "replies": "0",
    },
    "/digest/baker": {"since": "1.7e9", "max": "5", "lang": "en"},
    "/home/baker": {"n": "3", "rows": "3", "lang": "en"},
    "/help": {"q": "how do I hide a post?", "lang": "en"},
    "/search": {"q": "tide", "n": "3", "offset": "2", "language": "en", "strict_language": "1"},
    "/similar/sea-1": {"n": "3", "where": "year>1990", "not_tags": "a"},
    "/trends": {"n": "3", "window": "3600", "kind": "topic"},
    "/follows": {"user_id": "baker", "n": "3", "after": "1"},
    "/authors": {"author_id": "author-1", "n": "3"},
    "/users/baker/suggestions": {"n": "3"},
    "/watches": {"after": "1", "n": "3"},
    "/watches/1/timeline": {"resolution": "hour", "last": "5"},
    "/alerts": {"n": "3", "after": "1"},
    "/experiments/e1": {},
    "/experiments/e1/report": {},
    "/fairness": {"days": "3"},
    "/explain/baker/sea-1": {"lang": "zh"},
    "/dialogue/" + 32 * "0": {},
    "/timelines/topic/1": {"resolution": "hour"},
}


def fuzz_parameters(seconds: float, app: Flask) -> int:
    """Send odd values of known parameters and odd parameters, to paths that may be torn, too."""
    client, count = keyed(app), 0
    for seed, rng in cases(seconds):
        path = rng.choice(list(PARAMETERS))
        given = {k: v for k, v in PARAMETERS[path].items() if rng.random() < 0.5}
        pairs = [(name, value.encode()) for name, value in given.items()]
        for at in range(len(pairs)):
            if rng.random() < 0.5:
                odd = rng.choice(ODD).encode("utf-8", "surrogatepass")
                name, value = pairs[at]
                pairs[at] = name, rng.choice((odd, value + odd, torn(value, rng)))
        if rng.random() < 0.2 and pairs:
            pairs.append(rng.choice(pairs))
        target = quote(torn(path.encode(), rng) if rng.random() < 0.2 else path, safe="/")
        url = target + "?" + "&".join(f"{quote(n)}={quote(value)}" for n, value in pairs)
        if not url.startswith("/") or url.startswith("//"):
            continue
        result = client.get(url)
        assert result.status_code < 500, f"seed {seed}: {url[:400]}: {result.text[:300]}"
        if result.status_code >= 400 and not path.startswith("/api/"):
            assert result.json["error"]["message"], f"seed {seed}"
        count += 1
    return count


# --- messages of streams

MESSAGES: tuple[dict[str, Any], ...] = (
    {
        "user_id": "u",
        "item_id": "i",
        "event": "like",
        "timestamp": 1.7e9,
        "value": 3.0,
        "recommendation_id": 32 * "0",
        "text": "good",
    },
    {
        "userId": "u",
        "content": {"id": "i", "tags": ["a"]},
        "action": "view",
        "time": "2026-11-30T10:00:00Z",
    },
)


def fuzz_messages(seconds: float, home: Path) -> int:
    """A message is refused with a reason, or its event can be stored."""
    parser, count = EventParser(), 0
    with Store.open(f"sqlite:///{home / 'messages.db'}") as store:
        for seed, rng in cases(seconds):
            plain = rng.choice(MESSAGES)
            if rng.random() < 0.6:
                try:
                    body = json.dumps(mutated(plain, rng)).encode()
                except ValueError:  # a list that holds itself
                    continue
            else:
                body = torn(json.dumps(plain).encode(), rng)
            try:
                found = parser.parse(body, time.time())
                if isinstance(found, Parsed):
                    store.add_events([found.event])
                else:
                    assert found.reason
            except Exception as error:
                raise AssertionError(f"seed {seed}: {body[:300]!r}: {error!r}") from error
            count += 1
    return count


# --- manifests


SCORE_MODEL = {  # values of all that the score model of the world leaves at its defaults
    "traits": {"activity": {"share_1d": 0.1, "age": -0.1}, "habit": {"age": 0.2}},
    "newcomers": {"share_1d": 0.3, "age": -0.1},
    "linear": {"author_affinity": 0.2},
    "passed": -0.1,
    "lift": 0.2,
    "taste": 0.1,
    "unread": 3.0,
    "appeal": 1.5,
    "places": 3,
    "activity_discount": 0.2,
    "first_use": [60.0, 3_600.0, 86_400.0],
}
HISTORY = (
    Interaction("sea-1", "rating", 4.0, 1.7e9),
    Interaction("bread-2", "rating", 1.0, 1.7e9 + 60),
    Interaction("sea-2", "like", None, 1.7e9 + 90),
)
QUERIES = (
    Query(n=3),
    Query((Interaction("sea-1", "like"),), n=3),
    Query(HISTORY, n=3),
    Query(HISTORY, n=3, personal=0.2, diversity=0.3),
    Query(HISTORY, n=3, personal=1.0),
)


def fuzz_manifests(seconds: float, home: Path) -> int:
    """Bend a manifest, sealed again or not: a BundleError, or a bundle that serves lists."""
    store, count = BundleStore(home), 0
    path = home / "bundles" / "one" / "manifest.json"
    whole = json.loads(path.read_bytes())
    whole["model"]["blend"] |= SCORE_MODEL
    whole["cutoff"] = whole["model"]["cutoff"]
    whole["checksum"] = manifest_checksum(whole)
    plain = json.dumps(whole).encode()
    settings = Settings(home=home)
    for seed, rng in cases(seconds):
        if rng.random() < 0.8:
            try:
                result = json.loads(plain)
                if rng.random() < 0.7:  # else most cases end at the names of the files
                    result["model"] = mutated(result["model"], rng)
                else:
                    result = mutated(result, rng)
                if isinstance(result, dict):
                    result["checksum"] = manifest_checksum(result)
                path.write_text(json.dumps(result))
            except (ValueError, TypeError, UnicodeError):
                continue
        else:
            path.write_bytes(torn(plain, rng))
        try:
            serving = ServedModel.of(store.open("one"), settings)
            for query in QUERIES:
                found = serving.recommender.recommend(query)
                assert len(found) == 3 and np.isfinite([one.score for one in found]).all()
        except BundleError as error:
            assert "one" in str(error) and len(str(error)) > 20, f"seed {seed}: {error}"
        except BaseException as error:
            raise AssertionError(f"seed {seed}: {error!r}: {path.read_bytes()[:500]!r}") from error
        assert isinstance(store.versions(), list), f"seed {seed}"
        count += 1
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


def test_mutated_parameters(app):
    assert fuzz_parameters(SECONDS, app) >= 10


def test_mutated_messages(tmp_path):
    assert fuzz_messages(SECONDS, tmp_path) >= 10


def test_mutated_manifests(one_home):
    assert fuzz_manifests(SECONDS, one_home) >= 10


@pytest.mark.exhaustive
@pytest.mark.timeout(2 * LONG)
@pytest.mark.parametrize(
    "target", ["files", "bodies", "where", "parameters", "messages", "manifests"]
)
def test_ten_minutes_of_mutations(target: str, tmp_path, make_app, one_home):
    app = make_app(rate_limit=0, cache_entries=0, access_log=False)
    runs: dict[str, Callable[[], int]] = {
        "files": lambda: fuzz_files(LONG, tmp_path),
        "bodies": lambda: fuzz_bodies(LONG, app),
        "where": lambda: fuzz_where(LONG, app),
        "parameters": lambda: fuzz_parameters(LONG, app),
        "messages": lambda: fuzz_messages(LONG, tmp_path),
        "manifests": lambda: fuzz_manifests(LONG, one_home),
    }
    print(f"{target}: {runs[target]()} cases")
