"""The store of a command's settings."""

from __future__ import annotations

from recsys.store.store import Store

from .environment import load_settings


def open_store() -> Store:
    """Return the store that the settings name, to be closed by the caller."""
    return Store.open(load_settings().store_url)
