"""A real Chromium for tests of the console; skipped with the reason where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # no other host exists: a page that asks for one shows it
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def executable() -> str:
    """Return the path of Chromium; skip where it is missing (`apt-get install chromium`)."""
    named = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not named:
        pytest.skip("no Chromium: apt-get install chromium, or name one in CHROMIUM")
    return named


@contextmanager
def browser() -> Iterator[Any]:
    """Give a browser; skip where playwright is not installed (extra `browser`)."""
    api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install -e '.[browser]'"
    )
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        yield found
        found.close()
