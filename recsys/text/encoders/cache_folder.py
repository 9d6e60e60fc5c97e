"""The folder of word vectors that are distilled once per machine and user."""

from __future__ import annotations

from pathlib import Path


def default_cache() -> Path:
    """Return the folder of what is made once per machine and user: ~/.cache/recsys on Linux."""
    from platformdirs import user_cache_path  # a service never needs the folder

    return user_cache_path("recsys", appauthor=False)
