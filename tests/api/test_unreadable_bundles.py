"""A bundle that this version cannot read never stops the service: an older one goes on serving."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import api_world as world
import pytest
from flask import Flask

from recsys.bundle import MANIFEST, manifest_checksum
from recsys.bundle_store import BundleStore


def publish_unreadable(home: Path, version: str, **changes: object) -> None:
    """Publish a bundle whose sealed manifest says something else than what this version reads."""
    world.publish(home, version)
    path = home / "bundles" / version / MANIFEST
    manifest = json.loads(path.read_text()) | changes
    manifest["checksum"] = manifest_checksum(manifest)
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize("changes", [{"format": 2}, {"model": {}}])
def test_the_newest_readable_bundle_serves_beside_one_that_is_not(
    home: Path, make_app: Callable[..., Flask], changes: dict, caplog
) -> None:
    before = BundleStore(home).current()
    running = make_app().extensions["service"]
    publish_unreadable(home, "later", **changes)
    running.worker.take_bundle()
    assert running.serving.version == before
    (warning,) = make_app().test_client().get("/health/ready").get_json()["warnings"]
    assert "bundle later was refused" in warning
    starting = make_app()
    assert starting.extensions["service"].serving.version == before
    assert starting.test_client().get("/recommend/ann?n=3").get_json()["items"]
    assert "bundle later is refused" in caplog.text
    world.publish(home, "readable")
    running.worker.take_bundle()
    assert running.serving.version == "readable"
