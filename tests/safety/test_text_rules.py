"""Doubtful texts: the obvious is found, in disguise too, and harmless texts are left alone."""

import sys
from types import ModuleType

import pytest

from recsys.errors import DataError
from recsys.safety.text_rules import by_words, load_scorer

DOUBTFUL = {
    "insult": [
        "You are an idiot",
        "you f*cking moron",
        "u r so stupid lol",
        "what an asshole",
        "Y o u are a l0ser!!",
        "go fuck yourself",
        "你真是个白痴",
        "傻 逼",
        "clowns like you",
        "yоu аre a mоron",  # with Cyrillic letters
    ],
    "threat": [
        "I will kill you",
        "I'm gonna find and kill her",
        "kill yourself",
        "we know where you live",
        "我要杀了你",
        "你给我等着",
        "you should all die",
    ],
    "scam": [
        "Double your bitcoin today, DM me on telegram!",
        "Guaranteed profit, risk free investment",
        "You have won! Claim your prize now",
        "earn $500 per day from home",
        "加微信,日赚千元",
        "verify your account here http://x.y",
        "兼职日结 稳赚不赔",
    ],
    "rumour": [
        "Share this before it gets deleted",
        "They don't want you to know the truth",
        "5G towers cause covid wake up people",
        "紧急扩散!千万别吃",
        "doctors hate this miracle cure",
    ],
}
HARMLESS = [
    "The movie was stupid but fun",
    "I killed it at the gym",
    "You are not an idiot",
    "The dog is fat",
    "How to verify a proof",
    "He killed the king in this play",
    "A killer whale",
    "这部电影很好看",
    "My bank account is empty",
    "He will die in the last season",
    "Kill Bill",
    "The prize was claimed",
    "don't be stupid",
    "The Big Short",
    "You've Got Mail",
    "You Will Meet a Tall Dark Stranger",
    "why are you so crazy about cats",
    "I make 3 cakes a day",
    "Die Hard",
    "Jackass: The Movie",
    "Bitch Slap",
    "Kyss mig",
    "Drop Dead Fred",
    "To Die For",
    "Before the Devil Knows You're Dead",
    "Der Idiot",
    "click",
    "",
    "\ud800",
    "\u202eabc",
    "x" * 1_000_000,
]


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in DOUBTFUL.items() for text in texts]
)
def test_the_obvious_is_found(kind, text):
    found = by_words([text])[0]
    assert kind in [doubt.kind for doubt in found]
    assert all(0.5 <= doubt.score <= 1 and doubt.why for doubt in found)


@pytest.mark.parametrize("text", HARMLESS, ids=lambda text: repr(text[:40]))
def test_the_harmless_is_left_alone(text):
    assert by_words([text]) == [[]]


@pytest.fixture
def module():
    made = ModuleType("tests_safety_model")
    sys.modules[made.__name__] = made
    yield made
    del sys.modules[made.__name__]


def test_a_model_joins_the_words(module):
    module.score = lambda texts: [{"insult": 0.95, "spoiler": 0.7, "scam": 0.1} for _ in texts]
    scorer = load_scorer("tests_safety_model:score")
    both, alone = scorer(["You are an idiot", "The butler did it"])
    assert {d.kind: (d.score, d.why) for d in both} == {
        "insult": (0.95, "tests_safety_model:score"),
        "spoiler": (0.7, "tests_safety_model:score"),
    }
    assert {d.kind for d in alone} == {"insult", "spoiler"}


@pytest.mark.parametrize(
    "spec", ["no_such_module:score", "tests_safety_model:none", "sys:path", "json"]
)
def test_a_model_that_cannot_be_loaded_is_named(module, spec):
    with pytest.raises(DataError, match=f"RECSYS_SAFETY_MODEL={spec}"):
        load_scorer(spec)


@pytest.mark.parametrize("answer", [[], [{"insult": 7}], [{"x": float("nan")}], None, [None]])
def test_where_a_model_fails_the_words_decide(module, answer, caplog):
    module.score = lambda texts: answer
    found = load_scorer("tests_safety_model:score")(["You are an idiot"])
    assert [doubt.kind for doubt in found[0]] == ["insult"]
    assert "RECSYS_SAFETY_MODEL=tests_safety_model:score failed" in caplog.text
