"""`recsys experiment`: experiments on live lists: add, start, stop, decide, report.

recsys experiment add diversity.toml
recsys experiment plan diversity
recsys experiment start diversity
recsys experiment report diversity

The file holds what `POST /experiments` takes, as TOML or JSON:

    id = "diversity"
    arms = [{name = "as-is", share = 0.5},
            {name = "more", share = 0.5, overrides = {diversity = 0.3}}]
    metrics = {primary = "click_rate", guardrails = ["refusal_rate"]}
"""

from __future__ import annotations

import json
import time
import tomllib
from pathlib import Path
from typing import Any

import click

from recsys.bundle_store import BundleStore
from recsys.errors import DataError
from recsys.experiments.definition import AA, Experiment, State, as_definition, of_definition
from recsys.experiments.experiment_lifecycle import Experiments
from recsys.experiments.experiment_plan import plan_of
from recsys.experiments.report import READABLE, aa_report, report_of
from recsys.experiments.unit_counts import usual_counts
from recsys.store.store import Store

from ..cli import run
from ..command_audit import actor, audited
from ..command_output import as_json, moment_text
from ..command_store import open_store
from ..environment import load_settings

NAMES = {
    "too_early": "too early: fewer than 100 users in an arm",
    "sample_ratio_mismatch": "not readable: the arms have other shares of users than assigned",
}


@click.group(name="experiment")
def command() -> None:
    """Add, start, stop and decide experiments on live lists; show their plans and reports."""


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
def add(file: Path, as_json: bool) -> None:
    """Make a draft of what FILE defines, in TOML or JSON."""
    given = _read(file)
    id = str(given.pop("id", file.stem))
    made = of_definition(id, given, created_by=actor())
    with open_store() as store, audited(store, "experiment add", object=id):
        _check_bundles(made)
        Experiments(store.db).add(made)
    print(json.dumps(_document(made)) if as_json else f"experiment {id} is a draft")


@command.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the experiments, oldest first."""
    with open_store() as store:
        found = Experiments(store.db).every()
    for one in found:
        if as_json:
            print(json.dumps(_document(one), ensure_ascii=False))
        else:
            arms = ", ".join(f"{arm.name} {arm.share:.0%}" for arm in one.arms)
            print(f"{one.id}  {one.state}  {one.layer}  {arms}  [{one.primary}]")
    if not found and not as_json:
        click.echo("no experiment", err=True)


@command.command()
@click.argument("id")
@as_json
def plan(id: str, as_json: bool) -> None:
    """Show how many users and days the effect of an experiment needs, by the last 14 days."""
    with open_store() as store:
        one = _found(store, id)
        found = plan_of(one, usual_counts(store.db))
    size = max((_bytes(version) for version in one.bundles), default=None)
    if as_json:
        print(json.dumps({"id": id, "plan": found, "bundle_bytes": size}))
        return
    if found is None:
        print("no plan: the last 14 days have fewer than 100 users, or no act of theirs")
    else:
        print(
            f"{found['metric']} {found['value']:.4g}, effect {found['effect']:+.1%}:"
            f" {found['users_per_arm']:,} users of each arm, {found['days']:,} days"
        )
    if size is not None:
        print(f"each worker opens a second bundle of {size / 1e6:.1f} MB")


@command.command()
@click.argument("id")
def start(id: str) -> None:
    """Start a draft; its definition cannot change from then on."""
    _move(id, "running")


@command.command()
@click.argument("id")
def stop(id: str) -> None:
    """Stop an experiment: from then on lists are as without it."""
    _move(id, "stopped")


@command.command()
@click.argument("id")
@click.option("--arm", default="", help="The arm that was decided on.")
def decide(id: str, arm: str) -> None:
    """Note that an experiment that has stopped is decided.

    Without --arm nobody is named; the same command with --arm does so later.
    """
    _move(id, "decided", arm)
    if not arm:
        click.echo(f"no arm was named: `recsys experiment decide {id} --arm NAME` does", err=True)


@command.command("report")
@click.argument("id")
@as_json
def report_(id: str, as_json: bool) -> None:
    """Show what may be read of an experiment now; `aa` is the A/A experiment that always runs."""
    now = time.time()
    with open_store() as store:
        if id == AA:
            found = aa_report(store.db, now)
        else:
            found = report_of(store.db, _found(store, id), now)
    if as_json:
        print(json.dumps({"id": id, **found}))
        return
    users = ", ".join(f"{name} {count:,}" for name, count in found["units"].items())
    print(f"{moment_text(found['begins'])} to {moment_text(found['ends'])}, users: {users}")
    if found["status"] != READABLE:
        print(NAMES[found["status"]])
    if (preference := found["preference"]) and preference["value"] is not None:
        low, high = preference["interval"]
        print(
            f"credited clicks per user, {preference['arms'][1]} less {preference['arms'][0]}:"
            f" {preference['value']:+.4g} ({low:+.4g} to {high:+.4g}),"
            f" {preference['users']:,} users,"
            f" preferred: {preference['favours'] or 'not decided'}"
        )
    for metric in found["metrics"]:
        print(f"{metric['metric']} ({metric['role']}): {metric['help']}")
        for arm in metric["arms"]:
            print(f"  {_line(arm)}")


def _line(arm: dict[str, Any]) -> str:
    value = "too early" if arm["value"] is None else f"{arm['value']:.4g}"
    if arm["difference"] is None:
        return f"{arm['arm']}: {value}"
    low, high = arm["difference"]["relative_interval"] or arm["difference"]["interval"]
    mark = ", harmed" if arm["difference"]["harmed"] else ""
    mark = ", decided" if arm["difference"]["decided"] and not mark else mark
    return f"{arm['arm']}: {value} ({low:+.2%} to {high:+.2%} against the first arm{mark})"


def _move(id: str, state: State, decision: str = "") -> None:
    versions = frozenset(info.version for info in _bundles().versions())
    with open_store() as store, audited(store, f"experiment {VERBS[state]}", object=id):
        found = Experiments(store.db).move(id, state, decision=decision, bundles=versions)
        if found is None:
            raise DataError(f"there is no experiment {id!r}: see `recsys experiment list`")
    print(f"experiment {id} is {state}")


VERBS = {"running": "start", "stopped": "stop", "decided": "decide"}


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
        given = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise DataError(f"{file}: {error}") from None
    if not isinstance(given, dict):
        raise DataError(f"{file}: holds no definition of an experiment")
    return given


def _check_bundles(one: Experiment) -> None:
    there = {info.version for info in _bundles().versions()}
    if missing := one.bundles - there:
        raise DataError(f"experiment {one.id!r}: there is no bundle {min(missing)!r}")


def _document(one: Experiment) -> dict[str, Any]:
    return {"id": one.id, "state": one.state, **as_definition(one)}


def _bytes(version: str) -> int:
    return next((info.bytes for info in _bundles().versions() if info.version == version), 0)


def _found(store: Store, id: str) -> Experiment:
    found = Experiments(store.db).one(id)
    if found is None:
        raise DataError(f"there is no experiment {id!r}: see `recsys experiment list`")
    return found


def _bundles() -> BundleStore:
    return BundleStore(load_settings().home)


if __name__ == "__main__":
    run(command)
