"""Conventions that matter are tests: what may be where."""

import ast
import configparser
import hashlib
import subprocess
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(p for top in ("recsys", "jobs", "api") for p in (ROOT / top).rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in SOURCES]


def tree(name):
    return ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8")))


def called(name, *functions):
    return [
        node.lineno
        for node in tree(name)
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) in functions
    ]


def setup_cfg():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def test_every_package_is_listed_in_setup_cfg():
    listed = [
        name.removeprefix("recsys.") if name.startswith(("recsys.jobs", "recsys.api")) else name
        for name in setup_cfg()["options"]["packages"].split()
    ]
    found = {".".join(p.parent.relative_to(ROOT).parts) for p in SOURCES}
    # `python -m jobs.<command>` is for a checkout alone
    assert sorted(listed) == sorted(found - {"jobs.command_aliases"})


def test_no_import_goes_round_in_a_circle(monkeypatch):
    grimp = pytest.importorskip("grimp", reason="pip install 'recsys[dev]'")
    monkeypatch.syspath_prepend(str(ROOT))
    graph = grimp.build_graph("recsys", "jobs", "api", cache_dir=None)
    imported = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    assert len(imported) > 1000
    TopologicalSorter(imported).prepare()  # CycleError names a circle; inner imports count too


@pytest.mark.parametrize("name", [n for n in NAMES if not n.startswith("jobs")])
def test_only_jobs_print(name):
    assert called(name, "print") == []


# jobs/numeric_threads.py has to run before the settings, which load numpy; recsys/thread_pool.py
# reads what the numeric libraries read
ENVIRONMENT = (
    "api/settings.py",
    "jobs/environment.py",
    "jobs/numeric_threads.py",
    "recsys/thread_pool.py",
)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ENVIRONMENT])
def test_four_modules_read_the_environment(name):
    read = [
        node.lineno
        for node in tree(name)
        if isinstance(node, ast.Attribute)
        and node.attr in ("environ", "getenv", "putenv")
        and getattr(node.value, "id", None) == "os"
    ]
    assert read == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_pickled(name):
    imported = {
        alias.name
        for node in tree(name)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert not imported & {"pickle", "cloudpickle", "joblib", "dill", "shelve", "marshal"}


@pytest.mark.parametrize("name", NAMES)
def test_public_names_have_a_docstring(name):
    module = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    assert ast.get_docstring(module)
    bare = [
        node.name
        for node in module.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert bare == []


def test_the_constraints_pin_torch_without_a_local_suffix():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert "torch==2.13.0" in lines
    assert not [line for line in lines if "+" in line or line.startswith("-")]


def test_another_torch_may_be_asked_for(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "python").chmod(0o755)
    own = tmp_path / "constraints.txt"
    plain = (ROOT / "constraints.txt").read_text()
    for given, version in ((["TORCH=2.11.0"], "2.11.0"), ([], "2.13.0")):
        own.unlink(missing_ok=True)
        call = ["make", "-s", f"VENV={tmp_path}", *given, str(own)]
        subprocess.run(call, cwd=ROOT, check=True)
        assert own.read_text() == plain.replace("torch==2.13.0", f"torch=={version}")


def test_sample_data_is_what_the_checksums_say():
    listed = {}
    for line in (ROOT / "data" / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        listed[name] = digest
    files = [p for p in (ROOT / "data" / "sample").rglob("*") if p.is_file()]
    found = {
        str(p.relative_to(ROOT / "data")): hashlib.sha256(p.read_bytes()).hexdigest() for p in files
    }
    assert found == listed


def test_sample_data_carries_its_licences_and_attribution():
    line = "sub-licensed under CC BY 4.0 with Attribution to The Computational Democracy Project"
    assert line in (ROOT / "data" / "README.md").read_text()
    assert line in (ROOT / "data" / "sample" / "polis" / "LICENSE.txt").read_text()
    assert "Simon Dooms" in (ROOT / "data/sample/movietweetings/LICENSE.txt").read_text()
    assert not list((ROOT / "data").rglob("*.py"))
