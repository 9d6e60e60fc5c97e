"""The settings of the service, from the environment: the only reader of the environment in api/.

They are declared in `recsys.settings`, with those of the commands.
"""

from __future__ import annotations

import os

from recsys.settings import Settings

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", ""})


def load_settings() -> Settings:
    """Return the settings that the environment gives, and the file that RECSYS_CONFIG names."""
    return Settings.load(os.environ)
