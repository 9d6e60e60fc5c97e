"""Spark sessions: started without a word on the screen, or an error of one sentence."""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.errors import RunnerError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NEEDS = (
    "the runner spark needs PySpark (pip install 'recsys[spark]') and, unless a Spark Connect"
    " server is named, Java 17 or later (JAVA_HOME names its folder)"
)
CONNECT = "sc://"  # how masters begin that are servers of Spark Connect
LOCAL = ("local", "local[", "local-cluster[")  # how masters begin whose executors run here
STOP_SECONDS = 60.0  # that a stopped JVM has to end
# What a session of our own is started with; PYSPARK_SUBMIT_ARGS of the caller wins.
DEFAULTS = {
    "spark.app.name": "recsys nightly",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "WARN",
    # with several threads BLAS rounds otherwise, see jobs/numeric_threads.py
    **{f"spark.executorEnv.{name}": "1" for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")},
    # what is shuffled is compressed already
    "spark.shuffle.compress": "false",
    # blocks are of equal size by plan; small ones must not be joined into one task
    "spark.sql.adaptive.enabled": "false",
}
# Of the JVM, where it is on this machine: it takes 11 s of CPU to start with these, 18 without.
QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# Variables that say where Spark is configured, and perhaps its master.
CONFIGURED = ("SPARK_HOME", "SPARK_CONF_DIR", "PYSPARK_SUBMIT_ARGS")


@dataclass(frozen=True, slots=True)
class Session:
    """A Spark session and the JVM that was started for it."""

    spark: SparkSession
    title: str  # "spark local[2], PySpark 4.3.0"
    jvm: Any = None  # subprocess.Popen; None: somebody else's

    def close(self) -> None:
        """Stop what was started here; a server of Spark Connect and its session's files stay."""
        with quiet():
            self.spark.stop()
        if self.jvm is None:
            return
        from pyspark import SparkContext  # here: an extra

        gateway = SparkContext._gateway
        if gateway is not None:
            gateway.shutdown()
            SparkContext._gateway = SparkContext._jvm = None
        self.jvm.stdin.close()
        try:
            self.jvm.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.jvm.kill()


def open_session(master: str, log: Path, environment: Mapping[str, str]) -> Session:
    """Return a session; `log`: file of what the JVM and the Python of its executors print.

    `master`: of Spark; empty: that of spark-submit or of spark-defaults.conf, else `local[*]`;
    `sc://…`: a server of Spark Connect. `environment`: of this process, which Spark reads as well.
    RunnerError where there is no PySpark, Java or server.
    """
    try:
        import pyspark
    except ImportError:
        raise RunnerError(f"PySpark is not installed: {NEEDS}") from None
    title = f"PySpark {pyspark.__version__}"
    with quiet(), failures(log):
        if master.startswith(CONNECT):
            return Session(_connected(master), f"spark {master}, {title}")
        session, jvm = _started(master, log, environment)
        return Session(session, f"spark {session.sparkContext.master}, {title}", jvm)


def _connected(url: str) -> SparkSession:
    from pyspark.sql import SparkSession

    try:
        import grpc  # noqa: F401
    except ImportError:
        raise RunnerError(
            "Spark Connect needs its client: pip install 'recsys[spark]' 'pyspark[connect]'"
        ) from None
    session: SparkSession = SparkSession.builder.remote(url).create()
    session.conf.set("spark.sql.adaptive.enabled", "false")
    return session


def _started(master: str, log: Path, environment: Mapping[str, str]) -> tuple[SparkSession, Any]:
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    if "PYSPARK_GATEWAY_PORT" in environment:  # under spark-submit, whose JVM this is
        return SparkSession.builder.getOrCreate(), None
    if not _has_java(environment.get("JAVA_HOME")):
        raise RunnerError(f"there is no Java: {NEEDS}")
    given = SparkConf(loadDefaults=False)
    for name, value in DEFAULTS.items():
        given.set(name, value)
    if not master and not any(name in environment for name in CONFIGURED):
        master = "local[*]"
    if master:
        given.set("spark.master", master)
    if master.startswith(LOCAL):
        given.set("spark.driver.extraJavaOptions", QUICK_START)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        gateway = launch_gateway(given, {"stdout": file, "stderr": file})
    conf = SparkConf(_jvm=gateway.jvm)  # with what spark-defaults.conf says
    conf.setIfMissing("spark.master", "local[*]")
    context = SparkContext(conf=conf, gateway=gateway)
    if context.master.startswith(LOCAL) and "PYSPARK_PYTHON" not in environment:
        context.pythonExec = sys.executable  # else the first python3 on the path
    return SparkSession(context), gateway.proc


def _has_java(home: str | None) -> bool:
    if home:
        return (Path(home) / "bin" / "java").is_file()
    return shutil.which("java") is not None


@contextmanager
def quiet() -> Iterator[None]:
    """Keep PySpark's warnings away: about versions of pandas, which only its own frames need."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"pyspark\b", category=FutureWarning)
        warnings.filterwarnings("ignore", message=".*pandas >= 3.*", category=FutureWarning)
        warnings.filterwarnings("ignore", category=ResourceWarning)
        yield


@contextmanager
def failures(log: Path) -> Iterator[None]:
    """Raise what Spark raises as RunnerError: its last line, and the file with all of it."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError, ConnectionError) as error:
        where = f"; {log} has all of it" if log.exists() else ""
        raise RunnerError(f"Spark: {_cause(str(error))}{where}") from error


def _cause(text: str) -> str:
    """Return the sentence of an error that says what went wrong: the end of the last Python
    traceback, else the first line.
    """
    head, traceback, rest = text.rpartition("Traceback (most recent call last):")
    lines = (rest if traceback else text).splitlines()
    found = next((line for line in lines if line.strip() and not line.startswith(" ")), "")
    if "No module named" in found:
        found += (
            ": the Python of the executors needs recsys; PYSPARK_PYTHON names it, or an image or"
            " --archives brings it"
        )
    return found.strip()[:500] or "it failed without a word"
