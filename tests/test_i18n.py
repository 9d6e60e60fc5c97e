"""Messages: catalogues are read, plurals follow the language, other languages are another file."""

import configparser
from pathlib import Path

import pytest

from recsys import i18n
from recsys.errors import DataError
from recsys.i18n import closest, counted, languages, preferred, read_catalogue, translate

POLISH = r"""
# a comment
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=3; "
"plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\n"

msgid "a {name}"
msgstr ""
"\"ą\" "
"{name}"

msgid "one file"
msgid_plural "{count} files"
msgstr[0] "plik"
msgstr[1] "{count} pliki"
msgstr[2] "{count} plików"

msgid "not translated"
msgstr ""
"""


def test_chinese_and_english():
    assert translate("It is new") == "It is new" and translate("It is new", "zh") == "刚刚发布"
    assert translate("“{title}”", "zh-Hant-TW", title="海") == "《海》"
    assert translate("nobody translated this", "zh") == "nobody translated this"
    assert translate("It is new", "tlh") == "It is new"
    more = ["{first}, {second} and {count} more like them"] * 2
    assert counted(*more, 3, "zh", first="甲", second="乙") == "甲、乙等另外3个类似内容"
    assert counted(*more, 1, first="A", second="B") == "A, B and 1 more like them"


def test_another_language_is_another_file(tmp_path, monkeypatch):
    (tmp_path / "pl.po").write_text(POLISH, "utf-8")
    monkeypatch.setattr(i18n, "FOLDER", tmp_path)
    assert languages(tmp_path) == ("en", "pl")
    polish = read_catalogue(tmp_path / "pl.po")
    assert polish.gettext("a {name}") == '"ą" {name}'
    forms = [polish.ngettext("one file", "{count} files", n) for n in (1, 3, 5)]
    assert forms == ["plik", "{count} pliki", "{count} plików"]
    assert polish.gettext("not translated") == "not translated"


@pytest.mark.parametrize("wrong", ["msgid no quotes", 'msgstr "x', 'what "x"', '"\\x"'])
def test_a_file_that_is_no_catalogue_is_named(tmp_path, wrong):
    (tmp_path / "xx.po").write_text(wrong)
    with pytest.raises(DataError, match="xx.po"):
        read_catalogue(tmp_path / "xx.po")


@pytest.mark.parametrize(
    "header, language",
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,zh;q=0.9", "en"),
        ("fr, zh;q=0.1", "zh"),
        ("fr", "en"),
        ("*", "en"),
        ("zh;q=0", "en"),
        ("zh;q=nonsense, en;q=.1", "en"),
        (";;,,q=1", "en"),
        ("en;q=0.2,zh;q=0.7", "zh"),
        ("ZH_tw", "zh"),
    ],
)
def test_what_a_browser_prefers(header, language):
    assert preferred(header) == language


def test_the_nearest_language():
    assert [closest(tag) for tag in ("zh-CN", "EN-us", "fr", "")] == ["zh", "en", None, None]


def test_the_catalogues_are_installed_with_the_package():
    parser = configparser.ConfigParser()
    parser.read(Path(i18n.__file__).parents[1] / "setup.cfg", encoding="utf-8")
    assert "locale/*.po" in parser["options.package_data"]["recsys"].split()
    assert languages() == ("en", "zh")
