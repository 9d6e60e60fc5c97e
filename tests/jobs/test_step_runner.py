"""Steps: done is done, also after a kill -9; half is nothing."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.nightly.step_runner import PipelineStep, run_steps

SCRIPT = """
import sys, time
from pathlib import Path
from jobs.nightly.step_runner import PipelineStep, run_steps

folder, stop = Path(sys.argv[1]), sys.argv[2]

def step(name):
    def run(out):
        with (folder.parent / "ran.txt").open("a") as file:
            file.write(name + "\\n")
        (out / "half").write_text("half")
        if name == stop:
            print("half", flush=True)
            time.sleep(60)
        before = [p.name for p in sorted(out.parent.iterdir()) if not p.name.startswith(".")]
        (out / "whole").write_text(",".join(before))
        return {"before": before}
    return PipelineStep(name, run)

class Quiet:
    def started(self, name): pass
    def finished(self, name, seconds, detail, reused): print(name, reused, flush=True)

print(run_steps(folder, [step("a"), step("b"), step("c")], Quiet()))
"""


class Heard:
    def __init__(self):
        self.heard = []

    def started(self, name):
        self.heard.append(name)

    def finished(self, name, seconds, detail, reused):
        self.heard.append((name, detail, reused))


def command(folder, stop):
    return [sys.executable, "-c", SCRIPT, str(folder), stop]


def ran(folder):
    return (folder.parent / "ran.txt").read_text().split()


@pytest.mark.parametrize(("stop", "after"), [("a", "a b c"), ("b", "b c"), ("c", "c")])
def test_a_killed_run_goes_on_with_the_step_it_was_in(tmp_path, stop, after):
    folder = tmp_path / "run"
    with subprocess.Popen(command(folder, stop), stdout=subprocess.PIPE, text=True) as process:
        while process.stdout.readline() != "half\n":
            pass
        process.send_signal(signal.SIGKILL)
    assert not (folder / stop).exists()
    (tmp_path / "ran.txt").unlink()
    subprocess.run(command(folder, "none"), check=True, capture_output=True)
    assert ran(folder) == after.split()
    assert (folder / "c" / "whole").read_text() == "a,b"
    assert sorted(path.name for path in folder.iterdir()) == ["a", "b", "c"]


def test_a_finished_run_repeats_nothing(tmp_path):
    folder, callback = tmp_path / "run", Heard()
    steps = [PipelineStep("one", lambda out: {"n": 1})]
    assert run_steps(folder, steps, callback) == {"one": {"n": 1}}
    assert run_steps(folder, [PipelineStep("one", lambda out: 1 / 0)], callback) == {
        "one": {"n": 1}
    }
    assert callback.heard == ["one", ("one", {"n": 1}, False), "one", ("one", {"n": 1}, True)]


def test_a_step_that_fails_leaves_the_earlier_ones_done(tmp_path):
    folder = tmp_path / "run"

    def fail(out: Path):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        run_steps(folder, [PipelineStep("a", lambda out: {}), PipelineStep("b", fail)], Heard())
    assert (folder / "a").is_dir() and not (folder / "b").exists()


def test_a_detail_that_is_not_json_leaves_the_step_undone(tmp_path):
    with pytest.raises(ValueError):
        run_steps(tmp_path, [PipelineStep("a", lambda out: {"x": float("nan")})], Heard())
    assert not (tmp_path / "a").exists()
