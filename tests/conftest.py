"""What all tests share: one thread, a cache of distilled vectors, fixed generated input.

Two threads that fight for a busy processor make a test of torch last minutes. The libraries read
the environment when they are loaded, so it is set before any test module is imported; commands that
tests start inherit it.
"""

import os
from functools import cache
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from jobs.numeric_threads import COUNTS, set_threads

ROOT = Path(__file__).resolve().parent.parent
# files that take longest, longest first: begun at the end, one of them would be waited for alone
LONG_FILES = (
    "tests/jobs/test_nightly.py",
    "tests/api/test_docs_examples.py",
    "tests/jobs/test_serve.py",
    "tests/jobs/test_finetuning.py",
    "tests/api/test_schema.py",
    "tests/api/test_server.py",
    "tests/api/test_slow_clients.py",
    "tests/api/test_before_bodies.py",
    "tests/evaluation/test_watches_command.py",
    "tests/jobs/test_ingest.py",
    "tests/test_docs_site.py",
    "tests/api/test_busy_store.py",
    "tests/api/test_erasure_race.py",
    "tests/faults/test_postgres_crashes.py",
    "tests/api/test_notices.py",
)

for name in COUNTS:
    os.environ[name] = "1"
set_threads()

# after the threads are set: it loads NumPy
from postgres_fixtures import postgres, postgres_store, store_url  # noqa: E402, F401


def pytest_configure(config: pytest.Config) -> None:
    """Keep distilled vectors in pytest's own cache folder, from one run to the next.

    Certificates are read once: each client of httpx would read them for 20 ms, also for http.
    """
    httpx._transports.default.create_ssl_context = cache(httpx.create_ssl_context)
    os.environ["RECSYS_CACHE"] = str(config.cache.mkdir("recsys"))
    fix_generated_input()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; all others keep their order."""
    ranks = {ROOT / name: rank for rank, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: ranks.get(item.path, len(ranks)))


def fix_generated_input() -> None:
    """Let generated input depend on the test and on the version of Hypothesis alone.

    Hypothesis also draws constants that it finds in the project's modules loaded so far. With them
    a derandomized test has other input after other tests, in another process and after any change
    of the code. `--hypothesis-profile=default` draws at random.
    """
    settings.register_profile(
        "ci",
        derandomize=True,
        print_blob=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],  # a busy machine is no fault of a test
    )
    settings.load_profile("ci")
    # private: another version of Hypothesis may have another name for it
    assert callable(providers._get_local_constants)
    providers._get_local_constants = lambda: providers._local_constants
