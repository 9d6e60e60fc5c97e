"""`recsys bundles`, by hand and by script."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from jobs.commands.bundles import command
from recsys.bundle import write_bundle
from recsys.bundle_store import BundleStore
from recsys.errors import BundleError


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    return BundleStore(tmp_path)


@pytest.fixture
def filled(store):
    manifest = {"counts": {"items": 12}, "metrics": {"ndcg@20": 0.1234}}
    for version in ("v1", "v2", "v3"):
        store.publish(lambda f: write_bundle(f, {"x": np.zeros(3)}, {}, manifest), version)
    return store


def call(*arguments):
    result = CliRunner().invoke(command, arguments)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_an_empty_list_says_what_to_run(store):
    assert "recsys nightly" in call("list")
    assert json.loads(call("list", "--json")) == []
    with pytest.raises(BundleError, match="recsys nightly"):
        call("show")


def test_list_marks_the_current_one(filled):
    lines = call("list").splitlines()
    assert lines[1].split()[:2] == ["*", "v3"] and "0.1234" in lines[1]
    assert lines[2].split()[0] == "v2"


def test_a_bundle_that_nobody_could_test_has_no_figure(filled):
    untested = {"metrics": {"ndcg@20": 0.0, "people": 0}, "design": "untested"}
    filled.publish(lambda f: write_bundle(f, {"x": np.zeros(3)}, {}, untested), "v4")
    line = next(line for line in call("list").splitlines() if "v4" in line)
    assert "0.0000" not in line and "untested" in line


def test_list_marks_a_damaged_one(filled):
    (filled.folder / "v1" / "manifest.json").unlink()
    assert "! v1" in " ".join(call("list").split()) and "damaged" in call("list")


def test_json_carries_what_the_table_shows(filled):
    newest = json.loads(call("list", "--json"))[0]
    assert newest["version"] == "v3" and newest["current"] is True
    assert newest["metrics"] == {"ndcg@20": 0.1234} and newest["problem"] == ""


def test_show_verifies(filled):
    assert "all checksums match" in call("show", "v2")
    assert json.loads(call("show", "--json"))["version"] == "v3"
    (filled.folder / "v2" / "x.npy").write_bytes(b"")
    with pytest.raises(BundleError, match="x.npy"):
        call("show", "v2")


def test_rollback_and_prune(filled):
    assert "v2 is served" in call("rollback")
    assert json.loads(call("rollback", "v1", "--json")) == {"current": "v1"}
    assert json.loads(call("prune", "--keep", "1", "--json")) == {"removed": ["v2"]}
    assert call("prune").strip() == "nothing to remove"
    with pytest.raises(BundleError):
        call("prune", "--keep", "0")
