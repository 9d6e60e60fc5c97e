"""Progress of a job: one line per finished step, and on a terminal a bar for the running one."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from .nightly.step_messages import sentence

log = logging.getLogger("recsys")


class LogProgress:
    """One line when a step is through; parts of a step are not shown."""

    def __init__(self, job: str) -> None:
        self.job = job

    def started(self, name: str) -> None:
        """A step begins."""

    def finished(self, name: str, seconds: float, detail: Mapping[str, Any], reused: bool) -> None:
        """A step is through, or was found done."""
        took = "done before" if reused else f"{seconds:.1f} s"
        words = sentence(name, detail)
        log.info("%s: %s %s%s", self.job, name, took, f": {words}" if words else "")

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Surround a part of a step."""
        start = time.perf_counter()
        yield
        log.debug("%s: %s %.1f s", self.job, name, time.perf_counter() - start)

    def note(self, text: str) -> None:
        """Say what was found on the way."""
        log.debug("%s: %s", self.job, text)

    def message(self, text: str) -> None:
        """Print a message to the log."""
        log.info("%s: %s", self.job, text)

    def advance(self, done: float, total: float) -> None:
        """Tell how much of the step, or of its part, is done."""


class TerminalProgress:
    """A bar for the step that is running; above it, a line for each finished step.

    Lines are wrapped, never cut: on 80 columns the result of a step may take several.
    """

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task: TaskID | None = None
        self._name = ""

    def started(self, name: str) -> None:
        """A step begins: its bar is indeterminate until progress is reported."""
        self._name = name
        self._task = self._bars.add_task(name, total=None, words="")

    def finished(self, name: str, seconds: float, detail: Mapping[str, Any], reused: bool) -> None:
        """A step is through, or was found done: its bar gives way to a line."""
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None
        took = "done before" if reused else f"{seconds:.1f} s"
        line = Table.grid(
            Column(width=12), Column(width=11, justify="right"), Column(), padding=(0, 1)
        )
        line.add_row(name, took, Text(sentence(name, detail)))
        self._bars.console.print(line)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show a part of a step beside the step's name."""
        if self._task is None:
            yield
            return
        self._update(description=f"{self._name}: {name}")
        yield
        self._update(description=self._name)

    def note(self, text: str) -> None:
        """Say what was found on the way, beside the bar."""
        self._update(words=text)

    def message(self, text: str) -> None:
        """Print a message above the bars."""
        self._bars.console.print(text, markup=False, highlight=False)

    def advance(self, done: float, total: float) -> None:
        """Tell how much of the step, or of its part, is done."""
        self._update(total=total, completed=done)

    def _update(self, **values: Any) -> None:
        if self._task is not None:
            self._bars.update(self._task, **values)


@contextmanager
def job_progress(job: str) -> Iterator[LogProgress | TerminalProgress]:
    """Give what fits where this process writes: a bar and lines on a terminal, lines elsewhere.

    Both go to stderr, so that stdout carries a command's answer alone.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield LogProgress(job)
        return
    columns = (
        TextColumn("{task.description:<22}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("{task.fields[words]}", style="dim"),
    )
    with Progress(*columns, console=console) as bars:
        yield TerminalProgress(bars)
