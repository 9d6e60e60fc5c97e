"""Run a recsys command as if some packages were not installed.

    python tests/support/without_packages.py torch,transformers nightly --json

In a checkout, with the checkout on PYTHONPATH.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

from jobs.cli import main

ABSENT = frozenset(sys.argv[1].split(","))


class Finder(PathFinder):
    """Modules on the path, but for those of the absent packages."""

    @staticmethod
    def find_spec(fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return where a module lies; None where it is not installed."""
        if fullname.partition(".")[0] in ABSENT:
            return None
        return PathFinder.find_spec(fullname, path, target)


if __name__ == "__main__":
    sys.meta_path[sys.meta_path.index(PathFinder)] = Finder
    sys.argv[:2] = ["recsys"]
    main()
