"""Entities in texts whose names are known."""

import numpy as np
import pytest

from recsys.errors import DataError
from recsys.text.entities import model
from recsys.text.entities.gazetteer import Entry, read_gazetteer
from recsys.text.entities.markup import Mention, marks, pieces
from recsys.text.entities.model import Entities, fit_entities

FILLER = "weather rain bread oven bicycle garden winter letter kitchen river lamp chair".split()


def sentences(n=40, seed=0):
    """Texts of plain words; some name things: each name is met more often than three times."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(n):
        words = [FILLER[at] for at in rng.permutation(len(FILLER))[:6]]
        if number % 4 == 0:
            words[3:3] = ["Harry", "Potter"]
        if number % 8 == 0:
            words[1:1] = ["Hogwarts"]
        if number % 5 == 0:
            words.append("#Magic")
        found.append(" ".join(words))
    return found


@pytest.fixture(scope="module")
def fitted():
    return fit_entities(sentences())


def named(entities, row):
    return {entities.names[code] for code in entities.of_item(row)}


def test_marks_of_a_text_and_its_address():
    text = "<b>This</b> &amp; weep: https://www.BBC.co.uk/n?x=1#top #Élysée #2024 @Ann_B. a@b.org"
    assert marks(text, "http://example.org:8080/a") == [
        Mention("#Élysée", "hashtag"),
        Mention("@Ann_B", "mention"),
        Mention("bbc.co.uk", "domain"),
        Mention("example.org", "domain"),
    ]
    # a Chinese tag is closed by a second sign
    assert [m.name for m in marks("#世界杯# 开始了 ＃同じ")] == ["#世界杯", "#同じ"]
    assert marks("no. 1 & c# http:// @ # //x") == []


def test_pieces_leave_the_marks_out():
    found = pieces("Go (to) Rome, #now @you https://x.org 北京天气 ハリー")
    assert found.segments == (("Go",), ("to",), ("Rome",), ("ハリー",))
    assert found.runs == ("北京天气",)


def test_names_are_found_by_capitals_and_by_standing_together(fitted):
    assert named(fitted, 0) == {"Harry Potter", "Hogwarts", "#Magic"}
    assert named(fitted, 5) == {"#Magic"} and named(fitted, 1) == set()
    kinds = {fitted.names[code]: fitted.kind(code) for code in range(len(fitted))}
    assert kinds == {"#Magic": "hashtag", "Harry Potter": "name", "Hogwarts": "name"}


def test_of_many_texts_some_teach_phrases_and_all_are_read(monkeypatch):
    texts, cut = sentences(120), []

    def counted(text):
        cut.append(text)
        return pieces(text)

    monkeypatch.setattr(model, "PHRASE_TEXTS", 40)
    monkeypatch.setattr(model, "pieces", counted)
    found = fit_entities(texts)
    assert named(found, 0) == {"Harry Potter", "Hogwarts", "#Magic"}
    assert named(found, 4) == {"Harry Potter"} and len(found.ends) == 121
    assert cut == texts[::3] + texts  # 40 to count phrases, then each once


def test_who_stands_with_whom(fitted):
    code = {name: code for code, name in enumerate(fitted.names)}
    related = {other: count for other, count, _ in fitted.relations.of(code["Hogwarts"])}
    assert related == {code["Harry Potter"]: 5}  # and not with #Magic, which is met by chance
    lift = fitted.relations.of(code["Harry Potter"])[0][2]
    assert lift == pytest.approx(5 / (10 * 5 / 40))
    assert fitted.relations.of(99) == []


def test_later_texts_are_read_with_names_and_new_marks(fitted):
    read = fitted.read("HARRY POTTER, an owl, @newcomer in hogwarts and Hogwarts's yard #magic")
    assert read == [
        Mention("Harry Potter", "name"),
        Mention("Hogwarts", "name"),
        Mention("#Magic", "hashtag"),
        Mention("@newcomer", "mention"),
    ]
    assert fitted.read("a hogwarts of the mind") == []  # a name has its capital


def test_chinese_names_are_cut_out_of_runs():
    around = ["天气真好", "我们去看", "昨天听说", "他喜欢", "大家都说", "小猫睡了", "明早出门"]
    tails = ["很有意思", "今年举行", "非常热闹", "已结束", "要开始", "怎么样", "好看"]
    texts = [a + "世界杯" + b for a, b in zip(around, tails, strict=True)]
    texts += [a + b for a, b in zip(around, reversed(tails), strict=True)]
    found = fit_entities(texts)
    assert "世界杯" in set(found.names)
    assert not {"世界", "界杯"} & set(found.names)
    assert [m.name for m in found.read("谁赢了世界杯呢")] == ["世界杯"]


def test_headlines_and_german_nouns_are_no_names():
    title = ["The Fine Weather", "Nobody Said Weather", "Walking Home Weather", "Weather And Home"]
    assert len(fit_entities(title * 3)) == 0
    german = ["das Wetter ist heute gut und die Leute gehen in den Park"] * 2
    german += ["die Leute sehen das Wetter und die Kinder im Park"] * 2
    assert "Wetter" not in set(fit_entities(german).names)


def test_the_gazetteer_wins_and_finds_other_spellings(tmp_path):
    path = tmp_path / "names.csv"
    lines = ["#", "United Nations,organisation,UN|联合国", "", "C++,language", "harry potter,film"]
    path.write_text("\n".join(lines))
    listed = read_gazetteer(path)
    assert listed[0] == Entry("United Nations", "organisation", ("UN", "联合国"))
    found = fit_entities(sentences(), (), listed)
    assert found.read("un jour at the UN") == [Mention("United Nations", "organisation")]
    assert [m.name for m in found.read("今天联合国开会")] == ["United Nations"]
    assert [m.name for m in found.read("learn c++ now")] == ["C++"]
    assert Mention("harry potter", "film") in found.read("Harry Potter")
    assert named(found, 0) == {"harry potter", "Hogwarts", "#Magic"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b,c,d\n", "names.csv:1: 4 columns"),
        ("ok\n ,kind\n", "names.csv:2"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_a_bad_gazetteer_is_refused_with_its_line(tmp_path, text, message):
    path = tmp_path / "names.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=message):
        read_gazetteer(path)
    with pytest.raises(DataError, match="absent"):
        read_gazetteer(tmp_path / "absent.csv")


def test_arrays_bring_it_back(fitted):
    again = Entities.from_arrays(fitted.arrays())
    text = "Harry Potter at Hogwarts #magic"
    assert again.read(text) == fitted.read(text)
    assert again.relations.of(0) == fitted.relations.of(0)


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [""],
        ["one"],
        ["same words here"] * 30,
        ["\ud800#\ud800", "\u202e@x", "#" * 9],
        ["a" * 10**6],
        ["#" + "x" * 500 + " @" + "y" * 500 + " http://" + "z" * 5000],
    ],
)
def test_whatever_comes_is_read(texts):
    found = fit_entities(texts)
    assert len(found.ends) == len(texts) + 1
    assert all(len(m.name) <= 101 for text in texts for m in found.read(text))


def test_a_word_begins_names_of_several_lengths_and_may_have_a_genitive():
    names = ["New York City", "New York", "Rosa", "Rosa's Bar", "York City Hall Park"]
    matcher = model.Matcher.of([(name, at) for at, name in enumerate(names)], ["name"] * 5)
    assert matcher.most_words == {"new": 3, "rosa": 1, "rosa's": 2, "york": 4}

    def found(text: str) -> list[int]:
        return matcher.codes(pieces(text), text)

    assert found("in New York City Hall Park") == [0]
    assert found("New York, Rosa's car, Rosa's Bar") == [1, 2, 3]
    assert found("York City Hall Park, new car") == [4]
