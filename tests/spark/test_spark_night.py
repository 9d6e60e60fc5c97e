"""Nights on Spark: the same bundle as a local night, and one sentence where Spark is missing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import psutil
import pytest
from night_world import call_anew, environment, fill

from jobs.bench.niche_world import NicheConfig
from jobs.bench.spark_cooccurrence import compared
from recsys.bundle_store import BundleStore
from recsys.errors import DataError
from recsys.models.block_plan import BlockConfig
from recsys.settings import Settings
from recsys.spark.session import _cause
from recsys.store.store import Store

TOP = Path(__file__).parents[2]
HAS_JAVA = bool(os.environ.get("JAVA_HOME") or shutil.which("java"))
with_spark = pytest.mark.skipif(
    find_spec("pyspark") is None or not HAS_JAVA,
    reason="PySpark (extra spark) or Java is not installed: nothing runs in Spark here",
)
BLOCKS = {"RECSYS_ENGINES": "blocks", "OMP_NUM_THREADS": "1"}


def run(script: str, home: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    found = environment(home, **{**BLOCKS, **more})
    found["PYTHONPATH"] = str(TOP)
    command = [sys.executable, str(TOP / "tests" / "support" / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=found)


@with_spark
@pytest.mark.slow
def test_a_night_on_spark_publishes_what_a_local_night_does(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    for home in (here, there):
        fill(home).close()
    local = call_anew(here, "nightly", "--json", **BLOCKS)
    spark = run("eager_spark.py", there, "nightly", "--runner", "spark:local[2]", "--json")
    assert local.returncode == spark.returncode == 0, spark.stderr
    details = json.loads(spark.stdout)
    assert json.loads(local.stdout)["runner"] == "local"
    assert details["runner"].startswith("spark local[2], PySpark 4")
    assert {"counters", "histories", "rows", "texts"} <= details["executors"]["by_name"].keys()
    with Store.open(f"sqlite:///{there / 'store.db'}") as store:
        assert store.runs(1)[0].detail["runner"] == details["runner"]
    one, other = (BundleStore(home).open_current() for home in (here, there))
    assert one.arrays.keys() == other.arrays.keys()
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(array, other.arrays[name], name)  # NaN equals NaN
    lines = spark.stderr.splitlines()  # without a word of the JVM, and as wide as a terminal
    assert all(line[9:].startswith("nightly: ") for line in lines), spark.stderr
    assert "spark: " in lines[-1] and not (there / "runs" / str(details["run"])).exists()


def test_without_pyspark_a_sentence_names_the_extra_and_java(tmp_path):
    fill(tmp_path / "home").close()
    found = run(
        "without_packages.py", tmp_path / "home", "pyspark,py4j", "nightly", "--runner=spark"
    )
    assert found.returncode == 1 and found.stdout == ""
    said = found.stderr.splitlines()
    assert len(said) == 1 and said[0].startswith("recsys: PySpark is not installed: ")
    assert "'recsys[spark]'" in said[0] and "Java 17" in said[0] and "JAVA_HOME" in said[0]
    with Store.open(f"sqlite:///{tmp_path / 'home' / 'store.db'}") as store:
        run_ = store.runs(1)[0]
    assert run_.status == "failed" and run_.detail["runner"] == "spark"


@pytest.mark.skipif(find_spec("pyspark") is None, reason="PySpark (extra spark) is not installed")
def test_without_java_a_sentence_names_the_extra_and_java(tmp_path):
    fill(tmp_path / "home").close()
    more = {"JAVA_HOME": str(tmp_path / "nothing")}
    found = run("eager_spark.py", tmp_path / "home", "nightly", "--runner=spark", **more)
    said = found.stderr.splitlines()
    assert found.returncode == 1 and len(said) == 1, found.stderr
    assert said[0].startswith("recsys: there is no Java: ") and "JAVA_HOME" in said[0]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("dask", "must be local, spark, or spark: and the master"),
        ("local:2", "must be local, spark, or spark: and the master"),
        ("spark:", "must be local, spark, or spark: and the master"),
        ("spark:mesos", "'mesos' is no master of Spark: write spark:local"),
        ("spark:sc://host:15002/;token=x", "SPARK_CONNECT_AUTHENTICATE_TOKEN"),
    ],
)
def test_a_runner_that_is_none_is_refused(value, words):
    with pytest.raises(DataError, match="RECSYS_RUNNER") as error:
        Settings.load({"RECSYS_RUNNER": value})
    assert words in str(error.value)
    masters = ("local[*]", "local-cluster[2,1,1024]", "yarn", "spark://a:7077", "sc://a:15002")
    assert all(Settings.load({"RECSYS_RUNNER": f"spark:{one}"}).runner for one in masters)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("[CANNOT_OPEN] no server\nat a line of Java", "[CANNOT_OPEN] no server"),
        (
            "from the worker:\nTraceback (most recent call last):\n  File a\nKeyError: 1\n\n"
            "During handling\nTraceback (most recent call last):\n  File b, line 4\n    raise it\n"
            "           ^^\nrecsys.errors.MissingExtra: torch is not installed\n SQLSTATE: 38000)",
            "recsys.errors.MissingExtra: torch is not installed",
        ),
        (
            "Traceback (most recent call last):\n  x\nImportError: No module named 'recsys'",
            "ImportError: No module named 'recsys': the Python of the executors needs recsys",
        ),
        ("", "it failed without a word"),
    ],
)
def test_the_cause_of_a_failure_is_a_sentence(text, cause):
    assert _cause(text).startswith(cause)


@with_spark
@pytest.mark.exhaustive
def test_rows_of_300_000_events_are_those_of_one_process():
    found = compared(NicheConfig(50_000, 300_000, 10_000), "local[2]", BlockConfig(dimensions=64))
    print(json.dumps(found))
    assert found["difference"]["elsewhere"] <= 1e-5 and found["difference"]["largest"] <= 1e-3
    assert found["difference"]["entries"] > 1_000_000
    assert found["spark"]["shuffled_bytes_per_pair"] <= 2.0


@with_spark
@pytest.mark.exhaustive
def test_an_executor_that_is_killed_changes_nothing(tmp_path, monkeypatch):
    """Two executors as processes of their own; one is killed while it computes."""
    home = spark_home(tmp_path)
    monkeypatch.setenv("SPARK_HOME", str(home))
    killed = threading.Event()

    def kill() -> None:
        """End the first executor of this process that has begun to write pieces."""
        while not killed.wait(0.2):
            executors = [
                one for one in psutil.Process().children(recursive=True) if is_executor(one)
            ]
            if len(executors) == 2 and any(work.rglob("rows/[0-9]*")):
                executors[0].kill()
                killed.set()

    work = tmp_path / "pieces"
    monkeypatch.setattr("tempfile.tempdir", str(work))
    work.mkdir()
    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    world = NicheConfig(20_000, 100_000, 4_000)
    found = compared(world, "local-cluster[2,1,1024]", BlockConfig(dimensions=64), 12)
    assert killed.is_set()
    print(json.dumps(found))
    assert found["difference"]["elsewhere"] == found["difference"]["largest"] == 0.0


def is_executor(process: psutil.Process) -> bool:
    try:
        return "CoarseGrainedExecutorBackend" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def spark_home(folder: Path) -> Path:
    """Return a home of Spark whose work folder is below `folder`."""
    import pyspark

    home = folder / "spark"
    home.mkdir()
    for path in Path(pyspark.__file__).parent.iterdir():
        if path.name != "work":
            (home / path.name).symlink_to(path)
    return home
