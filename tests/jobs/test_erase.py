"""`recsys erase` on a real store."""

import json

import pytest
from click.testing import CliRunner

from jobs.commands.erase_user import command
from recsys.data.records import Event
from recsys.errors import DataError
from recsys.store.store import Store


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        store.add_events([Event(who, "1", "like", timestamp=5.0) for who in ("ann", "bob")])
    runner = CliRunner()
    return lambda *words: runner.invoke(command, [*words], catch_exceptions=False)


def test_the_receipt_is_printed(call):
    result = json.loads(call("ann", "--json").output)
    assert result["deleted"]["events"] == 1 and result["places"][0]["place"] == "store"
    lines = call("bob").output.splitlines()
    assert lines[0].startswith("erased;") and lines[1].startswith("store: 1 event, 1 user; ")


def test_nothing_held_is_said(call):
    with pytest.raises(DataError, match="nothing is held of user 'nobody'"):
        call("nobody")
    call("ann")
    with pytest.raises(DataError):
        call("ann")
