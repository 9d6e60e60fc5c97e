"""Topics of a catalogue: grouped by the texts that encoders receive, named by words and tags."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.array_types import Floats
from recsys.data.event_tables import ItemTable
from recsys.text.item_texts import documents
from recsys.text.topics.fit import LastNight, TopicConfig, fit_topics
from recsys.text.topics.labels import with_labels
from recsys.text.topics.model import Topics


def item_topics(
    table: ItemTable,
    vectors: Floats,
    config: TopicConfig,
    before: LastNight | None = None,
    user_counts: NDArray[np.int64] | None = None,
) -> Topics:
    """Return the named topics of items; nights and `jobs.bench.topic_names` call this.

    `vectors`: (n_items, d), of `documents(table)`. Titles, texts, tags and categories decide which
    items belong together. Names are words of titles and texts, tags or categories. `before`: ids
    are kept where a topic lives on. `user_counts`: (n_items,), how many users took each item up;
    known items stand for a topic then. See `fit_topics`.
    """
    topics = fit_topics(documents(table), vectors, config, before, user_counts)
    texts = [f"{title}\n{text}" for title, text in zip(table.title, table.text, strict=True)]
    marks = [(*tags, own) for tags, own in zip(table.tags, table.category, strict=True)]
    return with_labels(topics, texts, marks)
