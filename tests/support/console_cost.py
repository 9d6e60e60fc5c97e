"""What pages of the console cost: CPU of server and browser together, bytes, memory of the worker.

    PYTHONPATH=.:tests/support python tests/support/console_cost.py HOME

HOME is a home with a bundle, such as that of `make demo`; it is copied, and 10,000 runs are added.
Each page is opened 20 times in Chromium without a cache; medians are printed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa
from api_server import start
from console_browser import browser

from api.console.rendering import HERE
from jobs.bench.process_memory import resident_mb
from recsys.bundle_store import BundleStore
from recsys.store.schema import run_steps, runs
from recsys.store.store import Store

RUNS, TIMES = 10_000, 20
_STEPS = ("snapshot", "encode", "topics", "tune", "baselines", "fit", "gate", "publish")


def add_runs(store: Store, version: str) -> None:
    """Add nights until there are RUNS, the newest yesterday."""
    with store.db.read() as connection:
        known = connection.execute(sa.select(sa.func.count()).select_from(runs)).scalar_one()
    now, rows, steps = time.time(), [], []
    for place in range(RUNS - known):
        number, started = 1_000_000 + place, now - 86_400.0 * (RUNS - place)
        mean = 0.16 + 0.01 * math.sin(place / 9)
        gate = {"passed": place % 9 > 0, "reason": "a synthetic night", "people": 660}
        gate |= {"today": mean, "yesterday": 0.16, "low": -0.02, "high": 0.03 + place % 5 / 100}
        status = "refused" if place % 9 == 0 else "published"
        detail = {
            "gate": gate,
            "version": version,
            "design": "tuned",
            "cpu_seconds": 90 + place % 60,
        }
        rows.append(
            {
                "id": number,
                "kind": "nightly",
                "status": status,
                "started": started,
                "finished": started + 120,
                "detail": json.dumps(detail),
            }
        )
        steps += [
            {
                "run": number,
                "name": name,
                "seconds": 12.0,
                "at": started + 12,
                "detail": json.dumps({"cpu_seconds": 11.0}),
            }
            for name in _STEPS
        ]
    with store.db.write() as connection:
        connection.execute(sa.insert(runs), rows)
        connection.execute(sa.insert(run_steps), steps)


def cpu(process: psutil.Process) -> float:
    """Return the CPU seconds of a process and all below it, ended ones included."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
        if one is process:
            total += times.children_user + times.children_system
    return total


def browser_cpu() -> float:
    """Return the CPU seconds of the browser's processes that this one has started."""
    total = 0.0
    for one in psutil.Process().children(recursive=True):
        try:
            if "chrom" in one.name():
                times = one.cpu_times()
                total += times.user + times.system
        except psutil.NoSuchProcess:
            continue
    return total


def pages_of(home: Path) -> dict[str, str]:
    """Return the pages by name, with a user and an item that are there."""
    with Store.open(f"sqlite:///{home / 'store.db'}") as store:
        table = store.event_table()
        user = next(name for name in table.users if len(store.history(name)) >= 40)
        item = store.history(user)[-1].item_id
    return {
        "overview": "",
        "runs": "/runs",
        "run": "/runs/1",
        "user": f"/user?user={user}",
        "why": f"/why?user={user}&item={item}",
        "compare, one bundle": f"/compare?user={user}&b_personal=1",
        "items": "/items?q=space",
        "item": f"/item?item={item}",
        "topics": "/topics",
        "topic": "/topics/1",
        "trends": "/trends",
        "alerts": "/alerts",
        "suspects": "/suspects",
        "bundles": "/bundles",
        "keys": "/keys",
        "settings": "/settings",
        "audit": "/audit",
    }


def routes_of(pages: dict[str, str]) -> list[str]:
    """Return requests of routes that read what the pages show."""
    user = pages["user"].partition("=")[2]
    item = pages["item"].partition("=")[2]
    return [
        *[f"/recommend/{user}?explain=1"] * 100,
        *[f"/explain/{user}/{item}", f"/similar/{item}", f"/items/{item}", "/search?q=space"],
        *[f"/users/{user}/profile", "/topics", "/topics/1", "/topics/1/timeline", "/trends"],
        *["/suspects", "/stats", "/metrics", "/audit", "/notices", "/latest"],
    ]


def measure(home: Path, chromium: Any, only: list[str]) -> None:
    """Print a line per page, and the memory of the worker."""
    server = start(home)
    worker = psutil.Process(server.process.pid)
    pages = pages_of(home)
    with server.client() as client:
        for path in routes_of(pages):  # what the routes of the same data keep is theirs
            client.get(path)
        before = resident_mb(server.process.pid)["worker_mb"]
        for path in pages.values():
            client.get(f"/console{path}", headers={"Accept-Language": "zh"})
            client.get(f"/console{path}")
        after = resident_mb(server.process.pid)["worker_mb"]
    print(
        f"worker: {before:.1f} MB before, {after:.1f} MB after every page, {after - before:+.1f} MB"
    )
    for name, path in pages.items():
        if only and name not in only:
            continue
        seconds, parts, size = [], [], 0
        for _ in range(TIMES):
            context = chromium.new_context()
            page = context.new_page()
            page.goto("about:blank")
            served, drawn = cpu(worker), browser_cpu()
            page.goto(f"{server.url}/console{path}", wait_until="load")
            time.sleep(0.3)  # until what the browser still draws is drawn
            own = cpu(worker) - served
            seconds.append(own + browser_cpu() - drawn)
            parts.append(own)
            size = page.evaluate(
                "performance.getEntries().reduce((sum, one) => sum + (one.transferSize || 0), 0)"
            )
            context.close()
        median = statistics.median(seconds)
        print(
            f"{name}: {median:.3f} s of CPU, {statistics.median(parts):.3f} of it in the server,"
            f" {size} bytes"
        )
    server.stop()


def main() -> None:
    """Measure the console over a copy of a home."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--only", nargs="*", default=[], help="names of pages")
    arguments = parser.parse_args()
    given = arguments.home
    own = [path for path in HERE.rglob("*") if path.suffix in (".html", ".css", ".js", ".svg")]
    sizes = [len(gzip.compress(path.read_bytes())) for path in own]
    print(f"templates, style sheet, script and symbol: {sum(sizes)} bytes gzipped")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(given, home)
        with Store.open(f"sqlite:///{home / 'store.db'}") as store:
            add_runs(store, BundleStore(home).current() or "")
        with browser() as chromium:
            measure(home, chromium, arguments.only)


if __name__ == "__main__":
    main()
