"""The lock: one at a time, told by pid, freed by death."""

import os
import subprocess
import sys

import pytest

from recsys.store.file_locks import LockedError, only_one

HOLD = """
import sys, time
from pathlib import Path
from recsys.store.file_locks import only_one
with only_one(Path(sys.argv[1]), "nightly"):
    print("held", flush=True)
    time.sleep(60)  # the test kills it before
"""


def test_the_second_is_told_the_pid_and_a_death_frees_the_lock(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(LockedError, match=f"pid {process.pid}"), only_one(tmp_path, "nightly"):
            pass
        process.kill()
    with only_one(tmp_path, "nightly"):
        assert (tmp_path / "nightly.lock").read_text().strip() == str(os.getpid())


def test_free_again_after_an_error(tmp_path):
    with pytest.raises(RuntimeError), only_one(tmp_path, "nightly"):
        raise RuntimeError
    with only_one(tmp_path, "nightly"):
        pass
