"""Every sentence of the console is there in Chinese, with the same names in braces."""

from __future__ import annotations

import re

from console_translations import sentences

from api.console.translations import FOLDER, translated
from recsys.i18n import languages, read_catalogue

SAME = {"CPU", "nDCG@20"}  # read alike in both languages


def test_every_sentence_is_translated() -> None:
    catalogue = read_catalogue(FOLDER / "zh.po")
    keys = sentences()
    assert len(keys) > 300
    lacking = sorted(key for key in keys - SAME if catalogue.gettext(key) == key)
    assert lacking == []


def test_names_in_braces_are_the_same() -> None:
    for language in languages():
        for key in sentences():
            found = translated(key, language)
            assert set(re.findall(r"\{\w+\}", found)) == set(re.findall(r"\{\w+\}", key)), key


def test_words_of_the_code_are_english_words_on_english_pages() -> None:
    assert translated("because_you") == "history"
    assert translated("because_you", "zh") == "历史"
    assert translated("no such word", "zh") == "no such word"


def test_no_sentence_is_translated_twice() -> None:
    for language in ("en", "zh"):
        text = (FOLDER / f"{language}.po").read_text("utf-8")
        keys = re.findall(r'^msgid "(.+)"$', text, re.MULTILINE)
        assert sorted({key for key in keys if keys.count(key) > 1}) == []
