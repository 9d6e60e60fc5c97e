"""Error rates of flags and tone by language: counts by hand, too few cases, what has no rating."""

import numpy as np
import pytest

from recsys.data.records import Event, Item
from recsys.safety.error_rates import LEAST, OTHERS, flag_error_rates, tone_error_rates
from recsys.store.store import Store

GOOD, BAD = "what a wonderful lovely evening", "what a terrible boring evening"
ZH_GOOD = "这个东西非常好，我很喜欢"


class Words:
    """A scorer that reads `terrible` as negative and everything else as positive."""

    def probabilities(self, texts):
        negative = np.array(["terrible" in text for text in texts], np.float32)
        return np.stack([negative, np.zeros(len(texts)), 1 - negative], axis=1)


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        yield store


def flagged(number, language, **more):
    flags = [{"kind": "insult", "score": 0.9, "why": "rude"}]
    return Item(f"{language}{number}", metadata={"language": language, "flags": flags, **more})


def test_flags_that_people_took_back_are_wrong(store):
    plain = [Item(f"plain{n}", metadata={"language": "en"}) for n in range(30)]
    wrong = [Item(f"ok{n}", metadata={"language": "en", "reviewed": True}) for n in range(5)]
    store.add_items([*plain, *wrong, *(flagged(n, "en") for n in range(25))])
    store.add_items([flagged(n, "fr", reviewed=True) for n in range(3)])
    for number in range(15):
        store.hide_item(f"en{number}")
    store.delete_item("en24")
    english, others = flag_error_rates(store.db)
    assert english["language"] == "en" and english["items"] == 30 + 5 + 25 - 15 - 1
    assert english["flagged"] == 9 and english["decided"] == 5 + 15
    assert english["wrong"] == 0.25
    low, high = english["interval"]
    assert 0.1 < low < 0.25 < high < 0.5
    assert others == {"language": OTHERS, "items": 3, "flagged": 3, "decided": 3} | {
        "wrong": None,
        "interval": None,
    }


def test_tones_are_compared_with_ratings(store):
    def rated(prefix, count, value, text):
        return [
            Event(f"{prefix}{n}", "film", "rating", value, f"{text} {n}", timestamp=1e9 + n)
            for n in range(count)
        ]

    store.add_events(rated("a", LEAST, 5.0, GOOD))
    store.add_events(rated("b", 5, 1.0, GOOD))  # read as the opposite of its rating
    store.add_events(rated("c", 15, 1.0, BAD))
    store.add_events(rated("d", 40, 3.2, BAD))  # near the mean: says nothing
    store.add_events(rated("e", 3, 5.0, ZH_GOOD))
    store.add_events([Event("f", "film", "comment", None, BAD)])  # no rating
    found = tone_error_rates(
        store.db, Words(), store.last_event_id(), lambda kind: kind == "rating"
    )
    english, others = found
    assert (english["language"], english["decided"], english["wrong"]) == ("en", 40, 5 / 40)
    assert (others["language"], others["decided"], others["wrong"]) == (OTHERS, 3, None)


def test_without_rated_comments_nothing_is_said(store):
    assert tone_error_rates(store.db, Words(), 0, lambda kind: True) == []
    store.add_events([Event("f", "film", "comment", None, BAD), Event("g", "film", "like")])
    last = store.last_event_id()
    assert tone_error_rates(store.db, Words(), last, lambda kind: True) == []
    assert flag_error_rates(store.db) == []
