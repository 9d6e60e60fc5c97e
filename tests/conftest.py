"""What all tests share: one thread, a cache of distilled vectors, fixed generated input.

Two threads that fight for a busy processor make a test of torch last minutes. The libraries read
the environment when they are loaded, so it is set before any test module is imported; commands that
tests start inherit it.
"""

import os

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers

from jobs.numeric_threads import COUNTS, set_threads

for name in COUNTS:
    os.environ[name] = "1"
set_threads()


def pytest_configure(config: pytest.Config) -> None:
    """Keep distilled vectors in pytest's own cache folder, from one run to the next."""
    os.environ["RECSYS_CACHE"] = str(config.cache.mkdir("recsys"))
    fix_generated_input()


def fix_generated_input() -> None:
    """Let generated input depend on the test and on the version of Hypothesis alone.

    Hypothesis also draws constants that it finds in the project's modules loaded so far. With them
    a derandomized test has other input after other tests, in another process and after any change
    of the code. `--hypothesis-profile=default` draws at random.
    """
    settings.register_profile("ci", derandomize=True, print_blob=True, database=None)
    settings.load_profile("ci")
    # private: another version of Hypothesis may have another name for it
    assert callable(providers._get_local_constants)
    providers._get_local_constants = lambda: providers._local_constants
