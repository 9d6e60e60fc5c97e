"""Settings: one declaration each; command line over environment over file over default."""

import ast
import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from jobs.environment import server_environment
from recsys.errors import DataError
from recsys.setting_kinds import masked
from recsys.settings import DEFAULT, SETTINGS, Settings, as_environment, describe

ROOT = Path(__file__).parent.parent
# properties of Settings, and the settings that they are computed from
DERIVED = {
    "store_url": ("store", "home"),
    "cache_folder": ("cache",),
    "weights": (
        "event_weights",
        "tone_strength",
        "comment_strength",
        "defences",
        "public_kinds",
    ),
    "proxies": ("trusted_proxies",),
    "repeat_categories": ("repeat",),
    "tones": ("home",),
}


def test_defaults(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = Settings.load({})
    assert settings.home == tmp_path / "data" / "var"
    assert settings.store_url == f"sqlite:///{tmp_path}/data/var/store.db"
    assert settings.weights.of_kind("dislike") == -1
    assert settings.sources == {}


def test_the_environment_wins_over_the_file(tmp_path):
    file = tmp_path / "recsys.toml"
    file.write_text(
        'home = "/srv/r"\nseed = 3\nport = 81\naccess_log = false\ncors_origins = ["a", "b"]\n'
        "[event_weights]\nlike = 2\n"
    )
    environ = {"RECSYS_CONFIG": str(file), "RECSYS_PORT": "82", "RECSYS_SEED": ""}
    settings = Settings.load(environ)
    assert (str(settings.home), settings.seed, settings.port) == ("/srv/r", 3, 82)
    assert settings.weights.of_kind("like") == 2
    assert settings.weights.of_kind("hide") == -1
    assert settings.cors_origins == ("a", "b") and not settings.access_log


def test_the_command_line_wins_over_the_environment(tmp_path):
    file = tmp_path / "recsys.toml"
    file.write_text("seed = 3\nport = 81\nworkers = 4\n")
    environ = {"RECSYS_CONFIG": str(file), "RECSYS_PORT": "82", "RECSYS_SEED": "5"}
    found = Settings.load(environ, {"port": ("--port", "83")})
    assert (found.port, found.seed, found.workers, found.host) == (83, 5, 4, "127.0.0.1")
    rows = {row["name"]: row for row in describe(found)}
    assert [rows[name]["source"] for name in ("port", "seed", "workers", "host")] == [
        "--port",
        "RECSYS_SEED",
        f"{file}: workers",
        DEFAULT,
    ]


def test_every_setting_is_declared_with_kind_help_and_readers():
    names = [one.name for one in SETTINGS]
    assert names == [f.name for f in fields(Settings) if f.name != "sources"]
    assert all(one.help and one.read_by and one.type for one in SETTINGS)
    assert len({one.variable for one in SETTINGS}) == len(SETTINGS)


@pytest.mark.parametrize("one", SETTINGS, ids=lambda one: one.name)
def test_a_value_survives_being_written_and_read(one):
    default = getattr(Settings(home=Path("/srv/recsys")), one.name)
    assert one.kind.read(one.kind.write(default)) == default


def test_event_weights_from_the_environment():
    settings = Settings.load({"RECSYS_EVENT_WEIGHTS": "like=2, view=0.1,,dislike=-3"})
    assert settings.event_weights == {"like": 2, "view": 0.1, "dislike": -3}
    passed_on = server_environment(settings, "0.0.0.0", 2)["RECSYS_EVENT_WEIGHTS"]
    assert Settings.load({"RECSYS_EVENT_WEIGHTS": passed_on}) == settings
    assert as_environment(Settings(), ("event_weights", "repeat")) == {}


def test_a_server_gets_the_settings_of_malloc_unless_the_caller_has_set_them(monkeypatch):
    monkeypatch.setenv("MALLOC_ARENA_MAX", "4")
    found = server_environment(Settings(), "127.0.0.1", 1)
    assert found["MALLOC_ARENA_MAX"] == "4" and found["MALLOC_MMAP_THRESHOLD_"] == "4194304"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TUNE_MINUTES", "four"),
        ("TUNE_MINUTES", "nan"),
        ("TUNE_MINUTES", "-1"),
        ("PORT", "80.5"),
        ("PORT", "65536"),
        ("EVENT_WEIGHTS", "like"),
        ("EVENT_WEIGHTS", "like=much"),
        ("EVENT_WEIGHTS", "like=nan"),
        ("DEFENCES", "onn"),
        ("AUTH", "maybe"),
        ("ACCESS_LOG", "ye"),
        ("EXPLORE_SHARE", "1.5"),
        ("MAX_BODY", "big"),
        ("RATE_LIMIT", "inf"),
        ("TONE_STRENGTH", "3"),
        ("TRUSTED_PROXIES", "nginx"),
        ("WEBHOOK_NETWORKS", "10.0.0.0/40"),
        ("REPEAT", "Groceries"),
        ("UNRECORDED_ITEMS", "some"),
    ],
)
def test_a_wrong_value_is_named(name, value):
    with pytest.raises(DataError, match=f"RECSYS_{name}.*{value}"):
        Settings.load({f"RECSYS_{name}": value})


def test_mail_that_is_set_by_half_is_named():
    with pytest.raises(DataError, match="RECSYS_MAIL_FROM"):
        Settings.load({"RECSYS_SMTP": "smtp://localhost"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("home = ", "Invalid"),
        ('hom = "x"', "is home meant"),
        ("seed = []", "seed"),
        ("seed = true", "seed"),
        ("store = 5", "store"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, text, message):
    file = tmp_path / "recsys.toml"
    file.write_text(text)
    with pytest.raises(DataError, match=message):
        Settings.load({"RECSYS_CONFIG": str(file)})


def test_a_missing_file_is_named():
    with pytest.raises(DataError, match="RECSYS_CONFIG=/no/such.toml"):
        Settings.load({"RECSYS_CONFIG": "/no/such.toml"})


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("RECSYS_AUHT", "RECSYS_AUTH"),
        ("RECSYS_TUNE_MINUTE", "RECSYS_TUNE_MINUTES"),
        ("RECSYS_METRICS_FOLDER", "PROMETHEUS_MULTIPROC_DIR"),
    ],
)
def test_a_misspelt_variable_stops_the_start_with_the_nearest_name(name, meant):
    with pytest.raises(DataError, match=f"{name} .* is {meant} meant"):
        Settings.load({name: "on"})


def test_a_misspelt_key_of_file_or_command_line_stops_the_start(tmp_path):
    file = tmp_path / "recsys.toml"
    file.write_text('auht = "on"\n')
    with pytest.raises(DataError, match=r"recsys\.toml: 'auht' is no setting; is auth meant"):
        Settings.load({"RECSYS_CONFIG": str(file)})
    file.write_text("RECSYS_AUTH = 'on'\n")
    with pytest.raises(DataError, match=r"'RECSYS_AUTH' is no setting; write auth"):
        Settings.load({"RECSYS_CONFIG": str(file)})
    with pytest.raises(DataError, match="--set auht: 'auht' is no setting; is auth meant"):
        Settings.load({}, {"auht": ("--set auht", "on")})


def test_variables_that_kubernetes_sets_for_a_service_of_this_name_are_none_of_ours():
    links = {
        "RECSYS_SERVICE_HOST": "10.0.0.7",
        "RECSYS_SERVICE_PORT_HTTP": "8000",
        "RECSYS_PORT": "tcp://10.0.0.7:8000",
        "RECSYS_PORT_8000_TCP_ADDR": "10.0.0.7",
    }
    assert Settings.load(links).port == 8000


def test_defences_are_switched_off():
    assert Settings.load({}).weights.account_tests
    assert not Settings.load({"RECSYS_DEFENCES": "off"}).weights.account_tests


def test_engines_are_names_joined_by_commas():
    assert Settings.load({"RECSYS_ENGINES": "slist, ease  50 ,"}).engines == ("slist", "ease 50")
    assert Settings.load({}).engines == ()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("sqlite:////srv/store.db", "sqlite:////srv/store.db"),
        ("smtp://localhost:25", "smtp://localhost:25"),
        ("smtps://ann:pass%2Fword@mail:465", "smtps://ann:***@mail:465"),
        ("postgresql+psycopg://u:p@h/db", "postgresql+psycopg://u:***@h/db"),
        ("postgresql+psycopg://h/db?password=p", "postgresql+psycopg://h/db?***"),
        ("a password alone", "***"),
        ("smtp://[broken:p@h", "***"),
    ],
)
def test_secrets_are_masked(text, shown):
    assert masked(text) == shown


def test_no_row_and_no_error_shows_a_password(tmp_path):
    environ = {
        "RECSYS_SMTP": "smtps://ann:pa55word@mail",
        "RECSYS_MAIL_FROM": "recsys@example.org",
        "RECSYS_STORE": "postgresql+psycopg://ann:pa55word@db/recsys",
    }
    assert "pa55word" not in json.dumps(describe(Settings.load(environ)))
    file = tmp_path / "recsys.toml"
    file.write_text('smtp = ["smtps://ann:pa55word@mail"]\n')
    with pytest.raises(DataError) as error:
        Settings.load({"RECSYS_CONFIG": str(file)})
    assert "pa55word" not in str(error.value)


def test_the_command_shows_value_default_and_source(tmp_path):
    environ = {k: v for k, v in os.environ.items() if not k.startswith("RECSYS_")}
    environ |= {"RECSYS_HOME": str(tmp_path), "RECSYS_SEED": "5", "COLUMNS": "20"}

    def call(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "jobs.cli", *arguments],
            capture_output=True,
            text=True,
            env=environ,
        )
        return done.returncode, done.stdout, done.stderr

    status, out, _ = call("--set", "seed=3", "--set", "RECSYS_PORT=81", "settings", "--json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert status == 0 and len(rows) == len(SETTINGS)
    assert [rows["seed"][key] for key in ("value", "default", "source")] == ["3", "0", "--set seed"]
    assert (rows["port"]["value"], rows["home"]["source"]) == ("81", "RECSYS_HOME")
    status, out, _ = call("settings")
    lines = [line.split() for line in out.splitlines()]
    assert ["RECSYS_SEED", "5", "0", "RECSYS_SEED"] in lines and len(lines) == 3
    status, out, error = call("--set", "seed", "settings")
    assert (status, out) == (1, "") and "--set seed=3" in error and error.count("\n") == 1
    status, out, _ = call("--set", "port=81", "serve", "--workers", "3", "--json")
    command = json.loads(out)["command"]
    assert command[command.index("--port") + 1] == "81" and command[-1] == "3"


def read_in(folder):
    """Return the names of settings that modules read as attributes of `settings`."""
    return set().union(*(read_in_file(path) for path in (ROOT / folder).rglob("*.py")))


def read_in_file(path):
    """Return the names of settings that a module reads as attributes of `settings`."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            owner = getattr(node.value, "attr", getattr(node.value, "id", None))
            called = getattr(getattr(node.value, "func", None), "id", None)
            key = getattr(getattr(node.value, "slice", None), "value", None)
            if "settings" in (owner, key) or called == "load_settings":
                found |= set(DERIVED.get(node.attr, (node.attr,)))
    return found & {one.name for one in SETTINGS}


def test_who_reads_a_setting_is_what_the_code_says():
    declared = {
        reader: {one.name for one in SETTINGS if reader in one.read_by}
        for reader in ("night", "service", "commands")
    }
    shared = read_in_file("recsys/live_recommender.py")  # for the service and for commands
    assert read_in("api") | shared == declared["service"]
    assert read_in("jobs/nightly") <= declared["night"]
    assert read_in("jobs") | shared == declared["night"] | declared["commands"]


def test_a_public_kind_that_is_none_is_refused_with_the_nearest():
    with pytest.raises(DataError, match=r"RECSYS_PUBLIC_KINDS: 'shar' .*share meant"):
        _ = Settings(public_kinds=("shar",)).weights
    weights = Settings(public_kinds=("shared", "pin"), event_weights={"pin": 1.0}).weights
    assert weights.is_public("shared") and weights.is_public("pin")
    assert not weights.is_public("like") and not Settings().weights.is_public("share")
