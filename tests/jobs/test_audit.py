"""Commands in the audit log, and `recsys audit`, on a real store."""

import json

import click
import numpy as np
import pytest
from click.testing import CliRunner
from sqlalchemy import update

from jobs.cli import COMMANDS, cli
from recsys.bundle import write_bundle
from recsys.bundle_store import BundleStore
from recsys.data.records import Event
from recsys.errors import DataError
from recsys.store.audit_log import AuditLog
from recsys.store.schema import audit
from recsys.store.store import Store

AUDITED = {
    "audit",
    "communities",
    "erase",
    "merge",
    "keys create",
    "keys revoke",
    "bundles rollback",
    "bundles prune",
    "backup",
    "restore",
    "notices retry",
    "webhooks add",
    "webhooks remove",
    "webhooks test",
    "mail add",
    "mail confirm",
    "mail remove",
    "mail test",
    "experiment add",
    "experiment start",
    "experiment stop",
    "experiment decide",
    "whatif",
    "watch add",
    "watch remove",
    "digest",
    "help ingest",
    "help remove",
    "talk",
    "bundles push",
    "streams rejects",
    "streams retry",
    "streams drop",
    "streams seek",
}
EXEMPT = {
    "the machine's own work on everybody's data; the store's runs hold it": {
        "demo",
        "ingest",
        "screen",
        "nightly",
        "serve",
        "deliver",
        "speak",
        "consume",
        "bundles pull",
    },
    "figures over everybody": {
        "evaluate",
        "evaluate-text",
        "evaluate-trends",
        "evaluate-watches",
        "evaluate-profiles",
        "evaluate-detected-events",
        "bench",
        "replay",
        "evaluate-fairness",
        "evaluate-experiments",
        "evaluate-ope",
        "evaluate-people",
        "evaluate-help",
        "evaluate-grounding",
        "evaluate-writing",
        "evaluate-dialogue",
        "evaluate-digest",
    },
    "a list for its reader, as GET /recommend": {"recommend"},
    "texts of a file, no user": {"tone", "train-tone"},
    "shows no person and changes nothing": {
        "keys list",
        "bundles list",
        "bundles show",
        "notices list",
        "notices dead",
        "webhooks list",
        "mail list",
        "settings",
        "watch list",
        "watch alerts",
        "watch digest",
        "watch test",
        "experiment list",
        "experiment plan",
        "experiment report",
        "help find",
        "streams list",
    },
}


@pytest.fixture
def call(tmp_path, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("RECSYS_HOME", str(home))
    with Store.open(f"sqlite:///{home}/store.db") as store:
        store.add_events([Event("ann", "1", "like"), Event("v", "2", "like")])
    runner = CliRunner()
    return lambda *words: runner.invoke(cli, [*words], catch_exceptions=False)


def entries(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/home/store.db") as store:
        return [one.entry for one in AuditLog(store.db).page()][::-1]


def commands():
    """Return the names of all commands, those of groups included."""
    context = click.Context(cli)
    for name in COMMANDS:
        found = cli.get_command(context, name)
        if isinstance(found, click.Group):
            yield from (f"{name} {one}" for one in found.list_commands(context))
        else:
            yield name


def test_every_command_is_audited_or_exempt_with_a_reason():
    exempt = set().union(*EXEMPT.values())
    assert not AUDITED & exempt
    assert AUDITED | exempt == set(commands())


def test_commands_that_look_or_change_leave_entries(call, tmp_path, monkeypatch):
    key = json.loads(call("keys", "create", "desk", "--scope", "support", "--json").output)
    call("keys", "revoke", key["key_id"])
    call("merge", "ann", "--from", "v")
    call("audit", "--user", "ann")
    call("backup", str(tmp_path / "copy"))
    call("erase", "ann")
    with pytest.raises(DataError):
        call("erase", "ann")
    found = entries(tmp_path)
    assert [(one.action, one.outcome) for one in found] == [
        ("recsys keys create", "done"),
        ("recsys keys revoke", "done"),
        ("recsys merge", "done"),
        ("recsys merge", "done"),
        ("recsys audit", "done"),
        ("recsys backup", "done"),
        ("recsys erase", "done"),
        ("recsys erase", "failed"),
    ]
    assert all(one.actor.startswith("command") for one in found)
    assert found[0].object == f"key {key['key_id']} of desk: support"
    assert found[2].subject and found[3].subject and found[2].subject == found[4].subject
    assert found[5].object == str(tmp_path / "copy")
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path / "other"))
    call("restore", str(tmp_path / "copy"))
    assert json.loads(call("audit", "--json", "-n", "1").output)[0]["action"] == "recsys restore"


def test_changes_of_bundles_leave_entries(call, tmp_path):
    bundles = BundleStore(tmp_path / "home")
    for version in ("v0", "v1", "v2"):
        bundles.publish(lambda f: write_bundle(f, {"x": np.zeros(3)}, {}, {}), version)
    call("bundles", "rollback")
    call("bundles", "prune", "--keep", "1")
    assert [(one.action, one.object) for one in entries(tmp_path)] == [
        ("recsys bundles rollback", "v1"),
        ("recsys bundles prune", "v0"),
    ]


def test_a_listing_and_a_verification(call, tmp_path):
    call("keys", "create", "one")
    assert "recsys keys create" in call("audit").output
    assert call("audit", "--route", "erase", "--json").output.strip() == "[]"
    head = json.loads(call("audit", "--verify", "--json").output)["head"]
    call("keys", "create", "two")
    assert "the chain is whole" in call("audit", "--verify", "--head", head).output
    with Store.open(f"sqlite:///{tmp_path}/home/store.db") as store:
        with store.db.write() as connection:
            change = update(audit).where(audit.c.action == "recsys keys create")
            connection.execute(change.values(actor="command:nobody"))
    with pytest.raises(DataError, match="not as it was written: entry 1 does not follow"):
        call("audit", "--verify")
    assert call("audit", "--verify", "--json").exit_code == 1
