"""Topic labels: a tag, a noun or two nouns that cover a topic and are specific to it, or none."""

import numpy as np
import pytest

from recsys.text.language.nouns import chinese_noun, english_noun
from recsys.text.topics.label_candidates import language_of
from recsys.text.topics.labels import labels

SEA = [f"the story {n} of the harbour and the tide" for n in range(10)]
CHESS = [f"she wrote a story {n} about the gambit" for n in range(10)]
FUNDS = [f"{a}基金{b}" for a, b in zip("买卖看查用换问说评选", "涨跌好坏多少贵快慢稳", strict=True)]
TOPIC = np.repeat([0, 1], 10).astype(np.int32)


def test_a_tag_that_covers_the_topic_names_it_as_it_is_spelled():
    marks = [("Seafaring", "sea.2024_x")] * 10 + [("Games",)] * 10
    assert labels(SEA + CHESS, marks, TOPIC, 2) == ("Seafaring", "Games")


def test_a_noun_that_is_specific_to_the_topic_names_it_and_a_common_one_does_not():
    found = labels(SEA + CHESS, [()] * 20, TOPIC, 2)
    assert found[0] in ("harbour", "tide") and found[1] == "gambit"
    everywhere = [f"the story of the day {n}" for n in range(20)]
    assert labels(everywhere, [("Drama",)] * 20, np.tile([0, 1], 10).astype(np.int32), 2) == (
        "",
        "",
    )


def test_adjectives_verbs_and_participles_are_no_names():
    texts = [f"they killed the {n} and it was federal and digital" for n in range(10)]
    assert labels(texts + CHESS, [()] * 20, TOPIC, 2)[0] == ""


def test_a_phrase_stands_for_the_word_that_it_mostly_holds():
    texts = [f"the land bank has a lot of land and it sold lot {n} of it" for n in range(10)]
    assert labels(texts + CHESS, [()] * 20, TOPIC, 2)[0] == "land bank"


def test_a_name_is_spelled_as_the_texts_spell_it():
    texts = [f"there is a war in Iraq on day {n} and it goes on" for n in range(10)]
    assert labels(texts + CHESS, [()] * 20, TOPIC, 2)[0] in ("Iraq", "war")


def test_two_nouns_name_a_topic_that_neither_covers():
    texts = [f"he mended the {one} number {n}" for n, one in enumerate(["guitar", "piano"] * 12)]
    texts[:2] = ["he mended the guitar and the piano"] * 2
    filler = [f"we walked on {n}" for n in range(60)]
    members = np.array([0] * 84 + [1] * 10, np.int32)
    assert labels(texts + filler + CHESS, [()] * 94, members, 2)[0] == "guitar and piano"


def test_a_tag_of_most_of_a_topic_names_it_though_others_have_it_too():
    marks = [("Horror",)] * 9 + [()] + [()] * 10 + [("Horror",)] * 10 + [()] * 40
    texts = [f"{n}" for n in range(70)]
    members = np.array([0] * 10 + [1] * 10 + [2] * 50, np.int32)
    assert labels(texts, marks, members, 3)[0] == "Horror"


def test_codes_are_no_names_and_slugs_are_words():
    numbered = [f"{n}" for n in range(20)]
    marks = [("scoop-hive.bio",)] * 10 + [("x_17",)] * 10
    assert labels(numbered, marks, TOPIC, 2) == ("", "")
    marks = [("canadian-electoral-reform",)] * 10 + [("sci-fi",)] * 10
    texts = ["what Canadian parties want"] * 10 + ["a sci-fi film"] * 10
    assert labels(texts, marks, TOPIC, 2) == ("Canadian electoral reform", "sci-fi")


def test_german_names_are_nouns():
    texts = [f"wir wollen den Klimaschutz und wollen das sofort, sagt {n}" for n in range(10)]
    assert labels(texts + CHESS, [()] * 20, TOPIC, 2)[0] == "Klimaschutz"


def test_chinese_names_are_whole_nouns():
    dogs = [f"我家的金毛犬{sign}很乖" for sign in "甲乙丙丁戊己庚辛壬癸"]
    trains = [f"坐高铁去{sign}地很快" for sign in "天山水火木金土日月星"]
    found = labels(dogs + trains, [()] * 20, TOPIC, 2)
    assert all(name not in ("毛犬", "家的", "坐高") for name in found)
    assert labels(FUNDS + trains, [()] * 20, TOPIC, 2)[0] == "基金"


def test_a_latin_tag_does_not_name_a_chinese_topic():
    others = ["今天天气很好我们去爬山", "他昨天在河边看见一只白鸟"] * 5
    assert labels(FUNDS + others, [("finance",)] * 10 + [()] * 10, TOPIC, 2)[0] == "基金"


def test_few_texts_have_no_name():
    assert labels(SEA[:3], [("Sea",)] * 3, TOPIC[:3], 1) == ("",)


@pytest.mark.parametrize("texts", [[], [""], ["..."] * 8, ["\ud800"] * 8, ["中"] * 8, ["a-b"] * 8])
def test_any_text_is_accepted(texts):
    members = np.zeros(len(texts), np.int32)
    assert labels(texts, [()] * len(texts), members, 1) == ("",)


def test_listed_nouns():
    assert english_noun("water") and english_noun("cats")
    assert english_noun("killed") is False and english_noun("biodiversity") is None
    assert chinese_noun("基金") and chinese_noun("計程車司機") and not chinese_noun("平起")
    assert not chinese_noun("")


def test_the_language_of_texts_is_the_most_frequent_one():
    assert language_of(["wir sind hier und das ist gut"] * 3 + ["it is what it is"]) == "de"
    assert language_of(["", "123"]) == ""


def test_a_noun_of_much_of_a_topic_names_it_though_half_of_its_texts_lie_elsewhere():
    texts = [f"his pianos {n} are loud" for n in range(12)] + [f"we ran {n}" for n in range(12)]
    texts += [f"her pianos {n} are loud" for n in range(13)]
    texts += [f"you sat {n}" for n in range(200)]
    members = np.array([0] * 24 + [1 + n % 5 for n in range(213)], np.int32)
    assert labels(texts, [()] * len(texts), members, 6)[0] == "pianos"
    others = texts + [f"its pianos {n} are loud" for n in range(20)]
    members = np.append(members, np.arange(20, dtype=np.int32) % 5 + 1)
    assert labels(others, [()] * len(others), members, 6)[0] == ""
