"""The settings of the service, from the environment: the only reader of the environment in api/.

They are declared in `recsys.settings`, with those of the commands.
"""

from __future__ import annotations

import os
from pathlib import Path

from recsys.settings import SETTINGS, Settings, as_environment

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", ""})


_FIGURES = "PROMETHEUS_MULTIPROC_DIR"  # of the workers alone


def child_environment(settings: Settings) -> dict[str, str]:
    """Return the environment of a process that works with the same settings, and finds the same
    modules.
    """
    names = [one.name for one in SETTINGS if one.variable != _FIGURES]
    top = Path(__file__).absolute().parents[__name__.count(".")]
    path = os.pathsep.join(filter(None, (str(top), os.environ.get("PYTHONPATH"))))
    inherited = {name: text for name, text in os.environ.items() if name != _FIGURES}
    return {**inherited, **as_environment(settings, names), "PYTHONPATH": path}


def load_settings() -> Settings:
    """Return the settings that the environment gives, and the file that RECSYS_CONFIG names."""
    return Settings.load(os.environ)
