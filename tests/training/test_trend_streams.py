"""From a data set to streams and labels."""

import numpy as np
import pytest
import worlds

from recsys.data.dataset import Dataset
from recsys.data.records import Event, Item
from recsys.serving.catalogue import Catalogue
from recsys.training.trend_streams import labelled, stream_of
from recsys.trends.item_series_membership import KINDS
from recsys.trends.trend_model import fit_trends, key_of

ITEMS = [Item(f"post-{n}", title=f"post {n}", author_id=f"author-{n % 2}") for n in range(4)]


def data(timestamps, kind="like"):
    """Return a data set of one event per timestamp, on the items in turn."""
    events = [
        Event(f"reader-{n}", f"post-{n % 4}", kind, timestamp=at) for n, at in enumerate(timestamps)
    ]
    return Dataset.build(worlds.event_table(events), worlds.item_table(ITEMS))


def test_events_without_a_time_make_no_trends():
    authors = np.zeros(len(ITEMS), np.int32)
    assert len(stream_of(data([None] * 99), authors)) == 0
    assert fit_trends(stream_of(data([None] * 99), authors), {}, [4] + [0] * 5) is None


def test_what_was_only_shown_is_no_act():
    authors = np.full(len(ITEMS), -1, np.int32)
    assert len(stream_of(data([worlds.START, worlds.START + 1], "impression"), authors)) == 0


def test_a_topic_of_one_item_has_the_level_of_the_item():
    whole = data([worlds.START + 1800 * n for n in range(48 * 28)])
    topics = np.array([-1, -1, -1, 0], np.int32)
    marked = labelled(Catalogue.from_table(whole.table, whole.created()), topics, None, 1)
    assert marked.population == [4, 1, 0, 0, 2, 0]
    found = fit_trends(stream_of(whole, marked.authors), marked.labels, marked.population)
    keys = np.array([key_of(0, 3), key_of(KINDS.index("topic"), 0)], np.int64)
    item, topic = found.expecting(keys).rate
    assert topic == pytest.approx(item, rel=0.2) and item == pytest.approx(0.5, rel=0.2)
