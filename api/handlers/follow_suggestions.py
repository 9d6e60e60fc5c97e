"""Follow suggestions handler: a user and validated parameters to the JSON of accounts."""

from __future__ import annotations

from typing import Any

from recsys.errors import StoreError
from recsys.follow_suggestions import FollowSuggestions, as_json
from recsys.i18n import SOURCE

from ..runtime.app_state import AppState
from ..schemas.follow_suggestions import SuggestionsQuery
from .personal_list import Recommend


def suggestions(
    service: AppState, user_id: str, query: SuggestionsQuery, language: str = SOURCE
) -> dict[str, Any]:
    """Return accounts that a user may want to follow; none while the store is away."""
    answer = {"user": user_id, "newcomer": True, "degraded": True, "suggestions": []}
    user = Recommend(service, language).user_state(user_id)
    if user.degraded:
        return answer
    service.see_changes()
    graph, serving = service.follow_graph(), service.serving_or_none
    try:
        with service.metrics.stage("suggestions"), service.link.use() as store:
            found = FollowSuggestions(
                store,
                graph,
                service.popular_accounts,
                None if serving is None else serving.recommender,
                user,
                language,
            )
            kinds = (query.kind != "authors", query.kind != "users")
            if serving is None:
                listed = found.best(query.n, *kinds)
            else:
                with serving.feed.ranking:
                    listed = found.best(query.n, *kinds)
    except StoreError:
        return answer
    return {
        "user": user_id,
        "newcomer": not found.edges,
        "degraded": graph is None,
        "suggestions": [as_json(one) for one in listed],
    }
