"""Entry points: functions of installed packages that register engines, score terms or baselines."""

from __future__ import annotations

from importlib.metadata import entry_points

from recsys.errors import DataError


def call_entry_points(group: str) -> None:
    """Call the function without arguments that each entry point of a group names.

    DataError names the one that fails.
    """
    for point in entry_points(group=group):
        try:
            point.load()()
        except Exception as error:
            raise DataError(f"entry point {point.value} of {group}: {error!r}") from error
