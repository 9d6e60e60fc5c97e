"""Pages of the console, a module per subject."""

from . import (
    alerts,
    audit,
    bundles,
    compare,
    experiments,
    items,
    keys,
    overview,
    runs,
    settings,
    sign_in,
    suspects,
    topics,
    trends,
    users,
    why,
)

ALL = (
    overview,
    sign_in,
    runs,
    users,
    why,
    compare,
    items,
    topics,
    trends,
    alerts,
    suspects,
    experiments,
    bundles,
    keys,
    settings,
    audit,
)
