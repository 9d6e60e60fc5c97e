"""Pages of the console, a module per subject."""

from . import (
    alerts,
    audit,
    bundles,
    compare,
    detected_events,
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
    detected_events,
    alerts,
    suspects,
    bundles,
    keys,
    settings,
    audit,
)
