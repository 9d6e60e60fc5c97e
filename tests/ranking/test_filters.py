"""Rules: filters, caps and diversity, in lists short enough to check by eye."""

from dataclasses import replace

import numpy as np
import pytest
import worlds

from recsys.data.records import Item
from recsys.data.table_builder import item_table
from recsys.ranking.filters import allowed, capped, diversified
from recsys.ranking.query import Filters, Query
from recsys.recommender import Recommender
from recsys.serving.catalogue import Catalogue
from recsys.serving.live_state import LiveState
from recsys.serving.score_model import ScoreModel

NOW = worlds.START
DAY = 86_400.0


@pytest.fixture(scope="module")
def live():
    state = worlds.live()
    state.add_item(Item("plain"))
    return state


def passing(live, **filters):
    chosen = {
        name: frozenset(value) if isinstance(value, tuple) else value
        for name, value in filters.items()
    }
    mask = allowed(live, Filters(**chosen), NOW)
    return {live.item_id(row) for row in np.flatnonzero(mask).tolist()}


def all_of(wanted):
    return {item.item_id for item in worlds.texts() if wanted(item)}


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({"category": ("sea",)}, lambda i: i.category == "sea"),
        ({"category": ("sea", "nowhere")}, lambda i: i.category == "sea"),
        (
            {"author": ("sea-author-1", "chess-author-2")},
            lambda i: i.author_id in ("sea-author-1", "chess-author-2"),
        ),
        (
            {"language": ("zh",), "strict_language": True},
            lambda i: i.metadata["language"] == "zh",
        ),
        (
            {"category": ("SEA",), "tags": ("Tag-0",)},
            lambda i: i.category == "sea" and "tag-0" in i.tags,
        ),
        ({"tags": ("tag-0", "nowhere")}, lambda i: "tag-0" in i.tags),
        (
            {"category": ("sea",), "language": ("en",), "not_tags": ("tag-1",)},
            lambda i: (
                i.category == "sea" and i.metadata["language"] == "en" and "tag-1" not in i.tags
            ),
        ),
        ({"max_age": 15 * DAY}, lambda i: NOW - i.created_at <= 15 * DAY),
        ({"min_age": 30 * DAY}, lambda i: NOW - i.created_at >= 30 * DAY),
    ],
)
def test_filters_pass_what_they_name(live, filters, wanted):
    assert passing(live, **filters) == all_of(wanted)


@pytest.mark.parametrize("name", ["not_category", "not_author", "not_language", "not_tags"])
def test_what_has_no_label_is_not_refused(live, name):
    found = passing(live, **{name: ("sea", "sea-author-1", "zh", "tag-1", "nowhere")})
    assert "plain" in found and len(found) < len(live.model) + 1


@pytest.mark.parametrize("name", ["category", "author", "tags"])
def test_a_label_nobody_has_passes_nothing(live, name):
    assert passing(live, **{name: ("nowhere",)}) == set()


def test_an_unknown_language_passes_unless_it_is_strict(live):
    assert passing(live, language=("nowhere",)) == {"plain"}
    assert passing(live, language=("nowhere",), strict_language=True) == set()


def test_no_filter_passes_all(live):
    assert len(passing(live)) == len(live.model) + 1


ROWS = np.arange(6, dtype=np.int32)
AUTHOR = np.array([0, 0, 1, 1, 2, -1], np.int32)
CATEGORY = np.array([0, 0, 0, 1, 1, 0], np.int32)


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        ([], [0, 1, 2, 3, 4, 5]),
        ([(AUTHOR, 1)], [0, 2, 4, 5]),  # what has no author is not capped
        ([(AUTHOR, 0)], [5]),
        ([(CATEGORY, 2)], [0, 1, 3, 4]),
        # 2 falls to the cap of category 0, so that 3 is still the first of its author
        ([(AUTHOR, 1), (CATEGORY, 1)], [0, 3]),
    ],
)
def test_caps_count_what_stays(limits, kept):
    assert ROWS[capped(ROWS, limits)].tolist() == kept


def test_diversity_prefers_the_unlike():
    vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    scores = np.array([1.0, 0.9, 0.5], np.float32)
    rows = np.arange(3, dtype=np.int32)
    assert diversified(rows, scores, vectors, 0.0, 3).tolist() == [0, 1, 2]
    assert diversified(rows, scores, vectors, 0.6, 3).tolist() == [0, 2, 1]
    assert diversified(rows[:0], scores[:0], vectors[:0], 0.6, 3).tolist() == []
    assert diversified(rows, np.ones(3, np.float32), vectors, 1.0, 2).tolist() == [0, 2]


def crowded():
    """Return a service where one author's 300 items score above all of another's."""
    items = [Item(f"a-{n}", author_id="a", category="x") for n in range(300)]
    items += [Item(f"b-{n}", author_id="b", category="y") for n in range(5)]
    table = item_table(items)
    model = worlds.plain(worlds.nothing(len(items)), ScoreModel(priors={"share_all": 1.0}))
    catalogue = Catalogue.from_table(table, table.created)
    live = LiveState(replace(model, catalogue=catalogue))
    for number in range(300):
        live.add_event(f"a-{number}", "like", timestamp=NOW)
    return Recommender(live, drift=0.0)


@pytest.mark.parametrize("diversity", [0.0, 0.5])
@pytest.mark.parametrize("caps", [{"author_cap": 2}, {"category_cap": 2}])
def test_a_cap_does_not_shorten_the_list(diversity, caps):
    found = crowded().recommend(Query(n=4, diversity=diversity, **caps))
    assert sorted(r.item_id[0] for r in found) == ["a", "a", "b", "b"]


def test_diversity_brings_the_other_topic_in():
    service = Recommender(worlds.live(), drift=0.0)
    query = Query(words="tide wave", n=8)
    plain = service.recommend(query)
    mixed = service.recommend(replace(query, diversity=0.7))
    assert {r.item_id.split("-")[0] for r in plain} == {"sea"}
    assert {r.item_id.split("-")[0] for r in mixed} == {"sea", "chess"}
    assert mixed[0] == plain[0] and len({r.item_id for r in mixed}) == 8
