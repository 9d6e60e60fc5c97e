"""CommentDampener: what bots write again and again counts less, is kept, and is told of."""

import numpy as np
import pytest
import worlds

from recsys.data.dataset import Dataset
from recsys.data.event_kind_weights import EventWeights
from recsys.data.records import Event
from recsys.safety.comment_dampening import MANY, SAME, CommentDampener, dampened

AD = "Come and visit my wonderful new shop for cheap shoes"
NOON = 1_700_000_000.0 - 1_700_000_000.0 % 3_600


def said(number, text=AD, person=None, every=60.0, item=None):
    return [
        Event(person or f"bot-{n}", item or f"item-{n}", "comment", None, text, NOON + every * n)
        for n in range(number)
    ]


def shares(events):
    found = dampened(worlds.event_table(events)).share
    return np.ones(len(events)) if found is None else found


def test_equal_texts_share_what_a_few_weigh():
    found = shares(said(12))
    assert found[:SAME].tolist() == [1.0] * SAME
    assert found[SAME:] == pytest.approx(SAME / np.arange(SAME + 1, 13))
    in_disguise = [*said(8, AD.upper()), *said(8, f"<b>{AD}!!!</b>")]
    assert (shares(in_disguise) < 1).sum() == 16 - SAME


def test_what_many_write_alike_and_what_takes_hours_is_nothing():
    assert shares(said(40, "Thank you!")).min() == 1
    assert shares(said(40, every=1_000.0)).min() == 1
    assert shares(said(40, "")).min() == 1
    texts = [f"number {n} of some quite different and longer remarks" for n in range(20)]
    assert shares([e for n, t in enumerate(texts) for e in said(1, t, f"p{n}")]).min() == 1


def test_one_person_who_fills_an_hour():
    own = [Event("ann", "x", "comment", None, f"again {n}", NOON + 10 * n) for n in range(2 * MANY)]
    found = shares(own)
    assert found[:MANY].min() == 1 and found[-1] == pytest.approx(0.5)


def test_nights_and_services_reckon_alike():
    events, chatter = said(20), CommentDampener()
    live = [chatter.share(e.user_id, e.text, e.timestamp) for e in events]
    assert live == pytest.approx(shares(events))
    assert dict(chatter.lowered) == {"repeated": 20 - SAME, "flood": 0}
    assert chatter.share("late", AD, NOON - 90_000) == 1.0  # is long past: nothing is known of it
    assert chatter.share("next", AD, NOON + 2 * 3_600) == 1.0


def test_the_weight_of_an_event_falls_and_no_event_is_lost():
    events = worlds.event_table(said(20, item="item-0"))
    tables = (events, dampened(events))
    whole, less = (Dataset.build(table, worlds.item_table([])) for table in tables)
    assert len(less.weight) == len(whole.weight) == 20
    assert less.weight[-1] == pytest.approx(whole.weight[-1] * SAME / 20)
    assert EventWeights().of_table(dampened(events).select(np.arange(20) > 18)) < whole.weight[-1]


def test_undated_comments_count_whole():
    events = [Event(f"p{n}", "x", "comment", None, AD) for n in range(20)]
    assert shares(events).min() == 1
