"""Explanation: parts and base add up to the very score of the list; changes are what they say."""

from dataclasses import replace

import numpy as np
import pytest
import worlds
from worlds import WHOLE

from recsys.data.records import Item
from recsys.explanation import TRIED, by_label, explain
from recsys.ranking.gbdt_features import names
from recsys.ranking.query import Interaction, Query
from recsys.recommender import Recommender
from recsys.serving.gbdt_model import Gbdt
from recsys.serving.live_state import LiveState
from recsys.serving.score_model import LogTerm, ScoreModel, Term
from recsys.store.user_controls import Control

NOW = worlds.topics().now
SAILOR = tuple(Interaction(f"sea-{n}", "like", timestamp=NOW - 1000 + n) for n in (1, 4, 6, 9, 12))
CONTROLS = (
    Control(1, "boost", "author", "sea-author-2", 0.0),
    Control(2, "less", "item", "sea-3", 0.0),
    Control(3, "mute", "tag", "tag-1", 0.0),
)


def stump():
    """Return one tree: what is more popular within a day gets half a point."""
    return Gbdt(
        names(),
        np.array([0], np.int32),
        np.array([names().index("share_1d"), 0, 0], np.int32),
        np.array([-0.5, 0, 0]),
        np.array([1, 1, 2], np.int32),
        np.array([2, 1, 2], np.int32),
        np.array([0.0, -0.25, 0.5]),
        1,
    )


def service(score_model=WHOLE, trees=None):
    live = LiveState(replace(worlds.model(), score_model=score_model, trees=trees))
    live.add_item(Item("post", title="tide 海", created_at=NOW + 5))
    live.add_event("sea-20", "like", timestamp=NOW + 6)
    return Recommender(live, drift=0.0)


QUERIES = {
    "plain": Query(history=SAILOR, now=NOW),
    "stranger": Query(now=NOW),
    "steered": Query(history=SAILOR, now=NOW, controls=CONTROLS, words="chess", interests=("帆",)),
    "forgotten": Query(
        history=SAILOR, now=NOW, controls=(Control(9, "forget", "item", "sea-4", NOW),)
    ),
}


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("trees", [None, stump()], ids=["no trees", "trees"])
def test_base_and_parts_are_the_score_that_the_list_shows(name, trees):
    engine, query = service(trees=trees), replace(QUERIES[name], n=99)
    shown = engine.recommend(query)
    for one in (shown[0], shown[1], shown[len(shown) // 2], shown[-1]):
        found = explain(engine, query, one.item_id)
        assert found.score == one.score and found.rank == one.rank and found.closed == ""
        total = found.base + sum(part.value for part in found.parts)
        assert total == pytest.approx(found.score, abs=1e-5 * max(1.0, abs(found.score)))
        shares = found.base + found.speaking * sum(part.share for part in found.parts)
        assert shares == pytest.approx(found.score, abs=1e-5 * max(1.0, abs(found.score)))
        assert sum(part.share for part in found.parts if part.value > 0) == pytest.approx(1.0)
        assert [r.kind for r in found.reasons][:3] == [r.kind for r in one.reasons]
    if trees is not None:
        assert any(part.kind == "context" for part in found.parts)


def test_what_is_not_shown_says_why():
    engine, query = service(), QUERIES["steered"]
    engine.live.remove_item("chess-5")
    why = {
        item: explain(engine, query, item).closed for item in ("sea-4", "sea-7", "chess-5", "sea-8")
    }
    assert why == {"sea-4": "seen", "sea-7": "muted", "chess-5": "gone", "sea-8": ""}
    with pytest.raises(KeyError):
        explain(engine, query, "never heard of")


def test_the_change_is_what_a_history_without_the_item_gives():
    engine, query = service(), QUERIES["plain"]
    found = explain(engine, query, "sea-2")
    assert found.tried == len(SAILOR)
    drops = {}
    for left_out in SAILOR:
        kept = tuple(one for one in SAILOR if one is not left_out)
        given = replace(query, history=kept, exclude=frozenset({left_out.item_id}), n=99)
        after = next(one.score for one in engine.recommend(given) if one.item_id == "sea-2")
        drops[left_out.item_id] = found.score - after
    most = max(drops, key=drops.get)
    assert found.change.item_id == most and found.change.drop == pytest.approx(drops[most])
    assert found.change.score == pytest.approx(found.score - found.change.drop)


def test_a_stranger_has_nothing_to_change_and_a_long_history_is_not_tried_whole():
    engine = service()
    alone = explain(engine, QUERIES["stranger"], "sea-2")
    assert alone.change is None and alone.tried == 0
    assert not [part for part in alone.parts if part.kind == "because_you"]
    many = tuple(
        Interaction(f"{of}-{n}", "like", timestamp=NOW + n)
        for n in range(24)
        for of in ("sea", "chess")
    )
    assert explain(engine, Query(history=many, now=NOW), "sea-30").tried == TRIED


def test_what_the_history_gives_by_label():
    found = explain(service(), QUERIES["plain"], "sea-2")
    labels = [(one.item_id, "even" if int(one.item_id[4:]) % 2 == 0 else "odd") for one in SAILOR]
    gathered = by_label(found, labels)
    whole = sum(part.value for part in found.parts if part.kind == "because_you")
    assert sum(value for value, _ in gathered.values()) == pytest.approx(whole)
    assert sorted(gathered["even"][1]) == ["sea-12", "sea-4", "sea-6"]


def test_in_a_world_of_one_blend_the_one_reader_of_a_book_is_told():
    score_model = ScoreModel((Term("neighbours", 5.0, 1.0),), (LogTerm(0.1, 1.0),))
    engine = Recommender(LiveState(worlds.plain(worlds.odd_even(), score_model)), drift=0.0)
    odd = tuple(Interaction(f"book-{n}", "like", timestamp=NOW + n) for n in (1, 3, 2))
    found = explain(engine, Query(history=odd, now=NOW), "book-7")
    assert found.change.item_id in ("book-1", "book-3")
    giving = {part.item_id for part in found.parts if part.value > 1e-3}
    assert giving == {"book-1", "book-3"}
