"""Following feed: items of the authors and users whom a user follows, by time or ranked.

feed = FollowingFeed(recommender, user, query)
feed.by_time(20)
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recsys import empty_list_reasons
from recsys.i18n import translate
from recsys.personal_list import UserState, ranked
from recsys.ranking import nonpersonal_lists, reason_templates
from recsys.ranking.query import Query, Reason, Recommendation
from recsys.recommender import Recommender

NOBODY = "You follow nobody yet"
WROTE_NONE = "Nothing by those you follow may be listed now"
WROTE = "Those you follow wrote {count} of {all} items"
SOURCE = "followed"


class FollowingFeed:
    """What one user's followees wrote; the engine is to be held while it is asked."""

    def __init__(self, recommender: Recommender, user: UserState, query: Query) -> None:
        self.recommender, self.user = recommender, user
        authors = frozenset(user.follows)
        if query.filters.author:
            authors &= query.filters.author
        self.nobody = not authors
        self.filtered = not query.filters.empty
        filters = replace(query.filters.with_replies(), author=_who_wrote(recommender, authors))
        self.query = replace(query, filters=filters)

    def ranked(self, n: int) -> Sequence[Recommendation]:
        """Return the best n items and one more, as a personal list has them; none seen before."""
        return [] if self.nobody else ranked(self.recommender, self.query, n)

    def by_time(self, n: int) -> Sequence[Recommendation]:
        """Return the newest n items; those seen before are among them, muted and own ones not."""
        if self.nobody:
            return []
        live, query = self.recommender.live, self.query
        request = self.recommender.request(query)
        closed = np.zeros(live.size, bool)
        if request.muted is not None:
            closed[: len(request.muted)] = request.muted[: live.size]
        if query.author:
            closed |= self.recommender.own(query, live.size)
        rows = [live.row(item_id) for item_id in query.exclude]
        closed[[row for row in rows if row >= 0]] = True
        found = nonpersonal_lists.latest(live, n, query.filters, query.language, closed)
        return [self._with_reason(one) for one in found]

    def notice(self, by_time: bool, first: bool) -> str:
        """Return why the feed has no more items, in the user's language; `first`: on page one."""
        live, language, chosen = self.recommender.live, self.query.language, ""
        if self.nobody:
            return translate(NOBODY, language)
        if not self.filtered:
            count = empty_list_reasons.matching(live, self.query.filters, self.query.now)
            key = WROTE if count else WROTE_NONE
            chosen = translate(key, language, count=count, all=int(live.listed().sum()))
        return empty_list_reasons.personal(self.recommender, self.query, first, chosen, by_time)

    def _with_reason(self, one: Recommendation) -> Recommendation:
        live, names = self.recommender.live, dict(self.user.names)
        author = str(live.document(live.row(one.item_id)).get("author_id", ""))
        text = reason_templates.sentence(
            SOURCE, language=self.query.language, name=names.get(author, author)
        )
        reason = Reason(SOURCE, 1.0, text, label=author)
        return Recommendation(one.item_id, one.score, one.rank, SOURCE, (reason,))


def _who_wrote(recommender: Recommender, authors: frozenset[str]) -> frozenset[str]:
    """Return the authors of items among some, which filters look up for every part of a page.

    Where there is none of them, one of `authors` stands for all: a filter without a name admits
    every item.
    """
    live = recommender.live
    found = frozenset(name for name in authors if live.code("author", name) >= 0)
    return found or frozenset(itertools.islice(authors, 1))
