"""Thread counts by affinity and by cgroup quota, and an environment that the caller may set."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.numeric_threads import BLAS, COUNTS, WAITING, processors, set_threads

ALLOWED = len(os.sched_getaffinity(0))


def machine(root: Path, cgroup: str, files: dict[str, str]) -> Path:
    """Write the files of /proc and /sys that tell of a quota."""
    for name, text in {"proc/self/cgroup": cgroup, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("cgroup", "files", "most"),
    [
        ("0::/\n", {}, None),
        ("0::/a/b\n", {"sys/fs/cgroup/a/cpu.max": "100000 100000\n"}, 1),
        ("0::/a/b\n", {"sys/fs/cgroup/a/b/cpu.max": "max 100000\n"}, None),
        ("0::/../other\n", {"sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),
        (
            "4:cpu,cpuacct:/box\n1:name=systemd:/\n",
            {
                "sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us": "150000\n",
                "sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us": "100000\n",
            },
            1,
        ),
        ("4:cpu:/box\n", {"sys/fs/cgroup/cpu/box/cpu.cfs_quota_us": "-1\n"}, None),
    ],
)
def test_a_quota_of_either_version_of_cgroups_is_kept(tmp_path, cgroup, files, most):
    assert processors(machine(tmp_path, cgroup, files)) == min(most or ALLOWED, ALLOWED)


def test_without_cgroups_the_affinity_counts(tmp_path):
    assert processors(tmp_path) == ALLOWED


def test_what_the_caller_has_set_stays():
    environ = {"OMP_NUM_THREADS": "7"}
    set_threads(environ)
    assert environ["OMP_NUM_THREADS"] == "7"
    assert environ | WAITING == environ


def test_blas_has_one_thread_whatever_the_caller_has_set():
    environ = {"OPENBLAS_NUM_THREADS": "2"}
    set_threads(environ)
    assert environ["OMP_NUM_THREADS"] == str(processors())
    assert {environ[name] for name in BLAS} == {"1"}


def test_a_command_has_its_threads_before_a_library_is_loaded():
    """The libraries read the environment once, when they are loaded."""
    program = (
        "import jobs.settings, os, numpy; from threadpoolctl import threadpool_info;"
        " from recsys.thread_pool import threads;"
        " print(threads(), os.environ['OMP_WAIT_POLICY'],"
        " {one['num_threads'] for one in threadpool_info()})"
    )
    own = (*COUNTS, *BLAS, *WAITING)
    environ = {k: v for k, v in os.environ.items() if k not in own}
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environ, check=True
    )
    assert found.stdout.split() == [str(processors()), "PASSIVE", "{1}"]
