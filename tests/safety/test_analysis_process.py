"""Text analysis in a process of its own: the same result, bounded, and replaced when it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from recsys import request_cpu_budget
from recsys.errors import CpuLimit, Overloaded
from recsys.safety.analysis_process import AnalysisProcess
from recsys.safety.text_analysis import CHUNK_TEXTS, Words, analyse, chunks
from recsys.safety.text_rules import by_words

TEXTS: list[Words] = [
    ("a plain title", "the tide comes in and the sailors wait for it in the harbour of the town"),
    ("buy", "http://a.example/1 http://b.example/2 http://c.example/3"),
    ("You are an idiot", "and so is everybody who reads this"),
    ("", "\ud800 broken"),
    ("海浪", "我们在港口等待潮水"),
] * 20

SCORER = '''
"""Scorers of tests: one waits for a file, one ends its process, one never ends."""

import os
import time
from pathlib import Path


def waits(texts):
    while not Path(os.environ["TESTS_GATE"]).exists():
        time.sleep(0.01)
    return [{} for _ in texts]


def dies(texts):
    os._exit(3)


def stuck(texts):
    while True:
        pass
'''


@pytest.fixture
def process() -> Iterator[AnalysisProcess]:
    found = AnalysisProcess()
    yield found
    found.close()


@pytest.fixture
def scorers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the module path with scorers; returns the file that `waits` waits for."""
    (tmp_path / "tests_slow_scorers.py").write_text(SCORER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    gate = tmp_path / "gate"
    monkeypatch.setenv("TESTS_GATE", str(gate))
    return gate


def test_another_process_finds_what_this_one_finds(process):
    assert process.pid is None  # it starts with the first bulk
    assert process.analyse(TEXTS) == analyse(TEXTS, by_words)
    first = process.pid
    assert first not in (None, os.getpid())
    assert process.analyse(TEXTS[:1]) == analyse(TEXTS[:1], by_words)
    assert process.pid == first
    assert process.analyse([]) == []


def test_chunks_are_bounded_and_lose_nothing():
    texts: list[Words] = [("t", "x" * 60_000)] * 3 + [("", "short")] * 100 + [("", "y" * 300_000)]
    parts = list(chunks(texts))
    assert [one for part in parts for one in part] == texts
    assert max(map(len, parts)) == CHUNK_TEXTS
    assert all(len(part) == 1 or sum(len(b) for _, b in part) <= 100_000 for part in parts)


def test_a_process_that_was_killed_is_replaced(process):
    process.analyse(TEXTS[:2])
    first = process.pid
    os.kill(first, signal.SIGKILL)
    assert process.analyse(TEXTS[:2]) == analyse(TEXTS[:2], by_words)
    assert process.pid != first


def test_a_process_that_always_dies_is_an_error(scorers):
    process = AnalysisProcess("tests_slow_scorers:dies")
    with pytest.raises(Overloaded, match="ended twice"):
        process.analyse(TEXTS[:2])
    process.close()


def test_the_cpu_time_of_the_process_counts(process):
    many = TEXTS * 40
    with request_cpu_budget.limited(0.05), pytest.raises(CpuLimit, match=r"0\.05 s"):
        process.analyse(many)
    assert process.analyse(TEXTS[:1]) == analyse(TEXTS[:1], by_words)


def test_a_text_that_never_ends_is_ended_by_the_system(scorers):
    process = AnalysisProcess("tests_slow_scorers:stuck")
    with request_cpu_budget.limited(0.1), pytest.raises(CpuLimit, match="the analysis of texts"):
        process.analyse(TEXTS[:1])
    assert process.pid is None
    process.close()


def test_more_bulks_than_may_wait_are_refused_at_once(scorers):
    process = AnalysisProcess("tests_slow_scorers:waits", waiting=1)
    found: list[int] = []

    def one() -> None:
        found.append(len(process.analyse(TEXTS[:2])))

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    while process._held < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)  # between looks
    with pytest.raises(Overloaded, match="2 bulks wait"):
        process.analyse(TEXTS[:2])
    assert found == []
    scorers.touch()
    for thread in threads:
        thread.join(60)
    assert found == [2, 2]
    process.close()


def test_a_process_without_work_ends():
    process = AnalysisProcess(idle=0.0)
    process.analyse(TEXTS[:2])
    process.rest()
    assert process.pid is None
    process.rest()
    assert process.analyse(TEXTS[:2]) == analyse(TEXTS[:2], by_words)
    process.close()


def test_the_process_ends_with_its_parent():
    code = (
        "from recsys.safety.analysis_process import AnalysisProcess\n"
        "process = AnalysisProcess(); process.analyse([('a', 'b')])\n"
        "print(process.pid, flush=True); input()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None and parent.stdin is not None
    with parent, parent.stdout, parent.stdin:
        child = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 60
    while _runs(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)  # between looks


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
