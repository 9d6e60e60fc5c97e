"""`recsys bundles`: lists published bundles and switches back to an earlier one.

recsys bundles list
recsys bundles rollback                 # the version before the current one
recsys bundles prune --keep 3
recsys bundles push                     # the current one, to RECSYS_BUNDLES
recsys bundles pull                     # the current one of RECSYS_BUNDLES
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from threading import Event

import click
from rich.console import Console
from rich.table import Table

from recsys.bundle_store import BundleInfo, BundleStore
from recsys.errors import BundleError, DataError
from recsys.experiments.experiment_lifecycle import Experiments
from recsys.object_storage.urls import FORMS
from recsys.remote_bundles.bundle_puller import BundlePuller
from recsys.remote_bundles.remote_bundle_store import RemoteBundleStore
from recsys.settings import Settings
from recsys.store.store import Store

from ..bundle_pull_process import BundleFollower
from ..cli import run
from ..command_audit import record
from ..command_output import as_json
from ..environment import load_settings


@click.group(name="bundles")
def command() -> None:
    """List, show, roll back and prune the bundles that nights published.

    With RECSYS_BUNDLES these commands work on the object store; `recsys --set bundles= bundles …`
    works on the home.
    """


@command.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the versions, newest first; the current one is marked."""
    infos = _versions(load_settings()).versions()
    if as_json:
        print(json.dumps([_document(info) for info in infos], indent=1))
        return
    table = Table("", "version", "created (UTC)", "MB", "items", "ndcg@20", "design", box=None)
    for info in infos:
        table.add_row(*_row(info))
    Console().print(table if infos else "no bundle yet: run `recsys nightly`", highlight=False)


@command.command()
@click.argument("version", required=False)
@as_json
def show(version: str | None, as_json: bool) -> None:
    """Verify a version (default: the current one) and print its manifest.

    Of an object store every object of the version is read.
    """
    store = _versions(load_settings())
    target_version = version or store.current()
    if target_version is None:
        raise BundleError("no bundle is current: run `recsys nightly` first")
    if isinstance(store, RemoteBundleStore):
        manifest = dict(store.verify(target_version).document)
    else:
        manifest = dict(store.open(target_version).manifest)
    if not as_json:
        manifest["files"] = f"{len(manifest['files'])} files, all checksums match"
    print(json.dumps(manifest, indent=1, ensure_ascii=False))


@command.command()
@click.argument("version", required=False)
@as_json
def rollback(version: str | None, as_json: bool) -> None:
    """Serve an older version: the given one, or the one before the current."""
    settings = load_settings()
    now = _versions(settings).rollback(version)
    record(settings.store_url, "bundles rollback", now)
    print(json.dumps({"current": now}) if as_json else f"{now} is served from now on")


@command.command()
@click.option("--keep", type=int, help="How many of the newest to keep [RECSYS_KEEP_BUNDLES].")
@as_json
def prune(keep: int | None, as_json: bool) -> None:
    """Remove old versions; the current one and those of experiments always stay."""
    settings = load_settings()
    with Store.open(settings.store_url) as store:
        used = Experiments(store.db).bundles_in_use()
    kept = settings.keep_bundles if keep is None else keep
    gone = _versions(settings).prune(kept, used)
    if gone:
        record(settings.store_url, "bundles prune", ", ".join(gone))
    words = f"removed {', '.join(gone)}" if gone else "nothing to remove"
    print(json.dumps({"removed": gone}) if as_json else words)


@command.command()
@click.argument("version", required=False)
@click.option("--check", is_flag=True, help="Read back what is there, and replace what is damaged.")
@as_json
def push(version: str | None, check: bool, as_json: bool) -> None:
    """Upload a version of the home (default: its current one) to RECSYS_BUNDLES, and serve it."""
    settings = load_settings()
    remote, bundles = _remote(settings), BundleStore(settings.home)
    pushed = version or bundles.current()
    if pushed is None:
        raise BundleError(f"no bundle is current in {settings.home}: run `recsys nightly` first")
    remote.push(bundles.open(pushed).folder, check)
    record(settings.store_url, "bundles push", pushed)
    words = f"{pushed} is in {remote.url} and served from now on"
    print(json.dumps({"current": pushed}) if as_json else words)


@command.command()
@click.option("--follow", is_flag=True, help="Go on looking, as `recsys serve` does by itself.")
@as_json
def pull(follow: bool, as_json: bool) -> None:
    """Bring the current version of RECSYS_BUNDLES into the home."""
    settings = load_settings()
    remote, bundles = _remote(settings), BundleStore(settings.home)
    if follow:
        BundleFollower(settings).run(Event())
    version = BundlePuller(bundles, remote).pull()
    now = version or bundles.current()
    if now is None or version is None and remote.pointer() is None:
        raise BundleError(f"{remote.url} holds no bundle: run `recsys nightly` or `bundles push`")
    words = f"{now} was pulled" if version else f"nothing new, {now} is current"
    print(json.dumps({"current": now, "pulled": version is not None}) if as_json else words)


def _remote(settings: Settings) -> RemoteBundleStore:
    if not settings.bundles:
        raise DataError(f"RECSYS_BUNDLES is not set: it has to be {FORMS}")
    return RemoteBundleStore.open(settings.bundles)


def _versions(settings: Settings) -> BundleStore | RemoteBundleStore:
    return _remote(settings) if settings.bundles else BundleStore(settings.home)


def _document(info: BundleInfo) -> dict[str, object]:
    return {
        "version": info.version,
        "current": info.current,
        "created": info.created,
        "bytes": info.bytes,
        "counts": info.manifest.get("counts", {}),
        "metrics": info.manifest.get("metrics", {}),
        "design": info.manifest.get("design"),
        "problem": info.problem,
    }


def _row(info: BundleInfo) -> tuple[str, ...]:
    created = datetime.fromtimestamp(info.created, UTC).strftime("%Y-%m-%d %H:%M")
    if info.problem:
        return ("!", info.version, created, f"{info.bytes / 1e6:.1f}", "damaged", "", "")
    items = info.manifest.get("counts", {}).get("items", "")
    metrics = info.manifest.get("metrics", {})
    ndcg = metrics.get("ndcg@20", "")
    tested = isinstance(ndcg, float) and metrics.get("people") != 0  # no user, no figure
    ndcg = f"{ndcg:.4f}" if tested else ""
    mark = "*" if info.current else ""
    design = str(info.manifest.get("design", ""))
    return (mark, info.version, created, f"{info.bytes / 1e6:.1f}", str(items), ndcg, design)


if __name__ == "__main__":
    run(command)
