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


def test_the_gate_does_not_repeat_what_the_step_baselines_said(caplog):
    said = "popular is published, the tuned model is worse: nDCG@20 0.1"
    verdict = {"passed": True, "reason": f"{said}; there is no previous bundle to compare with"}
    progress = LogProgress("nightly")
    with caplog.at_level(logging.INFO, logger="recsys"):
        progress.finished("baselines", 1.0, {"reason": said}, False)
        progress.finished("gate", 1.0, {**verdict, "baselines": {"reason": said}}, False)
    assert caplog.text.count(said) == 1
    assert "gate 1.0 s: passed: there is no previous bundle to compare with" in caplog.text


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
