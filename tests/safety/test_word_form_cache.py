"""Words looked up by themselves: the same plain texts and the same doubts as of whole texts."""

import random
import sys
import threading
from re import _parser as parser
from types import SimpleNamespace

import pytest

from recsys.safety import text_rules, word_form_cache
from recsys.safety.plain_text import plain
from recsys.safety.text_rule_phrases import ENGLISH
from recsys.safety.text_rules import by_words
from recsys.safety.word_form_cache import WordMemory

WORDS = (
    "the of a I you don't it's and/or idiot stupid fool! youAreHere aBc e.g. U.S. 2019, covid19"
    " www.example.com/x under_score stuuupid sooo #tag @you $ave f*ck 100% true re-do well... :)"
    " kill yourself shut up guaranteed profit cover-up a1 _ !! nobody likes you"
).split()
SIGNS = "aab iouAIkl$@|+!1034*_./~=:'-#&<\n\t\x1c"


@pytest.fixture(params=range(40))
def texts(request):
    rng = random.Random(request.param)
    found = []
    for _ in range(50):
        words = [rng.choice(WORDS) for _ in range(rng.randrange(1, 15))]
        for place in range(len(words)):
            if rng.random() < 0.1:
                words[place] += rng.choice(("_", "!", "!x", "aB", "/", "...", "'s", "1", "\n"))
            if rng.random() < 0.1:
                words[place] = "".join(rng.choice(SIGNS) for _ in range(rng.randrange(1, 9)))
        found.append(" ".join(words))
    return found


def test_words_have_the_plain_forms_that_their_texts_give_them(texts):
    memory = WordMemory(lambda word: word or None)  # notes every word
    read = [(text, found) for text in texts if (found := memory.read(text)) is not None]
    assert len(read) > len(texts) / 10
    for text, found in read:
        assert found.plain == plain(text)


def test_doubts_are_those_of_whole_texts(texts, monkeypatch):
    by_word = by_words(texts) + by_words(texts)  # the second time every word is known
    monkeypatch.setattr(text_rules, "_memory", SimpleNamespace(read=lambda text: None))
    whole = by_words(texts)
    assert by_word == whole + whole


def test_markup_spaced_letters_and_long_texts_are_read_as_a_whole():
    memory = WordMemory(lambda word: None)
    for text in ("a <b>bold</b> word", "f o o l", "naïve", "a &amp; b", "word " * 2_000):
        assert memory.read(text) is None
    assert memory.read("a plain text") is not None


def test_a_text_of_many_odd_words_is_read_as_a_whole_and_few_are_learned():
    memory = WordMemory(lambda word: None)
    assert memory.read(" ".join(f"w0rd{n}x" for n in range(50))) is None
    assert len(memory._words.plain) <= word_form_cache.MOST_ODD
    assert memory.read(" ".join("word" + "ab"[n % 2] * n for n in range(2, 300))) is None
    assert len(memory._words.plain) <= word_form_cache.MOST_ODD + word_form_cache.MOST_NEW


def test_what_is_remembered_is_bounded_and_shared_by_threads(monkeypatch):
    monkeypatch.setattr(word_form_cache, "KEPT", 50)
    memory = WordMemory(lambda word: word if "b" in word else None)
    rng = random.Random(0)
    words = ["".join(rng.choices("abc", k=4)) for _ in range(200)]
    wrong = []

    def read():
        for _ in range(300):
            text = " ".join(rng.choices(words, k=6))
            found = memory.read(text)
            if found is not None and set(found.notes) != {w for w in text.split() if "b" in w}:
                wrong.append((text, found))

    switches = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(switches)
    assert wrong == []
    assert len(memory._words.plain) <= 50 + 6 * 4


def sample(pattern, rng):
    """Return a text that a parsed pattern matches, drawn at random; boundaries add nothing."""
    found = ""
    for name, value in pattern:
        kind = str(name)
        if kind == "LITERAL":
            found += chr(value)
        elif kind == "BRANCH":
            found += sample(rng.choice(value[1]), rng)
        elif kind == "SUBPATTERN":
            found += sample(value[-1], rng)
        elif kind == "MAX_REPEAT":
            least, most, inner = value
            times = rng.randint(int(least), min(int(most), int(least) + 2))
            found += "".join(sample(inner, rng) for _ in range(times))
        elif kind == "IN":
            found += sample_of_set(value, rng)
        else:
            assert kind == "AT", kind
    return found


def sample_of_set(signs, rng):
    kind, value = rng.choice(signs)
    if str(kind) == "LITERAL":
        return chr(value)
    assert str(value) == "CATEGORY_DIGIT"
    return rng.choice("0123456789")


@pytest.mark.parametrize("kind", ENGLISH)
def test_a_text_that_holds_a_phrase_holds_one_of_its_hints(kind):
    rng = random.Random(kind)
    for hints, phrase, _ in ENGLISH[kind]:
        parsed, left = parser.parse(phrase), set(hints.split(", "))
        for _ in range(3_000):
            text = sample(parsed, rng)
            held = {hint for hint in hints.split(", ") if hint in text}
            assert held, (phrase, text)
            left -= held
        assert not left, f"hints of nothing: {left}"


def test_a_text_with_a_hint_has_its_word():
    for every, phrase in zip(text_rules._HINT_WORDS, text_rules._ENGLISH, strict=True):
        for word, hint in zip(every, phrase.hints, strict=True):
            assert any(word in f" {one} " for one in f"so-{hint}s".split()), (word, hint)
