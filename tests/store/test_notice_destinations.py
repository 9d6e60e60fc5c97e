"""What may be a destination of notices."""

import pytest

from recsys.errors import DataError
from recsys.store.notice_destinations import check_address, check_url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "ftp://a/b",
        "https://",
        "https:///x",
        "https://u:p@a.org/",
        "https://a.org:0/",
        "https://a.org:99999/",
        "https://a.org/ b",
        "https://ä.org/",
        "https://a.org/\n",
        "https://a.org/" + "x" * 2000,
    ],
)
def test_what_is_no_url_of_a_webhook(url):
    with pytest.raises(DataError):
        check_url(url)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "@b.org",
        "ann@",
        "ann@b.org, bob@b.org",
        "Ann <ann@b.org>",
        "a\nb@c.org",
        "ännchen@b.org",
        "a b@c.org",
        "x" * 250 + "@b.org",
    ],
)
def test_what_is_no_mail_address(address):
    with pytest.raises(DataError):
        check_address(address)


def test_what_is_one():
    check_url("https://hooks.example.org:8443/a/b?c=d")
    check_url("http://[::1]/x")
    assert check_address("ann.b+c@mail.example.org") == "ann.b+c@mail.example.org"
