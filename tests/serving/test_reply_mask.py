"""Replies: which items answer another one, whatever order they come in."""

import numpy as np
import pytest
import worlds

from recsys.data.records import Item
from recsys.data.reply_items import AUTO, OFF, ON, replies_of
from recsys.ranking.filters import allowed
from recsys.ranking.query import Filters
from recsys.serving.catalogue import Catalogue
from recsys.serving.live_state import LiveState
from recsys.serving.reply_mask import ItemReplies


def live(choice=AUTO):
    """A live state of the world of topics, 64 items, with three answers that came later."""
    found = LiveState(worlds.model(), replies=choice)
    first = found.item_id(0)
    for item_id, parent in (("early", "late"), ("answer", first), ("lone", "elsewhere")):
        found.add_item(Item(item_id=item_id, title=item_id, parent_id=parent))
    return found


def shown(state, **filters):
    mask = allowed(state, Filters(**filters), 0.0)
    return {name for name in ("early", "answer", "lone", "late") if mask_of(state, mask, name)}


def mask_of(state, mask, name):
    row = state.row(name)
    return row >= 0 and bool(mask[row])


def test_an_answer_to_an_item_of_the_catalogue_is_a_reply():
    state = live()
    assert shown(state) == {"early", "lone"}
    assert shown(state, replies=True) == {"early", "answer", "lone"}
    assert shown(live(ON)) == {"early", "answer", "lone"}
    assert shown(live(ON), replies=False) == {"early", "lone"}
    assert shown(state, max_age=None, category=frozenset({"nowhere"}), replies=True) == set()


def test_a_parent_that_comes_after_its_answer_makes_it_a_reply():
    state = live(OFF)
    state.add_item(Item(item_id="late", title="late"))
    assert shown(state) == {"lone", "late"}
    state.add_item(Item(item_id="answer", title="answer"))  # a new version that answers nothing
    assert shown(state) == {"answer", "lone", "late"}
    state.add_item(Item(item_id="lone", title="lone", parent_id="lone"))  # itself
    assert "lone" in shown(state) and state.replies.count == 1


def test_a_deleted_parent_leaves_its_answers_replies():
    state = live()
    state.remove_item(state.item_id(0))
    assert "answer" not in shown(state)


@pytest.mark.parametrize(("roots", "listed"), [(0, True), (1, False), (2, False)])
def test_where_nearly_everything_is_a_reply_lists_hold_replies(roots, listed):
    known = np.arange(100) >= roots
    assert ItemReplies(known, 100, 120).listed(100) is listed
    assert ItemReplies(known, 100, 120, ON).listed(100)
    assert not ItemReplies(known, 100, 120, OFF).listed(100)


def test_a_bundle_keeps_who_answers_whom():
    assert replies_of(["a", "b", "c", "d"], ["", "a", "x", "d"]).tolist() == [
        False,
        True,
        False,
        False,
    ]
    items = [Item(item_id="a", title="a"), Item(item_id="b", title="b", parent_id="a")]
    table = worlds.item_table(items)
    catalogue = Catalogue.from_table(table, np.full(2, np.nan))
    again = Catalogue.from_arrays(catalogue.arrays())
    assert again.reply is not None and again.reply.tolist() == [False, True]
    older = {name: array for name, array in catalogue.arrays().items() if name != "reply"}
    assert Catalogue.from_arrays(older).reply is None
    alone = Catalogue.from_table(worlds.item_table(items[:1]), np.full(1, np.nan))
    assert "reply" not in alone.arrays()
