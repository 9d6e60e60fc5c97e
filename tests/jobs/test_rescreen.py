"""`recsys screen`: items that came another way are looked at too."""

import json

from click.testing import CliRunner

from jobs.cli import cli
from recsys.data.records import Item
from recsys.store.store import Store

TEXT = "The harbour master says that the tide will be high and that sailors should stay ashore"


def test_what_came_unseen_is_flagged_and_found_by_later_items(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        store.add_items([Item("a", text=TEXT), Item("b", text=TEXT), Item("c", text="you idiot")])

        def screen():
            result = CliRunner().invoke(cli, ["screen", "--json"], catch_exceptions=False)
            return json.loads(result.stdout)

        flags = {"duplicate": 1, "insult": 1}
        assert screen() == {"items": 3, "changed": 3, "flags": flags}
        assert store.item("b").metadata["flags"][0]["of"] == "a"
        assert screen() == {"items": 3, "changed": 0, "flags": flags}
    assert "1 duplicate, 1 insult" in CliRunner().invoke(cli, ["screen"]).stdout
