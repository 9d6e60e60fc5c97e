"""Following: every reader of the logs makes the same of a row."""

from night_world import books
from worlds import live

from recsys.safety.comment_dampening import CommentDampener
from recsys.serving.live_event import LiveEvent
from recsys.serving.live_state_updates import acts_of, apply_change
from recsys.store.events import StoredEvent
from recsys.store.items import ItemChange

EVENTS = [
    StoredEvent(1, "ann", "sea-1", "like", None, "", 5.0, 9.0),
    StoredEvent(2, "bob", "sea-2", "rating", 7.0, "", None, 9.0),
]


def test_an_event_keeps_who_did_it_and_when():
    assert acts_of(EVENTS, None, CommentDampener()) == [
        LiveEvent("sea-1", "like", None, 5.0, 0.0, "ann"),
        LiveEvent("sea-2", "rating", 7.0, 9.0, 0.0, "bob"),
    ]
    assert acts_of([], None, CommentDampener()) == []


def test_an_item_comes_and_goes():
    state, book = live(), books()[0]
    apply_change(state, ItemChange(1, book.item_id, book, "live"))
    row = state.row(book.item_id)
    assert row >= 0 and not state.gone[row]
    apply_change(state, ItemChange(2, book.item_id, None, "deleted"))
    assert state.gone[row]
