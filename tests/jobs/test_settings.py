"""Settings: environment over file over default, and a clear word about what is wrong."""

import pytest

from jobs.settings import TABLE, Settings, server_environment
from recsys.errors import DataError


def test_defaults(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = Settings.load({})
    assert settings.home == tmp_path / "data" / "var"
    assert settings.store_url == f"sqlite:///{tmp_path}/data/var/store.db"
    assert settings.weights.of_kind("dislike") == -1


def test_the_environment_wins_over_the_file(tmp_path):
    file = tmp_path / "recsys.toml"
    file.write_text('home = "/srv/r"\nseed = 3\nport = 81\n[event_weights]\nlike = 2\n')
    environ = {"RECSYS_CONFIG": str(file), "RECSYS_PORT": "82", "RECSYS_SEED": ""}
    settings = Settings.load(environ)
    assert (str(settings.home), settings.seed, settings.port) == ("/srv/r", 3, 82)
    assert settings.weights.of_kind("like") == 2
    assert settings.weights.of_kind("hide") == -1


def test_event_weights_from_the_environment():
    settings = Settings.load({"RECSYS_EVENT_WEIGHTS": "like=2, view=0.1,,dislike=-3"})
    assert settings.event_weights == {"like": 2, "view": 0.1, "dislike": -3}
    passed_on = server_environment(settings, "0.0.0.0", 2)["RECSYS_EVENT_WEIGHTS"]
    assert Settings.load({"RECSYS_EVENT_WEIGHTS": passed_on}) == Settings.load(
        {"RECSYS_EVENT_WEIGHTS": "like=2,view=0.1,dislike=-3"}
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TUNE_MINUTES", "four"),
        ("TUNE_MINUTES", "nan"),
        ("TUNE_MINUTES", "-1"),
        ("PORT", "80.5"),
        ("EVENT_WEIGHTS", "like"),
        ("EVENT_WEIGHTS", "like=much"),
        ("EVENT_WEIGHTS", "like=nan"),
        ("DEFENCES", "onn"),
    ],
)
def test_a_wrong_value_is_named(name, value):
    with pytest.raises(DataError, match=f"RECSYS_{name}.*{value}"):
        Settings.load({f"RECSYS_{name}": value})


@pytest.mark.parametrize(
    ("text", "message"),
    [("home = ", "Invalid"), ('hom = "x"', "is home meant"), ("seed = []", "seed")],
)
def test_a_wrong_file_is_named(tmp_path, text, message):
    file = tmp_path / "recsys.toml"
    file.write_text(text)
    with pytest.raises(DataError, match=message):
        Settings.load({"RECSYS_CONFIG": str(file)})


def test_a_missing_file_is_named():
    with pytest.raises(DataError, match="RECSYS_CONFIG=/no/such.toml"):
        Settings.load({"RECSYS_CONFIG": "/no/such.toml"})


def test_the_service_may_keep_its_settings_in_the_same_file(tmp_path):
    file = tmp_path / "recsys.toml"
    file.write_text("rate_limit = 5.0\ncors_origins = []\n")
    assert Settings.load({"RECSYS_CONFIG": str(file)}).seed == 0


def test_the_table_has_a_line_and_a_help_for_every_setting():
    names = [name for name, _, _ in TABLE]
    assert len(names) == len(set(names)) and all(name.startswith("RECSYS_") for name in names)
    assert all(words for _, _, words in TABLE)


def test_jobs_and_service_agree_on_what_they_share(tmp_path, monkeypatch):
    from api.settings import Settings as Service

    monkeypatch.chdir(tmp_path)
    ours, theirs = Settings.load({}), Service.from_environment({})
    assert ours.home == theirs.home.absolute()
    assert ours.store_url.removeprefix("sqlite:///").endswith(
        theirs.store_url.removeprefix("sqlite:///")
    )
    assert (ours.host, ours.workers) == (theirs.host, theirs.workers)


def test_the_list_of_names_is_that_of_both_settings():
    from dataclasses import fields

    from api.settings import Settings as Service
    from recsys.setting_names import NAMES

    assert NAMES == {f.name for f in (*fields(Settings), *fields(Service))} | {"config"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [("RECSYS_AUHT", "RECSYS_AUTH"), ("RECSYS_TUNE_MINUTE", "RECSYS_TUNE_MINUTES")],
)
def test_a_misspelt_variable_stops_the_start_with_the_nearest_name(name, meant):
    from api.settings import Settings as Service

    for load in (Settings.load, Service.from_environment):
        with pytest.raises(DataError, match=f"{name} .* is {meant} meant"):
            load({name: "on"})


def test_a_misspelt_key_of_the_file_stops_the_start(tmp_path):
    from api.settings import Settings as Service

    file = tmp_path / "recsys.toml"
    file.write_text('auht = "on"\n')
    for load in (Settings.load, Service.from_environment):
        with pytest.raises(DataError, match=r"recsys\.toml: 'auht' is no setting; is auth meant"):
            load({"RECSYS_CONFIG": str(file)})


def test_variables_that_kubernetes_sets_for_a_service_of_this_name_are_none_of_ours():
    links = {
        "RECSYS_SERVICE_HOST": "10.0.0.7",
        "RECSYS_SERVICE_PORT_HTTP": "8000",
        "RECSYS_PORT": "tcp://10.0.0.7:8000",
        "RECSYS_PORT_8000_TCP_ADDR": "10.0.0.7",
    }
    assert Settings.load(links).port == 8000


def test_defences_are_switched_off():
    assert Settings.load({}).weights.voices
    assert not Settings.load({"RECSYS_DEFENCES": "off"}).weights.voices


def test_engines_are_names_joined_by_commas():
    assert Settings.load({"RECSYS_ENGINES": "slist, ease  50 ,"}).engines == ("slist", "ease 50")
    assert Settings.load({}).engines == ()
