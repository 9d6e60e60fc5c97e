"""Names of all settings; an unknown name stops the start and the nearest known one is suggested.

Jobs and service declare their settings each for themselves; a test holds this list against both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from recsys.errors import DataError

PREFIX = "RECSYS_"
NAMES = frozenset(
    """
    access_log anonymous_rate_limit audit_days auth body_seconds cache cache_bytes cache_entries
    cache_seconds comment_strength config cors_origins defences deliver device direction encoder
    engines
    event_weights
    explore_share exposure_pending exposure_seconds finetune finetune_minutes flag_weight gazetteer
    home host
    impression_half_life keep_bundles mail_from max_batch max_body metrics_folder metrics_open
    min_people notice_days notice_retry_seconds port public_url rate_limit repeat
    request_cpu_seconds rising_weight
    safety_model seed smtp stale_hours store tail_seconds tone_strength tune_days tune_minutes
    trusted_proxies unrecorded_items webhook_networks workers
    write_seconds
    """.split()
)
# Kubernetes sets such variables in every container for a service that is called recsys.
_KUBERNETES = re.compile(r"RECSYS_(SERVICE_(HOST|PORT)|PORT_\d+)(_\w+)?")


def check_environment(names: Iterable[str]) -> None:
    """Raise DataError for the first variable RECSYS_… that is no setting."""
    for name in sorted(names):
        if name.startswith(PREFIX) and name.removeprefix(PREFIX).lower() not in NAMES:
            if not _KUBERNETES.fullmatch(name):
                raise DataError(f"{name} in the environment is no setting{_nearest(name, PREFIX)}")


def check_file(path: str, keys: Iterable[str]) -> None:
    """Raise DataError for the first key of a TOML file that is no setting."""
    for key in sorted(keys):
        if key not in NAMES:
            raise DataError(f"{path}: {key!r} is no setting{_nearest(key)}")


def is_service_link(value: object) -> bool:
    """Whether a value of RECSYS_PORT was set by Kubernetes for a service that is called recsys."""
    return isinstance(value, str) and value.startswith(("tcp://", "udp://", "sctp://"))


def _nearest(name: str, prefix: str = "") -> str:
    known = [prefix + one.upper() if prefix else one for one in sorted(NAMES)]
    close = get_close_matches(name, known, n=1)
    return f"; is {close[0]} meant?" if close else "; docs/settings.md lists all of them"
