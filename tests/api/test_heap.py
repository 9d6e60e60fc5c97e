"""Freed memory goes back to the system, and the memory of SQLite has a bound."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from recsys.data.records import Event
from recsys.store.prepared_reads import CACHE
from recsys.store.store import Store

GAPS = """
import re
from pathlib import Path

from api.runtime.malloc_trim import release_free_pages


def anonymous():
    text = Path("/proc/self/smaps_rollup").read_text()
    return int(re.search(r"^Anonymous: +(\\d+)", text, re.MULTILINE)[1])


before = anonymous()
blocks = [bytearray(100_000) for _ in range(400)]
kept = [bytearray(block[:600]) for block in blocks]  # keeps the heap from shrinking at its end
del blocks
held = anonymous() - before
assert release_free_pages()
print(held, anonymous() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library frees otherwise")
def test_pages_between_live_blocks_return_to_the_system():
    settings = {"MALLOC_MMAP_THRESHOLD_": str(4 << 20), "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}
    done = subprocess.run(
        [sys.executable, "-c", GAPS], env=settings, capture_output=True, text=True, check=True
    )
    held, left = map(int, done.stdout.split())  # kB
    assert held > 30_000  # freed, and the process still has it
    assert left < held / 4


def test_each_connection_keeps_few_pages(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as store:
        with store.db.read() as connection:
            size = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
        assert -8_192 <= size < 0  # KiB
        store.add_events([Event("ann", "a", "like")])
        assert store.history("ann")
        assert store.db.readers is not None
        ((reader, _),) = store.db.readers._idle
        assert reader.execute("PRAGMA cache_size").fetchone() == (-CACHE,)
