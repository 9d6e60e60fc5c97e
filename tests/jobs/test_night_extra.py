"""Nights and evaluations with the extra `night` alone: nothing of torch is installed."""

import configparser
import json
import subprocess
import sys
from pathlib import Path

import pytest
from night_world import environment, fill

ROOT = Path(__file__).parents[2]
ABSENT = "torch,transformers,sentence_transformers,sklearn,peft,pandas,huggingface_hub"


def run(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command where the packages of the extra `train` are not installed."""
    script = ROOT / "tests" / "support" / "without_packages.py"
    return subprocess.run(
        [sys.executable, str(script), ABSENT, *arguments],
        capture_output=True,
        text=True,
        env=environment(home, PYTHONPATH=str(ROOT), **settings),
        cwd=home,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    fill(home).close()
    return home


def test_a_night_publishes_and_says_what_it_does_not_try(home: Path) -> None:
    night = run(home, "nightly", "--json", RECSYS_TUNE_MINUTES="0.2")
    assert night.returncode == 0, night.stderr
    assert json.loads(night.stdout)["status"] == "published"
    assert night.stderr.count("the engine elsa is not tried: torch is not installed") == 1


@pytest.mark.parametrize(
    ("settings", "package"),
    [
        ({"RECSYS_FINETUNE": "on"}, "torch"),
        ({"RECSYS_ENCODER": "minilm"}, "sentence-transformers"),
        ({"RECSYS_DEVICE": "cuda"}, "torch"),
    ],
)
def test_a_setting_that_needs_torch_names_the_extra(
    home: Path, settings: dict[str, str], package: str
) -> None:
    night = run(home, "nightly", **settings)
    assert night.returncode == 1
    assert f"{package} is not installed: pip install 'recsys[train]'" in night.stderr
    assert "Traceback" not in night.stderr


def test_rows_that_need_torch_are_skipped_with_the_reason(home: Path) -> None:
    rows = ("--protocol", "leave-last-out", "--models", "popular,elsa,sasrec", "--json", "-")
    found = run(home, "evaluate", *rows)
    assert found.returncode == 0, found.stderr
    skipped = json.loads(found.stdout)["skipped"]
    assert set(skipped) == {"elsa", "sasrec"}
    assert all("'recsys[train]'" in reason for reason in skipped.values())


def test_the_extra_night_is_part_of_the_extra_train() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    extras = {name: set(text.split("\n")) for name, text in setup["options.extras_require"].items()}
    assert extras["night"] - {""} and extras["night"] <= extras["train"]
