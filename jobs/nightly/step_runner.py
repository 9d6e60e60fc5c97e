"""Pipeline steps with a folder as output, complete or absent, so that a killed run can resume.

A step writes into a folder set aside, which is renamed to the step's name when the step is
through: the folder is the mark that it is done. A run started again passes over what is there.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from recsys.bundle import sync_folder

DETAIL = "detail.json"

Detail = dict[str, Any]  # details of a step; JSON


class ProgressCallback(Protocol):
    """Receiver of the progress of a run: a terminal, a log, the store."""

    def started(self, name: str) -> None:
        """A step begins."""

    def finished(self, name: str, seconds: float, detail: Detail, reused: bool) -> None:
        """A step is through, or was found done by an earlier attempt."""


@dataclass(frozen=True, slots=True)
class PipelineStep:
    """A name and what to do: `run` fills the folder it is given and returns its detail.

    Earlier steps' folders lie beside it: `folder.parent / "snapshot"`.
    """

    name: str
    run: Callable[[Path], Detail]


def run_steps(
    folder: Path, steps: Sequence[PipelineStep], callback: ProgressCallback
) -> Mapping[str, Detail]:
    """Run what is not done yet, in order; return every step's detail.

    An exception of a step passes through; what came before it stays done.
    """
    folder.mkdir(parents=True, exist_ok=True)
    details = {}
    for step in steps:
        callback.started(step.name)
        done = folder / step.name
        start = time.perf_counter()
        reused = done.is_dir()
        detail = _read(done) if reused else _run(step, done)
        details[step.name] = detail
        callback.finished(step.name, time.perf_counter() - start, detail, reused)
    return details


def _read(done: Path) -> Detail:
    detail: Detail = json.loads((done / DETAIL).read_text())
    return detail


def _run(step: PipelineStep, done: Path) -> Detail:
    aside = done.with_name(f".{done.name}")
    shutil.rmtree(aside, ignore_errors=True)  # half of it, from an attempt that was killed
    aside.mkdir()
    detail = step.run(aside)
    (aside / DETAIL).write_text(json.dumps(detail, allow_nan=False))
    _flush(aside)
    os.rename(aside, done)
    sync_folder(done.parent)
    return detail


def _flush(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    sync_folder(folder)
