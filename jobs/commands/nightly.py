"""`recsys nightly`: trains on the store, compares with the previous bundle, publishes.

Exit status: 0 published, 3 the gate refused (yesterday's bundle stays), 1 failed. A night that was
killed is taken up where it was when it is called again within a day.

    recsys nightly              # tunes when the last tuning is old or the data has drifted
    recsys nightly --tune       # tunes in any case
    recsys nightly --runner "spark:spark://host:7077"
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version as code_version
from pathlib import Path
from typing import Any

import click

import recsys
from recsys.bundle_store import BundleStore
from recsys.errors import BundleError, ObjectStoreError
from recsys.remote_bundles.bundle_puller import BundlePuller
from recsys.remote_bundles.remote_bundle_store import RemoteBundleStore
from recsys.settings import NIGHT, SETTINGS, Settings
from recsys.store.erasure import Erasures
from recsys.store.file_locks import only_one
from recsys.store.store import Store

from ..cli import run
from ..environment import load_settings
from ..nightly.context import NightContext
from ..nightly.execution_backend import RunnerRecord, night_runner
from ..nightly.pipeline import NightPipeline
from ..nightly.step_runner import Detail, PipelineStep, run_steps
from ..progress import LogProgress, TerminalProgress, job_progress

REFUSED = 3  # exit status
RESUME = 86_400.0  # seconds after which a killed night is begun anew, for its data is old
PLAN = "plan.json"
UNRELATED = (
    "cache",
    "keep_bundles",
    "bundles",
    "runner",
    "runner_files",
)  # settings of a night that do not change what it finds


@click.command(name="nightly")
@click.option("--tune", "tune_always", is_flag=True, help="Tune, even if the last tuning is young.")
@click.option(
    "--runner",
    metavar="RUNNER",
    help="local, spark or spark:<master>; else RECSYS_RUNNER.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(tune_always: bool, runner: str | None, as_json: bool) -> None:
    """Train on what the store holds, compare with the bundle before, and publish.

    Exit status: 0 published, 3 refused (the bundle before stays in service), 1 failed.
    """
    result = run_night(load_settings(runner=runner), tune_always)
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    elif result["status"] == "published":
        print(f"published {result['version']}: {result['gate']['reason']}")
    else:
        print(f"refused, the previous bundle stays in service: {result['gate']['reason']}")
    if result["status"] != "published":
        raise SystemExit(REFUSED)


def run_night(settings: Settings, tune_always: bool = False) -> dict[str, Any]:
    """Run a night, or the rest of one that was killed; return what became of it.

    LockedError when another night is at work. Any other error is noted in the store's runs.
    """
    with (
        only_one(settings.home, "nightly"),
        Store.open(settings.store_url, archive=settings.archive) as store,
        job_progress("nightly") as progress,
    ):
        pull_current(settings, progress)
        plan = _plan(settings, tune_always)
        number, folder = _folder(settings.home / "runs", store, plan)
        night = NightContext(settings, store, folder, number, progress, tune_always)
        pipeline = NightPipeline(night)
        noted = {step.name for run in store.runs(1) for step in run.steps if run.id == number}
        recorder = _StepRecorder(store, number, progress, noted)
        record = RunnerRecord(settings.runner)
        try:
            with night_runner(settings, folder, progress) as record:
                details = run_steps(folder, pipeline.steps, recorder)
                status = "refused"
                if details["gate"]["passed"]:
                    run_steps(folder, [PipelineStep("publish", pipeline.publish)], recorder)
                    status = "published"
        except Exception as error:
            detail = {"error": str(error) or repr(error), **record.detail()}
            store.finish_run(number, "failed", detail)
            if _erased_since(store, number):
                shutil.rmtree(folder, ignore_errors=True)
            raise
        result = {
            "cpu_seconds": round(sum(recorder.cpu.values()), 3),
            "status": status,
            "run": number,
            "version": night.version,
            "design": details["gate"]["design"],
            "pressure": details["tune"]["pressure"],
            "gate": details["gate"],
            "tune": details["tune"],
            "seconds": recorder.seconds,
            **record.detail(),
        }
        store.finish_run(number, status, result)
        shutil.rmtree(folder)  # events are kept in one place only, the store
        return result


def pull_current(settings: Settings, progress: LogProgress | TerminalProgress) -> None:
    """Bring the current version of RECSYS_BUNDLES into the home, for the gate to compare with.

    While the object store is away the home's own bundle is compared with; without one the night
    fails, since it could publish anything.
    """
    if not settings.bundles:
        return
    bundles = BundleStore(settings.home)
    try:
        version = BundlePuller(bundles, RemoteBundleStore.open(settings.bundles)).pull()
    except (BundleError, ObjectStoreError) as error:
        if bundles.current() is None:
            raise
        progress.message(f"{error}; the night compares with the bundle of the home")
        return
    if version is not None:
        progress.message(f"{version} was pulled from {settings.bundles}")


@dataclass(slots=True)
class _StepRecorder:
    """Shows progress on the screen and records each finished step in the store."""

    store: Store
    number: int
    progress: LogProgress | TerminalProgress
    noted: set[str]  # steps that the store has by now
    seconds: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)  # seconds of this process and its children
    begun: float = 0.0  # CPU seconds when the step under way began

    def started(self, name: str) -> None:
        self.begun = _cpu_seconds()
        self.progress.started(name)

    def finished(self, name: str, seconds: float, detail: Detail, reused: bool) -> None:
        self.cpu[name] = round(_cpu_seconds() - self.begun, 3)
        if name not in self.noted:  # killed before the note, a step is done and not noted
            shown = {**detail, "cpu_seconds": self.cpu[name]}
            self.store.record_step(self.number, name, seconds, shown)
            self.noted.add(name)
        self.seconds[name] = round(seconds, 3)
        self.progress.finished(name, seconds, detail, reused)


def _cpu_seconds() -> float:
    """Return the CPU time that this process and its ended children have taken."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _plan(settings: Settings, tune_always: bool) -> dict[str, str]:
    """Return all that must be the same for a killed night to be taken up."""
    names = [one.name for one in SETTINGS if NIGHT in one.read_by and one.name not in UNRELATED]
    plan = {name: str(getattr(settings, name)) for name in names}
    return {**plan, "tune": str(tune_always), "code": f"{code_version('recsys')} {_code()}"}


def _code() -> str:
    """Return a hash of the program's files: a night that other code began is not taken up."""
    hashed = hashlib.sha256()
    for folder in (Path(recsys.__file__).parent, Path(__file__).parents[1]):
        for path in sorted(folder.rglob("*.py")):
            hashed.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return hashed.hexdigest()


def _folder(runs: Path, store: Store, plan: Mapping[str, str]) -> tuple[int, Path]:
    """Return the number and the folder of the run to take up, or of a new one.

    The caller holds the lock, so a run that is called running was killed.
    """
    last = store.last_run("nightly")
    if last is not None and last.status in ("running", "failed"):
        folder = runs / str(last.id)
        young = time.time() - last.started < RESUME
        if young and _read_plan(folder) == plan and not _erased_since(store, last.id):
            return last.id, folder
        if last.status == "running":
            store.finish_run(last.id, "killed")
    shutil.rmtree(runs, ignore_errors=True)
    number = store.start_run("nightly")
    folder = runs / str(number)
    folder.mkdir(parents=True)
    (folder / PLAN).write_text(json.dumps(plan))
    return number, folder


def _erased_since(store: Store, number: int) -> bool:
    """Whether somebody was erased whose events the files of a run may hold."""
    started = next((run.started for run in store.runs() if run.id == number), 0.0)
    return Erasures(store.db).since(started)


def _read_plan(folder: Path) -> object:
    try:
        return json.loads((folder / PLAN).read_text())
    except (OSError, ValueError):
        return None


if __name__ == "__main__":
    run(command)
