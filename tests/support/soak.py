"""A long run of a real service under a modest mixed load, with the private memory of each minute.

python tests/support/soak.py --minutes 60 --warm 15 --json soak.json

A world of 5,000 items is served by two workers. The load is bounded in what it can make grow:
users, items and texts repeat. The bundle is published anew every ten minutes, as a night would: it
knows all events and changes up to then, so that what is counted since the night starts again.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from jobs.bench.http_client import Client
from jobs.bench.http_client import request as plain
from jobs.bench.process_memory import _family as family
from jobs.bench.server_process import server
from jobs.bench.synthetic_catalogue import make_world
from recsys.bundle import write_bundle
from recsys.bundle_store import BundleStore
from recsys.store.api_keys import Keys
from recsys.store.database import Database
from recsys.store.store import Store

ITEMS, USERS = 5_000, 1_000
KEPT = 500  # answers that a worker keeps: as many as it is asked for within the warm-up
PUBLISHED = 600.0  # seconds between two bundles
_PRIVATE = re.compile(r"^Private_(?:Clean|Dirty): +(\d+) kB", re.MULTILINE)


@dataclass
class Found:
    """What a soak measured."""

    requests: int = 0
    errors: list[str] = field(default_factory=list)
    minutes: list[float] = field(default_factory=list)  # after the start
    private_mb: list[float] = field(default_factory=list)  # of all processes, each minute
    bundles: int = 0

    def slope(self, warm: float) -> tuple[float, float]:
        """Return the growth in MB an hour after the warm-up and its upper 95 % bound."""
        kept = np.array(self.minutes) >= warm
        return slope(np.array(self.minutes)[kept] / 60, np.array(self.private_mb)[kept])


def slope(hours: Any, megabytes: Any) -> tuple[float, float]:
    """Return the least-squares slope and the upper end of its one-sided 95 % interval.

    Neighbouring minutes resemble one another: the interval is that of as many independent points as
    the first autocorrelation of the residuals leaves.
    """
    fitted = stats.linregress(hours, megabytes)
    left = megabytes - fitted.intercept - fitted.slope * hours
    spread = float(left @ left)
    alike = float(left[1:] @ left[:-1]) / spread if spread else 0.0
    alike = min(max(alike, 0.0), 0.9)
    count = max(4.0, len(left) * (1 - alike) / (1 + alike))
    wider = np.sqrt(max(1.0, (len(left) - 2) / (count - 2)))
    return float(fitted.slope), float(
        fitted.slope + stats.t.ppf(0.95, count - 2) * fitted.stderr * wider
    )


def private_mb(pid: int) -> float:
    """Return the memory that a process and those below it share with nobody, in MB."""
    total = 0
    for each in family(pid):
        try:
            text = Path(f"/proc/{each}/smaps_rollup").read_text()
        except OSError:  # it has ended
            continue
        total += sum(int(number) for number in _PRIVATE.findall(text))
    return total / 1024


def draw(rng: random.Random, number: int, key: str, items: int) -> bytes:
    """Return the next request of the load."""

    def request(method: str, path: str, body: Any = None) -> bytes:
        head, _, rest = plain(method, path, body).partition(b"\r\n")
        return b"%s\r\nAuthorization: Bearer %s\r\n%s" % (head, key.encode(), rest)

    user, item = rng.randrange(USERS), rng.randrange(items)
    kind = rng.random()
    if kind < 0.45:
        return request("GET", f"/recommend/u{user}?n=20")
    if kind < 0.70:
        path = rng.choice(
            (
                f"/similar/i{item}?n=20",
                f"/search?q=t{rng.randrange(20)}+item&n=20",
                "/popular?n=20",
                "/trending?n=20",
                "/latest?n=20",
                "/trends",
                "/topics",
                "/stats",
                "/metrics",
                "/health/ready",
                "/items?n=100",
                f"/users/u{user}/profile",
                f"/explain/u{user}/i{item}",
                f"/recommend/stranger-{rng.randrange(5_000)}?n=20",
                f"/items/i{item}",
            )
        )
        return request("GET", path)
    if kind < 0.95:
        event = rng.choice(("like", "view", "view", "view", "dislike"))
        body = {"user_id": f"u{user}", "item_id": f"i{item}"}
        return request("POST", "/events", body | {"event": event})
    if kind < 0.97:
        title = f"t{rng.randrange(20)} post {number % 50}"
        return request("PUT", f"/items/post-{number % 50}", {"title": title, "tags": ["soak"]})
    if kind < 0.98:
        return request("DELETE", f"/users/visitor-{rng.randrange(50)}")
    body = {"user_id": f"visitor-{rng.randrange(50)}", "item_id": f"i{item}", "event": "like"}
    return request("POST", "/events", body)


def publish(home: Path) -> None:
    """Publish the bundle of a home anew, as one of a night that has read the whole store."""
    bundles = BundleStore(home)
    raw = bundles.open_current()
    kept = ("version", "files", "format", "created")
    manifest = {name: value for name, value in raw.manifest.items() if name not in kept}
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        manifest["last_event_id"] = store.last_event_id()
        manifest["last_change_id"] = store.last_change_id()
    blobs = {name: raw.blob(name) for name in raw.manifest["files"] if not name.endswith(".npy")}
    bundles.publish(lambda folder: write_bundle(folder, raw.arrays, blobs, manifest))


def admin_key(home: Path) -> str:
    """Return a new key of a home that may do everything."""
    db = Database.open(f"sqlite:///{home / 'store.db'}")
    _, key = Keys(db).create("soak", ("admin",))
    db.close()
    return key


def run(minutes: float, warm: float, rate: float, items: int = ITEMS, seed: int = 0) -> Found:
    """Load a service for `warm` + `minutes` minutes with `rate` requests a second."""
    found, rng = Found(), random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="recsys-soak-") as folder:
        world = make_world(Path(folder) / "home", items)
        key = admin_key(world.home)
        with server(world.home, 2, kept=KEPT) as (url, pid):
            clients = [Client(url) for _ in range(4)]
            start = time.monotonic()
            noted, published = start, start
            while (now := time.monotonic()) < start + 60 * (warm + minutes):
                place = found.requests % len(clients)
                try:
                    status, body = clients[place].send(draw(rng, found.requests, key, items))
                    if status >= 400 and status != 404:
                        found.errors.append(f"{status}: {body[:200]!r}")
                except Exception as error:
                    found.errors.append(repr(error))
                    clients[place] = Client(url)
                found.requests += 1
                if now - noted >= 60:
                    noted += 60
                    found.minutes.append(round((now - start) / 60, 2))
                    found.private_mb.append(round(private_mb(pid), 3))
                    errors = len(found.errors), found.errors[-1:]
                    print(found.minutes[-1], found.private_mb[-1], *errors, flush=True)
                if now - published >= PUBLISHED:
                    published += PUBLISHED
                    publish(world.home)
                    found.bundles += 1
                late = start + found.requests / rate - time.monotonic()
                if late > 0:
                    time.sleep(late)
            for client in clients:
                client.close()
    return found


def main() -> None:
    """Run a soak from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--warm", type=float, default=15.0)
    parser.add_argument("--rate", type=float, default=20.0, help="Requests a second.")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = run(given.minutes, given.warm, given.rate)
    growth, upper = found.slope(given.warm)
    print(f"{found.requests} requests, {len(found.errors)} errors {found.errors[:3]}")
    print(f"{growth:+.2f} MB an hour, upper bound {upper:+.2f}")
    if given.json:
        given.json.write_text(json.dumps(asdict(found), indent=1))


if __name__ == "__main__":
    main()
