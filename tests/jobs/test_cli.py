"""The console script as a shell sees it: exit status, one line of error, help without torch."""

import json
import os
import subprocess
import sys

import pytest

from jobs.cli import COMMANDS


def recsys(*arguments, home, **environ):
    return subprocess.run(
        [sys.executable, "-m", "jobs.cli", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "RECSYS_HOME": str(home), **environ},
    )


def test_help_names_every_command(tmp_path):
    result = recsys("--help", home=tmp_path)
    assert result.returncode == 0
    assert all(f"\n  {name} " in result.stdout for name in COMMANDS)


def test_help_is_quick_because_it_loads_no_command():
    code = "import sys, jobs.cli; assert not {'torch', 'sqlalchemy', 'pandas'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_of_its_own_and_json(name, tmp_path):
    pytest.importorskip(COMMANDS[name][0])
    result = recsys(name, "--help", home=tmp_path)
    assert result.returncode == 0, result.stderr
    if name in ("bundles", "keys", "notices", "webhooks", "mail", "streams"):
        result = recsys(name, "list", "--help", home=tmp_path)
    assert "--json" in result.stdout


def test_a_module_runs_as_a_command(tmp_path):
    environ = {**os.environ, "RECSYS_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "jobs.bundles", "show", "--json"]
    result = subprocess.run(command, capture_output=True, text=True, env=environ)
    assert (result.returncode, result.stderr) == (1, "")
    assert "recsys nightly" in json.loads(result.stdout)["error"]["message"]


def test_an_unknown_command_is_refused_with_the_nearest(tmp_path):
    result = recsys("ingset", home=tmp_path)
    assert result.returncode == 2
    assert "No such command 'ingset'. Did you mean 'ingest'?" in result.stderr
    assert "Did you mean" not in recsys("zzzzzz", home=tmp_path).stderr


def test_an_error_is_one_line_on_stderr_and_no_traceback(tmp_path):
    result = recsys("bundles", "rollback", "v9", home=tmp_path)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("recsys: no bundle 'v9'") and result.stderr.count("\n") == 1


def test_a_wrong_setting_is_one_line(tmp_path):
    result = recsys("bundles", "list", home=tmp_path, RECSYS_PORT="x")
    assert result.returncode == 1 and result.stderr.count("\n") == 1
    assert "RECSYS_PORT" in result.stderr


def test_a_home_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    result = recsys("bundles", "rollback", home=tmp_path / "file")
    assert result.returncode == 1 and result.stderr.count("\n") == 1


def test_an_unknown_command_is_a_usage_error(tmp_path):
    result = recsys("recomend", home=tmp_path)
    assert result.returncode == 2 and "recomend" in result.stderr


MODULES = (
    *(name.replace("-", "_") for name in COMMANDS),
    *("bench_encoders", "bench_languages", "bench_load", "bench_scale", "bench_site"),
)
RUN_ALL = """
import contextlib, io, runpy, sys
for name in sys.argv[1:]:
    sys.argv, out = [name, "--help"], io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            runpy.run_module(f"jobs.{name}", run_name="__main__")
    except SystemExit as end:
        print(name, end.code or 0, out.getvalue().startswith("Usage:"))
"""


def test_every_command_is_a_module_of_jobs():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN_ALL, *MODULES], capture_output=True, text=True
    )
    assert done.stdout.splitlines() == [f"{name} 0 True" for name in MODULES], done.stderr
