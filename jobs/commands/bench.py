"""`recsys bench [serve|night|attack|feedback]`: benchmarks of speed, memory, attacks, feedback.

recsys bench serve --items 10000 --items 100000 --json
recsys bench night
recsys bench night --events 100000,1000000,10000000 --chart scale.svg
recsys bench attack --when live --attack average
recsys bench feedback --home data/var --nights 30 --people 5000
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recsys.errors import DataError

from ..bench.growth_chart import growth
from ..bench.http_load import Load, measure
from ..bench.process_memory import Watched, resident_mb, watch
from ..bench.server_process import server
from ..bench.update_latency import clicks, posts, stream, swap
from ..cli import run
from ..command_output import output
from ..environment import load_settings, own_command, own_module, own_modules, server_environment

if TYPE_CHECKING:
    from ..bench.synthetic_catalogue import World

NOOP = "/health/live"
RECOMMEND = "/recommend/u{}?n=20"
SIMILAR = "/similar/i{}?n=20"
SAMPLE = Path(__file__).parents[2] / "data" / "sample" / "movietweetings"
LEAST = 1_000  # events of a synthetic world


@click.command(name="bench")
@click.argument("what", type=click.Choice(["serve", "night", "attack", "feedback"]), required=False)
@click.option(
    "--items",
    multiple=True,
    default=(10_000, 100_000),
    type=click.IntRange(100),
    show_default=True,
    help="Sizes of the catalogues that are served.",
)
@click.option("--seconds", default=5.0, show_default=True, help="Per measurement of serving.")
@click.option(
    "--workers", default=1, type=click.IntRange(1), show_default=True, help="Processes that serve."
)
@click.option(
    "--most-workers",
    default=2,
    type=click.IntRange(1),
    show_default=True,
    help="Processes of a second look at what is served at most.",
)
@click.option(
    "--events",
    default="",
    help="Instead of a night on the sample data: fit synthetic "
    "worlds of so many events, as in 100000,1000000.",
)
@click.option("--chart", type=click.Path(path_type=Path), help="SVG file of what --events found.")
@click.option(
    "--home",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="attack, feedback: a home with a bundle, in place of the sample data.",
)
@click.option(
    "--attack", "attacks", multiple=True, help="attack: one by name; without the option, all."
)
@click.option(
    "--when",
    "whens",
    multiple=True,
    type=click.Choice(["live", "night"]),
    help="attack: at once, or after the next night; without the option, both.",
)
@click.option(
    "--people",
    type=click.IntRange(1),
    help="attack: people whose lists are looked at, 400 without the option; feedback: people who"
    " click, 5,000.",
)
@click.option("--nights", default=30, type=click.IntRange(2), show_default=True, help="feedback.")
@click.option(
    "--defences",
    type=click.Choice(["on", "off", "both"]),
    default="both",
    show_default=True,
    help="attack: which defences are tried; `held` of a real burst needs both.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    what: str | None,
    items: tuple[int, ...],
    seconds: float,
    workers: int,
    most_workers: int,
    events: str,
    chart: Path | None,
    home: Path | None,
    attacks: tuple[str, ...],
    whens: tuple[str, ...],
    people: int | None,
    nights: int,
    defences: str,
    as_json: bool,
) -> None:
    """Measure a real server on synthetic catalogues, and a night on the sample data.

    The others are run only where they are named. `attack`: how far the lists of others are moved by
    fake accounts, with and without the defences. `feedback`: how unequal and how alike lists become
    when people click on them for many nights.
    """
    found: dict[str, Any] = {"machine": machine()}
    if what == "attack":
        from ..bench.fake_account_attack import (  # loads what only training needs
            attack,
            attack_table,
        )

        tried = {"on": (True,), "off": (False,)}.get(defences, (True, False))
        found |= attack(home, attacks, whens or ("live", "night"), people or 400, tried)
        if as_json:
            print(json.dumps(found, indent=1))
        else:
            output().print(attack_table(found))
        return
    if what == "feedback":
        from recsys.evaluation.feedback_simulation import FeedbackConfig

        from ..bench.feedback import feedback, feedback_table  # the same

        found |= feedback(home, FeedbackConfig(nights=nights, people=people or 5_000))
        if as_json:
            print(json.dumps(found, indent=1))
        else:
            output().print(feedback_table(found))
        return
    counts = parse_counts(events)
    if chart is not None and not counts:
        raise DataError(f"--chart {chart} needs --events beside it, as in 100000,1000000")
    if what != "night":
        found["serve"] = [serve(count, seconds, workers, most_workers) for count in items]
    if counts:
        found["scale"] = [scale(count) for count in counts]
    elif what != "serve":
        found["night"] = night()
    if chart is not None:
        title = f"Fitting a night's model, {time.strftime('%Y-%m-%d')}"
        chart.write_text(growth(found["scale"], title), encoding="utf-8")
    print(json.dumps(found, indent=1) if as_json else summary(found))


def machine() -> dict[str, Any]:
    """Return what figures depend on; the load shows whether the machine had other work."""
    return {
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }


def parse_counts(text: str) -> list[int]:
    """Read "100000,1000000"; empty for an empty text."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() and int(part) >= LEAST for part in parts):
        raise DataError(f"events {text!r} are not whole numbers from {LEAST}, as in 100000,1000000")
    return [int(part) for part in parts]


def scale(count: int) -> dict[str, Any]:
    """Fit a synthetic world of so many events in a process of its own."""
    command = own_module("bench.training_scale", str(count))
    done = subprocess.run(command, capture_output=True, text=True, env=own_modules())
    if done.returncode:
        raise DataError(f"fitting {count} events failed: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def serve(n_items: int, seconds: float, workers: int, most: int) -> dict[str, Any]:
    """Serve a synthetic catalogue of some size and load the server."""
    from ..bench.synthetic_catalogue import make_world  # loads what only training needs

    with tempfile.TemporaryDirectory(prefix="recsys-bench-") as folder:
        world = make_world(Path(folder) / "home", n_items)
        with server(world.home, workers) as (url, pid):
            loads = {
                name: measure(url, path, world.users, seconds, 8)
                for name, path in (("noop", NOOP), ("recommend", RECOMMEND), ("similar", SIMILAR))
            }
            memory = resident_mb(pid)
        with server(world.home, most) as (url, _):
            names = (("noop", NOOP), ("recommend", RECOMMEND))
            more = {name: measure(url, path, world.users, seconds, 8) for name, path in names}
        soon = live(world, seconds, workers)
        with server(world.home, most) as (url, _):
            stored = stream(url, n_items, seconds)
    rates = [rate(workers, loads, soon["events_per_second"]), rate(most, more, stored)]
    parts: dict[str, Any] = {name: asdict(load) for name, load in loads.items()}
    return {
        "items": n_items,
        "workers": workers,
        **parts,
        "rates": rates,
        **memory,
        "index": world.index,
        **soon,
    }


def rate(workers: int, loads: dict[str, Load], stored: float) -> dict[str, Any]:
    """Return what some workers do in a second, with the asking on the same machine."""
    noop, lists = loads["noop"].per_second, loads["recommend"].per_second
    return {
        "workers": workers,
        "lists": lists,
        "noops": noop,
        "percent": 100 * lists / noop,
        "events_stored": stored,
    }


def live(world: World, seconds: float, workers: int) -> dict[str, Any]:
    """Measure how soon a service knows what happens, and what it keeps."""
    home = world.home
    with server(home, workers) as (url, _):
        found: dict[str, Any] = {"click": clicks(url, world.items), "post": posts(url, world.words)}
        found["swap"] = asdict(swap(url, home, world.users, seconds))
        found["events_per_second"] = stream(url, world.items, seconds)
    with server(home, workers, kept=10_000) as (url, _):
        measure(url, RECOMMEND, 100, 1.0, 8)  # fills what is kept
        found["kept"] = asdict(measure(url, RECOMMEND, 100, seconds, 8))
    return found


def night() -> dict[str, Any]:
    """Run the first night on the sample data, which tunes, and a second, which need not."""
    with tempfile.TemporaryDirectory(prefix="recsys-bench-") as folder:
        settings = load_settings()
        environment = server_environment(replace(settings, home=Path(folder), store=""), "", 1)
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            environment.pop(name)  # a night uses every core
        files = [f"--{kind}={SAMPLE / kind}.csv.gz" for kind in ("items", "events")]
        return {
            name: asdict(watch([*own_command(job), *more], environment))
            for name, job, more in (
                ("ingest", "ingest", files),
                ("first", "nightly", []),
                ("second", "nightly", []),
            )
        }


def summary(found: dict[str, Any]) -> str:
    """Return the figures as lines."""
    lines = [line for each in found.get("serve", ()) for line in summary_of_serving(each)]
    lines += [line for each in found.get("scale", ()) for line in run_scale_benchmark(each)]
    for name, each in found.get("night", {}).items():
        run_ = Watched(**each)
        lines.append(
            f"{name}: {run_.seconds:.1f} s, {run_.cpu_seconds:.1f} s of CPU, {run_.peak_mb:.0f} MB"
        )
        lines += map(summary_of_step, run_.steps)
    return "\n".join(lines)


def summary_of_serving(each: dict[str, Any]) -> list[str]:
    """Return what serving one synthetic catalogue took, as lines."""
    index, changed = each["index"], each["swap"]
    lines = [
        f"{each['items']:,} items, {each['workers']} workers: {each['worker_mb']:.0f} MB a worker"
        f" ({each['private_mb']:.0f} its own), {index['kind']} index, recall {index['recall']:.3f}"
    ]
    for name in ("noop", "recommend", "similar", "kept"):
        load = Load(**each[name])
        lines.append(
            f"  {name:<10} p50 {load.p50_ms:6.2f} ms  p99 {load.p99_ms:6.2f} ms"
            f"  {load.per_second:6.0f}/s"
        )
    for name in ("click", "post"):
        what = f"  {name:<10} p50 {each[name]['p50_ms']:6.2f} ms  most {each[name]['most_ms']:5.1f}"
        lines.append(f"{what} ms  until an answer shows it")
    lines += [
        f"  {one['workers']} workers: {one['lists']:.0f} lists/s, {one['percent']:.1f} % of"
        f" {one['noops']:,.0f} no-ops/s; {one['events_stored']:,.0f} events/s stored"
        for one in each["rates"]
    ]
    lines.append(
        f"  new bundle under load: {changed['errors']} errors in {changed['requests']} requests,"
        f" p99 {changed['p99_ms']:.1f} ms, before {changed['usual_p99_ms']:.1f} ms"
    )
    return lines


def run_scale_benchmark(each: dict[str, Any]) -> list[str]:
    """Return what fitting one synthetic world took, as lines."""
    result = (
        f"{each['events']:,} events, {each['users']:,} users, {each['items']:,} items: "
        f"{each['engine']}, {each['seconds']:.1f} s, {each['cpu_seconds']:.1f} s of CPU, "
        f"{each['peak_mb']:.0f} MB, bundle {each['bundle_mb']:.0f} MB"
    )
    return [result, *map(summary_of_step, each["steps"])]


def summary_of_step(step: dict[str, Any]) -> str:
    """Return what a step took, as a line."""
    return f"  {step['name']:<10} {step['seconds']:7.1f} s {step['peak_mb']:6.0f} MB"


if __name__ == "__main__":
    run(command)
