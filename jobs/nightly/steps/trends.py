"""Step: hourly activity of items and their labels over the last weeks."""

from __future__ import annotations

from pathlib import Path

from recsys.bundle import read_bundle, write_bundle
from recsys.serving.catalogue import Catalogue
from recsys.text.entities.model import Entities
from recsys.text.topics.model import Topics
from recsys.training.trend_streams import Labelled, labelled, stream_of
from recsys.trends.sentiment_series import count_sentiments
from recsys.trends.series import HOUR
from recsys.trends.trend_model import SHOWN, fit_trends

from ..context import NightContext
from ..step_runner import Detail


def build_sentiment_series(night: NightContext, out: Path) -> Detail:
    """Add up how comments sound, hour by hour; nothing where comments are not read."""
    data, sentiment = night.data, night.data.sentiment
    if sentiment is None or not data.timed or not sentiment.any():
        write_bundle(out, {}, {}, {})
        return {"comments": 0}
    first = int(data.now // HOUR) - SHOWN
    found = count_sentiments(data.time, data.item, sentiment, _marked(night).labels, first)
    write_bundle(out, found.arrays(), {}, {})
    return {"comments": int((sentiment != 0).sum())}


def build_trends(night: NightContext, out: Path) -> Detail:
    """Count the last weeks and learn what is to be expected; nothing where events have no time.

    Reads what the steps `topics` and `entities` left.
    """
    marked = _marked(night)
    stream = stream_of(night.data, marked.authors)
    found = fit_trends(stream, marked.labels, marked.population)
    write_bundle(out, {} if found is None else found.arrays(), {}, {})
    if found is None:
        return {"series": 0, "hours": 0}
    return {"series": len(found.series), "hours": found.series.length}


def _marked(night: NightContext) -> Labelled:
    data = night.data
    catalogue = Catalogue.from_table(data.table, data.created(), documents=False)
    topics = Topics.from_arrays(read_bundle(night.folder / "topics").arrays)
    names = Entities.from_arrays(read_bundle(night.folder / "entities").arrays)
    return labelled(catalogue, topics.items, names, len(topics))
