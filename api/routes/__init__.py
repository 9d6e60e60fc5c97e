"""One module per resource; a view calls the domain and returns a value."""

from ..routes import (
    docs,
    entities,
    events,
    explain,
    gorse,
    gorse_feedback,
    gorse_records,
    health,
    items,
    lists,
    people,
    recommend,
    stats,
    topics,
    trends,
    users,
)

ROUTES = (
    recommend.routes,
    lists.routes,
    trends.routes,
    entities.routes,
    topics.routes,
    items.routes,
    people.routes,
    explain.routes,
    users.routes,
    events.routes,
    health.routes,
    stats.routes,
    docs.routes,
    gorse.routes,
    gorse_records.routes,
    gorse_feedback.routes,
)
