"""A history that speaks by texts alone is a reason only where the texts are alike."""

from dataclasses import replace

import pytest
from reason_worlds import NOW, model_of

from recsys.explanation import explain
from recsys.ranking.query import Interaction, Query
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState
from recsys.serving.score_model import ScoreModel, Term

WORDS = ScoreModel(terms=(Term("words", 10.0, 1.0),))


@pytest.mark.parametrize(
    ("item", "others", "told"),
    [
        ("r6", (), True),  # another cake
        ("r2", ("r6", "r7", "r8"), False),  # a soup, whose cosine with the cake is .07
        ("r3", ("r6", "r7", "r8"), False),  # .05
    ],
)
def test_the_nearest_text_is_no_reason_where_it_is_of_another_subject(item, others, told):
    """A list without its other cakes has nothing that is alike."""
    live = LiveState(replace(model_of("recipes"), score_model=WORDS))
    for other in others:
        live.remove_item(other)
    query = Query(history=(Interaction("r5", "like", None, NOW),), n=5, now=NOW + 60)
    found = explain(Recommender(live), query, item)
    assert ("because_you" in {reason.kind for reason in found.reasons}) is told
    history = [part.value for part in found.parts if part.kind == "because_you"]
    assert history and history[0] > 0  # it stays a part of the score
