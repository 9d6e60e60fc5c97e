"""What all tests share: one thread, and one cache of distilled vectors.

Two threads that fight for a busy processor make a test of torch last minutes. The libraries read
the environment when they are loaded, so it is set before any test module is imported; commands that
tests start inherit it.
"""

import os

import pytest

from jobs.numeric_threads import COUNTS, set_threads

for name in COUNTS:
    os.environ[name] = "1"
set_threads()


def pytest_configure(config: pytest.Config) -> None:
    """Keep distilled vectors in pytest's own cache folder, from one run to the next."""
    os.environ["RECSYS_CACHE"] = str(config.cache.mkdir("recsys"))
