"""What a worker keeps is bounded: answers by bytes; callers by buckets that workers share."""

from __future__ import annotations

import multiprocessing
import os
import struct

import pytest

from api.http.response_cache import Cache
from api.runtime.rate_limiter import BYTES, RateLimiter


def test_answers_are_bounded_by_bytes() -> None:
    cache = Cache(entries=1000, seconds=60.0, size=100_000)
    for number in range(100):
        cache.put(number, "state", None, b"x" * 10_000)
        assert cache.held <= 100_000
    assert cache.get(99) is not None and cache.get(0) is None
    cache.put("large", "state", None, b"x" * 200_000)
    assert cache.get("large") is None
    cache.put(99, "state", None, b"")
    cache.clear()
    assert cache.held == 0


@pytest.fixture
def memory() -> int:
    file = os.memfd_create("test-buckets")
    os.posix_fallocate(file, 0, BYTES)
    return file


def _take(file: int, times: int, found: multiprocessing.Queue[int]) -> None:
    buckets = RateLimiter.shared(file)
    found.put(sum(buckets.wait("caller", 10.0, now=100.0) == 0.0 for _ in range(times)))


def test_processes_share_one_bucket(memory: int) -> None:
    context = multiprocessing.get_context("fork")
    found: multiprocessing.Queue[int] = context.Queue()
    workers = [context.Process(target=_take, args=(memory, 50, found)) for _ in range(3)]
    for worker in workers:
        worker.start()
    assert sum(found.get(timeout=60) for _ in workers) == 20  # a burst of two seconds' worth
    for worker in workers:
        worker.join()
    os.close(memory)


def test_a_moment_that_a_killed_process_left_is_cut(memory: int) -> None:
    buckets = RateLimiter.shared(memory)
    assert buckets.wait("caller", 10.0, now=100.0) == 0.0
    size = struct.calcsize("=8Q8d")
    for at in range(0, BYTES, size):  # far ahead, as no bucket can be
        struct.pack_into("=8d", buckets._memory, at + size // 2, *[1e12] * 8)
    assert 0.0 < buckets.wait("caller", 10.0, now=100.0) <= 2.1
    os.close(memory)
