"""`recsys whatif` over the tiny world: what POST /whatif answers, and what is refused."""

import json

import api_world as world
import pytest
from click.testing import CliRunner

from jobs.cli import cli
from recsys.data.records import Event
from recsys.errors import DataError
from recsys.store.store import Store


@pytest.fixture
def call(tmp_path, monkeypatch):
    world.build(tmp_path)
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        store.add_events([Event("ann", "bread-1", "like"), Event("bob", "sea-1", "like")])
    runner = CliRunner()
    return lambda *words: runner.invoke(cli, ["whatif", *words], catch_exceptions=False)


def test_lists_of_one_user_and_of_many(call):
    found = json.loads(
        call("--user", "ann", "-n", "5", "--override", "personal=0", "--json").output
    )
    (pair,) = found["lists"]
    assert [one["item_id"].split("-")[0] for one in pair["before"]] == ["bread"] * 5
    assert pair["jaccard"] < 1
    told = call("--user", "ann", "-n", "5", "--override", "personal=0").output
    assert "gone:" in told and "topic" in told
    many = json.loads(call("--sample", "50", "--override", "diversity=0.4", "--json").output)
    assert many["users"] >= 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--user", "ann"), "nothing is otherwise"),
        (("--user", "ann", "--override", "speed=1"), "'speed=1' is not of the form"),
        (("--user", "ann", "--override", "diversity=x"), "diversity = 'x' is not a number"),
        (("--user", "nobody", "--override", "diversity=0.1"), "user 'nobody' is not known"),
        (("--user", "ann", "--override", "explore=0.1"), "nothing that a configuration sets"),
        (("--user", "ann", "--without", "999"), "no event 999"),
    ],
)
def test_what_is_refused(call, words, message):
    with pytest.raises(DataError, match=message):
        call(*words)
