"""What an S3 server can do wrong, over HTTP."""

import builtins
import traceback

import object_server
import pytest

from recsys.errors import MissingExtra, ObjectStoreError
from recsys.object_storage import s3_objects
from recsys.object_storage.object_store import check_conditional_puts
from recsys.object_storage.opening import open_objects
from recsys.object_storage.s3_objects import S3Objects
from recsys.object_storage.urls import check_url


@pytest.fixture
def store(proxy, prefix, monkeypatch):
    monkeypatch.setattr(s3_objects, "_RETRIES", 2)
    return S3Objects(object_server.BUCKET, prefix)


def failing(count, fault):
    left = [count]

    def next_fault(method, path):
        left[0] -= 1
        return fault if left[0] >= 0 else ""

    return next_fault


def test_a_503_is_tried_again(proxy, store):
    store.put("k", b"one")
    proxy.fault = failing(2, "503")
    assert store.get("k").data == b"one"


def test_a_503_that_stays_is_told_without_the_key(proxy, store):
    proxy.fault = lambda method, path: "503"
    with pytest.raises(ObjectStoreError, match=r"s3://bundles/.*/k: .*503") as raised:
        store.get("k")
    told = "".join(traceback.format_exception(raised.value))
    assert object_server.SECRET not in told and "\n" not in str(raised.value)


@pytest.mark.parametrize("status", ["401", "403"])
def test_missing_rights_name_the_credentials(proxy, store, status):
    proxy.fault = lambda method, path: status
    with pytest.raises(ObjectStoreError, match=rf"{status} Fault: the credentials .*AWS_ACCESS"):
        store.get("k")


def test_a_slow_store_is_given_up(proxy, prefix, monkeypatch):
    monkeypatch.setattr(s3_objects, "_REQUEST", "300ms")
    monkeypatch.setattr(s3_objects, "_RETRIES", 0)
    store = S3Objects(object_server.BUCKET, prefix)
    store.put("k", b"one")
    proxy.fault, proxy.pause = lambda method, path: "slow", 1.0
    with pytest.raises(ObjectStoreError, match="/k: "):
        store.get("k")


def test_half_a_body_is_no_object(proxy, store):
    store.put("k", bytes(100_000))
    proxy.fault = failing(1, "truncate")
    assert store.get("k").data == bytes(100_000)
    proxy.fault = lambda method, path: "truncate"
    with pytest.raises(ObjectStoreError):
        b"".join(store.read("k", 100_000))


def test_a_store_that_ignores_conditions_is_named(proxy, store):
    proxy.fault = lambda method, path: "unconditional"
    with pytest.raises(ObjectStoreError, match=r"s3://bundles/.*no conditional put.*If-None-Match"):
        check_conditional_puts(store)
    assert store.list("probe/") == []


def test_a_store_that_ignores_if_match_alone_is_named(proxy, store):
    puts = []

    def third(method, path):
        puts.append(method)
        return "unconditional" if puts.count("PUT") == 3 else ""

    proxy.fault = third
    with pytest.raises(ObjectStoreError, match="no conditional put.*If-Match"):
        check_conditional_puts(store)


def test_a_store_that_answers_501_is_named(proxy, store):
    proxy.fault = lambda method, path: "501" if method == "PUT" else ""
    with pytest.raises(ObjectStoreError, match="no conditional put.*501"):
        check_conditional_puts(store)


def test_a_bucket_that_is_not_there_is_told(proxy):
    with pytest.raises(ObjectStoreError, match="s3://no-such-bucket: the bucket does not exist"):
        S3Objects("no-such-bucket", "").get("k")


def test_without_the_package_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("obstore"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=r"recsys\[s3\]"):
        open_objects("s3://bundles/a")


@pytest.mark.parametrize(
    "url",
    ["s3://bundles", "s3://my-bucket/a/b", "file:///srv/bundles", "s3://bundles/"],
)
def test_urls_that_are_good(url):
    assert check_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s3://key:secret@bundles/a", "credentials"),
        ("s3://bundles/a?x=1", "credentials"),
        ("s3://B/a", "s3://bucket"),
        ("s3:///a", "s3://bucket"),
        ("gs://bundles", "s3://bucket"),
        ("/srv/bundles", "s3://bucket"),
        ("file://host/folder", "s3://bucket"),
        ("file:///", "s3://bucket"),
        ("s3://bundles/a//b", "s3://bucket"),
        ("s3://bundles/a b", "prefix"),
    ],
)
def test_urls_that_are_wrong(url, words):
    with pytest.raises(ValueError, match=words):
        check_url(url)
