"""Builds the documentation: `python docs/sphinx/build.py [OUT]`.

Copies the pages of the repository into a staging folder in the same layout, so that links between
them hold, adds generated reference pages, and runs Sphinx with warnings as errors. Needs the extras
docs, serve and train for reading the sources; torch itself is replaced by a mock. No network.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from openapi_pages import pages
from source_pages import command_page, module_page

ROOT = Path(__file__).absolute().parents[2]
TOP_PAGES = (
    "README.md",
    "README.zh.md",
    "DESIGN.md",
    "RESULTS.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "LICENSE",
    "data/README.md",
    "constraints.txt",
)

OPTIONAL = ("docs/python", "README.zh")  # listed where the page is there


def stage(target: Path) -> None:
    """Copy all pages, and what they link to, into an empty folder; write the generated ones."""
    shutil.copytree(ROOT / "docs", target / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    for name in TOP_PAGES:
        if (ROOT / name).exists():
            (target / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    index = target / "docs" / "index.md"
    lines = index.read_text(encoding="utf-8").splitlines(keepends=True)
    missing = [name for name in OPTIONAL if not (target / f"{name}.md").exists()]
    write(target / "index.md", "".join(line for line in lines if line.strip() not in missing))
    index.unlink()
    for folder in ("data/figures", "data/sample"):
        if (ROOT / folder).exists():
            shutil.copytree(ROOT / folder, target / folder)
    reference = target / "docs" / "reference"
    for name, text in pages(openapi_document()).items():
        write(reference / "http" / f"{name}.md", text)
    write(reference / "commands.md", commands())
    write(reference / "modules.md", module_page(ROOT, ("recsys", "jobs", "api")))


def openapi_document() -> dict[str, object]:
    """Return the OpenAPI document of a service over an empty home."""
    from api.app import create_app
    from recsys.settings import Settings

    log = logging.getLogger("recsys.api")
    log.setLevel(logging.ERROR)  # it would say that the empty home has neither bundle nor key
    with tempfile.TemporaryDirectory() as home:
        app = create_app(Settings(home=Path(home)), background=False)
        document: dict[str, object] = app.test_client().get("/openapi.json").get_json()
        app.extensions["service"].close()
    return document


def commands() -> str:
    """Return the page of all commands, read without loading heavy libraries."""
    import scipy.stats  # noqa: F401  (computes examples when it is loaded: before torch is a mock)
    from conf import autodoc_mock_imports
    from sphinx.ext.autodoc.mock import mock

    with mock(autodoc_mock_imports):
        from jobs.cli import cli

        return command_page(cli)


def write(path: Path, text: str) -> None:
    """Write a page and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main(out: Path) -> int:
    """Build the site into a folder; return Sphinx's exit status."""
    source = out.parent / f"{out.name}-source"
    for folder in (source, out):
        shutil.rmtree(folder, ignore_errors=True)
    sys.path.insert(0, str(ROOT))
    stage(source)
    build = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-j", "auto"]
    conf = Path(__file__).parent
    return subprocess.run([*build, "-c", conf, source, out], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main(Path(*sys.argv[1:2] or [str(ROOT / "build" / "docs")]).absolute()))
