"""grounded: true texts pass, corrupted ones do not, in English and Chinese."""

from dataclasses import dataclass

import pytest

from recsys.evaluation.grounding_trials import trial
from recsys.grounding.grounded import REASONS, grounded
from recsys.grounding.numbers_and_dates import dates, numbers, urls


@dataclass(frozen=True)
class Fact:
    kind: str
    value: str


FACTS = [
    Fact("title", "The Third Man"),
    Fact("name", "Orson Welles"),
    Fact("number", "6"),
    Fact("date", "12 March 2024"),
    Fact("url", "https://example.org/m/3"),
    Fact("text", "Because you liked “The Third Man”. It is not new, and 6 people shared it."),
    Fact("name", "园艺"),
    Fact("title", "第三个人"),
    Fact("text", "因为你喜欢《第三个人》。它不长，有6个人分享过。"),
]


@pytest.mark.parametrize(
    "text",
    [
        "Because you liked “The Third Man”.",
        "It is not new; 6 people shared it.",
        "6 people shared it on March 12, 2024.",
        "“The Third Man” with Orson Welles: https://example.org/m/3",
        "Six people shared “The Third Man”.",
        "因为你喜欢《第三个人》。",
        "有六个人分享过《第三个人》。",
        "它不长，有6个人分享过。",
    ],
)
def test_true_texts_pass(text):
    assert grounded(text, FACTS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Because you liked “The Fourth Man”.", "title"),
        ("7 people shared it.", "number"),
        ("Seven people shared it.", "number"),
        ("It is new, and 6 people shared it.", "negation"),
        ("6 people shared it on March 13, 2024.", "date"),
        ("“The Third Man” with Joseph Cotten.", "name"),
        ("Because you watched “The Third Man”.", "reader"),
        ("See https://example.org/m/4", "url"),
        ("See evil.com", "url"),
        ("<b>6 people</b> shared it.", "markup"),
        ('{"text": "6"}', "markup"),
        ("", "empty"),
        ("因为你喜欢《第四个人》。", "title"),
        ("它很长，有6个人分享过。", "negation"),
        ("有七个人分享过。", "number"),
        ("因为你看过《第三个人》。", "reader"),
        ("王家卫分享过《第三个人》。", "name"),
        ("taylor swift shared it with zendaya", "name"),
    ],
)
def test_corrupted_texts_do_not(text, reason):
    verdict = grounded(text, FACTS)
    assert not verdict and verdict.reason == reason


def test_a_rewording_is_in_the_language_and_about_as_long():
    like = "Six people shared it."
    assert grounded("6 people shared it.", FACTS, like=like)
    assert grounded("有6个人分享过。", FACTS, like=like).reason == "language"
    assert grounded("It was shared. " * 9, FACTS, like=like).reason == "length"


def test_numbers_dates_and_urls_have_one_form():
    assert numbers("1,200 or 1.2k, 12 % and 12 percent") == ["1200", "1200", "12%", "12%"]
    assert numbers("二十三个 三万 2.5亿 twenty-one") == ["23", "30000", "250000000", "21"]
    assert dates("on 2024-03-12")[0] == dates("2024年3月12日")[0] == [(2024, 3, 12)]
    assert urls("see https://Example.org/a, or www.b.com.") == {"example.org/a", "www.b.com"}


@pytest.mark.parametrize("text", ["\x00", "😀" * 50, "(" * 3_000, "“" * 999, "１２３", "ـ" * 20])
def test_odd_texts_have_a_verdict(text):
    assert grounded(text, FACTS).reason in ("", *REASONS)


def test_the_trial_counts_what_is_caught():
    texts = [
        f"Ada Lovelace met Charles Babbage in 18{n}. The engine is large, and was never built."
        for n in range(10, 40)
    ]
    found = trial(texts, 30, 0)
    assert found["true"]["passed"] == 1.0 and found["all"]["planted"] >= 30
    assert found["all"]["caught"] > 0.9
