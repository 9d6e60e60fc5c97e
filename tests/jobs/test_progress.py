"""Progress: lines where nobody watches, bars where somebody does."""

import io
import logging

from rich.console import Console
from rich.progress import Progress, TextColumn

from jobs.progress import LogProgress, TerminalProgress, job_progress


def walk(progress):
    progress.started("tune")
    with progress.step("ease 100"):
        progress.advance(1, 4)
    progress.finished("tune", 2.0, {"trials": 4, "best": 0.123456, "blend": {}}, False)
    progress.started("fit")
    progress.finished("fit", 0.0, {}, True)


def test_one_line_per_step_elsewhere(caplog):
    with caplog.at_level(logging.INFO), job_progress("nightly") as progress:
        assert isinstance(progress, LogProgress)
        walk(progress)
    assert [record.getMessage() for record in caplog.records] == [
        "nightly: tune 2.0 s: trials 4, best 0.1235",
        "nightly: fit done before",
    ]


def test_a_bar_per_step_on_a_terminal():
    screen = io.StringIO()
    columns = TextColumn("{task.description}"), TextColumn("{task.fields[words]}")
    console = Console(file=screen, force_terminal=True, width=100)
    with Progress(*columns, console=console, auto_refresh=False) as bars:
        walk(TerminalProgress(bars))
        assert [task.description for task in bars.tasks] == ["tune", "fit"]
        assert all(task.finished for task in bars.tasks)
        bars.refresh()
    assert "best 0.1235" in screen.getvalue() and "(done before)" in screen.getvalue()
