"""Walk: what is asked at a moment knows that moment's past and nothing more."""

from dataclasses import replace

import numpy as np
import pytest
import worlds
from choice_columns import near, share

from recsys.ranking.history import History
from recsys.ranking.query import Interaction, Query
from recsys.ranking.terms.item_feature_base import ItemFeatureTerm
from recsys.ranking.terms.personal_rating import TASTE
from recsys.ranking.terms.protocol import ReplayContext
from recsys.ranking.terms.user_acts_since_release import ExposureAge
from recsys.recommender import Recommender
from recsys.serving.live_state import LiveState
from recsys.tuning.choice_sets import STANDING
from recsys.tuning.evaluation_protocols import Rules, make_split
from recsys.tuning.live_state_replay import ReplayService, replay_steps
from recsys.tuning.replay_candidate_shortlist import LARGE, Shortlist
from recsys.tuning.replay_choice_sets import MomentColumns, ReplayStep, collect_choice_sets

NOW = worlds.topics().now
ALL = np.arange(len(worlds.model()), dtype=np.int32)


def walked(events, large=LARGE):
    """Walk the last tenth of some events with the model of the world of topics."""
    split = make_split(events, worlds.topics().table, Rules("replay"))
    data = split.dataset()
    model = worlds.plain(data, worlds.WHOLE)
    lives = {"ease": LiveState(model)}
    times = []

    def result():
        for moment in replay_steps(split, data, 0, 6_000, tuple(lives.values())):
            if moment.taken and moment.target in moment.candidates:
                times.append(moment.now)
            yield moment

    return collect_choice_sets(result(), lives, (5.0,), seed=0, large=large), np.array(times)


def test_nothing_later_than_a_moment_changes_what_is_asked_at_it():
    events = worlds.event_table(worlds.opinions())
    middle = events.time[len(events) - 30]
    later = events.time >= middle
    other = replace(
        events, item=np.where(later, np.roll(events.item, 11), events.item).astype(np.int32)
    )
    (first, when), (second, also) = walked(events), walked(other)
    before, same = np.flatnonzero(when < middle), np.flatnonzero(also < middle)
    assert len(before) == len(same) > 10
    one, two = first.choice_sets.take(before), second.choice_sets.take(same)
    width = min(one.offset.shape[1], two.offset.shape[1])
    for name, values in one.columns.items():
        assert np.array_equal(values[:, :width], two.columns[name][:, :width]), name
    assert np.array_equal(one.chosen[:, :width], two.chosen[:, :width])
    assert np.array_equal(one.user, two.user)
    assert not np.array_equal(
        first.choice_sets.columns[share("share_1h")], second.choice_sets.columns[share("share_1h")]
    )


def one_moment(live, target, now, liked=None):
    history = History.resolve([Interaction("sea-1", "like", timestamp=NOW)], live)
    return ReplayStep(0, history, now, ALL[ALL != history.rows[0]], target, True, liked)


def test_an_event_counts_at_the_next_moment_only():
    live = worlds.live()
    row = live.row("sea-30")

    def result():
        yield one_moment(live, row, NOW + 10)
        live.add_event("sea-30", "like", timestamp=NOW + 10)
        yield one_moment(live, row, NOW + 20)

    choice_sets = collect_choice_sets(result(), {"ease": live}, (5.0,), seed=0).choice_sets
    first, second = (
        float(choice_sets.columns[share("share_1h")][at][choice_sets.chosen[at]][0])
        for at in range(2)
    )
    assert second > first + 0.4
    assert choice_sets.user.tolist() == [0, 0] and choice_sets.relevant.tolist() == [1, 1]


def test_columns_are_what_a_request_would_see():
    live = worlds.live()
    moment = one_moment(live, 3, NOW)
    columns = MomentColumns.of(moment, {"ease": live}, (6.0,)).at(np.arange(live.size))
    query = Query(history=(Interaction("sea-1", "like", timestamp=NOW),), now=NOW)
    scored = Recommender(live, drift=0.0).score(query)
    request = scored.request
    assert np.allclose(columns[near("ease", 6.0)][0], request.learned.neighbours.sums, atol=1e-6)
    for term, bound in request.terms:
        if isinstance(term, ItemFeatureTerm) and term.name in request.table.slices:
            for name, values in zip(
                bound.names, request.table.values_of(term.name, scored.rows), strict=True
            ):
                assert np.allclose(columns[term.column(name)][0], values, atol=1e-6)
    age = ExposureAge()
    own = request.learned.terms[age.name].score(scored.rows)
    weight = worlds.WHOLE.linear_weight(age.name, request.learned.user_features)
    weighted = weight * columns[age.column()][0]
    assert own.any() and np.allclose(weighted, own, atol=1e-6)


def test_candidates_get_the_columns_that_all_rows_would_get():
    live = worlds.live()
    columns = MomentColumns.of(one_moment(live, 3, NOW), {"ease": live}, (1.6, 5.0))
    known, places = columns.nominating(), np.array([0, 3, 17, live.size - 1])
    assert {column.nominates for column in known} == {"always"}
    whole, some = columns.at(np.arange(live.size)), columns.at(places, known)
    assert whole.keys() == some.keys() > known.keys()
    for column, values in whole.items():
        assert np.allclose(some[column][0], values[0][places], atol=1e-6), column


def test_opinions_are_kept_apart():
    live = worlds.live()
    result = [one_moment(live, 3, NOW, liked=True), one_moment(live, 40, NOW, liked=False)]
    found = collect_choice_sets(result, {"ease": live}, (5.0,), seed=0)
    assert found.opinions is not None and found.opinions.liked.tolist() == [True, False]
    assert found.opinions.auc(found.opinions.choice_sets.columns[TASTE]) == 1.0
    assert collect_choice_sets([], {"ease": live}, (5.0,), seed=0).opinions is None


@pytest.mark.parametrize("count", [0, 3])
def test_a_walker_knows_an_item_once_it_has_heard_of_it(count):
    walker = ReplayService(worlds.live())
    rows = walker.known_rows(np.arange(len(ALL) + count, dtype=np.int32))
    assert rows[: len(ALL)].tolist() == ALL.tolist()
    assert rows[len(ALL) :].tolist() == [-1] * count


def values_by_row(pool, place, column):
    """Return the values of one choice set's column by the row of the item."""
    rows = pool.rows[place]
    return dict(zip(rows[rows >= 0].tolist(), pool.columns[column][place][rows >= 0], strict=True))


def test_a_shortlist_offers_the_same_best_items_with_the_same_values():
    events = worlds.event_table(worlds.opinions())
    (whole, times), (short, same) = walked(events), walked(events, large=0)
    assert np.array_equal(times, same) and len(times) > 10
    one, two = whole.choice_sets, short.choice_sets
    assert np.array_equal(one.relevant, two.relevant) and np.array_equal(one.user, two.user)
    for place in range(len(one)):
        for column in one.columns.keys() - {STANDING}:  # as of the last look
            first, second = (values_by_row(pool, place, column) for pool in (one, two))
            both = sorted(first.keys() & second.keys())
            assert len(both) > 20
            assert [first[row] for row in both] == pytest.approx(
                [second[row] for row in both], abs=1e-5
            ), column
        chosen = [pool.rows[place][pool.chosen[place]].tolist() for pool in (one, two)]
        assert chosen[0] == chosen[1] and len(chosen[0]) == 1


def test_the_places_of_a_shortlist_stand_for_all_candidates():
    live = worlds.live()
    moment = one_moment(live, live.row("sea-30"), NOW + 10)
    pool = collect_choice_sets([moment], {"ease": live}, (5.0,), seed=0, large=0).choice_sets
    kept = np.isfinite(pool.offset[0])
    assert np.exp(pool.offset[0][kept]).sum() == pytest.approx(len(moment.candidates))
    assert np.isin(pool.rows[0][kept], moment.candidates).all()
    assert live.row("sea-30") in pool.rows[0][pool.chosen[0]]


def test_what_was_acted_on_since_the_last_look_is_nominated():
    live = worlds.live()
    short = Shortlist({"ease": live}, large=0)
    rows = np.arange(live.size, dtype=np.int32)
    history = History.resolve([Interaction("sea-1", "like", timestamp=NOW)], live)
    context = ReplayContext({"ease": live}, (5.0,), history, history.times, NOW, rows)
    short.nominated(context)
    short.best = short.best[:0]  # nothing was best then
    live.add_event("chess-30", "like", timestamp=NOW + 1)
    assert live.row("chess-30") in short.nominated(context)
