"""With --json every command prints one JSON document on stdout and everything else on stderr."""

import json
import os
import subprocess
import sys

import pytest
from forked_commands import run_module
from night_world import environment, fill

ITEMS = "item_id,title,category\n" + "".join(f"i{n},odd book,x\n" for n in range(30))
EVENTS = "user_id,item_id,event,timestamp\n" + "".join(
    f"u{n % 17},i{n * n % 29},like,{1_700_000_000 + n * 3600}\n" for n in range(300)
)
LABELS = "text,label\n" + "good fine,positive\nbad awful,negative\na table,neutral\n" * 6


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("json")
    fill(folder / "home").close()
    (folder / "items.csv").write_text(ITEMS)
    (folder / "events.csv").write_text(EVENTS)
    (folder / "labels.csv").write_text(LABELS)
    return folder


def call(folder, *arguments, **more):
    found = environment(folder / "home", **more)
    done = run_module("jobs.cli", [*map(str, arguments)], found)
    assert "Traceback" not in done.stderr
    return done


def test_every_command_prints_one_document(home):
    """One after the other, as somebody would call them."""
    files = ("--items", home / "items.csv", "--events", home / "events.csv")
    commands = [
        ("ingest", *files, "--json"),
        ("screen", "--json"),
        ("nightly", "--json"),
        ("recommend", "reader-1", "--json"),
        ("bundles", "list", "--json"),
        ("bundles", "show", "--json"),
        ("bundles", "prune", "--json"),
        ("keys", "create", "one", "--json"),
        ("keys", "list", "--json"),
        ("serve", "--json"),
        ("merge", "u1", "--from", "u2", "--json"),
        ("erase", "u3", "--json"),
        ("tone", "--texts", home / "labels.csv", "--json", "-"),
        ("evaluate", *files, "--models", "popular,als", "--json", "-"),
        ("evaluate-profiles", *files, "--json", "-"),
    ]
    for command in commands:
        done = call(home, *command)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        assert json.loads(done.stdout), command
        for noise in ("OpenBLAS", "faiss", "=True", "=False"):
            assert noise not in done.stdout + done.stderr, (command, noise)


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (("bundles", "rollback", "v9", "--json"), "failed", 1),
        (("ingest", "--items", "/nowhere.csv", "--json"), "failed", 1),
        (("recommend", "--json"), "usage", 2),
        (("recommend", "ann", "-n", "x", "--json"), "usage", 2),
        (("tone", "--texts", "/nowhere.csv", "--json", "-"), "failed", 1),
        (("evaluate", "--protocol", "none", "--json", "-"), "failed", 1),
        (("nonsense", "--json"), "usage", 2),
    ],
)
def test_an_error_is_one_document_too(tmp_path, arguments, code, status):
    (tmp_path / "home").mkdir()
    done = call(tmp_path, *arguments)
    assert done.returncode == status, done.stderr
    error = json.loads(done.stdout)["error"]
    assert error["code"] == code and error["message"]


def test_an_error_of_a_command_that_writes_json_to_a_file_is_a_line_on_stderr(tmp_path):
    (tmp_path / "home").mkdir()
    done = call(tmp_path, "tone", "--texts", "/nowhere.csv", "--json", tmp_path / "out.json")
    assert (done.returncode, done.stdout) == (1, "") and done.stderr.startswith("recsys: ")


def test_what_nobody_foresaw_is_a_line_and_its_traceback_is_kept(tmp_path):
    """A store whose table is of another form is such a thing."""
    code = (
        "import sys; sys.argv = ['recsys', 'x', '--json']\n"
        "import click; from jobs.cli import run\n"
        "@click.command()\n"
        "@click.argument('x')\n"
        "@click.option('--json', is_flag=True)\n"
        "def broken(x, json): {}['nothing']\n"
        "run(broken)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 1 and not done.stderr
    message = json.loads(done.stdout)["error"]["message"]
    (kept,) = tmp_path.glob("recsys-errors-*.log")
    assert str(kept) in message and "KeyError: 'nothing'" in kept.read_text()


def test_tone_prints_a_row_per_text(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "t.csv").write_text("text\nI love it\nwhat a [bad] awful waste\n")
    lines = call(tmp_path, "tone", "--texts", tmp_path / "t.csv").stdout.splitlines()
    assert lines[1].split()[:2] == ["1", "positive"] and "I love it" in lines[1]
    assert lines[2].split()[:2] == ["2", "negative"] and "[bad]" in lines[2]
    assert lines[3] == "2 texts: 1 negative, 0 neutral, 1 positive"
    assert max(map(len, lines)) <= 100
