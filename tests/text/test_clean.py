import pytest

from recsys.text.clean import LONGEST, clean, document


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("", ""),
        ("<p>Red&nbsp;&amp; <b>blue</b></p>", "Red & blue"),
        ("a < b > c and x<3", "a < b > c and x<3"),
        ("<script>alert(1)</script>seen<style>p{}</style>", "seen"),
        ("one\x00two\tthree\r\n four", "one two three four"),
        ("\u200fשלום\u202e hi", "שלום hi"),
        ("ﬁne ① Ｗｉｄｅ", "fine 1 Wide"),
        ("bad \ud800 half", "bad half"),
        ("\ud83d\ude00 whole", "😀 whole"),
        ("中文 日本語 العربية", "中文 日本語 العربية"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
    ],
)
def test_clean(raw: str, wanted: str) -> None:
    assert clean(raw) == wanted
    clean(raw).encode("utf-8")


def test_a_megabyte_is_cut() -> None:
    assert len(clean("word " * 300_000)) <= LONGEST
    assert len(clean("<" * 1_000_000)) <= LONGEST


def test_document_puts_the_short_parts_first() -> None:
    assert document("Title", "A long text", ("a", "b"), "news") == "Title\na, b\nnews\nA long text"
    assert document("", "") == ""


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("see https://www.nytimes.com/2013/05/x.html?a=1#b now", "see nytimes.com now"),
        ("http://a.example:80/x", "a.example:80"),
        ("www.b.example", "b.example"),
        ("soooooo good!!!!!!!", "sooo good!!!"),
        ("哈哈哈哈哈哈", "哈哈哈"),
        ("-----", "---"),
        ("Rocky III, 1000000, 0000", "Rocky III, 1000000, 0000"),
        ("http:// x", "http:// x"),
    ],
)
def test_a_document_is_tidy(raw: str, wanted: str) -> None:
    assert document("", raw) == wanted
