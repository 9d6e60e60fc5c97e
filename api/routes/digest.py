"""/digest: what a user has missed."""

from __future__ import annotations

import time
from typing import Any

from recsys.errors import StoreError

from ..handlers.personal_list import Recommend
from ..http.endpoint_declaration import Routes
from ..runtime.request_audit import LIST
from ..schemas.digest import Digest, DigestQuery
from .request_context import about, language, service

routes = Routes("digest")

_SHOWN = 100_000  # places of the log that are looked through, the newest first


@routes.get(
    "/digest/<id:user>", "lists", own="path.user", query=DigestQuery, answers=Digest, unaudited=LIST
)
def of_user(user: str, query: DigestQuery) -> dict[str, Any]:
    """Items that a user has missed, in sections with one reason each; or why there are none.

    Nothing that the exposure log shows as seen, nor anything that they acted on or muted. A digest
    is no exposure itself.
    """
    from recsys.digest import DAYS, digest  # here: few workers need it

    at_hand, now = service(), time.time()
    tag = language(query.lang)
    since = now - DAYS * 86_400 if query.since is None else query.since
    at_hand.see_changes()
    state = Recommend(at_hand, tag).user_state(about(user))
    serving = at_hand.serving
    with serving.feed.ranking:
        made = digest(
            serving.recommender,
            state,
            _seen(user, since),
            since,
            now,
            query.max,
            tag,
            at_hand.settings.repeat_categories,
        )
    return {
        "user": user,
        "since": made.since,
        "until": made.until,
        "sections": made.sections_json,
        "text": made.text,
        "why_not": made.why_not or None,
    }


def _seen(user: str, since: float) -> set[str]:
    """Return the items that a user was shown since a moment, as far as the exposure log goes.

    A digest has only items that came since, none of which can have been shown before.
    """
    at_hand = service()
    person = at_hand.pseudonyms.of(user)
    shown = {item_id for item_id, _ in at_hand.exposures.waiting(person)}
    try:
        with at_hand.link.use():
            shown |= at_hand.link.exposures().shown_items(person, since, _SHOWN)
    except StoreError:
        at_hand.metrics.lists.labels("degraded").inc()
    return shown
