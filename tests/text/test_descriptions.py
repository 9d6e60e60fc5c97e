"""Descriptions of topics and events say what is known, in both languages, and nothing else."""

from dataclasses import dataclass

import pytest

from recsys.grounding.grounded import grounded
from recsys.writing.topic_and_event_descriptions import (
    event_description,
    group_description,
    topic_description,
)

DAY = 1_790_000_000.0  # 2026-09-21


@dataclass(frozen=True)
class Fact:
    kind: str
    value: str


def test_a_topic_is_described_by_its_name_and_items():
    found = topic_description("bread", 12, ["Rye at home", "x" * 80, "third"])
    assert found.made == "template"
    assert found.text.startswith("12 items about bread. Among them “Rye at")
    assert "third" not in found.text and "…" in found.text
    assert (
        topic_description("面包", 1, ["在家"], "zh").text == "1 个关于面包的内容。其中有《在家》。"
    )


def test_a_topic_without_a_name_is_described_by_its_items_alone():
    assert topic_description("", 418, ["La piel que habito"]).text == (
        "418 items. Among them “La piel que habito”."
    )
    assert topic_description("", 1).text == "1 item."


def test_a_group_is_described_by_its_topics():
    text = group_description(["bread", "roses"], 3, 40).text
    assert text == "40 items in this group. It has 3 topics. Its largest topics: bread, roses."


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_event_is_described_by_what_its_texts_hold(language):
    terms, names = ["flood", "bridge"], ["Skagen"]
    text = event_description(terms, names, 9, 7, DAY, DAY + 86_400, language).text
    assert "2026-09-21" in text and "2026-09-22" in text and "9" in text and "7" in text
    facts = [Fact("name", one) for one in (*terms, *names)]
    facts += [Fact("number", "9"), Fact("number", "7")]
    facts += [Fact("date", "2026-09-21"), Fact("date", "2026-09-22")]
    assert grounded(text, facts, like=text)
    assert "Skagen" not in event_description(terms, [], 9, 7, DAY, None, language).text
    assert "0" not in event_description(terms, names, 0, 0, DAY, None, language).text


def test_braces_in_titles_are_words():
    assert "{count}" in topic_description(["a"], 2, ["{count} {x}"]).text
