"""Following feed handler: validated parameters to the JSON of items of a user's followees."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from recsys.exploration import EMPTY_POOL, explored
from recsys.following_feed import FollowingFeed
from recsys.i18n import SOURCE
from recsys.personal_list import ListRequest, query_of
from recsys.ranking.query import Recommendation

from ..runtime.app_state import AppState
from ..schemas.lists import FollowingParameters
from . import list_pagination as pages
from .personal_list import MadeList, Recommend


class Following:
    """Makes the lists of items by those whom a user follows."""

    def __init__(self, service: AppState, language: str = SOURCE) -> None:
        self.service, self.language = service, language

    def answer(self, user_id: str, given: FollowingParameters, base: str) -> dict[str, Any]:
        """Return a page of the feed, and remember what it shows."""
        maker = Recommend(self.service, self.language)
        user_state = maker.user_state(user_id)
        self.service.see_changes()
        serving, cursor = self.service.serving, pages.opened(given, "following", user_id)
        request = ListRequest(
            exclude=frozenset(given.exclude),
            filters=pages.filters(given),
            explain=given.explain,
            language=self.language,
            now=cursor.started,
        )
        feed = FollowingFeed(serving.recommender, user_state, query_of(user_state, request))
        pages.check_where(serving.live, feed.query.filters)

        def best(k: int) -> Sequence[Recommendation]:
            with serving.feed.ranking:
                return feed.by_time(k) if given.order == "time" else feed.ranked(k - 1)

        with self.service.metrics.stage("following"):
            page = pages.cut(cursor, given.n, best)
        placed = explored(page.items, EMPTY_POOL, 0.0, self.service.rng)
        answer_id, notice = uuid.uuid4().hex, ""
        if len(page.items) < given.n and not page.more:
            with serving.feed.ranking:
                notice = feed.notice(given.order == "time", not cursor.shown)
        warnings = pages.warnings(serving.live, given)
        answer = {
            "user": user_id,
            "recommendation_id": answer_id,
            "model_version": serving.version,
            "cold_start": user_state.cold,
            "degraded": user_state.degraded,
            "variant": None,  # a feed of one's own choice is in no experiment
            "items": [pages.entry(one, serving, given.fields, given.explain) for one in page.items],
            "next": pages.next_url(base, given, page.after(one.item_id for one in page.items)),
            **({"notice": notice} if notice else {}),
            **({"warnings": warnings} if warnings else {}),
        }
        kind = "degraded" if user_state.degraded else "personal"
        maker.remember(
            [MadeList(answer, maker.exposure(answer_id, serving, user_state, placed), kind)]
        )
        return answer
