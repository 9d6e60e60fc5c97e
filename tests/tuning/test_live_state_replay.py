"""Live state replay: which events of a replay are asked about."""

from dataclasses import replace

import numpy as np
import worlds

from recsys.data.records import Event
from recsys.data.shown_lists import ShownLists
from recsys.data.table_builder import item_table
from recsys.serving.live_state import LiveState
from recsys.serving.score_model import ScoreModel
from recsys.tuning.evaluation_protocols import Rules, make_split
from recsys.tuning.live_state_replay import MOST_EACH, OPINIONS, _of_some_users, replay_validation


def asked(counts, most, seed=0):
    """Return how many queries of each user are kept, where users have so many events."""
    user = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))
    query = np.ones(len(user), bool)
    query[::7] = False
    kept = _of_some_users(user.astype(np.int32), query, seed, most)
    assert not (kept & ~query).any()
    whole = np.bincount(user[query], minlength=len(counts))
    return np.bincount(user[kept], minlength=len(counts)), whole


def test_all_queries_are_kept_where_users_have_few():
    kept, whole = asked([5] * 40, 10_000)
    assert kept.tolist() == whole.tolist()


def test_a_user_is_asked_a_few_times_and_more_users_instead():
    kept, whole = asked([400] * 5 + [8] * 60, 200)
    assert kept.max() == MOST_EACH and 190 <= kept.sum() <= 200
    assert (kept > 0).sum() >= 20
    partial = (kept > 0) & (kept < np.minimum(whole, MOST_EACH))
    assert not partial.any()
    again, _ = asked([400] * 5 + [8] * 60, 200)
    other, _ = asked([400] * 5 + [8] * 60, 200, seed=1)
    assert again.tolist() == kept.tolist() != other.tolist()


def test_one_user_with_many_events_is_asked():
    assert asked([50], 3)[0].tolist() == [MOST_EACH]
    assert asked([0, 0], 3)[0].tolist() == [0, 0]


def test_more_users_are_asked_for_opinions_than_for_lists():
    """Of those who stated likes and dislikes; an opinion is asked for without a list."""
    rng = np.random.default_rng(0)
    events = [
        Event(f"u{user}", f"i{item}", "like" if rng.random() < 0.7 else "dislike", None, 1e9 + time)
        for time, (user, item) in enumerate(
            rng.permutation([(user, item) for user in range(120) for item in range(20)])
        )
    ]
    split = make_split(worlds.event_table(events), item_table([]), Rules("replay", 0.5))
    check, walk = replay_validation(split, 0, 100)
    live = LiveState(worlds.plain(check.data, ScoreModel()))
    steps = list(walk([live]))
    lists = [step for step in steps if step.taken]
    opinions = [step for step in steps if step.liked is not None]
    assert 30 < len(lists) <= 100  # a third of them are dislikes
    assert 100 < len(opinions) <= (OPINIONS + 1) * 100
    both = {step.user for step in opinions if step.liked} & {
        step.user for step in opinions if not step.liked
    }
    assert len(both) > len({step.user for step in lists})


def test_what_came_of_a_list_is_asked_for_among_its_items():
    rng = np.random.default_rng(0)
    drawn = rng.permutation([(user, item) for user in range(60) for item in range(20)])
    events = worlds.event_table(
        [
            Event(f"u{user}", f"i{item}", "like", None, 1e9 + n)
            for n, (user, item) in enumerate(drawn)
        ]
    )
    held = [f"i{item}" for item in range(0, 20, 4)]  # in every list, in this order
    names = [events.items[row] for row in events.item.tolist()]
    places = np.array([held.index(name) + 1 if name in held else 0 for name in names])
    lists = ShownLists.of(np.where(places > 0, 0, -1), places, [held])
    split = make_split(replace(events, shown=lists), item_table([]), Rules("replay", 0.5))
    check, walk = replay_validation(split, 0, 10_000)
    live = LiveState(worlds.plain(check.data, ScoreModel()))
    among = {True: list[set[str]](), False: list[set[str]]()}
    asked = dict.fromkeys(held, 0)
    for step in walk([live]):
        if step.taken:
            there = {live.model.catalogue.ids[row] for row in step.candidates.tolist()}
            target = live.model.catalogue.ids[step.target]
            among[target in held].append(there)
            if target in held:
                asked[target] += 1
    assert among[True] and all(there <= set(held) for there in among[True])
    assert any(len(there) > len(held) for there in among[False])
    assert asked[held[0]] < asked[held[-1]]  # the first place has its part, not more
