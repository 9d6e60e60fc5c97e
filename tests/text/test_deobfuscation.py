"""Disguised words: read by the flags and by the tone model; plain texts stay as they are."""

import random

import pytest

from recsys.safety.text_rules import by_words
from recsys.text import deobfuscation
from recsys.text.deobfuscation import Lexicon, joined, legible
from recsys.text.sentiment import features
from recsys.text.sentiment.model import labels, load_sentiment_model

LEXICON = Lexicon.of(["idiot", "terrible"])


@pytest.mark.parametrize(
    "text",
    [
        "you are an id\u200biot",
        "you are an i\u2063d\u034fi\U000e0061ot",
        "you are an id&#8203;iot",
        "you are an id<b></b>iot",
        "yᴏᴜ ᴀʀᴇ ᴀɴ ɪᴅɪᴏᴛ",
        "you are an 🅘🅓🅘🅞🅣",
        "yоu аre an іdіоt",
        "y0u 4r3 4n 1d10t",
        "you are an idi07",
        "you are an i.d.i.o.t",
        "you are an i - d_i/o t",
        "y o u a r e a n i d i o t",
        "you_are_an_idiot",
        "YouAreAnIdiot",
        "you are an i\u0336d\u0336i\u0336o\u0336t\u0336",
        "you are an ïdïöt",
        "you are an idiooooooot",
        " " * 20_000 + "you are an idiot",
        "word " * 3_000 + "you are an idiot " + "word " * 100,
    ],
)
def test_a_disguised_insult_is_flagged(text):
    assert [doubt.kind for doubt in by_words([text])[0]] == ["insult"]


@pytest.mark.parametrize(
    "text",
    [
        "I w1ll k!ll y0u",
        "I wi\u00adll ki\u200dll you",
        "I will k.i.l.l you",
        "i w i l l k i l l y o u",
    ],
)
def test_a_disguised_threat_is_flagged(text):
    assert [doubt.kind for doubt in by_words([text])[0]] == ["threat"]


@pytest.fixture(scope="module")
def shipped():
    return load_sentiment_model()


@pytest.mark.parametrize(
    "text",
    [
        "this is te\u2063rri\u034fble",
        "this is ᴛᴇʀʀɪʙʟᴇ",
        "this is t3rr1bl3",
        "this is t e r r i b l e",
        "this is t . e . r . r . i . b . l . e",
        "this is te<b></b>rrible",
        "this is t\u0336e\u0336r\u0336r\u0336i\u0336b\u0336l\u0336e\u0336",
        "this is 🅣🅔🅡🅡🅘🅑🅛🅔",
        " " * 20_000 + "this is terrible",
        "t h i s i s t e r r i b l e",
    ],
)
def test_a_disguised_tone_is_read(shipped, text):
    assert labels(shipped.probabilities([text])) == ["negative"]


@pytest.mark.parametrize(
    "text",
    [
        "An Intel i5 with 16 GB, see https://a.example/x_y?b=1|2",
        "R. E. M. and J. R. R. Tolkien, 1, 2, 3",
        "C++ costs 5 € + 3 $, 100%",
        "naïve café, Việt Nam, Привет мир, γειά σου, 你好",
        "سلام می‌خواهم",
        "👩\u200d👩\u200d👧 ❤️",
        "",
    ],
)
def test_plain_texts_stay(text):
    assert legible(text, LEXICON) == text


def test_invisible_signs_go_from_inside_words_only():
    assert joined("a\u200bb \u200b c") == "ab \u200b c"


def test_letters_are_split_into_the_fewest_known_words():
    assert LEXICON.split("youareanidiot") == ["you", "are", "an", "idiot"]
    assert LEXICON.split("xidiot") == []
    assert LEXICON.split("") == []


@pytest.mark.parametrize(
    "text",
    [
        "f u c k",
        "so f.u.c.k it",
        "a_b_c",
        "$ c a m",
        "n o",
        "a b",
        "x-y-z",
        "go to a $h o p",
        "plain",
    ],
)
def test_the_quick_look_for_spaced_letters_overlooks_none(text):
    found = deobfuscation._SPACED.search(text) or features._SPACED.search(text)
    assert deobfuscation.may_be_spaced(text) or not found


def test_a_text_that_may_be_spaced_has_words_with_three_letters_alone():
    rng = random.Random(0)
    for _ in range(5_000):
        text = "".join(rng.choices("aab1 .-_$@|+x\n", k=rng.randrange(1, 14)))
        alone = sum(map(deobfuscation.letters_alone, text.split()))
        assert alone >= deobfuscation.RUN_LEAST or not deobfuscation.may_be_spaced(text), text
