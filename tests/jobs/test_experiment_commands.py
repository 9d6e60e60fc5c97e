"""`recsys experiment`: files in TOML and JSON, states, plans and reports of a small store."""

import json
import time

import pytest
from click.testing import CliRunner

from jobs.cli import cli
from recsys.errors import DataError
from recsys.store.exposures import Exposure, Exposures, Outcome, Shown
from recsys.store.store import Store

TOML = """
id = "variety"
arms = [
    {name = "plain", share = 0.5},
    {name = "varied", share = 0.5, overrides = {diversity = 0.3}},
]
metrics = {primary = "click_rate", guardrails = ["refusal_rate"]}
"""


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path))
    runner = CliRunner()
    return lambda *words: runner.invoke(cli, ["experiment", *words], catch_exceptions=False)


@pytest.fixture
def file(tmp_path):
    (tmp_path / "variety.toml").write_text(TOML)
    return str(tmp_path / "variety.toml")


def fill(tmp_path, rates):
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        shown, acts, now = [], [], time.time()
        for arm, rate in zip(("plain", "varied"), rates, strict=True):
            for number in range(200):
                name, items = f"{arm}-{number}", (Shown("1", 1, "words"),)
                shown.append(Exposure(name, now, "v", name, "long", items, {"variety": arm}))
                if number < 200 * rate:
                    acts.append(Outcome(name, "1", "click", now))
        Exposures(store.db).write(shown, acts)


def test_from_a_file_to_a_decision(call, file, tmp_path):
    assert call("list").exit_code == 0
    assert call("add", file).output == "experiment variety is a draft\n"
    assert call("list").output == "variety  draft  default  plain 50%, varied 50%  [click_rate]\n"
    assert "no plan" in call("plan", "variety").output
    assert call("start", "variety").output == "experiment variety is running\n"
    assert "too early" in call("report", "variety").output
    fill(tmp_path, (0.2, 0.8))
    told = call("report", "variety").output
    assert "plain 200, varied 200" in told and "varied: 0.8" in told and "decided" in told
    found = json.loads(call("report", "variety", "--json").output)
    assert found["metrics"][0]["arms"][1]["difference"]["decided"]
    plan = json.loads(call("plan", "variety", "--json").output)
    assert plan["plan"]["value"] == pytest.approx(0.5) and plan["bundle_bytes"] is None
    assert "users of each arm" in call("plan", "variety").output
    assert (
        "not readable" in call("report", "aa").output or "too early" in call("report", "aa").output
    )
    call("stop", "variety")
    assert "decide variety --arm NAME" in call("decide", "variety").output
    assert "no arm" not in call("decide", "variety", "--arm", "varied").output
    (row,) = [json.loads(line) for line in call("list", "--json").output.splitlines()]
    assert row["state"] == "decided" and row["arms"][1]["overrides"] == {"diversity": 0.3}


def test_json_files_and_ids_by_file_name(call, tmp_path):
    arms = [{"name": "a", "share": 0.4}, {"name": "b", "share": 0.6}]
    (tmp_path / "half.json").write_text(
        json.dumps({"arms": arms, "metrics": {"primary": "lists_per_user"}})
    )
    assert json.loads(call("add", str(tmp_path / "half.json"), "--json").output)["id"] == "half"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id = ", "Invalid value"),
        (TOML.replace("0.5, overrides", "0.6, overrides"), "add up to 1.1"),
        (TOML.replace("diversity", "speed"), "'speed', which is none of"),
        (TOML.replace("overrides = {diversity = 0.3}", 'bundle = "v9"'), "no bundle 'v9'"),
        (TOML.replace("click_rate", "joy"), "'joy' is none of"),
    ],
)
def test_files_that_are_wrong(call, tmp_path, text, words):
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(DataError, match=words):
        call("add", str(tmp_path / "x.toml"))


def test_what_is_not_there(call):
    for words in (("start", "x"), ("stop", "x"), ("report", "x"), ("plan", "x")):
        with pytest.raises(DataError, match="no experiment 'x'"):
            call(*words)
