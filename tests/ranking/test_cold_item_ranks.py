"""Unread items: their rank by predicted weights is their rank in the list, until users come."""

from dataclasses import replace

import numpy as np
import pytest
import worlds

from recsys.array_types import Mask
from recsys.data.records import Item
from recsys.explanation import explain
from recsys.ranking import candidates, cold_item_ranks
from recsys.ranking.cold_item_ranks import (
    PredictedColumn,
    in_use,
    unread_rows,
    untaken_rows,
    waiting_share,
)
from recsys.ranking.gbdt_rerank import live_scores
from recsys.ranking.new_item_places import EVERY, SOURCE, ReservedPlaces, few_users
from recsys.ranking.query import Interaction, Query
from recsys.recommender import Recommender
from recsys.safety.flags import Flag
from recsys.serving.live_event import LiveEvent
from recsys.serving.live_state import LiveState
from recsys.serving.new_item_exposure_cap import ExposureShare
from recsys.serving.popularity_counters import PopularityCounters
from recsys.serving.score_model import UNREAD, LogTerm, ScoreModel, Term

NOW = worlds.START + 700 * worlds.HOUR
HISTORY = tuple(Interaction(f"sea-{n}", "like", timestamp=NOW - 60 * (20 - n)) for n in (1, 3, 5))
QUERY = Query(history=HISTORY, n=20, now=NOW)
# By what is hot: neighbours have next to no say in the score model, so unread items are far behind.
HOT = ScoreModel(
    terms=(Term("neighbours", 6.0, 1.0),), curves=(LogTerm(0.3, 0.1),), priors={"share_all": 5.0}
)
TEXT_ONLY = ScoreModel(priors={"share_all": 5.0})


def state(score_model: ScoreModel = HOT, unread: float = 1.0) -> LiveState:
    """Return the world of topics with a post about the sea."""
    live = worlds.live(replace(score_model, unread=unread))
    live.add_item(Item("post", title="tide wave anchor", created_at=NOW))
    return live


def order(live: LiveState, query: Query = QUERY) -> list[str]:
    return [one.item_id for one in Recommender(live).recommend(replace(query, n=live.size))]


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_a_post_has_the_score_of_the_rank_of_its_predicted_sum(factor: float) -> None:
    live = state(unread=factor)
    scored = Recommender(live).score(QUERY)
    sums = scored.request.learned.neighbours.sums
    new = unread_rows(live, np.arange(live.size))
    assert new.sum() == 2 * worlds.UNREAD + 1
    read = np.setdiff1d(np.flatnonzero(~new), scored.request.seen)
    used = read[in_use(live, read)]
    assert 0 < len(used) < len(read)
    post = live.row("post")
    ahead = int((sums[used] > factor * sums[post]).sum())
    best = np.sort(scored.scores[read])[::-1]
    assert best[ahead] < scored.scores[post] < best[ahead] + 1e-4
    assert scored.gains[post] > 0
    assert not scored.gains[read].any()


def test_among_many_rows_those_in_use_are_looked_up_after_some_writes(monkeypatch) -> None:
    looked: list[int] = []
    rows, truth = np.arange(worlds.live().size, dtype=np.int32), cold_item_ranks._in_use

    def counted(live: LiveState) -> Mask:
        looked.append(live.changes)
        return truth(live)

    monkeypatch.setattr(cold_item_ranks, "_in_use", counted)
    for many, looks in ((10**9, [0, 1, 2, 3, 4, 5, 6]), (0, [0, 3, 6])):
        monkeypatch.setattr(cold_item_ranks, "MANY", many)
        monkeypatch.setattr(cold_item_ranks, "WRITES", 3)
        live = worlds.live()
        looked.clear()
        for _ in range(7):
            in_use(live, rows)
            found = in_use(live, np.append(rows, len(rows)).astype(np.int32))
            assert not found[-1] and (found[:-1] == live.used[1]).all()
            live.dirty_rows.add(0)
        assert looked == looks


@pytest.mark.parametrize("score_model", [HOT, replace(HOT, curves=(), lift=0.1)])
def test_of_two_posts_at_one_rank_the_larger_sum_comes_first(score_model: ScoreModel) -> None:
    live = state(score_model, unread=1000.0)
    live.add_item(Item("half", title="tide wave rook", created_at=NOW))
    live.add_item(Item("same", title="tide wave anchor", created_at=NOW))
    listed = order(live)
    assert listed.index("post") < listed.index("same") < listed.index("half")


def test_without_a_factor_the_blend_alone_decides() -> None:
    assert order(state(unread=0.0)).index("post") > order(state()).index("post") + 20


def test_a_blend_without_neighbours_compares_texts() -> None:
    found = order(state(TEXT_ONLY))
    assert found.index("post") < 10
    assert order(state(TEXT_ONLY, unread=0.0)).index("post") > 40


def test_nothing_is_moved_for_a_user_without_a_positive_act() -> None:
    live = state()
    for history in ((), (Interaction("sea-1", "dislike", timestamp=NOW - 60.0),)):
        query = replace(QUERY, history=history)
        assert not Recommender(live).score(query).gains.any()


def test_users_of_its_own_take_over() -> None:
    live = state()
    before = Recommender(live).score(QUERY).gains[live.row("post")]
    live.add_events([LiveEvent("post", "like", None, NOW + n, 0.0, f"fan-{n}") for n in range(20)])
    scored = Recommender(live).score(QUERY)
    assert 0 < before
    assert 0 <= scored.gains[live.row("post")] < before / 4


def test_posts_with_users_since_the_night_are_what_later_posts_are_ranked_among() -> None:
    live = state(unread=1.0)
    for n in range(8):  # three about the sea, with users of different ages
        title = "tide wave anchor" if n < 3 else "rook pawn gambit"
        live.add_item(Item(f"hot-{n}", title=title, created_at=NOW))
        for k in range(40):
            act = LiveEvent(f"hot-{n}", "like", None, NOW + 60 * k, 0.0, f"fan-{k}")
            live.add_events([act._replace(first_act=worlds.START + k * worlds.HOUR)])
    live.add_item(Item("later", title="tide wave anchor", created_at=NOW + 2400))
    query = replace(QUERY, n=live.size, now=NOW + 2400)
    scored = Recommender(live).score(query)
    learned = scored.request.learned
    column = PredictedColumn.of(learned, np.ones(live.size, bool))
    assert column is not None
    hot = np.isin(column.rows, [live.row(f"hot-{n}") for n in range(3)])
    assert hot.sum() == 3
    assert column.rivals[hot].all()
    assert column.unread[hot].all()
    assert not column.read[column.rows == live.row("later")].any()
    listed = order(live, query)
    assert listed.index("later") < max(listed.index(f"hot-{n}") for n in range(3, 8))


def test_the_longer_a_post_has_waited_for_a_user_the_lower_it_stands() -> None:
    tenths = tuple(600.0 * n for n in range(1, 10))  # seconds until used items had a user
    live = state(replace(HOT, first_use=tenths))
    created = live.created[live.row("post")]
    row = np.array([live.row("post")])
    shares, gained = [], []
    for age in (0.0, 300.0, 3000.0, 5400.0, 54_000.0):
        live.counters.newest = created + age
        shares.append(float(waiting_share(live, row)[0]))
        gained.append(float(Recommender(live).score(QUERY).gains[row[0]]))
    assert shares == pytest.approx([1.0, 0.95, 0.5, 0.1, 0.01], abs=1e-6)
    assert gained == sorted(gained, reverse=True)
    assert gained[0] > gained[2] > gained[4]


def test_a_flagged_post_gains_nothing() -> None:
    live = state()
    row = live.row("post")
    live.marks.set(row, [Flag("spam", 0.9, "link")], live.row)
    assert Recommender(live).score(QUERY).gains[row] == 0.0


def test_words_of_a_request_count_beside_the_gain() -> None:
    live = state()
    plain = Recommender(live).score(QUERY)
    queried = Recommender(live).score(replace(QUERY, words="rook pawn"))
    assert plain.gains.any()
    assert queried.gains == pytest.approx(plain.gains, abs=1e-5)


def test_the_parts_of_an_explanation_hold_the_gain() -> None:
    found = explain(Recommender(state()), QUERY, "post")
    gained = [part for part in found.parts if part.kind == "new_item"]
    assert [part.text for part in gained] == [""]
    assert found.base + sum(part.value for part in found.parts) == pytest.approx(found.score, 1e-4)
    assert found.reasons[0].kind == "new_item"
    assert found.reasons[0].text == "It is new here, and its text suits your history"


def test_an_old_item_that_was_only_disliked_is_not_new_and_few_know_one_that_nobody_saw() -> None:
    """A film of 1997 that one user gave 2 of 10 was listed as new."""
    old, since = f"sea-{worlds.EACH - 2}", worlds.START + worlds.HOUR
    plain = explain(Recommender(state()), QUERY, old)
    assert "little_known" in {part.kind for part in plain.parts}
    assert plain.reasons[0].text == "Few people know it yet, and its text suits your history"
    for when, weight, unread in ((since, -1.0, False), (since, 1.0, False), (NOW, -1.0, True)):
        model = worlds.model()
        row = model.catalogue.ids.rows([old])
        counters = PopularityCounters.from_arrays(model.counters)
        counters.add(int(row[0]), weight, True, when)
        live = LiveState(replace(model, score_model=HOT, counters=counters.arrays()))
        live.created[row] = when
        live.counters.newest = NOW
        assert unread_rows(live, row).tolist() == [unread]
        assert untaken_rows(live, row).tolist() == [weight < 0]
        assert unread or not Recommender(live).score(QUERY).gains[row[0]]


def test_a_replay_and_a_search_by_bounds_give_the_scores_of_a_scan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live = state()
    scored = Recommender(live).score(QUERY)
    shown = np.setdiff1d(np.arange(live.size), scored.request.seen).astype(np.int32)
    replayed = live_scores(live, scored.request.history, live.counters.newest, shown)
    assert replayed[shown] == pytest.approx(scored.scores[shown], abs=1e-4)
    listed = order(live)
    monkeypatch.setattr(candidates, "FEW", 0)
    short = Recommender(state()).recommend(replace(QUERY, n=5))
    assert [one.item_id for one in short] == listed[:5]


def test_older_bundles_get_the_factor_of_bundles_that_cannot_learn_it() -> None:
    found = ScoreModel.from_json({**HOT.to_json(), "unread": 0.5})
    assert found.unread == 0.5
    earlier = {name: value for name, value in HOT.to_json().items() if name != "unread"}
    assert ScoreModel.from_json(earlier).unread == UNREAD


def reserved(live: LiveState, places: ReservedPlaces, n: int = 20) -> list[tuple[int, str]]:
    found = Recommender(live).recommend(replace(QUERY, n=n), places)
    assert len({one.item_id for one in found}) == n
    return [(one.rank, one.item_id) for one in found if one.source == SOURCE]


def test_the_last_place_of_ten_is_for_a_new_item_with_few_users() -> None:
    live = state(unread=0.0)
    live.add_item(Item("other", title="rook pawn gambit", created_at=NOW))
    found = reserved(live, ReservedPlaces(ExposureShare()))
    assert [rank for rank, _ in found] == [EVERY, 2 * EVERY]
    rows = np.array([live.row(name) for _, name in found])
    assert few_users(live, rows).all()
    assert "other" not in {name for _, name in found}  # far from the best tenth of a sailor
    assert reserved(live, ReservedPlaces(ExposureShare(0.0))) == []


def test_no_item_has_more_than_its_share_of_the_lists_of_an_hour() -> None:
    live, share = state(unread=0.0), ExposureShare(0.02)
    shown = 0
    for _ in range(300):
        found = reserved(live, ReservedPlaces(share))
        rows = np.array([live.row(name) for _, name in found], np.int32)
        share.record(live, rows, NOW)
        shown += "post" in {name for _, name in found}
    assert 1 <= shown <= 6


def test_flagged_items_get_no_reserved_place() -> None:
    live = state(unread=0.0)
    first = reserved(live, ReservedPlaces(ExposureShare()))[0][1]
    live.marks.set(live.row(first), [Flag("spam", 0.9, "link")], live.row)
    assert first not in {name for _, name in reserved(live, ReservedPlaces(ExposureShare()))}


def test_flooded_items_get_no_reserved_place() -> None:
    live = state(unread=0.0)
    places = ReservedPlaces(ExposureShare())
    scored = Recommender(live).score(QUERY)
    every, now = np.ones(live.size, bool), NOW
    found = places.candidates(scored.request, scored.rows, every, now)
    left = places.candidates(scored.request, scored.rows, every, now, {int(found[0])})
    assert left.tolist() == found[1:].tolist()


def test_a_ten_that_holds_a_new_item_has_no_reserved_place() -> None:
    live = state(unread=30.0)
    listed = order(live)[:EVERY]
    assert few_users(live, np.array([live.row(name) for name in listed])).any()
    assert reserved(live, ReservedPlaces(ExposureShare()), n=EVERY) == []


def test_the_column_is_of_what_may_be_shown() -> None:
    live = state()
    learned = Recommender(live).score(QUERY).request.learned
    mask = np.zeros(live.size, bool)
    mask[live.row("post")] = True
    column = PredictedColumn.of(learned, mask)
    assert column is not None
    assert column.rows.tolist() == [live.row("post")]
    assert column.ranks(1.0)[1].tolist() == [0]


@pytest.mark.parametrize("seed", range(20))
def test_the_best_of_some_places_are_those_of_the_whole_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 60))
    rows = rng.permutation(200)[:n].astype(np.int32)
    sums = rng.integers(1, 6, n).astype(np.float32)  # many are equal
    unread = rng.random(n) < 0.5
    column = PredictedColumn(state(), rows, sums, unread, unread)
    most, among = int(rng.integers(1, n + 3)), np.flatnonzero(rng.random(n) < 0.4)
    whole = np.lexsort((rows, -np.where(unread, np.float32(2.0) * sums, sums)))[:most]
    expected = [place for place in whole.tolist() if place in set(among.tolist())]
    assert column.best(2.0, most, among).tolist() == expected
