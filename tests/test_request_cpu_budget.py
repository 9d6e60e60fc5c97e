"""The CPU budget of a request: what counts, what does not, and the error that names the limit."""

from __future__ import annotations

import math
import threading
import time

import pytest

from recsys import request_cpu_budget
from recsys.errors import CpuLimit


def burn(seconds: float) -> None:
    """Use CPU time of this thread."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_work_beyond_the_budget_ends_with_an_error_that_names_limit_and_part():
    with request_cpu_budget.limited(0.02):
        request_cpu_budget.check("the first part")
        burn(0.03)
        with pytest.raises(CpuLimit, match=r"0\.02 s .*RECSYS_REQUEST_CPU_SECONDS.*the filters"):
            request_cpu_budget.check("the filters")


def test_without_a_budget_nothing_is_limited():
    burn(0.01)
    request_cpu_budget.check("all")
    assert request_cpu_budget.left() == math.inf
    with request_cpu_budget.limited(0.0):
        burn(0.01)
        request_cpu_budget.check("all")
        assert request_cpu_budget.left() == math.inf


def test_waiting_and_shared_work_cost_nothing():
    with request_cpu_budget.limited(0.05):
        time.sleep(0.1)
        request_cpu_budget.check("the wait")
        with request_cpu_budget.shared_work():
            burn(0.1)
        request_cpu_budget.check("what is built once for all")
        assert 0.0 < request_cpu_budget.left() <= 0.05


def test_a_budget_holds_for_its_thread_and_its_block():
    seen: list[float] = []
    with request_cpu_budget.limited(1.0):
        thread = threading.Thread(target=lambda: seen.append(request_cpu_budget.left()))
        thread.start()
        thread.join()
        with request_cpu_budget.limited(5.0):
            assert 1.0 < request_cpu_budget.left() <= 5.0
        assert request_cpu_budget.left() <= 1.0
    assert seen == [math.inf] and request_cpu_budget.left() == math.inf


def test_cpu_time_of_another_process_counts():
    with request_cpu_budget.limited(10.0):
        request_cpu_budget.spend(4.0)
        assert 5.0 < request_cpu_budget.left() <= 6.0
        request_cpu_budget.spend(math.inf)
        assert request_cpu_budget.left() == 0.0
        with pytest.raises(CpuLimit):
            request_cpu_budget.check("the rest")
