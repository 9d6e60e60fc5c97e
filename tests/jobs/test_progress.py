"""Progress: a line per finished step; a bar for the running one where somebody watches."""

import io
import logging
import re

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from jobs.nightly.extra_bundle_parts import EXTRA_STEPS
from jobs.nightly.pipeline import NightPipeline
from jobs.nightly.step_messages import SENTENCES, sentence
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


@pytest.fixture
def screen():
    return io.StringIO()


@pytest.fixture
def progress(screen):
    """A terminal of 80 columns that shows no bars, only what stays on it."""
    columns = TextColumn("{task.description}"), TextColumn("{task.fields[words]}")
    console = Console(file=screen, force_terminal=True, width=80, color_system=None)
    with Progress(*columns, console=console, auto_refresh=False) as bars:
        yield TerminalProgress(bars)


def test_a_line_per_finished_step_and_a_bar_for_the_running_one(progress, screen):
    walk(progress)
    assert "best 0.1235" in screen.getvalue() and "done before" in screen.getvalue()
    assert progress._bars.tasks == []
    progress.started("gate")
    progress.note("on the way")
    (task,) = progress._bars.tasks
    assert (task.description, task.fields["words"]) == ("gate", "on the way")


def test_the_sentence_of_a_step_is_wrapped_and_never_cut(progress, screen):
    said = (
        "nDCG@20 0.1616, trending [1d] 0.1577, " + "a long sentence with figures; " * 8 + "the end"
    )
    progress.started("baselines")
    progress.finished("baselines", 69.2, {"reason": said}, False)
    shown = re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]", "", screen.getvalue())
    assert " ".join(said.split()) in " ".join(shown.replace("baselines", "").split())
    assert "…" not in shown and max(map(len, shown.splitlines())) <= 80


def test_a_night_without_a_prediction_of_who_returns_names_one_cause():
    undated = sentence("returning", {"dated": False})
    assert undated == "no prediction of who returns: events have no times"
    assert "too few weeks" in sentence("returning", {"dated": True})


def test_every_step_of_a_night_has_a_sentence():
    names = "snapshot distill finetune encode index tune baselines fit joined titles gate publish"
    assert all(hasattr(NightPipeline, name) for name in names.split())
    assert {*names.split(), *EXTRA_STEPS} <= SENTENCES.keys()


def test_titles_are_told_in_words():
    because = "RECSYS_TITLE_MODEL names no model"
    told = sentence("titles", {"trained": False, "because": because})
    assert told == f"no model that writes titles was trained: {because}"
    better = {"trained": True, "kept": True, "because": "better than extracted titles"}
    assert sentence("titles", better).endswith("is kept: better than extracted titles")
