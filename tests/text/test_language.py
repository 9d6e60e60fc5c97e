"""Languages of obvious sentences and of titles; what cannot be told stays open."""

import csv
from pathlib import Path

import pytest

from recsys.text.language.detect import NOT_KNOWN, detect
from recsys.text.language.english_word_share import english_evidence, listed

SENTENCES = [
    ("en", "The quick brown fox jumps over the lazy dog"),
    ("en", "what is the best way to learn this?"),
    ("en", "I can't believe they did that to her"),
    ("de", "Ich weiß nicht, was das soll"),
    ("de", "Der Hund ist in den Garten gelaufen"),
    ("de", "Wir sollten mehr Fahrradwege bauen"),
    ("fr", "Le chat est sur la table"),
    ("fr", "Je ne sais pas ce que c'est"),
    ("fr", "Nous avons besoin de plus de pistes"),
    ("es", "El perro está en la casa"),
    ("es", "No sé qué es esto pero me gusta mucho"),
    ("es", "¿Dónde está la biblioteca?"),
    ("it", "Il gatto è sul tavolo"),
    ("it", "Non so che cosa sia questo"),
    ("it", "La vita è bella e noi siamo qui"),
    ("pt", "O gato está em cima da mesa"),
    ("pt", "Eu não sei o que é isso"),
    ("pt", "Você é muito legal"),
    ("nl", "De kat zit op de tafel en ik weet het niet"),
    ("nl", "Dit is een hele goede film"),
    ("nl", "Wat moet ik doen met deze fiets"),
    ("ru", "Я не знаю, что это такое"),
    ("ru", "Собака бежит в сад и лает"),
    ("uk", "Я не знаю, що це таке і чому"),
    ("zh", "我不知道这是什么"),
    ("zh", "今天天气很好 iPhone 15"),
    ("ja", "これは何ですか"),
    ("ja", "東京に行きました"),
    ("ko", "이것은 무엇입니까"),
    ("ar", "لا أعرف ما هذا"),
    ("fa", "من نمی دانم این چیست"),
    ("el", "Δεν ξέρω τι είναι"),
    ("he", "אני לא יודע מה זה"),
    ("hi", "मुझे नहीं पता यह क्या है"),
    ("th", "ฉันไม่รู้"),
    ("pl", "Nie wiem, co to jest"),
    ("tr", "Bu nedir bilmiyorum ama çok güzel"),
    ("sv", "Jag vet inte vad det är"),
    ("cs", "Nevím, proč je to tak, ale už to tak bylo"),
    ("vi", "Tôi không biết đây là gì"),
    ("da", "Jeg ved ikke hvad det er, men det er noget"),
    ("fi", "En tiedä mitä se on, mutta se on hyvä"),
]


@pytest.mark.parametrize(("code", "text"), SENTENCES)
def test_sentences(code, text):
    found = detect(text)
    assert found.code == code and 0.3 < found.sure <= 1


@pytest.mark.parametrize(
    "text",
    ["Alien", "", "12345", "!!! 😀", "Terminator 2", "a\ud800", "\u202e\u202d", "\x00\x07"],
)
def test_what_cannot_be_told_stays_open(text):
    assert detect(text) == NOT_KNOWN


def titles() -> list[tuple[str, str]]:
    """Return (language, title): titles of films and books from common knowledge, and headlines."""
    with Path(__file__).with_name("titles.csv").open(encoding="utf-8", newline="") as file:
        return [(row["language"], row["title"]) for row in csv.DictReader(file)]


def test_a_title_of_english_words_is_english_without_a_function_word():
    english = [title for code, title in titles() if code == "en"]
    assert {detect(title).code for title in english} == {"en"}


def test_titles_are_seldom_taken_for_another_language():
    found = [(code, detect(title).code) for code, title in titles()]
    wrong = [pair for pair in found if pair[1] not in ("", pair[0])]
    assert len(wrong) <= 0.02 * len(found)
    scripts = [pair for pair in found if pair[0] in ("zh", "ja", "ko")]
    assert all(one == other for one, other in scripts)


def test_words_of_a_list_are_evidence_and_names_are_not():
    assert listed(["vanishing", "cowboys", "rennt"]).tolist() == [True, True, False]
    assert english_evidence(["vanishing", "point"]) > english_evidence(["point"]) > 0
    assert english_evidence(["lola", "rennt"]) == english_evidence([]) == 0
    assert english_evidence(["point", "rennt"]) < english_evidence(["point"])
    assert english_evidence(["das"]) == 0  # listed, but German


def test_markup_links_and_length_do_not_mislead():
    assert detect("<p>Das ist ja wirklich nicht so schlimm</p>").code == "de"
    assert detect("https://the-and-of-is.example/to/be 今天天气很好").code == "zh"
    assert detect("the cat is on the table " * 50_000).code == "en"
