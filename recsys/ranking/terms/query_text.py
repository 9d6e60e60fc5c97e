"""QueryText: similarity of an item's text to the search words and to stated interests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys.array_types import Floats, Rows
from recsys.ranking.item_feature_table import ItemFeatureTable
from recsys.ranking.query_word_matches import search_matches
from recsys.ranking.terms.protocol import Attribution, Part, RequestContext, ScoreTerm, UserTerm
from recsys.ranking.text_scores import text_vectors
from recsys.serving.live_state import LiveState


@dataclass(frozen=True, slots=True)
class UserQueryText(UserTerm):
    """The vectors of one request."""

    live: LiveState
    words: str  # searched for
    vectors: Floats  # (2, t): of the search and of the interests

    @property
    def text_vector(self) -> Floats | None:
        """Sum of both vectors, (t,)."""
        return np.asarray(self.vectors.sum(axis=0), np.float32)

    def attribute(self, rows: Rows, values: Floats, table: ItemFeatureTable) -> Attribution:
        """Return what each of both adds; the search is quiet where a text hardly matches."""
        search, interests = (text_vectors(self.live, rows) @ self.vectors.T).T
        quiet = ~search_matches(self.live, self.words, rows)
        return Attribution((Part("search", search, quiet), Part("interests", interests)))


class QueryText(ScoreTerm):
    """Spread of the scores · cosine to the search words and interests."""

    name = "query_text"
    sources = {"search": "search", "interests": "interests"}

    def bind_request(self, context: RequestContext) -> UserQueryText | None:
        """Scale the vectors by the spread of the scores; None without words and interests."""
        if not context.query_vectors.any():
            return None
        vectors = np.float32(context.spread) * context.query_vectors
        return UserQueryText(context.live, context.query.words, vectors)
