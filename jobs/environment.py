"""The settings of a command, and the environment that it gives to a process it starts.

The settings themselves are declared in `recsys.settings`. This is the only module of jobs/ that
reads the environment, besides `numeric_threads`, which has to come before it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from recsys.errors import DataError
from recsys.settings import CommandLine, Settings, as_environment

SET = "--set"  # option of `recsys` itself: NAME=VALUE
# Of glibc's malloc, for workers. One arena: what one thread has freed, another may use; with one
# per thread a worker grew for half an hour, to more than twice its size. A fixed threshold:
# arrays of 4 MiB and more are mapped one by one and return to the system when they are freed. By
# default the first such array that is freed raises the threshold, and the next ones leave gaps.
MALLOC = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(4 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(8 << 20),  # of the heap's end, which is used again and again
}
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def load_settings(**options: object) -> Settings:
    """Return the settings. `options`: values of a command's own options, None where not given.

    A command's own option wins over `recsys --set`, that over the environment, that over the file.
    """
    own = {name: (f"--{name}", str(value)) for name, value in options.items() if value is not None}
    return Settings.load(os.environ, {**_set_by_option(), **own})


def variables() -> Mapping[str, str]:
    """Return the environment of this process, for libraries that are configured by it."""
    return os.environ


def server_environment(settings: Settings, host: str, workers: int) -> dict[str, str]:
    """Return the environment for a server process: the caller's, plus what it must agree on.

    One BLAS thread per worker: with several, small products wait for each other (0.2 ms becomes
    8 ms), and workers already use every core. What the caller has set for malloc stays.
    """
    shared = {
        **as_environment(settings, ("event_weights", "repeat")),
        "RECSYS_HOME": str(settings.home),
        "RECSYS_STORE": settings.store_url,
        "RECSYS_HOST": host,
        "RECSYS_WORKERS": str(workers),
    }
    return {**MALLOC, **own_modules(), **shared, **dict.fromkeys(_THREADS, "1")}


def own_command(*arguments: str) -> list[str]:
    """Return the command line of `recsys <arguments>`, run in the environment of own_modules."""
    return own_module("cli", *arguments)


def own_module(module: str, *arguments: str) -> list[str]:
    """Return the command line of a module of jobs/, to run with the environment of own_modules."""
    return [sys.executable, "-P", "-m", f"{__package__}.{module}", *arguments]


def own_modules() -> dict[str, str]:
    """Return the environment in which a further Python finds our modules before any others.

    It holds the values of `--set` as well. Started with -P a process does not look into its
    current folder. In a checkout, where jobs/ and api/ lie at the top, the checkout comes first on
    the path.
    """
    found = dict(os.environ)
    if given := _set_by_option():
        found |= as_environment(Settings.load(os.environ, given), given)
    if __package__ == "jobs":
        top = str(Path(__file__).absolute().parents[1])
        found["PYTHONPATH"] = os.pathsep.join(filter(None, (top, found.get("PYTHONPATH"))))
    return found | {"PYTHONSAFEPATH": "1"}


def _set_by_option() -> CommandLine:
    """Return the values of `recsys --set NAME=VALUE`, when a command of `recsys` is running."""
    context = click.get_current_context(silent=True)
    pairs = () if context is None else context.find_root().params.get("values") or ()
    found = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise DataError(f"{SET} {pair}: write {SET} name=value, as in {SET} seed=3")
        found[name.strip().lower().removeprefix("recsys_")] = (f"{SET} {name}", text)
    return found
