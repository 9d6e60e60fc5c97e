"""`recsys keys` on a real store."""

import json

import pytest
from click.testing import CliRunner

from jobs.commands.api_keys import command
from recsys.errors import DataError
from recsys.store.api_keys import digest


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    runner = CliRunner()
    return lambda *words: runner.invoke(command, [*words], catch_exceptions=False)


def test_a_key_is_made_listed_and_revoked(call, tmp_path):
    made = json.loads(call("create", "feed", "--scope", "write", "--json").output)
    assert made["scope"] == "write" and made["key"]
    listed = call("list", "--json").output
    assert json.loads(listed)[0]["revoked"] is None and made["key"] not in listed
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("store.db*"))
    assert made["key"].encode() not in stored and digest(made["key"]).encode() in stored
    assert made["key_id"] in call("revoke", made["key_id"]).output
    assert json.loads(call("list", "--json").output)[0]["revoked"] is not None
    assert "revoked" in call("list").output


def test_an_unknown_key_cannot_be_revoked(call):
    with pytest.raises(DataError, match="'nobody' does not hold"):
        call("revoke", "nobody")


def test_no_key_yet(call):
    assert "recsys keys create" in call("list").output
