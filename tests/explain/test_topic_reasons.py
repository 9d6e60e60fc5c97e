"""A topic is named in a reason only where one of the items in the sentence shows its name."""

import numpy as np
import pytest
from reason_worlds import model_of

from recsys.explain.history_groups import AttributionGroups
from recsys.ranking.history import History
from recsys.serving.label_names import name_of
from recsys.serving.live_state import LiveState


@pytest.fixture(scope="module")
def groups():
    """Reasons for the fourth soup of somebody who read the other three, all of one topic."""
    live = LiveState(model_of("recipes"))
    rows = np.array([live.row(item) for item in ("r1", "r2", "r3")])
    live.topics[[*rows, live.row("r4")]] = 0
    history = History(rows, np.ones(3, np.float32), np.zeros(3))
    given = np.array([[0.5], [0.4], [0.3]], np.float32)
    return AttributionGroups.of(live, history, np.array([live.row("r4")]), given, None)


def test_the_name_stands_in_a_cited_title(groups):
    assert groups._shows([("r1", 1.0), ("r2", 1.0)], "Soup")
    assert groups._shows([("r1", 1.0)], "Noodles, Lemon")


def test_a_label_counts_as_a_title_does(groups):
    assert groups._shows([("r2", 1.0)], "vegan")


def test_a_name_that_no_cited_item_shows_is_not_told(groups):
    assert not groups._shows([("r1", 1.0), ("r2", 1.0)], "Pumpkin")
    name = name_of(groups.live, "topic", 0)
    (reason,) = groups.reasons(0)
    cited = [groups.live.document(groups.live.row(item)) for item, _ in reason.items[:2]]
    shown = any(name.casefold() in str(one).casefold() for one in cited)
    assert (reason.by == "topic") == (bool(name) and shown)
