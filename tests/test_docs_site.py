"""The documentation builds without a warning, needs nothing from outside, and lists every route."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs").rglob("*.md"))
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
# what a browser fetches by itself; links that a user follows may lead anywhere
FETCHED = re.compile(
    r"<(?:script|img|iframe)[^>]* src=[\"']([^\"']+)|<link[^>]* href=[\"']([^\"']+)"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The built site, and the modules that were imported on the way."""
    out = tmp_path_factory.mktemp("site") / "docs"
    done = subprocess.run(
        [sys.executable, "docs/sphinx/build.py", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1"},
    )
    lines = done.stderr.splitlines()
    imports = "\n".join(line for line in lines if line.startswith("import time:"))
    rest = "\n".join(line for line in lines if not line.startswith("import time:"))
    assert done.returncode == 0, rest + done.stdout
    return out, imports


def test_it_has_every_page_and_route(site: tuple[Path, str]) -> None:
    out, _ = site
    built = {str(path.relative_to(out).with_suffix("")) for path in out.rglob("*.html")}
    written = {str(path.relative_to(ROOT).with_suffix("")) for path in PAGES} - {"docs/index"}
    assert written | {"index", "README", "DESIGN", "RESULTS", "CHANGELOG"} <= built
    reference = "".join(
        path.read_text(encoding="utf-8") for path in (out / "docs/reference/http").glob("*.html")
    )
    shown = html.unescape(re.sub(r"<[^>]+>", "", reference))
    for route in ("GET /recommend/<user>", "POST /events", "PATCH /users/<user_id>/profile"):
        assert route in shown
    python = (out / "docs/reference/python.html").read_text(encoding="utf-8")
    assert "recsys.client.Client.recommend" in python


def test_nothing_comes_from_outside(site: tuple[Path, str]) -> None:
    out, _ = site
    for path in [*out.rglob("*.html"), *out.rglob("*.css")]:
        text = path.read_text(encoding="utf-8")
        fetched = [a or b for a, b in FETCHED.findall(text)]
        fetched += re.findall(r"(?:@import\s+|url\()[\"']?([^\"')]+)", text)
        outside = [name for name in fetched if re.match(r"(?:https?:)?//", name)]
        assert outside == [], path.name


def test_the_build_imports_no_torch(site: tuple[Path, str]) -> None:
    _, imports = site
    assert "recsys" in imports
    assert "torch._tensor" not in imports and "torch._C" not in imports  # a mock has no such parts


@pytest.mark.parametrize("page", ["README.md", "DESIGN.md", "RESULTS.md", "SECURITY.md", *PAGES])
def test_links_lead_to_files(page: str | Path) -> None:
    path = ROOT / page
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith(("mailto:", "docs/reference/")):
            folder = ROOT if path.name == "index.md" and path.parent.name == "docs" else path.parent
            assert (folder / target).exists(), target
