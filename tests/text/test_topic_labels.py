"""Topic labels: a word or tag that covers a topic and is at home there, or none."""

import numpy as np

from recsys.text.topic_labels import labels

SEA = [f"harbour story {n} about the tide" for n in range(10)]
CHESS = [f"a gambit and a story {n}" for n in range(10)]
TOPIC = np.repeat([0, 1], 10).astype(np.int32)


def test_a_tag_that_covers_the_topic_names_it_as_it_is_spelled():
    marks = [("Seafaring", "sea.2024_x")] * 10 + [("Games",)] * 10
    assert labels(SEA + CHESS, marks, TOPIC, 2) == ("Seafaring", "Games")


def test_a_word_at_home_in_the_topic_names_it_and_a_common_one_does_not():
    found = labels(SEA + CHESS, [()] * 20, TOPIC, 2)
    assert found[0] in ("harbour", "tide") and found[1] == "gambit"
    everywhere = [f"story of day {n}" for n in range(20)]
    assert labels(everywhere, [("Drama",)] * 20, np.tile([0, 1], 10).astype(np.int32), 2) == (
        "",
        "",
    )


def test_codes_are_no_names():
    numbered = [f"{n}" for n in range(20)]
    marks = [("scoop-hive.bio",)] * 10 + [("x_17",)] * 10
    assert labels(numbered, marks, TOPIC, 2) == ("", "")


def test_chinese_names_are_whole_words():
    dogs = [f"我家的金毛犬{sign}很乖" for sign in "甲乙丙丁戊己庚辛壬癸"]
    trains = [f"坐高铁去{sign}地很快" for sign in "天山水火木金土日月星"]
    found = labels(dogs + trains, [()] * 20, TOPIC, 2)
    assert all(name not in ("毛犬", "家的", "坐高") for name in found)


def test_few_texts_have_no_name():
    assert labels(SEA[:3], [("Sea",)] * 3, TOPIC[:3], 1) == ("",)
