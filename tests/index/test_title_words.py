"""Title words: likeness of a query and titles, forms of words, bounds, saved and read back."""

import numpy as np
import pytest

from recsys.data.records import Item
from recsys.index import title_words
from recsys.index.title_words import TitleWords
from recsys.serving.live_titles import LiveTitles
from recsys.text.search_tokens import search_tokens

TITLES = ["Bread and soup", "Soup", "Bread for beginners", "", "家常红烧肉的做法", "Kôkaku kidôtai"]


def fitted(titles=TITLES):
    return TitleWords.fit(map(search_tokens, titles))


def ranked(found, query):
    rows, values = found.likeness(list(search_tokens(query)))
    order = np.argsort(-values, kind="stable")
    return [(int(rows[at]), float(values[at])) for at in order]


def test_a_title_of_exactly_these_words_is_one_and_first():
    for row, title in enumerate(TITLES):
        if title:
            first = ranked(fitted(), title)[0]
            assert first == (row, pytest.approx(1.0, abs=1e-6))


def test_the_likeness_joins_the_cosine_of_weighed_words_and_the_share_of_the_query():
    weight = {word: np.log1p(6 / count) for word, count in (("bread", 2), ("soup", 2), ("and", 1))}
    of_title = np.sqrt(sum(weight.values()))
    of_query = np.sqrt(weight["bread"] + weight["soup"])
    cosine = (weight["bread"] + weight["soup"]) / (of_title * of_query)
    assert ranked(fitted(), "soup bread")[0] == (0, pytest.approx(cosine**0.5, abs=1e-6))


def test_a_long_title_with_every_word_comes_before_a_short_one_with_some():
    """Of "space adventure" the second film was "Zathura: A Space Adventure"."""
    titles = ["Space Cowboys", "Zathura: A Space Adventure of two brothers", "Adventure Land"]
    assert ranked(fitted(titles), "space adventure")[0][0] == 1


def test_case_accents_plurals_and_full_width_signs_do_not_count():
    assert ranked(fitted(), "KOKAKU KIDOTAI")[0][0] == 5
    assert ranked(fitted(), "breads ＡＮＤ soups")[0] == (0, pytest.approx(1.0, abs=1e-6))


def test_chinese_is_compared_by_pairs_of_signs():
    assert ranked(fitted(), "红烧肉")[0][0] == 4
    assert ranked(fitted(), "做饭") == []


def test_unknown_words_lower_the_likeness_and_alone_find_nothing():
    with_unknown = ranked(fitted(), "soup zzyzx")[0][1]
    assert with_unknown < ranked(fitted(), "soup")[0][1]
    assert ranked(fitted(), "zzyzx") == ranked(fitted(), "") == []


def test_an_index_of_nothing():
    for titles in ([], [""], ["", ""]):
        assert ranked(fitted(titles), "soup") == []


def test_frequent_words_add_to_what_rarer_ones_propose(monkeypatch):
    titles = [f"the item {at}" for at in range(50)] + ["the rare"]
    monkeypatch.setattr(title_words, "MOST_ROWS", 10)
    found = fitted(titles)
    assert ranked(found, "the rare") == [(50, pytest.approx(1.0, abs=1e-6))]
    assert len(ranked(found, "the")) == 51  # a frequent word alone still finds


def test_saved_and_read_back():
    found = fitted()
    again = TitleWords.from_arrays(found.arrays(), len(TITLES))
    assert ranked(again, "bread soup") == ranked(found, "bread soup")


@pytest.mark.parametrize(
    "change",
    [
        {"norms": np.zeros(3, np.float32)},
        {"ends": np.zeros(2, np.int64)},
        {"rows": np.full(13, 99, np.int32)},
        {"rows": np.zeros(1, np.int32)},
    ],
)
def test_arrays_of_another_catalogue_are_refused(change):
    with pytest.raises(ValueError, match="title words"):
        TitleWords.from_arrays({**fitted().arrays(), **change}, len(TITLES))


def test_posted_titles_are_found_at_once():
    posted = []
    live = LiveTitles(fitted(), len(TITLES), posted)
    assert live.likeness("rye bread")[0].tolist() == [0, 2]
    posted.append(Item("new", title="Rye bread"))
    rows, values = live.likeness("rye bread")
    assert rows[np.argmax(values)] == len(TITLES) and values.max() == pytest.approx(1.0, abs=1e-6)
    assert len(LiveTitles(None, 4, posted).likeness("rye")[0]) == 1  # a bundle without title words
